"""The prefilter of the injection grammar: words that a text must contain before a pattern can match.

The grammar has hundreds of patterns, and building their automaton takes longer than a command may take to start. The
one pass over every text therefore searches for words: for each pattern, a set of which every match contains a word. If
a word is found, a pattern is tried if words of all its sets are present in order. The words are package data, built by
``python -m tools.injection``.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import NamedTuple

from genie.detectors.injection.obfuscation import TRIGGERS
from genie.detectors.regex_set import Pattern

PREFILTER = "prefilter.json"
"""Package data: ``{"patterns": [RE2], "sets": [[WORD]], "needs": [[RE2, [SET NUMBER]]]}``."""
EDGE, GAP = "\b", "\0"
"""In a word: a word boundary, and a gap between words."""
_SIGNS = re.compile(r"[\0-/:-@\[-`{-\x7f]+")
_WORDS = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))
_BORDER = re.compile(r"(?<=[0-9A-Za-z])(?=[^\0-\x7f])|(?<=[^\0-\x7f])(?=[0-9A-Za-z])")
_FOREIGN = re.compile(r"([^\0-\x7f]+)")
_HEAD = 2  # letters by which a word is indexed, so that most places of a text cost one look-up
_BEGINNING = 4  # letters of a word that are searched for
_REMEMBERED, _REMEMBERED_LETTERS = 20_000, 24  # number and length of texts whose words are cached
Words = frozenset[str]


class Needs(NamedTuple):
    """A pattern of the grammar, and the words that its matches contain."""

    pattern: str
    """RE2."""
    sets: tuple[Words, ...]
    """Every match contains a word of each, in order."""


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
        wordless = [need.pattern for need in self.needs if not need.sets]  # a match need not contain any word
        # One by one: a set of patterns with repetitions needs a new state for almost every character of random letters.
        self._always = [(pattern, Pattern(pattern).within) for pattern in wordless]
        for words in dict.fromkeys(words for need in self.needs for words in need.sets):
            for word in words:
                self._sets.setdefault(word, []).append(words)
        self._short = tuple(word for word in self._sets if len(word) < _HEAD)
        heads: dict[str, set[int]] = {}
        for word in self._sets:
            heads.setdefault(word[:_HEAD], set()).add(len(word))
        self._sizes = {head: tuple(sorted(sizes)) for head, sizes in heads.items() if len(head) == _HEAD}
        self._known: dict[str, tuple[str, ...]] = {}  # cached words of short texts

    def finds(self, text: str) -> bool:
        """Return True if a pattern matches folded text."""
        return next(self.matching(text), None) is not None

    def matching(self, text: str, *, signs: bool = True) -> Iterator[str]:
        """Yield the patterns that match folded text; without ``signs`` only marks."""
        plain = plain_of(text)
        held = frozenset(self._words(plain)).union(word for word in self._short if word in plain)
        present = {words for word in held for words in self._sets[word]}
        data = text.encode(errors="surrogatepass")
        for pattern, within in self._always:
            if (signs or pattern not in self._signs) and within(data):
                yield pattern
        for first in present:
            for need in self._needs.get(first, ()):
                if not signs and need.pattern in self._signs:
                    continue
                words_match = present.issuperset(need.sets) and in_order([words & held for words in need.sets], plain)
                if words_match and _searched(need.pattern).search(text):
                    yield need.pattern

    def _words(self, plain: str) -> Iterator[str]:
        for token in set(plain.split(GAP)):
            held = self._known.get(token)
            if held is None:
                held = tuple(self._inside(f"{GAP}{token}{GAP}"))
                if len(token) < _REMEMBERED_LETTERS:
                    if len(self._known) >= _REMEMBERED:
                        self._known.clear()
                    self._known[token] = held
            yield from held

    def _inside(self, token: str) -> Iterator[str]:
        """Yield the listed words that occur anywhere in a word of a text."""
        sizes_of, sets = self._sizes, self._sets
        for start in self._anywhere.starts(token):
            for size in sizes_of.get(token[start : start + _HEAD], ()):
                if (word := token[start : start + size]) in sets:
                    yield word

    @functools.cached_property
    def _anywhere(self) -> Pattern:
        """The beginning of any word of two letters or more; an automaton of all words would be large."""
        heads = {word[:_BEGINNING] for word in self._sets if len(word) >= _HEAD}
        return Pattern("|".join(f"\\Q{head}\\E" for head in sorted(heads)) or r"[^\x00-\x{10ffff}]")


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
    triggers = {trigger: trigger for trigger in TRIGGERS}  # those of long tokens are more than strings
    first = [triggers.get(pattern, pattern) for pattern in data["patterns"]]
    return Prefilter(first, [Needs(one, tuple(sets[at] for at in numbers)) for one, numbers in data["needs"]], TRIGGERS)
