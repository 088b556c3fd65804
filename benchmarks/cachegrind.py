"""Count a process under valgrind's cachegrind: instructions, mispredicted branches and cache misses, free of noise.

The caches are set here and not taken from the machine, so two machines count the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, NonNegativeFloat

from genie.benchmark.sanity import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Sequence

LL_BYTES = 512 * 1024
"""Size of the simulated last-level cache."""
WAYS = 8
"""Lines of the simulated last-level cache that one address may take."""
_SIMULATION = ("--cache-sim=yes", "--branch-sim=yes", "--I1=32768,8,64", "--D1=32768,8,64")
_INSTRUCTIONS_ALONE = ("--cache-sim=no", "--branch-sim=no")
_MISSES = ("ILmr", "DLmr", "DLmw")
_MISPREDICTED = ("Bcm", "Bim")
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH")
_LONGEST_S = 900.0


class Counts(BaseModel):
    """Cost of one process, or of one round trip in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instructions: NonNegativeFloat
    mispredicted: NonNegativeFloat | None
    """Conditional and indirect branches; None where no processor was simulated."""
    misses: NonNegativeFloat | None
    """Data and instruction misses of the last-level cache; None where no processor was simulated."""


def installed() -> bool:
    """Return True when valgrind can be started."""
    return shutil.which("valgrind") is not None


def counted(command: Sequence[str], *, folder: Path) -> Counts:
    """Run a command under cachegrind in ``folder`` and return its counts.

    Raises:
        BenchmarkError: The command failed, or valgrind wrote something unexpected.
    """
    with tempfile.TemporaryDirectory() as kept:
        out = Path(kept, "out")
        _valgrind(_simulation(), Path(kept), out, command, folder=folder)
        return parse(out.read_text(errors="replace"))


def counted_forks(command: Sequence[str], *, folder: Path, simulated: bool, ways: int = WAYS) -> dict[str, Counts]:
    """Run a command that forks under cachegrind, and return what it named each fork -> the counts of that fork.

    The counts of a fork contain those of its parent up to the fork: start-up is simulated once for all of them.

    Args:
        command: Prints a line ``NAME PID`` for each fork.
        folder: Working directory.
        simulated: Simulate caches and branch predictors too; without, a run takes half the time.
        ways: Associativity of the last-level cache: with few ways, misses depend on where the modules lie in memory.

    Raises:
        BenchmarkError: The command failed, or it or valgrind wrote something unexpected.
    """
    with tempfile.TemporaryDirectory() as kept:
        options = _simulation(ways) if simulated else _INSTRUCTIONS_ALONE
        said = _valgrind(options, Path(kept), Path(kept, "out.%p"), command, folder=folder)
        try:
            forks = dict(line.rsplit(" ", 1) for line in said.splitlines())
            texts = {name: Path(kept, f"out.{int(pid)}").read_text(errors="replace") for name, pid in forks.items()}
        except (ValueError, OSError) as error:
            raise BenchmarkError(" ".join(command), f"did not name its forks: {error}") from None
        return {name: parse(text, simulated=simulated) for name, text in texts.items()}


def _simulation(ways: int = WAYS) -> tuple[str, ...]:
    return (*_SIMULATION, f"--LL={LL_BYTES},{ways},64")


def _valgrind(options: Sequence[str], kept: Path, out: Path, command: Sequence[str], *, folder: Path) -> str:
    words = (f"--cachegrind-out-file={out}", f"--log-file={kept / 'log.%p'}")
    return run(["valgrind", "--tool=cachegrind", *options, *words, *command], folder=folder)


def run(command: Sequence[str], *, folder: Path) -> str:
    """Run a command in ``folder`` with a minimal environment and a fixed hash seed; return what it printed.

    Raises:
        BenchmarkError: It failed, or took too long.
    """
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - valgrind, or this interpreter, with arguments of this package
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_LONGEST_S
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkError(" ".join(command), f"ran longer than {_LONGEST_S:.0f} s") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BenchmarkError(" ".join(command), f"exit code {done.returncode}: {last}")
    return done.stdout


def parse(text: str, *, simulated: bool = True) -> Counts:
    """Read the totals of a cachegrind output file.

    Raises:
        BenchmarkError: The totals are missing or incomplete, or another last-level cache was simulated.
    """
    fields = dict(_fields(text))
    try:
        totals = dict(zip(fields["events"].split(), map(int, fields["summary"].split()), strict=True))
        instructions = totals["Ir"]
        if not simulated:
            return Counts(instructions=instructions, mispredicted=None, misses=None)
        mispredicted = sum(totals[name] for name in _MISPREDICTED)
        misses = sum(totals[name] for name in _MISSES)
        llc = int(fields["desc: LL cache"].split()[0])
    except (KeyError, ValueError, IndexError) as error:
        raise BenchmarkError("the output of cachegrind", f"cannot be read: {error!r}") from None
    if llc != LL_BYTES:
        raise BenchmarkError("the output of cachegrind", f"is for a cache of {llc} bytes, not {LL_BYTES}")
    return Counts(instructions=instructions, mispredicted=mispredicted, misses=misses)


def _fields(text: str) -> list[tuple[str, str]]:
    """Return the header and the totals as name and value; a description keeps its ``desc:`` in the name."""
    found = []
    for line in text.splitlines():
        if line.startswith(("desc: ", "events: ", "summary: ")):
            name, _, value = line.removeprefix("desc: ").partition(":")
            found.append((f"desc: {name}" if line.startswith("desc: ") else name, value))
    return found


def per_unit(short: Counts, long: Counts, *, units: int) -> Counts:
    """Return the cost of one unit, from two runs that differ by ``units`` of them; what both runs share drops out.

    Raises:
        BenchmarkError: The longer run did not cost more, so nothing was measured.
    """
    if long.instructions <= short.instructions:
        raise BenchmarkError("the longer run", "did not take more instructions than the shorter one")
    ends = zip(Counts.model_fields, short.model_dump().values(), long.model_dump().values(), strict=True)
    costs = {name: None if None in {a, b} else max(0.0, (b - a) / units) for name, a, b in ends}
    return Counts(**costs)
