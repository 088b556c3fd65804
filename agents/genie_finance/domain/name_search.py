"""Similarity of a name to that of a listed person or firm.

When in doubt, a person must check. Unlike the comparison of an applicant's documents (``names.compare``), where
similarity counts *for* the applicant, it counts against a subject here. Spelling, word order, titles, articles, legal
forms and additional words must therefore not hide a match.
"""

from __future__ import annotations

import itertools
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from genie_finance.domain.name_sounds import eastern, folded, slavic, sounds, spoken
from genie_finance.domain.name_words import FIRM_WORDS, HONORIFICS, LEGAL_FORMS, PARTICLES, SPELLINGS, TITLES

_MOST = 14
"""Maximum number of words of a name that are read."""
_LONGEST = 250
_EXTRA = (0, 2, 6, 12, 18)
"""Deduction from the score by the number of additional words: one or two never clear a correctly spelt name."""
_BRIEF = 8
"""Maximum letters of names for which two matching syllables of three are not significant, as in Chinese and Korean."""
_OMITTED = 20
_DULL = 2
"""Weight in letters of a common word of firms and groups that differs in the other name."""
_SYLLABLES = 9
"""Minimum total letters of two words that are more than one syllable each."""
ONE_WORD = 70
"""Maximum score of one word against a name of several."""
_CLOSE, _SOUND, _SAME, _INITIAL = 0.8, 0.9, 0.97, 0.85
_RUN = 0.87
"""Minimum similarity of two words to one joined word of the other name."""
_SHORT = 4
"""Maximum letters of words that must be equal in some spelling system, since too many others differ by one letter."""
_ALLAH = frozenset(("allah", "ullah", "ulla", "alla", "llah", "ollah", "olla", "elah"))
_DIN = frozenset(("din", "deen", "dine", "eddin", "eddine", "uddin", "addin", "aldin", "udin", "dyn"))
_ABD = frozenset(("abd", "abdul", "abdel", "abdal", "abdol", "abdoul", "abdur", "abdu", "abed", "abdi"))
_SURNAME_ENDS = frozenset(("zadeh", "zade", "zada", "zadah", "nejad", "nezhad", "nejhad", "oglu", "oghlu", "ogli"))
_ABU = frozenset(("abu", "abou", "abi", "aboo"))


class Written(NamedTuple):
    """A name in searchable form."""

    words: tuple[str, ...]
    """Distinctive words: folded, without titles, articles and legal forms."""
    joined: tuple[str, ...]
    """Adjacent words joined, as in other spellings."""


@lru_cache(maxsize=65_536)
def written(name: str, kept: frozenset[str] = frozenset()) -> Written:
    """Return the significant words of a name; if too few are left, all of its words."""
    plain = folded(name[:_LONGEST])
    for mark in _MARKS:
        plain = plain.replace(mark, "")
    plain = plain.replace("aa", "a")
    spaced = "".join(one if one.isalnum() else " " for one in plain.replace("&", " and ")).split()
    found = _enough(_whole_surnames(spaced), kept)
    parts = tuple(_met(found)[:_MOST])
    return Written(parts, tuple(one + other for one, other in itertools.pairwise(parts)))


def _enough(parts: list[str], keep: frozenset[str]) -> list[str]:
    at_end = "pao" in {*parts[:1], *parts[-1:]}  # elsewhere it is a syllable of Wade and Giles
    firm = at_end or not FIRM_WORDS.isdisjoint(parts) or not _FORMS_ALONE.isdisjoint(parts)
    dull = ((LEGAL_FORMS | PARTICLES) if firm else PARTICLES) - keep
    kept = [one for one in parts if one not in dull] or parts
    if len(kept) < 2 and not firm:
        kept = parts
    kept = _initials(kept)
    if firm:
        kept = [one for one in kept if one not in LEGAL_FORMS] or kept
    named = kept if firm else [one for one in kept if one not in TITLES] or kept
    plain = [one for one in named if one not in HONORIFICS]
    return named if firm or len(plain) < 2 else plain


def _whole_surnames(parts: list[str]) -> list[str]:
    """Join a Persian or Turkish surname to what it begins with, which may look like a title: ``Haji-Zadeh``."""
    found: list[str] = []
    for part in parts:
        if found and part in _SURNAME_ENDS:
            found[-1] += part
        else:
            found.append(part)
    return found


def _initials(parts: list[str]) -> list[str]:
    """Join three or more single letters, as in *S. de R.L. de C.V.*; two may be a person's initials."""
    found: list[str] = []
    for alone, run in itertools.groupby(parts, key=lambda part: len(part) == 1 and part.isalpha()):
        letters = list(run)
        found += ["".join(letters)] if alone and len(letters) > 2 else letters
    return found


_MARKS = "'\"`\u2018\u2019\u00b4\u02bc\u02bf\u02be"
"""Apostrophes, and signs for a glottal stop."""
_ALSO_WORDS = frozenset(
    ("s", "as", "ad", "ao", "se", "sa", "co", "san", "est", "dd", "pao", "sp", "lp", "ab", "pt", "cv", "joint", "stock",
     "open", "closed", "public", "private", "too", "kk", "tic", "sti")
)  # fmt: skip
_FORMS_ALONE = LEGAL_FORMS - _ALSO_WORDS
"""Legal forms that show that a name is a firm's."""


def _met(parts: list[str]) -> list[str]:
    """Join parts of one name: prefixes such as *abd* and *abu*, and endings such as *ullah* and *uddin*."""
    found: list[str] = []
    before = ""
    for part in parts:
        if before:
            found.append(before + part)
            before = ""
        elif part in _ABD or part in _ABU:
            before = "abd" if part in _ABD else "abu"
        elif found and (part in _ALLAH or part in _DIN):
            found[-1] += "ullah" if part in _ALLAH else "din"
        else:
            found.append(_served(part))
    if before == "abd" and len(found) == 1:
        return [before + found[0]]  # "RAUF, Abdul"
    return [*found, before] if before else found


def _served(part: str) -> str:
    """Return names such as ``abdurrahman`` in their other joined form: ``abdrahman``."""
    rest = part.removeprefix("abd").lstrip("aeiou")
    if len(part) < 8 or not part.startswith("abd") or part in SPELLINGS or rest.startswith("ll"):
        return part
    article = rest[0] == rest[1:2] or (rest[0] == "l" and rest[1:2] not in _VOWELS)
    return "abd" + (rest[1:] if article else rest)


_VOWELS = frozenset("aeiou")
_NO_VOWELS = str.maketrans(dict.fromkeys("aeiou", ""))


def keys(name: str) -> tuple[frozenset[str], ...]:
    """Return the search keys of each word of a name: its sound, and its first letters, which tolerate typing errors."""
    found = written(name)
    return tuple(map(_keys, (*found.words, *found.joined)))


@lru_cache(maxsize=65_536)
def _keys(word: str) -> frozenset[str]:
    bare = next((rest for one in _PREFIXES if (rest := word.removeprefix(one)) != word and len(rest) > 3), "")
    return _own_keys(word) | _own_keys(bare) if bare else _own_keys(word)


def _own_keys(word: str) -> frozenset[str]:
    heard = {key for key in sounds(word) if len(key) > 1}
    ends = {f"^{word[:3]}", f"{word[-3:]}$"} if len(word) > _SHORT else set()
    slips = {f"-{word[:at]}{word[at + 1 :]}" for at in range(len(word))} | {f"-{word}"} if 3 < len(word) < 8 else set()
    written_as = {f"%{one}" for one in slavic(word)}
    return frozenset((*heard, *ends, *slips, *written_as, f"={SPELLINGS.get(word, word)}", f"~{eastern(word)}"))


@lru_cache(maxsize=65_536)
def resemblance(subject: str, listed: str) -> int:
    """Return 0 to 100: the similarity of a subject's name to a listed one."""
    left, right = written(subject), written(listed)
    names = PARTICLES.intersection((*left.words, *right.words))  # as in Su Bin, whose rest would be too short
    if names:
        left, right = written(subject, names), written(listed, names)
    short, long = sorted((left, right), key=lambda name: len(name.words))
    found = _resemblance(short, long, right)
    alike_kind = FIRM_WORDS.isdisjoint(short.words) == FIRM_WORDS.isdisjoint(long.words)
    equal = len(short.words) == len(long.words) and alike_kind
    return max(found, _resemblance(long, short, right)) if equal else found


def _resemblance(short: Written, long: Written, listed: Written) -> int:
    if not short.words:
        return 0
    if sorted(short.words) == sorted(long.words):
        return 100
    runs = {"".join(short.words), "".join(reversed(short.words))} & {"".join(long.words), "".join(reversed(long.words))}
    if runs:
        return 98
    pairs = _pairs(short, long)
    met = [word for words, _, _ in pairs for word in words]
    matched = sum(likeness * sum(map(len, words)) for words, _, likeness in pairs)
    left = tuple((Counter(short.words) - Counter(met)).elements())
    missed = sum(_DULL if word in FIRM_WORDS else max(_SHORT, len(word)) for word in left)
    score = int(100 * matched / (sum(map(len, met)) + missed))
    used = {at for _, run, _ in pairs for at in run}
    dull = all(word in FIRM_WORDS for at, word in enumerate(long.words) if at not in used)  # "Rosneft Oil"
    if len(short.words) == 1 < len(long.words) and not dull and not any(len(run) > 1 for _, run, _ in pairs):
        return ONE_WORD if score >= 100 * _INITIAL else min(score, ONE_WORD - 10)
    more = [word for at, word in enumerate(long.words) if at not in used and word not in FIRM_WORDS]
    extra = max(0, len(more) - len(left))
    brief = long is listed and extra > 0 and sum(map(len, met)) <= _BRIEF
    return max(0, score - _EXTRA[min(extra, 4)] - (_OMITTED if brief else 0))


def _pairs(short: Written, long: Written) -> list[tuple[tuple[str, ...], tuple[int, ...], float]]:
    """Return words of the shorter name, the matched words of the longer one, and their similarity."""
    options: list[tuple[float, tuple[int, ...], tuple[int, ...]]] = []
    for place, word in enumerate(short.words):
        options += [(alike(word, other), (place,), (at,)) for at, other in enumerate(long.words)]
        options += [(_whole(word, run), (place,), (at, at + 1)) for at, run in enumerate(long.joined)]
    for place, run in enumerate(short.joined):
        options += [(_whole(run, other), (place, place + 1), (at,)) for at, other in enumerate(long.words)]
    options.sort(key=lambda found: (-found[0], -sum(len(short.words[at]) for at in found[1]), found[1], found[2]))
    mine: set[int] = set()
    theirs: set[int] = set()
    pairs = []
    for likeness, here, there in options:
        if likeness and mine.isdisjoint(here) and theirs.isdisjoint(there):
            mine.update(here)
            theirs.update(there)
            pairs.append((tuple(short.words[at] for at in here), there, likeness))
    return pairs


def _whole(word: str, run: str) -> float:
    if word == run:
        return 1.0
    near = min(len(word), len(run)) > _SHORT and abs(len(word) - len(run)) < _SHORT
    likeness = alike(word, run) if near else 0.0
    return likeness if likeness >= _RUN else 0.0


@lru_cache(maxsize=262_144)
def alike(one: str, other: str) -> float:
    """Return 0 to 1: equal, another spelling, an initial, the same sounds, or a typing error."""
    if SPELLINGS.get(one, one) == SPELLINGS.get(other, other):
        return 1.0 if one == other else _SAME
    if min(len(one), len(other)) == 1:
        return _INITIAL if one[0].translate(_INITIALS) == other[0].translate(_INITIALS) else 0.0
    if spoken(one) == spoken(other) and (min(len(one), len(other)) >= _SHORT or _near(one, other) >= 0.5):
        return _SAME
    if eastern(one) == eastern(other) or _slavic_alike(one, other):
        return _SOUND
    short, long = sorted((spoken(one), spoken(other)), key=len)
    if len(short) > 3 and long.startswith(short) and long[len(short) :] in _ENDINGS:
        return _ENDINGS[long[len(short) :]]
    if min(len(one), len(other)) <= _SHORT:
        bare_ = [{word, word.removeprefix("al"), word.removeprefix("amir")} for word in (one, other)]
        return _INITIAL if bare_[0] & bare_[1] else _short(one, other)
    bare = _without_prefix(one, other)
    if bare is not None:
        return bare
    return max(_sounding(one, other), _slipped(one, other))


def _slavic_alike(one: str, other: str) -> bool:
    """Compare words as Slavic names; words as short as a Chinese syllable are not compared."""
    least = 3 if len(one) + len(other) >= _SYLLABLES else 4
    return any(len(sound) >= least for sound in slavic(one) & slavic(other))


_INITIALS = str.maketrans("jiwz", "yyvs")
"""Equivalent initials: *Yury* is *J.* in German and *I.* in French, *Zakhary* is *S.*"""


def _without_prefix(one: str, other: str) -> float | None:
    """Compare the rest after a prefix that one of them has: servant of, father of, an article."""
    for prefix in _PREFIXES:
        if one.startswith(prefix) != other.startswith(prefix):
            left, right = one.removeprefix(prefix), other.removeprefix(prefix)
            whole = left == right and len(left) > 2
            near = alike(left, right) if whole or min(len(left), len(right)) > 3 else 0.0
            if near:
                return _INITIAL if near >= _SOUND else _CLOSE
    return 0.0 if (one[:3] == "abd") != (other[:3] == "abd") else None


_ENDINGS = {
    **dict.fromkeys(("ul", "ur", "ud", "us", "al", "il", "i", "a", "u"), _SOUND),
    **dict.fromkeys(("din", "udin", "idin", "adin", "ula", "alla", "ulla"), _CLOSE),
}
"""Parts that may be joined to a name or omitted: articles, links, the second part of a name."""
_PREFIXES = ("abd", "abu", "al", "el", "amir", "mir", "bin", "ben", "bel")
"""Parts that may be joined, separate or omitted."""


def _short(one: str, other: str) -> float:
    """A word of four letters may lack one, or have an additional vowel or *h* with the same sounds."""
    if abs(len(one) - len(other)) > 1:
        return 0.0
    if len(one) != len(other) and _near(one, other) >= 0.8:
        return _CLOSE
    near = max(_near(one, other), _near(spoken(one), spoken(other)))
    return _CLOSE if near >= (0.6 if one[0] == other[0] else 0.75) and sounds(one) & sounds(other) else 0.0


def _sounding(one: str, other: str) -> float:
    shared = max(map(len, sounds(one) & sounds(other)), default=0)
    near = _near(spoken(one), spoken(other))
    if (shared > 3 and near >= 0.5) or (shared > 1 and near > 0.6):
        return max(_CLOSE, min(near, _SOUND))
    return _CLOSE if shared > 3 and near >= 0.4 else 0.0


def _slipped(one: str, other: str) -> float:
    """One inserted, missing or transposed letter; in longer words also a substituted one."""
    near = max(_near(one, other), _near(spoken(one), spoken(other)))
    if len(one) == len(other) and one.translate(_NO_VOWELS) == other.translate(_NO_VOWELS):
        return _CLOSE
    if one[0] == other[0] and sorted(one) == sorted(other):
        return _CLOSE
    replaced = len(one) == len(other)
    least = 0.86 if replaced else 0.79
    return max(_CLOSE, min(near, _SOUND)) if near >= least else 0.0


def _near(one: str, other: str) -> float:
    from rapidfuzz.distance import DamerauLevenshtein  # noqa: PLC0415 - only where names are compared

    found: float = DamerauLevenshtein.normalized_similarity(one, other)
    return found
