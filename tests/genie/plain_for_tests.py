"""Plain functions that worker processes find by module and name."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import genie
from genie.contracts.agent import agent
from genie.contracts.limits import Retry
from genie.contracts.message import Payload
from genie.errors import InputError
from tests.genie.policies_for_tests import Answer, Question


class Place(Payload, topic="plain.place"):
    path: str


class Figures(Payload, topic="plain.figures"):
    ratio: float
    content: bytes = b""


class Pid(Payload, topic="plain.pid"):
    pid: int


@agent("pid", executor="process", concurrency=2)
def pid(question: Question) -> Pid:
    return Pid(pid=os.getpid())


@agent("other_pid", executor="process")
def other_pid(question: Question) -> Pid:
    return Pid(pid=os.getpid())


@agent("printer", executor="process")
def printer(question: Question) -> Answer:
    sys.stdout.write("printed, which is not a reply\n")
    sys.stdout.flush()
    return Answer(text=question.text.upper())


@agent("pair", executor="process")
def pair(question: Question) -> tuple[Answer, Pid]:
    return Answer(text=question.text), Pid(pid=1)


@agent("silent", executor="process")
def silent(question: Question) -> None:
    return None


@agent("liar", executor="process")
def liar(question: Question) -> Answer:
    return Pid(pid=1)  # type: ignore[return-value]  # the very thing that is to be refused


@agent("failing", executor="process")
def failing(question: Question) -> Answer:
    raise LookupError(f"secret {question.text}")


@agent("refusing", executor="process", retry=Retry(attempts=3))
def refusing(question: Question) -> Answer:
    raise InputError("statement.csv", "has no header", "add one")


@agent("exiting", executor="process")
def exiting(question: Question) -> Answer:
    sys.exit(0)


@agent("crashing", executor="process")
def crashing(place: Place) -> Answer:
    os._exit(7)


@agent("crashing_once", executor="process", retry=Retry(attempts=2, first_s=0.0))
def crashing_once(place: Place) -> Answer:
    mark = Path(place.path)
    if not mark.exists():
        mark.touch()
        os._exit(7)
    return Answer(text="second time")


@agent("endless", executor="process")
def endless(place: Place) -> Answer:
    with Path(place.path).open("w") as pipe:
        pipe.write(str(os.getpid()))
    while True:
        pass


@agent("wordy", executor="process")
def wordy(question: Question) -> Answer:
    return Answer(text="x" * question.number)


@agent("measuring", executor="process")
def measuring(figures: Figures) -> Figures:
    return figures


@agent("asking", executor="process")
def asking(question: Question) -> Answer:
    return genie.ask([pid], question, Answer)


class Sealed(Payload, topic="plain.sealed"):
    text: str = ""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]  # nothing is equal to it


@agent("changing", executor="process")
def changing(place: Place) -> Answer:
    seen = f"{os.environ.get('GENIE_TEST_LEAK')} {Path.cwd() == Path(place.path)}"
    os.environ["GENIE_TEST_LEAK"] = "leaked"
    os.chdir(place.path)
    return Answer(text=seen)


@agent("forking", executor="process")
def forking(place: Place) -> Answer:
    """Leave a child behind that holds a pipe open until it ends."""
    pipe = os.open(place.path, os.O_WRONLY)
    if os.fork() == 0:
        signal.pause()
    os.write(pipe, b"forked")
    os.close(pipe)
    return Answer(text="done")


@agent("forking_and_crashing", executor="process")
def forking_and_crashing(place: Place) -> Answer:
    if os.fork() == 0:
        signal.pause()
    os._exit(7)


@agent("greedy", executor="process")
def greedy(question: Question) -> Answer:
    return Answer(text=str(len(bytes(question.number))))
