"""`genie journal`: maintain the log from which a durable runtime resumes."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from genie.cli.errors import guarded
from genie.cli.files import whole_file
from genie.cli.help import USUAL, Subcommands, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.control import now, seconds_of, shown_time
from genie.cli.terminal.drawing import counted, plain
from genie.cli.terminal.json_text import to_line, to_text
from genie.cli.terminal.layout import Column, Grid, Line, Part, Text
from genie.cli.terminal.progress import progress
from genie.cli.terminal.screen import show
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from genie.contracts.ports.journal import LogRecord
    from genie.journal.database import Database
    from genie.journal.lease import Lease

BROKEN = 1
"""Exit code for a log with a problem."""
_LOG = click.argument("log", metavar="FILE", shell_complete=suggestions.files)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_KEYS = click.option("--keys", metavar="RING", required=True, help="Key ring of the log: a file, or env:NAME.")
_KIND = click.option("--run", "run", metavar="ID", help="One run.")
_TENANT = click.option("--tenant", metavar="NAME", help="All runs of a tenant, including later ones.")
_UNITS = {"k": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@click.group(cls=Subcommands, epilog=manual(("Show the content of a log", "genie journal info orders.log")))
def command() -> None:
    """Show, check, export and shorten the log that a durable runtime resumes from.

    FILE is a SQLite file, or a postgresql: address. A command that changes a log is refused while a process uses it.
    """


@contextlib.contextmanager
def _read(place: str) -> Iterator[Database]:
    from genie.journal.places import database_at  # noqa: PLC0415 - start-up: SQLite only where it is used

    database = database_at(place)
    database.connect(create=False)
    try:
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def _changed(place: str, *, force: bool = False) -> Iterator[tuple[Database, Lease]]:
    """Open a log for a change, and close it."""
    from genie.journal.places import database_at  # noqa: PLC0415 - as above
    from genie.journal.upkeep import owned  # noqa: PLC0415 - as above

    database = database_at(place)
    try:
        lease = owned(database, now, force=force)
        try:
            yield database, lease
        finally:
            lease.give_back()
    finally:
        database.close()


@command.command("info", epilog=manual(("Show the content of a log", "genie journal info orders.log")))
@_LOG
@_JSON
@guarded
def info_command(log: str, *, as_json: bool) -> None:
    """Show the content of a log: runs, deliveries, size, user and legal holds."""
    from genie.journal.upkeep import info  # noqa: PLC0415 - as above

    with _read(log) as database, progress("reading"):
        found = info(database, now())
    if as_json:
        click.echo(to_text(found))
        return
    show(_shown(found))


def _shown(found: dict[str, Any]) -> list[Part]:
    table = Grid((Column("log"), Column(found["place"])))
    times = [shown_time(found[name] / 1000) for name in ("oldest_ms", "newest_ms") if found[name] is not None]
    lease = f"{found['owner']}, lease {found['lease_s']:.0f} s" if found["owner"] else "nobody"
    outcomes = ", ".join(f"{count:,} {name}" for name, count in found["outcomes"].items())
    for name, text in (
        ("size", f"{found['bytes']:,} bytes in {counted(found['batches'], 'batch', 'batches')}"),
        ("records", f"{found['records']:,}" + (f", {' to '.join(times)}" if times else "")),
        ("runs", f"{found['runs']:,}, {found['open_runs']:,} open, of {counted(found['tenants'], 'tenant')}"),
        ("deliveries", f"{found['accepted']:,} accepted, {found['in_flight']:,} in flight"),
        ("outcomes", outcomes or "none"),
        ("encrypted", f"with {counted(found['data_keys'], 'data key')}" if found["encrypted"] else "no"),
        ("used by", lease),
    ):
        table.add(name, text)
    parts: list[Part] = [table]
    parts.extend(Line.of(f"legal hold of {one['kind']} {one['name']}: {one['reason']}") for one in found["holds"])
    if found["problems"]:
        text = f"{counted(found['problems'], 'problem')}: see genie journal verify"
        parts.append(Line((Text(text, "red"),)))
    return parts


@command.command(
    "verify",
    epilog=manual(
        ("Check a log", "genie journal verify orders.log"),
        exits={**USUAL, 0: "undamaged, and every delivery is accounted for", 1: "damaged; the output names the places"},
    ),
)
@_LOG
@_JSON
@guarded
def verify_command(log: str, *, as_json: bool) -> None:
    """Check every batch of a log, and that each accepted delivery has one outcome or is in flight.

    It needs no keys, because the data that it checks is not encrypted.
    """
    from genie.journal.upkeep import account  # noqa: PLC0415 - as above

    with _read(log) as database, progress("verifying"):
        found = account(database)
    problems = [{"batch": batch, "code": code, "text": text} for batch, code, text in found.problems]
    if as_json:
        click.echo(to_text({
            "whole": not found.wrong, "batches": found.batches, "records": found.records, "runs": len(found.runs),
            "accepted": found.accepted, "in_flight": found.in_flight, "outcomes": dict(sorted(found.outcomes.items())),
            "problems": problems, "wrong": found.wrong,
        }))  # fmt: skip
    else:
        for one in problems:
            click.echo(plain(f"{one['code']}: {one['text']}"))
        if found.wrong > len(problems):
            click.echo(f"and {found.wrong - len(problems)} more")
        state = f"{counted(found.wrong, 'problem')} in" if found.wrong else "whole:"
        click.echo(
            f"{state} {counted(found.batches, 'batch', 'batches')}, {counted(found.records, 'record')}; "
            f"{found.accepted:,} deliveries = {sum(found.outcomes.values()):,} ended + {found.in_flight:,} in flight"
        )
    raise SystemExit(BROKEN if found.wrong else 0)


@command.command(
    "export",
    epilog=manual(
        ("Export the records without payloads", "genie journal export orders.log --output orders.jsonl"),
        ("With payloads and names", "genie journal export orders.log --payloads --keys keys.json"),
        exits={**USUAL, 1: "a batch is damaged; the readable records were written"},
    ),
)
@_LOG
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Output file; by default stdout.")
@click.option("--payloads", is_flag=True, help="Write payloads and names of persons too, unmasked.")
@click.option("--keys", metavar="RING", help="Key ring of an encrypted log: a file, or env:NAME.")
@guarded
def export_command(log: str, *, output: Path | None, payloads: bool, keys: str | None) -> None:
    """Write the records of a log as JSON lines.

    Payloads and names of persons are omitted, unless --payloads is given. Then no policy judges or masks them.
    """
    from genie.journal.upkeep import exported  # noqa: PLC0415 - as above

    if keys is not None and not payloads:
        raise InputError("--keys", "is for --payloads", "add it, or omit the keys")
    broken = 0
    with _read(log) as database, contextlib.ExitStack() as stack:
        file = sys.stdout if output is None else stack.enter_context(whole_file(output))
        if output is not None:  # otherwise the records themselves show that it goes on
            stack.enter_context(progress("exporting"))
        for record in exported(database, _opened(database, keys) if payloads else None):
            broken += record["kind"] == "damaged"
            file.write(to_line(record) + "\n")
    if broken:
        click.echo(f"{counted(broken, 'batch', 'batches')} could not be read", err=True)
    raise SystemExit(BROKEN if broken else 0)


def _opened(database: Database, keys: str | None) -> Any:
    """Return what decrypts a batch.

    Raises:
        LogError: The keys do not fit, or are missing.
    """
    if keys is None:

        def whole(records: Sequence[LogRecord], _sealed: bytes) -> Sequence[LogRecord]:
            if any("sealed" in record for record in records):
                raise InputError(database.place, "is encrypted", "name its key ring with --keys")
            return records

        return whole
    from genie.journal.places import ring_at  # noqa: PLC0415 - as above
    from genie.journal.sealing import Sealer  # noqa: PLC0415 - as above

    sealer = Sealer(database, ring_at(keys), now)
    sealer.load()
    return sealer.opened


@command.command(
    "prune",
    epilog=manual(
        ("Remove runs that ended more than ninety days ago", "genie journal prune orders.log --older 90d"),
        ("Remove the oldest runs beyond a gigabyte", "genie journal prune orders.log --larger 1G"),
    ),
)
@_LOG
@click.option("--older", metavar="TERM", help="Remove runs that ended longer ago than 90s, 15m, 2h or 90d.")
@click.option("--larger", metavar="SIZE", help="Remove the oldest runs of a log larger than 500k, 200M or 2G.")
@_JSON
@guarded
def prune_command(log: str, *, older: str | None, larger: str | None, as_json: bool) -> None:
    """Remove finished runs of a log. Open runs, and runs under a legal hold, are kept."""
    from genie.journal.upkeep import Retention, prune  # noqa: PLC0415 - as above

    term = seconds_of(older, "--older")
    if term is None and larger is None:
        raise InputError("genie journal prune", "does not know what to remove", "give --older, --larger or both")
    retention = Retention(None if term is None else term / 86_400, None if larger is None else _size(larger))
    with _changed(log) as (database, lease), progress("pruning"):
        found = prune(database, retention, now=now(), check=lease.check)
    if as_json:
        click.echo(to_text(found._asdict()))
    else:
        held = f"; a hold kept {counted(found.held, 'run')}" if found.held else ""
        click.echo(f"removed {counted(found.runs, 'run')}, {counted(found.records, 'record')}{held}")


def _size(text: str) -> int:
    unit = _UNITS.get(text[-1:], 0)
    digits = text[:-1] if unit else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15 and int(digits)):
        raise InputError(f"--larger {text}", "is not a size", "write 500k, 200M or 2G")
    return int(digits) * (unit or 1)


@command.command("vacuum", epilog=manual(("Free the space of removed runs", "genie journal vacuum orders.log")))
@_LOG
@guarded
def vacuum_command(log: str) -> None:
    """Rewrite a log without the space that `prune` has freed."""
    with _changed(log) as (database, _), progress("vacuuming"):
        before = database.size()
        database.vacuum()
        after = database.size()
    click.echo(f"{before:,} bytes before, {after:,} after")


def _held(run: str | None, tenant: str | None) -> tuple[Literal["run", "tenant"], str]:
    if (run is None) == (tenant is None):
        raise InputError("a legal hold", "is of one run or of one tenant", "give --run ID or --tenant NAME")
    return ("run", run) if run is not None else ("tenant", tenant or "")


@command.command(
    "hold", epilog=manual(("Keep a tenant's runs", "genie journal hold orders.log --tenant acme --reason 'case 7'"))
)
@_LOG
@_KIND
@_TENANT
@click.option("--reason", required=True, metavar="TEXT", help="Reason; it is shown by `info`.")
@guarded
def hold_command(log: str, *, run: str | None, tenant: str | None, reason: str) -> None:
    """Keep a run, or a tenant's runs, regardless of retention, until `release`."""
    from genie.journal.upkeep import account, hold, run_id  # noqa: PLC0415 - as above

    kind, name = _held(run, tenant)
    with _changed(log) as (database, _):
        if kind == "run":  # a mistyped id would hold nothing
            found = account(database)
            if not any(run_id(found.prefix, number) == name for number in found.runs):
                raise InputError(f"run {name!r}", "is not in this log", "see genie runs list")
        hold(database, kind, name, reason, now=now())
    click.echo(plain(f"{kind} {name} is held"))


@command.command("release", epilog=manual(("End a legal hold", "genie journal release orders.log --tenant acme")))
@_LOG
@_KIND
@_TENANT
@guarded
def release_command(log: str, *, run: str | None, tenant: str | None) -> None:
    """End a legal hold."""
    from genie.journal.upkeep import release  # noqa: PLC0415 - as above

    kind, name = _held(run, tenant)
    with _changed(log) as (database, _):
        if not release(database, kind, name):
            raise InputError(f"{kind} {name}", "is not held", "see genie journal info")
    click.echo(plain(f"{kind} {name} is no longer held"))


@command.command(
    "shred",
    epilog=manual(("Make a tenant's data unreadable", "genie journal shred orders.log --tenant acme --keys keys.json")),
)
@_LOG
@click.option("--tenant", required=True, metavar="NAME", help="Tenant whose data is destroyed.")
@_KEYS
@_JSON
@guarded
def shred_command(log: str, *, tenant: str, keys: str, as_json: bool) -> None:
    """Destroy the keys of a tenant, so that its data is unreadable in this log and in every copy.

    Its open runs end as cancelled(shredded). The events stay readable; payloads and names are permanently lost.
    """
    from genie.journal.places import ring_at  # noqa: PLC0415 - as above
    from genie.journal.shredding import shred  # noqa: PLC0415 - as above

    with _changed(log) as (database, lease), progress("shredding"):
        found = shred(database, ring_at(keys), tenant, now=now(), check=lease.check)
    if as_json:
        click.echo(to_text(found._asdict()))
        return
    click.echo(
        f"{counted(found.runs, 'run')} cannot be read any more; {counted(found.ended, 'delivery', 'deliveries')} in "
        "flight ended"
    )
    if not found.everywhere:
        click.echo("copies of this log stay readable with the key of the environment: delete them", err=True)


@command.command(
    "rewrap", epilog=manual(("Change the keys that wrap data keys", "genie journal rewrap orders.log --keys keys.json"))
)
@_LOG
@_KEYS
@guarded
def rewrap_command(log: str, *, keys: str) -> None:
    """Create new keys in a key ring, and wrap the data keys of a log with them."""
    from genie.journal.places import ring_at  # noqa: PLC0415 - as above
    from genie.journal.shredding import rewrap  # noqa: PLC0415 - as above

    with _changed(log) as (database, _), progress("wrapping keys"):
        done = rewrap(database, ring_at(keys))
    click.echo(f"wrapped {counted(done, 'data key')}")


@command.command(
    "takeover", epilog=manual(("Take over a log from a process that hangs", "genie journal takeover orders.log"))
)
@_LOG
@guarded
def takeover_command(log: str) -> None:
    """Take over a log from a process: another process can open it, and commits of the old one fail."""
    from genie.journal.lease import owner_of  # noqa: PLC0415 - as above

    with _read(log) as database:
        owner = owner_of(database)
    with _changed(log, force=True):
        pass
    if owner is None or not owner.pid:
        click.echo("no process was using it; the next one can open it")
    else:
        click.echo(plain(f"taken from {owner.named}; commits of that process are refused"))
