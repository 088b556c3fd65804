"""`genie run`: a pipeline, one question, a report."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import click

from genie.cli.errors import guarded, stop
from genie.cli.files import whole_file
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.audit import audited
from genie.cli.options.control import controlled
from genie.cli.options.identity import identified, identity_options
from genie.cli.options.telemetry import log_options, logged, metered, metrics_option
from genie.cli.prompts import deciding
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text
from genie.cli.terminal.screen import is_live
from genie.config.loader import load
from genie.contracts.card import AgentCard
from genie.runtime.report import INTERRUPTED, Status
from genie.runtime.session import Interrupted, conduct, interruption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from genie.cli.prompts import Paused
    from genie.cli.terminal.live import View
    from genie.config.pipeline import Pipeline
    from genie.contracts.card import Caller
    from genie.contracts.message import Payload
    from genie.journal.jsonl import JournalFile
    from genie.reports.html.file import PageFile
    from genie.runtime.report import Outcome
    from genie.runtime.runtime import Runtime


@click.command(epilog=manual(
    ("The sample statement", "genie run config/pipelines/insights.yaml"),
    ("Statements of your own, with a question",
     "genie run config/pipelines/insights.yaml --input config/statements/sample.csv --question 'Where does it go?'"),
    ("For a script: one JSON object, for a named caller",
     "genie run config/pipelines/insights.yaml --json --as ann --role analyst"),
    ("A page to send, and the record of why each message was delivered",
     "genie run config/pipelines/insights.yaml --quiet --html report.html --journal run.jsonl"),
    exits={0: "complete", 2: USUAL[2], 3: "partial: parts are missing, or rows could not be read",
           4: "failed or denied", 5: "held: a person must decide", 130: "interrupted; a second Ctrl-C ends at once"},
    notes="On a terminal a live view shows agents and messages; NO_COLOR or TERM=dumb make it plain text.",
))  # fmt: skip
@click.argument("pipeline", type=click.Path(), shell_complete=suggestions.pipelines)
@click.option(
    "--input", "inputs", multiple=True, metavar="FILE", shell_complete=suggestions.files,
    help="What the pipeline reads; - is standard input. Repeatable.",
)  # fmt: skip
@click.option("--question", metavar="TEXT", help="What is asked.")
@click.option(
    "--profile", "profiles", multiple=True, metavar="[INPUT=]FILE", shell_complete=suggestions.files,
    help="YAML that says how to read the input, or one.",
)  # fmt: skip
@identity_options
@click.option("--control", metavar="FILE", shell_complete=suggestions.files,
              help="Let other terminals approve and switch off through this file.")  # fmt: skip
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", shell_complete=suggestions.settings,
              help="Override a value of the pipeline.")  # fmt: skip
@click.option("--journal", metavar="FILE", shell_complete=suggestions.files,
              help="Write headers, findings, verdicts and outcomes as JSON lines.")  # fmt: skip
@click.option("--audit", metavar="DIR", shell_complete=suggestions.files,
              help="Record verdicts and every act of governance in an audit trail there.")  # fmt: skip
@click.option("--html", metavar="FILE", shell_complete=suggestions.files,
              help="Write the report as one page with charts, which needs no network.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--quiet", is_flag=True, help="Print the report alone: no live view, no warnings, no summary.")
@metrics_option
@log_options
@guarded
def command(pipeline: str, **given: Any) -> None:
    """Run PIPELINE on one question and report.

    The report goes to standard output, whatever else is said to stderr. Files appear whole or not at all.

    What waits for a person is asked on a terminal; elsewhere it is waited for with `control:`, and without it the run
    ends held.
    """
    logged(given)
    loaded = load(pipeline, overrides=given["overrides"])
    quiet = given["quiet"] or given["as_json"]
    if not quiet:
        for warning in loaded.warnings:
            click.echo(plain(f"warning: {warning}"), err=True)
    loaded = audited(controlled(loaded, given["control"]), given["audit"])
    caller = identified(loaded.caller, given, signed=loaded.signed, audit=loaded.audit)
    question = loaded.input.question(question=given["question"], input_file=given["inputs"], profile=given["profiles"])
    with _page(given["html"], given["journal"]) as page:
        beside = functools.partial(metered, port=given["metrics"])
        live = not quiet and is_live()
        people = live and sys.stdin.isatty()
        try:
            outcome = _conducted(loaded, question, caller, given["journal"], page, beside, live=live, people=people)
        except Interrupted as interrupted:
            stop(interruption(interrupted.outcome), INTERRUPTED)
        if page is not None:
            page.write(outcome, pipeline=loaded, caller=caller)
    if given["as_json"]:
        click.echo(to_text(outcome.as_json()))
    else:
        _print(outcome, summary=not given["quiet"])
        if outcome.status is Status.HELD and loaded.control is None and not given["quiet"]:
            click.echo(
                "nobody was asked: run it on a terminal, or with --control FILE and see genie approvals", err=True
            )
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
    people: bool,
) -> Outcome:
    filenames = (getattr(question, "filename", ""), *(item.filename for item in getattr(question, "files", ())))
    with (
        _journal(journal, pipeline, caller) as journal_file,
        _watching(pipeline.title, live=live) as (view, paused),
    ):
        kept = journal_file if page is None else page.witness(journal_file)
        return anyio.run(
            lambda: conduct(
                pipeline,
                question,
                caller=caller,
                journal=kept,
                watch=None if view is None else view.update,
                told=None if view is None else view.interrupt,
                filenames=filenames,
                beside=beside,
                decide=deciding(pipeline.control, paused if people else None),
            )
        )


@contextlib.contextmanager
def _page(path: str | None, journal: str | None) -> Iterator[PageFile | None]:
    """Open the page's file before the run, so that a place that cannot be written to is known before any work."""
    if path is None:
        yield None
        return
    from genie.reports.html.file import page_file  # noqa: PLC0415 - only for those who want a page

    with page_file(path, other=journal) as page:
        yield page


@contextlib.contextmanager
def _journal(path: str | None, pipeline: Pipeline, caller: Caller) -> Iterator[JournalFile | None]:
    """Open the journal; the file appears when the run is over, however it ended."""
    if path is None:
        yield None
        return
    from genie.journal.jsonl import JournalFile  # noqa: PLC0415 - only for those who want a journal

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
def _watching(title: str, *, live: bool) -> Iterator[tuple[View | None, Paused]]:
    """Show what happens; what is given beside stops the picture while somebody is asked."""
    if not live or importlib.util.find_spec("rich") is None:  # the picture is of an extra; a run needs none
        yield None, contextlib.nullcontext
        return
    from rich.console import Console  # noqa: PLC0415 - rich is loaded only where something is drawn
    from rich.live import Live  # noqa: PLC0415 - as above

    from genie.cli.terminal import live as views

    view = views.View(title)

    @contextlib.contextmanager
    def paused() -> Iterator[None]:
        picture.stop()
        try:
            yield
        finally:
            picture.start()

    with Live(
        get_renderable=view.render, console=Console(stderr=True), refresh_per_second=8, transient=True
    ) as picture:
        yield view, paused


def _print(outcome: Outcome, *, summary: bool) -> None:
    from genie.cli.terminal.screen import show  # noqa: PLC0415 - as above
    from genie.cli.terminal.summary import render_summary  # noqa: PLC0415 - as above
    from genie_finance.contracts.insights import Report  # noqa: PLC0415 - only when there is something to show

    for notice in outcome.notices:
        click.secho(f"Notice: {plain(notice)}", bold=True)
    if isinstance(outcome.answer, Report):
        from genie.reports.finance_terminal import render_report  # noqa: PLC0415 - as above

        show(render_report(outcome.answer))
    else:
        from genie.cli.terminal.sheet import render_payload  # noqa: PLC0415 - as above

        for payload in outcome.held if outcome.answer is None else (outcome.answer,):
            show(render_payload(payload))
    if summary:
        show(render_summary(outcome))
    elif outcome.answer is None:
        for reason in outcome.reasons:
            click.echo(plain(reason), err=True)
