"""Fan-in: what came and what is missing are what was expected, at the time that is stated, and then for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.agent import FunctionAgent, Signature, agent
from genie.contracts.card import AgentCard
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.message import Payload
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable


class Ask(Payload):
    number: int = 0


class A(Payload, classification="public"):
    by: str


class B(Payload, classification="confidential"):
    by: str


class C(Payload, classification="restricted"):
    by: str


class Go(Payload, classification="public"):
    pass


class View(Payload, classification="public"):
    pass


ANSWERS: tuple[Any, ...] = (A, B, C)


@dataclass(frozen=True)
class Helper:
    """An agent that is asked."""

    answers: int
    does: str
    time: int
    twice: bool
    attempts: int


helpers = st.builds(
    Helper,
    st.integers(0, 2),
    st.sampled_from(["answer", "answer", "answer", "nothing", "raise", "wrong"]),
    st.integers(0, 6),
    st.booleans(),
    st.integers(1, 2),
)


@dataclass(frozen=True)
class Case:
    """A gather, and who is asked."""

    helpers: tuple[Helper, ...]
    expect: tuple[tuple[int, bool], ...]
    need: Any
    within_s: int | None
    cancel_rest: bool


cases = st.builds(
    Case,
    st.lists(helpers, max_size=5).map(tuple),
    st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=3, unique_by=lambda part: part[0]).map(
        tuple
    ),
    st.sampled_from(["all", "all", "first", 1, 2]),
    st.sampled_from([None, None, 3]),
    st.booleans(),
)


def helper(index: int, spec: Helper) -> Any:
    kind = ANSWERS[spec.answers]

    async def helping(_ask: Ask) -> Any:
        await anyio.sleep(spec.time)
        if spec.does == "raise":
            raise ValueError
        if spec.does == "answer":
            return (kind(by=f"h{index}"), kind(by=f"h{index} again")) if spec.twice else kind(by=f"h{index}")
        return 1 if spec.does == "wrong" else None

    card = AgentCard(id=f"h{index}", consumes=(Ask,), produces=(kind,))
    return FunctionAgent(helping, card, Signature((Ask,), (kind,), False, False, False))


class Outcome:
    """What a gather brought, and when."""

    gathered: Any
    took: float
    shown: str
    label: Any


async def play(case: Case, inside: bool) -> Outcome:
    outcome = Outcome()
    expect = tuple(Each(ANSWERS[kind]) if each else ANSWERS[kind] for kind, each in case.expect)
    options: dict[str, Any] = {
        "expect": expect, "need": case.need, "within_s": case.within_s, "cancel_rest": case.cancel_rest,
    }  # fmt: skip

    @agent("desk", asks={Ask: expect}, clearance="restricted")
    async def desk(_go: Go, context: Context) -> View:
        started = anyio.current_time()
        outcome.gathered = await context.gather(Ask(), **options)
        outcome.took = anyio.current_time() - started
        return View()

    @agent("watcher")
    async def watcher(_view: View, context: Context) -> None:
        outcome.label = context.message.label

    with anyio.fail_after(1_000):
        async with Runtime(
            [*(helper(index, spec) for index, spec in enumerate(case.helpers)), desk, watcher], seed=1, wall=0.0
        ) as runtime:
            if inside:
                await runtime.publish(Go())
                while runtime.statistics().runs:
                    await anyio.sleep(0.5)
                    if hasattr(outcome, "gathered") and not hasattr(outcome, "shown"):
                        outcome.shown = show(outcome.gathered, expect)
            else:
                started = anyio.current_time()
                outcome.gathered = await runtime.gather(Ask(), **options)
                outcome.took = anyio.current_time() - started
                outcome.shown = show(outcome.gathered, expect)
            await anyio.sleep(50)
            assert runtime.statistics().totals.balanced
            assert runtime.statistics().runs == 0
            assert runtime.statistics().totals.in_flight == 0
    assert show(outcome.gathered, expect) == getattr(outcome, "shown", show(outcome.gathered, expect))
    return outcome


def show(gathered: Any, expect: tuple[Any, ...]) -> str:
    parts = [dict(gathered[part]) if isinstance(part, Each) else gathered.get(part) for part in expect]
    return repr((parts, gathered.missing))


@settings(max_examples=120)
@given(cases, st.booleans())
def test_what_came_and_what_is_missing_are_what_was_expected(
    live: Callable[..., Any], case: Case, inside: bool
) -> None:
    outcome = live(play, case, inside)
    came = expected = could = 0
    read = [A.__topic__.classification]
    for kind, each in case.expect:
        members = [index for index, spec in enumerate(case.helpers) if spec.answers == kind]
        able = [index for index in members if case.helpers[index].does == "answer"]
        part = Each(ANSWERS[kind]) if each else ANSWERS[kind]
        got = list(outcome.gathered[part].values()) if each else [outcome.gathered.get(part)]
        here = sum(payload is not None for payload in got)
        came += here
        read += [ANSWERS[kind].__topic__.classification] if here else []
        expected += len(members) if each else 1
        could += len(able) if each else bool(able)
        if each:
            assert all(payload.by == name for name, payload in outcome.gathered[part].items())
    assert came + len(outcome.gathered.missing) == expected
    assert all(missing.reason for missing in outcome.gathered.missing.values())
    need = expected if case.need == "all" else 1 if case.need == "first" else case.need
    if case.within_s is None:
        assert came >= min(need, could)
    else:
        assert outcome.took <= case.within_s
    times = [spec.time for spec in case.helpers]
    assert outcome.took <= max(times, default=0)
    if not could:
        late = [m for m in outcome.gathered.missing.values() if m.reason == "late"]
        assert case.within_s is not None or not late
    if inside:
        assert outcome.label >= max(read)
