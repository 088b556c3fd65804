"""`genie dlq` and `genie effects`: what people decide between two processes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anyio
import pytest
from click.testing import CliRunner

from genie import Caller, Payload, Runtime, agent
from genie.cli import main
from genie.contracts.context import Context
from genie.errors import RunHeld, RunStalled
from genie.journal.rings import FileKeyRing
from genie.journal.sqlite import SqliteLog

if TYPE_CHECKING:
    from pathlib import Path

    from genie.contracts.ports.keys import KeyRing


class Order(Payload, topic="desk.order"):
    amount: int


class Receipt(Payload, topic="desk.receipt"):
    amount: int


class Transfer(Payload, topic="desk.transfer"):
    amount: int


class Shop:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.works = False
        self.handled: list[int] = []

    def runtime(self, keys: KeyRing | None = None) -> Runtime:
        @agent("till")
        async def till(order: Order) -> Receipt:
            if not self.works:
                raise ValueError
            self.handled.append(order.amount)
            return Receipt(amount=order.amount)

        @agent("payer")
        async def payer(transfer: Transfer, ctx: Context) -> Receipt:
            return Receipt(amount=await ctx.once("pay", self.pay))

        return Runtime([till, payer], log=SqliteLog(self.path, keys=keys), prefix="desk")

    async def pay(self, _token: str) -> int:
        self.handled.append(-1)
        raise TimeoutError


def genie(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "log")


def test_dead_letters_are_listed_dropped_and_redriven_between_processes(shop: Shop) -> None:
    log = str(shop.path)

    async def first() -> None:
        async with shop.runtime() as runtime:
            for amount in range(4):
                with pytest.raises(RunStalled):
                    await runtime.ask(Order(amount=amount), Receipt)

    async def next_one() -> tuple[int, int]:
        async with shop.runtime() as runtime, anyio.create_task_group() as tasks:
            with anyio.move_on_after(10):
                while len(shop.handled) < 2:
                    await anyio.sleep(0.005)
            left = len(runtime.operations.dead_letters())
            tasks.cancel_scope.cancel()
        return len(shop.handled), left

    anyio.run(first)
    found = json.loads(genie("dlq", "list", "--json", "--log", log))
    assert [(one["agent"], one["topic"], one["code"], one["attempts"]) for one in found] == [
        ("till", "desk.order@1", "failed", 1)
    ] * 4
    assert "payload" not in found[0]
    first_id, second_id = found[0]["id"], found[1]["id"]
    assert first_id in genie("dlq", "show", first_id, "--log", log)
    genie("dlq", "show", "another", "--log", log, code=2)
    genie("dlq", "drop", "--reason", "all", "--log", log, code=2)
    assert genie("dlq", "drop", first_id, "--reason", "test", "--log", log).startswith("1 ")
    assert genie("dlq", "redrive", second_id, "--log", log).startswith("1 ")
    assert genie("dlq", "redrive", "--topic", "desk.order", "--rate", "1000", "--log", log).startswith("3 ")
    assert genie("dlq", "drop", found[3]["id"], "--reason", "no", "--log", log).startswith("1 ")
    shop.works = True
    assert anyio.run(next_one) == (2, 0)
    assert sorted(shop.handled) == [1, 2]
    assert json.loads(genie("dlq", "list", "--json", "--log", log)) == []
    assert anyio.run(next_one) == (2, 0)


@pytest.mark.parametrize("done", [True, False])
def test_an_effect_is_resolved_between_processes(shop: Shop, done: bool) -> None:
    log = str(shop.path)

    async def first() -> str:
        async with shop.runtime() as runtime:
            run = runtime.start(Transfer(amount=1), Receipt)
            with pytest.raises(RunHeld):
                await run.result()
            return run.id

    async def next_one() -> object:
        async with shop.runtime() as runtime:
            try:
                return await runtime.run(run_id).result()
            except RunHeld:
                return "held"

    run_id = anyio.run(first)
    (effect,) = json.loads(genie("effects", "list", "--json", "--log", log))
    assert (effect["agent"], effect["key"], effect["fate"]) == ("payer", "pay", "indeterminate")
    assert anyio.run(next_one) == "held"
    assert shop.handled == [-1]
    genie("effects", "resolve", "another", "--done", "--reason", "x", "--log", log, code=2)
    genie("effects", "resolve", effect["id"], "--reason", "not said what", "--log", log, code=2)
    said = ("--done", "--result", "7") if done else ("--not-done",)
    genie("effects", "resolve", effect["id"], *said, "--reason", "looked", "--log", log)
    assert genie("effects", "list", "--log", log) == "no effect waits for a person\n"
    assert anyio.run(next_one) == (Receipt(amount=7) if done else "held")
    assert shop.handled == ([-1] if done else [-1, -1])


def test_a_log_that_a_process_uses_is_refused(shop: Shop) -> None:
    async def main_() -> None:
        async with shop.runtime():
            await anyio.to_thread.run_sync(lambda: genie("dlq", "list", "--log", str(shop.path), code=2))

    anyio.run(main_)


def test_a_term_that_is_none_is_named_by_its_option(shop: Shop) -> None:
    assert "--older 0d" in genie("journal", "prune", str(shop.path), "--older", "0d", code=2)


def test_a_run_that_waits_for_an_effect_names_the_step_that_helps() -> None:
    assert "resolve_effect" in str(RunHeld(run_id="d-1", holds=("d-1/payer/pay",)))
    assert "approve" in str(RunHeld(run_id="d-1", holds=("d-3",)))


def test_a_tenant_is_not_shredded_while_an_effect_of_it_is_unknown(shop: Shop, tmp_path: Path) -> None:
    keys = str(tmp_path / "keys.json")
    ring = FileKeyRing(keys)
    log = ("--log", str(shop.path), "--keys", keys)

    async def first() -> None:
        async with shop.runtime(ring) as runtime:
            for tenant in ("acme", "other"):
                with pytest.raises(RunHeld):
                    await runtime.ask(Transfer(amount=1), Receipt, caller=Caller(user="ann", tenant=tenant))

    anyio.run(first)
    mine, others = (one["id"] for one in json.loads(genie("effects", "list", "--json", *log)))
    shred = ("journal", "shred", str(shop.path), "--tenant", "acme", "--keys", keys)
    assert mine in genie(*shred, code=2)
    genie("effects", "resolve", mine, "--done", "--reason", "looked", *log)
    genie(*shred)
    assert [one["id"] for one in json.loads(genie("effects", "list", "--json", *log))] == [others]
