"""Deadlocks that cannot end are told, those that would have ended are left alone: each case is played both ways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.bus.deadlock import Deadlocks
from genie.contracts.agent import FunctionAgent, Signature
from genie.contracts.card import AgentCard
from genie.contracts.gather import Each
from genie.contracts.limits import Mailbox, Overflow, Retry, RunLimits
from genie.contracts.message import Payload
from genie.runtime.runtime import Runtime
from tests.genie.conftest import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Callable

AGENTS = 4
LONG_S = 1_000.0


class M0(Payload):
    depth: int
    account: int = 0


class M1(Payload, key="account"):
    depth: int
    account: int = 0


class M2(Payload):
    depth: int
    account: int = 0


class M3(Payload):
    depth: int
    account: int = 0


class Reply(Payload):
    by: str


MESSAGES: tuple[Any, ...] = (M0, M1, M2, M3)


@dataclass(frozen=True)
class Spec:
    """An agent: which messages it takes, and what it does for one."""

    takes: frozenset[int]
    steps: tuple[tuple[str, int, int], ...]
    concurrency: int
    capacity: int
    fails: bool


steps = st.tuples(
    st.sampled_from(["ask", "ask", "each", "publish", "sleep", "both"]), st.integers(0, AGENTS - 1), st.integers(0, 3)
)
specs = st.builds(
    Spec,
    st.frozensets(st.integers(0, AGENTS - 1), min_size=1, max_size=2),
    st.lists(steps, max_size=3).map(tuple),
    st.sampled_from([1, 1, 2, 3]),
    st.sampled_from([1, 2, 50]),
    st.booleans(),
)
starts = st.lists(st.tuples(st.integers(0, 3), st.integers(0, AGENTS - 1), st.integers(0, 1)), min_size=1, max_size=5)


class Case:
    """Agents that ask each other, and what they are sent."""

    def __init__(self, agents: tuple[Spec, ...], sent: list[tuple[int, int, int]]) -> None:
        self.sent = sent
        self.failed: set[tuple[int, int]] = set()
        self.agents = [self.agent(index, spec) for index, spec in enumerate(agents)]

    def agent(self, index: int, spec: Spec) -> Any:
        async def work(message: Any, context: Any) -> Reply:
            me = (index, context.message.number)
            if spec.fails and me not in self.failed:
                self.failed.add(me)
                raise ValueError
            for verb, target, time in spec.steps:
                question = MESSAGES[target](depth=message.depth + 1, account=message.account)
                await self.step(context, verb, question, time)
            return Reply(by=f"a{index}")

        takes = tuple(MESSAGES[kind] for kind in sorted(spec.takes))
        asks: dict[type[Payload], Any] = {MESSAGES[target]: (Reply,) for _, target, _ in spec.steps}
        card = AgentCard(
            id=f"a{index}", consumes=takes, produces=(Reply,), publishes=tuple(asks), asks=asks,
            concurrency=spec.concurrency, mailbox=Mailbox(spec.capacity, Overflow.BLOCK, math.inf),
            retry=Retry(2, first_s=1.0),
        )  # fmt: skip
        return FunctionAgent(work, card, Signature(takes, (Reply,), True, False, True))

    @staticmethod
    async def step(context: Any, verb: str, question: Any, time: int) -> None:
        match verb:
            case "ask":
                await context.gather(question, expect=Reply, need=1)
            case "each":
                await context.gather(question, expect=Each(Reply))
            case "publish":
                await context.publish(question)
            case "both":
                async with anyio.create_task_group() as group:
                    for account in (0, 1):
                        again = type(question)(depth=question.depth, account=account)
                        group.start_soon(lambda again=again: context.gather(again, expect=Each(Reply)))
            case _:
                await anyio.sleep(time)

    async def play(self) -> tuple[bool, list[str]]:
        """Return whether everything ended by itself, and the deadlocks that were named."""
        limits = RunLimits(max_hops=4, max_messages=60)
        async with Runtime(self.agents, limits=limits, seed=1, wall=0.0) as runtime, anyio.create_task_group() as group:
            for wait, kind, account in self.sent:
                await anyio.sleep(wait)
                group.start_soon(runtime.publish, MESSAGES[kind](depth=0, account=account))
            with anyio.move_on_after(LONG_S):
                await anyio.sleep(1)
                while runtime.statistics().runs:
                    await anyio.sleep(20)
            ended = not runtime.statistics().runs
            group.cancel_scope.cancel()
            return ended, [letter.reason for letter in runtime.operations.dead_letters() if "deadlock" in letter.reason]


class Blind(Deadlocks):
    """Looks for no cycle."""

    def _search(self, _start: Any) -> None:
        return


def in_step(function: Callable[..., Any]) -> Any:
    """Run where tasks take their turns in order: two plays of one case differ in nothing but what is looked for."""
    return anyio.run(function, backend="asyncio", backend_options={"loop_factory": VirtualLoop})


def blindly(case: Case) -> Any:
    search = Deadlocks._search
    Deadlocks._search = Blind._search  # type: ignore[method-assign]  # to see what happens by itself
    try:
        return in_step(case.play)
    finally:
        Deadlocks._search = search  # type: ignore[method-assign]  # as above


@settings(max_examples=40)
@given(st.lists(specs, min_size=2, max_size=AGENTS).map(tuple), starts)
def test_no_wait_is_for_ever(
    live: Callable[..., Any], agents: tuple[Spec, ...], sent: list[tuple[int, int, int]]
) -> None:
    ended, _ = live(Case(agents, sent).play)
    assert ended


@settings(max_examples=80)
@given(st.lists(specs, min_size=2, max_size=AGENTS).map(tuple), starts)
def test_only_waits_that_cannot_end_are_ended(agents: tuple[Spec, ...], sent: list[tuple[int, int, int]]) -> None:
    ends_by_itself, _ = blindly(Case(agents, sent))
    ended, named = in_step(Case(agents, sent).play)
    assert ended
    assert not named or not ends_by_itself
