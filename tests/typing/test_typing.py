"""What people say Python cannot do: wrong payloads, handlers and replies are refused before anything runs."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
FILES = ("good_lines.py", "bad_lines.py")


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
