"""`genie serve-schedule`: run a pipeline on its schedule until it is drained."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import click

from genie.cli.errors import guarded, run_async
from genie.cli.files import read_payload, whole_file
from genie.cli.help import USUAL, manual
from genie.cli.options import completion as suggestions
from genie.cli.options.control import controlled
from genie.cli.options.identity import identified, identity_options
from genie.cli.options.reload import renew
from genie.cli.options.telemetry import debug_option, debugged, log_options, logged
from genie.cli.terminal.drawing import plain
from genie.cli.usage import Finite
from genie.config.loader import load
from genie.contracts.json_text import unique_keys
from genie.errors import InputError
from genie.runtime.report import USAGE
from genie.runtime.runtime import Runtime
from genie.scheduling.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from genie.cli.signals import Interrupts
    from genie.config.pipeline import Pipeline
    from genie.scheduling.scheduler import Firings, Notice

_MAX_STATE_BYTES = 1 << 20


@click.command("serve-schedule", epilog=manual(
    ("Serve until SIGTERM; a state file survives restarts",
     "genie serve-schedule pipeline.yaml --state fired.json --drain-within 60"),
    exits={0: "drained", 2: f"{USUAL[2]}; or standard output was lost", 130: "stopped by a second signal"},
))  # fmt: skip
@click.argument("pipeline", type=click.Path(), shell_complete=suggestions.pipelines)
@click.option("--drain-within", "within_s", type=Finite(min=0), default=30.0, show_default=True,
              metavar="SECONDS", help="Time limit of runs after the first SIGTERM or SIGINT.")  # fmt: skip
@click.option("--state", type=click.Path(path_type=Path), metavar="FILE",
              help="State file; after a restart, it shows which firings were missed.")  # fmt: skip
@identity_options
@click.option("--control", metavar="FILE", shell_complete=suggestions.files,
              help="Control file for approvals and switches from other shells.")  # fmt: skip
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", shell_complete=suggestions.settings,
              help="Override a value of the pipeline.")  # fmt: skip
@debug_option
@log_options
@guarded
def command(pipeline: str, within_s: float, state: Path | None, **given: Any) -> None:
    """Serve the `schedule:` of PIPELINE until SIGTERM or SIGINT.

    The signal starts a drain: no run is admitted, firings are skipped and counted, and runs in flight have
    --drain-within seconds.

    Policy files are reloaded when they change, and at SIGHUP.
    """
    logged(given)
    loaded = debugged(load(pipeline, overrides=given["overrides"]), given)
    if not loaded.schedules:
        raise InputError(pipeline, "has no `schedule:`", "add one, or use `genie run`")
    for warning in loaded.warnings:
        click.echo(plain(f"warning: {warning}"), err=True)
    loaded = controlled(loaded, given["control"])
    with _alone(state):
        _serve(loaded, within_s, state, given)


def _serve(loaded: Pipeline, within_s: float, state: Path | None, given: Mapping[str, Any]) -> None:
    seen = {} if state is None else _read(state)
    out = _Output()

    def tell(notice: Notice) -> None:
        out.write(f"{notice.due:%Y-%m-%dT%H:%M:%SZ} {notice.schedule} {notice.what} {notice.detail}".rstrip())
        if state is not None and notice.what not in {"handled", "failed"}:
            seen[notice.schedule] = max(notice.due, seen.get(notice.schedule, notice.due))
            _write(state, seen)

    caller = identified(loaded.caller, given, signed=loaded.signed, audit=loaded.audit)

    async def serve(heard: Interrupts | None) -> Mapping[str, Firings]:
        async with Runtime.from_pipeline(loaded, caller=caller) as runtime:
            renew(runtime)
            scheduler = Scheduler(
                runtime, loaded.schedules, loaded.answer, question=loaded.input.question,
                deadline_s=loaded.within_s, since=dict(seen), tell=tell,
            )  # fmt: skip
            for name, due in scheduler.upcoming().items():
                out.write(f"{due:%Y-%m-%dT%H:%M:%SZ} {name} is next")
            async with scheduler.running():
                await (anyio.sleep_forever() if heard is None else heard.first())
                _warn(f"draining, {within_s:g} seconds at most")
                await scheduler.drain(within_s)
            return scheduler.firings

    for name, counts in run_async(serve).items():
        told = ", ".join(f"{getattr(counts, word)} {word}" for word in counts.__slots__ if getattr(counts, word))
        out.write(f"{name}: {told or 'no firing'}")
    if out.lost:
        raise SystemExit(USAGE)


class _Output:
    """Lines on standard output. A reader that goes away stops the lines, never the schedules."""

    def __init__(self) -> None:
        self.lost = False

    def write(self, line: str) -> None:
        if self.lost:
            return
        try:
            click.echo(plain(line))
        except OSError as error:
            self.lost = True
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still in the buffer
            why = f"standard output: cannot be written ({error.strerror}); schedules continue"
            _warn(f"{why}, and --log-level info logs their firings")


def _warn(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads stderr either
        click.echo(plain(text), err=True)


@contextlib.contextmanager
def _alone(state: Path | None) -> Iterator[None]:
    """Keep other schedulers from a state file: two would fire everything twice.

    Raises:
        InputError: Another scheduler has it, or its lock cannot be made.
    """
    if state is None:
        yield
        return
    try:
        import fcntl  # noqa: PLC0415 - not on every system; without it nobody is kept out
    except ImportError:
        yield
        return
    lock = state.with_name(f"{state.name}.lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise InputError(str(lock), f"cannot be opened ({error.strerror})", "name a file in another folder") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(str(state), "is used by another scheduler", "name another file, or end that one") from None
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> dict[str, datetime]:
    """Return schedule -> time of its last firing; empty when the file does not exist."""
    if not path.exists():
        return {}
    try:
        values = json.loads(read_payload(str(path), limit=_MAX_STATE_BYTES), object_pairs_hook=unique_keys)
        return {str(name): datetime.fromisoformat(value).astimezone(UTC) for name, value in values.items()}
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        raise InputError(str(path), "is not a state file of schedules", "name another file, or remove it") from None


def _write(path: Path, seen: Mapping[str, datetime]) -> None:
    try:
        with whole_file(path) as file:
            json.dump({name: due.isoformat() for name, due in seen.items()}, file)
    except InputError as error:  # schedules go on; a restart may count more firings as missed
        _warn(str(error))
