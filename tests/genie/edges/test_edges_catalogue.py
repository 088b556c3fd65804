"""What is installed by name is there: the entry points of pyproject.toml and the names that they offer."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path

import pytest

from genie.config.plugins import Plugins, settings_of
from genie.contracts.agent import Agent
from genie.edges.index import AGENTS, EDGES

POINTS = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]["entry-points"]


@pytest.mark.parametrize(("group", "offered"), [("genie.agents", AGENTS), ("genie.edges", EDGES)])
def test_the_distribution_offers_them(group: str, offered: object) -> None:
    point = importlib.metadata.EntryPoint("genie", POINTS[group]["genie"], group)
    assert point.load() is offered


def test_every_name_leads_to_what_can_be_made() -> None:
    catalogue = Plugins(agents=AGENTS, edges=EDGES)
    for name in AGENTS:
        assert isinstance(catalogue.agent(name), Agent)
    for name in EDGES:
        edge = catalogue.edge(name)
        assert settings_of(edge) is not None or callable(getattr(edge, "entry_class", None))  # a file has several
