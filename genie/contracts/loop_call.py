"""What loops over models take and give: payloads that loops, tools, checks and reports share."""

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
    """It repeated calls with the same results."""
    REFUSED = "refused"
    """The model refused, or a check refused its answer."""
    DENIED = "denied"
    """A policy denied the model call."""
    HELD = "held"
    """The remaining calls wait for a person."""
    MAX_STEPS = "max_steps"
    MALFORMED = "malformed"
    """The answer is not of the form that was asked for, or was cut at its length limit."""
    FAILED = "failed"
    """No model answered, or a flow did not reach its goal."""


class TaskBudget(Value):
    """What the sender of a task leaves for it; a loop takes the smaller of this and its own limits."""

    tokens: Count | None = None
    cost: Annotated[Decimal, Field(ge=0)] | None = None
    calls: Count | None = None


class Task(Payload, topic="loop.task", key=None):
    """A goal for a loop, with documents to work on."""

    goal: Annotated[str, Field(min_length=1, max_length=200_000)]
    documents: Annotated[tuple[Document, ...], Field(max_length=256)] = ()
    """Their words are untrusted."""
    budget: TaskBudget | None = None
    depth: Annotated[int, Field(ge=0, le=64)] = 0
    """How many loops have handed the task on."""


class Subtask(Task, topic="loop.subtask", key=None):
    """A task that one loop gives another; a question from outside goes to no such loop."""


class CallRecord(Value):
    """A tool call that a loop made, and what it came to."""

    id: Name
    tool: Name
    arguments: Json
    code: Code = ""
    """Empty for success."""
    result_sha256: Annotated[str, Field(max_length=64)] = ""


class Link(Value):
    """A number of an answer, and the tool result that it came from."""

    text: Annotated[str, Field(max_length=64)]
    """The number as the answer has it."""
    start: Count
    """Position of the number in the answer's text."""
    call: Name
    """Id of the call; ``goal`` for a number of the question."""
    path: Annotated[str, Field(max_length=512)] = ""
    """Where it is in the call's result: field names and positions, joined by dots."""


class LoopAnswer(Payload, topic="loop.answer"):
    """What a loop came to."""

    stop: StopReason
    text: PartText = ""
    """The answer; with another stop than ``answered`` what there was last, which nobody has checked."""
    detail: Code = ""
    """Code beside the stop reason, such as a failure class or the check that refused."""
    structured: Json | None = None
    """The answer as JSON where a form was asked for."""
    links: Annotated[tuple[Link, ...], Field(max_length=MOST_PARTS)] = ()
    calls: Annotated[tuple[CallRecord, ...], Field(max_length=MOST_PARTS)] = ()
    steps: Count = 0
    """Model calls."""
    usage: Usage = Usage()
    cost: Decimal | None = None
    """None where a call's price is not known."""
    model: Annotated[str, Field(max_length=256)] = ""
    goal_sha256: Annotated[str, Field(max_length=64)] = ""

    @property
    def answered(self) -> bool:
        """True where there is a checked answer."""
        return self.stop is StopReason.ANSWERED


class Judgement(Payload, topic="loop.judgement"):
    """What a judge says of an answer."""

    accepted: bool
    reason: Annotated[str, Field(max_length=4_000)] = ""


class ToJudge(Payload, topic="loop.to_judge", key=None):
    """An answer for a judge."""

    goal: Annotated[str, Field(max_length=200_000)]
    answer: PartText
    criterion: Annotated[str, Field(max_length=10_000)] = ""
    """What the answer must satisfy; empty for what the judge is set to."""


class AnswerGiven(Payload, topic="audit.answer", key=None):
    """An answer that was given, for monitors of quality; it is sent only if an agent consumes it."""

    goal: Annotated[str, Field(max_length=200_000)]
    answer: PartText


class AnswerJudged(Payload, topic="audit.judged", key=None):
    """What a judge says of one answer of a sample; names, never quotes."""

    answer_sha256: Annotated[str, Field(max_length=64)]
    accepted: bool
    judged: bool
    """False where no model could judge; such an answer counts for nobody."""
