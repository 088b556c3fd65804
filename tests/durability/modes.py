"""A process that is killed: it says what it has answered, published and begun to handle."""

from __future__ import annotations

import itertools
import sys
from typing import Literal, cast

import anyio

from genie import Payload, Runtime, agent
from genie.journal.sqlite import SqliteLog


class Asked(Payload, topic="modes.asked"):
    number: int


class Said(Payload, topic="modes.said"):
    number: int


class Noted(Payload, topic="modes.noted"):
    number: int


class Chatter(Payload, topic="modes.chatter"):
    number: int


def say(word: str, number: int) -> None:
    """Tell the test what has happened; the line is out when this returns."""
    sys.stdout.write(f"{word} {number}\n")
    sys.stdout.flush()


@agent("answerer", publishes=(Chatter,))
async def answerer(asked: Asked) -> Said:
    say("handling", asked.number)
    return Said(number=asked.number)


@agent("noter")
async def noter(noted: Noted) -> None:
    say("handling", noted.number)


@agent("listener")
async def listener(_chatter: Chatter) -> None:
    """Nothing."""


async def main(path: str, mode: Literal["batched", "every_message"]) -> None:
    """Ask and publish until the process is killed."""
    log = SqliteLog(path, synchronous="full" if mode == "every_message" else "normal")
    async with Runtime([answerer, noter], log=log, durability=mode) as runtime:
        for number in itertools.count(1, 2):
            await runtime.ask(Asked(number=number), Said)
            say("answered", number)
            await runtime.publish(Noted(number=number + 1))
            say("published", number + 1)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], cast("Literal['batched', 'every_message']", sys.argv[2]), backend="asyncio")
