"""Every file that ships is of its schema, loads with what is installed here, and has nothing to be warned of."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from genie.cli import main
from genie.config.loader import load, parse
from genie.config.plugins import Plugins
from genie.config.schema import policy_schema, schema
from genie.config.yaml import load_file
from genie.rules.schema import RulesSettings
from genie.simulation.runner import simulate
from genie.simulation.scenario import load as load_scenario
from genie.simulation.schema import schema as simulation_schema

ROOT = Path(__file__).parents[2]


@functools.cache
def checking(make: Any) -> jsonschema.Draft202012Validator:
    """Return what checks values against a schema; to check the schema itself takes longer than all values."""
    made = make()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def policies_and_rules() -> dict[str, Any]:
    return policy_schema(RulesSettings.model_json_schema())


PIPELINES = sorted((ROOT / "config" / "pipelines").glob("*.yaml"))


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_a_shipped_pipeline_is_of_the_schema_that_its_first_line_names(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    assert first == "# yaml-language-server: $schema=../schemas/pipeline.schema.json"
    checking(schema).validate(load_file(path, environ={}).value)


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_a_shipped_pipeline_loads_without_a_warning(path: Path) -> None:
    found = load(path, environ={}, plugins=Plugins.installed())
    assert found.id == path.stem
    assert found.warnings == ()
    assert found.input.question()


POLICIES = sorted((ROOT / "config" / "policies").glob("*.yaml"))


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_a_shipped_policy_file_is_of_the_schema_that_its_first_line_names(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    assert first == "# yaml-language-server: $schema=../schemas/policy.schema.json"
    checking(policies_and_rules).validate(load_file(path, environ={}).value)


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_the_examples_of_a_shipped_policy_file_pass_and_no_rule_is_without(path: Path) -> None:
    result = CliRunner().invoke(main, ["policy", "test", str(path), "--json"])
    found = json.loads(result.stdout)
    # A file without rules has nothing to test, which the command says.
    assert result.exit_code == (0 if found["examples"] else 5), result.stderr
    assert found["without_examples"] == []


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_the_default_pipeline_loads_with_a_shipped_policy_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "config" / "pipelines")
    text = Path("insights.yaml").read_text(encoding="utf-8")
    before, after = text.index("policies:"), text.index("limits:")
    made = parse(text[:before] + f"policies: ../policies/{path.name}\n" + text[after:], environ={})
    assert made.warnings == ()
    assert made.policies.policies


SIMULATIONS = sorted((ROOT / "config" / "simulations").glob("*.yaml"))


SHORT = {"crash-drill", "policy-rollout"}
"""Scenarios of few customers; the others take seconds each."""


@pytest.mark.parametrize(
    "path",
    [path if path.stem in SHORT else pytest.param(path, marks=pytest.mark.slow) for path in SIMULATIONS],
    ids=lambda path: path.name,
)
def test_a_shipped_scenario_is_of_its_schema_and_ends_as_its_story_says(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    assert first == "# yaml-language-server: $schema=../schemas/simulation.schema.json"
    checking(simulation_schema).validate(load_file(path, environ={}).value)
    result = CliRunner().invoke(main, ["simulate", path.stem, "--json"])
    found = json.loads(result.stdout)
    broken = {one["name"] for one in found["invariants"] if not one["holds"]}
    assert broken == ({"not_stricter"} if path.stem == "policy-rollout" else set())
    assert result.exit_code == bool(broken)
    assert set(found["outcomes"]) <= {"answered", "partial"}
    assert found["runs"] > 20


def test_nine_scenarios_ship() -> None:
    assert len(SIMULATIONS) == 9


@pytest.mark.slow
def test_the_outage_is_felt_while_it_lasts() -> None:
    record = simulate(load_scenario("agent-outage"), 3)
    hours = {int(run.at // 3600) for run in record.runs if run.outcome == "partial"}
    waited = {int(run.at // 3600) for run in record.runs if (run.latency or 0) > 8}
    assert waited <= {8, 9, 10}
    assert {9, 10} <= hours
