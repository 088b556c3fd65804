"""The answer of an agent with too little data: the missing data, and how much is needed."""

from __future__ import annotations

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
