"""A process on a bad day: it answers until its log fails, says what it has answered, and goes on after the fault.

``python -m tests.durability.faulty full|limited BYTES|stopped|killed FOLDER``
"""

from __future__ import annotations

import itertools
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import anyio

from genie import Payload, RunLimits, Runtime, agent
from genie.errors import JournalError, LogError
from genie.journal.sqlite import SqliteLog


class Asked(Payload, topic="faulty.asked"):
    number: int
    text: str = ""


class Said(Payload, topic="faulty.said"):
    number: int


def asked(number: int) -> Asked:
    """Return a question with a text that does not shrink."""
    return Asked(
        number=number, text=f"{number:x}" + "".join(f"{number * at * 2654435761 % 2**64:x}" for at in range(200))
    )


def runtime(folder: Path, handled: list[int]) -> Runtime:
    """Return the process over its log."""

    @agent("answerer")
    async def answerer(question: Asked) -> Said:
        handled.append(question.number)
        return Said(number=question.number)

    log = SqliteLog(folder / "log")
    return Runtime([answerer], log=log, durability="every_message", limits=RunLimits(deadline_s=None, deaths=0))


def say(*words: object) -> None:
    """Tell the test; the line is out when this returns."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def until_it_fails(folder: Path, most: int | None = None, pause: int | None = None) -> int:
    """Ask until the log fails, or the process kills itself; return how many questions were answered.

    It stops itself after ``pause`` answers, when nothing is being written: a process that stands still within a
    transaction holds the lock of the database, and nobody can take its place.
    """
    answered = 0
    async with runtime(folder, []) as opened:
        try:
            for number in itertools.count(1):
                await opened.ask(asked(number), Said, key=f"question {number}")
                answered = number
                say("answered", number)
                if number == most:
                    os.kill(os.getpid(), signal.SIGKILL)
                recorder = opened.bus.observers.recorder
                if number == pause and recorder is not None:
                    await recorder.barrier()
                    os.kill(os.getpid(), signal.SIGSTOP)
        except JournalError as error:
            say("failed", error.problem)
        try:
            opened.start(asked(0), Said)
        except JournalError:
            say("refused")
    return answered


async def handled_again(folder: Path, answered: int) -> int:
    """Ask under every key that was answered, and something new; return how many were handled a second time."""
    handled: list[int] = []
    async with runtime(folder, handled) as opened:
        for number in range(1, answered + 1):
            assert (await opened.ask(asked(number), Said, key=f"question {number}")).number == number
        assert (await opened.ask(asked(10**6), Said)).number == 10**6
    return sum(number <= answered for number in handled)


def main(how: str, folder: Path) -> None:
    """Play the day."""
    if how == "full":
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=768k", "tmpfs", str(folder)], check=True)
    elif how.startswith("limited"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(how.split()[1]), resource.RLIM_INFINITY))
    most, pause = 10 if how == "killed" else None, 5 if how == "stopped" else None
    answered = 0
    try:
        answered = anyio.run(until_it_fails, folder, most, pause)
    except LogError as error:
        say("not opened", error.state)
    if how == "full":
        subprocess.run(["mount", "-o", "remount,size=64M", str(folder)], check=True)
    elif how.startswith("limited"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    if how != "stopped":
        say("handled again", anyio.run(handled_again, folder, answered))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
