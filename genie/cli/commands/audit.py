"""`genie audit`: verify, search and export an audit trail, and create its keys."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click

from genie.cli.errors import guarded
from genie.cli.files import read_payload, whole_file
from genie.cli.help import USUAL, Subcommands, manual
from genie.cli.options.control import now
from genie.cli.terminal.drawing import counted, plain
from genie.cli.terminal.json_text import to_line, to_text
from genie.cli.terminal.progress import progress
from genie.contracts.json_text import unique_keys
from genie.edges.audit.receipts import problems_of, receipt_of
from genie.edges.audit.verify import Verified, records_of, spread, verify
from genie.edges.identity.keys import generate, private_key, public_keys
from genie.errors import InputError

BROKEN = 1
"""Exit code for a trail that was changed."""
UNSIGNED = 3
"""Exit code for a chain that is intact, of which no signature was looked at."""
MOST_RECEIPT = 64 << 20
"""Bytes of a receipt that is read."""
_COLUMNS = ("at", "seq", "kind", "subject", "by", "reason", "run", "message", "detail")
_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class _Moment(click.ParamType[int]):
    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return microseconds since the epoch; a time without a zone is UTC."""
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time; write 2026-03-01 or 2026-03-01T12:30:00+01:00", param, ctx)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1e6)


_FILTERS = (
    click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Kind, such as verdict or killed; repeatable."),
    click.option("--subject", metavar="TEXT", help="Subject of the record, or a part of it."),
    click.option("--by", metavar="WHO", help="Actor: a person, or policy, supervisor, bus."),
    click.option("--run", metavar="ID", help="Records of one run."),
    click.option("--policy", metavar="NAME", help="Decisions in which this policy took part."),
    click.option("--since", type=_Moment(), help="From this time on, in ISO 8601; UTC by default."),
    click.option("--until", type=_Moment(), help="Before this time."),
)


def _filters(command: Any) -> Any:
    for option in reversed(_FILTERS):
        command = option(command)
    return command


@click.group(cls=Subcommands, epilog=manual(("Verify a trail", "genie audit verify trail --key audit.key.pub")))
def command() -> None:
    """Verify, search and export an audit trail, and create the keys that sign it.

    FILE is the folder of a trail, or consecutive files of it.
    """


@command.command(
    "verify",
    epilog=manual(
        ("Verify a trail", "genie audit verify trail --key audit.key.pub --anchor heads.jsonl"),
        exits={
            **USUAL,
            0: "intact, and signed by the keys",
            1: "changed; the output names the place",
            3: "the chain is intact, but no signature was checked (no --key)",
        },
    ),
)
@_FILES
@click.option("--key", "keys", multiple=True, type=click.Path(path_type=Path), metavar="PUB",
              help="Public key that signed the heads; repeatable, for successive keys.")  # fmt: skip
@click.option("--anchor", type=click.Path(path_type=Path), metavar="FILE", help="File with copies of the heads.")
@click.option("--open", "unfinished", is_flag=True, help="The trail is still being written, or its writer crashed.")
@_JSON
@guarded
def verify_command(
    files: tuple[Path, ...], keys: tuple[Path, ...], anchor: Path | None, *, unfinished: bool, as_json: bool
) -> None:
    """Check that a trail is intact, and report each place where it is not.

    Without --key only the chain is checked, and the command exits with 3, because anybody who can write to the folder
    can make a valid chain.
    """
    trusted = public_keys(keys) if keys else None
    with spread(files) as mapped, progress("verifying"):
        found = verify(files, keys=trusted, anchor=anchor, unfinished=unfinished, mapped=mapped)
    if as_json:
        click.echo(to_text(_verified(found, signatures=bool(keys))))
    else:
        for one in found.breaks:
            click.echo(plain(str(one)))
        if found.broken > len(found.breaks):
            click.echo(f"and {found.broken - len(found.breaks)} more")
        click.echo(_summary(found, signatures=bool(keys)))
    raise SystemExit(BROKEN if not found.intact else 0 if keys else UNSIGNED)


def _summary(found: Verified, *, signatures: bool) -> str:
    whole = "intact" if signatures else "chain intact, signatures not checked (--key)"
    state = whole if found.intact else f"broken in {counted(found.broken, 'place')}"
    signed = f", {found.signed} of {counted(found.heads, 'head')} signed" if signatures else ""
    tail = ""
    if found.unsigned_tail:
        tail = f"; unsigned: {counted(found.unsigned_tail, 'record')} of {found.unsigned_s:.1f} s after the last head"
    return f"{state}: {counted(found.records, 'record')} in {counted(found.files, 'file')}{signed}{tail}"


def _verified(found: Verified, *, signatures: bool) -> dict[str, Any]:
    return {
        "intact": found.intact, "records": found.records, "files": found.files, "heads": found.heads,
        "signed": found.signed if signatures else None, "unsigned_tail": found.unsigned_tail,
        "unsigned_s": found.unsigned_s, "trail": found.trail,
        "last_seq": found.last_seq, "broken": found.broken,
        "breaks": [one._asdict() for one in found.breaks],
    }  # fmt: skip


@command.command(
    "receipt",
    epilog=manual(
        (
            "Export the record of one decision",
            "genie audit receipt t-9f3c-2 trail --key audit.key --output receipt.json",
        ),
    ),
)
@click.argument("wanted", metavar="ID")
@_FILES
@click.option("--key", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Private key of the trail; it signs the receipt.")  # fmt: skip
@click.option("--old-key", "old", multiple=True, type=click.Path(path_type=Path), metavar="PUB",
              help="Public key that signed older heads; repeatable.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Output file; by default stdout.")
@guarded
def receipt_command(
    wanted: str, files: tuple[Path, ...], key: Path, old: tuple[Path, ...], output: Path | None
) -> None:
    """Write a signed receipt for a decision: the records of the message or hold ID, or of a record's number.

    The trail is verified first. `genie audit verify-receipt` checks the receipt without the trail.
    """
    private = private_key(key)
    keys = {**(public_keys(old) if old else {}), private.id: private.public()}
    with spread(files) as mapped, progress("verifying"):
        made = receipt_of(files, wanted, private, keys, now=now(), mapped=mapped)
    with _written(output) as file:
        file.write(to_text(made) + "\n")


@command.command(
    "verify-receipt",
    epilog=manual(
        ("Check a receipt", "genie audit verify-receipt receipt.json --key audit.key.pub"),
        exits={**USUAL, 0: "good", 1: "changed, or not signed by the key"},
    ),
)
@click.argument("receipt", type=click.Path())
@click.option("--key", "keys", multiple=True, required=True, type=click.Path(path_type=Path), metavar="PUB",
              help="Public key of the trail; repeatable, for successive keys.")  # fmt: skip
@_JSON
@guarded
def verify_receipt_command(receipt: str, keys: tuple[Path, ...], *, as_json: bool) -> None:
    """Check a receipt with only the public key, and print its records. RECEIPT is a file, or - for standard input."""
    trusted = public_keys(keys)
    try:
        found = json.loads(read_payload(receipt, limit=MOST_RECEIPT), object_pairs_hook=unique_keys)
    except (ValueError, RecursionError):
        raise InputError(receipt, "is not valid JSON") from None
    problems = problems_of(found, trusted)
    records = [] if problems else [shown(one["record"]) for one in found["records"]]
    if as_json:
        click.echo(to_text({"good": not problems, "problems": list(problems), "records": records}))
    else:
        for one in problems:
            click.echo(plain(f"{receipt}: {one}"))
        for record in () if problems else found["records"]:
            click.echo(plain(_described(record["record"])))
        if not problems:
            click.echo(f"valid: {len(records)} records, issued {_iso(found['issued_at'])}, signed by {found['key']}")
    raise SystemExit(BROKEN if problems else 0)


@command.command(
    "query",
    epilog=manual(
        ("List what the clearance policy denied", "genie audit query trail --kind verdict --policy clearance"),
    ),
)
@_FILES
@_filters
@_JSON
@guarded
def query_command(files: tuple[Path, ...], *, as_json: bool, **given: Any) -> None:
    """Print the records that match, oldest first, without verifying them."""
    for record in records_of(files, _wanted(given)):
        click.echo(to_line(shown(record)) if as_json else plain(_described(record)))


@command.command(
    "export",
    epilog=manual(
        ("Export for a spreadsheet", "genie audit export trail --format csv --output audit.csv"),
    ),
)
@_FILES
@_filters
@click.option(
    "--format",
    "form",
    type=click.Choice(("jsonl", "csv")),
    default="jsonl",
    show_default=True,
    help="Output format.",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Output file; by default stdout.")
@guarded
def export_command(files: tuple[Path, ...], form: str, output: Path | None, **given: Any) -> None:
    """Write the records that match as JSON lines or CSV, without verifying them."""
    with _written(output) as file, progress("exporting") if output is not None else nullcontext():
        writer = csv.writer(file, lineterminator="\n") if form == "csv" else None
        if writer is not None:
            writer.writerow(_COLUMNS)
        for record in records_of(files, _wanted(given)):
            one = shown(record)
            if writer is None:
                file.write(to_line(one) + "\n")
            else:
                one["detail"] = to_line(one["detail"])
                writer.writerow([_cell(one[name]) for name in _COLUMNS])


@contextmanager
def _written(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    with whole_file(output) as file:
        yield file


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet interprets as a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


@command.command(
    "incidents",
    epilog=manual(
        ("List repeated problems", "genie audit incidents trail"),
    ),
)
@_FILES
@_JSON
@guarded
def incidents_command(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Print the incidents in a trail, in their latest state.

    A trail records an incident when its severity reaches medium, at each increase, and when somebody acknowledges or
    closes it.
    """
    last: dict[tuple[str, str], Mapping[str, Any]] = {}
    session = ""
    for record in records_of(files, lambda record: record["kind"] in {"incident", "opened"}):
        if record["kind"] == "opened":
            session = str(record["seq"])
        else:
            last[session, record["subject"]] = record
    for told in last.values():
        detail = told["detail"]
        if as_json:
            click.echo(to_line(detail))
        else:
            click.echo(plain(
                f"{_iso(told['at'])} {detail.get('severity')} {detail.get('state')}: {detail.get('kind')} "
                f"({detail.get('code')}) of {detail.get('agent') or 'several'}, {detail.get('count')} times"
            ))  # fmt: skip


@command.command(
    "keygen",
    epilog=manual(
        ("Create a key pair", "genie audit keygen audit.key"),
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@guarded
def keygen_command(file: Path) -> None:
    """Write a new private key to FILE, readable by its owner only, and the public key to FILE.pub."""
    made = generate(file)
    click.echo(f"key {made}: {file} signs, {file}.pub verifies")


def _wanted(given: Mapping[str, Any]) -> Any:
    """Return a filter for the records that match the options."""
    if given["since"] is not None and given["until"] is not None and given["since"] >= given["until"]:
        raise InputError("--since", "is not before --until")

    def wanted(record: Mapping[str, Any]) -> bool:
        return (
            (not given["kinds"] or record["kind"] in given["kinds"])
            and (given["subject"] is None or given["subject"] in record["subject"])
            and (given["by"] is None or record["by"] == given["by"])
            and (given["run"] is None or record["run"] == given["run"])
            and (given["since"] is None or record["at"] >= given["since"])
            and (given["until"] is None or record["at"] < given["until"])
            and (given["policy"] is None or given["policy"] in _policies(record))
        )

    return wanted


def _policies(record: Mapping[str, Any]) -> list[str]:
    reasons = record["detail"].get("reasons")
    found = reasons if isinstance(reasons, list) else []
    return [str(one.get("policy")) for one in found if isinstance(one, dict)]


def shown(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with its time in ISO 8601."""
    return {**record, "at": _iso(record["at"])}


def _iso(at_us: int) -> str:
    try:
        return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="microseconds")
    except (OverflowError, ValueError, OSError):
        return str(at_us)


def _described(record: Mapping[str, Any]) -> str:
    about = f" run {record['run']}" if record["run"] else ""
    why = f": {record['reason']}" if record["reason"] else ""
    return f"{_iso(record['at'])} {record['seq']} {record['kind']} {record['subject']} by {record['by']}{why}{about}"
