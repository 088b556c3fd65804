"""`genie replay`: a run of a pipeline's log again, with another agent, with other policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from genie.journal.past import listed
from genie.journal.sqlite import SqliteDatabase

Genie = Callable[..., Result]
CARD = "4539 1488 0343 6467"
ROOT = Path(__file__).parents[3]
HEAD = "version: 1\nid: others\ntitle: Others\n"
LOG = "durability: batched\nlog: runs.log\n"
OTHER = """
from toys import Question, Reply
from genie.contracts.agent import agent

@agent("other", clearance="restricted")
async def loud(question: Question) -> Reply:
    return Reply(text=question.text.upper() + "!")

class Mute:
    pass
"""


@pytest.fixture
def kept(genie: Genie, pipeline: Callable[..., str], installed: Path) -> tuple[str, str]:
    """Keep a run in the log of a pipeline; return its file and the run's id."""
    path = pipeline("parrot", more=f"policies: [clearance, pii]\n{LOG}")
    assert genie("run", path, "--question", f"hello {CARD}", "--clearance", "restricted", "--quiet").exit_code == 0
    database = SqliteDatabase(installed / "runs.log")
    database.connect(create=False)
    (run,) = listed(database)
    database.close()
    (installed / "others.py").write_text(OTHER)
    return path, run.id


def told(result: Result, code: int) -> dict[str, Any]:
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_run_of_a_pipeline_is_the_same(genie: Genie, kept: tuple[str, str]) -> None:
    path, run = kept
    words = ("replay", run, "--pipeline", path)
    found = told(genie(*words, "--json"), 0)
    assert (found["same"], found["messages"], found["ran"], found["first"]) == (True, 2, {"parrot": 1}, None)
    assert genie(*words).exit_code == 0
    assert told(genie(*words, "--log", "runs.log", "--json"), 0)["same"]
    assert genie("replay", "none", "--pipeline", path).exit_code == 2
    assert genie(*words, "--log", "absent.log").exit_code == 2
    assert genie(*words, "--to", "none").exit_code == 2


def test_another_agent_differs_and_both_sides_are_masked_for_the_reader(genie: Genie, kept: tuple[str, str]) -> None:
    path, run = kept
    words = ("replay", run, "--pipeline", path, "--agent", "parrot=others:loud")
    found = told(genie(*words, "--json", "--clearance", "restricted"), 1)
    first = found["first"]
    assert (first["code"], first["agent"], first["path"]) == ("payload", "parrot", "text")
    assert CARD in first["before"]["shown"]
    assert CARD in first["after"]["shown"]
    assert first["before"]["sha256"] != first["after"]["sha256"]
    masked = genie(*words, "--clearance", "internal")
    assert masked.exit_code == 1
    assert CARD not in masked.output
    assert first["before"]["sha256"][:16] in masked.stdout


def test_other_policies_show_what_changes(genie: Genie, kept: tuple[str, str], installed: Path) -> None:
    path, run = kept
    (installed / "none.yaml").write_text(f"{HEAD}policies: [clearance]\n")
    (installed / "held.yaml").write_text(f"{HEAD}policies: [clearance, pii, hold_answers]\n")
    assert told(genie("replay", run, "--pipeline", path, "--policy", "none.yaml", "--json"), 0)["verdicts"] == []
    found = told(genie("replay", run, "--pipeline", path, "--policy", "held.yaml", "--json"), 1)
    assert [(one["before"], one["after"]) for one in found["verdicts"]] == [("allow", "hold (hold_answers)")]
    assert "hold (hold_answers)" in genie("replay", run, "--pipeline", path, "--policy", "held.yaml").stdout


@pytest.mark.parametrize(
    "given",
    ["parrot", "parrot=others", "parrot=others:Mute", "parrot=others:gone", "x=others:loud", "parrot=no_such:a"],
)
def test_what_is_no_agent_is_refused(genie: Genie, kept: tuple[str, str], given: str) -> None:
    path, run = kept
    result = genie("replay", run, "--pipeline", path, "--agent", given)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_a_run_of_a_log_is_shown_masked_for_who_asks(genie: Genie, kept: tuple[str, str]) -> None:
    path, run = kept
    for clearance, seen in (("restricted", True), ("internal", False)):
        words = ("--pipeline", path, "--clearance", clearance, "--html", "run.html")
        shown = genie("runs", "show", "runs.log", "--run", run, *words)
        assert shown.exit_code == 0, shown.output
        assert (CARD in Path("run.html").read_text()) is seen
    assert CARD not in genie("runs", "show", "runs.log").output
    assert genie("runs", "show", "gone.log").exit_code == 2


def test_policies_are_compared_and_explained_on_a_log(genie: Genie, kept: tuple[str, str], installed: Path) -> None:
    path, run = kept
    (installed / "old.yaml").write_text(f"{HEAD}policies: [clearance]\n")
    (installed / "new.yaml").write_text(f"{HEAD}policies: [clearance, pii, hold_answers]\n")
    words = ("policy", "diff", "old.yaml", "new.yaml", "--journal", "runs.log", "--pipeline", path)
    found = told(genie(*words, "--json"), 0)
    assert (found["messages"], found["deliveries"], found["changed"], found["skipped"]) == (2, 2, 1, {})
    assert [(one["policy"], one["before"], one["after"]) for one in found["changes"]] == [
        ("hold_answers", "allow", "hold")
    ]
    assert CARD not in genie(*words).output
    message = found["changes"][0]["samples"][0].split()[0]
    explained = genie("policy", "explain", "new.yaml", message, "--journal", "runs.log", "--pipeline", path)
    assert explained.exit_code == 0, explained.output
    assert "hold_answers" in explained.stdout
    assert run.partition("-")[0] in message
    assert genie("policy", "explain", "new.yaml", "none", "--journal", "runs.log", "--pipeline", path).exit_code == 2


DENYING = HEAD + "policies:\n  - topic_roles: { topics: { model.request: [analyst] } }\n"


@pytest.mark.slow
def test_a_run_of_a_loop_is_replayed_without_its_model_and_its_calls_are_backtested(
    genie: Genie, installed: Path
) -> None:
    text = (ROOT / "config/pipelines/finance_assistant.yaml").read_text(encoding="utf-8")
    (installed / "desk.yaml").write_text(f"{text}\n{LOG}", encoding="utf-8")
    (installed / "denying.yaml").write_text(DENYING)
    run = told(genie("run", "desk.yaml", "--question", "What does a loan of 10 lakh cost?", "--json"), 0)["run_id"]
    again = told(genie("replay", run, "--pipeline", "desk.yaml", "--json"), 0)
    assert (again["same"], again["read"]) == (True, {"desk": 2})
    assert again["ran"] == {"finance_assistant": 1, "loan_advisor": 1}
    other = told(genie("replay", run, "--pipeline", "desk.yaml", "--policy", "denying.yaml", "--json"), 1)
    assert not other["same"]
    words = ("policy", "backtest", "denying.yaml", "--pipeline", "desk.yaml", "--journal", "runs.log", "--json")
    found = told(genie(*words), 0)
    samples = {one for change in found["changes"] for one in change["samples"]}
    assert any(one.endswith("model.request -> desk") for one in samples)
