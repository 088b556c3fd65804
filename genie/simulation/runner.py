"""Runs one scenario under one seed: runs arrive, agents work in virtual time, and everything is recorded."""

from __future__ import annotations

import random
from typing import IO, TYPE_CHECKING

from genie.simulation.record import Record
from genie.simulation.schema import CRASHES

if TYPE_CHECKING:
    from genie.simulation.scenario import Scenario

from genie.simulation.crashes import CrashingSimulation
from genie.simulation.simulation import Simulation, Subset

_SWARM_SHARE = 0.5

EVERYTHING = Subset()
NO_TROUBLE = Subset(trouble=frozenset())


def trouble_on(scenario: Scenario, seed: int) -> frozenset[int]:
    """Return the places of the entries of trouble that are on under a seed: all, or with ``swarm`` about one half."""
    places = range(len(scenario.section.trouble))
    if not scenario.section.swarm:
        return frozenset(places)
    drawn = {place: random.Random(f"{seed}/swarm/{place}").random() for place in places}  # noqa: S311 - repeatable on purpose
    return frozenset(place for place in places if drawn[place] < _SWARM_SHARE)


def simulate(
    scenario: Scenario, seed: int | None = None, *, part: Subset = EVERYTHING, journal: IO[str] | None = None,
    follow: int | None = None,
) -> Record:  # fmt: skip
    """Run a scenario under one seed, and without trouble as well if an invariant compares the two.

    Args:
        scenario: A loaded scenario.
        seed: Replaces the scenario's seed.
        part: The part of the scenario to run.
        journal: Receives the lines of the journal.
        follow: Number of an arrival whose run is recorded completely; the worst one by default.

    Returns:
        The record with all violations of all invariants.
    """
    seed = scenario.section.seed if seed is None else seed
    if part.trouble is None:
        part = part._replace(trouble=trouble_on(scenario, seed))
    # A run without crashes gives the answers of a durable one, so the baseline has a log as well.
    durable = any(one.kind in CRASHES for one in scenario.section.trouble)
    simulation = CrashingSimulation if durable else Simulation
    record = simulation(scenario, seed, part, journal, follow).run()
    if part.trouble and any(one.requirements.baseline for one in scenario.invariants):
        record.baseline = simulation(scenario, seed, part._replace(trouble=frozenset()), None).run()
    record.violations = [violation for one in scenario.invariants for violation in one.violations(record)]
    return record
