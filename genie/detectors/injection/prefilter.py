"""The prefilter of the injection grammar: words that a text must contain before a pattern can match.

The grammar has hundreds of patterns, and building their automaton takes longer than a command may take to start. The
one pass over every text therefore searches for words: for each pattern, a set of which every match contains a word. If
a word is found, a pattern is tried if words of all its sets are present in order. The words are package data, built by
``python -m tools.injection``.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import NamedTuple

from genie.detectors.injection.obfuscation import TRIGGERS
from genie.detectors.regex_set import Pattern

PREFILTER = "prefilter.json"
"""Package data: ``{"patterns": [RE2], "sets": [[WORD]], "needs": [[RE2, [SET NUMBER], FOREIGN]]}``."""
EDGE, GAP = "\b", "\0"
"""In a word: a word boundary, and a gap between words."""
_SIGNS = re.compile(r"[\0-/:-@\[-`{-\x7f]+")
_WORDS = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))
_BORDER = re.compile(r"(?<=[0-9A-Za-z])(?=[^\0-\x7f])|(?<=[^\0-\x7f])(?=[0-9A-Za-z])")
_FOREIGN = re.compile(r"([^\0-\x7f]+)")
_BEGINNING = 4  # letters of a word that are searched for
_TINY, _LEAST = 2, 3  # minimum letters of words that are searched for in short and in long words of a text
_REMEMBERED, _REMEMBERED_LETTERS = 20_000, 24  # words of texts whose contents are cached, and their maximum length
NOTHING = r"[^\x00-\x{10ffff}]"
"""A pattern that never matches."""
Words = frozenset[str]


class Needs(NamedTuple):
    """A pattern of the grammar, and the words that its matches contain."""

    pattern: str
    """RE2."""
    sets: tuple[Words, ...]
    """Every match contains a word of each set, in order."""
    foreign: bool = False
    """True if every match contains a letter that is not ASCII."""


class Prefilter:
    """Finds the patterns that match a text, without the automaton of all patterns.

    Args:
        patterns: RE2 for the one pass: a text in which none matches has no mark.
        needs: Every pattern.
        signs: Those that indicate a disguise and are not marks.
    """

    def __init__(self, patterns: Iterable[str], needs: Iterable[Needs], signs: Iterable[str] = ()) -> None:
        self.patterns = tuple(patterns)
        self.needs = tuple(needs)
        self._needs: dict[Words, list[Needs]] = {}  # by their first set
        self._sets: dict[str, list[Words]] = {}  # by word
        for need in self.needs:
            if need.sets:
                self._needs.setdefault(need.sets[0], []).append(need)
        self._signs = frozenset(signs)
        wordless = [need.pattern for need in self.needs if not need.sets]  # their matches need no word
        # Searched one by one: a set of patterns with counts needs a new state for almost every random letter. Most
        # texts match none of them, so one search for any of them comes first.
        self._always = [(pattern, Pattern(pattern).within) for pattern in wordless]
        self._any_always = Pattern("|".join(f"(?:{pattern})" for pattern in wordless) or NOTHING).within
        for words in dict.fromkeys(words for need in self.needs for words in need.sets):
            for word in words:
                self._sets.setdefault(word, []).append(words)
        self._foreign = any(need.foreign for need in self.needs)
        self._short = tuple(word for word in self._sets if len(word) < _TINY or word.strip(GAP).isdigit())
        self._tiny = tuple(word for word in self._sets if len(word) == _TINY)
        self._beginning: dict[str, list[str]] = {}
        for word in self._sets.keys() - self._short:
            self._beginning.setdefault(word[:_BEGINNING], []).append(word)
        self._known: dict[str, tuple[str, ...]] = {}  # the words inside short words of texts

    def finds(self, text: str) -> bool:
        """Return True if a pattern matches folded text."""
        return next(self.matching(text), None) is not None

    def matching(self, text: str, *, signs: bool = True) -> Iterator[str]:
        """Yield the patterns that match folded text; without ``signs`` those that are marks."""
        if self._foreign and text.isascii():
            yield from self._of_ascii.matching(text, signs=signs)
            return
        plain = plain_of(text)
        held = self._words(plain).union([word for word in self._short if word in plain])
        present = {words for word in held for words in self._sets[word]}
        data = text.encode(errors="surrogatepass")
        for pattern, within in self._always if not signs or self._any_always(data) else ():
            if (signs or pattern not in self._signs) and within(data):
                yield pattern
        for first in present:
            for need in self._needs.get(first, ()):
                if not signs and need.pattern in self._signs:
                    continue
                words_match = present.issuperset(need.sets) and in_order([words & held for words in need.sets], plain)
                if words_match and _searched(need.pattern).search(text):
                    yield need.pattern

    @functools.cached_property
    def _of_ascii(self) -> Prefilter:
        """The prefilter of ASCII texts, without patterns that need other letters."""
        return Prefilter(self.patterns, [need for need in self.needs if not need.foreign], self._signs)

    def _words(self, plain: str) -> set[str]:
        """Return the words that plain text contains, also inside longer words."""
        known, tokens = self._known, set(plain.split(GAP))
        new = [token for token in tokens.difference(known) if not token.isdigit()]
        held = set().union(*filter(None, map(known.get, tokens)))
        long = [token for token in new if len(token) >= _REMEMBERED_LETTERS]
        if long:  # random letters contain each word of two letters many times
            text = f"{GAP}{GAP.join(long)}{GAP}"
            held.update([word for word in self._tiny if word in text], [word for _, word in self._inside(text, _LEAST)])
        short = [token for token in new if len(token) < _REMEMBERED_LETTERS]
        if short:
            if len(known) >= _REMEMBERED:
                known = self._known = {}  # another thread may still read the old one
            known.update(self._in_each(short))
            held.update(*map(known.__getitem__, short))
        return held

    def _in_each(self, tokens: list[str]) -> dict[str, tuple[str, ...]]:
        """Return the words inside each word of a text, found in one search."""
        begins = list(itertools.accumulate((len(token) + 1 for token in tokens), initial=1))
        found: dict[str, tuple[str, ...]] = dict.fromkeys(tokens, ())
        for start, word in self._inside(f"{GAP}{GAP.join(tokens)}{GAP}", _TINY):
            found[tokens[bisect_right(begins, start + (word[0] == GAP)) - 1]] += (word,)
        return found

    def _inside(self, text: str, least: int) -> Iterator[tuple[int, str]]:
        """Yield the position and the word for each word of at least ``least`` letters in a text."""
        beginning = self._beginning.get
        for start in self._anywhere(least).starts(text):
            for size in range(least, _BEGINNING + 1):
                for word in beginning(text[start : start + size], ()):
                    if text.startswith(word, start):
                        yield start, word

    @functools.cache  # noqa: B019 - two patterns of an object that is never dropped
    def _anywhere(self, least: int) -> Pattern:
        """Matches the start of any word of at least ``least`` letters; whole words would need a large automaton."""
        heads = sorted(head for head in self._beginning if len(head) >= least)
        return Pattern("|".join(f"\\Q{head}\\E" for head in heads) or NOTHING)


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
    inside = re.compile(f"(?<=[^{GAP}]){GAP}(?=[^{GAP}])")  # it may replace any number of signs, or foreign letters
    return max((part for piece in plain for part in inside.split(piece)), key=len)


def in_order(sets: Sequence[Words], plain: str) -> bool:
    """Return True if plain text contains a word of each set, in order; neighbours may share a gap."""
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
    triggers = {trigger: trigger for trigger in TRIGGERS}  # some are ``TokenPattern``, not plain strings
    return Prefilter(
        [triggers.get(pattern, pattern) for pattern in data["patterns"]],
        [Needs(one, tuple(sets[at] for at in numbers), foreign) for one, numbers, foreign in data["needs"]],
        TRIGGERS,
    )
