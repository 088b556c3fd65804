"""Checks of the machine: writable folders, clocks, time zones, and the terminal."""

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
from genie.cli.diagnostics.installation import installing
from genie.cli.terminal.screen import has_colour, is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_EARLIEST, _LATEST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_READINGS = 1_000
_ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York")
_DRAWN = "─█▏▁…"


def folder(check: Check, place: Path) -> Finding:
    """Return whether a folder is writable, by creating a file in it."""
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"genie")
    except OSError as error:
        return Finding(check, f"{place} cannot be written to ({error.strerror})", _REMEDIES[check])
    return Finding(check, str(place))


_REMEDIES = {
    Check.FOLDER: "run in another folder, or pass absolute paths to --journal and --html",
    Check.TEMPORARY: "set TMPDIR to a writable folder",
}


def temporary() -> Finding:
    """Return whether the folder for temporary files is writable."""
    try:
        return folder(Check.TEMPORARY, Path(tempfile.gettempdir()))
    except OSError:
        return Finding(Check.TEMPORARY, "there is no folder for temporary files", _REMEDIES[Check.TEMPORARY])


def monotonic(clock: Callable[[], float]) -> Finding:
    """Return whether a clock goes forward."""
    readings = [clock() for _ in range(_READINGS)]
    step = "use another clock source, or another machine"
    if any(after < before for before, after in itertools.pairwise(readings)):
        return Finding(Check.MONOTONIC, "the monotonic clock goes back", step)
    if readings[0] == readings[-1] == clock():
        return Finding(Check.MONOTONIC, "the monotonic clock stands still", step)
    return Finding(Check.MONOTONIC, f"forward in {_READINGS} readings")


def wall(now: datetime) -> Finding:
    """Return whether a date is plausible."""
    shown = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    if not _EARLIEST <= now <= _LATEST:
        return Finding(Check.WALL, f"{shown} is not plausible", "set the clock of the machine, for example by NTP")
    return Finding(Check.WALL, shown)


def zones(names: Iterable[str] = _ZONES) -> Finding:
    """Return whether time-zone data is available."""
    missing = [name for name in names if not _has_zone(name)]
    if missing:
        step = f"{installing('schedule')}, or install the tzdata of the system"
        return Finding(Check.ZONES, f"not found: {', '.join(missing)}", step)
    return Finding(Check.ZONES, "found")


def _has_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True


def terminal(stream: IO[str]) -> Finding:
    """Return whether standard output can show bars and lines, and its properties."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        _DRAWN.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        detail = f"the encoding {encoding} has no characters for bars and lines"
        return Finding(Check.TERMINAL, detail, "set PYTHONUTF8=1, or a UTF-8 locale")
    if not is_terminal(stream):
        return Finding(Check.TERMINAL, f"{encoding}, not a terminal: no colour and no live view")
    colour = "colour" if has_colour(stream) else "no colour (NO_COLOR or TERM)"
    columns = shutil.get_terminal_size((80, 24)).columns
    return Finding(Check.TERMINAL, f"{encoding}, {columns} columns, TERM={os.environ.get('TERM', '')}, {colour}")
