"""`genie simulate`: exit codes, JSON, the journal's hash, the page, many seeds, and what it refuses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from genie.cli import main

SCENARIO = """version: 1
id: small
pipeline: {root}/config/pipelines/insights.yaml
duration: 1h
workload:
  arrivals: [{{every: 20m}}]
  questions: [{{question: "Why?", statement: {root}/config/statements/sample-savings.ofx}}]
"""
BROKEN = """invariants: [{answered: {share: 1}}]
trouble:
  - {kind: slow, agent: adviser, takes: 1}
  - {kind: drop, agent: finance_desk}
"""
ROOT = Path(__file__).parents[3]


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "small.yaml"
    file.write_text(SCENARIO.format(root=ROOT))
    return file


def genie(*words: str) -> Result:
    return CliRunner().invoke(main, ["simulate", *words])


def once(*words: str) -> Result:
    """Leave out the second process, which repeats the first seed in a second of CPU: for what it says nothing about."""
    return genie(*words, "--once")


def parsed(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_what_holds_ends_with_0_and_says_so(scenario: Path) -> None:
    result = genie(str(scenario))
    assert result.exit_code == 0, result.output
    assert "holds   nothing_denied_is_seen" in result.output
    assert "3 runs and" in result.output
    assert "\x1b" not in result.output + result.stderr


def test_json_has_the_contract_and_the_hash_is_the_files(scenario: Path, tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    found = parsed(genie(str(scenario), "--json", "--journal", str(journal)))
    assert {"journal_sha256", "runs", "messages", "outcomes", "invariants", "seed"} <= set(found)
    assert found["journal_sha256"] == hashlib.sha256(journal.read_bytes()).hexdigest()
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert len(lines) == found["records"]
    assert sum(line["kind"] == "accepted" for line in lines) == found["messages"]


@pytest.mark.slow
def test_what_is_broken_ends_with_1_and_is_shrunk(scenario: Path) -> None:
    scenario.write_text(scenario.read_text() + BROKEN)
    found = parsed(genie(str(scenario), "--json"))
    assert len(found["smallest"]["runs"]) == 1
    assert found["smallest"]["trouble"] == [1]
    words = found["smallest"]["replay"].split()[2:]
    again = genie(*words)
    assert again.exit_code == 1
    assert "BROKEN  answered" in again.output


@pytest.mark.slow
def test_many_seeds_name_the_first_that_fails(scenario: Path) -> None:
    assert genie(str(scenario), "--seeds", "1..3").exit_code == 0
    scenario.write_text(scenario.read_text() + BROKEN)
    result = once(str(scenario), "--seeds", "4..6", "--no-shrink")
    assert result.exit_code == 1
    assert "failing seeds: 4, 5, 6" in result.output
    assert f"replay the first: genie simulate {scenario} --seed 4" in result.output
    found = parsed(once(str(scenario), "--seeds", "4,5", "--json"))
    assert found["failing_seeds"] == [4, 5]
    assert set(found["journals"]) == {"4", "5"}
    assert found["replay"] == found["smallest"]["replay"]
    found = parsed(once(str(scenario), "--seeds", "4,5", "--json", "--no-shrink"))
    assert found["replay"] == f"genie simulate {scenario} --seed 4"


def test_the_page_is_whole_and_fetches_nothing(scenario: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    scenario.write_text(f"{scenario.read_text()}title: <b>Small</b>\ntrouble: [{{kind: hang, agent: forecaster}}]\n")
    assert once(str(scenario), "--html", str(page)).exit_code == 0
    text = page.read_text()
    assert "<b>Small" not in text
    for heading in ("Latency over virtual time", "Queue depths", "Outcomes", "What caused what, and when", "Trouble"):
        assert heading in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_a_run_that_breaks_an_invariant_is_told_as_the_page_of_a_run_tells_it(scenario: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    trouble = "invariants: [same_answers]\ntrouble: [{kind: corrupt, agent: forecaster, start: 30m}]\n"
    scenario.write_text(scenario.read_text() + trouble)
    assert once(str(scenario), "--html", str(page)).exit_code == 1
    text = page.read_text()
    section = text[text.index("the first that broke an invariant") :]
    assert "<h2>Run 1</h2>" not in text, "the trouble begins after it"
    for part in ("What caused what, and when", 'class="course"', "Every delivery, with its verdict", "Timeline"):
        assert part in section


@pytest.mark.slow
def test_a_saved_run_is_compared(scenario: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    saved.write_text(once(str(scenario), "--json").stdout)
    assert parsed(genie(str(scenario), "--json", "--compare", str(saved)))["difference"] == []
    changed = parsed(once(str(scenario), "--seed", "9", "--json", "--compare", str(saved)))["difference"]
    assert "journal_sha256" in {one["figure"] for one in changed}
    result = once(str(scenario), "--seed", "9", "--compare", str(saved))
    assert "Difference to the saved run" in result.output
    saved.write_text("[]")
    assert genie(str(scenario), "--compare", str(saved)).exit_code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--seeds", "9..1"), "empty"),
        (("--seeds", "x"), "not a list of numbers"),
        (("--seeds", "1..2", "--journal", "j"), "cannot be used with --seeds"),
        (("--journal", "same", "--html", "same"), "name two files"),
        (("--runs", "99"), "names no run of seed 1"),
        (("--trouble", "0"), "names entry 0, but the scenario has 0 entries of trouble"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], told: str, scenario: Path) -> None:
    result = genie(str(scenario), *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_scenario_that_is_not_there_is_a_line() -> None:
    result = genie("no-such-scenario")
    assert result.exit_code == 2
    assert "no shipped scenario of that name; shipped are agent-outage" in result.stderr


def test_a_pipeline_is_told_from_a_scenario() -> None:
    """Was: "no shipped scenario of that name", with all of them; `genie run` of a scenario said so already."""
    result = genie("insights")
    assert result.exit_code == 2
    assert "genie run insights" in result.stderr


def test_the_help_option_is_among_what_may_be_meant() -> None:
    assert "did you mean '--help'?" in genie("--hlep").stderr
