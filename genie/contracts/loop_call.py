"""Payloads of loops over models, which loops, tools, checks and reports share."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from genie.contracts.message import Payload, Value
from genie.contracts.model_call import MOST_PARTS, Count, Document, Json, PartText, Usage

Name = Annotated[str, Field(max_length=128)]
Code = Annotated[str, Field(max_length=64)]


class StopReason(enum.StrEnum):
    """Why a loop ended."""

    ANSWERED = "answered"
    BUDGET = "budget"
    DEADLINE = "deadline"
    LOOP = "loop"
    """It repeated calls that returned the same results."""
    REFUSED = "refused"
    """The model refused, or a check refused its answer."""
    DENIED = "denied"
    """A policy denied the model call."""
    HELD = "held"
    """The remaining calls wait for a person."""
    MAX_STEPS = "max_steps"
    MALFORMED = "malformed"
    """The answer does not have the required form, or was cut off at its length limit."""
    FAILED = "failed"
    """No model answered, or a flow did not reach its goal."""


class TaskBudget(Value):
    """The limits that the sender of a task sets; a loop takes the smaller of these and its own."""

    tokens: Count | None = None
    cost: Annotated[Decimal, Field(ge=0)] | None = None
    calls: Count | None = None


class Task(Payload, topic="loop.task", key=None):
    """A goal for a loop, with documents to work on."""

    goal: Annotated[str, Field(min_length=1, max_length=200_000)]
    documents: Annotated[tuple[Document, ...], Field(max_length=256)] = ()
    """Their text is untrusted."""
    budget: TaskBudget | None = None
    depth: Annotated[int, Field(ge=0, le=64)] = 0
    """How many loops have handed the task on."""


class Subtask(Task, topic="loop.subtask", key=None):
    """A task that one loop gives another; questions from outside do not reach such a loop."""


class CallRecord(Value):
    """A tool call that a loop made, and its result."""

    id: Name
    tool: Name
    arguments: Json
    code: Code = ""
    """Empty on success."""


class Link(Value):
    """A number of an answer, and the tool result that it came from."""

    text: Annotated[str, Field(max_length=64)]
    """The number as written in the answer."""
    start: Count
    """Position of the number in the answer's text."""
    call: Name
    """Id of the call; ``goal`` for a number that occurs in the question."""
    path: Annotated[str, Field(max_length=512)] = ""
    """Path in the result of the call: field names and positions, joined by dots."""


class LoopAnswer(Payload, topic="loop.answer"):
    """Result of a loop."""

    stop: StopReason
    text: PartText = ""
    """The answer; if ``stop`` is not ``answered``, the last text there was, unchecked."""
    detail: Code = ""
    """Code that details the stop reason, such as a failure class or the check that refused."""
    structured: Json | None = None
    """The answer as JSON if a form was requested."""
    links: Annotated[tuple[Link, ...], Field(max_length=MOST_PARTS)] = ()
    calls: Annotated[tuple[CallRecord, ...], Field(max_length=MOST_PARTS)] = ()
    steps: Count = 0
    """Model calls."""
    usage: Usage = Usage()
    cost: Decimal | None = None
    """None if the price of a call is unknown."""
    model: Annotated[str, Field(max_length=256)] = ""

    @property
    def answered(self) -> bool:
        """True if there is a checked answer."""
        return self.stop is StopReason.ANSWERED


class Judgement(Payload, topic="loop.judgement"):
    """Verdict of a judge on an answer."""

    accepted: bool
    reason: Annotated[str, Field(max_length=4_000)] = ""


class ToJudge(Payload, topic="loop.to_judge", key=None):
    """An answer that a judge must assess."""

    goal: Annotated[str, Field(max_length=200_000)]
    answer: PartText
    criterion: Annotated[str, Field(max_length=10_000)] = ""
    """Criteria for the answer; empty for the judge's own criteria."""


class AnswerGiven(Payload, topic="audit.answer", key=None):
    """An answer that was given, for quality monitors; sent only if an agent consumes it."""

    goal: Annotated[str, Field(max_length=200_000)]
    answer: PartText


class AnswerJudged(Payload, topic="audit.judged", key=None):
    """Verdict of a judge on one sampled answer; contains names, never quotations."""

    answer_sha256: Annotated[str, Field(max_length=64)]
    accepted: bool
    judged: bool
    """False if no model could judge; the answer is then counted neither way."""
