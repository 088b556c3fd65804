"""Tracks which characters of a text are already part of a finding."""

from __future__ import annotations

import operator

from genie.contracts.classification import Classification

Found = tuple[int, int, str, Classification]
"""Start, end, kind and label of a finding."""


class Claims:
    """The characters that findings have claimed; the first claim of a character wins.

    One byte a character: looking up and claiming a span then cost the same for the first finding and the ten
    thousandth.

    Args:
        size: Characters of the text.
    """

    def __init__(self, size: int) -> None:
        self._claimed = bytearray(size)

    def claim(self, start: int, end: int) -> bool:
        """Claim a span; return False when another span has one of its characters."""
        claimed = self._claimed
        if claimed.find(1, start, end) >= 0:
            return False
        claimed[start:end] = b"\1" * (end - start)
        return True


def merged(found: list[Found]) -> list[Found]:
    """Return findings in order; overlapping ones are merged into one with the highest label and its kind."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one[0], -one[1])):
        if not kept or one[0] >= kept[-1][1]:
            kept.append(one)
            continue
        before = kept[-1]
        _, _, kind, label = before if before[3] >= one[3] else one
        kept[-1] = (before[0], max(before[1], one[1]), kind, label)
    return kept


def without_overlaps(found: list[Found], size: int) -> list[Found]:
    """Return findings in order; of overlapping ones, the first in the list is kept.

    Args:
        found: The strongest first.
        size: Characters of the text.
    """
    ordered = sorted(found, key=_start)
    at = 0
    for start, end, _, _ in ordered:
        if start < at:
            break
        at = end
    else:
        return ordered
    claim = Claims(size).claim
    return sorted([one for one in found if claim(one[0], one[1])])


_start = operator.itemgetter(0)
