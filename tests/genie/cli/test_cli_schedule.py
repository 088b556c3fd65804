"""`genie serve-schedule`: it fires, it drains, and it says what it cannot use."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from genie.cli import main

ROOT = Path(__file__).parents[3]
PIPELINE = f"""
version: 1
id: analysis
agents: [statement_reader, normaliser, categoriser, analyser]
input:
  payload: insights.statement_received
  fields:
    content: {{ from: input, default: {ROOT}/config/statements/sample.csv }}
    filename: {{ from: filename }}
output: insights.analysis
schedule:
  - {{ id: yearly, cron: "0 0 1 1 *", zone: Europe/Berlin, missed: once }}
  - {{ id: broken, cron: "0 0 1 1 *", missed: once, payload: {{ content: nonsense, filename: x.csv }} }}
"""


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    path = tmp_path / "pipeline.yaml"
    path.write_text(PIPELINE)
    return path


def test_a_reader_that_goes_away_stops_no_schedule(pipeline: Path, tmp_path: Path) -> None:
    """Was: the first line after `| head -1` had ended stopped the clock of the runtime, for good and silently."""
    state = tmp_path / "state.json"
    state.write_text(json.dumps(dict.fromkeys(("yearly", "broken"), "2020-06-01T00:00:00+00:00")))
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", "from genie.cli import main; main()", "serve-schedule", str(pipeline), "--state", state,
         "--log-level", "info"],
        stdout=writing, stderr=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    os.close(writing)
    os.close(reading)  # before a line was written
    assert process.stderr is not None
    told: list[str] = []
    while not any("yearly" in line and ": handled" in line for line in told):
        line = process.stderr.readline()
        assert line, told
        told.append(line)
    assert sum("standard output: cannot be written" in line for line in told) == 1
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=60)
    assert "draining" in rest
    assert "Traceback" not in "".join(told) + rest
    assert process.returncode == 2


def test_it_makes_up_for_what_was_missed_and_ends_at_a_signal(pipeline: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps(dict.fromkeys(("yearly", "broken"), "2020-06-01T00:00:00+00:00")))
    process = subprocess.Popen(
        [sys.executable, "-c", "from genie.cli import main; main()", "serve-schedule", str(pipeline), "--state", state],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    told: list[str] = []
    while sum(" handled " in line or " failed " in line for line in told) < 2:
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        told.append(line)
    process.send_signal(signal.SIGTERM)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "draining" in errors
    assert sum("yearly handled" in line for line in told) == 1
    assert any("broken failed" in line and "nonsense" not in line for line in told)
    assert "yearly: 1 fired" in rest
    kept = json.loads(state.read_text())
    assert set(kept) == {"yearly", "broken"}
    assert all(not when.startswith("2020") for when in kept.values())


def said(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, ["serve-schedule", *map(str, arguments)])
    assert result.exit_code == 2, result.output
    return result.output


def test_what_it_cannot_serve_ends_with_a_line(pipeline: Path, tmp_path: Path) -> None:
    assert "has no `schedule:`" in said(ROOT / "config" / "pipelines" / "analysis.yaml")
    assert "nowhere.yaml" in said(tmp_path / "nowhere.yaml")
    for content in ("[]", "{", '{"yearly": 3}', '{"yearly": "soon"}'):
        state = tmp_path / "state.json"
        state.write_text(content)
        assert "is not a state file of schedules" in said(pipeline, "--state", state)


def test_a_state_file_serves_one_scheduler_at_a_time(pipeline: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("[]")
    with (tmp_path / "state.json.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "is used by another scheduler" in said(pipeline, "--state", state)
    assert "is not a state file" in said(pipeline, "--state", state)  # the lock of one that has ended keeps nobody out
    assert "cannot be opened" in said(pipeline, "--state", tmp_path / "nowhere" / "state.json")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("- { id: a, cron: '0 0 * *' }", "pipeline.yaml:13: schedule 'a': a cron expression has five fields"),
        ("- { id: a, cron: '0 0 * * *', zone: Europe/Berln }", "did you mean 'Europe/Berlin'"),
        ("- { id: a, cron: '0 0 * * *', missed: twice }", "should be 'skip' or 'once'"),
        ("- { id: a, cron: '0 0 * * *', payload: { content: 3 } }", "schedule.a.payload.content should be text"),
        ("- { id: yearly, cron: '0 0 * * *' }", "has the id 'yearly'"),
        ("- { id: a, cron: '0 0 * * *', jitter: 3 }", "unknown key 'jitter'"),
    ],
)
def test_a_schedule_is_checked_with_its_line(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(PIPELINE.rstrip().rsplit("\n", 1)[0] + f"\n  {line}\n")
    assert problem in said(path)


def test_a_schedule_without_payload_needs_defaults(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(PIPELINE.replace(f", default: {ROOT}/config/statements/sample.csv", ""))
    assert "schedule 'yearly' has no payload, and `input` has no defaults for all fields" in said(path)
