"""Restart budgets at their bounds, the order of a key while one of its messages waits, and what a suspension takes."""

from __future__ import annotations

import anyio
import pytest

from genie import Context, Mailbox, PolicySet, RestartBudget, Retry, agent
from genie.errors import EdgeError
from genie.journal.memory import MemoryJournal
from genie.testing import RecordingLog
from tests.genie.policies_for_tests import Answer, Note, Order, Question, assert_at_rest, running, turns

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("failures", "most"), [(0, 5), (1, 2), (2, 3)])
async def test_an_agent_is_quarantined_with_the_first_failure_beyond_its_budget(failures: int, most: int) -> None:
    """A budget of none is no budget."""
    tried: list[int] = []

    @agent("fragile", restarts=RestartBudget(failures=failures, within_s=100))
    async def fragile(question: Question) -> Answer:
        tried.append(question.number)
        raise ValueError

    async with running(fragile) as runtime:
        for number in range(5):
            await runtime.publish(Question(number=number))
            await turns()
        assert len(tried) == most
        assert runtime.statistics().totals.denied == 5 - most
        assert_at_rest(runtime)


@pytest.mark.parametrize(("apart_s", "quarantined"), [(10, True), (10.5, False)])
async def test_failures_count_within_the_time_of_the_budget_its_last_moment_included(
    apart_s: float, quarantined: bool
) -> None:
    @agent("fragile", restarts=RestartBudget(failures=1, within_s=10))
    async def fragile(question: Question) -> Answer:
        raise ValueError

    async with running(fragile) as runtime:
        await runtime.publish(Question())
        await anyio.sleep(apart_s)
        await runtime.publish(Question())
        await turns()
        await runtime.publish(Question())
        await turns()
        assert runtime.statistics().totals.denied == int(quarantined)


async def test_an_agent_that_is_added_again_has_a_new_budget() -> None:
    @agent("fragile", restarts=RestartBudget(failures=1, within_s=1_000))
    async def fragile(question: Question) -> Answer:
        raise ValueError

    async with running(fragile) as runtime:
        await runtime.publish(Question())
        await turns()
        await runtime.remove("fragile")
        await runtime.add(fragile)
        await runtime.publish(Question())
        await turns()
        await runtime.publish(Question())
        await turns()
        assert runtime.statistics().totals.denied == 0
        assert [letter.code for letter in runtime.operations.dead_letters()] == ["failed"] * 3


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_a_retry_holds_back_its_own_key_alone_and_keeps_its_place(concurrency: int) -> None:
    seen: list[str] = []

    @agent("clerk", concurrency=concurrency, retry=Retry(attempts=2, first_s=5))
    async def clerk(order: Order) -> None:
        seen.append(f"{order.account}{order.number}")
        if seen.count("a1") == 1 and order.account == "a" and order.number == 1:
            raise ValueError

    async with running(clerk) as runtime:
        for account, number in (("a", 1), ("a", 2), ("b", 3), ("a", 4)):
            await runtime.publish(Order(account=account, number=number))
            await turns()
        assert seen == ["a1", "b3"]
        await anyio.sleep(60)
        assert seen == ["a1", "b3", "a1", "a2", "a4"]
        assert_at_rest(runtime)


@pytest.mark.parametrize("how", ["pause", "kill", "remove"])
async def test_a_suspension_ends_what_waits_for_a_retry_and_what_waits_behind_its_key(how: str) -> None:
    seen: list[str] = []

    @agent("clerk", retry=Retry(attempts=2, first_s=50))
    async def clerk(order: Order) -> None:
        seen.append(f"{order.account}{order.number}")
        raise ValueError

    async with running(clerk) as runtime:
        for number in (1, 2):
            await runtime.publish(Order(account="a", number=number))
        await turns()
        assert runtime.statistics().agents["clerk"].retrying == 1
        if how == "remove":
            await runtime.remove("clerk")
        else:
            getattr(runtime.operations, how)("clerk")
        await turns()
        assert runtime.statistics().totals.denied == 2
        await anyio.sleep(200)
        assert seen == ["a1"]
        assert_at_rest(runtime)


async def test_as_many_retries_may_wait_as_the_mailbox_has_places() -> None:
    @agent("fragile", concurrency=3, mailbox=Mailbox(capacity=2), retry=Retry(attempts=2, first_s=50))
    async def fragile(question: Question) -> Answer:
        raise ValueError

    async with running(fragile, policies=PolicySet()) as runtime:
        for number in range(3):
            await runtime.publish(Question(number=number))
            await turns()
        assert runtime.statistics().agents["fragile"].retrying == 2
        [letter] = runtime.operations.dead_letters()
        assert "2 wait for a retry already" in letter.reason
        await anyio.sleep(1_000)
        assert runtime.statistics().totals.dead_lettered == 3
        assert_at_rest(runtime)


@pytest.mark.parametrize(("log", "notes"), [(None, 2), (RecordingLog, 1)], ids=["passing", "durable"])
async def test_what_a_failed_attempt_published_stays_but_in_a_durable_runtime(
    log: type[RecordingLog] | None, notes: int
) -> None:
    """There nothing leaves before the outcome of its handling, so that a repetition repeats nothing."""
    seen: list[str] = []
    attempts = 0

    @agent("writer", publishes=(Note,), retry=Retry(attempts=2, first_s=1))
    async def writer(question: Question, context: Context) -> Answer:
        nonlocal attempts
        attempts += 1
        await context.publish(Note(text=f"attempt {attempts}"))
        if attempts == 1:
            raise ValueError
        return Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note.text)

    async with running(writer, reader, log=log and log()) as runtime:
        run = runtime.start(Question(), Answer)
        await run.result()
        await run.settled()
        assert seen == ["attempt 1", "attempt 2"][-notes:]
        assert_at_rest(runtime)


async def test_a_handler_that_turns_its_cancellation_into_an_error_is_out_of_time_all_the_same() -> None:
    journal = MemoryJournal()

    @agent("turning", timeout_s=3, retry=Retry(attempts=2, first_s=1))
    async def turning(question: Question) -> Answer:
        try:
            await anyio.sleep(60)
        except anyio.get_cancelled_exc_class():
            raise ValueError from None
        return Answer()

    async with running(turning, journal=journal) as runtime:
        run = runtime.start(Question(), Answer)
        await run.settled()
        assert [failure.reason.code for failure in run.failures()] == ["timeout"]
        await turns()
        assert_at_rest(runtime)
    assert [record.reason for record in journal if record.kind == "retrying"] == ["timeout"]


async def test_a_retry_waits_as_long_as_the_service_asked_for() -> None:
    times: list[float] = []

    @agent("calling", retry=Retry(attempts=2, first_s=1, longest_s=2))
    async def calling(question: Question) -> Answer:
        times.append(anyio.current_time())
        if len(times) == 1:
            raise EdgeError("https://rates.example", "asks for patience", again_s=30)
        return Answer()

    async with running(calling) as runtime:
        await runtime.ask(Question(), Answer)
        assert times[1] - times[0] == pytest.approx(30)
