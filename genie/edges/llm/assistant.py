"""An assistant: one question to one model, one answer. It is the smallest pipeline with a model."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.loop_call import AnswerGiven
from genie.contracts.message import Payload, Value
from genie.contracts.model_call import (
    ModelDelta,
    ModelFailed,
    ModelReply,
    ModelRequest,
    ModelRestarted,
    Role,
    Text,
    Trust,
    Turn,
    Usage,
)
from genie.contracts.ports.provider import SCRIPTED
from genie.errors import ModelCallError

MOST_EARLIER = 100
"""Maximum number of exchanges of one conversation."""
NOTE = (
    "A scripted model wrote this answer. For a real one, name its wire, its model and the environment variable of its "
    "key under `models:` of the pipeline file; docs/models.md shows how."
)


class Exchange(Value):
    """One exchange of a conversation: a question and its answer."""

    question: Annotated[str, Field(min_length=1, max_length=100_000)]
    answer: Annotated[str, Field(max_length=100_000)]


class AssistantQuestion(Payload, topic="assistant.question", classification="internal"):
    """What somebody asks an assistant."""

    text: Annotated[str, Field(min_length=1, max_length=100_000)]
    earlier: Annotated[tuple[Exchange, ...], Field(max_length=MOST_EARLIER)] = ()
    """The conversation so far, as stated by the asker."""


class AssistantAnswer(Payload, topic="assistant.answer", classification="internal"):
    """What an assistant answers."""

    text: str
    model: str
    """The model that answered, as its provider names it."""
    usage: Usage = Usage()
    cost: Decimal | None = None
    """None where no price is known."""
    note: str = ""
    """A note for readers about the origin of the answer."""


class AssistantSettings(BaseModel):
    """Settings of the assistant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(default="desk", max_length=100, description="Id of the model under `models:`.")
    system: str = Field(
        default="Answer the question in a few sentences. Say so when you do not know.",
        max_length=20_000, description="Instructions before the question.",
    )  # fmt: skip
    max_output: int = Field(default=1_024, ge=1, le=1_000_000, description="Most tokens of an answer.")
    stream: bool = Field(
        default=False,
        description="Publish pieces of the reply as they come: each is judged as `model.delta`, before the answer.",
    )


@agent(
    "assistant", risk="medium", tier="beta", clearance="internal", settings=AssistantSettings, concurrency=8,
    asks={ModelRequest: (ModelReply, ModelFailed, ModelDelta, ModelRestarted)},
    publishes=(AnswerGiven, ModelDelta, ModelRestarted),
)  # fmt: skip
async def assistant(question: AssistantQuestion, context: Context) -> AssistantAnswer:
    """Ask a model, and return its answer."""
    settings: AssistantSettings = context.settings
    said = [(Role.SYSTEM, settings.system)]
    for one in question.earlier:
        said += [(Role.USER, one.question), (Role.ASSISTANT, one.answer)]
    said.append((Role.USER, question.text))
    turns = tuple(_turn(role, text) for role, text in said)
    request = ModelRequest(turns=turns, max_output=settings.max_output, purpose="assistant")
    reply = await _replied(request, context, settings)
    if not isinstance(reply, ModelReply):
        failure = reply.failure.value if isinstance(reply, ModelFailed) else "no reply"
        raise ModelCallError(host=settings.model, problem=f"the model failed: {failure}")
    text = "".join(part.text for part in reply.parts if isinstance(part, Text))
    if context.wanted(AnswerGiven):
        await context.publish(AnswerGiven(goal=question.text, answer=text))
    note = NOTE if reply.provider.startswith(SCRIPTED) else ""
    return AssistantAnswer(text=text, model=reply.model, usage=reply.usage, cost=reply.cost, note=note)


def _turn(role: Role, text: str) -> Turn:
    """Return a turn.

    Everything except the system prompt comes from the asker, including the assistant's earlier turns.
    """
    own = role is Role.SYSTEM
    trust, source = (Trust.TRUSTED, "") if own else (Trust.UNTRUSTED, "user")
    return Turn(role=role, parts=(Text(text=text),), trust=trust, source=source)


async def _replied(request: ModelRequest, context: Context, settings: AssistantSettings) -> Payload:
    """Return the model's reply; publish its pieces first, if that is configured and anyone reads them."""
    if not (settings.stream and context.wanted(ModelDelta)):
        return await context.ask(request, (ModelReply, ModelFailed), to=settings.model)
    parts, ends = (ModelDelta, ModelRestarted), (ModelReply, ModelFailed)
    async with context.stream(request, parts=parts, end=ends, to=settings.model) as stream:
        async for part in stream:
            if isinstance(part, ends):
                return part
            if isinstance(part, ModelRestarted) or (isinstance(part, ModelDelta) and part.kind == "text"):
                await context.publish(part)
    raise ModelCallError(host=settings.model, problem="the model's stream had no end")
