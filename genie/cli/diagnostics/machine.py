"""The machine: places that can be written to, clocks, time zones, and the terminal."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import zoneinfo
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from genie.cli.diagnostics.finding import Check, Finding
from genie.cli.terminal.screen import has_colour, is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_EARLIEST, _LATEST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_READINGS = 1_000
_ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York")
_DRAWN = "─█▏▁…"


def folder(check: Check, place: Path) -> Finding:
    """Return whether a file can be made in a folder, which is the only way to know."""
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"genie")
    except OSError as error:
        return Finding(check, f"{place} cannot be written to ({error.strerror})", _REMEDIES[check])
    return Finding(check, str(place))


_REMEDIES = {
    Check.FOLDER: "run in another folder, or give --journal and --html whole paths",
    Check.TEMPORARY: "set TMPDIR to a folder that can be written to",
}


def temporary() -> Finding:
    """Return whether there is a folder for temporary files."""
    try:
        return folder(Check.TEMPORARY, Path(tempfile.gettempdir()))
    except OSError:
        return Finding(Check.TEMPORARY, "there is no folder for temporary files", _REMEDIES[Check.TEMPORARY])


def monotonic(clock: Callable[[], float]) -> Finding:
    """Return whether a clock never goes back, and goes on at all."""
    readings = [clock() for _ in range(_READINGS)]
    step = "let the machine use another clock source, or run on another machine"
    if any(after < before for before, after in itertools.pairwise(readings)):
        return Finding(Check.MONOTONIC, "the monotonic clock goes back", step)
    if readings[0] == readings[-1] == clock():
        return Finding(Check.MONOTONIC, "the monotonic clock stands still", step)
    return Finding(Check.MONOTONIC, f"forward in {_READINGS} readings")


def wall(now: datetime) -> Finding:
    """Return whether a date can be true."""
    shown = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    if not _EARLIEST <= now <= _LATEST:
        return Finding(Check.WALL, f"{shown} is no plausible date", "set the machine's clock, or let NTP set it")
    return Finding(Check.WALL, shown)


def zones(names: Iterable[str] = _ZONES) -> Finding:
    """Return whether time zones can be looked up."""
    missing = [name for name in names if not _has_zone(name)]
    if missing:
        step = "pip install 'genie-bus[schedule]', which brings tzdata, or install the system's tzdata"
        return Finding(Check.ZONES, f"not found: {', '.join(missing)}", step)
    return Finding(Check.ZONES, "found")


def _has_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True


def terminal(stream: IO[str]) -> Finding:
    """Return what is known of standard output."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        _DRAWN.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        detail = f"its encoding is {encoding}, in which bars and lines cannot be written"
        return Finding(Check.TERMINAL, detail, "set PYTHONUTF8=1, or a locale of UTF-8")
    if not is_terminal(stream):
        return Finding(Check.TERMINAL, f"{encoding}, no terminal: no colour and no live view")
    colour = "colour" if has_colour(stream) else "no colour (NO_COLOR or TERM)"
    columns = shutil.get_terminal_size((80, 24)).columns
    return Finding(Check.TERMINAL, f"{encoding}, {columns} columns, TERM={os.environ.get('TERM', '')}, {colour}")
