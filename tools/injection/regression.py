"""Logistic regression over n-grams by stochastic gradient descent; the same texts give the same weights."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from genie.detectors.injection.classifier import BUCKETS, WINDOW, grams, pair, words
from genie.detectors.unicode import fold

_RATE = 0.35
_DECAY = 5e-6
_START = 0.1  # of the sums of squares, so that the first steps are not wild


class Fitted(NamedTuple):
    """Weights as the model keeps them."""

    weights: array[int]
    scale: float
    bias: float


def fit(texts: Iterable[tuple[str, bool]], *, rounds: int = 4) -> Fitted:
    """Return the weights that tell attacks from ordinary texts.

    Args:
        texts: Each with True for an attack; only the first window of a text counts.
        rounds: Times that all are looked at, in the order given.
    """
    seen: dict[str, list[int]] = {}
    rows = [(_row(text, seen), 1.0 if attack else 0.0) for text, attack in texts]
    weights, squares, bias = [0.0] * BUCKETS, [_START] * BUCKETS, 0.0
    for _ in range(rounds):
        for row, target in rows:
            logit = bias + sum(weights[bucket] * value for bucket, value in row)
            gradient = _sigmoid(logit) - target
            bias -= 0.01 * gradient
            for bucket, value in row:
                step = gradient * value + _DECAY * weights[bucket]
                squares[bucket] += step * step
                weights[bucket] -= _RATE * step / math.sqrt(squares[bucket])
    return _rounded(weights, bias)


def _row(text: str, seen: dict[str, list[int]]) -> Sequence[tuple[int, float]]:
    """Return the features of a text: bucket and value."""
    found = words(fold(text))[:WINDOW] or [""]
    share = 1.0 / math.sqrt(len(found))
    row: dict[int, float] = {}
    for word in found:
        buckets = seen.get(word)
        if buckets is None:
            buckets = seen[word] = grams(word)
        value = share / math.sqrt(len(buckets))
        for bucket in buckets:
            row[bucket] = row.get(bucket, 0.0) + value
    for first, second in pairwise(found):
        bucket = pair(first, second)
        row[bucket] = row.get(bucket, 0.0) + share
    return tuple(row.items())


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def _rounded(weights: list[float], bias: float) -> Fitted:
    largest = max(abs(weight) for weight in weights) or 1.0
    scale = round(largest / 127, 6)
    small = array("b", [max(-127, min(127, round(weight / scale))) for weight in weights])
    return Fitted(small, scale, round(bias, 4))
