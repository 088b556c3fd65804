"""Every command explains itself: examples that can be typed as they stand, and exit codes."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from genie.cli import main

ROOT = Path(__file__).parents[3]
WIDTHS = {"COLUMNS": "80"}


def walk(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, (*words, name))


COMMANDS = dict(walk(main, ("genie",)))


def shown(words: tuple[str, ...]) -> str:
    result = CliRunner().invoke(main, [*words[1:], "--help"])
    assert result.exit_code == 0
    return result.stdout


def examples(words: tuple[str, ...]) -> list[str]:
    return re.findall(r"^ +\$ (genie .*)$", shown(words), re.MULTILINE)


EXAMPLES = sorted({line for words in COMMANDS for line in examples(words)})
ELSEWHERE = {
    line
    for line in EXAMPLES
    if " serve-schedule " in line
    or "control.db" in line
    or "bom.json" in line
    or "orders.log" in line
    or "served-keys.json" in line
    or "served-store.db" in line
    or "GENIE_TENANT_SECRET" in line
    or line.endswith((" desk.yaml", " --cost"))
    or line.startswith(("genie kill all ", "genie audit ", "genie replay "))
    or (line.startswith("genie policy ") and "run.jsonl" in line)
}
"""Ends at a signal only, works on what runs in another shell, or on what a run has left; their own tests run them."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of what examples read and extend; its months have a day, for tests/config simulates whole ones."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    for scenario in (tmp_path / "config/simulations").iterdir():
        scenario.write_text(scenario.read_text().replace("duration: 30d", "duration: 1d"))
    shutil.copytree(ROOT / "agents", tmp_path / "agents", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    statement = (ROOT / "config/statements/sample.csv").read_text()
    (tmp_path / "question.json").write_text(json.dumps({"question": "Where am I overspending?", "content": statement}))
    started = {"kind": "started", "at": 0.0, "run_id": "r-1", "message_id": "m-1", "topic": "a.b", "sender": "a"}
    (tmp_path / "run.jsonl").write_text(json.dumps(started | {"recipient": "b"}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_a_sentence_examples_and_exit_codes(words: tuple[str, ...]) -> None:
    text = shown(words)
    assert COMMANDS[words].help
    assert any(line.startswith(" ".join(words)) for line in examples(words))
    assert re.search(r"^  Exit codes:\n +0 ", text, re.MULTILINE)
    assert re.search(r"^ +2 +\S", text, re.MULTILINE)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_says_what_it_is_for(words: tuple[str, ...]) -> None:
    options = [option for option in COMMANDS[words].params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_parses(line: str) -> None:
    command: click.Command = main
    context = click.Context(main, info_name="genie")
    rest = shlex.split(line)[1:]
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None, line
        command = found
        context = command.make_context(
            name, list(rest), parent=context, resilient_parsing=isinstance(found, click.Group)
        )


def marked(line: str) -> object:
    """Mark an example slow that measures, or simulates several seeds."""
    slow = line.startswith("genie bench") or "--seeds" in line
    return pytest.param(line, marks=pytest.mark.slow) if slow else line


@pytest.mark.usefixtures("repository", "own_garbage")
@pytest.mark.parametrize("line", [marked(line) for line in sorted(set(EXAMPLES) - ELSEWHERE)])
def test_an_example_does_what_it_says(line: str) -> None:
    result = CliRunner().invoke(main, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output + repr(result.exception)


def test_the_first_screen_tells_what_each_command_tells() -> None:
    first = shown(("genie",))
    for words, command in COMMANDS.items():
        if len(words) == 2:
            assert re.search(rf"^  {re.escape(words[1])} +\S.*\.$", first, re.MULTILINE)
            assert command.name is not None


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_exit_codes_are_in_order_and_no_summary_is_cut(words: tuple[str, ...]) -> None:
    """Was: `130 interrupted` before 3 and 5, and summaries of subcommands that ended in three dots."""
    told = shown(words)
    codes = [int(code) for code in re.findall(r"^    (\d+) +\S", told.partition("Exit codes:")[2], re.MULTILINE)]
    assert codes == sorted(set(codes))
    assert {2, 130} <= set(codes)
    listed = told.partition("\nCommands:\n")[2].partition("\n\n")[0]
    assert "..." not in listed
    assert not re.search(r"^  --\S+ (?:INTEGER|FLOAT)\b", told, re.MULTILINE), "a name of click's for a number"


def test_the_exit_codes_of_a_vote_are_listed() -> None:
    for vote in ("approve", "deny"):
        assert "3    no process has read it" in shown(("genie", "approvals", vote))
