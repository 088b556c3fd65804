"""What a desk has asked for: what came, what could not be said, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

from genie.contracts.context import Context
from genie.contracts.gather import Gathered
from genie.contracts.message import Payload, topic_of
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer

P = TypeVar("P", bound=Payload)


class Silence(NamedTuple):
    """Why an answer did not come."""

    agent: str
    """Who should have given it; the answer's topic where nobody is known."""
    reason: str


class Reply(NamedTuple, Generic[P]):
    """What one question brought: the answer, what there is too little to go by for, or why there is neither."""

    found: P | None
    insufficient: InsufficientData | None
    silence: Silence | None


async def reply_to(
    context: Context, question: Payload, answer: type[P], expected: tuple[type[Payload], ...], *, within_s: float | None
) -> Reply[P]:
    """Ask, and return what came first.

    Args:
        context: Of the handling that asks.
        question: What is asked.
        answer: What is wanted.
        expected: All that the question may be answered with, ``answer`` among them.
        within_s: Seconds to wait; None for as long as the run lasts.
    """
    came = await context.gather(question, expect=expected, need=1, within_s=within_s)
    found = came.get(answer)
    lacking = came.get(InsufficientData) if InsufficientData in expected else None
    return Reply(found, lacking, silence_of(came, answer) if found is None and lacking is None else None)


def silence_of(came: Gathered, answer: type[Payload]) -> Silence:
    """Return why an answer is not among what came."""
    name = topic_of(answer).name
    gap = next((one for one in came.missing.values() if one.part == name), None)
    return Silence(name, "did not come") if gap is None else Silence(gap.agent or name, gap.reason)


class Asking:
    """Asks others on behalf of a desk; whatever does not come is kept with its reason.

    Args:
        context: Of the handling.
        asks: What the desk's card says that it asks: the answers that each question may have.
        within_s: Seconds for reading and computing.
    """

    def __init__(
        self, context: Context, asks: Mapping[type[Payload], tuple[type[Payload], ...]], *, within_s: float
    ) -> None:
        self._context, self._asks, self._within_s = context, asks, within_s
        self.insufficient: list[InsufficientData] = []
        """What was answered with too little to go by."""
        self.missing: list[MissingAnswer] = []
        """What was not answered."""

    async def ask(self, question: Payload, answer: type[P], *, about: str = "", of_people: bool = False) -> P | None:
        """Return the answer, or None once why there is none has been kept.

        Args:
            question: What is asked.
            answer: What is expected of those that the question may have.
            about: What the question was about, where several of its kind are asked.
            of_people: Somebody decides on it: waited for as long as the hold lasts.
        """
        within_s = None if of_people else self._within_s
        reply = await reply_to(self._context, question, answer, self._asks[type(question)], within_s=within_s)
        if reply.insufficient is not None:
            self.insufficient.append(reply.insufficient)
        if reply.silence is not None:
            self.lost(answer, reply.silence.reason, about=about)
        return reply.found

    def lost(self, answer: type[Payload], reason: str, *, about: str = "") -> None:
        """Keep why there is no answer of a type."""
        self.missing.append(MissingAnswer(part=f"{topic_of(answer).name}{about}", reason=reason))
