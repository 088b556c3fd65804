"""``python -m tools.mutants``: the percentage of mutants that the tests kill, and each mutant that survives."""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.mutants import Mutant, mutants_in, sample

PACKAGES = ("genie/bus", "genie/policy")
TESTS = ("tests/mutants", "tests/genie/bus", "tests/genie/policy")  # fast tests of the kernel
LIKELY = 6  # test files that run first; the others run only if all of these pass
SHORTEST_S = 20.0  # least time limit of a mutant; the limit is five times the duration of the unchanged tests
_IGNORED = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "build", "dist")
# A mutant may loop for ever and fill the memory long before its time limit.
_PYTEST = (
    "import resource, sys, pytest; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)); "
    "sys.exit(pytest.main('-x -q -n 0 -p no:cacheprovider --assert=plain --tb=no'.split() + sys.argv[1:]))"
)


def copied(root: Path, into: Path) -> Path:
    """Return a copy of the tree, compiled so that Python detects a changed file by its hash."""
    shutil.copytree(root, into, ignore=_IGNORED, symlinks=True)
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "."]
    subprocess.run(command, cwd=into, check=False, capture_output=True)  # noqa: S603 - our own interpreter
    return into


def run(tests: Sequence[str], copy: Path, timeout_s: float) -> tuple[int | None, str]:
    """Return the exit code of pytest (None after a timeout) and its output."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", _PYTEST, *tests],
            cwd=copy, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        try:
            code: int | None = process.wait(max(0.0, timeout_s))
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # includes every process that the tests started
                process.wait()
        output.seek(0)
        return code, output.read()


def found(root: Path, patterns: Sequence[str]) -> list[str]:
    """Return the test files of folders, files and patterns; ``FileNotFoundError`` if one of them matches no file."""
    tests: dict[str, None] = {}
    for pattern in patterns:
        files = sorted(root.glob(f"{pattern}/**/test_*.py" if (root / pattern).is_dir() else pattern))
        if not files:
            raise FileNotFoundError(f"{pattern}: no tests in {root.name}")
        tests.update((file.relative_to(root).as_posix(), None) for file in files)
    return list(tests)


def survivors(
    mutants: list[Mutant], root: Path, tests: list[str], jobs: int, timeout_s: float | None
) -> Iterator[Mutant]:
    """Yield the mutants that no test kills, in order; ``RuntimeError`` if the tests fail without a change."""
    killers: Counter[tuple[str, str]] = Counter()

    def killed(mutant: Mutant, copy: Path, limit_s: float) -> bool:
        module, stem = mutant.path.removesuffix(".py").replace("/", "."), Path(mutant.path).stem
        ordered = sorted(
            tests,
            key=lambda test: (-killers[mutant.path, test], stem not in test, module not in (copy / test).read_text()),
        )
        ends = time.monotonic() + limit_s
        for part in filter(None, (ordered[:LIKELY], ordered[LIKELY:])):
            code, output = run(part, copy, ends - time.monotonic())
            if code != 0:
                killers.update((mutant.path, test) for test in part if f"FAILED {test}::" in output)
                return True
        return False

    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(jobs) as pool:
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(jobs):
            copies.put(copied(root, Path(folder, str(number))))
        started = time.monotonic()
        code, output = run(tests, copies.queue[0], 600.0)
        if code != 0:
            raise RuntimeError(f"the tests fail without a change:\n{output[-2_000:]}")
        limit_s = timeout_s or max(SHORTEST_S, 5 * (time.monotonic() - started))

        def survives(mutant: Mutant) -> bool:
            copy = copies.get()
            file = copy / mutant.path
            original = file.read_bytes()
            try:
                file.write_bytes(mutant.source.encode())
                return not killed(mutant, copy, limit_s)
            finally:
                file.write_bytes(original)
                copies.put(copy)

        yield from (mutant for mutant, alive in zip(mutants, pool.map(survives, mutants), strict=True) if alive)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if enough mutants are killed, 1 if not, 2 if the mutants cannot be tested."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("--package", nargs="+", default=PACKAGES, help="folders or files to change")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="folders, files or patterns of fast tests")
    parser.add_argument("--limit", type=int, help="test that many mutants, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="copies of the tree that are tested at the same time")
    parser.add_argument("--timeout", type=float, help="seconds for the tests of one mutant")
    parser.add_argument("--at-least", type=float, default=90.0, help="percentage of mutants that must be killed")
    parser.add_argument("--list", action="store_true", help="print the mutants and do not test them")
    given, root = parser.parse_args(arguments), Path.cwd()
    try:
        mutants = sample(mutants_in(root, given.package), given.limit, given.seed)
        if given.list:
            sys.stdout.writelines(f"{mutant}\n" for mutant in mutants)
            return 0
        killed = len(mutants)
        for mutant in survivors(mutants, root, found(root, given.tests), given.jobs, given.timeout):
            killed -= 1
            sys.stdout.write(f"{mutant}\n")
            sys.stdout.flush()
    except (FileNotFoundError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    percent = 100.0 * killed / max(1, len(mutants))
    sys.stdout.write(f"{percent:.1f} % killed ({killed} of {len(mutants)}), required {given.at_least:g} %\n")
    return 0 if percent >= given.at_least else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # removes the copies, as an interrupt does
    sys.exit(main())
