"""The answer of an agent that has too little data: what is missing and how much of it is needed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from genie.contracts.message import Payload, Value


class Lack(Value):
    """One thing that is missing."""

    what: str
    """Field or series, by the name that the question has for it."""
    needed: str
    """How much is needed, and of what kind."""
    given: str = "nothing"


class InsufficientData(Payload, topic="catalogue.insufficient_data", classification="confidential"):
    """No verdict: there is too little data. This is neither a good nor a bad sign."""

    agent: str
    """Id of the agent that cannot answer."""
    question: str
    """What it was asked for, in words."""
    missing: Annotated[tuple[Lack, ...], Field(min_length=1)]


class MissingAnswer(Value):
    """A part of an answer that did not come."""

    part: str
    """The topic of the part, with its subject where several parts have that topic."""
    agent: str
    """Id of the agent that should have answered; the topic when no agent is known."""
    reason: str
    """A named outcome, or why the question was not asked."""
