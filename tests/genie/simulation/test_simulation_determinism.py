"""The same scenario, seed and code give the same journal in any process."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCENARIO = ROOT / "config" / "simulations" / "agent-outage.yaml"


def simulated(journal: Path, hash_seed: str, *words: str) -> dict[str, object]:
    command = [sys.executable, "-c", "from genie.cli import main; main()", "simulate", str(SCENARIO), "--json"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--journal", str(journal), *words], capture_output=True, check=True, env=environment, cwd=ROOT
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("runs", ["1..30"])
def test_two_processes_with_different_hash_seeds_write_the_same_bytes(tmp_path: Path, runs: str) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    one = simulated(first, "1", "--runs", runs)
    other = simulated(second, "4242", "--runs", runs)
    assert one == other
    assert first.read_bytes() == second.read_bytes()
    assert one["journal_sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    third = simulated(tmp_path / "third.jsonl", "1", "--runs", runs, "--seed", "2")
    assert third["journal_sha256"] != one["journal_sha256"]
