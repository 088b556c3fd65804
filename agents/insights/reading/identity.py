"""Ids of transactions: the same movement of the same file has the same id in every reading."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections import Counter

    from agents.contracts.money import Money

_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
"""Ids are of letters alone: a run of digits in a digest could pass for a card or a telephone number."""


def identity(account: str, date: datetime.date, narration: str, amount: Money, seen: Counter[str]) -> str:
    """Return the digest of a movement and of its number among equal ones, which ``seen`` counts."""
    text = "\x1f".join((account, date.isoformat(), str(amount.minor), amount.currency, narration))
    seen[text] += 1
    digest = hashlib.blake2b(f"{text}\x1f{seen[text]}".encode(), digest_size=10)
    return digest.hexdigest().translate(_LETTERS)
