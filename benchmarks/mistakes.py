"""Five ordinary mistakes, each made in a program on the bus; each function returns what became of it.

`benchmarks/peers/go/main.go` makes the same mistakes with goroutines and channels; `benchmarks.beside_go` prints both.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import anyio
from pydantic import ValidationError

from genie import Each, Mailbox, Payload, Runtime, agent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from genie.contracts.agent import FunctionAgent

ASKERS = 100


class Question(Payload, topic="mistakes.question"):
    """What the agents are asked."""

    text: str


class Answer(Payload, topic="mistakes.answer"):
    """What each of them answers."""

    number: float


class Payment(Payload, topic="mistakes.payment"):
    """What arrives as JSON."""

    to: str
    cents: int


class Prices(Payload, topic="mistakes.prices"):
    """What two agents receive."""

    cents: tuple[int, ...]


@agent("first")
async def first(question: Question) -> Answer:
    """Answer."""
    return Answer(number=len(question.text))


@agent("third")
async def third(question: Question) -> Answer:
    """Answer."""
    return Answer(number=len(question.text))


async def fails() -> str:
    """Let one of three handlers raise."""

    @agent("second")
    async def second(question: Question) -> Answer:
        prices: dict[str, float] = {}
        return Answer(number=prices[question.text])

    return await _gathered(second)


async def silent() -> str:
    """Let one of three handlers return without an answer."""

    @agent("second")
    async def second(question: Question) -> Answer | None:
        return None if question.text else Answer(number=0)

    return await _gathered(second)


async def misspelt() -> str:
    """Read a payment from JSON whose amount has another name."""
    try:
        read = Payment.model_validate_json('{"to": "a", "cent": 1990}')
    except ValidationError as error:
        return "refused: " + ", ".join(sorted(f"{one['loc'][0]} {one['type']}" for one in error.errors()))
    return f"read as {read.cents} cents"


async def shared() -> str:
    """Let one recipient change what it received."""
    seen: list[int] = []

    @agent("writer")
    async def writer(prices: Prices) -> None:
        prices.cents[0] = 99  # type: ignore[index]  # the mistake; a type checker refuses it as well

    @agent("reader")
    async def reader(prices: Prices) -> None:
        seen.append(prices.cents[0])

    async with Runtime([writer, reader]) as runtime:
        await runtime.publish(Prices(cents=(1, 2, 3)))
        await runtime.drain(within_s=1.0)
        (letter,) = runtime.operations.dead_letters()
    return f"the other recipient reads {seen[0]}; the writer ended dead_lettered({letter.reason})"


async def leaves() -> str:
    """Let a hundred askers give up while three handlers each work for them."""
    working, never = anyio.Semaphore(0), anyio.Event()

    def waits(name: str) -> FunctionAgent:
        @agent(name, concurrency=ASKERS, mailbox=Mailbox(capacity=ASKERS))
        async def handler(question: Question) -> Answer:
            working.release()
            await never.wait()
            return Answer(number=len(question.text))

        return handler

    async with Runtime([waits(f"a{number}") for number in range(3)]) as runtime:
        async with anyio.create_task_group() as askers:
            for _ in range(ASKERS):
                askers.start_soon(partial(runtime.gather, Question(text="how many?"), expect=Each(Answer, of=Question)))
            for _ in range(3 * ASKERS):
                await working.acquire()
            askers.cancel_scope.cancel()
        totals = runtime.statistics().totals
    return f"{ASKERS} askers left; deliveries still in flight: {totals.in_flight}, cancelled: {totals.cancelled}"


async def _gathered(second: FunctionAgent) -> str:
    logging.getLogger("genie").setLevel(logging.CRITICAL)
    async with Runtime([first, second, third]) as runtime:
        each = Each(Answer, of=Question)
        begun = anyio.current_time()
        gathered = await runtime.gather(Question(text="how many?"), expect=each, within_s=1.0)
        took = anyio.current_time() - begun
    missing = ", ".join(f"{name} {why}" for name, why in gathered.missing.items())
    return f"{len(gathered[each])} answers; missing: {missing}; known after {took * 1e3:.1f} ms"


MISTAKES: dict[str, Callable[[], Awaitable[str]]] = {
    "fails": fails,
    "silent": silent,
    "misspelt": misspelt,
    "shared": shared,
    "leaves": leaves,
}
