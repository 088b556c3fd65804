"""`genie run`: run a pipeline on one question and print the report."""

from __future__ import annotations

import contextlib
import functools
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.cli.errors import guarded, run_async, stop
from genie.cli.files import whole_file
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.audit import audited
from genie.cli.options.control import controlled
from genie.cli.options.identity import identified, identity_options
from genie.cli.options.reload import renew
from genie.cli.options.telemetry import (
    debug_option,
    debugged,
    log_options,
    logged,
    metered,
    metrics_option,
    otel_options,
    spanned,
)
from genie.cli.prompts import deciding
from genie.cli.signals import INTERRUPTED, cleaned_up
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text
from genie.cli.terminal.progress import progress
from genie.cli.terminal.screen import is_live, is_terminal, show_cursor
from genie.cli.usage import Finite
from genie.config.loader import load
from genie.config.policies import UNGOVERNED
from genie.contracts.card import AgentCard
from genie.runtime.report import Status
from genie.runtime.session import Drained, Interrupted, conduct, interruption

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from genie.cli.options.html import PageFile
    from genie.cli.prompts import Paused
    from genie.cli.signals import Interrupts
    from genie.cli.terminal.live import View
    from genie.config.pipeline import Pipeline
    from genie.contracts.card import Caller
    from genie.contracts.message import Payload
    from genie.journal.jsonl import JournalFile, JournalLines
    from genie.runtime.report import Outcome
    from genie.runtime.runtime import Runtime


@click.command(epilog=manual(
    ("Run the sample statement", "genie run config/pipelines/insights.yaml"),
    ("Ask a question on your own statements",
     "genie run insights --input config/statements/sample.csv --question 'Where am I overspending?'"),
    ("Print one JSON object, for a named caller",
     "genie run config/pipelines/insights.yaml --json --as ann --role analyst"),
    ("Write a page to share, and the journal of all decisions",
     "genie run config/pipelines/insights.yaml --quiet --html report.html --journal run.jsonl"),
    exits={0: "complete; or drained after SIGTERM: stderr reports what remains", 2: USUAL[2],
           3: "partial: parts are missing, or rows could not be read",
           4: "failed or denied", 5: "held: a person must decide", 130: "interrupted; a second signal ends at once"},
    notes="On a terminal, a live view shows agents and messages. NO_COLOR and TERM=dumb turn it off, but the "
    "command still asks about held deliveries.",
))  # fmt: skip
@click.argument("pipeline", type=click.Path(), shell_complete=suggestions.pipelines)
@click.option(
    "--input", "inputs", multiple=True, metavar="FILE", shell_complete=suggestions.files,
    help="Input of the pipeline; - is standard input. Repeatable.",
)  # fmt: skip
@click.option("--question", metavar="TEXT", help="Text of the question.")
@click.option(
    "--profile", "profiles", multiple=True, metavar="[INPUT=]FILE", shell_complete=suggestions.files,
    help="YAML file that describes how to read the inputs, or one of them.",
)  # fmt: skip
@identity_options
@click.option("--control", metavar="FILE", shell_complete=suggestions.files,
              help="Control file for approvals and switches from other shells.")  # fmt: skip
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", shell_complete=suggestions.settings,
              help="Override a value of the pipeline.")  # fmt: skip
@click.option("--journal", metavar="FILE", shell_complete=suggestions.files,
              help="Write headers, findings, verdicts and outcomes as JSON lines.")  # fmt: skip
@click.option("--audit", metavar="DIR", shell_complete=suggestions.files,
              help="Write an audit trail of verdicts and governance events to this folder.")  # fmt: skip
@click.option("--html", metavar="FILE", shell_complete=suggestions.files,
              help="Write the report as one page with charts; it needs no network.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--quiet",
    is_flag=True,
    help="Print only the report: no live view, no summary, no warnings except about missing policies.",
)
@click.option("--drain-within", "within_s", type=Finite(min=0), default=30.0, show_default=True,
              metavar="SECONDS", help="Time limit of the run after SIGTERM; Ctrl-C cancels it at once.")  # fmt: skip
@debug_option
@metrics_option
@otel_options
@log_options
@guarded
def command(pipeline: str, **given: Any) -> None:
    """Run PIPELINE on one question and print the report.

    The report goes to standard output, all other text to stderr. Files are written completely or not at all.

    On a terminal, the command asks about held deliveries. Without a terminal, it waits for decisions if the pipeline
    has `control:`; otherwise the run ends as held.
    """
    logged(given)
    loaded = load(pipeline, overrides=given["overrides"])
    quiet = given["quiet"] or given["as_json"]
    for warning in loaded.warnings:
        if not quiet or UNGOVERNED in warning:
            click.echo(plain(f"warning: {warning}"), err=True)
    loaded = audited(controlled(debugged(loaded, given), given["control"]), given["audit"])
    caller = identified(loaded.caller, given, signed=loaded.signed, audit=loaded.audit)
    question = loaded.input.question(question=given["question"], input_file=given["inputs"], profile=given["profiles"])
    with _page(given["html"], given["journal"]) as page:
        beside = functools.partial(_operated, port=given["metrics"], otel=given["otel"], pipeline=loaded)
        live = not quiet and is_live()
        people = not quiet and is_terminal(sys.stderr) and is_terminal(sys.stdin)
        try:
            outcome = _conducted(loaded, question, caller, given, page, beside, live=live, people=people)
        except Interrupted as interrupted:
            stop(interruption(interrupted), INTERRUPTED)
        except Drained as drained:
            if given["as_json"]:
                click.echo(to_text(drained.outcome.as_json()))
            stop(interruption(drained), Status.COMPLETE.exit_code)
        if page is not None:
            page.write(outcome, pipeline=loaded, caller=caller)
    if given["as_json"]:
        click.echo(to_text(outcome.as_json()))
    else:
        _print(outcome, summary=not given["quiet"])
        if outcome.status is Status.HELD and loaded.control is None and not given["quiet"]:
            click.echo(
                "nobody could decide: run it on a terminal, or with --control FILE; see genie approvals", err=True
            )
    raise SystemExit(outcome.status.exit_code)


def _conducted(
    pipeline: Pipeline,
    question: Payload,
    caller: Caller,
    given: Mapping[str, Any],
    page: PageFile | None,
    beside: Callable[[Runtime], AbstractAsyncContextManager[None]],
    *,
    live: bool,
    people: bool,
) -> Outcome:
    filenames = (getattr(question, "filename", ""), *(item.filename for item in getattr(question, "files", ())))
    with (
        _journal(given["journal"], pipeline, caller) as journal_file,
        _watching(pipeline, live=live, quiet=given["quiet"]) as (view, paused),
    ):
        kept = journal_file if page is None else page.witness(journal_file, _lines(pipeline, caller))

        async def conducted(heard: Interrupts | None) -> Outcome:
            if heard is not None and view is not None:
                heard.on_first = view.interrupt
            return await conduct(
                pipeline,
                question,
                caller=caller,
                journal=kept,
                watch=None if view is None else view.update,
                until=None if heard is None else functools.partial(_left, heard, given["within_s"]),
                filenames=filenames,
                beside=beside,
                decide=deciding(pipeline.control, paused if people else None),
            )

        return run_async(conducted)


async def _left(heard: Interrupts, within_s: float) -> float | None:
    """Wait for a signal; return the seconds that the run has left after it, None where it is cancelled at once."""
    if await heard.first() != signal.SIGTERM:
        return None
    click.echo(f"draining, {within_s:g} seconds at most", err=True)
    return within_s


@contextlib.asynccontextmanager
async def _operated(runtime: Runtime, *, port: int | None, otel: bool, pipeline: Pipeline) -> AsyncIterator[None]:
    """Reload policies when their files change, serve metrics, and record spans."""
    renew(runtime)
    async with metered(runtime, port=port), spanned(runtime, on=otel, pipeline=pipeline):
        yield


@contextlib.contextmanager
def _page(path: str | None, journal: str | None) -> Iterator[PageFile | None]:
    """Open the page's file before the run, so that a path that cannot be written fails before any work."""
    if path is None:
        yield None
        return
    from genie.cli.options.html import page_file  # noqa: PLC0415 - only for those who want a page

    with page_file(path, other=journal) as page:
        yield page


def _lines(pipeline: Pipeline, caller: Caller) -> JournalLines:
    """Return what makes the lines of a journal, each payload masked for the caller."""
    from genie.journal.jsonl import JournalLines  # noqa: PLC0415 - start-up: only with --journal or --html

    reader = caller.card()
    senders = {binding.card.id: binding.card for binding in pipeline.bindings} | {reader.id: reader}
    senders |= {join.id: AgentCard(id=join.id, clearance=join.clearance) for join in pipeline.joins}
    return JournalLines(policies=pipeline.policies, reader=reader, senders=senders)


@contextlib.contextmanager
def _journal(path: str | None, pipeline: Pipeline, caller: Caller) -> Iterator[JournalFile | None]:
    """Open the journal; the file appears when the run has ended, also after a failure."""
    if path is None:
        yield None
        return
    from genie.journal.jsonl import JournalFile  # noqa: PLC0415 - start-up: only with --journal

    ended: BaseException | None = None
    with whole_file(Path(path)) as file:
        journal = JournalFile(file, _lines(pipeline, caller))
        try:
            yield journal
        except Exception as error:  # noqa: BLE001 - raised again below, once the file is in its place
            ended = error
        if journal.failure is not None:
            raise journal.failure
    if ended is not None:
        raise ended


@contextlib.contextmanager
def _watching(pipeline: Pipeline, *, live: bool, quiet: bool) -> Iterator[tuple[View | None, Paused]]:
    """Show the live view, or progress where it cannot be shown; the second value pauses it while somebody is asked."""
    if not live:
        shows = contextlib.nullcontext if quiet else functools.partial(progress, f"running {pipeline.id}")
        with contextlib.ExitStack() as shown:

            @contextlib.contextmanager
            def silent() -> Iterator[None]:
                shown.close()
                try:
                    yield
                finally:
                    shown.enter_context(shows())

            shown.enter_context(shows())
            yield None, silent
        return
    from rich.console import Console  # noqa: PLC0415 - rich is loaded only where something is drawn
    from rich.live import Live  # noqa: PLC0415 - as above

    from genie.cli.terminal.live import View  # noqa: PLC0415 - as above

    view = View(pipeline.title)

    @contextlib.contextmanager
    def paused() -> Iterator[None]:
        picture.stop()
        try:
            yield
        finally:
            picture.start()

    picture = Live(get_renderable=view.render, console=Console(stderr=True), refresh_per_second=8, transient=True)
    with cleaned_up(show_cursor), picture:
        yield view, paused


def _print(outcome: Outcome, *, summary: bool) -> None:
    from genie.cli.terminal.screen import show, show_report  # noqa: PLC0415 - as above
    from genie.cli.terminal.summary import render_summary  # noqa: PLC0415 - as above
    from genie.reports.renderers import report_of  # noqa: PLC0415 - as above

    for notice in outcome.notices:
        click.secho(f"Notice: {plain(notice)}", bold=True)
    for payload in outcome.held if outcome.answer is None else (outcome.answer,):
        show_report(report_of(payload))
    if summary:
        show(render_summary(outcome))
    elif outcome.answer is None:
        for reason in outcome.reasons:
            click.echo(plain(reason), err=True)
