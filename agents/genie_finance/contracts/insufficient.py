"""The answer of an agent with too little data: the missing data, and how much is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from genie.contracts.message import Payload, Value


class Lack(Value):
    """One thing that is missing."""

    what: str
    """Name of the field or series in the question."""
    needed: str
    """Required amount and kind of data."""
    given: str = "nothing"


def repeated(what: str, rows: Iterable[Value]) -> tuple[Lack, ...]:
    """Return what is missing where rows are equal in every field: a row that was entered twice must not count twice."""
    counts = Counter(row.model_dump_json() for row in rows)
    twice = sum(count - 1 for count in counts.values())
    needed = "rows that differ, or one row with the sum: equal rows may be one that was entered twice"
    return (Lack(what=what, needed=needed, given=f"{twice} equal to another"),) if twice else ()


class InsufficientData(Payload, topic="catalogue.insufficient_data", classification="confidential"):
    """No verdict, because of too little data; neither a good nor a bad sign."""

    agent: str
    """Id of the agent that cannot answer."""
    question: str
    """The requested result, in words."""
    missing: Annotated[tuple[Lack, ...], Field(min_length=1)]


class MissingAnswer(Value):
    """A missing part of an answer."""

    part: str
    """Topic of the part, with its subject if several parts have the same topic."""
    agent: str
    """Id of the agent that should have answered; the topic when no agent is known."""
    reason: str
    """An outcome, or the reason why the question was not asked."""
