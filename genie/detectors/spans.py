"""Which characters of a text are already part of a finding."""

from __future__ import annotations


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
