"""Agents that are replaced while messages flow, and what probes are told of a runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest

from genie import Payload, Runtime, agent
from genie.contracts.limits import Mailbox
from genie.errors import AgentDefinitionError, JournalError, RunExpiredError, RuntimeClosedError, UnknownAgentError
from genie.testing import settled
from genie.testing.recorders import RecordingLog

pytestmark = pytest.mark.anyio


class Order(Payload, topic="life.order"):
    number: int


class Receipt(Payload, topic="life.receipt"):
    number: int
    by: str


class Other(Payload, topic="life.other"):
    number: int


class Till:
    """What one object of the agent has handled, and whether it was closed meanwhile."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.handled: list[int] = []
        self.at_work = 0
        self.closed_at_work: int | None = None
        self.card = made(self).card

    async def handle(self, message: object, context: object) -> object:
        return await made(self).handle(message, context)  # type: ignore[arg-type]  # as the bus calls it

    async def close(self) -> None:
        self.closed_at_work = self.at_work


def made(till: Till, *, concurrency: int = 1):
    @agent("till", concurrency=concurrency)
    async def handle(order: Order) -> Receipt:
        till.at_work += 1
        await anyio.sleep(1)
        till.at_work -= 1
        till.handled.append(order.number)
        return Receipt(number=order.number, by=till.name)

    return handle


async def test_a_replaced_agent_loses_nothing_and_handles_nothing_twice() -> None:
    tills = [Till(str(number)) for number in range(3)]
    answers = []
    async with Runtime([made(tills[0])]) as runtime:

        async def ask(number: int) -> None:
            answers.append(await runtime.ask(Order(number=number), Receipt))

        async with anyio.create_task_group() as tasks:
            for number in range(30):
                tasks.start_soon(ask, number)
            for till in tills[1:]:
                await anyio.sleep(7.5)
                await runtime.replace(made(till))
        counts = (await settled(runtime)).totals
        assert (counts.accepted, counts.handled) == (30, 30)
    assert sorted(one.number for one in answers) == list(range(30))
    assert sorted(number for till in tills for number in till.handled) == list(range(30))
    assert all(len(till.handled) >= 5 for till in tills)


async def test_the_old_object_ends_its_work_and_is_closed_after_it() -> None:
    old, new = Till("old"), Till("new")

    async with Runtime([old]) as runtime:
        runtime.start(Order(number=1), Receipt)
        await settled(runtime)
        await runtime.replace(new)
        assert (old.handled, old.closed_at_work, new.closed_at_work) == ([1], 0, None)
        assert (await runtime.ask(Order(number=2), Receipt)).by == "new"
    assert (old.handled, new.handled, new.closed_at_work) == ([1], [2], 0)


async def test_an_agent_that_takes_or_sends_less_is_no_replacement() -> None:
    @agent("till")
    async def less(order: Other) -> Receipt:
        return Receipt(number=order.number, by="less")

    @agent("nobody")
    async def nobody(order: Order) -> Receipt:
        return Receipt(number=order.number, by="nobody")

    till = Till("old")
    async with Runtime([made(till)]) as runtime:
        for wrong, error in (
            (less, AgentDefinitionError),
            (made(till, concurrency=2), AgentDefinitionError),
            (nobody, UnknownAgentError),
        ):
            with pytest.raises(error):
                await runtime.replace(wrong)
        assert (await runtime.ask(Order(number=1), Receipt)).by == "old"


async def test_health_says_what_is_not_well() -> None:
    log = RecordingLog()
    till = Till("old")

    @agent("small", mailbox=Mailbox(capacity=1))
    async def small(other: Other) -> None:
        await anyio.sleep_forever()

    async with Runtime([made(till), small], log=log) as runtime:
        health = runtime.operations.health()
        assert (health.live, health.ready, health.draining, health.reasons, health.agents) == (
            True,
            True,
            False,
            (),
            {},
        )
        runtime.operations.pause("till")
        for number in range(2):
            await runtime.publish(Other(number=number))
            await settled(runtime)
        assert runtime.operations.health().agents == {"till": ("paused",), "small": ("mailbox_full",)}
        assert runtime.operations.health().ready
        log.failure = "full"
        with pytest.raises(JournalError):
            await runtime.ask(Order(number=1), Receipt)
        assert runtime.operations.health().reasons == ("journal_failed",)
        await runtime.drain(0)
        health = runtime.operations.health()
        assert (health.live, health.ready, health.draining) == (True, False, True)
        assert health.record()["reasons"] == ["draining", "journal_failed"]
    with pytest.raises(RuntimeClosedError):
        runtime.operations.health()


class Piece(Payload, topic="life.piece"):
    number: int


async def test_a_log_that_stalls_does_not_extend_the_time_of_a_question() -> None:
    log = RecordingLog()

    @agent("quick")
    async def quick(order: Order) -> AsyncIterator[Piece | Receipt]:
        yield Piece(number=1)
        yield Receipt(number=order.number, by="quick")

    async with Runtime([quick], log=log) as runtime:

        async def keyed() -> Receipt:
            return await runtime.ask(Order(number=1), Receipt, key="a", within_s=2)

        async def started() -> Receipt:
            return await runtime.start(Order(number=1), Receipt, deadline_s=2).result()

        async def streamed() -> object:
            return await anext(runtime.stream(Order(number=1), parts=Piece, end=Receipt, within_s=2))

        async def asked() -> Receipt:
            return await runtime.ask(Order(number=1), Receipt, within_s=2)

        with log.stalled():
            for question in (asked, keyed, keyed, started, streamed):
                began = anyio.current_time()
                with pytest.raises(RunExpiredError):
                    await question()
                assert anyio.current_time() - began == pytest.approx(2), question
            began = anyio.current_time()
            views = await runtime.gather(Order(number=1), expect=Receipt, within_s=3)
            assert (anyio.current_time() - began, views.get(Receipt)) == (pytest.approx(3), None)
            assert [one.code for one in views.missing.values()] == ["late"]
        assert (await keyed()).by == "quick"  # the log has the answer now
        views = await runtime.gather(Order(number=1), expect=Receipt, within_s=3)
        assert views[Receipt].by == "quick"
        assert (await asked()).by == "quick"
        counts = (await settled(runtime)).totals
        assert counts.accepted == counts.handled
