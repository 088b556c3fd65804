"""Words in text that is written without spaces, or in which the spaces say nothing.

A run of letters is divided into the words of a list, so that the division costs least: a word costs more the rarer it
is, a letter outside every word costs more than a rare word. The list is package data, made by
``python -m tools.injection`` from the words of the grammar and of ordinary texts.
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
"""Letters of one run that are divided; the rest stays as it is."""
SHORTEST = 12
"""Letters of a run that is worth dividing."""
_LONGEST = 16  # letters of a word
_OUTSIDE = 9.0  # cost of a letter that is in no word
_COVERED = 0.85  # share of a run that words must cover
_SURE = 5  # letters of a word that hardly ever comes by chance
_TELLING, _HELD = 4, 0.3  # letters of a word that seldom comes by chance, and the share of a run that such words fill
_RUN = re.compile(rf"[a-z]{{{SHORTEST},}}")


@functools.cache
def listed() -> dict[str, float]:
    """Return the words of the list, and what each costs."""
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


@functools.cache
def _long(letters: int) -> Pattern:
    """Return any word of so many letters, the longest of those that begin at a place."""
    return Pattern("|".join(sorted((word for word in listed() if len(word) >= letters), key=len, reverse=True)))


def words_in(text: str) -> list[tuple[int, int]]:
    """Return where lower-case text has words that do not come by chance, also inside others."""
    return _long(_SURE).found(text)


def divided(text: str) -> str:
    """Return lower-case text in which long runs of letters are divided into words, where they consist of words."""
    return _RUN.sub(lambda run: _words(run[0]), text)


def _words(run: str) -> str:
    """Return a run as words between blanks, or as it is where it does not consist of words."""
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
