"""Crashes as trouble: processes die, callers ask again, and what a crash breaks is found and shrunk."""

from __future__ import annotations

import random

import pytest

from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.simulation.disk import SimulatedDisk
from genie.simulation.runner import simulate
from genie.simulation.shrinking import shrink
from tests.genie.simulation.conftest import Made


class Ask(Payload, topic="cr.ask"):
    number: int


class Told(Payload, topic="cr.told"):
    number: int


@agent("steady", concurrency=64)
async def steady(ask: Ask) -> Told:
    """Tell."""
    return Told(number=ask.number)


TEN = """
duration: 100s
caller: {tenant: bank, consent: [insights]}
workload:
  arrivals: [{every: 10s}]
  questions: [{fields: {number: "{number}"}}]
work: {worker: 4}
swarm: false
set: {limits.deaths: 0}
invariants: [same_answers, {answered: {share: 1}}]
trouble:
"""
CRASHES = """
  - {kind: crash, every: {exponential: 15s}, takes: 1}
  - {kind: torn_write, every: {exponential: 20s}}
  - {kind: lost_write, every: {exponential: 30s}, takes: {uniform: [1s, 5s]}}
"""


@pytest.mark.slow
def test_every_run_is_answered_as_without_crashes_and_a_seed_repeats_itself(made: Made) -> None:
    scenario = made({"worker": steady}, "cr.ask -> cr.told", TEN + CRASHES)
    crashes = 0
    for seed in range(1, 9):
        record = simulate(scenario, seed)
        assert record.violations == [], seed
        assert record.outcomes() == {"answered": 10}
        assert record.totals is not None
        assert record.totals.balanced
        assert record.totals.in_flight == 0
        assert record.crashes == sum(record.injected.values())
        crashes += record.crashes
    assert crashes >= 40
    again = simulate(scenario, 8)
    assert (again.journal_sha256, again.steps) == (record.journal_sha256, record.steps)


def test_an_answer_that_depends_on_the_process_is_found_and_shrunk_to_one_crash(made: Made) -> None:
    handled = 0

    @agent("worker", concurrency=64)
    async def counting(ask: Ask) -> Told:
        nonlocal handled
        handled += 1
        return Told(number=handled)

    scenario = made({"worker": counting}, "cr.ask -> cr.told", TEN + CRASHES)
    record = simulate(scenario, 1)
    assert {one.invariant for one in record.violations} == {"same_answers"}
    smallest = shrink(scenario, 1, {"same_answers"})
    assert smallest is not None
    assert smallest.runs == 1
    assert smallest.trouble <= 1


@pytest.mark.parametrize("kind", ["crash", "torn_write"])
def test_what_the_disk_has_acknowledged_is_there_after_a_crash(kind: str) -> None:
    disk = SimulatedDisk(random.Random(1))
    disk.batches = [({"kind": "run", "run": 1},), ({"kind": "closed", "run": 1},)]
    disk.log().writing = ({"kind": "run", "run": 2}, {"kind": "closed", "run": 2})
    disk.crash(kind)
    assert [one["run"] for one in disk.read()[:2]] == [1, 1]
    assert len(disk.read()) in {2, 4}


def test_a_lost_write_takes_back_what_was_acknowledged() -> None:
    disk = SimulatedDisk(random.Random(1))
    disk.batches = [({"kind": "run", "run": number},) for number in range(5)]
    disk.crash("lost_write")
    assert 2 <= len(disk.batches) < 5
