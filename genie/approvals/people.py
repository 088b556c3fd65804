"""Compares names of people, independent of typing variants and of look-alike letters from other scripts.

A name is compared by its skeleton, after Unicode Technical Standard #39: each letter or digit is replaced by the one
that it looks like. Names that differ only in case are equal, so a capital I, a small l and a 1 are equal too. As a
precaution, two people whose names look alike count as one person.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from importlib import resources


def person(name: str) -> str:
    """Return the comparison form of a name: `` Ann``, ``ann`` and a variant with a Cyrillic letter are equal."""
    plain = unicodedata.normalize("NFKC", name)
    folded = _skeleton(_skeleton(plain).casefold())
    plain = _DOTS.sub("", folded.replace("i", "l"))
    return " ".join(plain.replace("0", "o").split())


def _skeleton(text: str) -> str:
    """Return the visible form of a text: without invisible characters, with each look-alike replaced."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    seen = "".join([_sign(char) for char in decomposed if char.isspace() or not _is_unseen(char)])
    return unicodedata.normalize("NFD", seen.translate(_prototypes()))


def _is_unseen(char: str) -> bool:
    return char in _UNSEEN or unicodedata.category(char) in {"Cc", "Cf"}


def _sign(char: str) -> str:
    """Normalise a dash or an apostrophe; the table of look-alikes only has letters and digits."""
    return "-" if unicodedata.category(char) == "Pd" or char in _DASHES else "'" if char in _APOSTROPHES else char


_DOTS = re.compile("(?<=[lj])\u0307+")
"""A dot above i and j replaces their own dot, and so does one above an l, which an i is equal to."""
_DASHES, _APOSTROPHES = frozenset("\u2043\u2212\u02d7"), frozenset("\u2018\u2019\u201a\u201b\u2032\u00b4`")
_UNSEEN = frozenset(
    map(chr, (
        0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2065, 0x2800, 0x3164, 0xFFA0,
        *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFFC), *range(0xE0000, 0xE1000),
    ))
)  # fmt: skip
"""Code points without a visible form: ``Default_Ignorable_Code_Point`` of Unicode, and the empty Braille pattern."""


@functools.cache
def _prototypes() -> dict[int, str]:
    """Return the look-alike of each character; loaded when names are first compared."""
    text = resources.files("genie.contracts").joinpath("confusables.txt").read_text("utf-8")
    pairs = (line.split(" ", 1) for line in text.splitlines())
    return {ord(char): prototype for prototype, chars in pairs for char in chars}
