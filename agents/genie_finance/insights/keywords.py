"""Words of narrations that indicate a category, in the languages of the statements.

Only whole words and phrases count ("atm" does not match "treatment"). A phrase written ``~word`` is a hint, too weak
alone; ``*word`` is the end of a German compound ("Lebensversicherung").
"""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping
from importlib import resources
from typing import NamedTuple

from genie_finance.domain import categories, narrations
from genie_finance.domain.categories import Kind

STRONG = 0.85
"""Confidence of a clear phrase."""
WEAK = 0.5
"""Confidence of a hint: below any sensible threshold by itself."""
DISPUTED = 0.65
"""Confidence if phrases of two categories are equally clear."""
_LONGEST_PHRASE = 4
_SHORTEST_COMPOUND = 10


class Guess(NamedTuple):
    """A category and how sure it is, from 0 to 1."""

    category: str
    confidence: float


class KeywordTable(NamedTuple):
    """Folded phrases by the category that they indicate; build it with ``of``."""

    phrases: Mapping[str, tuple[Guess, ...]]
    endings: Mapping[str, Guess]

    @classmethod
    def of(cls, table: Mapping[str, list[str]]) -> KeywordTable:
        """Build the table from category -> phrases.

        Raises:
            ValueError: A category is not in the taxonomy, or a phrase is longer than four words.
        """
        phrases: dict[str, tuple[Guess, ...]] = {}
        endings: dict[str, Guess] = {}
        for category, listed in table.items():
            if category not in categories.taxonomy():
                raise ValueError(f"keywords: {category!r} is not a category")
            for phrase in listed:
                found = narrations.words(phrase)
                if not 1 <= len(found) <= _LONGEST_PHRASE:
                    raise ValueError(f"keywords: {phrase!r} must have one to {_LONGEST_PHRASE} words")
                guess = Guess(category, WEAK if phrase.startswith("~") else STRONG)
                if phrase.startswith("*"):
                    endings[found[0]] = guess
                else:
                    key = " ".join(found)
                    phrases[key] = (*phrases.get(key, ()), guess)
        return cls(phrases, endings)

    def guess(self, found: tuple[str, ...], *, kinds: Collection[Kind]) -> Guess | None:
        """Return the best category of some kinds for the words of a narration, None without a match.

        A longer phrase takes precedence over a shorter one; if two categories tie, the first in the text is returned
        with the confidence ``DISPUTED``.
        """
        best: tuple[tuple[float, int], Guess] | None = None
        disputed = False
        for size in range(min(_LONGEST_PHRASE, len(found)), 0, -1):
            for start in range(len(found) - size + 1):
                for guess in self._told(found[start : start + size]):
                    if categories.info(guess.category).kind not in kinds:
                        continue
                    rank = (guess.confidence, size)
                    if best is None or rank > best[0]:
                        best, disputed = (rank, guess), False
                    elif rank == best[0] and guess.category != best[1].category:
                        disputed = True
        if best is None:
            return None
        return Guess(best[1].category, min(best[1].confidence, DISPUTED)) if disputed else best[1]

    def _told(self, phrase: tuple[str, ...]) -> tuple[Guess, ...]:
        told = self.phrases.get(" ".join(phrase))
        if told or len(phrase) > 1 or len(phrase[0]) < _SHORTEST_COMPOUND:
            return told or ()
        return tuple(guess for ending, guess in self.endings.items() if phrase[0].endswith(ending))[:1]


@functools.cache
def keyword_table() -> KeywordTable:
    """Return the table that ships with the package, ``data/keywords.json``."""
    raw = resources.files("genie_finance.insights").joinpath("data/keywords.json").read_text("utf-8")
    return KeywordTable.of(json.loads(raw))
