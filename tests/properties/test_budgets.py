"""The laws of admission: nothing is overspent, nothing reserved is lost, no rate is exceeded, whatever happens."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.admission.budgets import RateState
from genie.contracts.admission import Admission, Budget, Rate
from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.limits import Estimate, Mailbox, Overflow, Retry
from genie.errors import BudgetExceededError, InputError, RuntimeDrainingError
from genie.journal.memory import MemoryJournal
from genie.policy.policy import ALLOW, Deny, Hold, PolicySet
from tests.genie.policies_for_tests import Answer, Note, Question, Rule, assert_at_rest, running, turns

if TYPE_CHECKING:
    from collections.abc import Callable

TENANTS = (None, "acme", "other")
CENT = 100


@dataclass(frozen=True)
class Work:
    """What the handler does for a question, picked by its number."""

    charges: tuple[int, ...]
    """In hundredths."""
    tokens: int
    wait: int
    end: str


works = st.builds(
    Work,
    st.lists(st.integers(0, 60), max_size=3).map(tuple),
    st.integers(0, 5),
    st.integers(0, 4),
    st.sampled_from(["return", "return", "raise", "swallow", "note"]),
)
operations = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "ask", "ask", "ask", "ask", "cancel", "sleep", "pause", "resume", "kill", "tenant", "release",
             "refuse", "policies", "redrive", "drain", "look"]
        ),
        st.integers(0, 9),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """Agents, rules and what happens."""

    works: tuple[Work, ...]
    estimate: int | None
    attempts: int
    fallback: bool
    concurrency: int
    overflow: Overflow
    wait: int
    verdicts: tuple[str, ...]
    timeout: int | None


worlds = st.builds(
    World,
    st.lists(works, min_size=1, max_size=4).map(tuple),
    st.one_of(st.none(), st.integers(0, 40)),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from([1, 2, 5]),
    st.sampled_from([Overflow.SHED_OLDEST, Overflow.SHED_NEWEST, Overflow.BLOCK]),
    st.sampled_from([0, 3, 100]),
    st.lists(st.sampled_from(["allow", "allow", "allow", "deny", "hold"]), min_size=1, max_size=4).map(tuple),
    st.sampled_from([None, 2]),
)


def agents_of(world: World) -> list[Any]:
    estimate = None if world.estimate is None else Estimate(world.estimate / CENT, 2)

    def make(id: str, **options: Any) -> Any:
        @agent(
            id, estimate=estimate, concurrency=world.concurrency, publishes=(Note,), timeout_s=world.timeout,
            mailbox=Mailbox(capacity=2, overflow=world.overflow), **options,
        )  # fmt: skip
        async def worker(question: Question, context: Context) -> Answer:
            work = world.works[question.number % len(world.works)]
            for cents in work.charges:
                context.charge(cost=cents / CENT, tokens=work.tokens)
                with contextlib.suppress(anyio.get_cancelled_exc_class() if work.end == "swallow" else KeyError):
                    await anyio.sleep(work.wait)
            if work.end == "note":
                await context.publish(Note(number=question.number))
            if work.end == "raise":
                raise ValueError
            return Answer()

        return worker

    @agent("reader")
    async def reader(note: Note, context: Context) -> None:
        context.charge(cost=0.01)

    first = make(
        "first", retry=Retry(attempts=world.attempts, first_s=1), fallback="second" if world.fallback else None
    )
    return [first, make("second"), reader]


def judging(world: World, offset: int) -> PolicySet:
    said = {"allow": ALLOW, "deny": Deny("no", "no"), "hold": Hold("ask", 5)}

    def choose(_route: Any) -> Any:
        return lambda message, _sender: said[
            world.verdicts[(getattr(message.payload, "number", 0) + offset) % len(world.verdicts)]
        ]

    return PolicySet((Rule(choose, version=str(offset)),))


def assert_the_law(runtime: Any) -> None:
    """``limit == left + reserved + spent``, each from 0, in every account; and what is reserved belongs to somebody."""
    controller = runtime._life.parts.admission
    alive = set(runtime.bus.deliveries())
    assert set(controller.reservations) <= alive
    owed: dict[Any, int] = {}
    for reservation in controller.reservations.values():
        for account_, rest in reservation.items():
            assert rest >= 0
            owed[account_] = owed.get(account_, 0) + rest
    for state in controller._states:
        for account in state.accounts(runtime.bus.runs.open_runs.values()):
            for account_ in account:
                assert min(account_.left, account_.reserved, account_.spent) >= 0
                assert account_.spent <= account_.limit
                assert account_.left + account_.reserved + account_.spent == account_.limit
                assert account_.reserved == owed.get(account_, 0)


async def live_through(world: World, script: list[tuple[str, int]]) -> None:
    admission = Admission(
        rates=(
            Rate(id="tenants", per_s=1, burst=4, per=("tenant",), wait_s=world.wait),
            Rate(id="agents", per_s=2, burst=6, per=("agent", "topic"), wait_s=world.wait),
        ),
        budgets=(
            Budget(id="run", cost="0.8", tokens=12, messages=4),
            Budget(id="day", per="tenant_day", cost=2, messages=9, estimate=Estimate("0.05")),
            Budget(id="acme", per="tenant_day", tokens=9, tenants=frozenset({"acme"})),
            Budget(id="wall", wall_s=9),
        ),
    )
    journal = MemoryJournal()
    async with running(*agents_of(world), policies=judging(world, 0), admission=admission, journal=journal) as runtime:
        runs: list[Any] = []
        for verb, number in script:
            with contextlib.suppress(RuntimeDrainingError, InputError):
                match verb:
                    case "ask":
                        caller = Caller(tenant=TENANTS[number % 3])
                        runs.append(runtime.start(Question(number=number), Answer, caller=caller))
                    case "cancel" if runs:
                        runs[number % len(runs)].cancel()
                    case "sleep":
                        await anyio.sleep(number)
                    case "pause" | "kill":
                        getattr(runtime.operations, verb)(("first", "second")[number % 2])
                    case "resume":
                        runtime.operations.resume(("first", "second")[number % 2])
                    case "tenant":
                        runtime.operations.kill(tenant="other")
                    case "policies":
                        runtime.operations.replace_policies(judging(world, number))
                    case "release" | "refuse" if runtime.approvals.holds():
                        getattr(runtime.operations, verb)(runtime.approvals.holds()[0].id)
                    case "redrive" if runtime.operations.dead_letters():
                        await runtime.redrive(runtime.operations.dead_letters()[0].id)
                    case "drain" if number == 0:
                        await runtime.drain(3)
                    case _:
                        await turns(5)
            assert_the_law(runtime)
        await runtime.drain(200)
        await turns()
        assert_the_law(runtime)
        told = runtime.statistics()
        assert runtime._life.parts.admission.reservations == {}
        assert runtime.bus.pending.of("rate") == ()
        assert all(one.reserved == 0 for one in told.budgets.values())
        assert_at_rest(runtime)


@settings(max_examples=60)
@given(worlds, operations)
def test_nothing_reserved_is_lost_and_nothing_is_overspent(
    live: Callable[..., Any], world: World, script: list[tuple[str, int]]
) -> None:
    live(live_through, world, script)


@settings(max_examples=200)
@given(
    st.floats(0.01, 1_000),
    st.integers(1, 20),
    st.lists(st.floats(0, 10), min_size=1, max_size=80),
    st.floats(0, 1e6),
)
def test_no_window_sees_more_than_the_burst_and_the_refill(
    per_s: float, burst: int, gaps: list[float], start: float
) -> None:
    """In any window of t seconds at most ``burst + per_s * t`` pass, and what is within it does pass."""
    rate = RateState(Rate(id="r", per_s=per_s, burst=burst))
    headers = type("Headers", (), {"tenant": None})
    message: Any = type("Message", (), {"headers": headers, "sender": "x"})
    now, passed = start, []
    for gap in gaps:
        now += gap
        bucket = rate.bucket(message, None, now)
        if bucket.tokens >= 1 - 1e-9:
            bucket.tokens -= 1
            passed.append(now)
        else:  # it was right to deny: the last full bucket is used up
            assert any(
                len([at for at in passed if at >= first]) + 1 > burst + per_s * (now - first) - 1e-6 for first in passed
            )
    for at, first in enumerate(passed):
        for count, last in enumerate(passed[at:], 1):
            assert count <= burst + per_s * (last - first) + 1e-6


@settings(max_examples=200)
@given(st.integers(1, 1_000), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 400)), max_size=30))
def test_a_account__gives_no_more_than_it_has_and_forgets_nothing_that_was_used(
    limit: int, uses: list[tuple[int, int]]
) -> None:
    from genie.admission.budgets import BudgetState

    state = BudgetState(Budget(id="b", tokens=limit))
    [account_] = state.account(type("Run", (), {"budgets": None})(), None, 0.0) or ()
    used = 0
    for reserve, use in uses:
        if reserve > account_.left:
            continue
        account_.left -= reserve
        lacking = account_.pay(reserve, use)
        account_.left += max(0, reserve - use)
        used += use
        assert account_.spent + account_.left == limit
        assert account_.reserved == 0
        assert account_.spent + state.overrun[account_.kind] == used
        assert (lacking > 0) <= (account_.left == 0)


def test_a_charge_beyond_is_an_error_of_capacity() -> None:
    from genie.errors import CapacityError

    error = BudgetExceededError(agent="a", limit="2.50", budget="day", unit="cost")
    assert isinstance(error, CapacityError)
    assert str(error).startswith("budget day: 'a' used more cost than is left of 2.50")
    assert "raise `max_messages`" in str(BudgetExceededError(agent="a", limit=5))
