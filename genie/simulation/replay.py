"""Repeats a simulation in a second process, and compares both journals while they are written.

The second process has another hash seed, another time zone and another start time. So the comparison finds what
``DeterminismGuard`` cannot refuse: ``id()``, the order of a set, a clock in an extension module.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, TYPE_CHECKING, Any, Self

from genie.simulation.record import Violation
from genie.simulation.runner import EVERYTHING, simulate
from genie.simulation.simulation import Subset

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from genie.simulation.record import Record
    from genie.simulation.scenario import Scenario

_ZONE = "REPLAY-13:37"
"""A time zone that no real machine has."""
_MAX_SHOWN = 400
"""Number of characters of a record that are shown."""
_POLLED_S = 0.02


def simulate_twice(
    scenario: Scenario, seed: int | None = None, *, part: Subset = EVERYTHING, journal: IO[str] | None = None
) -> Record:
    """Simulate here and in a second process; a difference between the journals violates ``repeatable``.

    Args:
        scenario: A scenario from a file; the second process loads the file. One from text is simulated once.
        seed: Replaces the scenario's seed.
        part: The part of the scenario to run.
        journal: Receives the lines of the journal.
    """
    if scenario.path is None:
        return simulate(scenario, seed, part=part, journal=journal)
    with _Replay(scenario.path, seed, part, journal) as replay:
        record = simulate(scenario, seed, part=part, journal=replay.file)
        record.difference = replay.finish()
    if record.difference is not None:
        record.violations.append(Violation("repeatable", record.difference))
    return record


class _Replay:
    """The second process, and a file that compares what is written to it with the process's journal."""

    def __init__(self, path: Path, seed: int | None, part: Subset, journal: IO[str] | None) -> None:
        self._request = json.dumps({
            "path": str(path.absolute()), "seed": seed, "begun": int(_wall()),
            **{name: None if found is None else sorted(found) for name, found in part._asdict().items()},
        })  # fmt: skip
        self._journal = journal
        self._records = 0
        self._difference: str | None = None

    def __enter__(self) -> Self:
        reading, writing = os.pipe()
        environment = {
            **os.environ,
            "PYTHONHASHSEED": "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1",
            "PYTHONPATH": os.pathsep.join(folder or os.getcwd() for folder in sys.path),  # noqa: PTH109 - text
            "TZ": _ZONE,
        }
        self._errors = tempfile.TemporaryFile()
        self._theirs = os.fdopen(reading, "rb")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter
                [sys.executable, "-P", "-m", "genie.simulation.replay", str(writing)],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._errors, pass_fds=(writing,),
                env=environment,
            )  # fmt: skip
        finally:
            os.close(writing)
        assert self._process.stdin is not None  # noqa: S101 - narrows
        self._request_pipe = self._process.stdin  # open until the end: the second process ends when it is closed
        with contextlib.suppress(BrokenPipeError):  # it may have failed already
            self._request_pipe.write(f"{self._request}\n".encode())
            self._request_pipe.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._request_pipe.close()
        self._theirs.close()
        self._errors.close()

    @property
    def file(self) -> Any:
        """The file for the journal; it only has ``write``."""
        return self

    def write(self, text: str) -> int:
        """Compare the next lines of both journals."""
        if self._journal is not None:
            self._journal.write(text)
        if self._difference is None:
            ours = text.encode()
            theirs = self._theirs.read(len(ours))
            if theirs != ours:
                self._difference = self._compare(ours, theirs + self._theirs.readline())
            self._records += text.count("\n")
        return len(text)

    def finish(self) -> str | None:
        """Return the first difference between the journals; None if they are equal."""
        if self._difference is None:
            extra = self._theirs.readline()
            if extra:
                self._difference = self._told(self._records + 1, "no record", _shown(extra))
            elif self._process.wait() != 0:
                self._difference = self._failed()
        return self._difference

    def _compare(self, ours: bytes, theirs: bytes) -> str:
        others = theirs.splitlines()
        for place, line in enumerate(ours.splitlines()):
            if place >= len(others):
                return self._failed()
            if line != others[place]:
                return self._told(self._records + place + 1, _shown(line), _shown(others[place]))
        return self._failed()

    @staticmethod
    def _told(number: int, here: str, there: str) -> str:
        return f"two processes differ at record {number:,}: {here} here, {there} in the second process"

    def _failed(self) -> str:
        """Describe a second process whose journal is too short."""
        if self._process.wait() == 0:
            return f"two processes differ: the second process has {self._records:,} records or fewer"
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 4 * _MAX_SHOWN))
        lines = self._errors.read().decode(errors="replace").strip().splitlines() or ["no message"]
        return f"the second process failed: {lines[-1][:_MAX_SHOWN]}"


def _shown(line: bytes) -> str:
    return line.decode().strip()[:_MAX_SHOWN]


def _wall() -> float:
    return time.time()  # noqa: TID251 - the second process starts in another second


def _end_with_first() -> None:
    """End this process when the first one ends or closes the pipe, even if an agent never stops."""
    while os.read(0, 1):  # not sys.stdin, whose lock the interpreter needs at its end
        pass
    os._exit(1)


def _main(descriptor: int) -> None:
    """Run the simulation that standard input describes, and write its journal to a file descriptor."""
    from pathlib import Path  # noqa: PLC0415 - for the second process alone

    from genie.simulation.scenario import load  # noqa: PLC0415 - as above

    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_first, daemon=True).start()
    scenario = load(Path(request["path"]))
    while int(_wall()) == request["begun"]:
        time.sleep(_POLLED_S)  # noqa: TID251 - at most a second, outside the simulation
    chosen = [None if request[name] is None else frozenset(request[name]) for name in Subset._fields]
    with os.fdopen(descriptor, "w", encoding="utf-8") as journal:
        simulate(scenario, request["seed"], part=Subset(*chosen), journal=journal)


if __name__ == "__main__":
    _main(int(sys.argv[1]))
