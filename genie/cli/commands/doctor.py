"""`genie doctor`: check whether this installation and this machine can run pipelines."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import click

from genie import __version__
from genie.backend.clock import Clock
from genie.cli.diagnostics import installation, machine
from genie.cli.diagnostics.finding import Check, Finding, Severity
from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.terminal.json_text import to_text
from genie.cli.terminal.layout import Column, Grid, Line, Text
from genie.cli.terminal.progress import progress
from genie.cli.terminal.screen import show
from genie.contracts.rendering import counted

_COLOURS = {Severity.OK: "green", Severity.WARNING: "yellow", Severity.ERROR: "red"}


@click.command(epilog=manual(
    ("Find the cause when a part is not found", "genie doctor"),
    ("Check the health of a container", "genie doctor --json"),
    exits={0: "no error; warnings are possible", 1: "an error", 2: "wrong usage", 130: "interrupted"},
))  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--database", metavar="ADDRESS", help="Check the role of a PostgreSQL address as well.")
@guarded
def command(*, as_json: bool, database: str | None) -> None:
    """Check this installation and this machine; each problem comes with a next step.

    Each finding has a stable code and a severity (ok, warning, error). The command imports every installed part and
    changes nothing.
    """
    with progress("checking"):
        findings = examined(database)
    worst = _worst(findings)
    if as_json:
        told = {"genie": __version__, "status": worst.value, "findings": [finding.as_json() for finding in findings]}
        click.echo(to_text(told))
    else:
        table = Grid((Column("code", whole=True), Column("check", whole=True), Column("", whole=True), Column("found")))
        for finding in findings:
            severity = finding.severity
            found = (finding.detail, finding.next_step) if finding.next_step else finding.detail
            table.add(finding.check.code, finding.check.title, Text(severity.value, _COLOURS[severity]), Text(found))
        of = Counter(one.severity for one in findings)
        problems = [counted(of[kind], kind.value) for kind in (Severity.WARNING, Severity.ERROR)]
        counts = ", ".join([f"{of[Severity.OK]} ok", *problems])
        show([table, Line.of(counts, _COLOURS[worst])])
    raise SystemExit(1 if worst is Severity.ERROR else 0)


def examined(database: str | None = None) -> tuple[Finding, ...]:
    """Return every finding, in the order of their codes."""
    found = (
        installation.python(sys.version_info[:3]),
        installation.distribution(),
        *installation.extras(),
        *installation.entry_points(),
        *installation.imports(),
        machine.folder(Check.FOLDER, Path.cwd()),
        machine.temporary(),
        machine.monotonic(time.monotonic),
        machine.wall(Clock(time.monotonic).wall()),
        machine.zones(),
        *installation.rules(Clock(time.monotonic).wall().date()),
        machine.terminal(sys.stdout),
        *(() if database is None else installation.database_role(database)),
    )
    return tuple(sorted(found, key=lambda finding: finding.check.code))


def _worst(findings: tuple[Finding, ...]) -> Severity:
    kinds = {finding.severity for finding in findings}
    return next((kind for kind in (Severity.ERROR, Severity.WARNING) if kind in kinds), Severity.OK)
