"""At the control file: which one, who is there, and what time it is."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie.backend.clock import Clock
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from genie.config.pipeline import Pipeline
    from genie.edges.control.database import Ledger

_OPTIONS = (
    click.option("--control", metavar="FILE", help="The control file of what runs."),
    click.option(
        "--pipeline", type=click.Path(), metavar="FILE", help="Take the control file that this pipeline names."
    ),
)
_WHO = (
    click.option("--as", "user", metavar="USER", help="Who does it; the name of your login by default."),
    click.option("--reason", default="", metavar="TEXT", help="Why; it is kept in the audit."),
)
_TERM = re.compile(r"(\d{1,6})([smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def control_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where the control file is."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def who_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say who switches something, and why."""
    for option in reversed(_WHO):
        command = option(command)
    return command


def who(given: Mapping[str, Any]) -> str:
    """Return who acts: as said, or who is logged in."""
    import getpass  # noqa: PLC0415 - start-up: only where nobody says who decides

    return str(given["user"] or getpass.getuser())


@contextmanager
def opened(given: Mapping[str, Any]) -> Iterator[Ledger]:
    """Open the control file that the options name.

    Raises:
        InputError: None is named, or it cannot be used.
    """
    from genie.edges.control.database import Ledger  # noqa: PLC0415 - SQLite, for those who use it

    ledger = Ledger(_path(given), create=False)
    try:
        yield ledger
    finally:
        ledger.close()


def _path(given: Mapping[str, Any]) -> Path:
    if given["control"] is not None:
        return Path(given["control"])
    if given["pipeline"] is None:
        text = "are kept in the memory of the process that runs, out of reach from here"
        raise InputError("approvals and switches", text, "pass --control FILE, or --pipeline FILE that says `control:`")
    from genie.config.loader import load  # noqa: PLC0415 - YAML, for those who name a pipeline

    path = getattr(load(given["pipeline"]).control, "path", None)
    if path is None:
        raise InputError(given["pipeline"], "says no `control:`", "add `control: FILE`, and run it again")
    return Path(path)


def controlled(pipeline: Pipeline, path: str | None) -> Pipeline:
    """Return a pipeline with the control file that the command line names instead of its own."""
    if path is None:
        return pipeline
    from genie.edges.control.sqlite import ControlFile, ControlSettings  # noqa: PLC0415 - SQLite, for those who use it

    return replace(pipeline, control=ControlFile(ControlSettings(path=Path(path))))


def now() -> float:
    """Return the seconds since the epoch."""
    return Clock(time.monotonic).wall().timestamp()


def shown_time(at: float) -> str:
    """Return seconds since the epoch as a date in UTC."""
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return "an unknown time"


def seconds_of(term: str | None) -> float | None:
    """Return the seconds of a term such as ``90s``, ``15m``, ``2h`` or ``1d``; None for none.

    Raises:
        InputError: It is no such term.
    """
    if term is None:
        return None
    found = _TERM.match(term)
    if found is None or not int(found[1]):
        raise InputError(f"--for {term}", "is no term", "write 90s, 15m, 2h or 1d")
    return float(int(found[1]) * _SECONDS[found[2]])
