"""SIGKILL at any moment: the next process ends what is open, and every run has one answer."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from genie.journal.bodies import checked
from genie.journal.history import History
from tests.durability.child import RUNS

ROOT = Path(__file__).parents[2]
KILLS = 8
LONGEST_S = 30.0


def child(path: Path, backend: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.durability.child", str(path), backend]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def records_in(path: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(path) as file:
        rows = file.execute("SELECT number, body, sha256 FROM batches ORDER BY number").fetchall()
    return [record for number, body, digest in rows for record in checked(str(path), number, body, digest)[0]]


@pytest.mark.slow  # starts a dozen processes
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_process_that_is_killed_again_and_again_ends_every_run_once(tmp_path: Path, backend: str) -> None:
    path, drawn = tmp_path / "log", random.Random(backend)
    code, killed = -1, 0
    for attempt in range(KILLS + 1):
        process = child(path, backend)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(timeout=LONGEST_S if attempt == KILLS else drawn.uniform(0.0, 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.communicate()
        code = process.returncode
        if code == 0:
            break
    assert code == 0
    assert killed >= 1
    records = records_in(path)
    assert list(History(records)) == []
    answers = [record for record in records if record["kind"] == "message" and record["topic"] == "durable.answer@1"]
    totals = {record["run"]: json.loads(record["payload"])["total"] for record in answers}
    assert Counter(record["run"] for record in answers) == dict.fromkeys(totals, 1)
    wanted = [((size + 1) + size * 10 + size * 100) * 1000 + 1 for size in range(1, RUNS + 1)]
    assert sorted(totals.values()) == wanted
    ended = Counter(record["delivery"] for record in records if record["kind"] == "ended")
    assert set(ended.values()) == {1}
