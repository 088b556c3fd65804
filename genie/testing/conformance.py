"""What every implementation of a port must do, as a check that its author runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.contracts.ports.journal import Journal, JournalRecord


class _Question(Payload, topic="conformance.question"):
    number: int


class _Answer(Payload, topic="conformance.answer"):
    number: int


@agent("conformance")
async def _agent(question: _Question) -> _Answer:
    """Answer even numbers and fail on odd ones."""
    if question.number % 2:
        raise ValueError("odd")
    return _Answer(number=question.number)


async def check_journal(journal: Journal, read: Callable[[], Sequence[JournalRecord]]) -> None:
    """Record two runs and check what the journal says of them afterwards.

    Args:
        journal: A fresh one, with room for at least a hundred records.
        read: Returns the records kept so far, oldest first.

    Raises:
        AssertionError: Records are lost, out of order, changed, or recording raised.
    """
    async with Runtime([_agent], journal=journal, prefix="c") as runtime:
        for number in (0, 1):
            run = runtime.start(_Question(number=number), _Answer)
            await run.settled()
    kept = list(read())
    _check([one.number for one in kept] == list(range(1, len(kept) + 1)), "records are lost or out of order")
    outcomes = [(one.kind, one.topic) for one in kept if one.kind in {"handled", "dead_lettered"}]
    _check(("handled", "conformance.question") in outcomes, "the outcome of a handled message is not there")
    _check(("dead_lettered", "conformance.question") in outcomes, "the outcome of a failed message is not there")
    accepted = [one for one in kept if one.kind == "accepted"]
    _check(all(one.message is not None for one in accepted), "an accepted message came back without its original")
    _check([one.at for one in kept] == sorted(one.at for one in kept), "times go backwards")
    again = kept[-1]._replace(number=len(kept) + 1, reason="x" * 10_000, detail={"deep": ({"a": (1, None)},)})
    journal.record(again)
    _check(list(read())[-1] == again, "a record came back changed")
    _check(list(read())[:-1] == kept, "recording changed what was kept before")


def _check(holds: bool, complaint: str) -> None:  # noqa: FBT001 - reads as a sentence where it is called
    if not holds:
        raise AssertionError(complaint)
