"""The bars of a course: the position of each span of a branch on the time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from genie.contracts.rendering import Branch, Course, Span

WIDE = 1000
_LEAST = 3
"""Minimum width of a bar, so that it is visible."""
_DEEPEST = 8
"""Maximum number of indented levels."""
_TICKS = 4
_INSTANT = 1e-6
"""Length in seconds below which an axis has no times: in a simulation without durations everything happens at once."""
KEYS = {
    "queued": "waits in a mailbox, or for its next attempt", "worked": "its handler works, or waits for answers",
    "held": "waits for a person", "passed": "from publication to end",
}  # fmt: skip


class Bar(NamedTuple):
    """One rectangle, in units of a viewport of 1000 by 12."""

    kind: str
    x: float
    y: int
    width: float
    height: int


class Row(NamedTuple):
    """One branch."""

    name: str
    indent: int
    took: str
    bars: list[Bar]
    says: str
    state: str
    tone: str


class Drawing(NamedTuple):
    """A course with coordinates."""

    rows: list[Row]
    ticks: list[str]
    keys: list[tuple[str, str]]


def bars(course: Course) -> Drawing:
    """Return a course with coordinates."""
    rows = [_row(branch, course.until) for branch in course.branches]
    ticks = [milliseconds(course.until * at / _TICKS) for at in range(_TICKS + 1)] if course.until > _INSTANT else []
    used = {span.kind for branch in course.branches for span in branch.spans}
    return Drawing(rows, ticks, [(kind, text) for kind, text in KEYS.items() if kind in used])


def milliseconds(seconds: float) -> str:
    """Return a time for people."""
    return f"{seconds * 1000:,.1f} ms" if seconds < 100 else f"{seconds:,.0f} s"


def took(branch: Branch) -> str:
    """Return how long a branch took; empty where it has no end."""
    return milliseconds(branch.spans[-1].end - branch.start) if branch.spans else ""


def _row(branch: Branch, until: float) -> Row:
    says = ", ".join(f"{span.kind} {milliseconds(span.end - span.start)}" for span in branch.spans) or "no time"
    drawn = [_bar(span, until) for span in branch.spans] or [Bar("worked", _x(branch.start, until), 2, _LEAST, 8)]
    return Row(branch.name, min(branch.depth, _DEEPEST), took(branch), drawn, says, branch.state, branch.tone)


def _bar(span: Span, until: float) -> Bar:
    start, end = _x(span.start, until), _x(span.end, until)
    waits = span.kind == "queued"
    return Bar(span.kind, start, 4 if waits else 1, max(_LEAST, round(end - start, 1)), 4 if waits else 10)


def _x(at: float, until: float) -> float:
    return round(min(max(at / until, 0.0), 1.0) * (WIDE - _LEAST), 1)
