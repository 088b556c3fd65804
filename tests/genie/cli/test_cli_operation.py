"""What an operator asks of a run: its numbers on a port, its logs in a form."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest
from click.testing import Result

from genie.cli.options.telemetry import metered
from genie.runtime.runtime import Runtime

Genie = Callable[..., Result]
Pipeline = Callable[..., str]


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("genie", "agents"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_metrics_are_served_on_a_free_port_that_is_named(genie: Genie, pipeline: Pipeline) -> None:
    result = genie("run", pipeline("parrot"), "--question", "hi", "--json", "--metrics", "0")
    assert result.exit_code == 0
    assert re.search(r"^metrics: http://127\.0\.0\.1:\d+/metrics$", result.stderr, re.MULTILINE)
    assert json.loads(result.stdout)["status"] == "complete"


def test_a_port_that_is_taken_is_a_clear_line(genie: Genie, pipeline: Pipeline) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = genie("run", pipeline("parrot"), "--quiet", "--metrics", str(port))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"port {port}: is in use")
    assert genie("run", pipeline("parrot"), "--metrics", "70000").exit_code == 2


@pytest.mark.anyio
async def test_without_a_port_nothing_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    async with Runtime() as runtime, metered(runtime, port=None):
        await anyio.lowlevel.checkpoint()
    assert capsys.readouterr().err == ""


def test_logs_are_json_lines_about_runs_and_agents(genie: Genie, pipeline: Pipeline) -> None:
    words = ("--json", "--log-level", "warning", "--log-format", "json")
    result = genie("run", pipeline("broken"), "--question", "hush-hush", *words)
    (line,) = [json.loads(line) for line in result.stderr.splitlines()]
    assert result.exit_code == 4
    assert (line["agent"], line["level"], line["run_id"]) == ("broken", "error", json.loads(result.stdout)["run_id"])
    assert line["message"].startswith("agent broken failed: ZeroDivisionError at toys:")
    assert "hush-hush" not in result.stderr


def test_pretty_is_the_default_and_names_the_line_of_an_agent_that_failed(genie: Genie, pipeline: Pipeline) -> None:
    assert genie("run", pipeline("broken"), "--json", "--log-level", "critical").stderr == ""
    shown = genie("run", pipeline("broken"), "--json").stderr
    assert re.search(
        r"error    genie\.bus: agent broken failed: ZeroDivisionError at toys:\d+ \[run_id=\S+ agent=broken\]", shown
    )
    assert "Traceback" not in shown


@pytest.mark.parametrize(("more", "words"), [("environment: development", ()), ("environment: staging", ("--debug",))])
def test_debug_shows_the_traceback_of_an_agent_that_failed(
    genie: Genie, pipeline: Pipeline, more: str, words: tuple[str, ...]
) -> None:
    result = genie("run", pipeline("broken", more=more), "--question", "hush", "--json", *words)
    assert result.exit_code == 4
    assert "  ZeroDivisionError: hush\n" in result.stderr
    assert "in broken\n" in result.stderr
    assert '"text": "hush"' in result.stderr
    assert json.loads(result.stdout)["status"] == "failed"


@pytest.mark.parametrize(
    ("more", "words", "code"),
    [("", (), 4), ("environment: development", ("--no-debug",), 4), ("environment: production", (), 4),
     ("environment: production", ("--debug",), 2)],
)  # fmt: skip
def test_debug_is_off_where_nothing_says_so_and_refused_in_production(
    genie: Genie, pipeline: Pipeline, more: str, words: tuple[str, ...], code: int
) -> None:
    text = Path(pipeline("broken", more=more)).read_text()
    Path("toys.yaml").write_text(text.replace("agents: [broken]", "agents: [{id: broken}]"))
    result = genie("run", "toys.yaml", "--question", "hush", "--json", *words)
    assert result.exit_code == code, result.stderr
    assert "hush" not in result.stderr
