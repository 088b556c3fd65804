"""Start times, customers and questions of runs, drawn from the seed.

Arrivals are numbered in the order of their times. The question of an arrival depends only on the seed and the number,
so a run stays the same when other runs are left out.
"""

from __future__ import annotations

import csv
import heapq
import itertools
import math
import random
from typing import TYPE_CHECKING, NamedTuple

from genie.errors import InputError
from genie.simulation.durations import parse_duration

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from genie.simulation.schema import ArrivalsSection, Rhythm, ScenarioSection

MAX_TRACE_BYTES = 100_000_000

_HOURS = (
    0.2, 0.12, 0.08, 0.08, 0.12, 0.3, 0.6, 1.0, 1.4, 1.7, 1.8, 1.8,
    1.7, 1.6, 1.6, 1.5, 1.5, 1.6, 1.7, 1.6, 1.3, 0.9, 0.5, 0.3,
)  # fmt: skip
"""Estimated weight of each hour of the day; the mean is about 1."""
_WEEKDAYS = (1.15, 1.1, 1.1, 1.1, 1.2, 0.75, 0.6)
"""Weight of each day from Monday; the mean is 1."""
_OFFICE = (1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0)
_OFFICE_HOURS = range(8, 18)


class Arrival(NamedTuple):
    """One run to start."""

    number: int
    """From 1, in the order of time."""
    at: float
    """Virtual seconds from the start."""
    customer: int
    """Position in the population."""
    question: int
    """Position among the questions."""


class Trace(NamedTuple):
    """A trace file: time, customer and question of each arrival; None if the seed decides."""

    rows: tuple[tuple[float, int | None, int | None], ...]


def read_trace(path: Path, questions: int) -> Trace:
    """Read a CSV file with the column ``at``, and optionally ``customer`` and ``question`` (both from 0).

    Raises:
        InputError: The file cannot be read, or a row has an invalid time, customer or question.
    """
    try:
        if path.stat().st_size > MAX_TRACE_BYTES:
            raise InputError(str(path), f"is larger than {MAX_TRACE_BYTES:,} bytes")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if "at" not in (reader.fieldnames or ()):
                raise InputError(str(path), "has no column `at`", "name its columns at, customer and question")
            rows = [_row(path, line, row, questions) for line, row in enumerate(reader, 2)]
    except (OSError, ValueError, csv.Error) as error:  # not UTF-8, or a path with a NUL character
        raise InputError(repr(str(path))[1:-1], f"cannot be read ({type(error).__name__})", "check the path") from None
    return Trace(tuple(sorted(rows, key=lambda row: row[0])))


def _row(path: Path, line: int, row: Mapping[str, str | None], questions: int) -> tuple[float, int | None, int | None]:
    try:
        text = row.get("at") or ""
        at = float(text) if text.replace(".", "", 1).isdigit() else parse_duration(text)
        customer, question = (int(row[name] or "") if row.get(name) else None for name in ("customer", "question"))
    except ValueError:
        raise InputError(f"{path}:{line}", "is not a time, customer and question") from None
    if (
        not isinstance(at, float)
        or not math.isfinite(at)
        or (customer or 0) < 0
        or not 0 <= (question or 0) < questions
    ):
        raise InputError(f"{path}:{line}", "has a time, customer or question out of range")
    return at, customer, question


def arrivals(section: ScenarioSection, seed: int, traces: Mapping[int, Trace]) -> Iterator[Arrival]:
    """Yield all arrivals of a scenario under a seed, in the order of time."""
    workload = section.workload
    start = section.start
    streams = [
        _times(one, section.duration, _source(seed, place), start, traces.get(place))
        for place, one in enumerate(workload.arrivals)
    ]
    weights = list(itertools.accumulate(one.weight for one in workload.questions))
    size = workload.population.size
    merged = heapq.merge(*streams, key=lambda row: row[0])
    for number, (at, customer, question) in enumerate(itertools.islice(merged, workload.most), 1):
        draw = random.Random(seed * 1_000_003 + number)  # noqa: S311 - repeatable on purpose
        chosen = draw.randrange(size)
        asked = _pick(weights, draw.random())
        yield Arrival(
            number, at, chosen if customer is None else customer % size, asked if question is None else question
        )


def _source(seed: int, place: int) -> random.Random:
    return random.Random(f"{seed}/arrivals/{place}")  # noqa: S311 - repeatable on purpose


def _pick(weights: list[float], drawn: float) -> int:
    at = drawn * weights[-1]
    return next(place for place, weight in enumerate(weights) if at < weight or place == len(weights) - 1)


_Row = tuple[float, int | None, int | None]


def _times(
    one: ArrivalsSection, duration: float, source: random.Random, start: datetime.datetime, trace: Trace | None
) -> Iterator[_Row]:
    end = min(duration, duration if one.until is None else one.until)
    if trace is not None:
        yield from (row for row in trace.rows if one.start <= row[0] < end)
    elif one.every is not None:
        for count in itertools.count():
            at = one.start + count * one.every
            if at >= end:
                return
            yield at, None, None
    elif one.burst is not None:
        at = one.start
        while at < end:
            over = [at + source.random() * one.over for _ in range(one.burst)]
            yield from ((moment, None, None) for moment in sorted(over) if moment < end)
            if one.again is None:
                return
            at += one.again
    elif one.poisson is not None:
        yield from _poisson(one.poisson / 3600, one.start, end, source, _Rhythm(one.rhythm, start))


def _poisson(rate: float, begin: float, end: float, source: random.Random, rhythm: _Rhythm) -> Iterator[_Row]:
    """Yield the times of a Poisson process whose rate follows a rhythm, by thinning."""
    at = begin
    while True:
        at += source.expovariate(rate * rhythm.highest)
        if at >= end:
            return
        if source.random() * rhythm.highest < rhythm.weight(at):
            yield at, None, None


class _Rhythm:
    """The weight of each hour of the week; the mean is 1."""

    def __init__(self, name: Rhythm, start: datetime.datetime) -> None:
        self._hour = start.hour + start.minute / 60
        self._day = start.weekday()
        hours: tuple[float, ...] = (1.0,) * 24
        days: tuple[float, ...] = (1.0,) * 7
        if name in {"daily", "weekly"}:
            hours = _HOURS
        if name == "weekly":
            days = _WEEKDAYS
        if name == "business":
            hours, days = tuple(1.0 if hour in _OFFICE_HOURS else 0.0 for hour in range(24)), _OFFICE
        mean = sum(hours) * sum(days) / 168
        self._weights = [hour * day / mean for day in days for hour in hours]
        self.highest = max(self._weights)

    def weight(self, at: float) -> float:
        """Return the weight of a virtual time."""
        hours = self._hour + at / 3600 + 24 * self._day
        return self._weights[int(hours) % 168]
