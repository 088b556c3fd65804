"""`genie effects`: list the outside effects whose result is unknown, and state their results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded
from genie.cli.help import Subcommands, manual
from genie.cli.options.control import shown_time
from genie.cli.options.log import JSON, LOG, WHO, person, with_offline_log
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text
from genie.errors import InputError

if TYPE_CHECKING:
    from genie.journal.offline import OfflineLog

_SHOWN = ("id", "agent", "key", "token", "delivery", "at", "fate")


@click.group(
    cls=Subcommands, epilog=manual(
        ("List the effects that wait for a person", "genie effects list --log orders.log"),
        ("State that one has happened",
         "genie effects resolve 9f3c-1/payer/transfer --done --result 17 --reason 'on the statement' --log orders.log"),
        notes="The handler runs again when a runtime opens the log, and gets the result, or tries the effect again.",
    )
)  # fmt: skip
def command() -> None:
    """List and resolve the outside effects of `context.once` whose result is unknown."""


@command.command(
    "list",
    epilog=manual(("As JSON, with the tokens that receivers know", "genie effects list --json --log orders.log")),
)
@LOG
@JSON
@guarded
def listed(**given: Any) -> None:
    """List the effects that wait for a person, oldest first."""

    async def work(log: OfflineLog) -> list[dict[str, Any]]:
        return [{name: one[name] for name in _SHOWN} for one in log.effects()]

    found = with_offline_log(given, work)
    if given["as_json"]:
        click.echo(to_text(found))
        return
    for one in found:
        click.echo(plain(f"{one['id']}  {shown_time(one['at'])}  token {one['token']}"))
    if not found:
        click.echo("no effect waits for a person")


@command.command(
    epilog=manual(
        (
            "Allow another try",
            "genie effects resolve 9f3c-1/payer/transfer --not-done --reason called --log orders.log",
        )
    )
)
@click.argument("effect")
@click.option("--done/--not-done", "done", default=None, help="Whether the effect has happened.  [required]")
@click.option("--result", metavar="JSON", help="With --done: its result; null by default.")
@click.option("--reason", required=True, metavar="TEXT", help="How you know this; it is kept in the log.")
@LOG
@WHO
@guarded
def resolve(effect: str, *, done: bool | None, result: str | None, reason: str, **given: Any) -> None:
    """State the result of EFFECT."""
    if done is None:  # click does not require a flag that may be unsaid
        raise InputError(f"effect {effect!r}", "may have happened or not", "give --done or --not-done")
    if result is not None and not done:
        raise InputError("--result", "is the result of an effect that has happened", "give --done with it")
    try:
        value = None if result is None else json.loads(result)
    except (ValueError, RecursionError):
        raise InputError("--result", "is not JSON") from None

    async def work(log: OfflineLog) -> None:
        await log.resolve(effect, done=done, result=value, by=person(given), reason=reason)

    with_offline_log(given, work)
    click.echo("kept; its handler runs again when a runtime opens the log")
