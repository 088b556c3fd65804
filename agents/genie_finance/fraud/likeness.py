"""Similarity of names: whether two documents may name one person, in any order of words and with initials."""

from __future__ import annotations

import unicodedata

ALIKE = 80.0
"""Similarity in percent from which two words are spellings of one word."""
_TITLES = frozenset(("mr", "mrs", "ms", "dr", "shri", "smt", "kumari", "km", "late"))


def words_of(name: str) -> tuple[str, ...]:
    """Return a name's words in lower case, without accents, points and titles."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(char if char.isalnum() else " " for char in folded if not unicodedata.combining(char))
    found = letters.split()
    return tuple(word for word in found if word not in _TITLES) or tuple(found)


def same_person(first: str, second: str) -> bool:
    """Return whether every word of the shorter name has a match in the longer one.

    A word matches one of similar spelling, or its initial. At least one word must match in full, unless both names only
    have initials.
    """
    from rapidfuzz import fuzz  # noqa: PLC0415 - needed by applications alone

    shorter, longer = sorted((words_of(first), words_of(second)), key=lambda words: (len(words), words))
    if not shorter:
        return False
    left, full = list(longer), False
    for word in sorted(shorter, key=len, reverse=True):
        match = max(left, key=lambda other: fuzz.ratio(word, other), default="")
        if match and fuzz.ratio(word, match) >= ALIKE:
            full = full or len(word) > 1
        else:
            match = next((other for other in left if 1 in {len(word), len(other)} and word[0] == other[0]), "")
        if not match:
            return False
        left.remove(match)
    return full or all(len(word) == 1 for word in shorter + longer)
