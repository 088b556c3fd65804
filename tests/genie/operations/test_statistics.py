"""Counters as one frozen snapshot that obeys the account's law."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import anyio
import pytest

from genie import Context, Payload, PolicySet, Retry, Runtime, agent
from genie.policy.policy import Hold
from genie.testing import settled
from tests.genie.policies_for_tests import Rule

pytestmark = pytest.mark.anyio


class Question(Payload, topic="statistics.question"):
    number: int


class Unheard(Payload, topic="statistics.unheard"):
    number: int


@agent("worker", concurrency=2)
async def worker(question: Question, context: Context) -> Unheard | None:
    """Fails on 1, waits on 2, speaks to nobody on 3, and counts what it used."""
    context.charge(cost=0.5, tokens=10)
    if question.number == 1:
        raise ValueError("one")
    if question.number == 2:
        await anyio.Event().wait()
    return Unheard(number=3) if question.number == 3 else None


async def test_a_snapshot_counts_every_fate() -> None:
    async with Runtime([worker]) as runtime:
        for number in range(4):
            await runtime.publish(Question(number=number))
        counted = await settled(runtime)
        one = counted.agents["worker"]
        assert (one.accepted, one.handled, one.dead_lettered, one.in_flight, one.running) == (4, 2, 1, 1, 1)
        assert (one.failed, one.cost, one.tokens) == (1, 2.0, 40)
        assert (counted.unrouted, counted.runs, counted.dead_letters) == (1, 1, 1)
        assert counted.totals.balanced
        assert one.p50_ms is not None
        assert sum(one.times) == 3


async def test_a_snapshot_stays_as_it_was() -> None:
    async with Runtime([worker]) as runtime:
        before = runtime.statistics()
        await runtime.publish(Question(number=0))
        after = await settled(runtime)
    assert (before.totals.accepted, after.totals.accepted) == (0, 1)
    with pytest.raises(FrozenInstanceError):
        before.runs = 1  # type: ignore[misc]  # wrong on purpose


async def test_totals_balance_while_what_a_removed_agent_had_is_held_for_a_person() -> None:
    policies = PolicySet((Rule(lambda _route: lambda _message, _sender: Hold("ask a person", 1_000)),))
    async with Runtime([worker], policies=policies) as runtime:
        await runtime.publish(Question(number=0))
        await settled(runtime)
        await runtime.remove("worker")
        totals = runtime.statistics().totals
        assert (totals.accepted, totals.in_flight, totals.balanced) == (1, 1, True)
        runtime.approvals.refuse(runtime.approvals.holds()[0].id)
        totals = runtime.statistics().totals
        assert (totals.accepted, totals.denied, totals.in_flight, totals.balanced) == (1, 1, 0, True)


async def test_a_handler_that_is_out_of_time_and_will_be_retried_is_in_flight_until_it_stops() -> None:
    stopped = anyio.Event()
    reached = anyio.Event()

    @agent("stubborn", timeout_s=0.01, retry=Retry(attempts=2))
    async def stubborn(question: Question) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            reached.set()
            with anyio.CancelScope(shield=True):
                await stopped.wait()

    async with Runtime([stubborn]) as runtime:
        run = runtime.start(Question(number=0), Unheard)
        await reached.wait()
        totals = runtime.statistics().totals
        assert (totals.accepted, totals.in_flight, totals.balanced) == (1, 1, True)
        stopped.set()
        run.cancel()
