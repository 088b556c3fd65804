"""The simulation beside its limits: a month of a crowd, a year's statements, and many seeds.

Run it with ``python -m benchmarks.simulation``, or name some of ``crowd``, ``statements``, ``seeds``. Each is measured
in a process of its own. Wall time is what the limits are about; CPU time varies less on a busy machine.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import crowd
from genie.simulation.runner import simulate
from genie.simulation.scenario import load, parse
from genie.simulation.seed_search import search

if TYPE_CHECKING:
    from genie.simulation.scenario import Scenario

ROOT = Path(__file__).parents[1]
HOURS = 720
STATEMENTS = """
version: 1
id: statements
pipeline: insights
duration: 3d
workload:
  population: {size: 300}
  arrivals: [{every: 10m}]
  questions: [{question: synthetic, statement: synthetic}]
  most: 300
"""


class Limit(NamedTuple):
    """Limits: wall seconds, and resident megabytes."""

    seconds: float
    megabytes: float


LIMITS = {"crowd": Limit(150, 400), "statements": Limit(60, 400), "seeds": Limit(60, 400)}


def crowd_of(runs: int, folder: Path) -> Scenario:
    """Return a month of a thousand customers and sixty agents, under every policy that ships."""
    (folder / "pipeline.yaml").write_text(crowd.PIPELINE)
    text = crowd.SCENARIO.format(customers=1_000, an_hour=runs / HOURS * 1.02, runs=runs)
    return parse(text, folder=folder, plugins=crowd.CATALOGUE)


def measured(name: str, folder: Path) -> tuple[int, int, int]:
    """Simulate one of the three; return runs, messages and broken invariants."""
    if name == "seeds":
        found = search(load(ROOT / "config" / "simulations" / "policy-rollout.yaml"), range(1, 201))
        return sum(one.runs for one in found), sum(one.messages for one in found), 0  # its invariant is to be broken
    scenario = crowd_of(100_000, folder) if name == "crowd" else parse(STATEMENTS, folder=folder)
    record = simulate(scenario)
    return len(record.runs), record.messages, len(record.violations)


def one(name: str) -> bool:
    """Measure and print one; return whether it keeps its limits."""
    began, limit = time.perf_counter(), LIMITS[name]
    with tempfile.TemporaryDirectory() as folder:
        runs, messages, broken = measured(name, Path(folder))
    wall = time.perf_counter() - began
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(found.ru_utime + found.ru_stime for found in used)
    memory = max(found.ru_maxrss for found in used) / 1024
    kept = wall <= limit.seconds and memory <= limit.megabytes and not broken
    print(
        f"{name:11} {runs:8,} runs {messages:10,} messages {wall:7.1f} s (limit {limit.seconds:.0f}) "
        f"{cpu:7.1f} s of CPU {memory:6.0f} MB (limit {limit.megabytes:.0f}) {'kept' if kept else 'MISSED'}"
    )
    return kept


def main(words: list[str]) -> int:
    """Run the named measurements, all by default, each in its own process; return the exit code."""
    if len(words) == 2 and words[0] == "--here":
        return 0 if one(words[1]) else 1
    return max(apart(name) for name in words or LIMITS)


def apart(name: str) -> int:
    """Run one measurement in its own process; return its exit code."""
    command = [sys.executable, "-m", "benchmarks.simulation", "--here", name]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - this module again


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
