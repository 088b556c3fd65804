"""Every path from a model to a tool passes policies and audit: an intent for each call, before it is made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.limits import Retry
from genie.contracts.loop_call import LoopAnswer, Subtask, Task
from genie.contracts.message import Payload
from genie.contracts.model_call import ModelRequest, Role
from genie.contracts.schedule import Schedule
from genie.edges.llm.scripted import Script
from genie.edges.tools.tool import ToolFunction, tool, tools_of
from genie.edges.tools.toolbox import Toolbox
from genie.errors import RunHeld
from genie.loops.flow import Flow
from genie.loops.nodes import Ask, Map, Node, Parallel, Selector, Sequence
from genie.loops.react import React
from genie.loops.shapes import debate, plan_execute
from genie.runtime.runtime import Runtime
from genie.scheduling.scheduler import Scheduler
from genie.testing import RecordingAudit, denying, holding
from tests.genie.tools_for_tests import model, wants

pytestmark = pytest.mark.anyio
ANN = Caller(user="ann")
NOON = datetime(2026, 3, 10, 11, 59, 30, tzinfo=UTC)


class Path:
    """One way to the tool ``note``: what it ran, and what the audit had when it did."""

    def __init__(self, denied: bool) -> None:
        self.audit = RecordingAudit(sampling=1.0)
        self.denied = denied
        self.ran: list[int] = []
        self.intents_before: list[int] = []
        self.fails = 0
        """Executions that fail."""

    def note(self, **options: Any) -> ToolFunction:
        @tool("note", **{"effect": "read", "trusted": True, **options})
        async def note(value: int) -> int:
            """Note a value."""
            self.ran.append(value)
            self.intents_before.append(len(self.intents("allow")))
            if len(self.ran) <= self.fails:
                raise ValueError("not yet")
            return value

        return note

    def intents(self, verdict: str) -> list[str]:
        return [
            one.message_id or "" for one in self.audit.records
            if one.kind == "verdict" and one.subject.endswith("-> note") and one.detail["verdict"] == verdict
        ]  # fmt: skip

    def options(self, note: ToolFunction) -> dict[str, Any]:
        policies = denying("note", note.arguments) if self.denied else None
        return {"audit": self.audit, "policies": policies, "caller": ANN}


def noting(*values: int, name: str = "note") -> Callable[[ModelRequest], Script | str]:
    """A model that calls the tool with each value at once, and answers when it has the results."""
    wanted = wants(*((name, f'{{"value":{value}}}') for value in values))
    return lambda request: "done" if request.turns[-1].role is Role.TOOL else wanted(request)


async def loop(path: Path, *values: int, answers: Any = (), **tool_options: Any) -> LoopAnswer:
    note = path.note(**tool_options)
    react = React("loop", model="model", tools=tools_of(note))
    async with Runtime((model(*(answers or (noting(*values),))), react, note), **path.options(note)) as runtime:
        return await runtime.ask(Task(goal="go"), LoopAnswer, to="loop")


async def flow(path: Path, root: Node, *answers: Any) -> None:
    note = path.note()
    react = React("loop", model="model", tools=tools_of(note), consumes=(Task, Subtask))
    whole = Flow("flow", root)
    async with Runtime((model(*answers), react, note, whole), **path.options(note)) as runtime:
        await runtime.ask(Task(goal="go"), LoopAnswer, to="flow")


def step(name: str = "step") -> Ask:
    return Ask(name=name, to="loop")


# --- the paths: each returns how often the tool runs where it may, and how many deliveries that takes ---


async def direct(path: Path) -> tuple[int, int]:
    await loop(path, 1)
    return 1, 1


async def parallel_calls(path: Path) -> tuple[int, int]:
    await loop(path, 1, 2, 3)
    return 3, 3


async def joined(path: Path) -> tuple[int, int]:
    """The same call twice in one turn is made once."""
    found = await loop(path, 1, 1)
    assert len(found.calls) == 2
    return 1, 1


async def remembered(path: Path) -> tuple[int, int]:
    """A write that was made is not made again in its run; one that was denied is asked for again."""
    call = wants(("note", '{"value":1}'))
    await loop(path, answers=(call, call, "done"), effect="write")
    return 1, 2 if path.denied else 1


async def retried(path: Path) -> tuple[int, int]:
    """Attempts of one delivery are one intent."""
    path.fails = 2
    await loop(path, 1, retry=Retry(attempts=3))
    return 3, 1


async def one_after_the_other(path: Path) -> tuple[int, int]:
    await loop(path, 1, 2, parallel=False)
    return 2, 2


async def resumed(path: Path) -> tuple[int, int]:
    """A held call is judged when it is asked for, and again when a person has let it through."""
    note = path.note()
    react = React("loop", model="model", tools=tools_of(note))
    options = path.options(note)
    if not path.denied:
        options["policies"] = holding("note", note.arguments)
    async with Runtime((model(noting(1)), react, note), **options) as runtime:
        run = await runtime.start(Task(goal="go"), LoopAnswer, to="loop")
        if not path.denied:
            with pytest.raises(RunHeld) as waiting:
                await run.result()
            assert path.ran == []
            runtime.approvals.release(waiting.value.holds[0])
        await run.result()
    return 1, 1


async def scheduled(path: Path) -> tuple[int, int]:
    note = path.note()
    react = React("loop", model="model", tools=tools_of(note))
    asked = Schedule("noon", "0 * * * *", payload=Task(goal="go"))
    async with (
        Runtime((model(noting(1)), react, note), wall=NOON.timestamp(), **path.options(note)) as runtime,
        Scheduler(runtime, [asked], LoopAnswer).running(),
    ):
        await anyio.sleep(60)
    return 1, 1


async def delegated(path: Path) -> tuple[int, int]:
    """A loop that is a tool of another loop."""
    note = path.note()
    inner = React("inner", model="model", tools=tools_of(note), consumes=(Subtask,))
    outer = React("outer", model="head", tools=Toolbox(tools_of(inner, name="inner", effect="read")), consumes=(Task,))
    head = model(wants(("inner", '{"goal":"go"}')), "done", id="head")
    async with Runtime((head, model(noting(1)), inner, outer, note), **path.options(note)) as runtime:
        await runtime.ask(Task(goal="go"), LoopAnswer, to="outer")
    return 1, 1


async def taken_over(path: Path) -> tuple[int, int]:
    """The agent of another tool fails, and its delivery is handed to this one."""
    note = path.note()

    async def fails(payload: Payload) -> Payload:
        raise ValueError("no")

    fails.__annotations__ = {"payload": note.arguments, "return": note.answer}
    first = agent("first", fallback="note")(fails)
    react = React("loop", model="model", tools=tools_of(first, effect="read"))
    async with Runtime((model(noting(1, name="first")), react, first, note), **path.options(note)) as runtime:
        await runtime.ask(Task(goal="go"), LoopAnswer, to="loop")
    return 1, 1


async def in_a_sequence(path: Path) -> tuple[int, int]:
    await flow(path, Sequence(name="all", nodes=(step("one"), step("two"))), noting(1))
    return 2, 2


async def in_branches(path: Path) -> tuple[int, int]:
    await flow(path, Parallel(name="all", nodes=(step("one"), step("two"), step("three"))), noting(1))
    return 3, 3


async def in_a_map(path: Path) -> tuple[int, int]:
    await flow(path, Map(name="all", over=lambda _: ("a", "b"), node=step()), noting(1))
    return 2, 2


async def in_a_selector(path: Path) -> tuple[int, int]:
    await flow(path, Selector(name="all", nodes=(step("one"), step("two"))), noting(1))
    return 1, 1


async def in_a_debate(path: Path) -> tuple[int, int]:
    await flow(path, debate(speakers=("loop", "loop")), noting(1))
    return 2, 2


async def in_a_plan_of_one_step(path: Path) -> tuple[int, int]:
    turn = noting(1)

    def answer(request: ModelRequest) -> Script | str:
        if request.answer_name == "Plan":
            return '{"steps":["note it"]}'
        return "done" if "What the steps" in str(request.turns) else turn(request)

    await flow(path, plan_execute(model="model", worker="loop", writer="loop"), answer)
    return 1, 1


async def in_a_workflow_below_another(path: Path) -> tuple[int, int]:
    note = path.note()
    react = React("loop", model="model", tools=tools_of(note), consumes=(Subtask,))
    below = Flow("below", Sequence(name="all", nodes=(step(),)), consumes=(Subtask,))
    above = Flow("flow", Ask(name="ask", to="below"))
    async with Runtime((model(noting(1)), react, note, below, above), **path.options(note)) as runtime:
        await runtime.ask(Task(goal="go"), LoopAnswer, to="flow")
    return 1, 1


PATHS: tuple[Callable[[Path], Awaitable[tuple[int, int]]], ...] = (
    direct, parallel_calls, joined, remembered, retried, one_after_the_other, resumed, scheduled, delegated,
    taken_over, in_a_sequence, in_branches, in_a_map, in_a_selector, in_a_debate, in_a_plan_of_one_step,
    in_a_workflow_below_another,
)  # fmt: skip


@pytest.mark.parametrize("walk", PATHS, ids=lambda one: one.__name__)
async def test_each_execution_has_its_intent_in_the_audit_before_it(walk: Any) -> None:
    path = Path(denied=False)
    ran, deliveries = await walk(path)
    assert len(path.ran) == ran
    assert len(path.intents("allow")) == deliveries == len(set(path.intents("allow")))
    assert all(before >= 1 for before in path.intents_before)


@pytest.mark.parametrize("walk", PATHS, ids=lambda one: one.__name__)
async def test_a_policy_that_denies_the_tool_stops_it_on_every_path(walk: Any) -> None:
    path = Path(denied=True)
    _, deliveries = await walk(path)
    assert path.ran == []
    assert path.intents("allow") == []
    assert len(path.intents("deny")) >= deliveries
