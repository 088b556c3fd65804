"""Small scenarios in text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from genie.config.plugins import Plugins
from genie.policies.index import POLICIES
from genie.simulation.invariants import Check, InvariantRegistry
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
        return parse(text, folder=tmp_path, plugins=catalogue, rules=InvariantRegistry(rules))

    return make


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Path]]:
    """Yield an installer of a distribution with one agent, ``apart``; it returns the path of a scenario of it."""

    def install(source: str, rest: str) -> Path:
        (tmp_path / "apart_agents.py").write_text(source)
        folder = tmp_path / "apart-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: apart\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text("[genie.agents]\napart = apart_agents:AGENTS\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        pipeline = "version: 1\nid: apart\nagents: [apart]\ninput: apart.ask\noutput: apart.told\n"
        (tmp_path / "pipeline.yaml").write_text(pipeline)
        scenario = tmp_path / "scenario.yaml"
        scenario.write_text(f"version: 1\nid: apart\npipeline: pipeline.yaml\n{rest}")
        return scenario

    yield install
    sys.modules.pop("apart_agents", None)
