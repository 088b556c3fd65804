"""`genie runs`: look at the runs of a journal file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded
from genie.cli.files import whole_file
from genie.cli.help import manual
from genie.cli.options import completion as suggestions
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.screen import show_report
from genie.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_RUNS = 10_000
_MOST_LISTED = 20
_SHOW = (
    "Show a run: the messages between agents, the verdict and the end of each delivery",
    "genie runs show run.jsonl",
)


@click.group(epilog=manual(_SHOW, ("List the runs of a journal", "genie runs list run.jsonl")))
def command() -> None:
    """List and show the runs of a journal that `genie run --journal` wrote.

    A journal holds each payload as the caller of its run may see it.
    """


@command.command("list", epilog=manual(("List the runs of a journal", "genie runs list run.jsonl")))
@click.argument("journal", type=click.Path(), shell_complete=suggestions.files)
@guarded
def listed(*, journal: str) -> None:
    """List the runs of JOURNAL with the number of records of each."""
    for run, count in _runs(journal).items():
        click.echo(plain(f"{run}  {count:,} records"))


@command.command(
    epilog=manual(
        _SHOW,
        ("Write it as one page with graph, timeline and messages", "genie runs show run.jsonl --html run.html"),
        exits={0: "shown", 2: "the file cannot be read, or is not a journal", 5: "the journal holds no run"},
    )
)  # fmt: skip
@click.argument("journal", type=click.Path(), shell_complete=suggestions.files)
@click.option("--run", "run_id", metavar="ID", help="The run, if the journal holds several.")
@click.option("--html", metavar="FILE", shell_complete=suggestions.files,
              help="Write the run as one page; it needs no network.")  # fmt: skip
@guarded
def show(*, journal: str, run_id: str | None, html: str | None) -> None:
    """Show a run of JOURNAL: the messages between agents, with the verdict and the end of each delivery."""
    from genie.reports.run_record import RunRecord  # noqa: PLC0415 - start-up: only where a run is shown
    from genie.reports.run_story import run_report  # noqa: PLC0415 - as above

    chosen = _chosen(journal, run_id)
    record = RunRecord(run_id=chosen)
    for _, line in _lines(journal):
        if line.get("kind") == "policies" or line.get("run_id") == chosen:
            record.add(line)
    report = run_report(record)
    if html is not None:
        from genie.contracts.rendering import Paragraph  # noqa: PLC0415 - as above
        from genie.reports.html.page import Page, whole_page  # noqa: PLC0415 - as above

        head = (Paragraph(report.headline, "answer"),)
        page = Page(title="A run", standing=(chosen,), head=head, sections=report.sections, more=report.more)
        with whole_file(Path(html)) as file:
            file.write(whole_page(page))
    show_report(report)


def _chosen(journal: str, run_id: str | None) -> str:
    """Return the id of the run to show: the only one, or the one that is named by its id or the start of it."""
    runs = _runs(journal)
    if not runs:
        click.echo(plain(f"{journal}: holds no run"), err=True)
        raise SystemExit(5)
    found = [one for one in runs if run_id is None or one == run_id] or [
        one for one in runs if run_id is not None and one.startswith(run_id)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        near = did_you_mean(run_id or "", list(runs))
        raise InputError(f"run {run_id!r}", f"is not in this journal{near}", f"see genie runs list {journal}")
    named = ", ".join(found[:_MOST_LISTED]) + (", …" if len(found) > _MOST_LISTED else "")
    raise InputError(journal, f"holds {len(found):,} runs: {named}", "name one with --run")


def _runs(journal: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for _, line in _lines(journal):
        run = line.get("run_id")
        if isinstance(run, str) and run and (run in found or len(found) < _MOST_RUNS):
            found[run] += 1
    return found


def _lines(journal: str) -> Iterator[tuple[int, dict[str, Any]]]:
    from genie.journal.reader import lines_of  # noqa: PLC0415 - start-up: pydantic is needed to read, not to complete

    return lines_of(journal)
