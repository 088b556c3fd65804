"""Long text in pieces that are judged one by one, so that neither its length nor its first pages hide anything."""

from __future__ import annotations

import string
from collections.abc import Iterator

PIECE = 3_000
"""Characters that belong to one piece."""
OVERLAP = 900
"""Characters of a piece that the next one has too: marks that count together stand nearer."""
_ENCODED = string.ascii_letters + string.digits + "+/_-="
_WORD = 64  # characters; a longer run of those above may be an encoding
_GROUP = 8  # characters that encodings divide their text into: 2 of hex, 4 of base64, 8 of base32 and of bits


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each piece; they begin and end between words, or between the groups of an encoding."""
    start, size = 0, len(text)
    while size - start > PIECE + OVERLAP:
        end = _cut(text, start, start + PIECE)
        yield start, end
        start = _cut(text, start, end - OVERLAP)
    yield start, size


def _cut(text: str, since: int, at: int) -> int:
    """Return the last place up to ``at`` at which the text may be cut; ``since`` is such a place before it."""
    run = at - since - len(text[since:at].rstrip(_ENCODED))
    return at - run if run <= _WORD else at - run % _GROUP
