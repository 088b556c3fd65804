"""Shrinking: finds a minimal part of a scenario that still violates the same invariant.

Entries of trouble are left out first, then runs. The method is delta debugging (Zeller and Hildebrandt, "Simplifying
and Isolating Failure-Inducing Input", 2002): chunks are left out, first large and then small, while the rest fails.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from genie.simulation.arrivals import arrivals
from genie.simulation.runner import EVERYTHING, simulate, trouble_on
from genie.simulation.simulation import Subset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.simulation.record import Violation
    from genie.simulation.scenario import Scenario

MAX_TRIES = 200
MAX_NAMED = 3
"""Number of runs named by violations that are tried alone."""


class MinimalFailure(NamedTuple):
    """A minimal failing part of a scenario."""

    seed: int
    part: Subset
    runs: int
    trouble: int
    violations: tuple[Violation, ...]
    tries: int
    """Number of simulations."""


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
    """Return a minimal part of a scenario that violates one of some invariants under a seed.

    Args:
        scenario: A failing scenario.
        seed: The seed under which it fails.
        invariants: Names of the violated invariants; the part violates at least one of them.
        most: Maximum number of simulations.
        failed: The violations of the whole scenario, if known; otherwise it is simulated first.
        runs: Number of runs, if known: a simulation that was stopped did not reach all arrivals.
        told: Receives the number of simulations, and the number of runs and of entries of trouble that are left.

    Returns:
        None if the failure does not occur again.
    """
    coming = itertools.islice(arrivals(scenario.section, seed, scenario.traces), runs)
    numbers = [one.number for one in coming]
    search = _Search(scenario, seed, invariants, most, told)
    whole = Subset(frozenset(numbers), trouble_on(scenario, seed))
    if failed is None:
        if not search.fails(whole):
            return None
    else:
        search.kept, search.violations = whole, tuple(failed)
    search.drop_trouble()
    named = dict.fromkeys(one.run for one in search.violations if one.run is not None)
    for number in list(named)[:MAX_NAMED]:  # often one run is enough, and the violation names it
        if search.fails(search.kept._replace(arrivals=frozenset((number,)))):
            break
    search.least(sorted(search.kept.arrivals or ()), lambda left: search.kept._replace(arrivals=frozenset(left)))
    search.drop_trouble()  # fewer runs may need less trouble
    kept = search.kept
    arrived, trouble = len(kept.arrivals or ()), len(kept.trouble or ())
    return MinimalFailure(seed, kept, arrived, trouble, search.violations, search.tries)


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
        """Simulate a part; keep it if it fails."""
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

    def drop_trouble(self) -> None:
        """Leave out all entries of trouble, or as many as possible."""
        entries = sorted(self.kept.trouble or ())
        if entries and not self.fails(self.kept._replace(trouble=frozenset())):
            self.least(entries, lambda left: self.kept._replace(trouble=frozenset(left)))

    def least(self, items: list[int], part: Callable[[list[int]], Subset]) -> list[int]:
        """Leave out chunks of some items while the rest fails; return the rest."""
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
