"""What can go wrong with a simulation itself, each naming who and where.

SimulationError          A   (an error of this library; the author of the agent mends it)
├── DeadlockError            nothing can run, nothing is scheduled, and somebody still waits
├── LivelockError            much runs, and time stands still
├── ExternalCallError             something outside was called: a socket, a thread, a process
└── NondeterminismError        the wall clock or an unseeded source of randomness was read
"""

from __future__ import annotations

from typing import ClassVar

from genie.errors import GenieError


class SimulationError(GenieError):
    """Something that cannot happen in virtual time."""

    code: ClassVar[str] = "simulation"


class DeadlockError(SimulationError):
    """Nothing can run any more, and nothing is scheduled."""

    code: ClassVar[str] = "deadlock"
    at: float
    """Virtual seconds."""
    waiting: tuple[str, ...]
    """Who waits, and for whom or where."""

    def __str__(self) -> str:
        waiting = "; ".join(self.waiting) or "nobody says who waits"
        return f"deadlock after {self.at:.3f} virtual seconds: nothing can run and nothing is scheduled: {waiting}"


class LivelockError(SimulationError):
    """Something goes on and on without a wait."""

    code: ClassVar[str] = "livelock"
    at: float
    steps: int
    busy: tuple[str, ...]

    def __str__(self) -> str:
        busy = "; ".join(self.busy)
        return f"livelock after {self.at:.3f} virtual seconds: {self.steps:,} steps without time passing: {busy}"


class ExternalCallError(SimulationError):
    """Something outside the simulation was called."""

    code: ClassVar[str] = "outside"
    call: str
    hint: str = "give the agent a port that is bound to a fake"

    def __str__(self) -> str:
        return f"{self.call} is not there in a simulation; {self.hint}"


class NondeterminismError(SimulationError):
    """Something was read that is different every time."""

    code: ClassVar[str] = "unrepeatable"
    agent: str
    call: str
    place: str
    """``file:line``."""
    hint: str

    def __str__(self) -> str:
        return f"agent {self.agent!r} calls {self.call} at {self.place}, which no seed repeats; {self.hint}"
