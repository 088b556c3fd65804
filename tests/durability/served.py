"""The agents of a server that is killed: an order is paid once, with a line in a file, before it is answered."""

from __future__ import annotations

import os
from pathlib import Path

from genie import Payload, agent
from genie.contracts.context import Context
from genie.errors import NotDoneError


class Order(Payload, topic="served.order"):
    number: int


class Packed(Payload, topic="served.packed"):
    number: int


class Receipt(Payload, topic="served.receipt"):
    number: int
    reference: str


def paid() -> list[str]:
    """Return what was paid so far."""
    place = Path(os.environ["SERVED_PAID"])
    return place.read_text().split() if place.exists() else []


def note(line: str) -> None:
    """Pay: the line is in the file when this returns."""
    with Path(os.environ["SERVED_PAID"]).open("a") as file:
        file.write(line)


@agent("packer", risk="low", tier="production", concurrency=4)
async def packer(order: Order) -> Packed:
    """Pack an order."""
    return Packed(number=order.number)


@agent("payer", risk="low", tier="production", concurrency=4)
async def payer(packed: Packed, ctx: Context) -> Receipt:
    """Pay for an order."""

    async def pay(token: str) -> str:
        note(f"{packed.number}:{token}\n")
        return token

    async def probe(token: str) -> str:
        if f"{packed.number}:{token}" not in paid():
            raise NotDoneError
        return token

    return Receipt(number=packed.number, reference=await ctx.once("pay", pay, probe=probe))


AGENTS = {"packer": packer, "payer": payer}
