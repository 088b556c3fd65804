"""Finds whole items that reach a sum at the lowest cost: a covering knapsack, by branch and bound."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from typing import NamedTuple

MOST_NODES = 20_000
"""Maximum number of choices examined before the best one so far is returned; about 50 ms."""


class Item(NamedTuple):
    """Yield and cost of an item, in minor units; ``yields`` is above 0, ``cost`` at least 0."""

    yields: int
    cost: int


class Cover(NamedTuple):
    """Positions of the chosen items, in ascending order, and whether they are proven to be the cheapest."""

    chosen: tuple[int, ...]
    optimal: bool


def cheapest(items: Sequence[Item], target: int) -> Cover | None:
    """Return the items that yield at least a target at the lowest cost; None if all together do not.

    Items are tried by cost per unit of yield. The rest of a branch costs at least as much as the cheapest remaining
    items in that order, the last one in part; a branch that cannot improve on the best so far is cut off. At equal
    cost, the smallest surplus wins.
    """
    if sum(item.yields for item in items) < target:
        return None
    if target <= 0:
        return Cover((), optimal=True)
    order = sorted(range(len(items)), key=lambda at: (_ratio(items[at]), -items[at].yields, at))
    return _Search([items[at] for at in order], target).run(order)


def _ratio(item: Item) -> float:
    return item.cost / item.yields


class _Search:
    def __init__(self, items: list[Item], target: int) -> None:
        self._items, self._target = items, target
        self._yields = [0, *itertools.accumulate(item.yields for item in items)]
        self._costs = [0, *itertools.accumulate(item.cost for item in items)]
        self._best = self._greedy()
        self._value = self._worth(self._best)

    def _worth(self, chosen: Sequence[int]) -> tuple[int, int]:
        return sum(self._items[at].cost for at in chosen), sum(self._items[at].yields for at in chosen)

    def _greedy(self) -> list[int]:
        """Take items in order until the target is reached, then drop unnecessary items, most expensive first."""
        count = bisect.bisect_left(self._yields, self._target)
        chosen, total = list(range(count)), self._yields[count]
        for at in sorted(chosen, key=lambda at: (-self._items[at].cost, at)):
            if total - self._items[at].yields >= self._target:
                chosen.remove(at)
                total -= self._items[at].yields
        return chosen

    def run(self, order: Sequence[int]) -> Cover:
        """Search, starting with the cost of the greedy choice."""
        left = MOST_NODES
        trail: list[tuple[int, int, int, tuple[int, ...]]] = [(0, 0, 0, ())]  # position, brought, cost, chosen
        while trail and left:
            left -= 1
            at, brought, cost, chosen = trail.pop()
            if brought >= self._target:
                if (cost, brought) < self._value:
                    self._best, self._value = list(chosen), (cost, brought)
                continue
            if at == len(self._items) or self._bound(at, brought, cost) > self._value[0]:
                continue
            item = self._items[at]
            trail.append((at + 1, brought, cost, chosen))
            trail.append((at + 1, brought + item.yields, cost + item.cost, (*chosen, at)))
        return Cover(tuple(sorted(order[at] for at in self._best)), optimal=not trail)

    def _bound(self, at: int, brought: int, cost: int) -> int:
        """Return a lower bound of the cost of this branch; above every cost if it cannot reach the target."""
        reach = self._yields[at] + self._target - brought
        if reach > self._yields[-1]:
            return self._costs[-1] + 1
        last = bisect.bisect_left(self._yields, reach)
        whole = self._costs[last - 1] - self._costs[at]
        item = self._items[last - 1]
        part = -(-item.cost * (reach - self._yields[last - 1]) // item.yields)
        return cost + whole + part
