"""The record of measurements with place and time: an append-only table."""

from __future__ import annotations

import csv
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from benchmarks.figures import Figure

COLUMNS = (
    "date", "version", "python", "machine", "figure", "value", "unit", "baseline", "ratio", "limit", "kept",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Occasion:
    """When, of what and where figures were measured."""

    date: datetime.datetime
    version: str
    """Of Genie."""
    python: str
    machine: str


def here(date: datetime.datetime, version: str) -> Occasion:
    """Return the occasion of measuring on this machine."""
    return Occasion(date, version, platform.python_version(), machine())


def machine() -> str:
    """Return the kind of this machine: system, architecture, usable cores, and processor; never its name."""
    usable = getattr(os, "sched_getaffinity", None)
    cores = len(usable(0)) if usable else os.cpu_count()
    return f"{platform.system()} {platform.machine()}, {cores} cores, {_processor()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown processor")


def is_new(path: Path) -> bool:
    """Return True when the file is to be begun, and False when rows can be added to it.

    Raises:
        ValueError: It holds something else.
    """
    if not path.exists() or not path.stat().st_size:
        return True
    with path.open(newline="", encoding="utf-8", errors="replace") as stream:
        header = stream.readline(1_000).strip()
    if header != ",".join(COLUMNS):
        raise ValueError(f"{path}: has other columns than {', '.join(COLUMNS)}; move it away, or name another file")
    return False


def append(path: Path, occasion: Occasion, figures: Iterable[Figure]) -> None:
    """Append one row a figure; a new file gets a header.

    Raises:
        ValueError: The file holds something else.
    """
    new = is_new(path)
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if new:
            writer.writerow(COLUMNS)
        date = occasion.date.isoformat(timespec="seconds")
        for one in figures:
            writer.writerow((
                date, occasion.version, occasion.python, occasion.machine, one.name, _number(one.value), one.unit,
                _number(one.baseline), _number(one.ratio), one.limit or "",
                "" if one.limit is None else "no" if one.missed else "yes",
            ))  # fmt: skip


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}" if value < 1e5 else f"{value:.0f}"
