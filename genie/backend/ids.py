"""Ids: a prefix and a counter, so that runs are distinguishable and simulations repeatable.

A counter-based id costs a quarter of a random one. The prefix is drawn once from the operating system; a test or a
simulation passes its own and gets the same ids every time.
"""

from __future__ import annotations

import itertools
import os


class IdSource:
    """Generates the run and message numbers of one runtime.

    Args:
        prefix: Distinguishes the ids of this runtime; four random bytes in hexadecimal by default.
        last: The last number that was used with the prefix before.
    """

    __slots__ = ("next_number", "prefix")

    def __init__(self, prefix: str | None = None, last: int = 0) -> None:
        self.prefix = os.urandom(4).hex() if prefix is None else prefix
        self.next_number = itertools.count(last + 1).__next__

    def name(self, number: int) -> str:
        """Return the id text of ``number``, for example ``"9f3c01aa-1b"``."""
        return f"{self.prefix}-{number:x}"
