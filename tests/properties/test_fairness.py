"""No agent keeps the rest from their turn, however much mail it has and however long its handlers take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from genie import Context, Payload, Runtime, agent

if TYPE_CHECKING:
    from collections.abc import Callable


class Go(Payload):
    """Sends everybody their mail at once."""


class Mail(Payload, key=None):
    """One of many."""


class Busy(NamedTuple):
    """An agent with mail."""

    mail: int
    waits_s: float | None
    """What its handlers wait for: nothing, one turn of the loop, or a time."""
    concurrency: int


async def handled_in_order(agents: list[Busy]) -> list[int]:
    """Return the numbers of the agents in the order in which their handlers began."""
    order: list[int] = []

    def busy(number: int, one: Busy) -> Any:
        @agent(f"busy{number}", concurrency=one.concurrency)
        async def handle(mail: Mail) -> None:
            order.append(number)
            if one.waits_s is not None:
                await anyio.sleep(one.waits_s)

        return handle

    @agent("sender", publishes=(Mail,))
    async def sender(go: Go, context: Context) -> None:
        for number, one in enumerate(agents):
            for _ in range(one.mail):
                await context.publish(Mail(), to=f"busy{number}")

    async with Runtime([sender, *(busy(number, one) for number, one in enumerate(agents))]) as runtime:
        await runtime.publish(Go())
        while runtime.statistics().totals.in_flight:
            await anyio.sleep(1)
    return order


@settings(max_examples=20)
@given(st.lists(
    st.builds(Busy, st.integers(1, 12), st.sampled_from([None, None, 0.0, 1.0]), st.integers(1, 3)),
    min_size=2, max_size=5,
))  # fmt: skip
def test_between_two_turns_of_an_agent_that_never_waits_each_other_has_at_most_one(
    live: Callable[..., Any], agents: list[Busy]
) -> None:
    order = live(handled_in_order, agents)
    assert [order.count(number) for number in range(len(agents))] == [one.mail for one in agents]
    for number, one in enumerate(agents):
        if one.waits_s is None:
            turns = [at for at, who in enumerate(order) if who == number]
            for before, after in zip([-1, *turns], turns, strict=False):
                between = order[before + 1 : after]
                assert len(between) == len(set(between)), order
