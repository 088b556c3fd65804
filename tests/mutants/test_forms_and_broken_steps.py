"""Forms of gathers are kept, but not without end; a worker whose step broke goes on as if nothing had been."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import anyio
import pytest

from genie import Context, Payload, Runtime, agent
from genie.bus.correlator import MOST_SPECS
from genie.errors import RunCancelledError
from genie.inflight.gather import GatherSpec
from genie.inflight.interceptors import Interceptor
from tests.genie.policies_for_tests import Answer, Note, Opinion, Order, Question, answerer, running

if TYPE_CHECKING:
    from genie.contracts.message import Envelope
    from genie.inflight.delivery import Ending

pytestmark = pytest.mark.anyio


def forms(runtime: Runtime) -> set[GatherSpec]:
    """Return the forms that a runtime keeps."""
    return {one for one in gc.get_referents(*gc.get_referents(runtime.bus.correlator)) if type(one) is GatherSpec}


async def test_forms_of_gathers_are_kept_up_to_a_limit() -> None:
    async with running(answerer) as runtime:

        async def ask(need: int) -> int:
            await runtime.gather(Question(), expect=(Answer,), need=need)
            return len(forms(runtime))

        assert [await ask(1 + number % 5) for number in range(10)] == [1, 2, 3, 4, 5, 5, 5, 5, 5, 5]
        for need in range(6, MOST_SPECS + 1):
            await runtime.gather(Question(), expect=(Answer,), need=need)
        assert await ask(MOST_SPECS) == MOST_SPECS
        assert await ask(MOST_SPECS + 1) == 1


async def test_a_stream_that_is_closed_unread_was_never_asked() -> None:
    @agent("hesitates", asks={Question: (Opinion, Answer)})
    async def hesitates(note: Note, context: Context) -> Opinion:
        async with context.stream(Question(), parts=Opinion, end=Answer):
            return Opinion(text="never read")

    async with running(hesitates, answerer) as runtime:
        assert await runtime.ask(Note(), Opinion) == Opinion(text="never read")
        assert runtime.statistics().agents["answerer"].accepted == 0


async def test_a_worker_whose_step_broke_gives_up_its_delivery_and_is_not_abandoned() -> None:
    class Breaks(Interceptor):
        active = True
        broke = False

        def refuse(self, message: Envelope[Payload]) -> Ending | None:
            if isinstance(message.payload, Answer) and not self.broke:
                self.broke = True
                raise KeyError("a bug of the bus")
            return None

    @agent("slow", concurrency=2)
    async def slow(order: Order) -> Answer:
        await anyio.sleep(0.1)
        return Answer(number=order.number)

    async with running(slow) as runtime:
        runtime.bus.intercept(Breaks())
        with pytest.raises(RunCancelledError, match="internal"):
            await runtime.ask(Order(account="a", number=1), Answer)
        assert await runtime.ask(Order(account="a", number=2), Answer) == Answer(number=2)
        await anyio.sleep(10)
        assert runtime.statistics().agents["slow"].abandoned == 0


async def test_a_handler_that_refuses_to_stop_does_not_run_on_once_the_runtime_is_closed() -> None:
    ran: list[str] = []

    @agent("shields")
    async def shields(question: Question) -> None:
        with anyio.CancelScope(shield=True):
            for _ in range(3):
                try:
                    await anyio.sleep(30)
                except BaseException as error:  # it says what reached it, and goes on
                    ran.append(type(error).__name__)
                    if isinstance(error, GeneratorExit):
                        raise
        ran.append("on")

    async with running(shields) as runtime:
        await runtime.publish(Question())
        await anyio.sleep(1)
    before = list(ran)
    await anyio.sleep(100)
    gc.collect()
    assert ran == before
    assert "on" not in ran
