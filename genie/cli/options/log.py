"""Options of the commands that work on the log of a durable runtime."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

import anyio
import click

from genie.journal.desk import Desk
from genie.journal.sqlite import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

LOG = click.option(
    "--log", "log", required=True, metavar="FILE", type=click.Path(exists=True, dir_okay=False),
    help="Log of a durable runtime, which no process uses at the moment.",
)  # fmt: skip
WHO = click.option("--as", "user", metavar="USER", help="Name of the person; the login name by default.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def at_desk(given: Mapping[str, Any], work: Callable[[Desk], Awaitable[Any]]) -> Any:
    """Open the log that the options name, do something with it, and close it."""

    async def main() -> Any:
        async with Desk(SqliteLog(given["log"])) as desk:
            return await work(desk)

    return anyio.run(main)


def person(given: Mapping[str, Any]) -> str:
    """Return who acts."""
    return given["user"] or getpass.getuser()
