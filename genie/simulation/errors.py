"""Errors of a simulation; each names the agent or task, and the place in the code.

SimulationError          A   (an error of this library; the author of the agent fixes it)
├── DeadlockError            no task can run, no timer is set, and a task still waits
├── LivelockError            tasks run, and virtual time does not advance
├── ExternalCallError        an agent used a socket, a process, a thread or real time
└── NondeterminismError      an agent read the wall clock, unseeded randomness or the machine's state
"""

from __future__ import annotations

from typing import ClassVar

from genie.errors import GenieError


class SimulationError(GenieError):
    """An error that only a simulation raises."""

    code: ClassVar[str] = "simulation"


class DeadlockError(SimulationError):
    """No task can run, and no timer is set."""

    code: ClassVar[str] = "deadlock"
    at: float
    """Virtual seconds."""
    waiting: tuple[str, ...]
    """Each waiting agent or task, with what it waits for."""

    def __str__(self) -> str:
        waiting = "; ".join(self.waiting) or "no waiting task is known"
        return f"deadlock after {self.at:.3f} virtual seconds: no task can run and no timer is set: {waiting}"


class LivelockError(SimulationError):
    """Tasks run without a wait, so virtual time does not advance."""

    code: ClassVar[str] = "livelock"
    at: float
    steps: int
    busy: tuple[str, ...]

    def __str__(self) -> str:
        busy = "; ".join(self.busy)
        return f"livelock after {self.at:.3f} virtual seconds: {self.steps:,} steps at the same time: {busy}"


class ExternalCallError(SimulationError):
    """A simulated program called something outside the simulation."""

    code: ClassVar[str] = "external_call"
    call: str
    """The call: ``a socket (socket.connect)``."""
    agent: str = ""
    place: str = ""
    """``file:line``."""
    hint: str = "bind the agent's port to a fake"

    def __str__(self) -> str:
        agent = f"agent {self.agent!r} uses " if self.agent else ""
        place = f" at {self.place}" if self.place else ""
        return f"{agent}{self.call}{place}, which a simulation does not allow; {self.hint}"


class NondeterminismError(SimulationError):
    """An agent read a value that differs between executions."""

    code: ClassVar[str] = "nondeterminism"
    agent: str
    call: str
    place: str
    """``file:line``."""
    hint: str

    def __str__(self) -> str:
        return f"agent {self.agent!r} calls {self.call} at {self.place}, which no seed repeats; {self.hint}"
