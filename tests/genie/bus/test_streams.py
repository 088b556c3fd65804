"""A stream: parts in order, then the answer; bounded, judged, and cancelled with its reader."""

from collections.abc import AsyncIterator

import anyio
import pytest

from genie import Agent, Context, Mailbox, Payload, Runtime, agent
from genie.errors import PartMissingError, RunStalled
from genie.testing import Gate, RecordingLog, assert_at_rest, settled


class Question(Payload, topic="tests.stream_question"):
    pieces: int = 3


class Piece(Payload, topic="tests.piece"):
    number: int


class Whole(Payload, topic="tests.whole"):
    pieces: int


class Begin(Payload, topic="tests.begin"):
    pieces: int = 3
    read: int | None = None


class Read(Payload, topic="tests.read"):
    numbers: tuple[int, ...]
    whole: int | None = None
    code: str = ""


def source(gate: Gate | None = None, sent: list[int] | None = None) -> Agent:
    @agent("source", risk="low", tier="production", concurrency=8)
    async def stream(question: Question) -> AsyncIterator[Piece | Whole]:
        for number in range(question.pieces):
            yield Piece(number=number)
            if sent is not None:
                sent.append(number)
        if gate is not None:
            await gate.wait()
        yield Whole(pieces=question.pieces)

    return stream


def reader() -> Agent:
    @agent("reader", risk="low", tier="production", asks={Question: (Whole, Piece)})
    async def read(begin: Begin, context: Context) -> Read:
        numbers: list[int] = []
        async with context.stream(Question(pieces=begin.pieces), parts=Piece, end=Whole, to="source") as stream:
            async for part in stream:
                if isinstance(part, Whole):
                    return Read(numbers=tuple(numbers), whole=part.pieces)
                numbers.append(part.number)
                if len(numbers) == begin.read:
                    break
        return Read(numbers=tuple(numbers))

    return read


@pytest.mark.anyio
async def test_parts_come_in_order_and_the_answer_last():
    async with Runtime([source(), reader()]) as runtime:
        assert await runtime.ask(Begin(), Read) == Read(numbers=(0, 1, 2), whole=3)
        assert_at_rest(runtime)


@pytest.mark.anyio
async def test_whoever_leaves_a_stream_cancels_what_still_works_for_it():
    gate = Gate()
    async with Runtime([source(gate), reader()]) as runtime:
        assert await runtime.ask(Begin(read=2), Read) == Read(numbers=(0, 1))
        await settled(runtime)
        assert gate.cancelled == 1
        assert_at_rest(runtime)


@pytest.mark.anyio
async def test_a_sender_waits_for_a_slow_reader():
    sent: list[int] = []
    gate = Gate()

    @agent("slow", risk="low", tier="production", asks={Question: (Whole, Piece)})
    async def slow(begin: Begin, context: Context) -> Read:
        stream = context.stream(Question(pieces=begin.pieces), parts=Piece, end=Whole)
        first = await anext(stream)
        await gate.wait()
        numbers = [first.number] + [part.number async for part in stream if isinstance(part, Piece)]
        return Read(numbers=tuple(numbers))

    async with Runtime([source(None, sent), slow]) as runtime, anyio.create_task_group() as tasks:
        answers: list[Read] = []

        async def ask() -> None:
            answers.append(await runtime.ask(Begin(pieces=2_000), Read))

        tasks.start_soon(ask)
        await gate.reached.wait()
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        assert len(sent) < 400
        gate.open.set()
    assert answers[0].numbers == tuple(range(2_000))


@pytest.mark.anyio
async def test_a_stream_without_an_answer_says_why():
    @agent("broken", risk="low", tier="production")
    async def broken(question: Question) -> AsyncIterator[Piece | Whole]:
        yield Piece(number=0)
        raise ValueError

    @agent("reader", risk="low", tier="production", asks={Question: (Whole, Piece)})
    async def read(begin: Begin, context: Context) -> Read:
        numbers = []
        try:
            async for part in context.stream(Question(), parts=Piece, end=Whole):
                numbers.append(part.number)
        except PartMissingError as error:
            return Read(numbers=tuple(numbers), code=error.code)
        return Read(numbers=())

    async with Runtime([broken, read]) as runtime:
        assert await runtime.ask(Begin(), Read) == Read(numbers=(0,), code="part_missing")


@pytest.mark.anyio
async def test_time_ends_a_stream():
    gate = Gate()

    @agent("reader", risk="low", tier="production", asks={Question: (Whole, Piece)})
    async def read(begin: Begin, context: Context) -> Read:
        numbers = []
        try:
            async for part in context.stream(Question(), parts=Piece, end=Whole, within_s=0.01):
                numbers.append(part.number)
        except PartMissingError:
            return Read(numbers=tuple(numbers), code="late")
        return Read(numbers=())

    async with Runtime([source(gate), read]) as runtime:
        assert await runtime.ask(Begin(), Read) == Read(numbers=(0, 1, 2), code="late")
        await settled(runtime)
        assert gate.cancelled == 1


@pytest.mark.anyio
async def test_parts_have_to_be_declared():
    @agent("reader", risk="low", tier="production", asks={Question: (Whole,)})
    async def read(begin: Begin, context: Context) -> Read:
        context.stream(Question(), parts=Piece, end=Whole)
        return Read(numbers=())

    async with Runtime([source(), read]) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Begin(), Read)


@pytest.mark.anyio
async def test_a_caller_outside_streams_too():
    async with Runtime([source()]) as runtime:
        got = [part async for part in runtime.stream(Question(), parts=Piece, end=Whole)]
        assert got == [Piece(number=0), Piece(number=1), Piece(number=2), Whole(pieces=3)]
        assert_at_rest(runtime)


@pytest.mark.anyio
async def test_a_durable_runtime_sends_everything_that_a_handler_published():
    got: list[int] = []

    @agent("sender", risk="low", tier="production", publishes=(Piece,))
    async def sender(question: Question, context: Context) -> Whole:
        for number in range(question.pieces):
            await context.publish(Piece(number=number))
        return Whole(pieces=question.pieces)

    @agent("counter", risk="low", tier="production")
    async def counter(piece: Piece) -> None:
        got.append(piece.number)

    async with Runtime([sender, counter], log=RecordingLog()) as runtime:
        await runtime.ask(Question(pieces=5), Whole)
        await settled(runtime)
    assert got == [0, 1, 2, 3, 4]


@pytest.mark.anyio
async def test_a_handler_that_goes_on_after_leaving_a_stream_has_cancelled_what_worked_for_it():
    gate = Gate()

    @agent("reader", risk="low", tier="production", asks={Question: (Whole, Piece)})
    async def goes_on(begin: Begin, context: Context) -> Read:
        async with context.stream(Question(), parts=Piece, end=Whole) as stream:
            await anext(stream)
        await anyio.wait_all_tasks_blocked()
        return Read(numbers=(gate.cancelled,))

    async with Runtime([source(gate), goes_on]) as runtime:
        assert await runtime.ask(Begin(), Read) == Read(numbers=(1,))
        assert_at_rest(runtime)


@pytest.mark.anyio
async def test_a_durable_handling_is_over_while_its_outputs_wait_for_room():
    gate = Gate()

    @agent("sender", risk="low", tier="production")
    async def sender(question: Question) -> Piece:
        return Piece(number=question.pieces)

    @agent("slow", risk="low", tier="production", mailbox=Mailbox(capacity=1))
    async def slow(piece: Piece) -> None:
        await gate.wait()

    async with Runtime([sender, slow], log=RecordingLog()) as runtime:
        for number in range(3):
            await runtime.publish(Question(pieces=number))
            await anyio.wait_all_tasks_blocked()
        assert runtime.statistics().agents["sender"].handled == 3  # its third piece waits for room
        assert runtime.statistics().agents["slow"].in_flight == 3
        gate.open.set()
        await settled(runtime)
        assert_at_rest(runtime)


@pytest.mark.anyio
async def test_after_the_answer_of_a_stream_others_may_finish_what_they_do_for_it():
    gate = Gate()

    @agent("slow", risk="low", tier="production")
    async def slow(question: Question) -> None:
        await gate.wait()

    @agent("reader", risk="low", tier="production", asks={Question: (Whole, Piece)})
    async def reads(begin: Begin, context: Context) -> Read:
        parts = [part async for part in context.stream(Question(), parts=Piece, end=Whole)]
        return Read(numbers=(len(parts),))

    async with Runtime([source(), slow, reads]) as runtime:
        assert await runtime.ask(Begin(), Read) == Read(numbers=(4,))
        gate.open.set()
        await settled(runtime)
        assert (gate.cancelled, runtime.statistics().agents["slow"].handled) == (0, 1)
        assert_at_rest(runtime)


@pytest.mark.anyio
async def test_a_part_behind_the_answer_is_late():
    @agent("source", risk="low", tier="production")
    async def goes_on(question: Question) -> AsyncIterator[Piece | Whole]:
        yield Piece(number=0)
        yield Whole(pieces=1)
        yield Piece(number=1)

    async with Runtime([goes_on]) as runtime:
        got = [part async for part in runtime.stream(Question(), parts=Piece, end=Whole)]
        assert got == [Piece(number=0), Whole(pieces=1)]
        await settled(runtime)
        assert runtime.statistics().late == 1
        assert_at_rest(runtime)


@pytest.mark.anyio
async def test_a_caller_outside_that_leaves_ends_the_run():
    gate = Gate()
    async with Runtime([source(gate)]) as runtime:
        async with runtime.stream(Question(), parts=Piece, end=Whole) as stream:
            assert await anext(stream) == Piece(number=0)
        await settled(runtime)
        assert gate.cancelled == 1
        assert_at_rest(runtime)


@pytest.mark.anyio
async def test_a_stream_that_its_handler_left_open_ends_with_the_handler():
    gate = Gate()

    @agent("leaves", risk="low", tier="production", asks={Question: (Whole, Piece)})
    async def leaves(begin: Begin, context: Context) -> Read:
        async for part in context.stream(Question(pieces=begin.pieces), parts=Piece, end=Whole):
            return Read(numbers=(part.number,))  # without ``aclose``
        return Read(numbers=())

    async with Runtime([source(gate), leaves]) as runtime:
        assert await runtime.ask(Begin(), Read) == Read(numbers=(0,))
        await settled(runtime)
        assert gate.cancelled == 1
        assert_at_rest(runtime)


async def read_by_two(stream: AsyncIterator[Piece | Whole], gate: Gate) -> list[Piece | Whole]:
    """Read a stream to its end, and have another task try to read it meanwhile."""

    async def reads() -> None:
        await gate.reached.wait()
        await anyio.lowlevel.checkpoint()
        with pytest.raises(RuntimeError, match="one reader"):
            await anext(stream)
        gate.open.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reads)
        return [part async for part in stream]


@pytest.mark.anyio
async def test_a_second_reader_of_a_stream_is_refused_and_does_not_wait_for_ever():
    gate = Gate()

    @agent("reads", risk="low", tier="production", asks={Question: (Whole, Piece)})
    async def reads(begin: Begin, context: Context) -> Read:
        parts = await read_by_two(context.stream(Question(pieces=1), parts=Piece, end=Whole), gate)
        return Read(numbers=tuple(part.number for part in parts if isinstance(part, Piece)))

    async with Runtime([source(gate), reads]) as runtime:
        assert await runtime.ask(Begin(), Read) == Read(numbers=(0,))
        assert_at_rest(runtime)
    gate = Gate()
    async with Runtime([source(gate)]) as runtime:
        parts = await read_by_two(runtime.stream(Question(pieces=1), parts=Piece, end=Whole), gate)
        assert parts == [Piece(number=0), Whole(pieces=1)]


@pytest.mark.anyio
@pytest.mark.parametrize("how", ["ask", "stream", "left"])
async def test_a_wait_that_is_over_leaves_nothing_behind(how: str):
    """A stream that has come to its end, and of which its handler has read a part alone, is over with the handler."""

    @agent("waits", risk="low", tier="production", asks={Question: (Whole, Piece)})
    async def waits(begin: Begin, context: Context) -> Read:
        if how == "ask":
            await context.ask(Question(pieces=0), Whole, within_s=1_000)
            return Read(numbers=())
        stream = context.stream(Question(pieces=2), parts=Piece, end=Whole, within_s=1_000)
        async for part in stream:
            await anyio.sleep(1)
            if how == "left":
                return Read(numbers=(part.number,))
        return Read(numbers=())

    async with Runtime([source(), waits]) as runtime:
        await runtime.ask(Begin(), Read)
        await settled(runtime)
        assert_at_rest(runtime)
        assert runtime.bus.timers.pending == (how == "left")  # the limit of a stream that nobody closed
