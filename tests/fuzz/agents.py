"""Random agents whose handlers do what a handler may do, and some of what it should not."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio

from genie import AgentCard, Each, Estimate, GenieError, Mailbox, Overflow, Payload, RestartBudget, Retry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import TaskGroup

    from genie import Context, Message


class Plain(Payload, topic="z.plain"):
    """Five kinds of mail; what they hold does not matter."""

    text: str = "x"
    account: str = "a"


class Second(Plain, topic="z.second"):
    """See Plain."""


class Third(Plain, topic="z.third", key="account"):
    """See Plain; ordered by account."""


class Fourth(Plain, topic="z.fourth"):
    """See Plain."""


class Fifth(Plain, topic="z.fifth", classification="confidential"):
    """See Plain; denied to whoever has no clearance for it where a policy says so."""


class Joined(Payload, topic="z.joined"):
    """What joins make."""

    one: Plain | None = None
    two: tuple[Second, ...] = ()


KINDS: tuple[type[Plain], ...] = (Plain, Second, Third, Fourth, Fifth)


class StrangeError(Exception):
    """An error whose text cannot be had."""

    def __str__(self) -> str:
        return "strange"


ERRORS: tuple[type[BaseException], ...] = (
    ValueError, KeyError, StrangeError, RuntimeError, TimeoutError, MemoryError, RecursionError, StopAsyncIteration,
    AssertionError, OSError, GenieError,
)  # fmt: skip
ESCAPES: tuple[Callable[[], BaseException], ...] = (
    SystemExit, KeyboardInterrupt, GeneratorExit, BaseException, StopIteration,
    lambda: BaseExceptionGroup("group", [KeyboardInterrupt()]),
)  # fmt: skip


@dataclass
class Shop:
    """What the agents of one seed share."""

    seed: int
    group: TaskGroup
    """Takes the tasks that handlers leave behind."""
    drawn: int = 0
    left: int = 0
    """Tasks that handlers have left behind."""
    cards: dict[str, AgentCard] = field(default_factory=dict)

    def draw(self) -> random.Random:
        """Return randomness for one handling."""
        self.drawn += 1
        return random.Random(f"{self.seed}/{self.drawn}")


class Hostile:
    """An agent whose every handling does something else."""

    def __init__(self, shop: Shop, card: AgentCard) -> None:
        self.card = card
        self._shop = shop

    async def handle(self, message: Message[Any], context: Context) -> Any:
        """Do something at random."""
        draw = self._shop.draw()
        for _ in range(draw.randint(0, 2)):
            await self._acts(draw, context)
        return self._ends(draw)

    async def _acts(self, draw: random.Random, context: Context) -> None:
        act = draw.choice(_ACTS)
        if act == "sleep":
            await anyio.sleep(draw.choice((0, 0.1, 1, 5)))
        elif act == "stubborn":
            try:
                await anyio.sleep(draw.choice((1, 20)))
            except BaseException:  # noqa: BLE001 - it swallows its cancellation on purpose
                if draw.random() < 0.5:
                    raise ValueError("instead of a cancellation") from None
        elif act == "publish" and self.card.sends:
            kind = draw.choice(sorted(self.card.produces, key=lambda one: one.__name__))
            await context.publish(kind(account=draw.choice("abc")))
        elif act == "undeclared":
            await context.publish(Joined())
        elif act == "after" and self.card.produces:
            context.after(draw.choice((0, 1, 10)), draw.choice(self.card.produces)())
        elif act == "ask" and self.card.asks:
            await self._asks(draw, context)
        elif act == "stream" and self.card.asks:
            await self._reads(draw, context)
        elif act == "leave":
            self._leaves(draw, context)
        elif act == "scratch":
            context.state["seen"] = context.state.get("seen", 0) + 1
            context.charge(cost="0.1", tokens=1)
            context.progress("on its way", fraction=0.5)

    async def _asks(self, draw: random.Random, context: Context) -> None:
        kind, expect = draw.choice(sorted(self.card.asks.items(), key=lambda one: one[0].__name__))
        within_s = draw.choice((None, 0, 1, 10))
        if draw.random() < 0.3:
            await context.ask(kind(), expect[0], within_s=within_s)
        elif draw.random() < 0.3:
            async with anyio.create_task_group() as group:
                for _ in range(2):
                    group.start_soon(self._gathers, draw, context, kind, expect, within_s)
        else:
            await self._gathers(draw, context, kind, expect, within_s)

    @staticmethod
    async def _gathers(
        draw: random.Random, context: Context, kind: type[Plain], expect: Any, within_s: float | None
    ) -> None:
        need = draw.choice(("all", "first", 1))
        cancel_rest = draw.random() < 0.3
        await context.gather(kind(), expect=expect, need=need, within_s=within_s, cancel_rest=cancel_rest)

    async def _reads(self, draw: random.Random, context: Context) -> None:
        """Read some of a stream, and close it or leave it as it is."""
        kind, expect = draw.choice(sorted(self.card.asks.items(), key=lambda one: one[0].__name__))
        parts, end = (one.payload if isinstance(one, Each) else one for one in (expect[0], expect[-1]))
        most = draw.randint(0, 4)
        stream = context.stream(kind(), parts=parts, end=end, within_s=draw.choice((None, 0, 1, 10)))
        async for _ in stream:
            most -= 1
            if most < 0:
                break
        if draw.random() < 0.5:
            await stream.aclose()

    def _leaves(self, draw: random.Random, context: Context) -> None:
        """Leave a task behind that goes on when the handling is over."""

        async def orphan() -> None:
            try:
                if draw.random() < 0.7:
                    await (self._asks(draw, context) if self.card.asks else context.publish(Plain()))
                await anyio.sleep(draw.choice((0, 1, 30)))
                context.progress("after the end")
                await context.publish(draw.choice(self.card.produces or (Plain,))())
            except (Exception, BaseExceptionGroup):  # noqa: BLE001 - its context is dead, and nobody is there to be told
                self._shop.left += 1

        self._shop.group.start_soon(orphan)

    def _ends(self, draw: random.Random) -> Any:
        chance = draw.random()
        if chance < 0.1:
            error: BaseException = draw.choice(ERRORS)()
            raise error
        if chance < 0.13:
            error = draw.choice(ESCAPES)()
            raise error
        if chance < 0.15:
            return Joined() if chance < 0.14 else object()
        if not self.card.produces or chance < 0.3:
            return None
        if chance < 0.4:
            return self._streams(draw)
        if chance < 0.5:
            return tuple(kind() for kind in self.card.produces)
        return draw.choice(self.card.produces)(account=draw.choice("abc"))

    async def _streams(self, draw: random.Random) -> AsyncIterator[Plain]:
        for _ in range(draw.randint(0, 4)):
            await anyio.sleep(draw.choice((0, 0.5)))
            yield draw.choice(self.card.produces)()
        if draw.random() < 0.2:
            raise ValueError("in a stream")


_ACTS = ("sleep", "sleep", "sleep", "stubborn", "publish", "publish", "undeclared", "after", "ask", "ask", "ask",
         "stream", "stream", "leave", "scratch")  # fmt: skip


def random_agent(shop: Shop, number: int, count: int, draw: random.Random) -> Hostile:
    """Return an agent with a random card."""
    kinds = list(KINDS)
    asks: dict[type[Payload], tuple[Any, ...]] = {}
    for _ in range(draw.choice((0, 0, 1, 2))):
        answers = draw.sample(kinds, draw.randint(1, 2))
        asks[draw.choice(kinds)] = tuple(
            Each(kind) if place and draw.random() < 0.5 else kind for place, kind in enumerate(answers)
        )
    card = AgentCard(
        id=f"agent{number}",
        consumes=tuple(draw.sample(kinds, draw.randint(1, 2))),
        produces=tuple(draw.sample(kinds, draw.randint(0, 2))),
        asks=asks,
        concurrency=draw.choice((1, 1, 2, 4)),
        timeout_s=draw.choice((None, None, 3, 0.5)),
        retry=Retry(attempts=draw.choice((1, 1, 3)), first_s=draw.choice((0, 1))),
        restarts=RestartBudget(failures=draw.choice((0, 0, 0, 5)), within_s=30),
        fallback=draw.choice((None, None, f"agent{(number + 1) % count}")),
        mailbox=Mailbox(
            capacity=draw.choice((1, 3, 50)),
            overflow=draw.choice((Overflow.BLOCK, *list(Overflow)[:3], *list(Overflow))),
            block_s=draw.choice((0, 2, float("inf"))),
        ),
        estimate=draw.choice((None, Estimate(cost="0.2"))),
    )
    shop.cards[card.id] = card
    return Hostile(shop, card)
