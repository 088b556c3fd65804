"""Exceptions, outputs and keys of classes of an agent's own end or serve their delivery; they reach no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import anyio
import pytest

from genie import AgentCard, GenieError, Payload, Value, agent
from genie.errors import RunStalled
from tests.genie.policies_for_tests import Answer, Note, Question, running
from tests.reliability.trouble import SOON_S, assert_rests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie import Context, Message

pytestmark = pytest.mark.anyio


class UnreadableError(Exception):
    """Nothing of it can be had."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise RuntimeError(name)


class TracelessError(Exception):
    """It says nothing of where it was raised."""

    @property
    def __traceback__(self) -> NoReturn:  # type: ignore[override]  # on purpose
        raise RuntimeError


class UndividedError(BaseExceptionGroup[BaseException]):
    """It does not say what is in it."""

    def subgroup(self, *_: Any) -> NoReturn:
        raise RuntimeError

    split = derive = subgroup  # type: ignore[assignment]  # on purpose


class InterruptingError(GenieError):
    """An error of the library's tree whose text is an interrupt."""

    def __str__(self) -> NoReturn:
        raise KeyboardInterrupt


@pytest.mark.parametrize("after_s", [None, 1])
@pytest.mark.parametrize(
    "error", [UnreadableError, TracelessError, lambda: UndividedError("x", [ValueError()]), InterruptingError]
)
async def test_an_error_that_cannot_be_looked_at_ends_its_delivery(error: Any, after_s: float | None) -> None:
    @agent("raises")
    async def raises(question: Question) -> Answer:
        if after_s is not None:
            await anyio.sleep(after_s)
        raise error()

    async with running(raises) as runtime:
        run = runtime.start(Question(), Answer)
        with anyio.fail_after(SOON_S), pytest.raises(RunStalled):
            await run.result()
        assert [str(one.outcome) for one in run.failures()] == ["dead_lettered"]
        await assert_rests(runtime)


class Endless(tuple[Answer, ...]):
    """A tuple that gives another content than it has, and never ends."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        while True:
            yield Note()


async def test_of_a_tuple_what_it_has_is_published_and_not_what_its_iterator_gives() -> None:
    class Gives:
        card = AgentCard(id="gives", consumes=(Question,), produces=(Answer,))

        async def handle(self, message: Message[Question], context: Context) -> Endless:
            return Endless((Answer(text="kept"),))

    async with running(Gives()) as runtime:
        with anyio.fail_after(SOON_S):
            assert await runtime.ask(Question(), Answer) == Answer(text="kept")
        await assert_rests(runtime)


class Interrupts(type):
    """Nothing can be compared with its classes."""

    def __eq__(cls, other: object) -> NoReturn:
        raise KeyboardInterrupt

    __hash__ = type.__hash__


class Incomparable(metaclass=Interrupts):
    """What no agent may give."""


@pytest.mark.parametrize("output", [Incomparable(), (Answer(), Incomparable())])
async def test_an_output_whose_class_cannot_be_compared_ends_its_delivery(output: Any) -> None:
    @agent("gives")
    async def gives(question: Question) -> Answer:
        return output  # type: ignore[no-any-return]  # on purpose

    async with running(gives) as runtime:
        run = runtime.start(Question(), Answer)
        with anyio.fail_after(SOON_S), pytest.raises(RunStalled):
            await run.result()
        assert [failure.reason.code for failure in run.failures() if failure.reason] == ["wrong_output"]
        await assert_rests(runtime)


class Unhashed(Value):
    """A part whose class has a mistake."""

    number: int

    def __hash__(self) -> NoReturn:
        raise RuntimeError


class Keyed(Payload, topic="r.keyed", key="by"):
    """In order by something that has no hash."""

    by: Unhashed


async def test_a_key_that_has_no_hash_keeps_nothing_in_order_and_stops_nobody() -> None:
    @agent("orders", concurrency=2)
    async def orders(keyed: Keyed) -> Answer:
        await anyio.sleep(1)
        return Answer(number=keyed.by.number)

    async with running(orders) as runtime:
        with anyio.fail_after(SOON_S):
            assert await runtime.ask(Keyed(by=Unhashed(number=3)), Answer) == Answer(number=3)
        await assert_rests(runtime)
