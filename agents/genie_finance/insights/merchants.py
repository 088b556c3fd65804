"""The merchant master: maps the name of a payee to a well-known merchant.

Names are matched by whole words. An alias written ``=word`` is also a common word ("next", "orange"), so it counts only
if nothing except a town or the like follows it. Misspelt and truncated names are matched by similar spelling, with
strict limits: a wrong merchant is worse than none.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib import resources
from typing import NamedTuple

from rapidfuzz import fuzz, process

from genie_finance.domain import categories, narrations

_LONGEST_ALIAS = 5
_CUTOFF = 90.0
"""Minimum similarity of an approximate match in percent: one letter in six is extra or missing, or one in ten wrong."""
_WORD_CUTOFF = 85.0
"""The same for each single word, since a long matching word would outweigh a different short one."""
_SHORTEST_FUZZY = 6


class Merchant(NamedTuple):
    """A merchant with its name in reports."""

    name: str
    category: str
    """Category in the taxonomy; ``uncategorised`` if the merchant alone does not determine it."""


class MerchantMaster(NamedTuple):
    """Aliases of merchants, folded; build it with ``of``."""

    anywhere: Mapping[str, Merchant]
    whole: Mapping[str, Merchant]
    spelled: tuple[str, ...]
    """Aliases that may match approximately."""
    names: Mapping[str, Merchant]
    initials: Mapping[str, tuple[str, ...]]
    """First character -> those aliases, so that a name is compared with few of them."""

    @classmethod
    def of(cls, table: Mapping[str, list[list[str]]]) -> MerchantMaster:
        """Build the master from category -> [[name, alias, ...], ...]; a name without aliases is its own.

        Raises:
            ValueError: A category is not in the taxonomy, or one alias has two merchants.
        """
        anywhere: dict[str, Merchant] = {}
        whole: dict[str, Merchant] = {}
        names: dict[str, Merchant] = {}
        for category, entries in table.items():
            if category not in categories.taxonomy():
                raise ValueError(f"merchants: {category!r} is not a category")
            for name, *aliases in entries:
                merchant = names[name] = Merchant(name, category)
                for alias in aliases or [name]:
                    strict = alias.startswith("=")
                    key = " ".join(narrations.words(alias))
                    if (whole if strict else anywhere).setdefault(key, merchant) is not merchant:
                        raise ValueError(f"merchants: {alias!r} is an alias of two merchants")
        spelled = tuple(key for key in anywhere if len(key) >= _SHORTEST_FUZZY)
        initials = {first: tuple(key for key in spelled if key[0] == first) for first in {key[0] for key in spelled}}
        return cls(anywhere, whole, spelled, names, initials)

    def find(self, payee: str) -> Merchant | None:
        """Return the merchant of a payee's name, or None if no alias is similar enough."""
        found = narrations.words(payee)[:12]
        return self._by_words(found) or self._whole(found) or self._by_spelling(found)

    def category_of(self, name: str | None) -> str | None:
        """Return the category of a merchant by its name in the master, None if it is unknown or ambiguous."""
        merchant = self.names.get(name or "")
        return merchant.category if merchant and merchant.category != categories.Category.UNCATEGORISED else None

    def _by_words(self, found: tuple[str, ...]) -> Merchant | None:
        for size in range(min(_LONGEST_ALIAS, len(found)), 0, -1):
            for start in range(len(found) - size + 1):
                merchant = self.anywhere.get(" ".join(found[start : start + size]))
                if merchant:
                    return merchant
        return None

    def _whole(self, found: tuple[str, ...]) -> Merchant | None:
        for size in range(min(_LONGEST_ALIAS, len(found)), 0, -1):
            merchant = self.whole.get(" ".join(found[:size]))
            if merchant and all(narrations.is_tail(word) for word in found[size:]):
                return merchant
        return None

    def _by_spelling(self, found: tuple[str, ...]) -> Merchant | None:
        end = len(found)
        while end > 1 and narrations.is_tail(found[end - 1]):
            end -= 1
        spelled = " ".join(found[:end])
        if len(spelled) < _SHORTEST_FUZZY - 1:
            return None
        few = self.initials.get(spelled[0], ())
        if process.extractOne(spelled, few, scorer=fuzz.ratio, score_cutoff=_CUTOFF) is None:
            return None
        near = process.extractOne(spelled, self.spelled, scorer=fuzz.ratio, score_cutoff=_CUTOFF)
        return self.anywhere[near[0]] if near and _same_words(spelled, near[0]) else None


def _same_words(spelled: str, alias: str) -> bool:
    """Return False for another name with a similar spelling: "Deutsche Bank" is not "Deutsche Bahn"."""
    ours, theirs = spelled.split(), alias.split()
    if len(ours) != len(theirs):
        return "".join(ours) == "".join(theirs)
    return all(a[0] == b[0] and fuzz.ratio(a, b) >= _WORD_CUTOFF for a, b in zip(ours, theirs, strict=True))


@functools.cache
def merchant_master() -> MerchantMaster:
    """Return the master that ships with the package, ``data/merchants.json``."""
    raw = resources.files("genie_finance.insights").joinpath("data/merchants.json").read_text("utf-8")
    return MerchantMaster.of(json.loads(raw))
