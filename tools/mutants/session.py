"""The process that runs the tests: ``python -m tools.mutants.session``.

It collects the tests once. Each mutant is put into a fork of it, where the tests that run the changed line are run in
turn until one fails. What is changed outside of functions needs a new import, and so a process of its own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import mmap
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import pytest

from tools.mutants import Mutant
from tools.mutants.change import Finder, Functions, functions_of, put
from tools.mutants.lines import Recorder, Test, read, write

MEMORY = 4 << 30  # bytes; a mutant may fill the memory long before its time limit
CPU_S, CPU_TIMES = 4.0, 3.0  # a test may use that much more than it did while it was recorded, which is slow already
WAIT_S, WAIT_TIMES = 8.0, 6.0  # the same in real time, on a machine that others use
_PYTEST = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "faulthandler_timeout=0", "--assert=plain")
IMPORT = "the import"  # the place of a test that every test runs
_KILLED, _NOT_APPLICABLE = 1, 3


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Return True if a test passes, run as pytest runs it: with the filters of warnings that it is marked with."""
    failed: list[str] = []

    class Reports:
        @staticmethod
        def pytest_runtest_logreport(report: pytest.TestReport) -> None:
            if report.failed:
                failed.append(report.nodeid)

    plugins, reports = item.config.pluginmanager, Reports()
    plugins.register(reports)
    try:
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
    finally:
        plugins.unregister(reports)
    return not failed


def _limit(seconds: float) -> None:
    """End this process when a test takes far too long: by CPU time in a loop, by real time in a wait."""
    signal.setitimer(signal.ITIMER_PROF, CPU_S + CPU_TIMES * seconds)
    signal.setitimer(signal.ITIMER_REAL, WAIT_S + WAIT_TIMES * seconds)


def _forked(run: Callable[[], int]) -> int:
    """Return the exit code of a function in a fork; negative for a signal."""
    child = os.fork()
    if child == 0:
        code = _KILLED  # whatever escapes
        try:
            os.setsid()
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            code = run()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # processes that the tests started
    return os.waitstatus_to_exitcode(status)


class Session:
    """A plugin of pytest that tests mutants instead of running the tests once."""

    def __init__(self, root: Path, job: dict[str, Any], verdicts: TextIO) -> None:
        self._root, self._verdicts = root, verdicts
        self._mutants = [Mutant(*mutant) for mutant in job["mutants"]]
        self._watched: list[str] = job["watched"]
        self._lines, self._states = Path(job["lines"]), dict[str, str](job["tests"])
        self._killers: Counter[tuple[str, str]] = Counter()
        self._recorder = Recorder(root, self._watched)
        self._recorder.begin()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of pytest's own loop."""
        if session.testsfailed:
            self._say(error="the tests cannot be collected")
            return True
        items = {item.nodeid: item for item in session.items}
        for file in self._watched:  # the library imports its parts lazily
            importlib.import_module(_module(file))
        known = self._known(self._recorder.end(passed=True), list(items.values()))
        files = sorted({mutant.path for mutant in self._mutants})
        gc.collect()
        functions = functions_of(self._root / file for file in files)
        gc.freeze()
        failing = [test for test in items if not known[test].passed]
        if failing:
            self._say(error=f"tests fail without a change: {', '.join(failing)}")
            return True
        for number, mutant in enumerate(self._mutants):
            started = time.monotonic()
            verdict = self._verdict(mutant, items, known, functions)
            self._say(number=number, **verdict, seconds=round(time.monotonic() - started, 2))
        return True

    def _verdict(
        self, mutant: Mutant, items: dict[str, pytest.Item], known: dict[str, Test], functions: Functions
    ) -> dict[str, Any]:
        """Run the tests of one mutant, those first that killed others of its file or that are quick."""
        file, line = mutant.path, mutant.line

        def order(test: str) -> tuple[int, float]:
            return -self._killers[file, test], known[test].seconds

        tests = sorted((test for test in items if known[test].runs(file, line)), key=order)
        code, by = self._trial(mutant, [items[test] for test in tests], known, functions) if tests else (0, "")
        if code == _NOT_APPLICABLE or (code == 0 and known[IMPORT].runs(file, line)):
            tests = tests or sorted((test for test in items if file in known[test].lines), key=order) or list(items)
            code, by = self._imported(mutant, tests, known), ""
        if by:
            self._killers[file, by] += 1
        verdict = "unreached" if not tests else "survived" if code == 0 else "timeout" if code < 0 else "killed"
        return {"verdict": verdict, "by": by, "tests": len(tests)}

    def _say(self, **verdict: Any) -> None:
        self._verdicts.write(f"{json.dumps(verdict)}\n")
        self._verdicts.flush()

    def _known(self, imported: Test, items: list[pytest.Item]) -> dict[str, Test]:
        """Return the lines that the import and each test run; unknown ones are recorded first."""
        kept = read(self._lines)
        new = [item for item in items if item.nodeid not in kept.get(self._states[self._file(item)], ())]
        if new:
            changed = tuple(f"{self._file(item)} " for item in new)
            now = self._states.values()
            kept = {state: tests for state, tests in kept.items() if state in now or not state.startswith(changed)}
            _forked(lambda: self._record(kept, new))
            kept = read(self._lines)
        return {IMPORT: imported} | {test: lines for tests in kept.values() for test, lines in tests.items()}

    def _file(self, item: pytest.Item) -> str:
        return item.path.relative_to(self._root).as_posix()

    def _record(self, tests: dict[str, dict[str, Test]], items: list[pytest.Item]) -> int:
        for item, following in zip(items, [*items[1:], None], strict=True):
            self._recorder.begin()
            passed = _passes(item, following)
            of_file = tests.setdefault(self._states[self._file(item)], {})
            of_file[item.nodeid] = self._recorder.end(passed=passed)
        write(self._lines, tests)
        return 0

    def _trial(
        self, mutant: Mutant, items: list[pytest.Item], known: dict[str, Test], functions: Functions
    ) -> tuple[int, str]:
        """Return the exit code of the tests of a mutant in a fork, and the test that failed."""
        file = self._root / mutant.path
        at, parent = mmap.mmap(-1, 8), os.getpid()  # shared with the fork: how many tests it has begun

        def run() -> int:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            if not put(mutant.source, file, mutant.line, functions):
                return _NOT_APPLICABLE
            for begun, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True), 1):
                if os.getppid() != parent:
                    return _KILLED  # no process waits for it any more
                at[:] = begun.to_bytes(8)
                _limit(known[item.nodeid].seconds)
                if not _passes(item, following):
                    return _KILLED
            return 0

        code = _forked(run) if items else 0
        begun = int.from_bytes(at[:])
        at.close()
        return code, items[begun - 1].nodeid if begun and code not in {0, _NOT_APPLICABLE} else ""

    def _imported(self, mutant: Mutant, tests: list[str], known: dict[str, Test]) -> int:
        """Return the exit code of tests in a process that imports the mutant."""
        job = json.dumps({"fresh": [mutant.path, mutant.source], "tests": tests})
        limit_s = 60.0 + WAIT_TIMES * sum(known[test].seconds for test in tests)
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.mutants.session"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            process.communicate(job.encode(), limit_s)
        except subprocess.TimeoutExpired:
            return -signal.SIGALRM
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return process.returncode


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def main() -> int:
    """Read the job from standard input, and write verdicts to standard output."""
    job, root = json.load(sys.stdin), Path.cwd()
    verdicts = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.stdin.close()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 - open as long as the process
    if "fresh" in job:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        path, source = job["fresh"]
        sys.meta_path.insert(0, Finder(_module(path), root / path, source))
        return int(pytest.main(["-x", "--tb=no", *_PYTEST, *job["tests"]]) != 0)
    session = Session(root, job, verdicts)
    code = pytest.main([*_PYTEST, *job["options"], *job["tests"]], plugins=[session])
    return 0 if code in {0, 5} else 2


if __name__ == "__main__":
    sys.exit(main())
