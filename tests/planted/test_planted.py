"""Bugs that were planted on purpose: each is found within 200 seeds, and what is left of it is small."""

from __future__ import annotations

import contextlib
import importlib

import pytest

from genie.simulation.runner import simulate
from genie.simulation.shrinking import shrink
from tests.planted.conftest import Planted

SEEDS = 200
BUGS = {"lost_wakeup": 3, "double_payment": 1, "forgetful_join": 1, "budget_race": 8, "leak": 1, "double_charge": 1}
"""Module -> the most runs that may be left of it."""


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found_and_shrunk(name: str, scenario_of: Planted) -> None:
    bug = importlib.import_module(f"tests.planted.{name}")
    scenario = scenario_of(bug)
    with getattr(bug, "planted", contextlib.nullcontext)():
        for seed in range(1, SEEDS + 1):
            record = simulate(scenario, seed)
            if record.violations:
                break
        assert {one.invariant for one in record.violations} == {bug.BROKEN}
        smallest = shrink(scenario, seed, {bug.BROKEN})
        assert smallest is not None
        assert smallest.runs <= BUGS[name]
        assert smallest.trouble <= 1
        again = simulate(scenario, seed, part=smallest.part)
        assert again.violations == list(smallest.violations)


def test_without_the_planted_patch_nothing_leaks(scenario_of: Planted) -> None:
    scenario = scenario_of(importlib.import_module("tests.planted.leak"))
    record = simulate(scenario, 1)
    assert record.violations == []
    assert record.injected["raise sorter"] > 0
