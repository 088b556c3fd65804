"""Tables of plain text: columns kept apart by spaces, and bookings with a labelled line for each field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genie_finance.insights.reading.headers import header_roles

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHUNK = re.compile(r"\S+(?: \S+)*")
"""Words between which is one space; two or more part columns."""
_LABELLED = re.compile(r"\s{0,8}([^\W\d_][^:\t]{0,38}?)\s{0,4}:\s?(.{0,400})")
_LONGEST = 1_000
_FEWEST = 2
_NAMED = 2
"""Cells that are header words in a line that heads columns."""
_TABLE = ("date", "value_date")
_MONEY = frozenset({"amount", "debit", "credit", "balance"})


def tabbed(lines: Sequence[str]) -> list[str]:
    """Return the lines with a tab between columns, each at its place, or nothing if the text holds no table."""
    return _of_columns(lines) or _of_labels(lines)


def _of_columns(lines: Sequence[str]) -> list[str]:
    """Give each piece of a line to the header whose letters stand above it, or nearest to it."""
    heads: list[tuple[int, int]] = []
    found: list[str] = []
    rows = 0
    for line in lines:
        text = line.rstrip().expandtabs(8)[:_LONGEST]
        pieces = [(one[0], one.start(), one.end()) for one in _CHUNK.finditer(text)]
        if not heads or _heads([piece for piece, _, _ in pieces]):
            if _heads([piece for piece, _, _ in pieces]):
                heads = [(start, end) for _, start, end in pieces]
                found.append("\t".join(piece for piece, _, _ in pieces) + "\n")
            else:
                found.append(text + "\n")
            continue
        cells = [""] * len(heads)
        for piece, start, end in pieces:
            at = min(range(len(heads)), key=lambda one: _distance(heads[one], start, end))
            cells[at] = f"{cells[at]} {piece}".strip()
        rows += sum(map(bool, cells)) > 1
        found.append("\t".join(cells).rstrip() + "\n")
    return found if rows >= _FEWEST else []


def _heads(pieces: Sequence[str]) -> bool:
    roles = [set(header_roles(piece)) for piece in pieces]
    named = [one for one in roles if one]
    return (
        len(named) >= _NAMED
        and any(not one.isdisjoint(_TABLE) for one in named)
        and any(not one.isdisjoint(_MONEY) for one in named)
    )


def _distance(head: tuple[int, int], start: int, end: int) -> int:
    """Return how far a piece is from a header: less than 0 where one stands below the other."""
    overlap = min(head[1], end) - max(head[0], start)
    return -overlap if overlap > 0 else min(abs(head[0] - start), abs(head[1] - end)) + 1


def _of_labels(lines: Sequence[str]) -> list[str]:
    """Return a row for each group of lines such as ``Date: ...``, ``Amount: ...``, in the place of its first."""
    pairs = [match.groups() if (match := _LABELLED.fullmatch(line.strip()[:_LONGEST])) else None for line in lines]
    first = next((pair[0] for pair in pairs if pair and "date" in header_roles(pair[0])), "")
    starts = [at for at, pair in enumerate(pairs) if pair and pair[0] == first]
    if len(starts) < _FEWEST:
        return []
    labels: list[str] = []
    groups: dict[int, dict[str, str]] = {}
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        group = groups[start] = {}
        for pair in pairs[start:end]:
            if pair is None or pair[0] in group:
                if group and len(group) >= len(labels) > 0:
                    break
                continue
            group[pair[0]] = pair[1].replace("\t", " ").strip()
        labels = labels or list(group)
    if not _heads(labels):
        return []
    found = ["\n"] * len(lines)
    for start, group in groups.items():
        found[start] = "\t".join(group.get(label, "") for label in labels) + "\n"
    head = "\t".join(labels) + "\n"
    if starts[0]:
        found[: starts[0]] = [*lines[: starts[0] - 1], head]
        return found
    return [head, *found[:-1]] if found[-1] == "\n" else [head, *found]
