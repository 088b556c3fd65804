"""Scenarios round planted bugs, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genie.simulation.invariants import InvariantRegistry
from genie.simulation.scenario import Scenario, parse

Planted = Callable[[Any], Scenario]


@pytest.fixture
def scenario_of(tmp_path: Path) -> Planted:
    """Return a maker of the scenario of a module with a bug."""

    def make(bug: Any) -> Scenario:
        (tmp_path / "pipeline.yaml").write_text(bug.PIPELINE)
        rules = InvariantRegistry(getattr(bug, "RULES", {}))
        return parse(bug.SCENARIO, folder=tmp_path, plugins=bug.CATALOGUE, rules=rules)

    return make
