"""The account: one outcome for each delivery, and nothing in flight that is not counted."""

from __future__ import annotations

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.limits import Mailbox, Overflow, Retry, RunLimits
from genie.errors import PartMissingError, RunCancelledError, RunExpiredError, RunHeld, RunStalled
from genie.policy.policy import PolicySet
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Question,
    answerer,
    asking,
    assert_at_rest,
    denying,
    gated,
    holding,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


@agent("breaker")
async def breaker(question: Question) -> Answer:
    raise ValueError(question.text)


async def outcome_counts(runtime, run) -> dict[str, int]:
    counts = run.messages()
    assert counts.balanced
    assert counts.in_flight == 0
    names = ("handled", "denied", "expired", "cancelled", "dead_lettered")
    return {name: getattr(counts, name) for name in names if getattr(counts, name)}


async def test_outcome_handled_counts_the_delivery_and_the_answer_taken_by_the_scope() -> None:
    async with running(answerer) as runtime:
        run = runtime.start(Question(), Answer)
        await run.result()
        await run.settled()
        assert await outcome_counts(runtime, run) == {
            "handled": 2
        }  # the question to the agent, the answer to the asker
        assert_at_rest(runtime)


async def test_outcome_denied_by_a_policy_ends_the_run_at_once() -> None:
    async with running(answerer, policies=denying("answerer", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        with pytest.raises(RunStalled, match="answerer: denied"):
            await run.result()
        assert await outcome_counts(runtime, run) == {"denied": 1}


async def test_an_answer_that_the_asker_may_not_have_is_denied_in_its_scope() -> None:
    async with running(answerer, policies=denying("caller:local", Answer)) as runtime:
        run = runtime.start(Question(), Answer)
        with pytest.raises(RunStalled, match="denied"):
            await run.result()
        await run.settled()
        assert await outcome_counts(runtime, run) == {"handled": 1, "denied": 1}


async def test_outcome_expired_when_the_deadline_passes() -> None:
    async with running(gated(Gate())) as runtime:
        run = runtime.start(Question(), Answer, deadline_s=1.0)
        with pytest.raises(RunExpiredError):
            await run.result()
        await run.settled()
        assert await outcome_counts(runtime, run) == {"expired": 1}
        assert_at_rest(runtime)


async def test_outcome_cancelled_when_the_run_is() -> None:
    gate = Gate()
    async with running(gated(gate)) as runtime:
        run = runtime.start(Question(), Answer)
        await gate.reached.wait()
        run.cancel("changed my mind")
        with pytest.raises(RunCancelledError, match="changed my mind"):
            await run.result()
        await run.settled()
        assert await outcome_counts(runtime, run) == {"cancelled": 1}
        assert_at_rest(runtime)


async def test_outcome_dead_lettered_when_the_handler_fails() -> None:
    async with running(breaker) as runtime:
        run = runtime.start(Question(), Answer)
        with pytest.raises(RunStalled, match=r"breaker: dead_lettered\(ValueError\)"):
            await run.result()
        assert await outcome_counts(runtime, run) == {"dead_lettered": 1}


async def test_held_retrying_and_timed_are_states_in_flight() -> None:
    """`held`, `retrying` and `timed` are states on the way, in flight; the run is waiting then, never stalled."""
    attempts = anyio.Event()

    @agent("stubborn", retry=Retry(attempts=2, first_s=50, longest_s=50))
    async def stubborn(question: Question) -> Answer:
        if not attempts.is_set():
            attempts.set()
            raise ValueError
        return Answer()

    @agent("later", publishes=(Note,))
    async def later(question: Question, context: Context) -> None:
        context.after(20, Note())

    @agent("reader")
    async def reader(note: Note) -> None:
        pass

    @agent("guarded")
    async def guarded(question: Question) -> None:
        pass

    async with running(stubborn, later, reader, guarded, policies=holding("guarded", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        await attempts.wait()
        await anyio.sleep(1)
        counts, statistics = run.messages(), runtime.statistics()
        assert counts.balanced
        assert counts.in_flight == 3
        assert (statistics.held, statistics.timed, statistics.agents["stubborn"].retrying) == (1, 1, 1)
        assert not run.at_rest
        assert await run.result() == Answer()  # it was waiting, not stalled
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        await run.settled()
        assert run.messages().balanced
        assert_at_rest(runtime)


async def test_outputs_are_accepted_before_the_delivery_that_made_them_settles() -> None:
    """A chain of handlers never lets the count touch zero, so the asker waits for its end instead of stalling."""

    @agent("first")
    async def first(question: Question) -> Note:
        return Note()

    @agent("second")
    async def second(note: Note) -> Opinion:
        return Opinion()

    @agent("third")
    async def third(opinion: Opinion) -> Answer:
        return Answer(text="end")

    async with running(first, second, third) as runtime:
        assert (await runtime.ask(Question(), Answer)).text == "end"
        assert_at_rest(runtime)


async def test_a_handler_that_waits_in_its_own_gather_counts_in_the_outer_scope_only() -> None:
    """Otherwise the inner scope would never be at rest, and a part that nobody brings would be waited for."""
    got: list = []

    @agent("mute")
    async def mute(question: Question) -> Answer | None:
        return None

    async with running(mute, asking(Question(), Answer, into=got)) as runtime:
        await runtime.ask(Note(), Opinion)
        assert not got[0].complete
        assert_at_rest(runtime)


async def test_the_account_is_kept_per_run() -> None:
    gate = Gate()
    async with running(gated(gate), answerer) as runtime:
        first = runtime.start(Question(), Answer, to="slow")
        await runtime.ask(Question(), Answer, to="answerer")
        assert first.messages().accepted == 1
        assert first.messages().in_flight == 1
        gate.open.set()
        await first.result()
        await first.settled()
        assert first.messages().handled == 2


async def test_late_answers_count_as_handled_and_as_late() -> None:
    """An answer taken by a scope is `handled`, late ones too."""
    gate = Gate()
    async with running(answerer, gated(gate)) as runtime:
        run = runtime.start(Question(), Answer)
        await run.result()
        gate.open.set()
        await run.settled()
        counts = run.messages()
        assert (counts.handled, counts.late) == (4, 1)
        assert counts.balanced


async def test_run_stalled_names_everyone_who_was_denied_dead_lettered_or_absent() -> None:
    """A scope whose answers can no longer come says so at once."""
    async with running(answerer, breaker, policies=denying("answerer", Question)) as runtime:
        started = anyio.current_time()
        with pytest.raises(RunStalled) as caught:
            await runtime.ask(Question(), Answer, within_s=3_600)
        assert anyio.current_time() == started
        assert "answerer: denied(rule: not for you)" in str(caught.value)
        assert "breaker: dead_lettered(ValueError)" in str(caught.value)
        with pytest.raises(RunStalled, match="no agent takes the question"):
            await runtime.ask(Note(), Answer, within_s=3_600)


async def test_who_handled_and_answered_nothing_is_not_called_absent() -> None:
    @agent("mute")
    async def mute(question: Question) -> Answer | None:
        return None

    async with running(mute) as runtime:
        with pytest.raises(RunStalled, match="answered nothing"):
            await runtime.ask(Question(), Answer)


async def test_a_missing_part_names_who_failed() -> None:
    got: list = []
    async with running(breaker, asking(Question(), Answer, into=got)) as runtime:
        await runtime.ask(Note(), Opinion)
        with pytest.raises(PartMissingError, match=r"dead_lettered\(ValueError\)"):
            _ = got[0][Answer]
        assert got[0].missing["breaker"].reason == "dead_lettered(ValueError)"


async def test_waiting_is_not_stalled_while_something_is_held() -> None:
    async with running(answerer, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        with pytest.raises(RunHeld) as caught:
            await run.result()
        runtime.approvals.release(caught.value.holds[0])
        assert await run.result() == Answer(text="?")


async def test_overload_memory_flat_and_every_message_in_exactly_one_outcome() -> None:
    """Bad input: a producer a hundred times faster than its consumer fills one bounded mailbox and no more."""

    @agent("consumer", mailbox=Mailbox(capacity=10, overflow=Overflow.SHED_OLDEST))
    async def consumer(note: Note) -> None:
        await anyio.sleep(1)

    @agent("producer", publishes=(Note,))
    async def producer(question: Question, context: Context) -> Answer:
        for number in range(1_000):
            await context.publish(Note(number=number))
            if number % 100 == 0:
                await anyio.sleep(1)
                assert runtime.statistics().agents["consumer"].queued <= 10
                assert runtime.statistics().totals.balanced
        return Answer()

    limits = RunLimits(dead_letters=5)
    async with running(consumer, producer, limits=limits) as runtime:
        run = runtime.start(Question(), Answer)
        await run.result()
        await run.settled()
        ends = await outcome_counts(runtime, run)
        assert ends["handled"] + ends["dead_lettered"] == 1_002
        assert runtime.statistics().dead_letters == 5
        assert_at_rest(runtime)


async def test_overload_under_block_keeps_neither_mail_nor_alarms() -> None:
    @agent("consumer", mailbox=Mailbox(capacity=10, block_s=3_600))
    async def consumer(note: Note) -> None:
        await anyio.lowlevel.checkpoint()

    @agent("producer", publishes=(Note,))
    async def producer(question: Question, context: Context) -> Answer:
        for number in range(2_000):
            await context.publish(Note(number=number))
            assert runtime.statistics().agents["consumer"].queued <= 11
        return Answer()

    async with running(consumer, producer) as runtime:
        run = runtime.start(Question(), Answer)
        await run.settled()
        assert await outcome_counts(runtime, run) == {"handled": 2_002}
        assert runtime._bus is not None
        assert len(runtime._bus.timers._heap) < 200


async def test_overload_bounds_what_waits_for_a_retry() -> None:
    """A failing agent that retries does not gather an endless crowd behind its bounded mailbox."""

    @agent("failing", retry=Retry(attempts=2, first_s=100, longest_s=100), mailbox=Mailbox(
        capacity=10, overflow=Overflow.SHED_NEWEST))  # fmt: skip
    async def failing(note: Note) -> None:
        raise ValueError

    async with running(failing) as runtime:
        for number in range(200):
            await runtime.publish(Note(number=number))
            await turns(5)
            assert runtime.statistics().agents["failing"].retrying <= 10
        assert "ValueError; 10 wait for a retry already" in {
            letter.reason for letter in runtime.operations.dead_letters()
        }
        await anyio.sleep(1_000)
        assert_at_rest(runtime)


async def test_no_policy_set_means_no_judging() -> None:
    async with running(answerer, policies=PolicySet()) as runtime:
        assert await runtime.ask(Question(text="x"), Answer) == Answer(text="x")
