"""Idempotency keys: the same question brings the same run and answer, in this process and the next."""

from __future__ import annotations

import anyio
import pytest
from anyio import sleep

from genie import Payload, Runtime, agent
from genie.contracts.card import Caller
from genie.errors import KeyReusedError, RunExpiredError, RunStalled, TooManyKeysError
from genie.journal.history import History
from genie.runtime.asking import Asked, Questions
from genie.runtime.keys import KEPT_S, Keys
from genie.runtime.run import started
from genie.testing import settled
from tests.durability.restarts import Machine

pytestmark = pytest.mark.anyio

ANN, BEN = Caller(user="ann", tenant="one"), Caller(user="ben", tenant="one")


class Order(Payload, topic="keys.order"):
    amount: int


class Receipt(Payload, topic="keys.receipt"):
    amount: int
    handled: int


class Till:
    def __init__(self) -> None:
        self.handled = 0
        self.wall = 1_000_000.0

    def machine(self) -> Machine:
        @agent("till")
        async def till(order: Order) -> Receipt:
            self.handled += 1
            handled = self.handled
            await sleep(1)
            if order.amount < 0:
                raise ValueError
            return Receipt(amount=order.amount, handled=handled)

        return Machine(lambda log: Runtime([till], log=log, seed=1, prefix="k", wall=self.wall))


async def test_a_key_in_flight_joins_the_run_and_a_finished_one_brings_its_answer() -> None:
    till = Till()
    async with till.machine().process() as runtime:
        answers = []

        async def ask() -> None:
            answers.append(await runtime.ask(Order(amount=1), Receipt, key="a"))

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(ask)
        await ask()
        again = runtime.start(Order(amount=1), Receipt, key="b")
        assert runtime.start(Order(amount=1), Receipt, key="b").id == again.id
        assert answers == [Receipt(amount=1, handled=1)] * 4
        assert (await again.result()).handled == 2


@pytest.mark.parametrize("finished", [True, False])
async def test_a_key_stands_after_a_restart(finished: bool) -> None:
    till = Till()
    machine = till.machine()
    async with machine.process() as runtime:
        run = runtime.start(Order(amount=1), Receipt, key="a")
        if finished:
            await run.result()
        await settled(runtime)
    async with machine.process(dies=False) as runtime:
        assert runtime.start(Order(amount=1), Receipt, key="a").id == run.id
        answer = await runtime.start(Order(amount=1), Receipt, key="a").result()
        assert answer.handled == (1 if finished else 2)
        with pytest.raises(KeyReusedError):
            runtime.start(Order(amount=2), Receipt, key="a")
    handled = till.handled
    till.wall += KEPT_S + 10
    async with machine.process(dies=False) as runtime:
        assert (await runtime.ask(Order(amount=1), Receipt, key="a")).handled == handled + 1
    assert [one["key"] for one in History(machine.log.records).keys.values()] == ["a"]


async def test_a_key_keeps_why_there_was_no_answer() -> None:
    till = Till()
    machine = till.machine()
    errors = []
    async with machine.process(dies=False) as runtime:
        for _ in range(2):
            with pytest.raises(RunStalled) as error:
                await runtime.ask(Order(amount=-1), Receipt, key="a")
            errors.append(repr(error.value))
    async with machine.process(dies=False) as runtime:
        with pytest.raises(RunStalled) as error:
            await runtime.ask(Order(amount=-1), Receipt, key="a")
        errors.append(repr(error.value))
    assert len(set(errors)) == 1
    assert till.handled == 1


async def test_a_key_is_of_one_caller_and_one_question() -> None:
    till = Till()
    async with till.machine().process() as runtime:
        first = runtime.start(Order(amount=1), Receipt, key="a", caller=ANN)
        assert runtime.start(Order(amount=1), Receipt, key="a", caller=BEN).id != first.id
        with pytest.raises(KeyReusedError):
            runtime.start(Order(amount=1), Receipt, key="a", caller=Caller(user="ann", tenant="one", region="EU"))
        with pytest.raises(KeyReusedError):
            await runtime.ask(Order(amount=1), Receipt, key="a", caller=ANN, to="till")
        for wrong in ("", "x" * 201, "a\nb"):
            with pytest.raises(ValueError, match="visible"):
                runtime.start(Order(amount=1), Receipt, key=wrong)


async def test_a_caller_that_goes_away_leaves_its_keyed_run_running() -> None:
    till = Till()
    async with till.machine().process() as runtime:
        with anyio.move_on_after(0.5):
            await runtime.ask(Order(amount=1), Receipt, key="a")
        assert (await runtime.ask(Order(amount=1), Receipt, key="a")).handled == 1


async def test_keys_are_bounded() -> None:
    @agent("quick")
    async def quick(order: Order) -> Receipt:
        return Receipt(amount=order.amount, handled=0)

    async with Runtime([quick]) as runtime:
        keys, questions = Keys(runtime.bus, most=2), Questions(None, ANN)
        asked: Asked[Receipt] = Asked(Order(amount=1), (Receipt,), "all", None)

        def run(key: str) -> str:
            return keys.run(key, asked, ANN, lambda told: started(questions, runtime.bus, asked, None, ANN, told)).id

        first = run("a")
        run("b")
        with pytest.raises(TooManyKeysError):
            run("c")
        await settled(runtime)
        with pytest.raises(TooManyKeysError):  # they are kept after their runs as well
            run("c")
        assert run("a") == first


async def test_a_caller_that_joins_a_run_waits_no_longer_than_it_says() -> None:
    till = Till()
    async with till.machine().process() as runtime:
        first = runtime.start(Order(amount=1), Receipt, key="a")
        began = anyio.current_time()
        with pytest.raises(RunExpiredError) as expired:
            await runtime.ask(Order(amount=1), Receipt, key="a", within_s=0.5)
        assert (expired.value.run_id, anyio.current_time() - began) == (first.id, pytest.approx(0.5))
        assert (await runtime.ask(Order(amount=1), Receipt, key="a", within_s=5)).handled == 1
