"""Shipped pipelines by name: found where no file is called so, and never instead of a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from genie.cli import main
from genie.config.examples import located, shipped
from genie.config.loader import load
from genie.errors import ConfigError

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_every_pipeline_of_the_tree_ships_under_its_id() -> None:
    files = sorted((ROOT / "config" / "pipelines").glob("*.yaml"))
    assert list(shipped().values()) == files
    assert all(load(name).id == name and load(name).warnings == () for name in shipped())


def test_a_file_goes_before_a_shipped_pipeline(tmp_path: Path) -> None:
    (tmp_path / "insights").write_text("version: 1\n")
    assert located(Path("insights")) == Path("insights")


@pytest.mark.parametrize("path", ["insights.yaml", "./folder/insights", "insights/", "/insights"])
def test_only_a_bare_name_names_a_shipped_pipeline(path: str, tmp_path: Path) -> None:
    (tmp_path / "insights").mkdir()
    assert located(Path(path)) == Path(path)


def test_a_name_nearly_right_is_suggested() -> None:
    with pytest.raises(ConfigError, match="^insihgts: no file and no shipped pipeline .*did you mean 'insights'"):
        located(Path("insihgts"))


def test_a_name_far_off_is_answered_with_what_there_is() -> None:
    with pytest.raises(ConfigError, match="shipped pipelines: account_aggregator, analysis, .*insights"):
        located(Path("zzz"))


@pytest.mark.parametrize(
    "words",
    [("check", "insights"), ("graph", "insights"), ("run", "analysis", "--json"), ("run", "insights", "--json")],
)
def test_commands_take_the_name(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(main, list(words)).exit_code == 0


@pytest.mark.parametrize(
    "words", [("check",), ("graph",), ("run",), ("serve-schedule",), ("ask", "a.topic", "--pipeline")]
)
def test_commands_refuse_another_name_in_one_line(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "insihgts"])
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "insihgts: no file and no shipped pipeline has that name; did you mean 'insights'?"
    ]
