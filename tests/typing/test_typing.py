"""What people say Python cannot do: wrong payloads, handlers and replies are refused before anything runs."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
FILES = ("good_lines.py", "bad_lines.py")


PYRIGHT = importlib.util.find_spec("pyright") is not None
MOST_LINES_OF_MYPY_ALONE = 6
"""Lines that mypy refuses and pyright takes: what it thinks of unawaited coroutines and assigned properties differs."""


@pytest.mark.slow
@pytest.mark.skipif(not PYRIGHT, reason="pyright is not installed; the extra `dev` brings it")
def test_pyright_agrees() -> None:
    """The good lines pass, and nearly every bad line fails, in the other type checker that people use."""
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "--project", str(HERE),
         *(str(HERE / name) for name in FILES)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    wrong: dict[str, set[int]] = defaultdict(set)
    for one in json.loads(done.stdout)["generalDiagnostics"]:
        if one["severity"] == "error":
            wrong[Path(one["file"]).name].update(
                range(one["range"]["start"]["line"] + 1, one["range"]["end"]["line"] + 2)
            )
    marked = {
        number for number, line in enumerate((HERE / "bad_lines.py").read_text().splitlines(), 1) if "# error: " in line
    }
    assert wrong["good_lines.py"] == set()
    assert len(marked - wrong["bad_lines.py"]) <= MOST_LINES_OF_MYPY_ALONE


@pytest.fixture(scope="module")
def found() -> dict[str, dict[int, set[str]]]:
    """Run mypy once over both files: file -> line -> codes of its errors."""
    output, errors, status = api.run(
        [
            *(str(HERE / name) for name in FILES),
            f"--config-file={ROOT / 'pyproject.toml'}",
            "--no-error-summary", "--no-pretty", "--hide-error-context", "--show-error-codes",
        ]
    )  # fmt: skip
    assert status in {0, 1}, errors
    codes: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for line in output.splitlines():
        reported = re.match(r"(.+?):(\d+)(?::\d+)?: error: .*\[([\w-]+)\]$", line)
        if reported:
            codes[Path(reported[1]).name][int(reported[2])].add(reported[3])
    return codes


def test_good_lines_pass(found: dict[str, dict[int, set[str]]]) -> None:
    assert found["good_lines.py"] == {}


def test_bad_lines_fail_as_marked_and_no_other_line_does(found: dict[str, dict[int, set[str]]]) -> None:
    expected = {
        number: set(marked[1].split(", "))
        for number, line in enumerate((HERE / "bad_lines.py").read_text().splitlines(), 1)
        if (marked := re.search(r"# error: ([\w\-, ]+)$", line))
    }
    assert dict(found["bad_lines.py"]) == expected
    assert len(expected) >= 25
