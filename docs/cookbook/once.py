"""Once: A transfer leaves once, although the process dies in the middle of it and another one goes on."""

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


booked: list[str] = []  # the bank, which is outside of every process
crashes = True


async def book(token: str) -> int:
    """Ask the bank to book; the token is the same for every try."""
    booked.append(token)
    if crashes:
        await anyio.sleep_forever()  # the bank has booked, and the process dies before it hears so
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
