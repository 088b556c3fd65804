"""When two names mean one person: however they are typed, and whatever letters they borrow from other scripts.

A name is compared by its skeleton, after Unicode Technical Standard #39: each letter or digit becomes the one that it
looks like. Names that differ only in case are one person too, so a capital I, a small l and a 1 count as the same. Two
people whose names look alike cannot approve for each other; that is the safe side.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from importlib import resources


def person(name: str) -> str:
    """Return a name as it is compared: `` Ann``, ``ann`` and one with a Cyrillic letter are one person."""
    plain = unicodedata.normalize("NFKC", name)
    folded = _skeleton(_skeleton(plain).casefold())
    plain = _DOTS.sub("", folded.replace("i", "l"))
    return " ".join(plain.replace("0", "o").split())


def _skeleton(text: str) -> str:
    """Return the text as it looks: without characters that are not seen, each look-alike replaced."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    seen = "".join([_sign(char) for char in decomposed if char.isspace() or not _is_unseen(char)])
    return unicodedata.normalize("NFD", seen.translate(_prototypes()))


def _is_unseen(char: str) -> bool:
    return char in _UNSEEN or unicodedata.category(char) in {"Cc", "Cf"}


def _sign(char: str) -> str:
    """Return a dash or an apostrophe as it is typed; the table of look-alikes has letters and digits alone."""
    return "-" if unicodedata.category(char) == "Pd" or char in _DASHES else "'" if char in _APOSTROPHES else char


_DOTS = re.compile("(?<=[lj])\u0307+")
"""A dot above i and j is drawn in the place of their own, and so is one above the l that an i counts as."""
_DASHES, _APOSTROPHES = frozenset("\u2043\u2212\u02d7"), frozenset("\u2018\u2019\u201a\u201b\u2032\u00b4`")
_UNSEEN = frozenset(
    map(chr, (
        0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2065, 0x2800, 0x3164, 0xFFA0,
        *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFFC), *range(0xE0000, 0xE1000),
    ))
)  # fmt: skip
"""Code points that are drawn as nothing: ``Default_Ignorable_Code_Point`` of Unicode, and the empty Braille pattern."""


@functools.cache
def _prototypes() -> dict[int, str]:
    """Return what each character looks like; read when names are compared for the first time."""
    text = resources.files("genie.contracts").joinpath("confusables.txt").read_text("utf-8")
    pairs = (line.split(" ", 1) for line in text.splitlines())
    return {ord(char): prototype for prototype, chars in pairs for char in chars}
