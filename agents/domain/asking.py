"""What a desk has asked for: what came, what could not be said, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from agents.contracts.insufficient import InsufficientData, MissingAnswer
from genie.message import Payload, topic_of
from genie.protocol import Context

P = TypeVar("P", bound=Payload)


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
        expected = self._asks[type(question)]
        within_s = None if of_people else self._within_s
        came = await self._context.gather(question, expect=expected, need=1, within_s=within_s)
        found = came.get(answer)
        lacking = came.get(InsufficientData) if InsufficientData in expected else None
        if lacking is not None:
            self.insufficient.append(lacking)
        elif found is None:
            name = topic_of(answer).name
            reasons = [one.reason for one in came.missing.values() if one.part == name]
            self.lost(answer, reasons[0] if reasons else "did not come", about=about)
        return found

    def lost(self, answer: type[Payload], reason: str, *, about: str = "") -> None:
        """Keep why there is no answer of a type."""
        self.missing.append(MissingAnswer(part=f"{topic_of(answer).name}{about}", reason=reason))
