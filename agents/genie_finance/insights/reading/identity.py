"""Ids of transactions: the same movement of the same file has the same id in every reading."""

from __future__ import annotations

import hashlib
from binascii import hexlify
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime

    from genie_finance.contracts.money import Money

_LETTERS = bytes.maketrans(b"0123456789abcdef", b"abcdefghijklmnop")
"""Ids have letters only: a run of digits in a digest could look like a card or a telephone number."""


def identity(account: str, date: datetime.date, narration: str, amount: Money, seen: dict[str, int]) -> str:
    """Return the digest of a movement and its number among equal ones; ``seen`` counts them."""
    text = f"{account}\x1f{date.isoformat()}\x1f{amount.minor}\x1f{amount.currency}\x1f{narration}"
    number = seen[text] = seen.get(text, 0) + 1
    digest = hashlib.blake2b(f"{text}\x1f{number}".encode(), digest_size=10).digest()
    return hexlify(digest).translate(_LETTERS).decode("ascii")
