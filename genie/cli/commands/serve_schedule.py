"""`genie serve-schedule`: ask a pipeline's question by the clock, until drained."""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import click

from genie.cli.errors import guarded
from genie.cli.files import read_payload, whole_file
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.control import controlled
from genie.cli.options.identity import identified, identity_options
from genie.cli.options.reload import renew
from genie.cli.signals import interrupts
from genie.cli.terminal.drawing import plain
from genie.config.loader import load
from genie.errors import InputError
from genie.runtime.runtime import Runtime
from genie.scheduling.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.config.pipeline import Pipeline
    from genie.contracts.card import Caller
    from genie.scheduling.scheduler import Notice

_MAX_STATE_BYTES = 1 << 20
_LEVELS = ("debug", "info", "warning", "error", "critical")


@click.command("serve-schedule", epilog=manual(
    ("Until SIGTERM, remembering over restarts what has fired",
     "genie serve-schedule pipeline.yaml --state fired.json --drain-within 60"),
    exits={0: "drained", 2: USUAL[2], 130: "a second signal stopped it"},
))  # fmt: skip
@click.argument("pipeline", type=click.Path(), shell_complete=suggestions.pipelines)
@click.option("--drain-within", "within_s", type=click.FloatRange(min=0), default=30.0, show_default=True,
              metavar="SECONDS", help="How long runs may go on after the first SIGTERM or SIGINT.")  # fmt: skip
@click.option("--state", type=click.Path(path_type=Path), metavar="FILE",
              help="Remember here what has fired, so that a restart knows what it missed.")  # fmt: skip
@identity_options
@click.option("--control", metavar="FILE", shell_complete=suggestions.files,
              help="Let other terminals approve and switch off through this file.")  # fmt: skip
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", shell_complete=suggestions.settings,
              help="Override a value of the pipeline.")  # fmt: skip
@click.option("--log-level", type=click.Choice(_LEVELS), default="error", show_default=True, help="Log to stderr.")
@guarded
def command(pipeline: str, within_s: float, state: Path | None, **given: Any) -> None:
    """Serve the `schedule:` of PIPELINE until SIGTERM or SIGINT.

    Then no run is admitted any more, firings are skipped and counted, and what runs has --drain-within seconds.

    Policy files are watched, and read again at SIGHUP.
    """
    logging.basicConfig(
        level=given["log_level"].upper(), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    loaded = load(pipeline, overrides=given["overrides"])
    if not loaded.schedules:
        raise InputError(pipeline, "has no `schedule:`", "add one, or use `genie run`")
    for warning in loaded.warnings:
        click.echo(plain(f"warning: {warning}"), err=True)
    loaded = controlled(loaded, given["control"])
    seen = {} if state is None else _read(state)

    def tell(notice: Notice) -> None:
        if state is not None and notice.what not in {"handled", "failed"}:
            seen[notice.schedule] = max(notice.due, seen.get(notice.schedule, notice.due))
            _write(state, seen)
        # Last, because it raises when the reader of a pipe has gone away; the scheduler counts that and goes on.
        click.echo(plain(f"{notice.due:%Y-%m-%dT%H:%M:%SZ} {notice.schedule} {notice.what} {notice.detail}".rstrip()))

    caller = identified(loaded.caller, given, signed=loaded.signed, audit=loaded.audit)
    scheduler = anyio.run(_serve, loaded, caller, seen, tell, within_s)
    _summarise(scheduler)


async def _serve(
    pipeline: Pipeline,
    caller: Caller,
    seen: Mapping[str, datetime],
    tell: Callable[[Notice], None],
    within_s: float,
) -> Scheduler:
    async with Runtime.from_pipeline(pipeline, caller=caller) as runtime:
        renew(runtime)
        scheduler = Scheduler(
            runtime, pipeline.schedules, pipeline.answer, question=pipeline.input.question,
            deadline_s=pipeline.within_s, since=dict(seen), tell=tell,
        )  # fmt: skip
        with interrupts() as heard:
            with suppress(OSError):  # nobody reads the output; the first notice fails too, and that is counted
                for name, due in scheduler.upcoming().items():
                    click.echo(plain(f"{due:%Y-%m-%dT%H:%M:%SZ} {name} is next"))
            async with scheduler.running():
                await (anyio.sleep_forever() if heard is None else heard.first())
                click.echo(f"draining, {within_s:g} seconds at most", err=True)
                await scheduler.drain(within_s)
        return scheduler


def _summarise(scheduler: Scheduler) -> None:
    """Write the counts of each schedule to standard output, or to standard error if nobody reads the output."""
    lines = []
    for name, counts in scheduler.firings.items():
        parts = [f"{getattr(counts, word)} {word}" for word in counts.__slots__ if getattr(counts, word)]
        lines.append(f"{name}: {', '.join(parts) or 'no firings'}")
    if scheduler.untold:
        lines.append(f"{scheduler.untold} lines could not be written to standard output")
    text = plain("\n".join(lines))
    try:
        click.echo(text)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # takes what is still buffered, or the exit would fail on it
        click.echo(text, err=True)


def _read(path: Path) -> dict[str, datetime]:
    """Return, by schedule, until when firings were dealt with; nothing from a file that is not there yet."""
    if not path.exists():
        return {}
    try:
        values = json.loads(read_payload(str(path), limit=_MAX_STATE_BYTES))
        return {str(name): datetime.fromisoformat(value).astimezone(UTC) for name, value in values.items()}
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        raise InputError(str(path), "is not a valid state of schedules", "name another file, or remove it") from None


def _write(path: Path, seen: Mapping[str, datetime]) -> None:
    try:
        with whole_file(path) as file:
            json.dump({name: due.isoformat() for name, due in seen.items()}, file)
    except InputError as error:  # what runs goes on; after a restart more may count as missed
        click.echo(plain(str(error)), err=True)
