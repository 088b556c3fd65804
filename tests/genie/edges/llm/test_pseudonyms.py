"""A model gets stand-ins, its asker gets values again: its own, and only what it may see is shown further."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie import Caller, Classification, Payload, PolicySet, Runtime
from genie.contracts.agent import Binding
from genie.contracts.loop_call import LoopAnswer, Task
from genie.contracts.model_call import Role, Text, Turn
from genie.contracts.ports.vault import Vault
from genie.edges.llm.pseudonyms import restored
from genie.loops.react import React
from genie.policies.clearance import Clearance
from genie.policies.pii import Pii, PiiSettings
from genie.policies.vault import MemoryVault
from genie.testing.providers import Rule
from tests.genie.edges.llm.models_for_tests import model

pytestmark = pytest.mark.anyio
MAIL = "jane@example.com"
ANN = Caller(user="ann", tenant="acme", clearance=Classification.RESTRICTED)


class Written(Payload, topic="tests.written", classification="public"):
    to: str


def said_back(request: Any) -> str:
    """Answer with the words of the request after ``to``."""
    text = request.turns[-1].parts[0].text
    return f"I wrote to {text.partition(' to ')[2]}"


def world(answer: Any, vault: Vault | None = None, **options: Any) -> tuple[Any, list[Any], PolicySet]:
    pii = Pii(PiiSettings(stand_ins=("desk",)), vault)
    desk = model(Rule("", answer), clearance="internal", internal=False)
    loop = React("loop", model="desk", pseudonyms=True, clearance="restricted", **options)
    bound = Binding(agent=loop, card=loop.card, ports={Vault: pii.vault})
    return desk, [desk, bound], PolicySet((Clearance(), pii))


async def test_a_value_that_the_asker_has_sent_comes_back_and_the_model_never_sees_it() -> None:
    desk, agents, policies = world(said_back)
    async with Runtime(agents, policies=policies, caller=ANN) as runtime:
        found = await runtime.ask(Task(goal=f"write to {MAIL}"), LoopAnswer, to="loop")
    seen = desk.provider.requests[0].model_dump_json()
    assert MAIL not in seen
    assert "[email:" in seen
    assert found.text == f"I wrote to {MAIL}"


async def test_what_came_back_is_masked_for_a_caller_who_may_not_see_it() -> None:
    _, agents, policies = world(said_back)
    low = Caller(user="bob", tenant="acme", clearance=Classification.INTERNAL)
    async with Runtime(agents, policies=policies) as runtime:
        found = await runtime.ask(Task(goal=f"write to {MAIL}"), LoopAnswer, to="loop", caller=low)
    assert MAIL not in found.model_dump_json()
    assert found.text.startswith("I wrote to [email")


@pytest.mark.parametrize("tenant", ["acme", "other"])
async def test_a_stand_in_of_another_run_or_tenant_stays_a_stand_in(tenant: str) -> None:
    vault = MemoryVault()
    stolen = vault.stand_in(tenant, "email", "boss@example.com")
    _, agents, policies = world(f"ask [email:{stolen}]", vault)
    async with Runtime(agents, policies=policies, caller=ANN) as runtime:
        found = await runtime.ask(Task(goal=f"write to {MAIL}"), LoopAnswer, to="loop")
    assert found.text == f"ask [email:{stolen}]"


async def test_a_value_in_a_structured_answer_stays_json() -> None:
    vault = MemoryVault()
    word = vault.stand_in("acme", "email", '"jane"@example.com')
    _, agents, policies = world(json.dumps({"to": f"[email:{word}]"}), vault, form=Written)
    async with Runtime(agents, policies=policies, caller=ANN) as runtime:
        found = await runtime.ask(Task(goal='write to "jane"@example.com'), LoopAnswer, to="loop")
    assert json.loads(found.structured or "") == {"to": '"jane"@example.com'}


def test_words_of_the_model_itself_bring_nothing_back() -> None:
    vault = MemoryVault()
    word = vault.stand_in("acme", "email", MAIL)
    turns = [Turn(role=Role.ASSISTANT, parts=(Text(text=MAIL),))]
    assert restored(f"[email:{word}]", turns, vault, "acme") == f"[email:{word}]"
    turns.append(Turn(role=Role.USER, parts=(Text(text=f"it is {MAIL.upper()}!"),)))
    assert restored(f"[email:{word}]", turns, vault, "acme") == MAIL
    assert restored(f"[email:{word}]", turns, vault, "other") == f"[email:{word}]"


@given(st.lists(st.text(min_size=1, max_size=8), max_size=4), st.lists(st.integers(0, 5), max_size=4))
def test_only_what_was_sent_comes_back(values: list[str], said: list[int]) -> None:
    vault = MemoryVault()
    hidden = [vault.stand_in(None, "word", value) for value in values] + [vault.stand_in(None, "word", "zq never sent")]
    turns = [Turn(role=Role.USER, parts=(Text(text=value),)) for value in values]
    answer = " ".join(f"[word:{hidden[at % len(hidden)]}]" for at in said)
    assert "never sent" not in restored(answer, turns, vault, None)
