"""`genie dlq`: list, show, redrive and drop the dead letters of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded
from genie.cli.help import Subcommands, manual
from genie.cli.options.control import shown_time
from genie.cli.options.log import JSON, LOG, WHO, person, with_offline_log
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text
from genie.cli.usage import Finite
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.journal.offline import OfflineLog

_SHOWN = ("id", "agent", "topic", "code", "reason", "attempts", "failures", "cycle", "of", "sender", "label", "at")
"""Fields that are shown; the payload stays in the log, since nobody judges here who may read it."""
_FILTERS = (
    click.option("--agent", metavar="ID", help="Only letters of this agent."),
    click.option("--topic", metavar="TOPIC", help="Only letters of this topic, with or without its version."),
    click.option("--code", metavar="CODE", help="Only letters with this reason, such as timeout or poison."),
)


@click.group(
    cls=Subcommands, epilog=manual(
        ("List the dead letters of a log", "genie dlq list --log orders.log"),
        ("Redrive those that ran out of time", "genie dlq redrive --code timeout --log orders.log"),
        notes="A runtime redrives the marked letters when it opens the log. The policies in force then judge each.",
    )
)  # fmt: skip
def command() -> None:
    """List, show, redrive and drop dead letters."""


def _filtered(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_FILTERS):
        function = option(function)
    return function


@command.command("list", epilog=manual(("List those of an agent", "genie dlq list --agent till --log orders.log")))
@_filtered
@LOG
@JSON
@guarded
def listed(**given: Any) -> None:
    """List dead letters, oldest first."""

    async def work(log: OfflineLog) -> list[dict[str, Any]]:
        return [{**_shown(one), "redrive": log.redriven(one)} for one in _chosen(log, given)]

    found = with_offline_log(given, work)
    if given["as_json"]:
        click.echo(to_text(found))
        return
    for one in found:
        waits = "  (to be redriven)" if one["redrive"] else ""
        where = f"{one['topic']} -> {one['agent'] or 'its subscribers'}"
        line = f"{one['id']}  {where}  {shown_time(one['at'])}  {one['code']}: {one['reason']}"
        click.echo(plain(line + waits))
    if not found:
        click.echo("no dead letter")


@command.command(epilog=manual(("Show one of them", "genie dlq show 9f3c-2@till --log orders.log")))
@click.argument("letter")
@LOG
@JSON
@guarded
def show(letter: str, **given: Any) -> None:
    """Show the reason, attempts, failures and cycle of a dead letter. Its payload is not shown."""

    async def work(log: OfflineLog) -> dict[str, Any]:
        (found,) = log.letters(ids=[letter])
        return _shown(found)

    found = with_offline_log(given, work)
    if given["as_json"]:
        click.echo(to_text(found))
        return
    for name in _SHOWN:
        value = shown_time(found[name]) if name == "at" else found[name]
        text = ("; " if name == "failures" else " -> ").join(map(str, value)) if isinstance(value, list) else str(value)
        click.echo(plain(f"{'run' if name == 'of' else name:<10}{text or '-'}"))


@command.command(epilog=manual(("Redrive one of them", "genie dlq redrive 9f3c-2@till --log orders.log")))
@click.argument("letters", nargs=-1)
@_filtered
@click.option("--rate", "per_s", type=Finite(min=0, min_open=True), default=10.0, show_default=True,
              metavar="N", help="Letters per second.")  # fmt: skip
@LOG
@WHO
@guarded
def redrive(letters: tuple[str, ...], **given: Any) -> None:
    """Redrive dead letters when a runtime opens the log. LETTERS are ids; without ids, the filters select letters."""

    async def work(log: OfflineLog) -> int:
        return await log.redrive(_named(log, letters, given), by=person(given), per_s=given["per_s"])

    click.echo(f"{with_offline_log(given, work):,} to be redriven when a runtime opens the log")


@command.command(epilog=manual(("Drop one of them", "genie dlq drop 9f3c-2@till --reason test --log orders.log")))
@click.argument("letters", nargs=-1)
@_filtered
@click.option("--reason", required=True, metavar="TEXT", help="Reason; it is kept in the log.")
@LOG
@WHO
@guarded
def drop(letters: tuple[str, ...], reason: str, **given: Any) -> None:
    """Drop dead letters. LETTERS are ids; without ids, the filters select letters."""

    async def work(log: OfflineLog) -> int:
        return await log.drop(_named(log, letters, given), by=person(given), reason=reason)

    click.echo(f"{with_offline_log(given, work):,} dropped")


def _chosen(log: OfflineLog, given: dict[str, Any], ids: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return log.letters(agent=given["agent"], topic=given["topic"], code=given["code"], ids=ids)


def _named(log: OfflineLog, letters: tuple[str, ...], given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the letters that are named or filtered; to act on all of them takes a filter."""
    if not letters and not any(given[name] for name in ("agent", "topic", "code")):
        raise InputError("dead letters", "none is named", "name ids, or give --agent, --topic or --code")
    return _chosen(log, given, letters)


def _shown(letter: dict[str, Any]) -> dict[str, Any]:
    return {name: letter[name] for name in _SHOWN}
