"""Words of a complaint: its whole words and phrases unless they are negated, and its text without numbers.

A phrase only matches between word boundaries: *atm* does not match *treatment*, nor *emi* *premium*.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import re2

_WORD = re2.compile(r"[\p{L}\p{M}\p{N}'-]+")
_NUMBERS = re2.compile(r"[0-9][0-9 -]{2,}[0-9]")
_ADDRESS = re2.compile(r"\S+@\S+")
_PAN = re2.compile(r"\b[A-Za-z]{5}[0-9]{4}[A-Za-z]\b")
_DENIED_WITHIN = 2
"""Number of words before a phrase in which a negation applies to it: *no fraud*, *not a fraud*."""
SUMMARY = 240
"""Characters of a summary."""


class Vocabulary(NamedTuple):
    """The words that ship."""

    categories: Mapping[str, Mapping[str, int]]
    unauthorised: tuple[str, ...]
    failed: tuple[str, ...]
    high: tuple[str, ...]
    medium: tuple[str, ...]
    negations: frozenset[str]


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Return the packaged words; they are read once."""
    read = json.loads(resources.files("genie_finance").joinpath("service/data/complaints.json").read_text("utf-8"))
    return Vocabulary(
        read["categories"], tuple(read["unauthorised"]), tuple(read["failed"]), tuple(read["high"]),
        tuple(read["medium"]), frozenset(read["negations"]),
    )  # fmt: skip


class Wording:
    """A complaint's words, in order."""

    def __init__(self, text: str) -> None:
        plain = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
        self._words = [one.strip("'-") for one in _WORD.findall(plain)]
        self._places: dict[str, list[int]] = {}
        for place, word in enumerate(self._words):
            self._places.setdefault(word, []).append(place)

    def found(self, phrases: Iterable[str]) -> tuple[str, ...]:
        """Return the phrases that occur in the text without a negation, in the given order."""
        return tuple(phrase for phrase in phrases if self._says(phrase))

    def _says(self, phrase: str) -> bool:
        parts = phrase.split()
        return any(
            self._words[place : place + len(parts)] == parts and not self._denied(place, parts)
            for place in self._places.get(parts[0], ())
        )

    def _denied(self, place: int, parts: list[str]) -> bool:
        if parts[0] in vocabulary().negations or "not" in parts:
            return False
        return any(word in vocabulary().negations for word in self._words[max(0, place - _DENIED_WITHIN) : place])


def redacted(text: str) -> str:
    """Return the beginning of a text without numbers and addresses, truncated between words."""
    plain = " ".join(text.split())
    for pattern, instead in ((_ADDRESS, "[address]"), (_PAN, "[number]"), (_NUMBERS, "[number]")):
        plain = pattern.sub(instead, plain)
    if len(plain) <= SUMMARY:
        return plain
    kept = plain[: SUMMARY - 1]
    return (kept[: kept.rfind(" ")] if " " in kept else kept) + "…"
