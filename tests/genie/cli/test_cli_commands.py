"""The commands besides `run`: check, graph, agents, ask, bench, new and the version."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import genie as package
from genie.cli import main
from genie.cli.scaffold.agent import plan
from genie.errors import InputError

ROOT = Path(__file__).parents[3]
Genie = Callable[..., Result]
Pipeline = Callable[..., str]


def test_the_version_is_the_packages(genie: Genie) -> None:
    assert genie("--version").stdout == f"genie {package.__version__}\n"


def test_help_lists_every_command_without_importing_any() -> None:
    names = {
        "agents", "approvals", "ask", "audit", "bench", "bom", "check", "completion", "dlq", "doctor", "effects",
        "eval", "graph", "inspect", "journal", "keys", "kill", "new", "pause", "pipelines", "policy", "proxy", "replay",
        "resume", "revive", "run", "runs", "scenarios", "serve", "serve-schedule", "simulate", "spend", "status",
        "store", "tools",
    }  # fmt: skip
    assert set(main.list_commands(click.Context(main))) == names
    code = (
        "import atexit, sys; from genie.cli import main;"
        "heavy = ('rich', 'pydantic', 'anyio', 'yaml', 'genie.errors');"
        "atexit.register(lambda: print(sorted(n for n in sys.modules if n in heavy or '.commands.' in n)));"
        "main()"
    )
    for words in (["--help"], ["--version"]):
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
        assert done.stdout.endswith("\n[]\n")
    shown = CliRunner().invoke(main, ["--help"]).stdout
    assert all(f"\n  {name} " in shown for name in names)


def test_an_unknown_command_is_wrong_usage(genie: Genie) -> None:
    assert genie("rum").exit_code == 2


# --- check and graph ---


def test_a_sound_pipeline_can_run(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("check", pipeline("parrot", more="policies: []"))
    assert result.exit_code == 0
    assert "toys.question -> toys.reply" in result.stdout
    assert "warning: " in result.stderr


@pytest.mark.parametrize(
    ("agents", "more", "words"),
    [
        (["parott"], "", "did you mean 'parrot'"),
        (["parrot"], "limitz: {}", "did you mean 'limits'"),
        (["beside"], "", "toys.reply"),
        (["parrot"], "limits: {max_runs: NO}", "toys.yaml:12"),
        (["parrot"], "limits: {deadline_s: 12:30}", "toys.yaml:12"),
    ],
)
def test_every_problem_names_its_line(
    genie: Genie, pipeline: Pipeline, agents: list[str], more: str, words: str
) -> None:
    result = genie("check", pipeline(*agents, more=more))
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert all(line.startswith(("toys.yaml:", str(Path.cwd() / "toys.yaml:"))) for line in result.stderr.splitlines())


def test_values_can_be_set_from_the_command_line(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("check", pipeline("parrot"), "--set", "limits.max_runz=5")
    assert result.exit_code == 2
    assert "did you mean" in result.stderr


def test_the_graph_names_agents_and_topics(genie: Genie, pipeline: Pipeline) -> None:
    shown = genie("graph", pipeline("parrot")).stdout
    assert "flowchart" in shown
    assert "parrot" in shown
    assert "toys.question" in shown


# --- agents and ask ---


@pytest.mark.usefixtures("installed")
def test_the_installed_agents_are_listed(genie: Genie) -> None:
    result = genie("agents", "--json")
    assert result.exit_code == 0, result.output + repr(result.exception)
    listed = json.loads(result.stdout)
    parrot = next(card for card in listed if card["use"] == "parrot")
    assert parrot["consumes"] == ["toys.question"]
    assert parrot["produces"] == ["toys.reply"]
    assert parrot["description"] == "Says what it is asked."
    assert "parrot" in genie("agents").stdout


@pytest.mark.usefixtures("installed")
def test_an_agent_whose_extra_is_not_installed_is_named_and_hides_no_other(genie: Genie) -> None:
    result = genie("agents", "--json")
    assert result.exit_code == 0
    assert "'lacking': cannot be loaded: ModuleNotFoundError" in result.stderr
    assert "lacking" not in {card["use"] for card in json.loads(result.stdout)}


@pytest.mark.usefixtures("installed")
def test_a_question_without_a_pipeline_goes_to_an_installed_agent(genie: Genie) -> None:
    result = genie("ask", "toys.lonely", "-", input='{"text": "hello"}')
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"text": "hello, too"}


def test_a_question_without_a_pipeline_reaches_those_between_a_question_and_its_answers(genie: Genie) -> None:
    """The desk asks the reader and expects what the normaliser, the categoriser and the analyser make of it."""
    statement = "".join(f"2024-{month:02}-01,RENT,-{month}00.00,EUR\\n" for month in range(1, 8))
    question = (
        f'{{"question": "why?", "filename": "it.csv", "content": "date,narration,amount,currency\\n{statement}"}}'
    )
    result = genie("ask", "insights.question", "-", "--as", "ann", "--role", "analyst", input=question)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["missing"] == []
    assert [(total["transactions"], total["debits"]["amount"]) for total in report["totals"]] == [(7, "2800.00")]


def test_a_question_is_answered_with_typed_json(genie: Genie, pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "question.json").write_text('{"text": "how much?"}')
    path = pipeline("parrot")
    expected = {"text": "how much?", "missing": [], "notices": []}
    assert json.loads(genie("ask", "toys.question", "question.json", "--pipeline", path).stdout) == expected
    again = genie("ask", "toys.question", "-", "--pipeline", path, input='{"text": "how much?"}')
    assert json.loads(again.stdout) == expected


@pytest.mark.parametrize(
    ("topic", "payload", "line"),
    [
        ("toys.questoin", "{}", "did you mean 'toys.question'"),
        ("toys.question", '{"text": 1}', "text should be text"),
        ("toys.question", '{"texts": "1"}', "texts is not known here"),
        ("toys.question", "no json", "not valid JSON"),
        ("toys.question", "", "standard input: is empty"),
    ],
)
def test_a_wrong_question_is_bad_input(genie: Genie, pipeline: Pipeline, topic: str, payload: str, line: str) -> None:
    result = genie("ask", topic, "-", "--pipeline", pipeline("parrot"), input=payload)
    assert (result.exit_code, result.stdout) == (2, "")
    assert line in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_question_that_nobody_can_answer_fails(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("ask", "toys.question", "--pipeline", pipeline("broken"))
    assert (result.exit_code, result.stdout) == (4, "")
    assert "ZeroDivisionError" in result.stderr


def test_what_is_larger_than_allowed_is_not_read(genie: Genie, pipeline: Pipeline, tmp_path: Path) -> None:
    with (tmp_path / "huge.json").open("wb") as huge:
        huge.truncate(200 << 20)
    result = genie("ask", "toys.question", "huge.json", "--pipeline", pipeline("parrot"))
    assert result.exit_code == 2
    assert result.stderr == "huge.json: has 200 MB, more than the 8 MB allowed\n"


# --- bench ---


@pytest.mark.parametrize("fanouts", ["", "x", "0", "3,-1", "99999999999"])
def test_a_fanout_is_a_list_of_numbers(genie: Genie, fanouts: str) -> None:
    assert genie("bench", "fanout", "--fanout", fanouts).exit_code == 2


@pytest.mark.slow
@pytest.mark.usefixtures("own_garbage")
def test_the_bench_prints_its_contract(genie: Genie) -> None:
    rows = json.loads(genie("bench", "fanout", "--fanout", "3", "--requests", "50", "--json").stdout)
    assert [row["fanout"] for row in rows] == [3]
    assert set(rows[0]) == {
        "fanout", "requests", "policies", "p50_us", "p95_us", "p99_us", "per_delivery_us", "baseline_p50_us", "ratio",
    }  # fmt: skip
    assert len(rows[0]["policies"]) == 8


# --- new ---


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a folder with the parts of the repository that a new agent touches, and those its test needs."""
    (tmp_path / "genie").symlink_to(ROOT / "genie")
    (tmp_path / "agents/genie_finance/contracts").mkdir(parents=True)
    for name in ("__init__.py", "index.py"):
        path = Path("agents/genie_finance") / name
        (tmp_path / path).write_text((ROOT / path).read_text())
    (tmp_path / "agents/genie_finance/contracts/__init__.py").write_text("")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("family", ["garden", "insights", "abacus"])  # before the index, behind it, before all
def test_a_new_agent_passes_its_own_test_and_the_linter(repository: Path, family: str) -> None:
    written = plan(repository, family, "rain_gauge", "low")
    assert Path("agents/genie_finance/index.py") in written
    assert (
        f'"rain_gauge": "genie_finance.{family}.rain_gauge:rain_gauge",'
        in (repository / "agents/genie_finance/index.py").read_text()
    )
    if family != "insights":
        assert f"| {family}" in (repository / "pyproject.toml").read_text()
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"tests/agents/{family}"],
        cwd=repository, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout
    assert "3 passed" in tested.stdout
    files = [str(repository / path) for path in written if path.suffix == ".py"]
    for check in (["check"], ["format", "--check"]):
        linted = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--no-cache", *files],
            cwd=repository, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert linted.returncode == 0, linted.stdout


def test_a_new_agent_overwrites_nothing(repository: Path) -> None:
    plan(repository, "garden", "rain_gauge", "low")
    before = {path: path.read_bytes() for path in repository.rglob("*.py") if "genie" not in path.parts}
    for family in ("garden", "weather"):
        with pytest.raises(InputError, match="already exists"):
            plan(repository, family, "rain_gauge", "low")
    assert before == {path: path.read_bytes() for path in repository.rglob("*.py") if "genie" not in path.parts}


def test_a_new_agent_names_its_test_as_the_next_step(
    genie: Genie, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    result = genie("new", "agent", "garden", "rain_gauge", "--risk", "low")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0, "next: python -m pytest tests/agents/garden/test_rain_gauge.py (`make test` installs pytest)",
    )  # fmt: skip


@pytest.mark.parametrize(("family", "name"), [("Garden", "x"), ("garden", "../x"), ("garden", "class"), ("a-b", "x")])
def test_names_are_names(genie: Genie, family: str, name: str) -> None:
    assert genie("new", "agent", family, name, "--risk", "low").exit_code == 2


@pytest.mark.usefixtures("installed")
def test_a_new_agent_needs_the_repository(genie: Genie) -> None:
    result = genie("new", "agent", "garden", "rain_gauge", "--risk", "low")
    assert (result.exit_code, result.stderr) == (
        2, "agents/genie_finance/index.py: does not exist; run this in the root of the repository\n",
    )  # fmt: skip
