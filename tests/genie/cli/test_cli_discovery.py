"""What a newcomer looks for: grouped help, what ships, filters, and a word when two kinds of file are mixed up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from genie.cli import _COMMANDS, _GROUPS
from genie.config.examples import shipped as shipped_pipelines
from genie.simulation.scenario import shipped as shipped_scenarios

Genie = Callable[..., Result]
ROOT = Path(__file__).parents[3]


def test_every_command_stands_in_one_group_of_the_help(genie: Genie) -> None:
    listed = [name for names in _GROUPS.values() for name in names]
    assert sorted(listed) == sorted(_COMMANDS)
    shown = genie("--help").stdout
    for title in _GROUPS:
        assert re.search(rf"^{title}:$", shown, re.MULTILINE)


def test_what_ships_is_listed_with_a_line_each(genie: Genie) -> None:
    for word, known in (("pipelines", shipped_pipelines()), ("scenarios", shipped_scenarios())):
        found = json.loads(genie(word, "--json").stdout)
        assert [one["name"] for one in found] == sorted(known)
        assert all(one["title"] for one in found)
        lines = genie(word).stdout.splitlines()
        assert len(lines) == len(known) + 2


@pytest.mark.parametrize("scenario", ["quiet-month", str(ROOT / "config/simulations/quiet-month.yaml")])
@pytest.mark.parametrize("command", ["run", "check", "graph"])
def test_a_scenario_given_to_a_command_for_pipelines_is_one_line(genie: Genie, command: str, scenario: str) -> None:
    result = genie(command, scenario)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "genie simulate" in line


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        (("--family", "insights"), lambda card: card["family"] == "insights"),
        (("--risk", "low", "--tier", "beta"), lambda card: (card["risk"], card["tier"]) == ("low", "beta")),
        (("--topic", "insights.analysis"), lambda card: "insights.analysis" in card["consumes"] + card["produces"]),
        (("--find", "FORECAST"), lambda card: "forecast" in json.dumps(card).casefold()),
    ],
)
def test_agents_are_filtered(genie: Genie, words: tuple[str, ...], fits: Callable[[dict[str, object]], bool]) -> None:
    every = json.loads(genie("agents", "--json").stdout)
    found = json.loads(genie("agents", "--json", *words).stdout)
    assert 0 < len(found) < len(every)
    assert all(map(fits, found))


def test_filters_that_leave_nothing_say_what_there_is(genie: Genie) -> None:
    result = genie("agents", "--family", "insihgts")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "insights" in result.stderr
