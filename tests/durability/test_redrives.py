"""Dead letters that a person wants to be redriven at a rate, while processes end in the middle of it."""

from __future__ import annotations

import anyio
import pytest

from genie import Payload, Runtime, agent
from genie.errors import RunStalled
from genie.journal.offline import OfflineLog
from genie.testing import settled
from tests.durability.restarts import Machine

pytestmark = pytest.mark.anyio
LETTERS = 6
PER_S = 2.0


class Order(Payload, topic="redrives.order"):
    amount: int


class Receipt(Payload, topic="redrives.receipt"):
    amount: int


class Till:
    """An agent that fails until it is mended, and notes when it handled what."""

    def __init__(self) -> None:
        self.works = False
        self.handled: list[tuple[float, int]] = []
        self.machine = Machine(self._runtime)

    def _runtime(self, log: object) -> Runtime:
        @agent("till")
        async def till(order: Order) -> Receipt:
            if not self.works:
                raise ValueError
            self.handled.append((anyio.current_time(), order.amount))
            return Receipt(amount=order.amount)

        return Runtime([till], log=log, seed=1, prefix="r")  # type: ignore[arg-type]  # a RecordingLog

    async def fails(self) -> None:
        """Make dead letters, and ask for all of them to be redriven."""
        async with self.machine.process(dies=False) as runtime:
            for number in range(LETTERS):
                with pytest.raises(RunStalled):
                    await runtime.ask(Order(amount=number), Receipt)
        self.works = True
        async with OfflineLog(self.machine.log) as log:
            assert await log.redrive(log.letters(), by="ann", per_s=PER_S) == LETTERS


@pytest.mark.parametrize("lives", [1, 2, 3, LETTERS])
async def test_a_redrive_goes_on_at_its_rate_whatever_process_ends(lives: int) -> None:
    till = Till()
    await till.fails()
    for life in range(lives):
        async with till.machine.process(dies=life < lives - 1) as runtime:
            await anyio.sleep(LETTERS / PER_S / lives if life < lives - 1 else LETTERS / PER_S + 1.0)
            await settled(runtime)
    assert sorted(amount for _, amount in till.handled) == list(range(LETTERS))
    times = [at for at, _ in till.handled]
    soon = sum(later - before < 0.99 / PER_S for before, later in zip(times, times[1:], strict=False))
    assert soon <= lives - 1  # each process begins with one
    async with OfflineLog(till.machine.log) as log:
        assert log.letters() == []
