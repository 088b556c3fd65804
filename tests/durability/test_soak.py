"""A long life in small: `python -m benchmarks.soak` sends a million messages, and is run by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow  # twenty thousand messages
def test_memory_does_not_grow_with_what_fails_hangs_or_is_cancelled() -> None:
    command = [sys.executable, "-m", "benchmarks.soak", "--messages", "20000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
