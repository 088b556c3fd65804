"""Rates and budgets at work: what passes, what waits, what is denied, and that nothing is ever overspent or lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import anyio
import pytest

from genie.contracts.admission import Admission, Budget, Rate
from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.limits import Estimate, Mailbox, Overflow, Retry
from genie.contracts.outcome import Outcome, Reason
from genie.errors import BudgetExceededError, RunStalled
from genie.journal.memory import MemoryJournal
from genie.policies.index import POLICIES
from genie.policy.policy import ALLOW, PolicySet
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Question,
    Rule,
    answerer,
    assert_at_rest,
    denying,
    gated,
    holding,
    running,
    turns,
)
from tests.genie.turnstile_for_tests import ACME, OTHER, asked, assert_nothing_is_reserved, budgets, costly, rates

pytestmark = pytest.mark.anyio

# --- the design's row: rates and budgets ---


async def test_rates_and_budgets_are_admission_rules_of_the_supervisor_not_policies() -> None:
    """A delivery that is not admitted is judged by nobody, and counted as no policy's verdict."""
    judged: list[int] = []

    def note(message: Any, _sender: Any) -> Any:
        judged.append(message.number)
        return ALLOW

    policies = PolicySet((Rule(lambda _route: note),))
    admission = Admission(
        rates=(Rate(id="slow", per_s=0.001, topics=frozenset({"t.question"})),),
        budgets=(Budget(id="few", per="tenant_day", messages=1, topics=frozenset({"t.question"})),),
    )
    assert not {"rate", "rates", "budget", "budgets"} & set(POLICIES)
    async with running(answerer, policies=policies, admission=admission) as runtime:
        assert await asked(runtime) == "ok"
        before = len(judged)
        assert "denied(rate slow" in await asked(runtime)
        await anyio.sleep(1_000)
        assert "denied(budget few" in await asked(runtime)
        assert len(judged) == before
        assert runtime.statistics().verdicts == {}
        assert_at_rest(runtime)


async def test_rates_and_budgets_reserve_once_per_delivery() -> None:
    """Also for one that is queued, held and released, and tried three times."""
    attempts = 0

    @agent("flaky", retry=Retry(attempts=3, first_s=1), estimate=Estimate("0.25", 10))
    async def flaky(question: Question) -> Answer:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise ValueError
        return Answer()

    budget = Budget(id="day", per="tenant_day", messages=5, cost=1, tokens=100)
    rate = Rate(id="slow", per_s=0.000_001, burst=1)
    policies = holding("flaky", Question)
    async with running(flaky, policies=policies, admission=Admission(rates=(rate,), budgets=(budget,))) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()

        def reserved() -> list[Any]:
            return [runtime.statistics().budgets["day", unit].reserved for unit in ("messages", "cost", "tokens")]

        assert reserved() == [1, Decimal("0.25"), 10]
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        await turns()
        assert attempts == 1
        assert runtime.statistics().agents["flaky"].retrying == 1
        assert reserved() == [0, Decimal("0.25"), 10]  # its message has been spent by the first attempt
        await run.result()
        assert attempts == 3
        await runtime.drain(1)
        assert runtime.statistics().budgets["day", "messages"].spent == 1
        assert_nothing_is_reserved(runtime)


@pytest.mark.parametrize("outcome", ["handled", "denied", "expired", "cancelled", "dead_lettered"])
async def test_rates_and_budgets_are_settled_with_the_outcome(outcome: str) -> None:
    """What was not used is free again however a delivery ends; its message is spent unless it was denied."""
    gate = Gate()

    @agent("worker", estimate=Estimate("0.4", 7))
    async def worker(question: Question, context: Context) -> Answer:
        context.charge(cost="0.1", tokens=2)
        if outcome == "dead_lettered":
            raise ValueError
        if outcome in {"expired", "cancelled"}:
            await gate.wait()
        return Answer()

    admission = budgets(Budget(id="day", per="tenant_day", messages=9, cost=1, tokens=100))
    policies = denying("worker", Question) if outcome == "denied" else None
    async with running(worker, policies=policies, admission=admission) as runtime:
        run = runtime.start(Question(), Answer, deadline_s=5)
        await turns()
        if outcome == "cancelled":
            run.cancel()
        await run.settled()
        assert getattr(runtime.statistics().totals, outcome) == 1
        told = runtime.statistics().budgets
        used = (0, 0, 0) if outcome == "denied" else (1, Decimal("0.1"), 2)
        assert tuple(told["day", unit].spent for unit in ("messages", "cost", "tokens")) == used
        assert tuple(told["day", unit].least_left for unit in ("messages", "cost", "tokens")) == (
            9 - used[0], 1 - used[1], 100 - used[2],
        )  # fmt: skip
        assert_nothing_is_reserved(runtime)


async def test_rates_and_budgets_are_never_touched_by_judging_again() -> None:
    """Mail that a reload, a pause and a revocation make judged anew pays no second time."""
    gate = Gate()
    admission = Admission(
        rates=(Rate(id="slow", per_s=0.000_001, burst=4),), budgets=(Budget(id="few", per="tenant_day", messages=4),)
    )
    async with running(gated(gate), answerer, admission=admission) as runtime:
        runs = [runtime.start(Question(), Answer, to="slow") for _ in range(4)]
        await gate.reached.wait()
        for _ in range(5):
            runtime.operations.replace_policies(PolicySet())
            runtime.operations.pause("answerer")
            runtime.operations.resume("answerer")
            runtime.operations.revoke("everything")
        gate.open.set()
        for run in runs:
            assert (await run.result()).text == "slow"
        [bucket] = runtime._life.parts.admission.rates_by_place[0].buckets.values()
        assert bucket.tokens == pytest.approx(0, abs=0.001)
        assert runtime.statistics().budgets["few", "messages"].spent == 4


async def test_rates_and_budgets_are_never_touched_by_shadow_explain_test_or_diff() -> None:
    """Whatever judges outside a delivery asks gates, and gates know of no rate and no budget; taps and answers too."""
    admission = Admission(
        rates=(Rate(id="slow", per_s=0.000_001, burst=2),), budgets=(Budget(id="few", per="tenant_day", messages=2),)
    )
    journal = MemoryJournal()
    async with running(answerer, admission=admission, journal=journal) as runtime, runtime.observe() as tap:
        assert await asked(runtime) == "ok"
        question = next(entry.message for entry in journal if entry.message is not None)
        gate = runtime.bus.policies.evaluator(Question, answerer.card)
        for _ in range(100):
            assert gate.judge(question, runtime.bus.judging.card_of(question)) is None
        assert (await anext(tap)).topic == "t.question"
        told = runtime.statistics()
        assert (told.budgets["few", "messages"].spent, told.rates["slow"].denied) == (1, 0)
        assert await asked(runtime) == "ok"
        assert "denied(rate slow" in await asked(runtime)


async def test_rates_and_budgets_count_what_agents_report_with_charge() -> None:
    """In three currencies of writing: a float is the number that is written."""
    for cost in (0.1, "0.1", Decimal("0.1")):
        async with running(costly(cost, 3), admission=budgets(Budget(id="day", per="tenant_day", cost=1))) as runtime:
            for _ in range(3):
                assert await asked(runtime) == "ok"
            told = runtime.statistics()
            assert told.budgets["day", "cost"].spent == told.agents["costly"].cost == Decimal("0.3")
            assert (told.agents["costly"].tokens, ("day", "tokens") in told.budgets) == (9, False)


# --- rates ---


async def test_a_rate_lets_a_burst_through_and_then_so_many_a_second() -> None:
    async with running(answerer, admission=rates(Rate(id="r", per_s=4, burst=3))) as runtime:
        assert [await asked(runtime) for _ in range(4)] == ["ok"] * 3 + [
            "answerer: denied(rate r: more than 4 a second, 3 at once)"
        ]
        await anyio.sleep(0.25)
        assert [await asked(runtime) == "ok" for _ in range(2)] == [True, False]
        await anyio.sleep(100)  # a bucket holds no more than the burst
        assert [await asked(runtime) == "ok" for _ in range(4)] == [True, True, True, False]
        assert runtime.statistics().rates["r"].denied == 3
        assert_at_rest(runtime)


@pytest.mark.parametrize(
    ("per", "passed"),
    [
        ((), 1),
        (("tenant",), 2),
        (("agent",), 2),
        (("sender",), 2),
        (("topic",), 1),
        (("tenant", "agent"), 4),
        (("tenant", "sender", "topic", "agent"), 4),
    ],
)
async def test_each_tenant_sender_topic_recipient_or_combination_has_a_bucket(per: Any, passed: int) -> None:
    """Two callers of two tenants ask two agents, each twice."""
    other = agent("other")(answerer.function)
    callers = (Caller(user="ann", tenant="acme"), Caller(user="bob", tenant="other"))
    async with running(answerer, other, admission=rates(Rate(id="r", per_s=0.001, per=per))) as runtime:
        results = []
        for caller in (*callers, *callers):
            gathered = await runtime.gather(Question(), expect=Each(Answer), caller=caller)
            results.append(len(gathered[Each(Answer)]))
        assert sum(results) == passed
        assert runtime.statistics().totals.denied == 8 - passed
        assert_at_rest(runtime)


async def test_a_rate_covers_only_what_it_names() -> None:
    rule = Rate(
        id="r", per_s=0.001, topics=frozenset({"t.*"}), agents=frozenset({"answerer"}), tenants=frozenset({"acme"})
    )
    other = agent("other")(answerer.function)
    async with running(answerer, other, admission=rates(rule)) as runtime:
        assert [await asked(runtime, OTHER, to="answerer") for _ in range(3)] == ["ok"] * 3
        assert [await asked(runtime, ACME, to="other") for _ in range(3)] == ["ok"] * 3
        assert [await asked(runtime, ACME, to="answerer") == "ok" for _ in range(2)] == [True, False]


async def test_what_one_rule_denies_costs_nothing_of_the_others() -> None:
    wide, narrow = Rate(id="wide", per_s=0.001, burst=10), Rate(id="narrow", per_s=0.001, burst=2)
    few = Budget(id="few", per="tenant_day", messages=3)
    async with running(answerer, admission=Admission(rates=(wide, narrow), budgets=(few,))) as runtime:
        assert [await asked(runtime) == "ok" for _ in range(5)] == [True, True, False, False, False]
        meters = runtime._life.parts.admission.rates_by_place
        assert [round(next(iter(meter.buckets.values())).tokens) for meter in meters] == [8, 0]
        assert runtime.statistics().budgets["few", "messages"].least_left == 1
    narrow_budget = Budget(id="few", per="tenant_day", messages=1)
    async with running(answerer, admission=Admission(rates=(wide,), budgets=(narrow_budget,))) as runtime:
        assert [await asked(runtime) == "ok" for _ in range(3)] == [True, False, False]
        [bucket] = runtime._life.parts.admission.rates_by_place[0].buckets.values()
        assert round(bucket.tokens) == 9


async def test_buckets_are_bounded_and_a_full_one_is_the_same_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genie.admission.budgets.ROOMY", 4)
    monkeypatch.setattr("genie.admission.budgets.MOST_KEYS", 8)
    async with running(answerer, admission=rates(Rate(id="r", per_s=1, per=("tenant",)))) as runtime:
        for round_ in range(5):
            for number in range(4):
                assert await asked(runtime, Caller(tenant=f"{round_}-{number}")) == "ok"
            await anyio.sleep(1)
        assert runtime.statistics().rates["r"].buckets <= 8
        for number in range(8):
            await asked(runtime, Caller(tenant=f"crowd-{number}"))
        assert "denied(rate r: too many other keys have exceeded it" in await asked(runtime, ACME)
        await anyio.sleep(1)
        assert await asked(runtime, ACME) == "ok"


# --- waiting for a rate ---


async def test_a_rate_that_waits_delivers_in_order_when_there_is_room_and_denies_beyond_its_time() -> None:
    times: list[tuple[int, float]] = []

    @agent("timed")
    async def timed(note: Note) -> None:
        times.append((note.number, anyio.current_time() - began))

    async with running(timed, admission=rates(Rate(id="r", per_s=2, burst=2, wait_s=1.5))) as runtime:
        began = anyio.current_time()
        for number in range(7):
            await runtime.publish(Note(number=number))
        await turns()
        one = runtime.statistics().agents["timed"]
        assert (one.timed, one.in_flight, one.denied) == (3, 3, 2)
        await runtime.drain(10)
        assert [number for number, _ in times] == [0, 1, 2, 3, 4]
        assert [at for _, at in times] == pytest.approx([0, 0, 0.5, 1.0, 1.5])
        assert runtime.statistics().rates["r"] == (2, 3, 1)
        assert_at_rest(runtime)


@pytest.mark.parametrize("how", ["cancel", "deadline", "pause", "kill", "tenant", "remove", "drain", "close"])
async def test_a_delivery_that_waits_for_its_turn_ends_like_any_other(how: str) -> None:
    outcomes = {
        "cancel": Outcome.CANCELLED, "deadline": Outcome.EXPIRED, "pause": Outcome.DENIED, "kill": Outcome.DENIED,
        "tenant": Outcome.CANCELLED, "remove": Outcome.DENIED, "drain": Outcome.CANCELLED, "close": Outcome.CANCELLED,
    }  # fmt: skip
    admission = Admission(
        rates=(Rate(id="r", per_s=0.001, wait_s=10_000),),
        budgets=(Budget(id="b", per="tenant_day", messages=9, estimate=Estimate(1), cost=9),),
    )
    async with running(answerer, admission=admission) as runtime:
        assert await asked(runtime, ACME) == "ok"
        run = runtime.start(Question(), Answer, deadline_s=500 if how == "deadline" else None, caller=ACME)
        await turns()
        assert runtime.statistics().agents["answerer"].timed == 1
        assert not run.at_rest  # it waits, so it is not stalled
        match how:
            case "cancel":
                run.cancel()
            case "pause":
                runtime.operations.pause("answerer")
            case "kill":
                runtime.operations.kill("answerer")
            case "tenant":
                runtime.operations.kill(tenant="acme")
            case "remove":
                await runtime.remove("answerer")
            case "drain":
                await runtime.drain(5)
            case "close":
                for state in tuple(runtime.bus.runs.open_runs.values()):
                    runtime.bus.runs.end(state, Outcome.CANCELLED, Reason("closed"))
        await run.settled()
        assert [failure.outcome for failure in run.failures()] == [outcomes[how]]
        assert_nothing_is_reserved(runtime)


async def test_what_waited_for_its_turn_is_judged_when_it_comes() -> None:
    """By the policies of that moment, with the consents of that moment."""
    async with running(answerer, admission=rates(Rate(id="r", per_s=1, wait_s=10))) as runtime:
        assert await asked(runtime) == "ok"
        run = runtime.start(Question(), Answer, caller=Caller(consent=frozenset({"share"})))
        await turns()
        runtime.operations.revoke("share")
        [parked] = runtime.bus.pending.of("rate")
        assert parked.delivery.message.headers.consent == frozenset()
        runtime.operations.replace_policies(denying("answerer", Question))
        with pytest.raises(RunStalled, match="not for you"):
            await run.result()


# --- budgets ---


async def test_a_budget_of_a_run_is_each_runs_own() -> None:
    @agent("spender", publishes=(Note,))
    async def spender(question: Question, context: Context) -> Answer:
        for number in range(question.number):
            await context.publish(Note(number=number))
        return Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        """Read."""

    async with running(spender, reader, admission=budgets(Budget(id="run", messages=4))) as runtime:
        for _ in range(2):
            run = runtime.start(Question(number=5), Answer)
            await run.result()
            await run.settled()
            assert [str(failure) for failure in run.failures()] == [
                "denied(budget run: 4 messages in one run are used up or reserved)"
            ] * 2
        told = runtime.statistics().budgets["run", "messages"]
        assert (told.spent, told.reserved, told.denied, told.least_left) == (8, 0, 4, 4)


async def test_a_charge_beyond_what_is_left_raises_and_counts_all_the_same() -> None:
    caught: list[BudgetExceededError] = []

    @agent("greedy")
    async def greedy(question: Question, context: Context) -> Answer:
        context.charge(cost="0.7")
        try:
            context.charge(cost="0.7")
        except BudgetExceededError as error:
            caught.append(error)
            raise
        return Answer()

    async with running(greedy, admission=budgets(Budget(id="run", cost="1"))) as runtime:
        reason = await asked(runtime)
        assert "dead_lettered(budget run: 'greedy' used more cost than is left of 1; raise" in reason
        assert (caught[0].agent, caught[0].budget, caught[0].unit, caught[0].limit) == ("greedy", "run", "cost", "1")
        told = runtime.statistics()
        assert (told.budgets["run", "cost"].spent, told.budgets["run", "cost"].overrun) == (1, Decimal("0.4"))
        assert told.agents["greedy"].cost == Decimal("1.4")
        assert_nothing_is_reserved(runtime)


async def test_a_reservation_is_not_for_others_to_spend() -> None:
    gate = Gate()

    @agent("slow", estimate=Estimate("0.6"))
    async def slow(question: Question, context: Context) -> Answer:
        await gate.wait()
        context.charge(cost="0.6")
        return Answer()

    admission = budgets(Budget(id="day", per="tenant_day", cost=1))
    async with running(slow, costly("0.5"), admission=admission) as runtime:
        run = runtime.start(Question(), Answer, to="slow")
        await gate.reached.wait()
        assert "used more cost than is left" in await asked(runtime, to="costly")
        gate.open.set()
        await run.result()
        assert runtime.statistics().budgets["day", "cost"].spent == 1


async def test_an_agent_that_says_it_costs_nothing_runs_on_when_nothing_is_left() -> None:
    free = costly(0, id="free", estimate=Estimate())
    unknown = costly(0, id="unknown")
    async with running(
        free, unknown, costly(1), admission=budgets(Budget(id="day", per="tenant_day", cost=1))
    ) as runtime:
        assert await asked(runtime, to="costly") == "ok"
        assert await asked(runtime, to="free") == "ok"
        assert "denied(budget day: 1 of cost in one day of a tenant are used up" in await asked(runtime, to="unknown")


async def test_a_fallback_pays_for_itself_after_what_the_first_did_not_use_is_free() -> None:
    @agent("first", fallback="second", estimate=Estimate(1))
    async def first(question: Question) -> Answer:
        raise ValueError

    second = costly("0.2", id="second", estimate=Estimate(1))
    admission = budgets(Budget(id="day", per="tenant_day", cost=1, messages=2))
    async with running(first, second, admission=admission) as runtime:
        assert await asked(runtime, to="first") == "ok"
        told = runtime.statistics().budgets
        assert (told["day", "cost"].spent, told["day", "messages"].spent) == (Decimal("0.2"), 2)
        assert "budget day" in await asked(runtime, to="first")
        assert_nothing_is_reserved(runtime)


async def test_a_budget_denies_a_fallback_too() -> None:
    @agent("first", fallback="second")
    async def first(question: Question) -> Answer:
        raise ValueError

    async with running(
        first, costly(id="second"), admission=budgets(Budget(id="day", per="tenant_day", messages=1))
    ) as runtime:
        assert "second: denied(budget day" in await asked(runtime, to="first")
        runtime.operations.pause("first")
        assert "second: denied(budget day" in await asked(runtime, to="first")
        assert_nothing_is_reserved(runtime)
        assert_at_rest(runtime)


@pytest.mark.parametrize("overflow", [Overflow.SHED_OLDEST, Overflow.SHED_NEWEST])
async def test_what_a_full_mailbox_sheds_gives_its_reservation_back(overflow: Overflow) -> None:
    gate = Gate()
    slow = gated(gate, mailbox=Mailbox(capacity=1, overflow=overflow), estimate=Estimate(1))
    async with running(slow, admission=budgets(Budget(id="day", per="tenant_day", cost=5))) as runtime:
        for _ in range(5):
            runtime.start(Question(), Answer)
            await turns()
        assert runtime.statistics().budgets["day", "cost"].reserved == 2
        gate.open.set()
        await runtime.drain(10)
        assert_nothing_is_reserved(runtime)


async def test_a_handler_that_was_cancelled_may_still_say_what_it_used() -> None:
    gate = Gate()

    @agent("tidy", estimate=Estimate("0.5"))
    async def tidy(question: Question, context: Context) -> Answer:
        try:
            await gate.wait()
        finally:
            context.charge(cost="0.3")
        return Answer()

    async with running(tidy, admission=budgets(Budget(id="day", per="tenant_day", cost=1))) as runtime:
        run = runtime.start(Question(), Answer)
        await gate.reached.wait()
        run.cancel()
        await run.settled()
        await turns()
        assert runtime.statistics().budgets["day", "cost"].spent == Decimal("0.3")
        assert_nothing_is_reserved(runtime)


async def test_a_charge_after_the_end_counts_too() -> None:
    kept: list[Context] = []

    @agent("leaky")
    async def leaky(question: Question, context: Context) -> Answer:
        kept.append(context)
        return Answer()

    admission = budgets(Budget(id="day", per="tenant_day", cost=1, messages=5), Budget(id="run", tokens=5))
    async with running(leaky, admission=admission) as runtime:
        assert await asked(runtime) == "ok"
        kept[0].charge(cost="0.75", tokens=5)
        told = runtime.statistics().budgets
        assert (told["day", "cost"].spent, told["day", "messages"].spent) == (Decimal("0.75"), 1)
        assert told["run", "tokens"].spent == 5
        with pytest.raises(BudgetExceededError, match="used more tokens than is left of 5"):
            kept[0].charge(tokens=1)
        assert_nothing_is_reserved(runtime)


@pytest.mark.parametrize("decimals", [31, 400])
async def test_a_charge_finer_than_can_be_added_exactly_is_refused(decimals: int) -> None:
    refused: list[ValueError] = []

    @agent("fine")
    async def fine(question: Question, context: Context) -> Answer:
        for wrong in (Decimal(f"1E-{decimals}"), 10**16, float("inf"), "much"):
            try:
                context.charge(cost=wrong)
            except ValueError as error:
                refused.append(error)
        with pytest.raises(ValueError, match="whole"):
            context.charge(tokens=1.5)  # type: ignore[arg-type]  # what a careless caller hands over
        return Answer()

    async with running(fine) as runtime:
        assert await asked(runtime) == "ok"
        assert len(refused) == 4
        assert runtime.statistics().agents["fine"].cost == 0


# --- telling ---


async def test_a_denial_is_journalled_and_audited_with_its_code_and_rule() -> None:
    kept: list[Any] = []

    class Audit:
        def record(self, entry: Any) -> None:
            kept.append(entry)

    journal = MemoryJournal()
    admission = Admission(rates=(Rate(id="slow", per_s=0.001, burst=2),), budgets=(Budget(id="one", messages=1),))
    async with running(answerer, admission=admission, journal=journal, audit=Audit()) as runtime:
        for _ in range(3):
            await asked(runtime)
    denied = [entry.reason for entry in journal if entry.kind == "denied"]
    assert [reason.split()[0] for reason in denied if reason] == ["rate"]
    [entry] = kept
    assert (entry.kind, entry.by, entry.subject) == ("verdict", "supervisor", "t.question -> answerer")
    assert dict(entry.detail) == {"verdict": "deny", "code": "rate", "rule": "slow"}


async def test_without_rules_there_is_no_turnstile() -> None:
    async with running(answerer, admission=Admission()) as runtime:
        assert runtime._life.parts.admission is None
        assert (runtime.statistics().rates, runtime.statistics().budgets) == ({}, {})


# --- a thousand at once ---


async def test_a_budget_is_exact_with_a_thousand_deliveries_racing() -> None:
    """Each reserves less than it may come to charge, waits, and charges while the others do."""
    racing = 0

    @agent("racer", concurrency=1_000, estimate=Estimate("0.001"))
    async def racer(question: Question, context: Context) -> Answer:
        nonlocal racing
        racing += 1
        await anyio.lowlevel.checkpoint()
        context.charge(cost="0.0005")
        await anyio.sleep(0.001 * (question.number % 7))
        context.charge(cost="0.0015")  # twice what was reserved, in all
        return Answer()

    budget = Budget(id="day", per="tenant_day", cost="0.5", messages=900)
    async with running(racer, admission=budgets(budget)) as runtime:
        runs = [runtime.start(Question(number=number), Answer) for number in range(1_000)]
        for run in runs:
            await run.settled()
        told = runtime.statistics()
        cost = told.budgets["day", "cost"]
        assert racing == 500  # as many as can reserve 0.001
        assert cost.denied == 500
        assert cost.spent == Decimal("0.5")
        assert cost.spent + cost.overrun == told.agents["racer"].cost == 500 * Decimal("0.002")
        assert told.budgets["day", "messages"].spent == 500
        assert_nothing_is_reserved(runtime)
        assert_at_rest(runtime)


async def test_a_rate_is_exact_with_a_thousand_deliveries_racing() -> None:
    racer = agent("racer", concurrency=100)(answerer.function)
    async with running(racer, admission=rates(Rate(id="r", per_s=10, burst=100, per=("tenant",)))) as runtime:
        async with anyio.create_task_group() as tasks:
            for _ in range(1_000):
                tasks.start_soon(asked, runtime, ACME)
        told = runtime.statistics().totals
        assert (told.handled, told.denied) == (100, 900)
