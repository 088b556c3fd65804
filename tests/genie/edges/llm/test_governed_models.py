"""One question to several models: each gets what its card allows, and the audit says by which policy."""

from typing import Any

import pytest

from genie import Caller, Classification, PolicySet, Runtime
from genie.contracts.model_call import ModelReply, ModelRequest, Role, Text, Turn
from genie.errors import RunStalled
from genie.policies.clearance import Clearance
from genie.policies.pii import Pii
from genie.policies.residency import Residency
from genie.testing import RecordingAudit
from genie.testing.providers import Rule
from tests.genie.edges.llm.models_for_tests import model

pytestmark = pytest.mark.anyio
CARD = "4111 1111 1111 1111"
PAID = f"I paid with {CARD} on Monday."
FIRST = Turn(role=Role.USER, parts=(Text(text=PAID),))


def later(number: int) -> ModelRequest:
    """Return the request of a turn, which contains the turns before it."""
    said = (
        Turn(role=role, parts=(Text(text=f"turn {at}"),))
        for at in range(number)
        for role in (Role.ASSISTANT, Role.USER)
    )
    return ModelRequest(turns=(FIRST, *said))


async def test_one_request_is_denied_masked_or_whole_by_the_card_of_its_model() -> None:
    desks: dict[str, Any] = {
        "us": model(Rule("", "x"), id="us", region="us", clearance="internal", internal=False),
        "in": model(Rule("", "x"), id="india", region="in", clearance="confidential", internal=False),
        "house": model(Rule("", "x"), id="house", region="in", clearance="restricted"),
    }
    audit = RecordingAudit(sampling=1.0)
    caller = Caller(user="ann", region="in", clearance=Classification.RESTRICTED)
    policies = PolicySet((Clearance(), Residency(), Pii()))
    async with Runtime(desks.values(), policies=policies, caller=caller, audit=audit) as runtime:
        for number in range(3):
            with pytest.raises(RunStalled):
                await runtime.ask(later(number), ModelReply, to="us")
            for name in ("india", "house"):
                await runtime.ask(later(number), ModelReply, to=name)
    assert desks["us"].provider.calls == 0
    masked = [request.turns[0].model_dump_json() for request in desks["in"].provider.requests]
    whole = [request.turns[0].parts[0].text for request in desks["house"].provider.requests]
    assert whole == [PAID] * 3
    assert len(masked) == 3
    assert len(set(masked)) == 1, "the prefix is the same bytes in every turn, for the caches of vendors"
    assert not any(group in masked[0] for group in CARD.split())
    told: dict[str, Any] = {one.subject: one for one in audit.records if one.kind == "verdict"}
    denied, changed = told["model.request -> us"], told["model.request -> india"]
    assert (denied.detail["verdict"], denied.reason.partition(":")[0]) == ("deny", "residency")
    assert changed.detail["verdict"] == "redact"
    assert {one["policy"] for one in changed.detail["reasons"]} == {"clearance", "pii"}
    assert changed.detail["paths"] == ["turns.0.parts.0.text"]
    assert told["model.request -> house"].detail == {"verdict": "allow"}
