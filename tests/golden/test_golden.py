"""The bus does what it did: every scenario gives its stored trace, on both backends.

``python -m tests.golden`` rewrites the traces; so does ``GENIE_GOLDEN=write`` for those that a test run compares.
"""

from __future__ import annotations

import json
import os

import pytest

from tests.golden import scenarios_control, scenarios_flow, scenarios_limits  # noqa: F401 - they register themselves
from tests.golden.conftest import BACKENDS
from tests.golden.stage import SCENARIOS, TRACES, path_of, play, written


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_scenario_gives_its_stored_trace(name: str, backend: str) -> None:
    trace = play(name, backend)
    if os.environ.get("GENIE_GOLDEN") == "write":
        path_of(name).write_text(written(trace))
    stored = json.loads(path_of(name).read_text())
    assert json.loads(written(trace)) == stored


def test_every_stored_trace_has_its_scenario() -> None:
    assert {path.stem for path in TRACES.glob("*.json")} == set(SCENARIOS)
