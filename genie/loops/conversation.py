"""One conversation of a loop with its model: turns, budget, deadline, and why it ended."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, cast

import anyio

from genie.contracts.limits import EXACT
from genie.contracts.loop_call import StopReason
from genie.contracts.model_call import (
    FailureClass,
    ModelFailed,
    ModelReply,
    ModelRequest,
    Role,
    Sampling,
    Stop,
    Text,
    ToolCall,
    Trust,
    Turn,
    Usage,
)
from genie.edges.llm.output.pipeline import MalformedAnswerError, answer_now
from genie.edges.tools.schema import schema_text
from genie.errors import PartMissingError
from genie.loops.budget import Amount, Share

if TYPE_CHECKING:
    from genie.contracts.context import Context
    from genie.contracts.headers import Headers
    from genie.contracts.message import Payload
    from genie.contracts.model_call import Part, ToolSpec

BYTES_PER_TOKEN = 1.4
"""No text that the study measured has fewer bytes a token, except for random letters; so this is an upper bound."""
_STOPS = {
    "budget": StopReason.BUDGET, "budget_exceeded": StopReason.BUDGET, "denied": StopReason.DENIED,
    "hold": StopReason.HELD, "held": StopReason.HELD, "deadline": StopReason.DEADLINE,
    "expired": StopReason.DEADLINE, "late": StopReason.DEADLINE,
}  # fmt: skip
_FAILURES = {
    FailureClass.FILTERED: StopReason.REFUSED, FailureClass.OUT_OF_MONEY: StopReason.BUDGET,
    FailureClass.MALFORMED: StopReason.MALFORMED,
}  # fmt: skip
UNTOUCHED = frozenset({"budget", "denied", "hold", "held"})
"""Why a call was not made at all."""
ZERO = Decimal(0)
NO_USAGE = Usage()
MOST_ERRORS = 8
STEADY = Sampling(temperature=0)
"""Default sampling: one shared value, so it is inspected only once."""


class Ended(Exception):  # noqa: N818 - a signal between this module and the loops
    """The conversation cannot continue."""

    def __init__(self, stop: StopReason, detail: str = "", text: str = "") -> None:
        super().__init__(stop)
        self.stop, self.detail, self.text = stop, detail[:64], text


class Spoken(NamedTuple):
    """The reply of the model."""

    text: str
    calls: tuple[ToolCall, ...]
    reply: ModelReply


class Conversation:
    """Turns with one model agent.

    Args:
        context: Of the handler.
        model: Id of the model agent.
        share: Budget of the conversation.
        wall_s: Seconds until it ends ``deadline``; the run's deadline ends it too.
        tools: Offered to the model.
        max_output: Tokens of one reply.
        effort: How much the model thinks.
        sampling: How it draws its words.
        purpose: Written into each request.
    """

    def __init__(
        self, context: Context, model: str, share: Share, *, wall_s: float | None = None,
        tools: tuple[ToolSpec, ...] = (), max_output: int = 1_024, sampling: Sampling | None = None, purpose: str = "",
    ) -> None:  # fmt: skip
        self.context, self.model, self.share = context, model, share
        self.turns: list[Turn] = []
        self.tools, self.max_output, self.purpose = tools, max_output, purpose
        self.sampling = sampling or STEADY
        self.steps = 0
        self._used = NO_USAGE
        self.cost: Decimal | None = ZERO
        self.served = ""
        self._bytes = sum(len(tool.parameters) + len(tool.description) + len(tool.name) for tool in tools)
        ends = context.deadline
        self.ends = ends if wall_s is None else min(ends, anyio.current_time() + wall_s)

    @property
    def usage(self) -> Usage:
        """Usage of all replies."""
        return self._used

    def left(self) -> float | None:
        """Return the seconds that are left; None where there is no end.

        Raises:
            Ended: There are none.
        """
        if self.ends == float("inf"):
            return None
        seconds = self.ends - anyio.current_time()
        if seconds <= 0:
            raise Ended(StopReason.DEADLINE)
        return seconds

    def add(
        self, role: Role, text: str, *, trust: Trust = Trust.TRUSTED, source: str = "", pinned: bool = False
    ) -> None:
        """Add a turn of words."""
        self.add_turn(Turn(role=role, parts=(Text(text=text),), trust=trust, source=source, pinned=pinned))

    def add_turn(self, turn: Turn) -> None:
        """Add a turn."""
        self.turns.append(turn)
        self._bytes += sum(map(_size, turn.parts))

    async def speak(
        self, *, headers: Headers | None = None, form: type[Payload] | None = None, choice: str = "auto"
    ) -> Spoken:
        """Ask the model for its next turn, and add it.

        Raises:
            Ended: Nothing can come any more, and why.
        """
        request = ModelRequest(
            turns=tuple(self.turns), tools=self.tools, choice=choice, max_output=self.max_output,
            sampling=self.sampling, purpose=self.purpose, answer_schema=None if form is None else schema_text(form),
            answer_name="" if form is None else form.__name__[:64],
        )  # fmt: skip
        bound = int(self._bytes / BYTES_PER_TOKEN) + 8 * len(self.turns) + self.max_output
        ticket = self.share.reserve(Amount(tokens=bound, calls=1))
        if ticket is None:
            raise Ended(StopReason.BUDGET, "share")
        used = Amount(tokens=bound, calls=1)  # what a call may have used that is cut, late or cancelled
        try:
            answer = await self.context.ask(
                request, (ModelReply, ModelFailed), to=self.model, within_s=self.left(), headers=headers
            )
            reply = cast("ModelReply | ModelFailed", answer)
            used = Amount(reply.usage.input + reply.usage.output, reply.cost or ZERO, 1)
        except PartMissingError as error:
            if error.why in UNTOUCHED:
                used = Amount(calls=1)
            raise Ended(_STOPS.get(error.why, StopReason.FAILED), error.why) from None
        finally:
            self.share.settle(ticket, used)
        return self._heard(reply)

    def _heard(self, reply: ModelReply | ModelFailed) -> Spoken:
        self.steps += 1
        self._used = self._used.plus(reply.usage) if self.steps > 1 else reply.usage
        self.cost = None if reply.cost is None or self.cost is None else EXACT.add(self.cost, reply.cost)
        if type(reply) is ModelFailed:
            raise Ended(_FAILURES.get(reply.failure, StopReason.FAILED), reply.failure)
        reply = cast("ModelReply", reply)
        self.served = reply.model
        text = "".join([part.text for part in reply.parts if part.kind == "text"])
        if reply.stop in {Stop.REFUSED, Stop.FILTERED}:
            raise Ended(StopReason.REFUSED, reply.stop, text)
        if reply.stop is Stop.LENGTH:  # what was cut is neither run nor mended
            raise Ended(StopReason.MALFORMED, "length", text)
        calls = tuple([part for part in reply.parts if part.kind == "tool_call"])
        self.add_turn(Turn(role=Role.ASSISTANT, parts=reply.parts, source=self.model[:128]))
        return Spoken(text, calls, reply)

    async def structured(self, form: type[Payload], *, headers: Headers | None = None) -> tuple[Payload, str]:
        """Ask for an answer of one form; a wrong one is asked for once more, with the paths of what is wrong.

        Raises:
            Ended: ``malformed`` after the second, or as ``speak``.
        """
        text = ""
        for again in (True, False):
            spoken = await self.speak(headers=headers, form=form, choice="none" if self.tools else "auto")
            text = spoken.text
            found = self.read(form, text)
            if not isinstance(found, str):
                return found, text
            if again:
                self.add(Role.USER, found, source="loop")
        raise Ended(StopReason.MALFORMED, "form", text)

    @staticmethod
    def read(form: type[Payload], text: str) -> Payload | str:
        """Return an answer as its payload, or what the model is told of it."""
        try:
            return answer_now(text, form, stop=Stop.ANSWERED).payload
        except MalformedAnswerError as error:
            if not error.problems:
                return f"Your answer is not valid JSON ({error.code}). Answer with one JSON object of the schema alone."
            listed = "; ".join(f"{one.path}: {one.kind}" for one in error.problems[:MOST_ERRORS])
            return f"Your answer does not fit the schema: {listed}. Answer once more."


PICTURE = 8_000
"""Bytes that a picture counts as: the largest that providers charge, about 5,000 tokens."""


def _size(part: Part) -> int:
    """Return how many bytes a part counts as."""
    if part.kind == "image":
        return PICTURE
    return len((part.arguments if part.kind == "tool_call" else part.text).encode())
