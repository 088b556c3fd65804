"""`genie eval`: ask a pipeline golden questions, and compare models and versions of prompts."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genie.cli.errors import guarded, run_async, stop
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.signals import INTERRUPTED
from genie.cli.terminal.json_text import to_text
from genie.cli.terminal.progress import progress

if TYPE_CHECKING:
    from genie.cli.signals import Interrupts
    from genie.evaluation.results import Outcome
    from genie.evaluation.suite import Suite

FAILED = 1


@click.command("eval", epilog=manual(
    ("Ask the shipped assistant its golden questions", "genie eval assistant"),
    ("Write the result as a page, and as JSON for later comparisons (--baseline)",
     "genie eval finance_assistant --html report.html --json"),
    exits={0: "every variant reaches the rates of `least`, and none is worse than the baseline",
           FAILED: "a variant misses a rate of `least`, or is worse than the baseline", 2: USUAL[2], 130: USUAL[130]},
))  # fmt: skip
@click.argument("suite", required=False, type=click.Path(), shell_complete=suggestions.files)
@click.option("--variant", "variants", multiple=True, metavar="ID", help="Only this variant; repeatable.")
@click.option("--question", "questions", multiple=True, metavar="ID", help="Only this question; repeatable.")
@click.option("--repeat", type=click.IntRange(1, 1_000), metavar="N", help="Answers to each question.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE",
              help="An earlier result of --json; a worse result fails.")  # fmt: skip
@click.option("--html", metavar="FILE", help="Write the result as one page; it needs no network.")
@click.option("--list", "listed", is_flag=True, help="List the shipped suites.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@guarded
def command(
    suite: str | None, *, variants: tuple[str, ...], questions: tuple[str, ...], repeat: int | None,
    baseline: Path | None, html: str | None, listed: bool, as_json: bool,
) -> None:  # fmt: skip
    """Ask the golden questions of SUITE and check the answers, for each model and prompt version.

    SUITE is a file, or the name of a shipped suite. Each rate has its 95 % confidence interval.
    """
    from genie.evaluation.drawing import page, report  # noqa: PLC0415 - start-up: after the words are parsed
    from genie.evaluation.results import read_baseline, worse  # noqa: PLC0415 - as above
    from genie.evaluation.suite import read_suite, shipped  # noqa: PLC0415 - as above

    if listed or suite is None:
        from genie.cli.commands.shipped import show_shipped  # noqa: PLC0415 - as above

        show_shipped(shipped(), as_json=as_json)
        return
    checked = read_suite(Path(suite)).narrowed(variants, questions, repeat)
    before = None if baseline is None else read_baseline(baseline)
    with contextlib.ExitStack() as stack:
        file = None
        if html is not None:
            from genie.cli.options.html import page_file  # noqa: PLC0415 - only for those who want a page

            file = stack.enter_context(page_file(html))
        outcome = _run(checked)
        fallen = [] if before is None else worse(outcome, before)
        if file is not None:
            file.file.write(page(outcome, fallen))
    if as_json:
        click.echo(to_text({**outcome.as_json(), "worse": fallen}))
    else:
        from genie.cli.terminal.screen import show_report  # noqa: PLC0415 - start-up

        show_report(report(outcome, fallen))
    sys.exit(FAILED if outcome.short() or fallen else 0)


def _run(suite: Suite) -> Outcome:
    import anyio  # noqa: PLC0415 - start-up

    from genie.evaluation.running import run_suite  # noqa: PLC0415 - as above

    with progress("0 answers") as tell:

        async def main(heard: Interrupts | None) -> Outcome | None:
            found: Outcome | None = None
            async with anyio.create_task_group() as tasks:

                async def left() -> None:
                    await (anyio.sleep_forever() if heard is None else heard.first())
                    tasks.cancel_scope.cancel()

                tasks.start_soon(left)
                found = await run_suite(suite, lambda done, count: tell(f"{done}/{count} answers"))
                tasks.cancel_scope.cancel()
            return found

        outcome = run_async(main)
    if outcome is None:
        stop("interrupted", INTERRUPTED)
    return outcome
