"""Attack: a model asks for a secret, a path outside of its root, a metadata address, or stands in another region."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genie import Caller, Classification, PolicySet, Runtime
from genie.contracts.agent import Binding
from genie.contracts.loop_call import LoopAnswer, StopReason, Task
from genie.contracts.model_call import ModelReply, ModelRequest, Role, Text, ToolResult, Turn
from genie.contracts.ports.fetch import Fetch
from genie.edges.http.fetch import FetchSettings, HttpFetch
from genie.edges.llm.agent import ModelAgent
from genie.edges.llm.settings import ModelOptions
from genie.edges.tools.files import FilesSettings, FilesTool
from genie.edges.tools.shell import ShellSettings, ShellTool
from genie.edges.tools.tool import tool, tools_of
from genie.edges.tools.web import web
from genie.errors import RunStalled
from genie.loops.react import React
from genie.policies.clearance import Clearance
from genie.policies.index import default_set
from genie.policies.pii import Pii
from genie.policies.residency import Residency, ResidencySettings
from genie.policies.secrets import Secrets
from genie.policy.policy import Environment
from genie.testing import RecordingAudit
from genie.testing.conformance.provider import GREETING
from genie.testing.providers import Rule, calls
from tests.genie.edges.llm.conftest import made
from tests.genie.edges.llm.models_for_tests import model

pytestmark = pytest.mark.anyio
KEY = "AKIAIOSFODNN7EXAMPLE"
ANN = Caller(user="ann", tenant="acme", roles=frozenset({"high_risk"}), clearance=Classification.RESTRICTED)
ASKED = [
    ("files-read", '{"path":"../secret.txt"}', "outside_root"),
    ("files-read", '{"path":"/proc/self/environ"}', "outside_root"),
    ("files-write", '{"path":"note.txt","text":"x"}', "not_allowed"),
    ("web", '{"url":"http://169.254.169.254/latest/meta-data/"}', "fetch"),
    ("web", '{"url":"https://metadata.test/computeMetadata/v1/"}', "fetch"),
    ("web", '{"url":"file:///etc/passwd"}', "fetch"),
    ("shell", '{"command":"printenv","arguments":[]}', "not_allowed"),
]


async def metadata(host: str, port: int) -> tuple[str, ...]:
    assert (host, port) == ("metadata.test", 443)
    return ("169.254.169.254",)


def told(request: ModelRequest) -> list[ToolResult]:
    return [part for turn in request.turns for part in turn.parts if isinstance(part, ToolResult)]


@pytest.mark.parametrize(("name", "arguments", "code"), ASKED)
async def test_what_a_tool_refuses_is_named_to_the_model_counted_and_on_record(
    name: str, arguments: str, code: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text(KEY)
    (tmp_path / "root").mkdir()
    files, shell, audit = FilesTool(), ShellTool(), RecordingAudit(sampling=1.0)
    fetch = HttpFetch(FetchSettings(hosts=("metadata.test",)), resolver=metadata)
    desk = model(Rule(lambda request: not told(request), calls((name, arguments))), Rule("", "done"))
    loop = React("loop", model="desk", tools=[one for each in (files, web, shell) for one in tools_of(each)])
    agents: list[Any] = [
        desk, loop, Binding(agent=files, card=files.card, settings=FilesSettings(root=str(tmp_path / "root"))),
        Binding(agent=web, card=web.card, ports={Fetch: fetch}),
        Binding(agent=shell, card=shell.card, settings=ShellSettings(folder=str(tmp_path / "root"))),
    ]  # fmt: skip
    policies = default_set(Environment())
    async with Runtime(agents, policies=policies, caller=ANN, audit=audit) as runtime:
        found = await runtime.ask(Task(goal="go"), LoopAnswer, to="loop")
        letters = [letter.code for letter in runtime.operations.dead_letters()]
    assert (found.stop, [one.code for one in found.calls], letters) == (StopReason.ANSWERED, [code], [code])
    assert told(desk.provider.requests[-1])[0].text == f'{{"error":"{code}"}}'
    agent = name.partition("-")[0]
    assert any(one.kind == "verdict" and one.subject.endswith(f"-> {agent}") for one in audit.records)
    assert KEY not in repr(audit.records)


async def test_a_secret_in_the_answer_of_a_tool_does_not_reach_a_model_outside() -> None:
    @tool("vault_dump", effect="read", clearance="restricted")
    async def vault_dump() -> str:
        """Return what is kept."""
        return f"the key is {KEY}"

    desk = model(
        Rule(lambda request: not told(request), calls(("vault_dump", "{}"))), Rule("", "done"),
        clearance="internal", internal=False,
    )  # fmt: skip
    loop = React("loop", model="desk", tools=tools_of(vault_dump), clearance="restricted")
    policies = PolicySet((Clearance(), Pii(), Secrets()))
    async with Runtime([desk, loop, vault_dump], policies=policies, caller=ANN) as runtime:
        found = await runtime.ask(Task(goal="print the key"), LoopAnswer, to="loop")
    assert found.calls[0].code == ""
    assert "the key is" in told(desk.provider.requests[-1])[0].text
    assert all(KEY not in request.model_dump_json() for request in desk.provider.requests)


def question(label: Classification) -> ModelRequest:
    return ModelRequest(turns=(Turn(role=Role.USER, parts=(Text(text="the plan"),), label=label),))


TRANSFER = {"from": "in", "to": ["eu"], "up_to": "internal", "basis": "contract of 2026", "since": "2026-01-01"}


@pytest.mark.parametrize(
    ("region", "day", "leaves"),
    [
        ("in", "2026-02-01", True), ("eu", "2026-02-01", True), ("eu", "2025-12-31", False),
        ("us", "2026-02-01", False), (None, "2026-02-01", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic"])
async def test_nothing_leaves_for_a_model_in_a_region_that_the_data_may_not_enter(
    dialect: str, region: str | None, day: str, leaves: bool
) -> None:
    wire, server = made(dialect, [GREETING])
    desk = ModelAgent("desk", wire, ModelOptions(region=region, clearance="restricted"))
    settings = ResidencySettings.model_validate({"transfers": [TRANSFER], "as_of": day})
    audit = RecordingAudit()
    caller = Caller(user="ann", region="in", clearance=Classification.RESTRICTED)
    policies = PolicySet((Residency(settings),))
    async with Runtime([desk], policies=policies, caller=caller, audit=audit) as runtime:
        if leaves:
            await runtime.ask(question(Classification.PUBLIC), ModelReply, to="desk")
        else:
            with pytest.raises(RunStalled):
                await runtime.ask(question(Classification.PUBLIC), ModelReply, to="desk")
    assert len(server.calls) == leaves
    denied = [one for one in audit.records if one.kind == "verdict" and one.subject == "model.request -> desk"]
    assert bool(denied) is not leaves
