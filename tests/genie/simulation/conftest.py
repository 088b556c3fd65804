"""Small scenarios in text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from genie.config.plugins import Plugins
from genie.policies.index import POLICIES
from genie.simulation.invariants import Check, Rules
from genie.simulation.scenario import Scenario, parse

Made = Callable[..., Scenario]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Return a maker of scenarios: agents, what the pipeline says of input and output, and the rest of the scenario."""

    def make(
        agents: Mapping[str, Any],
        way: str,
        rest: str,
        *,
        pipeline: str = "",
        rules: Mapping[str, Check | str] | None = None,
    ) -> Scenario:
        entry, _, answer = way.partition(" -> ")
        (tmp_path / "pipeline.yaml").write_text(
            f"version: 1\nid: small\nagents: [{', '.join(agents)}]\ninput: {entry}\noutput: {answer}\n{pipeline}"
        )
        text = f"version: 1\nid: small\npipeline: pipeline.yaml\n{rest}"
        catalogue = Plugins(agents=agents, policies=dict(POLICIES))
        return parse(text, folder=tmp_path, plugins=catalogue, rules=Rules(rules))

    return make
