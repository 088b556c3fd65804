"""Positions of the boxes and arrows of a diagram: in columns, by the distance from the first box."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from genie.contracts.rendering import Diagram, Link

_BOX, _HIGH = 104, 40
_BETWEEN, _DOWN = 44, 52
_EDGE = 8
_LONGEST, _LETTER = 34, 7
"""Characters of a name that are drawn, and pixels for each; the whole name is the tooltip of its box."""
_MOST_COLUMNS = 8
_JOINTS = re.compile(r"(?<=[ _.:-])")
_BULGE = 44
"""Pixels to the right of a column, within which the arrows between its own boxes run."""


class Box(NamedTuple):
    """A box with its upper left corner."""

    x: int
    y: int
    lines: tuple[str, ...]
    """The name, in one line or two."""
    whole: str


class Arrow(NamedTuple):
    """A curve between two boxes."""

    path: str
    tone: str
    text: str
    back: bool
    """It leads to an earlier column, or to its own box."""
    both: bool
    """It also represents an arrow in the opposite direction."""


class Drawing(NamedTuple):
    """A diagram with coordinates."""

    boxes: list[Box]
    arrows: list[Arrow]
    width: int
    height: int
    says: str
    tones: tuple[str, ...] = ("plain", "warn", "bad")
    box: int = _BOX
    high: int = _HIGH


def placed(diagram: Diagram) -> Drawing:
    """Return a diagram with coordinates; an arrow and its answer are one arrow with two tips."""
    columns = _columns(diagram)
    names = [_lines(node.name) for node in diagram.nodes]
    box = max(_BOX, *(_LETTER * len(line) + 16 for line in itertools.chain(*names)), 0)
    across = box + _BETWEEN
    rows = [0] * (max(columns, default=0) + 1)
    tallest = max((columns.count(column) for column in set(columns)), default=1)
    boxes = []
    for node, lines, column in zip(diagram.nodes, names, columns, strict=True):
        spare = (tallest - columns.count(column)) * _DOWN // 2
        boxes.append(Box(_EDGE + column * across, _EDGE + spare + rows[column] * _DOWN, lines, node.name))
        rows[column] += 1
    floor = _EDGE + tallest * _DOWN
    there = {(link.start, link.end): link for link in diagram.links}
    arrows = []
    for link in diagram.links:
        answer = there.get((link.end, link.start))
        if answer is not None and (columns[link.end], link.end) < (columns[link.start], link.start):
            continue  # drawn with the arrow that leads forward, or down its column
        arrows.append(_arrow(diagram, boxes, link, None if link.start == link.end else answer, floor, box))
    depth = 40 if any(arrow.back for arrow in arrows) else 0
    beside = any(columns[one.start] == columns[one.end] == len(rows) - 1 for one in diagram.links)
    width = 2 * _EDGE + (len(rows) - 1) * across + box + beside * _BULGE
    says = "; ".join(arrow.text for arrow in arrows[:20])
    return Drawing(boxes, arrows, width, floor + depth, says, box=box)


def _lines(name: str) -> tuple[str, ...]:
    """Return a name in one line, or, if it is long, in two lines, split so that they are as short as possible."""
    shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    if _LETTER * len(shown) + 16 <= _BOX:
        return (shown,)
    parts = _JOINTS.split(shown)
    splits = [("".join(parts[:place]), "".join(parts[place:])) for place in range(1, len(parts)) if parts[place]]
    return min(splits, key=lambda two: max(map(len, two)), default=(shown,))


def _columns(diagram: Diagram) -> list[int]:
    """Return the column of each box: one further than the first box that has an arrow to it."""
    columns: dict[int, int] = {}
    for link in diagram.links:
        columns.setdefault(link.start, 0)
        columns.setdefault(link.end, min(columns[link.start] + 1, _MOST_COLUMNS - 1))
    return [columns.get(place, 0) for place in range(len(diagram.nodes))]


def _arrow(diagram: Diagram, boxes: list[Box], link: Link, answer: Link | None, floor: int, box: int) -> Arrow:
    start, end = boxes[link.start], boxes[link.end]
    back = end.x < start.x or link.start == link.end
    if end.x == start.x and not back:  # beside their column: below it, arrows of several boxes would hide each other
        x, y1, y2 = start.x + box, start.y + _HIGH // 2, end.y + _HIGH // 2
        bulge = x + min(_BULGE, 12 + 12 * abs(y2 - y1) // _DOWN)
        path = f"M{x} {y1}C{bulge} {y1} {bulge} {y2} {x} {y2}"
    elif not back:
        x1, y1, x2, y2 = start.x + box, start.y + _HIGH // 2, end.x, end.y + _HIGH // 2
        bend = (x2 - x1) // 2
        path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    else:
        x1, x2 = start.x + box // 2 + 12, end.x + box // 2 - 12
        y1, y2 = start.y + _HIGH, end.y + _HIGH
        path = f"M{x1} {y1}C{x1} {floor + 36} {x2} {floor + 36} {x2} {y2}"
    tones = {one.tone for one in (link, answer) if one is not None}
    tone = "bad" if "bad" in tones else "warn" if "warn" in tones else "plain"
    told = f"{diagram.nodes[link.start].name} to {diagram.nodes[link.end].name}: {link.text}"
    if answer is not None:
        told += f"; back: {answer.text}"
    return Arrow(path, tone, told, back, answer is not None)
