"""Splits long text into pieces that are judged one by one, so that neither length nor position hides an injection."""

from __future__ import annotations

import re
import string
from bisect import bisect_right
from collections.abc import Iterator

PIECE = 6_000
"""Characters that belong to one piece."""
OVERLAP = 900
"""Overlap of successive pieces, in characters: marks that count together are closer than this."""
_ENCODED = string.ascii_letters + string.digits + "+/_-="
_WORD = 64  # characters; a longer run of those above may be an encoding
_BLANKS = 32  # characters that are left of a longer gap between words
_GAP = re.compile(rf"[\W_]{{{_BLANKS + 1},}}")
_GROUP = 8  # characters that encodings divide their text into: 2 of hex, 4 of base64, 8 of base32 and of bits


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each piece; pieces are cut between words, or between the groups of an encoding."""
    if len(text) <= PIECE + OVERLAP:
        yield 0, len(text)
        return
    short, ends, lost = _without_gaps(text)
    for start, end in _pieces(short):
        yield start + lost[bisect_right(ends, start)], end + lost[bisect_right(ends, end)]


def _without_gaps(text: str) -> tuple[str, list[int], list[int]]:
    """Shorten long gaps between words.

    Return the text, the end of each gap, and the number of removed characters up to there.

    Words a thousand blanks apart are read together, so they must be judged together.
    """
    ends, lost, gone = list[int](), [0], 0

    def shorten(gap: re.Match[str]) -> str:
        nonlocal gone
        kept = gap[0][:_BLANKS]
        ends.append(gap.start() - gone + _BLANKS)
        gone += len(gap[0]) - _BLANKS
        lost.append(gone)
        return kept

    return _GAP.sub(shorten, text), ends, lost


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    start, size = 0, len(text)
    while size - start > PIECE + OVERLAP:
        end = _cut(text, start, start + PIECE)
        yield start, end
        start = _cut(text, start, end - OVERLAP)
    yield start, size


def _cut(text: str, since: int, at: int) -> int:
    """Return the last place up to ``at`` at which the text may be cut; ``since`` is an earlier such place."""
    run = at - since - len(text[since:at].rstrip(_ENCODED))
    return at - run if run <= _WORD else at - run % _GROUP
