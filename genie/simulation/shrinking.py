"""The smallest scenario that still fails: less trouble, then fewer runs, with the same invariant broken.

Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): chunks are left out,
first large and then small, as long as what is left fails in the same way.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from genie.simulation.arrivals import arrivals
from genie.simulation.runner import EVERYTHING, Subset, simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.simulation.record import Violation
    from genie.simulation.scenario import Scenario

MAX_TRIES = 200
MAX_NAMED = 3
"""Runs named by violations that are run_seed alone before anything else is."""


class MinimalFailure(NamedTuple):
    """What is left of a failing scenario."""

    seed: int
    part: Subset
    runs: int
    trouble: int
    violations: tuple[Violation, ...]
    tries: int
    """Simulations that it took."""


def shrink(
    scenario: Scenario,
    seed: int,
    invariants: set[str],
    *,
    most: int = MAX_TRIES,
    failed: Sequence[Violation] | None = None,
    runs: int | None = None,
    told: Callable[[int, int, int], None] | None = None,
) -> MinimalFailure | None:
    """Return the smallest part of a scenario in which one of some invariants is still broken under a seed.

    Args:
        scenario: That fails.
        seed: Under which it fails.
        invariants: Names of those that are broken; what is left breaks at least one of them.
        most: Simulations at most.
        failed: How the whole of it fails, where that has just been seen; else it is run_seed first.
        runs: How many there were, where that is known: a simulation that was broken off did not come to all arrivals.
        told: Called with the tries so far, and with the runs and the trouble that are left.

    Returns:
        None where the failure does not come again.
    """
    coming = itertools.islice(arrivals(scenario.section, seed, scenario.traces), runs)
    numbers = [one.number for one in coming]
    search = _Search(scenario, seed, invariants, most, told)
    whole = Subset(frozenset(numbers), frozenset(range(len(scenario.section.trouble))))
    if failed is None:
        if not search.fails(whole):
            return None
    else:
        search.kept, search.violations = whole, tuple(failed)
    named = dict.fromkeys(one.run for one in search.violations if one.run is not None)
    for number in list(named)[:MAX_NAMED]:  # most often one run is enough, and the breach says which
        if search.fails(Subset(frozenset((number,)), whole.trouble)):
            numbers = [number]
            break
    nothing = Subset(search.kept.arrivals, frozenset())
    if whole.trouble and search.fails(nothing):
        trouble: list[int] = []
    else:
        trouble = search.least(sorted(whole.trouble or ()), lambda left: Subset(search.kept.arrivals, frozenset(left)))
    search.least(numbers, lambda left: Subset(frozenset(left), frozenset(trouble)))
    if trouble:  # with fewer runs, less trouble may do
        search.least(trouble, lambda left: Subset(search.kept.arrivals, frozenset(left)))
    kept = search.kept
    return MinimalFailure(
        seed, kept, len(kept.arrivals or ()), len(kept.trouble or ()), search.violations, search.tries
    )


class _Search:
    def __init__(
        self, scenario: Scenario, seed: int, invariants: set[str], most: int,
        told: Callable[[int, int, int], None] | None,
    ) -> None:  # fmt: skip
        self._scenario = scenario
        self._seed = seed
        self._invariants = invariants
        self._most = most
        self._told = told
        self.tries = 0
        self.kept = EVERYTHING
        self.violations: tuple[Violation, ...] = ()

    def fails(self, part: Subset) -> bool:
        """Try a part; remember it where it fails."""
        if self.tries >= self._most:
            return False
        self.tries += 1
        record = simulate(self._scenario, self._seed, part=part)
        broken = tuple(one for one in record.violations if one.invariant in self._invariants)
        if broken:
            self.kept, self.violations = part, broken
        if self._told is not None:
            self._told(self.tries, len(self.kept.arrivals or ()), len(self.kept.trouble or ()))
        return bool(broken)

    def least(self, items: list[int], part: Callable[[list[int]], Subset]) -> list[int]:
        """Return the fewest of some items with which the scenario fails, as far as leaving chunks out tells."""
        chunks = 2
        while len(items) > 1:
            size = -(-len(items) // chunks)
            slices = [items[at : at + size] for at in range(0, len(items), size)]
            smaller = next((one for one in slices if chunks == 2 and self.fails(part(one))), None)
            if smaller is not None:
                items, chunks = smaller, 2
                continue
            for one in slices:
                rest = [item for item in items if item not in set(one)]
                if rest and self.fails(part(rest)):
                    items, chunks = rest, max(chunks - 1, 2)
                    break
            else:
                if size == 1 or self.tries >= self._most:
                    break
                chunks = min(len(items), chunks * 2)
        return items
