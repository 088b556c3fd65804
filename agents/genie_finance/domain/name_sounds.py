"""How a word of a name may sound, whichever language wrote it in Latin letters.

One letter stands for different sounds in different systems: *j* is a *y* in German, a *zh* in French and often a *g* in
Egypt; *ch* is *kh* in German, *sh* in French; *x* and *q* are *sh* and *ch* in pinyin. Each reading gives a key of the
consonants that are left; two words sound alike if they share one.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "ø": "o",
        "œ": "oe",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
        "ə": "a",
        "ŋ": "n",
    }
)
_VOWELS = "aeiou"

_COMMON = (
    ("ph", "f"), ("bh", "b"), ("dh", "d"), ("gh", "k"), ("jh", "j"), ("th", "t"), ("ck", "k"), ("shch", "s"),
    ("tsch", "s"), ("dsch", "s"), ("dzh", "s"), ("sch", "s"), ("tch", "s"), ("sh", "s"), ("zh", "s"), ("cz", "s"),
    ("sz", "s"), ("ts", "s"), ("tz", "s"), ("dj", "j"), ("dz", "s"), ("hs", "s"), ("ks", "x"),
)  # fmt: skip
_READINGS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("kh", "k"), ("ch", "s"), ("j", "s"), ("q", "k"), ("w", ""), ("x", "ks"), ("c", "k")),  # Arabic
    (("kh", "k"), ("ch", "s"), ("j", "s"), ("q", "k"), ("w", "f"), ("x", "ks"), ("c", "k")),
    (("kh", ""), ("ch", ""), ("j", ""), ("q", "k"), ("w", "f"), ("x", "ks"), ("c", "s")),  # Slavic in German
    (("kh", "k"), ("ch", "k"), ("j", "k"), ("q", "k"), ("w", "f"), ("x", "ks"), ("c", "s")),  # Egyptian; German ch
    (("kh", ""), ("ch", "s"), ("j", "s"), ("q", "s"), ("w", ""), ("x", "s"), ("c", "s")),  # Chinese; Turkish h for kh
)  # fmt: skip
_CLASSES = str.maketrans({"z": "s", "d": "t", "b": "p", "g": "k", "v": "f", "y": "", "h": ""})


def folded(text: str) -> str:
    """Return the text in lower case without accents and in plain Latin letters, as far as it has any."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(one for one in plain if not unicodedata.combining(one))


@lru_cache(maxsize=65_536)
def sounds(word: str) -> frozenset[str]:
    """Return the consonants of a folded word in every reading; a first vowel counts as one."""
    for spelling, plain in _COMMON:
        word = word.replace(spelling, plain)
    return frozenset(_read(word, reading) for reading in _READINGS)


def _read(word: str, reading: tuple[tuple[str, str], ...]) -> str:
    for spelling, plain in reading:
        word = word.replace(spelling, plain)
    word = word.translate(_CLASSES)
    first = "a" if word[:1] in _VOWELS else ""
    kept = [one for one in word if one not in _VOWELS]
    return first + "".join(one for before, one in zip(["", *kept], kept, strict=False) if one != before)


@lru_cache(maxsize=65_536)
def spoken(word: str) -> str:
    """Return a folded word with one spelling for each sound, vowels kept: what edit distances are measured on."""
    for spelling, plain in _SPOKEN:
        word = word.replace(spelling, plain)
    kept = [one for before, one in zip(" " + word, word, strict=False) if one != before]
    heard = "".join(kept)
    if len(heard) > 3 and heard[0] == "h" and heard[1] in _VOWELS:
        heard = heard[1:]
    return heard[:-1] if len(heard) > 4 and heard[-1] in "aeh" else heard


_SPOKEN = (
    ("shch", "sh"), ("tsch", "ch"), ("sch", "sh"), ("tch", "ch"), ("ph", "f"), ("bh", "b"), ("dh", "d"), ("th", "t"),
    ("gh", "g"), ("kh", "k"), ("dj", "j"), ("zh", "j"), ("ts", "z"), ("tz", "z"), ("cz", "ch"), ("ks", "x"),
    ("ck", "k"), ("q", "k"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ey", "i"), ("ei", "i"), ("ay", "ai"),
    ("iy", "i"), ("ij", "i"), ("yi", "i"), ("y", "i"), ("w", "v"), ("o", "u"), ("e", "i"),
)  # fmt: skip


@lru_cache(maxsize=65_536)
def eastern(word: str) -> str:
    """Return a folded word as Chinese and Korean names sound in pinyin, Wade-Giles and both systems of Korea."""
    for spelling, plain in _EASTERN:
        word = word.replace(spelling, plain)
    return word


_EASTERN = (
    ("hs", "x"), ("tsh", "c"), ("zh", "c"), ("ch", "c"), ("ts", "z"), ("tz", "z"), ("j", "c"), ("q", "c"), ("x", "s"),
    ("sh", "s"), ("g", "k"), ("d", "t"), ("b", "p"), ("yeo", "yo"), ("eo", "o"), ("eu", "u"), ("oo", "u"), ("ee", "i"),
    ("young", "yong"), ("ae", "e"), ("oe", "oi"), ("z", "c"), ("ien", "ian"), ("ueh", "ue"),
)  # fmt: skip
