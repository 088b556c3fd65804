"""The command at a terminal: colour, the live view, and Ctrl-C; and none of them where nobody watches."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from genie.cli import main
from genie.cli.terminal.progress import progress

ROOT = Path(__file__).parents[3]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MOVEMENT = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")
CTRL_C = b"\x03"

Pipeline = Callable[..., str]
Terminal = Callable[..., Any]


def seen(screen: str) -> list[str]:
    """Return the lines that a person sees in the end: enough of a terminal for what the command writes."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]", screen):
        if token == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif token == "\r":
            column = 0
        elif token == "\x1b[1A":
            row = max(0, row - 1)
        elif token == "\x1b[2K":
            lines[row] = ""
        elif not token.startswith("\x1b"):
            lines[row] = lines[row].ljust(column)[:column] + token + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


def test_a_terminal_sees_colour_and_a_view_that_leaves_nothing_behind(terminal: Terminal, pipeline: Pipeline) -> None:
    shell = terminal("run", pipeline("parrot", more="policies: []"), "--question", "how much?")
    assert shell.ended() == 0
    assert COLOUR.search(shell.screen)
    assert "A pipeline of toys" in shell.screen
    assert shell.screen.count("\x1b[?25l") == shell.screen.count("\x1b[?25h") == 1  # the cursor is back
    left = seen(shell.screen)
    assert left[0].startswith("warning: ")
    assert left[1] == "text: how much?"
    assert "A pipeline of toys" not in left
    assert left[-2].startswith("complete in ")


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_none_gets_text_alone(
    terminal: Terminal, pipeline: Pipeline, environ: dict[str, str]
) -> None:
    shell = terminal("run", pipeline("parrot"), **environ)
    assert shell.ended() == 0
    assert "\x1b" not in shell.screen
    assert "A pipeline of toys" not in shell.screen
    assert "text: hello" in shell.screen


def test_an_empty_no_color_forbids_nothing(terminal: Terminal, pipeline: Pipeline) -> None:
    shell = terminal("run", pipeline("parrot"), "--quiet", NO_COLOR="")
    assert shell.ended() == 0
    assert COLOUR.search(shell.screen)


def test_quiet_is_quiet_at_a_terminal_too(terminal: Terminal, pipeline: Pipeline) -> None:
    shell = terminal("run", pipeline("parrot"), "--quiet")
    assert shell.ended() == 0
    assert not MOVEMENT.search(shell.screen)
    assert "complete in" not in shell.screen


@pytest.mark.parametrize("environ", [{}, {"FORCE_COLOR": "1"}, {"CLICOLOR_FORCE": "1"}])
def test_a_pipe_gets_text_alone(pipeline: Pipeline, toys: Path, environ: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from genie.cli import main; main()", "run", pipeline("parrot")],
        env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": f"{toys}{os.pathsep}{ROOT}", **environ},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "\x1b" not in done.stdout + done.stderr
    assert "A pipeline of toys" not in done.stderr
    assert "complete in" in done.stdout


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_agents_fit_the_terminal_and_lose_nothing(terminal: Terminal, columns: int) -> None:
    shell = terminal("agents", columns=columns)
    assert shell.ended() == 0
    lines = [line for line in seen(shell.screen) if not line.startswith("warning: ")]
    assert max(map(len, lines)) <= columns
    text = " ".join(" ".join(lines).split())
    assert "genie agents NAME shows" in text
    assert "subscription_detector" in text
    assert "…" not in text


def test_the_report_cuts_no_amount_at_eighty_columns(terminal: Terminal) -> None:
    pipeline = str(ROOT / "config/pipelines/insights.yaml")
    shell = terminal("run", pipeline, "--quiet", "--log-level", "error", columns=80)  # a slow machine warns
    assert shell.ended() == 0
    lines = seen(shell.screen)
    assert max(map(len, lines)) <= 80
    assert any("125,000.00" in line and "Home and garden" in line for line in lines)
    assert "…" not in shell.screen


@pytest.mark.slow
def test_work_of_more_than_two_seconds_shows_its_progress(terminal: Terminal) -> None:
    shell = terminal("simulate", str(ROOT / "config/simulations/quiet-month.yaml"), "--seeds", "1..10000")
    shell.until("/10000 seeds, ")  # how many seconds: a slow start counts, too
    shell.until("/10000 seeds, ")
    shell.press(CTRL_C)
    assert shell.ended() == 130
    assert shell.screen.endswith("interrupted\r\n")
    assert [line for line in seen(shell.screen.replace("\x1b[K", "\x1b[2K")) if line][-1] == "interrupted"


@pytest.mark.slow
def test_a_benchmark_shows_its_progress(terminal: Terminal) -> None:
    """Was: one line for each size, and nothing for the half minute that a size of a thousand agents takes."""
    shell = terminal("bench", "fanout", "--fanout", "1000", "--requests", "1000")
    shell.until("round trip at fan-out 1000: 5 x 1000, ")
    shell.press(CTRL_C)
    assert shell.ended() == 130


@pytest.mark.slow
def test_reading_a_journal_shows_its_progress(terminal: Terminal, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.jsonl")  # nobody writes it: reading it takes for ever
    shell = terminal("runs", "show", str(tmp_path / "run.jsonl"))
    shell.until("reading, ")
    shell.press(CTRL_C)
    assert shell.ended() == 130


@pytest.mark.slow
@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_progress_is_a_whole_line_on_a_terminal_that_erases_none(terminal: Terminal, environ: dict[str, str]) -> None:
    shell = terminal("simulate", str(ROOT / "config/simulations/quiet-month.yaml"), "--seeds", "1..10000", **environ)
    shell.until("/10000 seeds, ")
    shell.until(" s\r\n")
    shell.press(CTRL_C)
    assert shell.ended() == 130
    assert "\x1b" not in shell.screen


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_approvals_are_asked_without_colour_and_on_one_page(terminal: Terminal, environ: dict[str, str]) -> None:
    shell = terminal("run", str(ROOT / "config/pipelines/sme_loan.yaml"), "--log-level", "critical", **environ)
    page = shell.until("approve?")
    assert len(page.splitlines()) < 100
    assert "Sanction 3,000,000.00 INR" in page
    assert "minor" not in page
    assert "Sahyadri Engineering Works" in page
    assert "credit_officer" in page
    shell.press(b"\n")
    assert shell.ended() == 5
    assert "\x1b" not in shell.screen


def test_no_progress_is_shown_where_nobody_watches() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with progress("nothing") as tell:
        tell("nobody reads this")
        assert signal.getsignal(signal.SIGALRM) is before
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


# --- Ctrl-C ---


def test_ctrl_c_ends_with_one_clear_line(terminal: Terminal, pipeline: Pipeline) -> None:
    shell = terminal("run", pipeline("sleeper"))
    shell.until("waiting for ever")
    shell.press(CTRL_C)
    assert shell.ended() == 130
    left = [line for line in seen(shell.screen) if line and not line.startswith("warning: ")]
    (line,) = left
    assert re.fullmatch(r"interrupted: run \S+ was cancelled; 0 messages handled, 1 cancelled", line)
    assert shell.screen.endswith("cancelled\r\n")
    assert shell.screen.rindex("\x1b[?25h") > shell.screen.rindex("\x1b[?25l")


@pytest.mark.parametrize("agent", ["stubborn", "obstinate"])
def test_a_second_ctrl_c_does_not_wait_for_an_agent_that_will_not_stop(
    terminal: Terminal, pipeline: Pipeline, tmp_path: Path, agent: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    files = ("--journal", str(folder / "journal"), "--html", str(folder / "page"))
    shell = terminal("run", pipeline(agent), *files)
    shell.until("waiting for ever")
    assert len(list(folder.iterdir())) == 2  # both grow
    shell.press(CTRL_C)
    shell.until("Ctrl-C again ends at once")
    shell.press(CTRL_C)
    assert shell.ended() == 130
    assert re.findall("interrupted\r\n", shell.screen) == ["interrupted\r\n"]
    assert "Traceback" not in shell.screen
    assert shell.screen.rindex("\x1b[?25h") > shell.screen.rindex("\x1b[?25l")
    assert list(folder.iterdir()) == []


def test_a_second_ctrl_c_reaches_even_an_agent_that_blocks_the_loop(terminal: Terminal, pipeline: Pipeline) -> None:
    shell = terminal("run", pipeline("deaf"))
    shell.until("blocked")
    shell.press(CTRL_C)
    shell.until("Ctrl-C again ends at once")
    shell.press(CTRL_C)
    assert shell.ended() == 130
    assert re.findall("interrupted\r\n", shell.screen) == ["interrupted\r\n"]
    assert "Traceback" not in shell.screen


def test_an_interrupt_while_a_command_is_loaded_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def loading(name: str) -> object:
        raise KeyboardInterrupt

    slow = types.ModuleType("genie.cli.commands.check")
    monkeypatch.setattr(slow, "__getattr__", loading, raising=False)
    monkeypatch.setitem(sys.modules, slow.__name__, slow)
    result = CliRunner().invoke(main, ["check", "toys.yaml"])
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")
