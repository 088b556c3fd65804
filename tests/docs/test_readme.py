"""The README leads with what a visitor needs, and claims no more than the measured figures and their limits allow."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from benchmarks import suite
from genie.benchmark import eight_policies
from genie_finance.index import AGENTS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MOST_PICTURE = 200_000


def _row(words: str) -> list[str]:
    [row] = [line for line in README.splitlines() if line.startswith(f"| {words}")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def _figure(words: str) -> float:
    found = re.match(r"[\d,.]+", _row(words)[1])
    assert found is not None
    return float(found[0].replace(",", ""))


def test_it_starts_with_title_sentence_picture_and_two_commands() -> None:
    title, sentence, picture, commands = re.split(r"\n\n+", README)[:4]
    assert title == "# Genie"
    assert sentence.count(".") == 1
    assert picture.startswith("![")
    assert [line.split("#")[0].strip() for line in commands.splitlines()[1:-1]] == ["$ make run", "$ make test"]


def test_its_two_commands_are_targets() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"run", "test"} <= set(targets)


def test_its_picture_is_there_and_small() -> None:
    [name] = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    content = (ROOT / name).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < MOST_PICTURE


def test_its_example_is_short() -> None:
    example = README.split("```python\n")[1].split("```")[0]
    assert len([line for line in example.splitlines() if line.strip()]) <= 20


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("round trip through 3 agents, median", suite.FANOUT_LIMITS[3]),
        ("round trip through 60 agents, median", suite.FANOUT_LIMITS[60]),
        ("memory of a run", suite.BLOCKED_LIMIT),
        ("memory of a process", suite.IDLE_LIMIT),
    ],
)
def test_its_limits_are_those_that_the_benchmark_holds(words: str, limit: suite.Limit) -> None:
    assert _row(words)[2] == "`make bench`"
    assert _figure(words) == limit.bound


@pytest.mark.parametrize("fanout", ["3", "60"])
def test_its_instruction_counts_are_no_better_than_the_stored_ones(fanout: str) -> None:
    stored = json.loads((ROOT / "benchmarks" / "instructions.json").read_text())["3.11"]["fanouts"][fanout]
    ratio = stored["ours"]["instructions"] / stored["bare"]["instructions"]
    assert ratio <= _figure(f"round trip through {fanout} agents, instructions") < ratio + 0.25


OTHERS = ("pykka", "NATS", "autogen-core", "agent-framework", "LangGraph", "bubus")


def test_its_figures_of_other_buses_are_those_of_the_benchmarks_page() -> None:
    page = (ROOT / "benchmarks" / "README.md").read_text().split("## Other buses")[1]
    rows = dict(re.findall(r"^\| ([\w.-]+)[^|]*\| ([^|]+) \|", page, re.MULTILINE))
    figures = sorted(int(rows[name].replace(",", "")) for name in OTHERS if name in README)
    words = " ".join(README.split())
    assert f"{figures[0]} to {figures[-1]:,} µs" in words
    assert f"{' to '.join(re.findall('[0-9]+', rows['bare']))} µs" in words


def test_its_counts_of_agents_are_right() -> None:
    insights = yaml.safe_load((ROOT / "config" / "pipelines" / "insights.yaml").read_text())
    assert len(insights["agents"]) == 10
    assert "with ten agents" in README
    assert "more than seventy finance agents" in README
    assert len(AGENTS) > 70


def test_its_other_counts_are_right() -> None:
    """Was: ten recipes, of which there were eleven, on a page that said so."""
    recipes = len(list((ROOT / "docs" / "cookbook").glob("*.py")))
    assert recipes == 11
    assert "with eleven short programs" in README
    assert (ROOT / "docs" / "cookbook.md").read_text().split("\n\n")[1].startswith("These are eleven short programs")
    assert len(eight_policies().policies) == 8
    assert "with eight policies enabled" in README
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()
    assert README.count("Python 3.11 or newer") == 2
