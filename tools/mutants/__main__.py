"""``python -m tools.mutants``: the percentage of mutants that the tests kill, and each mutant that survives."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tools.mutants import Mutant, files_in, mutants_in, sample, without_equivalents
from tools.mutants.named import PACKAGES as NAMED_PACKAGES
from tools.mutants.named import named_mutants

PACKAGES = ("genie/bus", "genie/execution", "genie/inflight", "genie/observation", "genie/policy")
TESTS = (
    "tests/mutants", "tests/genie/bus", "tests/genie/policy", "tests/genie/joins", "tests/genie/approvals",
    "tests/genie/operations", "tests/genie/admission", "tests/genie/policies", "tests/golden", "tests/reliability",
    "tests/properties", "tests/attacks", "tests/genie/journal", "tests/genie/runtime",
    "tests/durability",
)  # fmt: skip
"""The tests of the kernel and of what plugs into it."""
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
LINES = Path("build/mutants")
"""Which test runs which line, by a hash of the tree: recorded once for a state of it."""


def found(root: Path, patterns: Sequence[str]) -> list[str]:
    """Return the test files of folders, files and patterns; ``FileNotFoundError`` if one of them matches no file."""
    tests: dict[str, None] = {}
    for pattern in patterns:
        files = sorted(root.glob(f"{pattern}/**/test_*.py" if (root / pattern).is_dir() else pattern))
        if not files:
            raise FileNotFoundError(f"{pattern}: no tests in {root.name}")
        tests.update((file.relative_to(root).as_posix(), None) for file in files)
    return list(tests)


def _lines_of(root: Path, watched: Sequence[str]) -> Path:
    """Return the file that remembers which test runs which line of this state of the tree."""
    state = hashlib.sha256(f"{watched}".encode())
    tests = (file for file in root.glob("tests/**/*.py") if not file.name.startswith("test_"))
    for file in sorted({*root.glob("genie/**/*.py"), *map(root.joinpath, watched), *tests}):
        state.update(f"{file.relative_to(root)} ".encode() + file.read_bytes())
    return root / LINES / f"{state.hexdigest()[:16]}.json"


def verdicts(
    mutants: list[Mutant], root: Path, tests: list[str], watched: list[str], options: Sequence[str] = ()
) -> Iterator[tuple[Mutant, Any]]:
    """Yield each mutant with its verdict; ``RuntimeError`` if the tests fail without a change."""
    home = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (str(root), home, os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.mutants.session"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}, start_new_session=True, text=True,
    )  # fmt: skip
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipe to the tests")
    ended = 0
    try:
        with process.stdin as job:
            lines = str(_lines_of(root, watched))
            states = {test: f"{test} {hashlib.sha256((root / test).read_bytes()).hexdigest()}" for test in tests}
            given = {"mutants": mutants, "tests": states, "options": options, "watched": watched, "lines": lines}
            json.dump(given, job)
        for text in process.stdout:
            verdict = json.loads(text)
            if "error" in verdict:
                raise RuntimeError(verdict["error"])
            ended += 1
            yield mutants[verdict["number"]], verdict
        if ended < len(mutants):
            raise RuntimeError(f"the tests ended after {ended} of {len(mutants)} mutants")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def interval(killed: int, tested: int) -> tuple[float, float]:
    """Return the 95 % interval (Wilson) of the percentage that a sample estimates."""
    if not tested:
        return 0.0, 100.0
    z, share = 1.959964, killed / tested
    middle, part = share + z * z / (2 * tested), 1 + z * z / tested
    half = z * math.sqrt(share * (1 - share) / tested + z * z / (4 * tested * tested))
    return 100 * (middle - half) / part, 100 * (middle + half) / part


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if enough mutants are killed, 1 if not, 2 if the mutants cannot be tested."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("--package", nargs="+", default=PACKAGES, help="folders or files to change")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="folders, files or patterns of fast tests")
    parser.add_argument("--keyword", help="those of these tests alone, as pytest's -k")
    parser.add_argument("--limit", type=int, help="test that many mutants, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at-least", type=float, default=90.0, help="percentage of mutants that must be killed")
    parser.add_argument("--equivalent", type=Path, default=EQUIVALENT, help="mutants to leave out, with reasons")
    parser.add_argument("--named", action="store_true", help="test those of named.toml instead")
    parser.add_argument("--list", action="store_true", help="print the mutants and do not test them")
    parser.add_argument("--all", action="store_true", help="print the killed mutants too, with the test that failed")
    given, root = parser.parse_args(arguments), Path.cwd()
    try:
        packages = NAMED_PACKAGES if given.named else given.package
        mutants, stale = (
            (named_mutants(root), []) if given.named
            else without_equivalents(mutants_in(root, packages), given.equivalent)
        )  # fmt: skip
        if stale:
            raise RuntimeError(f"{given.equivalent.name} lists mutants that do not exist:\n" + "\n".join(stale))
        mutants = sample(mutants, given.limit, given.seed)
        if given.list:
            sys.stdout.writelines(f"{mutant}\n" for mutant in mutants)
            return 0
        tests, options = found(root, given.tests), ["-k", given.keyword] if given.keyword else []
        killed = slow = 0
        inside = all(package.startswith(PACKAGES) for package in packages)  # one recording serves every part
        watched = files_in(root, PACKAGES if inside else packages)
        for mutant, verdict in verdicts(mutants, root, tests, watched, options):
            word = verdict["verdict"]
            killed += word in {"killed", "timeout"}
            slow += word == "timeout"
            if given.all or word in {"survived", "unreached"}:
                sys.stdout.write(f"{mutant}{' (no test runs it)' if word == 'unreached' else ''}\n")
            if given.all:
                sys.stdout.write(f"    {json.dumps(verdict)}\n")
            sys.stdout.flush()
    except (LookupError, OSError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    percent = 100.0 * killed / max(1, len(mutants))
    low, high = interval(killed, len(mutants))
    sys.stdout.write(
        f"{percent:.1f} % killed ({killed} of {len(mutants)}, {slow} by their time limit; seed {given.seed}, "
        f"95 % interval {low:.1f}-{high:.1f} %), required {given.at_least:g} %\n"
    )
    return 0 if percent >= given.at_least else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
