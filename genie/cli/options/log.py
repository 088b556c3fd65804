"""Options of the commands that work on the log of a durable runtime."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

import anyio
import click

from genie.journal.offline import OfflineLog
from genie.journal.places import database_at, log_at

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

_LOG = (
    click.option("--log", "log", required=True, metavar="LOG",
                 help="File or PostgreSQL address of the log of a durable runtime, which no process uses now."),
    click.option("--keys", metavar="RING", help="Key ring of an encrypted log: a file, or env:NAME."),
)  # fmt: skip
WHO = click.option("--as", "user", metavar="USER", help="Name of the person; the login name by default.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def LOG(function: Callable[..., Any]) -> Callable[..., Any]:  # noqa: N802 - it stands among options
    """Add --log and --keys."""
    for option in reversed(_LOG):
        function = option(function)
    return function


def with_offline_log(given: Mapping[str, Any], work: Callable[[OfflineLog], Awaitable[Any]]) -> Any:
    """Open the log of the options, call a function with it, and close it; a missing log is not created."""
    there = database_at(given["log"])
    there.connect(create=False)
    there.close()

    async def main() -> Any:
        async with OfflineLog(log_at(given["log"], keys=given.get("keys"))) as log:
            return await work(log)

    return anyio.run(main)


def person(given: Mapping[str, Any]) -> str:
    """Return the name of the operator."""
    return given["user"] or getpass.getuser()
