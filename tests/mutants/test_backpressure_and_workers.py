"""Publishers learn of rejects, handlings keep their share, timers keep the alarm alive, and workers end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest

from genie import Context, Mailbox, Overflow, RunLimits, agent
from genie.errors import MailboxFullError, RunStalled
from genie.testing import RecordingLog
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Question,
    assert_at_rest,
    gated,
    running,
    turns,
)

pytestmark = pytest.mark.anyio

LIMITS = RunLimits(max_messages=16)
"""Of which one handling may publish twelve."""


@pytest.mark.parametrize("other", [Overflow.SHED_NEWEST, Overflow.SHED_OLDEST, Overflow.BLOCK])
@pytest.mark.parametrize("first", [True, False], ids=["reject-first", "reject-last"])
async def test_a_publisher_is_told_of_a_reject_whatever_other_mailboxes_do(other: Overflow, first: bool) -> None:
    gate = Gate()
    rejecting = gated(gate, "rejecting", mailbox=Mailbox(capacity=1, overflow=Overflow.REJECT))
    shedding = gated(gate, "shedding", mailbox=Mailbox(capacity=1, overflow=other))
    agents = (rejecting, shedding) if first else (shedding, rejecting)
    async with running(*agents) as runtime:
        await runtime.publish(Question())
        await gate.reached.wait()
        await turns()
        await runtime.publish(Question())
        with pytest.raises(MailboxFullError) as caught:
            await runtime.publish(Question())
        assert "rejecting" in str(caught.value)
        gate.open.set()
        await runtime.drain(100)
        assert_at_rest(runtime)


# --- the share of one handling ---


def publishing(count: int, how: str):
    """Return an agent that publishes that many notes in one handling."""

    @agent("returner")
    async def returner(question: Question) -> tuple[Note, ...]:
        return tuple(Note(number=number) for number in range(count))

    @agent("publisher", publishes=(Note,))
    async def publisher(question: Question, context: Context) -> None:
        for number in range(count):
            await context.publish(Note(number=number))

    @agent("streamer")
    async def streamer(question: Question) -> AsyncIterator[Note]:
        for number in range(count):
            yield Note(number=number)

    return {"returned": returner, "published": publisher, "streamed": streamer}[how]


@pytest.mark.parametrize("how", ["returned", "published", "streamed"])
async def test_one_handling_may_publish_exactly_its_share(how: str) -> None:
    async with running(publishing(12, how), limits=LIMITS) as runtime:
        await runtime.publish(Question())
        await turns()
        statistics = runtime.statistics()
        assert (statistics.totals.handled, statistics.totals.dead_lettered, statistics.unrouted) == (1, 0, 12)
        assert_at_rest(runtime)


@pytest.mark.parametrize("how", ["returned", "published", "streamed"])
async def test_one_handling_may_publish_no_more_than_its_share(how: str) -> None:
    """The rest of the run's messages is kept for the others, such as the agent that answers."""

    @agent("answering")
    async def answering(question: Question) -> Answer:
        await anyio.sleep(1)
        return Answer(text="still there")

    async with running(publishing(15, how), answering, limits=LIMITS) as runtime:
        assert (await runtime.ask(Question(), Answer)).text == "still there"
        [letter] = runtime.operations.dead_letters()
        assert letter.agent != "answering"
        assert runtime.statistics().unrouted <= 13
        assert_at_rest(runtime)


# --- timers ---


async def test_a_timer_for_an_agent_that_no_longer_takes_its_payload_counts_as_unrouted() -> None:
    """Another agent has taken over the id. The timers of everybody else go on."""
    seen: list[str] = []

    @agent("later", publishes=(Note,))
    async def later(question: Question, context: Context) -> None:
        context.after(5, Note(text="lost"), to="reader")
        context.after(10, Note(text="kept"))

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(f"reader {note.text}")

    @agent("reader")
    async def successor(opinion: Opinion) -> None:
        seen.append("opinion")

    @agent("other")
    async def other(note: Note) -> None:
        seen.append(f"other {note.text}")

    async with running(later, reader, other) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()
        await runtime.remove("reader")
        await runtime.add(successor)
        await anyio.sleep(20)
        assert seen == ["other kept"]
        assert run.messages().unrouted == 1
        assert run.at_rest
        with pytest.raises(RunStalled):
            await run.result()
        assert_at_rest(runtime)


# --- workers ---


async def test_idle_workers_end_but_for_some() -> None:
    gate = Gate()
    async with running(gated(gate, concurrency=200)) as runtime:
        runs = [runtime.start(Question(), Answer) for _ in range(200)]
        await turns()
        assert runtime.statistics().agents["slow"].workers == 200
        gate.open.set()
        for run in runs:
            await run.result()
        await turns()
        assert 1 <= len(runtime.bus.workers.all) <= 100
        assert (await runtime.ask(Question(), Answer)).text == "slow"


@pytest.mark.parametrize("log", [None, RecordingLog], ids=["passing", "durable"])
async def test_a_stream_that_never_waits_lets_the_loop_turn(log: type[RecordingLog] | None) -> None:
    beats = 0
    during: list[int] = []

    @agent("streamer")
    async def streamer(question: Question) -> AsyncIterator[Note | Answer]:
        before = beats
        for number in range(1_000):
            yield Note(number=number)
        during.append(beats - before)
        yield Answer()

    async def beat() -> None:
        nonlocal beats
        while True:
            await anyio.lowlevel.checkpoint()
            beats += 1

    async with running(streamer, log=log and log()) as runtime, anyio.create_task_group() as tasks:
        tasks.start_soon(beat)
        await runtime.ask(Question(), Answer)
        assert during[0] > 1
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("log", [None, RecordingLog], ids=["passing", "durable"])
@pytest.mark.parametrize("cleans_s", [0.5, 10], ids=["stops", "abandoned"])
@pytest.mark.parametrize("how", ["timed out", "cancelled", "killed"])
async def test_what_a_stream_yields_after_its_handling_was_cut_is_not_published(
    how: str, cleans_s: float, log: type[RecordingLog] | None
) -> None:
    """A stream of a durable runtime publishes everything at its end, so a stream that was cut publishes nothing."""
    seen: list[int] = []

    @agent("stubborn", timeout_s=3)
    async def stubborn(question: Question) -> AsyncIterator[Note]:
        yield Note(number=1)
        with anyio.CancelScope(shield=True):
            await anyio.sleep(2.8 + cleans_s)
        yield Note(number=2)
        yield Note(number=3)

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note.number)

    async with running(stubborn, reader, log=log and log()) as runtime:
        run = runtime.start(Question(), Answer)
        await anyio.sleep(2.8)
        if how == "cancelled":
            run.cancel()
        elif how == "killed":
            runtime.operations.kill("stubborn")
        await anyio.sleep(20)
        assert seen == ([] if log else [1])
        counts = run.messages()
        assert (counts.dead_lettered, counts.cancelled) == ((1, 0) if how == "timed out" else (0, 1))
        assert_at_rest(runtime)
