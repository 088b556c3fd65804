"""Likeness of a sentence to the examples of a route: cosine of word and letter-triple counts, from 0 to 1."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from genie_finance.contracts.control import RouteScore

_WORD = re.compile(r"[^\W_]+")
_FILLERS = frozenset(
    (
        "a", "an", "and", "are", "at", "be", "by", "can", "could", "do", "does", "for", "from", "give", "have", "how",
        "i", "in", "is", "it", "me", "my", "of", "on", "our", "please", "show", "tell", "that", "the", "this", "to",
        "us", "was", "we", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
    )
)  # fmt: skip
_WORD_WEIGHT = 3
"""Weight of a common word, in multiples of a letter triple."""


class Route(BaseModel):
    """A possible destination of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: str
    topic: str
    exemplars: tuple[str, ...]
    needs: str | None = None


@functools.cache
def routes() -> tuple[Route, ...]:
    """Return the shipped routes, in the order of the file."""
    content = resources.files("genie_finance").joinpath("control/data/routes.yaml").read_text(encoding="utf-8")
    plain = yaml.load(content, Loader=yaml.CBaseLoader)  # noqa: S506 - the base loader makes text, lists and mappings only
    return TypeAdapter(tuple[Route, ...]).validate_python(plain)


def ranked(text: str, among: Sequence[Route]) -> tuple[RouteScore, ...]:
    """Return every route with its similarity to a text, best first; ties in the order of names."""
    asked = features(text)
    scores = [(max(cosine(asked, _exemplar(one)) for one in route.exemplars), route.route) for route in among]
    return tuple(
        RouteScore(route=name, score=Decimal(repr(score)).quantize(Decimal("0.001"), rounding=ROUND_HALF_EVEN))
        for score, name in sorted(scores, key=lambda one: (-one[0], one[1]))
    )


def features(text: str) -> Counter[str]:
    """Return the features of a text: its words without fillers, and triples of letters within them."""
    found: Counter[str] = Counter()
    for word in _WORD.findall(text.casefold()):
        if word in _FILLERS or word.isdigit():
            continue
        found[word] += _WORD_WEIGHT
        padded = f"<{word}>"
        found.update(padded[at : at + 3] for at in range(len(padded) - 2))
    return found


def cosine(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Return the cosine of two counts, 0 if either is empty."""
    shared = math.fsum(count * other[name] for name, count in one.items() if name in other)
    sizes = math.fsum(v * v for v in one.values()) * math.fsum(v * v for v in other.values())
    return min(shared / math.sqrt(sizes), 1.0) if sizes else 0.0


@functools.cache
def _exemplar(text: str) -> Counter[str]:
    return features(text)
