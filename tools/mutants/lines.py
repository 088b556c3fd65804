"""The lines of the changed packages that each test runs, and its duration."""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple


class Test(NamedTuple):
    """One run of a test, without a change."""

    seconds: float
    """CPU time while its lines were recorded, which makes it slower."""
    passed: bool
    lines: dict[str, frozenset[int]]
    """By file, relative to the root of the tree."""

    def runs(self, file: str, line: int) -> bool:
        """Return True if it runs a line."""
        return line in self.lines.get(file, ())


class Recorder:
    """Remembers the lines of some files that are run between ``begin`` and ``end``."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        self._names = {str(root / file): file for file in files}
        self._seen: dict[str, set[int]] = defaultdict(set)
        self._started = 0.0

    def begin(self) -> None:
        """Record from now on."""
        self._seen.clear()
        self._started = time.process_time()
        sys.settrace(self._entered)

    def end(self, *, passed: bool) -> Test:
        """Return the lines run since ``begin``."""
        sys.settrace(None)
        lines = {name: frozenset(lines) for name, lines in self._seen.items()}
        return Test(time.process_time() - self._started, passed, lines)

    def _entered(self, frame: FrameType, _event: str, _value: Any) -> Any:
        name = self._names.get(frame.f_code.co_filename)
        if name is None:
            return None
        seen = self._seen[name]

        def line(frame: FrameType, event: str, _value: Any) -> Any:
            if event == "line":
                seen.add(frame.f_lineno)
            return line

        return line


def write(file: Path, tests: dict[str, dict[str, Test]]) -> None:
    """Write the results of the tests of some test files atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(".half")
    half.write_text(json.dumps(tests, default=sorted), encoding="utf-8")
    half.replace(file)


def read(file: Path) -> dict[str, dict[str, Test]]:
    """Return what ``write`` wrote; nothing if it wrote nothing."""
    if not file.exists():
        return {}
    numbers: dict[int, int] = {}  # one object for each number: there are a million of them

    def test(seconds: float, passed: bool, lines: dict[str, list[int]]) -> Test:  # noqa: FBT001 - as it was written
        shared = {name: frozenset(numbers.setdefault(line, line) for line in found) for name, found in lines.items()}
        return Test(seconds, passed, shared)

    kept = json.loads(file.read_text(encoding="utf-8"))
    return {state: {name: test(*found) for name, found in tests.items()} for state, tests in kept.items()}
