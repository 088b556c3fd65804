"""Real records for the suites of journals: those of a runtime that handles one message and fails another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie.contracts.ports.journal import Journal, JournalRecord


class Question(Payload, topic="conformance.question"):
    """What the suites' agent is asked."""

    number: int


class Answer(Payload, topic="conformance.answer"):
    """What it answers."""

    number: int


@agent("conformance")
async def _answerer(question: Question) -> Answer:
    """Answer even numbers and fail on odd ones."""
    if question.number % 2:
        raise ValueError("odd")
    return Answer(number=question.number)


async def record_runs(journal: Journal) -> None:
    """Let a journal record two runs: one that is answered, and one whose message is dead-lettered."""
    async with Runtime([_answerer], journal=journal, prefix="c") as runtime:
        for number in (0, 1):
            await runtime.start(Question(number=number), Answer).settled()


async def sample(count: int) -> tuple[JournalRecord, ...]:
    """Return that many records with numbers from 1; the first of them carry messages."""
    recorder = _Recorder()
    await record_runs(recorder)
    found = recorder.records
    last = found[-1]
    found += [last._replace(at=last.at + at, reason=f"reason {at}", message=None) for at in range(count - len(found))]
    return numbered(found[:count])


def numbered(records: Sequence[JournalRecord]) -> tuple[JournalRecord, ...]:
    """Return records with numbers from 1."""
    return tuple(record._replace(number=number) for number, record in enumerate(records, 1))


class _Recorder:
    def __init__(self) -> None:
        self.records: list[JournalRecord] = []

    def record(self, entry: JournalRecord) -> None:
        self.records.append(entry)
