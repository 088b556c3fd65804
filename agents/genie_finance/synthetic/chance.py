"""Chance: random draws that are the same in every process and on every platform."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


class Chance(random.Random):
    """A random source seeded by a text.

    Every draw uses `random()` and the four basic operations, which IEEE 754 defines exactly, so results do not differ
    between platforms.
    """

    def __init__(self, seed: str) -> None:
        super().__init__(seed)

    def happens(self, percent: int) -> bool:
        """Return True with that probability in percent."""
        return self.random() * 100 < percent

    def between(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options, with equal probability."""
        return options[int(self.random() * len(options))]

    def near(self, middle: int, percent: int) -> int:
        """Return a whole number of at least 1, half of the time below ``middle``, and skewed like prices.

        It differs from ``middle`` by at most the factor ``1 + 1.5 * percent / 100``; most draws are close to
        ``middle``.
        """
        lean = (self.random() + self.random() + self.random() - 1.5) * percent / 100
        return max(1, int(middle * (1 + lean) if lean >= 0 else middle / (1 - lean)))

    def weighted(self, weights: Mapping[T, int]) -> T:
        """Return one of the keys, with probability by weight; at least one weight is positive."""
        left = self.random() * sum(weights.values())
        chosen = next(iter(weights))
        for option, weight in weights.items():
            if weight > 0:
                chosen = option
                left -= weight
                if left < 0:
                    break
        return chosen

    def some(self, options: Sequence[T], count: int) -> tuple[T, ...]:
        """Return that many different options, or all if there are fewer, in random order."""
        left = list(options)
        return tuple(left.pop(int(self.random() * len(left))) for _ in range(min(count, len(left))))
