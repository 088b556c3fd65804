"""One exception in an action of the timer queue stops no other timer, whoever raised it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from pydantic import field_validator

from genie import Context, Payload, Runtime, agent
from genie.contracts.agent import Join
from genie.contracts.schedule import Schedule
from genie.errors import GenieError, RunStalled
from genie.scheduling.scheduler import Scheduler
from tests.genie.policies_for_tests import Answer, Note, Opinion, Order, Question, answerer, holding, running
from tests.reliability.trouble import SOON_S, Hang, assert_rests, assert_time_passes, hangs, refuses

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.ports.audit import AuditRecord
    from genie.contracts.ports.journal import JournalRecord

pytestmark = pytest.mark.anyio
NINE = datetime(2025, 6, 1, 8, 59, 30, tzinfo=UTC).timestamp()


async def test_a_wait_that_a_handler_left_behind_stops_no_timer() -> None:
    @agent("stubborn")
    async def stubborn(question: Question) -> Answer:
        await refuses()
        return Answer()

    async with anyio.create_task_group() as group:

        @agent("desk", asks={Question: Answer}, concurrency=2)
        async def desk(order: Order, context: Context) -> None:
            async def orphan() -> None:
                try:
                    await context.gather(Question(), expect=Answer)
                except (GenieError, RuntimeError):
                    return  # its handling is over, and so is its wait

            if order.account == "left":
                group.start_soon(orphan)
                await anyio.sleep(1)
            else:
                await anyio.sleep(10)

        async with running(stubborn, desk, hangs) as runtime:
            await runtime.publish(Order(account="other", number=0))
            await runtime.publish(
                Order(account="left", number=0)
            )  # its worker is idle from 1 s on, the other from 10 s
            await anyio.sleep(11)
            await runtime.publish(Order(account="same", number=0))
            await anyio.sleep(1)
            await runtime.publish(Order(account="same", number=1))  # waits behind its key
            await anyio.sleep(1)
            await assert_time_passes(runtime)
        group.cancel_scope.cancel()


async def _fires(answer: Any, *, tell: Callable[[Any], None], question: Callable[[], Payload]) -> None:
    async with Runtime([answerer, hangs], wall=NINE) as runtime:
        scheduler = Scheduler(
            runtime, [Schedule("hourly", "0 * * * *")], Answer, tell=tell, question=question, deadline_s=60
        )
        async with scheduler.running():
            await anyio.sleep(3 * 3600)
            counted = scheduler.firings["hourly"]
            assert counted.fired + counted.refused == 3
            await assert_time_passes(runtime)


async def test_a_listener_of_a_schedule_that_raises_stops_no_timer() -> None:
    def tell(_notice: object) -> None:
        raise BrokenPipeError

    await _fires(answerer, tell=tell, question=Question)


async def test_a_schedule_whose_question_cannot_be_made_stops_no_timer() -> None:
    def question() -> Payload:
        raise KeyError("rate")

    await _fires(answerer, tell=lambda _notice: None, question=question)


class Summary(Payload, topic="r.summary"):
    """A payload whose validator has a bug."""

    answer: Answer | None = None
    opinion: Opinion | None = None

    @field_validator("answer")
    @classmethod
    def _looks_up(cls, _value: object) -> None:
        raise KeyError("no such table")


@pytest.mark.parametrize("fails", [False, True], ids=["at within_s", "when a part cannot come"])
async def test_a_join_whose_validator_raises_stops_no_timer(*, fails: bool) -> None:
    @agent("opines")
    async def opines(question: Question) -> Opinion:
        await anyio.sleep(5 if fails else SOON_S / 2)
        if fails:
            raise ValueError
        return Opinion()

    @agent("long")
    async def long(question: Question) -> Note:
        await anyio.sleep(SOON_S / 2)
        return Note()

    join = Join(id="join", into=Summary, parts={"answer": Answer, "opinion": Opinion}, within_s=10, partial="publish")
    async with running(answerer, opines, long, hangs, joins=[join]) as runtime:
        with anyio.fail_after(SOON_S), pytest.raises(RunStalled):
            await runtime.ask(Question(), Summary)
        await assert_time_passes(runtime)
        await assert_rests(runtime)


class RaisingJournal:
    """A journal whose disk is full when the first record of a kind comes."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.raised = 0

    def record(self, entry: JournalRecord) -> None:
        if entry.kind == self.kind and entry.topic != "t.question" and not self.raised:
            self.raised += 1
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("kind", ["expired", "accepted"], ids=["queued mail expires", "a timer publishes"])
async def test_a_journal_that_raises_stops_no_timer(kind: str) -> None:
    journal = RaisingJournal(kind)

    @agent("clock", publishes=(Note,))
    async def clock(question: Question, context: Context) -> None:
        context.after(1, Note())

    @agent("busy")
    async def busy(note: Note) -> None:
        await anyio.sleep(10)

    async with running(clock, busy, hangs, journal=journal) as runtime:
        if kind == "expired":
            await runtime.publish(Note())
            run = runtime.start(Note(), Answer, deadline_s=2)
            await anyio.sleep(3)
            assert run.at_rest
        else:
            await runtime.publish(Question())
            await anyio.sleep(3)
        assert journal.raised == 1
        await assert_time_passes(runtime)
        await assert_rests(runtime)


class RaisingAudit:
    """An audit trail that raises at one kind of record, and whose failure lets runs go on."""

    on_failure = "allow"

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def record(self, entry: AuditRecord) -> None:
        if entry.kind == self.kind:
            raise OSError(28, "No space left on device")


async def test_an_audit_trail_that_raises_stops_no_timer() -> None:
    policies = holding("answerer", Question, 2)
    async with running(answerer, hangs, audit=RaisingAudit("expired"), policies=policies) as runtime:
        run = runtime.start(Question(), Answer)
        await anyio.sleep(5)
        assert run.at_rest
        await assert_time_passes(runtime)
        await assert_rests(runtime)


async def test_deadlines_are_kept_where_nothing_raises() -> None:
    async with running(hangs) as runtime:
        await assert_time_passes(runtime)
        run = runtime.start(Hang(), Answer, deadline_s=1)
        await anyio.sleep(2)
        assert run.at_rest
