"""Possible sounds of a word of a name, for every common romanisation.

One letter stands for different sounds in different systems: *j* is a *y* in German, a *zh* in French and often a *g* in
Egypt; *ch* is *kh* in German, *sh* in French; *x* and *q* are *sh* and *ch* in pinyin. Each reading results in a key of
consonants; two words sound alike if they share a key.
"""

from __future__ import annotations

import re
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
    """Return the text in lower case without accents, in plain Latin letters; other scripts are kept, except two.

    Cyrillic and Hangul are romanised, so that such names match lists in Latin letters.
    """
    lower = "".join(map(_latin, text.casefold().translate(_LETTERS)))
    plain = unicodedata.normalize("NFKD", lower)
    return "".join(one for one in plain if not unicodedata.combining(one))


def _latin(letter: str) -> str:
    syllable = ord(letter) - 0xAC00
    if 0 <= syllable < 11_172:  # Hangul: the code of a syllable is made of those of its three parts
        first, rest = divmod(syllable, 588)
        middle, last = divmod(rest, 28)
        return f" {_HANGUL_FIRST[first]}{_HANGUL_MIDDLE[middle]}{_HANGUL_LAST[last]} "
    return _CYRILLIC.get(letter, letter)


_CYRILLIC = {
    "\u0430": "a",
    "\u0431": "b",
    "\u0432": "v",
    "\u0433": "g",
    "\u0434": "d",
    "\u0435": "e",
    "\u0451": "e",
    "\u0436": "zh",
    "\u0437": "z",
    "\u0438": "i",
    "\u0439": "y",
    "\u043a": "k",
    "\u043b": "l",
    "\u043c": "m",
    "\u043d": "n",
    "\u043e": "o",
    "\u043f": "p",
    "\u0440": "r",
    "\u0441": "s",
    "\u0442": "t",
    "\u0443": "u",
    "\u0444": "f",
    "\u0445": "kh",
    "\u0446": "ts",
    "\u0447": "ch",
    "\u0448": "sh",
    "\u0449": "shch",
    "\u044a": "",
    "\u044b": "y",
    "\u044c": "",
    "\u044d": "e",
    "\u044e": "yu",
    "\u044f": "ya",
    "\u0456": "i",
    "\u0457": "yi",
    "\u0454": "ye",
    "\u0491": "g",
    "\u045e": "u",
}
_HANGUL_FIRST = "g kk n d tt r m b pp s ss - j jj ch k t p h".replace("-", "").split(" ")
_HANGUL_MIDDLE = (
    "a",
    "ae",
    "ya",
    "yae",
    "eo",
    "e",
    "yeo",
    "ye",
    "o",
    "wa",
    "wae",
    "oe",
    "yo",
    "u",
    "wo",
    "we",
    "wi",
    "yu",
    "eu",
    "ui",
    "i",
)
_HANGUL_LAST = "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t".replace("-", "").split(" ")


@lru_cache(maxsize=65_536)
def sounds(word: str) -> frozenset[str]:
    """Return the consonants of a folded word in every reading; an initial vowel counts as one."""
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
    """Return a folded word with one spelling for each sound, including vowels, for edit distances."""
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
    ("ck", "k"), ("q", "k"), ("aw", "u"), ("ow", "u"),
    ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ey", "i"), ("ei", "i"), ("ay", "ai"),
    ("iy", "i"), ("ij", "i"), ("yi", "i"), ("y", "i"), ("w", "v"), ("v", "b"), ("o", "u"), ("e", "i"),
)  # fmt: skip


@lru_cache(maxsize=65_536)
def eastern(word: str) -> str:
    """Return the sounds of a folded word in pinyin, Wade-Giles and both romanisations of Korean."""
    word = _WADE_GILES_IH.sub("i", word)
    for spelling, plain in _EASTERN:
        word = word.replace(spelling, plain)
    return word


_WADE_GILES_IH = re.compile("ih(?![aeiou])")
"""*Chih* and *shih*, which pinyin writes *zhi* and *shi*; in *zhihong* the *h* begins a syllable."""
_EASTERN = (
    ("hs", "x"), ("tsh", "c"), ("zh", "c"), ("ch", "c"), ("ts", "z"), ("tz", "z"), ("j", "c"), ("q", "c"), ("x", "s"),
    ("sh", "s"), ("g", "k"), ("d", "t"), ("b", "p"), ("yeo", "yo"), ("eo", "o"), ("eu", "u"), ("oo", "u"), ("ee", "i"),
    ("young", "yong"), ("ae", "e"), ("oe", "oi"), ("z", "c"), ("ien", "ian"), ("ueh", "ue"),
    ("uei", "ui"), ("ung", "onk"), ("unk", "onk"), ("yen", "yan"), ("ieh", "ie"), ("erh", "er"),
)  # fmt: skip


@lru_cache(maxsize=65_536)
def slavic(word: str) -> frozenset[str]:
    """Return the sounds of a folded word in each romanisation of Slavic names.

    The systems differ in sibilants (*sh*, *sch*, *ch*, *sz*, *sj*), in *v* and *w*, in *u*, *ou* and *oe*, and in the
    use of *y*, *j* and *i*. Accents are already removed, so *s* and *z* with and without a caron are one sound.
    """
    return frozenset(one for one in (_slavic(word, system) for system in _SYSTEMS) if len(one) > 2)


def _slavic(word: str, system: tuple[tuple[str, str], ...]) -> str:
    for end, plain in _SLAVIC_ENDS:
        if word.endswith(end):
            word = word.removesuffix(end) + plain
            break
    for spelling, plain in (*system, *_SLAVIC):
        word = word.replace(spelling, plain)
    first = "e" if word[0] in "ijy" else ""
    word = word.translate(_SLAVIC_CLASSES)
    if word[:1] not in _VOWELS:
        word = first + word
    return "".join(one for before, one in zip(" " + word, word, strict=False) if one != before or one in _VOWELS)


_SLAVIC_ENDS = (("off", "ov"), ("eff", "ev"), ("ine", "in"), ("yne", "yn"), ("ou", "ov"), ("au", "av"), ("eu", "ev"))
_SLAVIC = (
    ("dzh", "d"), ("dj", "d"), ("dz", "d"), ("sh", "s"), ("zh", "s"), ("kh", "H"), ("ts", "C"), ("tz", "C"),
    ("x", "ks"), ("ck", "k"), ("ph", "f"), ("c", "C"),
)  # fmt: skip
"""Rules common to all systems; a capital letter is a sound that was already recognised."""
_SYSTEMS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("tch", "C"), ("ch", "C")),  # English, Spanish, Bulgarian
    (
        ("dsch", "d"),
        ("tsch", "C"),
        ("sch", "s"),
        ("sh", "s"),
        ("ch", "H"),
        ("ds", "d"),
        ("tz", "C"),
        ("z", "C"),
    ),  # German
    (
        ("dsch", "d"),
        ("tsch", "C"),
        ("sch", "s"),
        ("ch", "H"),
        ("ck", "Ck"),
        ("ds", "d"),
    ),  # German press; scholarly, Czech
    (("tch", "C"), ("sch", "s"), ("ch", "s"), ("dj", "d"), ("j", "s"), ("ou", "u"), ("gu", "g")),  # French; Turkish *j*
    (("szcz", "sC"), ("sz", "s"), ("cz", "C"), ("ch", "H"), ("ck", "Ck")),  # Polish
    (("tsj", "C"), ("sj", "s"), ("zj", "s"), ("ch", "H"), ("oe", "u")),  # Dutch
    (("tsj", "C"), ("tj", "C"), ("sj", "s"), ("zj", "s"), ("ch", "H")),  # Swedish, Norwegian
    (("ch", "C"), ("j", "H")),  # Spanish
    (("ch", "C"), ("j", "d")),  # Arabic in English, beside German *dsch* and French *dj*
    (("sc", "s"), ("ch", "H")),  # Italian
)
_SLAVIC_CLASSES = str.maketrans(
    {"H": "g", "C": "c", "h": "g", "q": "k", "w": "v", "z": "s", "o": "e"} | dict.fromkeys("ijy")
)
