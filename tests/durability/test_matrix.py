"""Forty agents in a process that is killed at a point of its log or its effects, or at any moment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from genie.journal.points import Point

ROOT = Path(__file__).parents[2]


def crashed(mode: str, most: int) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.durability.matrix", mode, str(most)]
    process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=200, check=False)
    found: dict[str, object] = json.loads(process.stdout)
    return found


# By hand: python -m tests.durability.matrix random 1000, points 1000, and twice 500
@pytest.mark.slow  # starts two processes a point
@pytest.mark.parametrize(("mode", "most", "killed"), [("points", 8, 4), ("twice", 6, 6), ("random", 100, 30)])
def test_whatever_kills_a_process_the_next_one_ends_it_as_if_nothing_had(mode: str, most: int, killed: int) -> None:
    found = crashed(mode, most)
    assert found["wrong"] == []
    assert found["names"] == sorted((*Point, "before effect", "after effect"))
    assert int(str(found["killed"])) >= killed
