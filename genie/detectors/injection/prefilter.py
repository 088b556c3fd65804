"""The prefilter of the injection grammar: words that a text must contain before a pattern can match.

The grammar has hundreds of patterns, and building their automaton takes longer than a command may take to start. The
one pass over every text therefore searches for words: for each pattern, a set of which every match contains a word. If
a word is found, a pattern is tried if words of all its sets are present in order. The words are package data, built by
``python -m tools.injection``.
"""

from __future__ import annotations

import functools
import json
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import NamedTuple

from genie.detectors.injection.obfuscation import SIGNS, Sign
from genie.detectors.regex_set import Pattern

PREFILTER = "prefilter.json"
"""Package data: ``{"patterns": [RE2], "sets": [[WORD]], "needs": [[RE2, [SET NUMBER], FOREIGN]]}``."""
EDGE, GAP = "\b", "\0"
"""In a word: the edge of a word, and something between words."""
_SIGNS = re.compile(r"[\0-/:-@\[-`{-\x7f]+")
_WORDS = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))
_BORDER = re.compile(r"(?<=[0-9A-Za-z])(?=[^\0-\x7f])|(?<=[^\0-\x7f])(?=[0-9A-Za-z])")
_FOREIGN = re.compile(r"([^\0-\x7f]+)")
_HEAD = 2  # letters of a word by which it is looked up, so that most places of a text cost one look
_BEGINNING = 4  # letters of a word that are searched for
_REMEMBERED, _REMEMBERED_LETTERS = 20_000, 24  # words of texts of which is kept what they hold, and their length
_IN_ORDER = 512  # characters of a text from which looking for words in their order takes less time than the pattern
_FOREIGN_BIT = 1  # of the bits of a text: it has a letter beyond ASCII
Words = frozenset[str]


class Needs(NamedTuple):
    """A pattern of the grammar, and the words that its matches contain."""

    pattern: str
    """RE2."""
    sets: tuple[Words, ...]
    """Every match holds a word of each, in order."""
    foreign: bool = False
    """Every match holds a letter beyond ASCII."""


class _Candidate(NamedTuple):
    """A pattern, to be tried on a text that holds a word of its rarest set."""

    need: Needs
    bits: int
    """Of its sets."""
    sign: Sign | None
    """Set for a sign of a disguise, which is no mark."""


class Prefilter:
    """Finds the patterns that match a text, without the automaton of all patterns.

    Args:
        patterns: RE2 for the one pass: a text in which none matches holds nothing.
        needs: Every pattern.
        signs: Those of them that tell of a disguise and are no mark.
    """

    def __init__(self, patterns: Iterable[str], needs: Iterable[Needs], signs: Iterable[Sign] = ()) -> None:
        self.patterns = tuple(patterns)
        self.needs = tuple(needs)
        of_pattern = {sign.pattern: sign for sign in signs}
        needed = frozenset[int]().union(*(sign.chars for sign in of_pattern.values()))
        self._quiet = bytes(code for code in range(256) if code not in needed)
        # One by one: a set of patterns that count needs a new state for almost every character of random letters.
        self._always = [
            (need.pattern, Pattern(need.pattern).within, of_pattern.get(need.pattern))
            for need in self.needs if not need.sets
        ]  # fmt: skip
        bit_of: dict[Words, int] = {}  # sets of words as bits of one number, those first by which patterns are found
        rarest = [(max(need.sets, key=_rarity), need) for need in self.needs if need.sets]
        for words in dict.fromkeys([*(key for key, _ in rarest), *(one for _, need in rarest for one in need.sets)]):
            bit_of[words] = _FOREIGN_BIT << len(bit_of) + 1
        self._candidates: dict[int, list[_Candidate]] = {}  # by the bit of their rarest set
        for key, need in rarest:
            bits = functools.reduce(operator.or_, map(bit_of.__getitem__, need.sets), _FOREIGN_BIT * need.foreign)
            candidate = _Candidate(need, bits, of_pattern.get(need.pattern))
            self._candidates.setdefault(bit_of[key], []).append(candidate)
        self._keys = sum(self._candidates)
        self._bits: dict[str, int] = {}  # by word
        for words, bit in bit_of.items():
            for word in words:
                self._bits[word] = self._bits.get(word, 0) | bit
        self._short = tuple(word for word in self._bits if len(word) < _HEAD)
        heads: dict[str, set[int]] = {}
        for word in self._bits:
            heads.setdefault(word[:_HEAD], set()).add(len(word))
        self._sizes = {head: tuple(sorted(sizes)) for head, sizes in heads.items() if len(head) == _HEAD}
        self._known: dict[str, tuple[int, tuple[str, ...]]] = {}  # what short words of texts hold

    def finds(self, text: str) -> bool:
        """Return True where a pattern matches folded text."""
        return next(self.matching(text), None) is not None

    def matching(self, text: str, *, signs: bool = True) -> Iterator[str]:
        """Yield the patterns that match folded text; without ``signs`` those that are marks."""
        plain = plain_of(text)
        tokens = set(plain.split(GAP))
        data = text.encode(errors="surrogatepass")
        chars = set(data.translate(None, self._quiet)) if signs else set()
        sizes = {*map(len, tokens)} if text.isascii() else None  # letters beyond ASCII may belong to a run
        for pattern, within, sign in self._always:
            if (sign is None or (signs and _possible(sign, chars, sizes))) and within(data):
                yield pattern
        present, held = self._held(tokens)
        if not text.isascii():
            present |= _FOREIGN_BIT
        keys = present & self._keys
        while keys:
            key = keys & -keys
            keys ^= key
            for need, bits, sign in self._candidates[key]:
                if present & bits != bits or (sign is not None and not (signs and _possible(sign, chars, sizes))):
                    continue
                if len(text) > _IN_ORDER and not in_order([words.intersection(held) for words in need.sets], plain):
                    continue
                if _searched(need.pattern).within(data):
                    yield need.pattern

    def _held(self, tokens: Iterable[str]) -> tuple[int, list[str]]:
        """Return the sets of which words stand anywhere in words of a text, as bits, and the words."""
        present, held = 0, list[str]()
        for token in tokens:
            known = self._known.get(token)
            if known is None:
                words = tuple(self._inside(f"{GAP}{token}{GAP}"))
                known = functools.reduce(operator.or_, map(self._bits.__getitem__, words), 0), words
                if len(token) < _REMEMBERED_LETTERS:
                    if len(self._known) >= _REMEMBERED:
                        self._known.clear()
                    self._known[token] = known
            if known[0]:
                present |= known[0]
                held += known[1]
        return present, held

    def _inside(self, token: str) -> Iterator[str]:
        """Yield the words that stand anywhere in a word of a text."""
        yield from (word for word in self._short if word in token)
        sizes_of, bits = self._sizes, self._bits
        for start in self._anywhere.starts(token):
            for size in sizes_of.get(token[start : start + _HEAD], ()):
                if (word := token[start : start + size]) in bits:
                    yield word

    @functools.cached_property
    def _anywhere(self) -> Pattern:
        """The beginning of any word of two letters or more; all letters of all words would be a large automaton."""
        heads = {word[:_BEGINNING] for word in self._bits if len(word) >= _HEAD}
        return Pattern("|".join(f"\\Q{head}\\E" for head in sorted(heads)) or r"[^\x00-\x{10ffff}]")


def _possible(sign: Sign, chars: set[int], sizes: set[int] | None) -> bool:
    """Return False where a text cannot hold a sign.

    Args:
        sign: Of a disguise.
        chars: Those of the text that signs need.
        sizes: Lengths of its words; None where letters beyond ASCII may stand within one.
    """
    if sign.chars and sign.chars.isdisjoint(chars):
        return False
    return sizes is None or ((not sign.word or sign.word in sizes) and (not sign.run or max(sizes) >= sign.run))


def _rarity(words: Words) -> tuple[int, int]:
    """Return what is the higher the fewer texts hold one of some words."""
    return min(map(len, words)), -len(words)


@functools.cache  # at most the patterns of the grammar
def _searched(pattern: str) -> Pattern:
    return Pattern(pattern)


def plain_of(text: str) -> str:
    """Return text in lower case with one gap for the signs between words, and between ASCII and other letters."""
    if not text.isascii():
        return GAP + _BORDER.sub(GAP, _SIGNS.sub(GAP, text)).lower() + GAP
    words = text.encode().translate(_WORDS)  # three times as fast as the pattern
    plain = b"\0".join(words.split()).decode()
    if not plain:
        return GAP * (2 + bool(words))
    return GAP * (1 + words.startswith(b" ")) + plain + GAP * (1 + words.endswith(b" "))


def sought(word: str) -> str:
    """Return the longest part of a word that has the same form everywhere in plain text."""
    plain = [_SIGNS.sub(GAP, piece) for piece in _FOREIGN.split(word)]
    inside = re.compile(f"(?<=[^{GAP}]){GAP}(?=[^{GAP}])")  # may stand for any number of signs, or for foreign letters
    return max((part for piece in plain for part in inside.split(piece)), key=len)


def in_order(sets: Sequence[Words], plain: str) -> bool:
    """Return True where plain text holds a word of each set, each after the one before; they may share a gap."""
    start = 0
    for words in sets:
        found = [(at + len(word), word) for word in words if (at := plain.find(word, start)) >= 0]
        if not found:
            return False
        end, word = min(found)
        start = end - word.endswith(GAP)
    return True


@functools.cache
def shipped() -> Prefilter:
    """Return the prefilter of the shipped grammar."""
    data = json.loads(resources.files(__package__).joinpath(PREFILTER).read_text(encoding="utf-8"))
    sets = [frozenset(words) for words in data["sets"]]
    return Prefilter(
        data["patterns"],
        [Needs(one, tuple(sets[at] for at in numbers), foreign) for one, numbers, foreign in data["needs"]],
        SIGNS,
    )
