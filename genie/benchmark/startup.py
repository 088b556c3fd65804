"""Start-up time of an import and of the command in a separate process, compared with a Python that does nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter_ns
from typing import NamedTuple

from genie.benchmark.sanity import BenchmarkError

IMPORT = "from genie import Payload, agent, Runtime"
MODEL = "from pydantic import BaseModel\nclass Model(BaseModel):\n    number: int"
"""What the import is compared with: a first model of the library that payloads are made of."""
HEAVY = ("httpx", "prometheus_client", "rich")
"""Modules that the import must not load."""
_LONGEST_S = 60.0
_VERSION = "from genie.cli import main; main(['--version'])"


class Startup(NamedTuple):
    """Durations of whole processes in milliseconds; the fastest of several, because noise only adds."""

    import_ms: float
    """``IMPORT``, over bare Python."""
    version_ms: float
    """``genie --version``, the whole process."""
    python_ms: float
    """Python that does nothing, the whole process."""
    heavy: tuple[str, ...]
    """Modules of ``HEAVY`` that the import loaded."""


def startup(*, rounds: int = 9) -> Startup:
    """Start Python bare, with the import, and as the command, in turn.

    Args:
        rounds: Number of timed starts of each, from 1; one more warms the caches.

    Raises:
        BenchmarkError: A process failed.
    """
    commands = ([sys.executable, "-c", "pass"], [sys.executable, "-c", IMPORT], _version_command())
    for command in commands:
        _milliseconds(command)
    times = [[_milliseconds(command) for command in commands] for _ in range(rounds)]
    bare, loaded, version = (min(column) for column in zip(*times, strict=True))
    return Startup(loaded - bare, version, bare, _loaded(IMPORT))


def import_over_model(*, rounds: int = 15) -> float:
    """Return the CPU time of a process with ``IMPORT`` over that of one with ``MODEL``; the fastest of several each.

    Raises:
        BenchmarkError: A process failed.
    """
    commands = ([sys.executable, "-c", IMPORT], [sys.executable, "-c", MODEL])
    times = [[_cpu_seconds(command) for command in commands] for _ in range(rounds + 1)]  # one more warms the caches
    imported, model = (min(column) for column in zip(*times, strict=True))
    return float(imported / model)


def _version_command() -> list[str]:
    """Return the installed command, or what it does where it is not installed."""
    script = Path(sys.executable).parent / "genie"
    return [str(script), "--version"] if script.exists() else [sys.executable, "-c", _VERSION]


def _loaded(code: str) -> tuple[str, ...]:
    said = _run([sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"])
    return tuple(name for name in HEAVY if name in said.split())


def _milliseconds(command: list[str]) -> float:
    start = perf_counter_ns()
    _run(command)
    return (perf_counter_ns() - start) / 1e6


def _cpu_seconds(command: list[str]) -> float:
    import resource  # noqa: PLC0415 - not on every system

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run(command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603 - this interpreter, and code of this module
        command, capture_output=True, text=True, check=False, timeout=_LONGEST_S
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BenchmarkError(" ".join(command), f"failed: {last}")
    return done.stdout
