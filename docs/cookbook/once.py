"""Once: A transfer is made only once, even if the process dies during the transfer and another process continues."""

import tempfile
from pathlib import Path

import anyio

from genie import Payload, Runtime, agent
from genie.contracts.context import Context
from genie.errors import NotDoneError, RunHeld
from genie.journal.sqlite import SqliteLog


class Transfer(Payload, topic="bank.transfer"):
    cents: int


class Receipt(Payload, topic="bank.receipt"):
    number: int


booked: list[str] = []  # the bank, outside of all processes
crashes = True


async def book(token: str) -> int:
    """Ask the bank to make the transfer; every try has the same token."""
    booked.append(token)
    if crashes:
        await anyio.sleep_forever()  # the bank has made the transfer, but the process dies before the answer
    return len(booked)


async def find(token: str) -> int:
    """Ask the bank whether it has booked."""
    if token not in booked:
        raise NotDoneError
    return booked.index(token) + 1


@agent("payer")
async def payer(transfer: Transfer, context: Context) -> Receipt:
    return Receipt(number=await context.once("book", book, probe=find))


@agent("payer")
async def careful(transfer: Transfer, context: Context) -> Receipt:
    return Receipt(number=await context.once("book", book))  # a bank that cannot be asked


async def process(till: object, log: Path, wait_s: float) -> None:
    async with Runtime([till], log=SqliteLog(log)) as runtime:
        question = runtime.start(Transfer(cents=500), Receipt, key="invoice 17")  # the same question in every process
        with anyio.move_on_after(wait_s):
            try:
                print("receipt", (await question.result()).number, "of", len(booked), "booked")
            except RunHeld:
                print("a person has to say whether", runtime.operations.effects()[0].key, "has happened")


for till in (payer, careful):
    folder = Path(tempfile.mkdtemp())
    booked.clear()
    for crashes in (True, False):
        anyio.run(process, till, folder / "log", 0.5 if crashes else 30)
