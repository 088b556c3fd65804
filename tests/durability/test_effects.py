"""Outside effects happen once, or wait for a person."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from genie import Payload, Retry, RunLimits, Runtime, agent
from genie.contracts.context import Context
from genie.errors import InputError, NotDoneError, RunHeld, RunStalled
from genie.testing import settled
from tests.durability.restarts import Machine

pytestmark = pytest.mark.anyio


class Transfer(Payload, topic="effects.transfer"):
    amount: int


class Receipt(Payload, topic="effects.receipt"):
    number: int


class Bank:
    """The world outside: it survives every process."""

    def __init__(self) -> None:
        self.moved: list[str] = []
        self.asked = 0
        self.says: str = "works"
        self.probed = False
        self.tries = 0

    async def move(self, token: str) -> int:
        self.tries += 1
        if self.says == "refuses":
            raise NotDoneError(host="bank", problem="no such account")
        if self.says == "hangs before":
            await anyio.sleep_forever()
        self.moved.append(token)
        if self.says == "hangs after":
            await anyio.sleep_forever()
        if self.says == "breaks":
            raise TimeoutError
        return len(self.moved)

    async def find(self, token: str) -> int:
        self.asked += 1
        if self.says == "breaks" and self.asked < 2:
            raise TimeoutError
        if token not in self.moved:
            raise NotDoneError
        return self.moved.index(token) + 1

    def machine(self, *, probe: bool = False, **card: Any) -> Machine:
        @agent("payer", **card)
        async def payer(transfer: Transfer, ctx: Context) -> Receipt:
            number = await ctx.once("transfer", self.move, probe=self.find if probe else None)
            return Receipt(number=number)

        return Machine(lambda log: Runtime([payer], log=log, seed=1, prefix="e", limits=RunLimits(deaths=0)))


async def test_an_effect_happens_once_whatever_its_handler_does() -> None:
    bank, tries = Bank(), 0

    @agent("payer", retry=Retry(attempts=3, first_s=0.001))
    async def payer(transfer: Transfer, ctx: Context) -> Receipt:
        nonlocal tries
        number = await ctx.once("transfer", bank.move)
        assert await ctx.once("transfer", bank.move) == number
        tries += 1
        if tries < 3:
            raise OSError("after the effect")
        return Receipt(number=number)

    async with Runtime([payer]) as runtime:
        assert await runtime.ask(Transfer(amount=1), Receipt) == Receipt(number=1)
        assert (await runtime.ask(Transfer(amount=2), Receipt)).number == 2
    assert len(bank.moved) == len(set(bank.moved)) == 2


@pytest.mark.parametrize("moment", ["hangs before", "hangs after"])
async def test_a_crash_in_an_effect_without_a_probe_waits_for_a_person(moment: str) -> None:
    bank = Bank()
    bank.says = moment
    machine = bank.machine()
    async with machine.process() as runtime:
        run = runtime.start(Transfer(amount=1), Receipt).id
        await settled(runtime)
    assert bank.tries == 1
    bank.says = "works"
    for _ in range(2):  # the next crash changes nothing
        async with machine.process() as runtime:
            with pytest.raises(RunHeld):
                await runtime.run(run).result()
            (effect,) = runtime.operations.effects()
            assert (effect.agent, effect.key, str(effect.fate)) == ("payer", "transfer", "indeterminate")
    assert bank.tries == 1
    async with machine.process() as runtime:
        await settled(runtime)
        with pytest.raises(InputError):
            runtime.operations.resolve_effect("another", done=True)
        (effect,) = runtime.operations.effects()
        done = moment == "hangs after"
        runtime.operations.resolve_effect(effect.id, done=done, result=1 if done else None, by="ben", reason="looked")
        assert (await runtime.run(run).result()).number == 1  # type: ignore[attr-defined]  # a Receipt
        assert runtime.operations.effects() == ()
    assert len(bank.moved) == 1


@pytest.mark.parametrize("moment", ["hangs before", "hangs after"])
async def test_a_probe_finds_out_what_a_crash_left_open(moment: str) -> None:
    bank = Bank()
    bank.says = moment
    machine = bank.machine(probe=True)
    async with machine.process() as runtime:
        run = runtime.start(Transfer(amount=1), Receipt).id
        await settled(runtime)
    bank.says = "works"
    async with machine.process(dies=False) as runtime:
        assert (await runtime.run(run).result()).number == 1  # type: ignore[attr-defined]  # a Receipt
    assert len(bank.moved) == 1


async def test_an_effect_that_raises_is_not_repeated_in_silence() -> None:
    bank = Bank()
    bank.says = "breaks"
    machine = bank.machine(retry=Retry(attempts=5, first_s=0.001))
    async with machine.process() as runtime:
        with pytest.raises(RunHeld) as held:
            await runtime.ask(Transfer(amount=1), Receipt)
        assert len(runtime.operations.effects()) == 1
        assert held.value.holds == (runtime.operations.effects()[0].id,)
        assert (await settled(runtime)).totals.in_flight == 1
    assert bank.tries == 1


async def test_a_probe_is_asked_at_once_where_an_effect_raises() -> None:
    bank = Bank()
    bank.says, bank.asked = "breaks", 1
    async with bank.machine(probe=True).process() as runtime:
        assert (await runtime.ask(Transfer(amount=1), Receipt)).number == 1
    assert (bank.tries, bank.asked) == (1, 2)


async def test_a_probe_that_fails_leaves_it_to_a_person() -> None:
    bank = Bank()
    bank.says = "breaks"
    async with bank.machine(probe=True).process() as runtime:
        with pytest.raises(RunHeld):
            await runtime.ask(Transfer(amount=1), Receipt)


async def test_an_effect_that_was_cut_off_by_the_timeout_waits_for_a_person() -> None:
    bank = Bank()
    bank.says = "hangs after"
    async with bank.machine(timeout_s=0.5).process() as runtime:
        with pytest.raises(RunHeld):
            await runtime.ask(Transfer(amount=1), Receipt)
        (effect,) = runtime.operations.effects()
        runtime.operations.resolve_effect(effect.id, done=True, result=7)
        assert (await settled(runtime)).totals.handled == 1


async def test_what_has_certainly_not_happened_is_tried_again() -> None:
    bank = Bank()
    bank.says = "refuses"
    async with bank.machine(retry=Retry(attempts=3, first_s=0.001)).process() as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Transfer(amount=1), Receipt)
        assert runtime.operations.effects() == ()
    assert bank.tries == 3


async def test_a_redriven_dead_letter_does_not_repeat_its_effects() -> None:
    bank, broken = Bank(), True

    @agent("payer")
    async def payer(transfer: Transfer, ctx: Context) -> Receipt:
        number = await ctx.once("transfer", bank.move)
        if broken:
            raise ValueError("after the effect")
        return Receipt(number=number)

    machine = Machine(lambda log: Runtime([payer], log=log, seed=1, prefix="e"))
    async with machine.process(dies=False) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Transfer(amount=1), Receipt)
    broken = False
    async with machine.process(dies=False) as runtime:
        (letter,) = runtime.operations.dead_letters()
        await runtime.redrive(letter.id)
        assert (await settled(runtime)).totals.handled == 1
    assert len(bank.moved) == 1


async def test_a_cancelled_run_leaves_no_effect_to_decide_on() -> None:
    bank = Bank()
    bank.says = "breaks"
    async with bank.machine().process() as runtime:
        run = runtime.start(Transfer(amount=1), Receipt)
        await settled(runtime)
        run.cancel()
        counts = (await settled(runtime)).totals
        assert (counts.cancelled, counts.in_flight) == (1, 0)
        assert runtime.operations.effects() == ()
