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
_SIMULATION = (
    "--tool=cachegrind", "--cache-sim=yes", "--branch-sim=yes",
    "--I1=32768,8,64", "--D1=32768,8,64", f"--LL={LL_BYTES},8,64",
)  # fmt: skip
_MISSES = ("ILmr", "DLmr", "DLmw")
_MISPREDICTED = ("Bcm", "Bim")
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH")
_LONGEST_S = 900.0


class Counts(BaseModel):
    """What one process, or one round trip of it, costs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instructions: NonNegativeFloat
    mispredicted: NonNegativeFloat
    """Conditional and indirect branches."""
    misses: NonNegativeFloat
    """Data and instruction misses of the last-level cache."""


def installed() -> bool:
    """Return True when valgrind can be started."""
    return shutil.which("valgrind") is not None


def counted(command: Sequence[str], *, folder: Path) -> Counts:
    """Run a command under cachegrind in ``folder`` and return its counts.

    Raises:
        BenchmarkError: The command failed, or valgrind wrote something unexpected.
    """
    with tempfile.TemporaryDirectory() as kept:
        out, log = Path(kept, "out"), Path(kept, "log")
        run(["valgrind", *_SIMULATION, f"--cachegrind-out-file={out}", f"--log-file={log}", *command], folder=folder)
        return parse(out.read_text(errors="replace"))


def run(command: Sequence[str], *, folder: Path) -> None:
    """Run a command in ``folder`` with a minimal environment and a fixed hash seed.

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


def parse(text: str) -> Counts:
    """Read the totals of a cachegrind output file.

    Raises:
        BenchmarkError: The totals are missing or incomplete, or another last-level cache was simulated.
    """
    fields = dict(_fields(text))
    try:
        totals = dict(zip(fields["events"].split(), map(int, fields["summary"].split()), strict=True))
        instructions = totals["Ir"]
        mispredicted = sum(totals[name] for name in _MISPREDICTED)
        misses = sum(totals[name] for name in _MISSES)
        simulated = int(fields["desc: LL cache"].split()[0])
    except (KeyError, ValueError, IndexError) as error:
        raise BenchmarkError("the output of cachegrind", f"cannot be read: {error!r}") from None
    if simulated != LL_BYTES:
        raise BenchmarkError("the output of cachegrind", f"is for a cache of {simulated} bytes, not {LL_BYTES}")
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
    ends = zip(Counts.model_fields, short.model_dump().values(), long.model_dump().values(), strict=True)
    costs = {name: (after - before) / units for name, before, after in ends}
    if costs["instructions"] <= 0:
        raise BenchmarkError("the longer run", "did not take more instructions than the shorter one")
    return Counts(**{name: max(0.0, cost) for name, cost in costs.items()})
