"""`genie runs`: show the runs of a journal file or of a log, and cancel one that a stopped process left open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded
from genie.cli.files import whole_file
from genie.cli.help import USUAL, Subcommands, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.control import shown_time
from genie.cli.options.log import JSON, LOG, WHO, person, with_offline_log
from genie.cli.options.past import NoRunError, is_log, opened, reading, run_record, runs_of
from genie.cli.terminal.drawing import counted, plain
from genie.cli.terminal.json_text import to_text
from genie.cli.terminal.progress import progress
from genie.cli.terminal.screen import show_report

if TYPE_CHECKING:
    from genie.journal.offline import OfflineLog

_SHOW = (
    "Show a run: the messages between agents, the verdict and the outcome of each delivery",
    "genie runs show run.jsonl",
)
_EXITS = {**USUAL, 0: "shown", 2: "the journal cannot be read, or the run does not exist", 5: "the journal has no run"}
_PLACE = click.argument("journal", type=click.Path(), shell_complete=suggestions.files)


@click.group(cls=Subcommands, epilog=manual(_SHOW, ("List the runs of a log", "genie runs list orders.log")))
def command() -> None:
    """List and show the runs of a journal or of a log, and cancel a run that a stopped process left open.

    JOURNAL is a file that `genie run --journal` wrote, or the log of a durable runtime: a SQLite file, or a
    postgresql: address. Payloads in a journal are masked for the caller of its run. Payloads of a log are masked
    when they are shown.
    """


@command.command("list", epilog=manual(("List the runs of a log", "genie runs list orders.log"), exits=_EXITS))
@_PLACE
@JSON
@guarded
def listed(*, journal: str, as_json: bool) -> None:
    """List the runs of JOURNAL, oldest first."""
    if not is_log(journal):
        with progress("reading"):
            found = runs_of(journal)
        if as_json:
            click.echo(to_text([{"id": run, "records": count} for run, count in found.items()]))
        else:
            for run, count in found.items():
                click.echo(plain(f"{run}  {counted(count, 'record')}"))
        if not found:
            raise NoRunError(journal)
        return
    from genie.journal.past import listed as runs_in  # noqa: PLC0415 - start-up: SQLite only where it is used

    with opened(journal) as database, progress("reading"):
        runs = runs_in(database)
    if as_json:
        click.echo(to_text([one._asdict() for one in runs]))
    if not runs:
        raise NoRunError(journal)
    for one in () if as_json else runs:
        state = "over" if one.over else f"open, {one.in_flight:,} in flight"
        at, deliveries = shown_time(one.began_ms / 1000), counted(one.deliveries, "delivery", "deliveries")
        click.echo(plain(f"{one.id}  {at}  {deliveries}  {state}"))


@command.command(
    epilog=manual(
        _SHOW,
        ("Write it as one page with tree, timeline and messages", "genie runs show run.jsonl --html run.html"),
        ("Show a run of a log with payloads, masked for an auditor",
         "genie runs show orders.log --run 9f3c01aa-1 --pipeline orders.yaml --as ann --clearance internal"),
        exits=_EXITS,
    )
)  # fmt: skip
@_PLACE
@reading
@click.option("--html", metavar="FILE", shell_complete=suggestions.files,
              help="Write the run as one page; it needs no network.")  # fmt: skip
@guarded
def show(*, journal: str, html: str | None, **given: Any) -> None:
    """Show a run of JOURNAL: the messages between agents, with the verdict and the outcome of each delivery."""
    from genie.reports.run_story import run_report  # noqa: PLC0415 - start-up: only where a run is shown

    with progress("reading"):
        record = run_record(journal, given)
        report = run_report(record)
    if html is not None:
        from genie.contracts.rendering import Paragraph  # noqa: PLC0415 - as above
        from genie.reports.html.page import Page, whole_page  # noqa: PLC0415 - as above

        head = (Paragraph(report.headline, "answer"),)
        page = Page(title="A run", standing=(record.run_id,), head=head, sections=report.sections, more=report.more)
        with whole_file(Path(html)) as file:
            file.write(whole_page(page))
    show_report(report)


@command.command(epilog=manual(("Show which message caused which", "genie runs tree orders.log"), exits=_EXITS))
@_PLACE
@reading
@guarded
def tree(*, journal: str, **given: Any) -> None:
    """Show a run of JOURNAL as a tree: each delivery under the message that caused it, with its time and outcome."""
    from genie.contracts.rendering import Report, Section  # noqa: PLC0415 - start-up: only where a run is shown
    from genie.reports.run_story import MOST_ROWS, course  # noqa: PLC0415 - as above

    with progress("reading"):
        record = run_record(journal, given)
    show_report(Report((Section("", (course(record),)),), more="the journal has them all", rows=MOST_ROWS))


@command.command(epilog=manual(("Show the steps of a run", "genie runs timeline orders.log"), exits=_EXITS))
@_PLACE
@reading
@guarded
def timeline(*, journal: str, **given: Any) -> None:
    """Show a run of JOURNAL step by step, in chronological order."""
    from genie.contracts.rendering import Report, Section  # noqa: PLC0415 - start-up: only where a run is shown
    from genie.reports.run_story import MOST_ROWS, steps_of  # noqa: PLC0415 - as above

    with progress("reading"):
        record = run_record(journal, given)
    show_report(Report((Section("", (steps_of(record),)),), more="the journal has them all", rows=MOST_ROWS))


@command.command(
    epilog=manual(
        (
            "Cancel a run that a stopped process left open",
            "genie runs cancel 9f3c01aa-1 --reason 'asked twice' --log orders.log",
        ),
        exits={**USUAL, 0: "the run has ended", 2: "it is not open, or a process uses the log"},
        notes="To cancel a run of a running process, use `run.cancel()`, or DELETE /v1/runs/{id} of `genie serve`.",
    )
)
@click.argument("run")
@click.option("--reason", required=True, metavar="TEXT", help="Reason; it is kept in the log.")
@LOG
@WHO
@JSON
@guarded
def cancel(run: str, *, reason: str, **given: Any) -> None:
    """Cancel RUN of a log that no process uses: each delivery in flight ends as cancelled."""

    async def work(log: OfflineLog) -> list[str]:
        return await log.cancel(run, by=person(given), reason=reason)

    ended = with_offline_log(given, work)
    if given["as_json"]:
        click.echo(to_text({"run": run, "cancelled": ended}))
        return
    for one in ended:
        click.echo(plain(f"cancelled {one}"))
    click.echo(plain(f"run {run} has ended; {counted(len(ended), 'delivery', 'deliveries')} ended"))
