"""Agents that compute; a process finds them by module and name, so they are in a module of their own."""

from __future__ import annotations

from genie.contracts.agent import agent
from genie.contracts.message import Payload


class Work(Payload, topic="bench.work"):
    """A number of steps of arithmetic."""

    steps: int


class Done(Payload, topic="bench.done"):
    """Their sum."""

    total: int


def _compute(work: Work) -> Done:
    total = 0
    for step in range(work.steps):
        total += step
    return Done(total=total)


@agent("process_one", executor="process")
def process_one(work: Work) -> Done:
    """Compute in a process."""
    return _compute(work)


@agent("process_two", executor="process")
def process_two(work: Work) -> Done:
    """Compute in another."""
    return _compute(work)


@agent("thread_one", executor="thread")
def thread_one(work: Work) -> Done:
    """Compute in a thread."""
    return _compute(work)


@agent("thread_two", executor="thread")
def thread_two(work: Work) -> Done:
    """Compute in another."""
    return _compute(work)
