"""Shell completion, driven as a shell drives it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import Result

from genie.cli import main
from genie.cli.commands.completion import VARIABLE
from genie.config.examples import shipped

ROOT = Path(__file__).parents[3]
Genie = Callable[..., Result]
Pipeline = Callable[..., str]

SHIPPED = list(shipped())


def offered(*words: str) -> list[str]:
    """Return what is offered for the last word."""
    found = ShellComplete(main, {}, "genie", VARIABLE).get_completions(list(words[:-1]), words[-1])
    return [item.value if item.type == "plain" else f"<{item.type}>" for item in found]


def test_commands_are_completed_without_being_imported() -> None:
    code = (
        "import sys; from click.shell_completion import ShellComplete; from genie.cli import main;"
        "found = ShellComplete(main, {}, 'genie', '_GENIE_COMPLETE').get_completions([], 'ch');"
        "print([one.value for one in found], 'genie.cli.commands.check' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "['check'] False\n"
    assert set(offered("")) >= {"agents", "completion", "doctor", "run", "serve-schedule"}


def test_options_and_their_choices_are_completed() -> None:
    assert "--journal" in offered("run", "x.yaml", "--j")
    assert offered("run", "x.yaml", "--clearance", "con") == ["confidential"]
    assert offered("completion", "") == ["bash", "fish", "zsh"]
    assert offered("new", "") == ["agent", "project"]


@pytest.mark.parametrize("command", ["run", "check", "graph", "serve-schedule"])
def test_pipelines_are_found_below_here(command: str, pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline("parrot")
    deep = tmp_path / "config/pipelines"
    deep.mkdir(parents=True)
    (deep / "other.yml").write_text("version: 1\nagents: [parrot]\n")
    (deep / "values.yaml").write_text("these: are no agents\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/secret.yaml").write_text("agents: [parrot]\n")
    assert offered(command, "") == [*SHIPPED, "config/pipelines/other.yml", "toys.yaml"]
    assert offered(command, "insi") == ["insights"]
    assert offered(command, "config/") == ["config/pipelines/other.yml"]
    assert offered(command, "../") == ["<file>"]  # elsewhere the shell knows as much


def test_a_folder_without_pipelines_leaves_files_to_the_shell(installed: Path) -> None:
    assert offered("run", "") == SHIPPED
    assert offered("run", "x") == ["<file>"]
    assert offered("simulate", "quiet") == ["quiet-month"]
    assert offered("run", "x.yaml", "--input", "") == ["<file>"]
    assert offered("run", "x.yaml", "--journal", "") == ["<file>"]


@pytest.mark.usefixtures("installed")
def test_agents_and_topics_are_completed() -> None:
    assert offered("agents", "parr") == ["parrot"]
    assert offered("ask", "toys.lo") == ["toys.lonely"]


def test_topics_are_those_of_the_pipeline_if_one_is_named(pipeline: Pipeline) -> None:
    path = pipeline("parrot")
    assert offered("ask", "--pipeline", path, "toys.") == ["toys.question"]


def test_keys_of_set_are_those_of_the_pipeline(pipeline: Pipeline) -> None:
    path = pipeline("parrot", "gapped", more="policies: [clearance, {payload_size: {max_bytes: 9}}]")
    assert offered("run", path, "--set", "agents.") == ["agents.parrot.", "agents.gapped."]
    assert offered("check", path, "--set", "pol") == ["policies.clearance.", "policies.payload_size."]
    assert "limits.max_runs=" in offered("run", path, "--set", "limits.")


def test_nothing_is_offered_where_something_is_wrong(installed: Path) -> None:
    (installed / "broken.yaml").write_text("agents: [")
    assert offered("run", "broken.yaml", "--set", "") == []
    assert offered("run", "nowhere.yaml", "--set", "") == []
    assert offered("ask", "--pipeline", "broken.yaml", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_the_command(genie: Genie, shell: str) -> None:
    script = genie("completion", shell).stdout
    assert f"{VARIABLE}={shell}_complete" in script
    assert "genie" in script


def test_an_unknown_shell_is_wrong_usage(genie: Genie) -> None:
    assert genie("completion", "cmd").exit_code == 2


def test_the_process_answers_a_shell(pipeline: Pipeline, toys: Path) -> None:
    pipeline("parrot")
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'genie'; from genie.cli import main; main()"],
        env={**os.environ, VARIABLE: "bash_complete", "COMP_WORDS": "genie run to", "COMP_CWORD": "2",
             "PYTHONPATH": f"{toys}{os.pathsep}{ROOT}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "plain,toys.yaml\n"
