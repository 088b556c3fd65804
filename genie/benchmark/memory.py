"""Memory of idle agents and blocked runs: the resident memory of a separate process."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from genie.benchmark.baseline import Bare
from genie.benchmark.sanity import BenchmarkError
from genie.benchmark.timing import Compared, governed, whole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from genie.benchmark.workload import Contender

_STATM = Path("/proc/self/statm")
_WORKERS = 3
_WARM = 20
_LONGEST_S = 120.0
CHILDREN = 3
"""Number of processes measured for each figure; the median counts."""


def blocked_runs(runs: int = 1_000, *, children: int = CHILDREN) -> Compared:
    """Measure the memory of runs, each blocked in three handlers.

    Returns:
        Bytes per run of the bus and of bare asyncio, and their ratio.

    Raises:
        BenchmarkError: The system does not report a process's memory, or a child failed.
    """
    bus = [_child(f"blocked({runs}, bare=False)") for _ in range(children)]
    bare = [_child(f"blocked({runs}, bare=True)") for _ in range(children)]
    value, baseline = statistics.median(bus), statistics.median(bare)
    if baseline <= 0:
        raise BenchmarkError(f"{runs} blocked runs", "are too few to measure in a process's memory; use more")
    return Compared(value, baseline, value / baseline)


def idle_agents(agents: int = 60, *, children: int = CHILDREN) -> float:
    """Return the memory in bytes of a process with that many agents that have each answered once and wait.

    Raises:
        BenchmarkError: As for ``blocked_runs``.
    """
    return statistics.median(_child(f"idle({agents})") for _ in range(children))


def _child(call: str) -> float:
    code = f"from genie.benchmark import memory; memory.say(memory.{call})"
    done = subprocess.run(  # noqa: S603 - this interpreter, and code of this module
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=_LONGEST_S
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise BenchmarkError("a process that measures memory", f"failed: {last}")
    said: float = json.loads(done.stdout)
    return said


# --- in the child process ---


def say(figure: float) -> None:
    """Write a figure to standard output, for the parent process."""
    sys.stdout.write(json.dumps(figure))


def idle(agents: int) -> int:
    """Return the memory of this process in bytes, with that many agents, each of which has answered once."""
    return asyncio.run(_idle(agents))


async def _idle(agents: int) -> int:
    async with governed(agents) as contender:
        whole(await contender.ask(0), 0, agents)
        gc.collect()
        return resident()


def blocked(runs: int, *, bare: bool) -> float:
    """Return the bytes per run for that many runs, each blocked in three handlers."""
    return asyncio.run(
        _blocked(runs, lambda hook: Bare(_WORKERS, hook=hook) if bare else governed(_WORKERS, hook=hook))
    )


async def _blocked(runs: int, make: Callable[[Callable[[], Awaitable[None]]], Contender]) -> float:
    gate, all_blocked = asyncio.Event(), asyncio.Event()
    gate.set()
    waiting = 0

    async def hook() -> None:
        nonlocal waiting
        if not gate.is_set():
            waiting += 1
            if waiting == _WORKERS * runs:
                all_blocked.set()
            await gate.wait()

    async with make(hook) as contender:
        for number in range(_WARM):
            whole(await contender.ask(number), number, _WORKERS)
        gate.clear()
        gc.collect()
        before = resident()
        asked = [asyncio.ensure_future(contender.ask(number)) for number in range(runs)]
        await asyncio.wait_for(all_blocked.wait(), _LONGEST_S / 2)
        gc.collect()
        after = resident()
        gate.set()
        for number, answer in enumerate(await asyncio.gather(*asked)):
            whole(answer, number, _WORKERS)
    return (after - before) / runs


def resident() -> int:
    """Return the bytes of this process that are in memory.

    Raises:
        BenchmarkError: The system does not report it.
    """
    try:
        pages = int(_STATM.read_text().split()[1])
    except OSError:
        raise BenchmarkError("memory", f"is read from {_STATM}, which does not exist here; measure on Linux") from None
    return pages * os.sysconf("SC_PAGE_SIZE")
