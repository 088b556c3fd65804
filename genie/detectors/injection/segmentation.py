"""Finds words in text without spaces, or with misleading ones.

A run of letters is divided into listed words at the lowest cost: rarer words cost more, and a letter outside every word
costs more than a rare word. The list is package data, built by ``python -m tools.injection`` from the words of the
grammar and of ordinary texts.
"""

from __future__ import annotations

import functools
import math
import re
from importlib import resources

from genie.detectors.regex_set import Pattern

WORDS = "words.txt"
"""Package data: one word a line, the most frequent first."""
MOST = 600
"""Maximum letters of one run that are divided; the rest is unchanged."""
SHORTEST = 12
"""Minimum letters of a run to divide."""
_LONGEST = 16  # letters of a word
_OUTSIDE = 9.0  # cost of a letter that is in no word
_COVERED = 0.85  # share of a run that words must cover
_SURE = 5  # letters of a word that hardly ever occurs by chance
_TELLING, _HELD = 4, 0.3  # letters of a word that seldom occurs by chance, and the share of a run that such words fill
_RUN = re.compile(rf"[a-z]{{{SHORTEST},}}")


@functools.cache
def listed() -> dict[str, float]:
    """Return the words of the list with their costs."""
    words = resources.files(__package__).joinpath(WORDS).read_text(encoding="utf-8").split()
    return {word: 2.0 + math.log(2.0 + place) for place, word in enumerate(words)}


@functools.cache
def _sizes() -> dict[str, tuple[int, ...]]:
    """Return the lengths of the words that end in two letters."""
    sizes: dict[str, set[int]] = {}
    for word in listed():
        if 1 < len(word) <= _LONGEST:
            sizes.setdefault(word[-2:], set()).add(len(word))
    return {ending: tuple(sorted(lengths)) for ending, lengths in sizes.items()}


class _Words:
    """Finds listed words of at least so many letters.

    Only their beginnings are searched for: an automaton of whole words needs a new state at almost every random letter.
    """

    def __init__(self, letters: int) -> None:
        sizes: dict[str, set[int]] = {}
        for word in listed():
            if len(word) >= letters:
                sizes.setdefault(word[:letters], set()).add(len(word))
        self._letters = letters
        self._sizes = {head: tuple(sorted(lengths, reverse=True)) for head, lengths in sizes.items()}
        self._heads = Pattern("|".join(sorted(sizes)))

    def found(self, text: str) -> list[tuple[int, int]]:
        """Return the positions of words, without overlaps; of those that begin at one place the longest."""
        known, sizes, letters, done = listed(), self._sizes, self._letters, 0
        words = list[tuple[int, int]]()
        for start in self._heads.starts(text):
            if start >= done:
                lengths = sizes[text[start : start + letters]]
                size = next((size for size in lengths if text[start : start + size] in known), 0)
                if size:
                    done = start + size
                    words.append((start, done))
        return words


_long = functools.cache(_Words)


def words_in(text: str) -> list[tuple[int, int]]:
    """Return the positions of words in lower-case text that do not occur by chance, including words inside others."""
    return _long(_SURE).found(text)


def divided(text: str) -> str:
    """Return lower-case text with long runs of letters divided into words, if they consist of words."""
    return _RUN.sub(lambda run: _words(run[0]), text)


def _words(run: str) -> str:
    """Return a run as words between blanks, or unchanged if it does not consist of words."""
    if sum(end - start for start, end in _long(_TELLING).found(run)) < _HELD * len(run):
        return run
    costs, size = listed(), min(len(run), MOST)
    sizes = _sizes().get
    best, step, outside = [0.0] * (size + 1), [1] * (size + 1), [0] * (size + 1)
    for end in range(1, size + 1):
        least, length, lost = best[end - 1] + _OUTSIDE, 1, outside[end - 1] + 1
        for width in (1, *sizes(run[max(0, end - 2) : end], ())):
            cost = costs.get(run[end - width : end]) if width <= end else None
            if cost is not None and best[end - width] + cost < least:
                least, length, lost = best[end - width] + cost, width, outside[end - width]
        best[end], step[end], outside[end] = least, length, lost
    if outside[size] > (1 - _COVERED) * size:
        return run
    parts: list[str] = []
    at = size
    while at:
        parts.append(run[at - step[at] : at])
        at -= step[at]
    return " ".join(("", *reversed(parts), run[size:], ""))
