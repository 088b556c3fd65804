"""Names of people and firms: the significant words, and whether two names belong to the same person.

Names are written in many ways: in another order, with initials, with missing or joined words, or spelt phonetically.
Each of these differences reduces the score.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

Likeness = Literal["same", "similar", "different", "unknown"]

SAME, SIMILAR = 90, 75
"""Scores from which two names are the same, and from which a person should check."""
ONE_WORD = SIMILAR - 5
"""Maximum score of one word against a name of several words."""
_MOST = 12
"""Maximum words of a name that are read; more would only take time."""
_LONGEST = 200

_TITLES = frozenset(
    ("mr", "mrs", "ms", "miss", "dr", "prof", "shri", "sri", "shrimati", "smt", "kum", "messrs", "m/s", "late", "capt",
     "col", "maj", "adv", "er", "ca")
)  # fmt: skip
_KIN = frozenset(("s/o", "d/o", "w/o", "c/o", "h/o"))
"""Words followed by another person's name."""
_UNSPACED = frozenset(("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR"))
"""Scripts without spaces between the words of a name, by the first word of their letters' Unicode names."""
_FORMS = {"pvt": "private", "ltd": "limited", "co": "company", "md": "mohammed", "mohd": "mohammed", "&": "and"}
_SOUNDS = (
    ("ksh", "ks"), ("sh", "s"), ("ph", "f"), ("th", "t"), ("dh", "d"), ("bh", "b"), ("gh", "g"), ("kh", "k"),
    ("jh", "j"), ("ch", "c"), ("aa", "a"), ("ee", "i"), ("ii", "i"), ("oo", "u"), ("ou", "u"), ("ck", "k"), ("q", "k"),
    ("w", "v"), ("z", "j"), ("x", "ks"), ("y", "i"), ("h", ""),
)  # fmt: skip
"""Spellings of one sound in romanised Indian names."""


class NameMatch(NamedTuple):
    """Similarity of two names."""

    score: int | None
    """0 to 100; None if undecidable, because one of them has no words in the other's script."""
    how: str

    @property
    def likeness(self) -> Likeness:
        """The score in words."""
        if self.score is None:
            return "unknown"
        return "same" if self.score >= SAME else "similar" if self.score >= SIMILAR else "different"


def words(name: str) -> tuple[str, ...]:
    """Return the distinctive words of a name: lower case, without accents, titles and points."""
    found: list[str] = []
    plain = unicodedata.normalize("NFKD", name[:_LONGEST]).casefold().replace(".", " ").replace(",", " ")
    for written in plain.split():
        part = written.strip("()[]'\"-")
        if part in _KIN:
            break
        if part in _TITLES:
            continue
        kept = "".join(one for one in part if one.isalnum() or one == "&")
        if kept:
            found.append(_FORMS.get(kept, kept))
    return tuple(found[:_MOST])


def is_whole(name: str) -> bool:
    """Return whether a name is complete enough for one person: at least two words, not all initials."""
    parts = words(name)
    if len(parts) == 1:
        return len(parts[0]) > 1 and not scripts(parts).isdisjoint(_UNSPACED)
    return any(len(part) > 1 for part in parts)


def compare(left: str, right: str) -> NameMatch:
    """Return the similarity of two names; the order of the two never matters.

    Each word of the shorter name is matched with the most similar word of the longer. The score is, by letters, three
    quarters of the share of the shorter name found in the longer, and one quarter of the reverse. A single word of
    several is weak evidence, so it scores below ``SIMILAR``.
    """
    return _compare(*sorted((words(left), words(right)), key=lambda one: (len(one), one)))


@lru_cache(maxsize=4096)
def _compare(short: tuple[str, ...], long: tuple[str, ...]) -> NameMatch:
    if not short or not long:
        return NameMatch(None, "a name is missing")
    if scripts(short).isdisjoint(scripts(long)):
        return NameMatch(None, "the names are written in different scripts")
    if sorted(short) == sorted(long):
        return NameMatch(100, "the same words")
    if sorted("".join(short)) == sorted("".join(long)) and _joined(short) & _joined(long):
        return NameMatch(98, "the same letters, joined differently")
    pairs = _pairs(short, long)
    found = sum(likeness * len(word) for word, _, likeness in pairs)
    covered = found / sum(map(len, short))
    back = sum(likeness * len(other) for _, other, likeness in pairs) / sum(map(len, long))
    score = int(75 * covered + 25 * back)
    if len(short) == 1 and len(long) > 1:
        return NameMatch(min(score, ONE_WORD), "one word of several")
    initials = any(min(len(word), len(other)) == 1 for word, other, likeness in pairs if likeness)
    return NameMatch(score, "with initials" if initials else "word by word")


def _pairs(short: tuple[str, ...], long: tuple[str, ...]) -> list[tuple[str, str, float]]:
    """Return each word of the shorter name with the most similar word left in the longer, the best pairs first."""
    ranked = sorted(
        ((_likeness(word, other), one, two) for one, word in enumerate(short) for two, other in enumerate(long)),
        key=lambda found: (-found[0], -len(short[found[1]]), found[1], found[2]),
    )
    taken: dict[int, tuple[int, float]] = {}
    used: set[int] = set()
    for likeness, one, two in ranked:
        if one not in taken and two not in used:
            taken[one] = (two, likeness)
            used.add(two)
    return [(short[one], long[two], likeness) for one, (two, likeness) in sorted(taken.items())]


@lru_cache(maxsize=16384)
def _likeness(left: str, right: str) -> float:
    """Return 0 to 1: equal, an initial, the same sound, or a typing error."""
    from rapidfuzz.distance import DamerauLevenshtein  # noqa: PLC0415 - only where names are compared

    if left == right:
        return 1.0
    if min(len(left), len(right)) == 1:
        return 0.9 if left[0] == right[0] else 0.0
    if sound(left) == sound(right):
        return 0.96
    near: float = DamerauLevenshtein.normalized_similarity(left, right)
    return near if near >= 0.75 else 0.0


@lru_cache(maxsize=16384)
def sound(word: str) -> str:
    """Return the sound of a word of a name: spellings of one sound are unified, doubled letters become single."""
    for spelling, plain in _SOUNDS:
        word = word.replace(spelling, plain)
    kept = [one for before, one in zip(" " + word, word, strict=False) if one != before]
    heard = "".join(kept)
    return heard[:-1] if len(heard) > 3 and heard.endswith("a") else heard


def _joined(parts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(("".join(parts), "".join(reversed(parts))))


def scripts(parts: tuple[str, ...]) -> frozenset[str]:
    """Return the scripts of a name's letters, by the first word of their Unicode names."""
    return frozenset(unicodedata.name(one, "?").split(" ", 1)[0] for word in parts for one in word if one.isalpha())
