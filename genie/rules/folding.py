"""Text normalisation for rules, so that disguised text does not evade a rule.

Text is folded as detectors fold it (invisible characters, look-alikes, accents, width), and case is ignored. A test
compares folded text only if that makes its rule apply to more messages: ``eq``, ``in``, ``contains`` and the like, and
``ne`` and ``not_in`` below a ``not``. Every other test compares the original text, because there a look-alike would
make a rule weaker.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from genie.detectors.unicode import LOOKALIKES, fold
from genie.rules.operators import TEXT, Bound, Domain

_LIKE_UPPER = str.maketrans(
    {
        char.lower(): plain.lower()
        for char, plain in LOOKALIKES.items()
        if len(char.lower()) == 1 and char.lower() not in LOOKALIKES and not char.lower().isascii()
    }
)
"""Lower-case letters whose upper-case form alone has a look-alike."""
_NEGATIVE = frozenset({"ne", "not_in"})
_COMPARED = frozenset({"eq", "ne", "in", "not_in", "contains", "starts_with", "ends_with"})


def _folded(text: str) -> str:
    return text.casefold() if text.isascii() else fold(text).casefold().translate(_LIKE_UPPER)


_short = lru_cache(maxsize=1024)(_folded)
_SHORT = 200
"""Length of texts whose folded form is cached; of longer ones only the latest, which many rules read in turn."""
_last = ("", "")


def folded(text: str) -> str:
    """Fold text for comparison by rules; for joined texts the joined form is folded."""
    global _last  # noqa: PLW0603 - it changes the time taken and no answer
    if len(text) <= _SHORT:
        return _short(text)
    known, key = _last
    if text is not known:
        key = _folded(text)
        _last = (text, key)
    return key


class EitherPattern(NamedTuple):
    """A pattern that is searched in the original text and, ignoring case, in the folded text."""

    plain: Any
    loose: Any

    def search(self, text: str) -> Any:
        """Return a match, None if there is none."""
        return self.plain.search(text) or self.loose.search(folded(text))


def folds(domain: Domain, operator: str, *, negated: bool) -> bool:
    """Return True if a test compares folded text."""
    return domain is TEXT and (operator in _NEGATIVE) == negated


def folding(operator: str, bounds: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """Fold the bounds of a test that compares folded text; they are unchanged if folding leaves one empty."""
    keys = [folded(bound.target) for bound in bounds] if operator in _COMPARED else []
    if not keys or not all(key or not bound.target for key, bound in zip(keys, bounds, strict=True)):
        return bounds
    return tuple(Bound(key, folded, "folded") for key in keys)
