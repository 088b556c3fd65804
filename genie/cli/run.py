"""`genie run`: a pipeline, one question, a report."""

from __future__ import annotations

import contextlib
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import click

from genie.cli.drawing import plain
from genie.cli.ending import INTERRUPTED, guarded, stop
from genie.cli.files import whole_file
from genie.cli.identity import identified, identity_options
from genie.cli.operation import log_options, logged, metered, metrics_option
from genie.cli.session import Interrupted, conduct, interruption
from genie.cli.wire import to_text
from genie.config import load
from genie.protocol import AgentCard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from genie.cli.egress import JournalFile
    from genie.cli.outcome import Outcome
    from genie.cli.page.file import PageFile
    from genie.config import Pipeline
    from genie.events import Event
    from genie.message import Payload
    from genie.protocol import Caller
    from genie.runtime import Runtime


@click.command()
@click.argument("pipeline", type=click.Path())
@click.option(
    "--input", "inputs", multiple=True, metavar="FILE", help="What the pipeline reads; - is standard input. Repeatable."
)
@click.option("--question", metavar="TEXT", help="What is asked.")
@click.option(
    "--profile", "profiles", multiple=True, metavar="[INPUT=]FILE", help="YAML that says how to read the input, or one."
)
@identity_options
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the pipeline.")
@click.option("--journal", metavar="FILE", help="Write headers, findings, verdicts and outcomes as JSON lines.")
@click.option("--html", metavar="FILE", help="Write the report as one page with charts, which needs no network.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--quiet", is_flag=True, help="Print the report alone: no live view, no warnings, no summary.")
@metrics_option
@log_options
@guarded
def command(pipeline: str, **given: Any) -> None:
    """Run PIPELINE on one question and report.

    Ends with 0 complete, 2 usage or bad input, 3 partial, 4 failed or denied, 5 held, 130 interrupted.
    """
    logged(given)
    loaded = load(pipeline, overrides=given["overrides"])
    quiet = given["quiet"] or given["as_json"]
    if not quiet:
        for warning in loaded.warnings:
            click.echo(plain(f"warning: {warning}"), err=True)
    caller = identified(loaded.caller, given)
    question = loaded.input.question(question=given["question"], input_file=given["inputs"], profile=given["profiles"])
    with _page(given["html"], given["journal"]) as page:
        beside = functools.partial(metered, port=given["metrics"])
        live = not quiet and sys.stderr.isatty()
        try:
            outcome = _conducted(loaded, question, caller, given["journal"], page, beside, live=live)
        except Interrupted as interrupted:
            stop(interruption(interrupted.outcome), INTERRUPTED)
        if page is not None:
            page.write(outcome, pipeline=loaded, caller=caller)
    if given["as_json"]:
        click.echo(to_text(outcome.as_json()))
    else:
        _print(outcome, summary=not given["quiet"])
    raise SystemExit(outcome.status.exit_code)


def _conducted(
    pipeline: Pipeline,
    question: Payload,
    caller: Caller,
    journal: str | None,
    page: PageFile | None,
    beside: Callable[[Runtime], AbstractAsyncContextManager[None]],
    *,
    live: bool,
) -> Outcome:
    filenames = (getattr(question, "filename", ""), *(item.filename for item in getattr(question, "files", ())))
    with _journal(journal, pipeline, caller) as journal_file, _watching(pipeline.title, live=live) as watch:
        kept = journal_file if page is None else page.witness(journal_file)
        return anyio.run(
            lambda: conduct(
                pipeline,
                question,
                caller=caller,
                journal=kept,
                watch=watch,
                filenames=filenames,
                beside=beside,
            )
        )


@contextlib.contextmanager
def _page(path: str | None, journal: str | None) -> Iterator[PageFile | None]:
    """Open the page's file before the run, so that a place that cannot be written to is known before any work."""
    if path is None:
        yield None
        return
    from genie.cli.page.file import page_file  # noqa: PLC0415 - only for those who want a page

    with page_file(path, other=journal) as page:
        yield page


@contextlib.contextmanager
def _journal(path: str | None, pipeline: Pipeline, caller: Caller) -> Iterator[JournalFile | None]:
    """Open the journal; the file appears when the run is over, however it ended."""
    if path is None:
        yield None
        return
    from genie.cli.egress import JournalFile  # noqa: PLC0415 - only for those who want a journal

    reader = caller.card()
    senders = {binding.card.id: binding.card for binding in pipeline.bindings} | {reader.id: reader}
    senders |= {join.id: AgentCard(id=join.id, clearance=join.clearance) for join in pipeline.joins}
    ended: BaseException | None = None
    with whole_file(Path(path)) as file:
        journal = JournalFile(file, policies=pipeline.policies, reader=reader, senders=senders)
        try:
            yield journal
        except Exception as error:  # noqa: BLE001 - raised again below, once the file is in its place
            ended = error
        if journal.failure is not None:
            raise journal.failure
    if ended is not None:
        raise ended


@contextlib.contextmanager
def _watching(title: str, *, live: bool) -> Iterator[Callable[[Event], None] | None]:
    if not live:
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - rich is loaded only where something is drawn
    from rich.live import Live  # noqa: PLC0415 - as above

    from genie.cli.view import View  # noqa: PLC0415 - as above

    view = View(title)
    with Live(get_renderable=view.render, console=Console(stderr=True), refresh_per_second=8, transient=True):
        yield view.update


def _print(outcome: Outcome, *, summary: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - rich is loaded only where something is drawn

    from agents.contracts.insights import Report  # noqa: PLC0415 - only when there is something to show
    from genie.cli.report import render_report  # noqa: PLC0415 - as above
    from genie.cli.sheet import render_payload  # noqa: PLC0415 - as above
    from genie.cli.summary import render_summary  # noqa: PLC0415 - as above

    console = Console(highlight=False)
    for notice in outcome.notices:
        console.print(f"Notice: {plain(notice)}", markup=False, style="bold")
    if isinstance(outcome.answer, Report):
        console.print(*render_report(outcome.answer), sep="\n")
    elif outcome.answer is not None:
        console.print(*render_payload(outcome.answer), sep="\n")
    if summary:
        console.print(*render_summary(outcome), sep="\n")
    elif outcome.answer is None:
        for reason in outcome.reasons:
            click.echo(plain(reason), err=True)
