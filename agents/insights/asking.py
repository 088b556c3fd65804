"""What a desk of the family has asked for: what came, what could not be said, and what is missing."""

from __future__ import annotations

from typing import TypeVar

from agents.contracts.insufficient import InsufficientData, MissingAnswer
from genie.message import Payload, topic_of
from genie.protocol import Context

P = TypeVar("P", bound=Payload)


class Asking:
    """Asks others on behalf of a desk; whatever does not come is kept with its reason."""

    def __init__(self, context: Context, *, within_s: float) -> None:
        self._context, self._within_s = context, within_s
        self.insufficient: list[InsufficientData] = []
        self.missing: list[MissingAnswer] = []

    async def ask(self, question: Payload, answer: type[P], *, may_lack: bool = True) -> P | None:
        """Return the answer, or None once why there is none has been kept.

        Args:
            question: What is asked.
            answer: What is expected.
            may_lack: Whoever answers may say instead that it has too little to go by.
        """
        expected = (answer, InsufficientData) if may_lack else (answer,)
        came = await self._context.gather(question, expect=expected, need=1, within_s=self._within_s)
        found = came.get(answer)
        lacking = came.get(InsufficientData) if may_lack else None
        if lacking is not None:
            self.insufficient.append(lacking)
            self.lost(answer, f"{lacking.agent} has too little to go by")
        elif found is None:
            name = topic_of(answer).name
            reasons = [one.reason for one in came.missing.values() if one.part == name]
            self.lost(answer, reasons[0] if reasons else "did not come")
        return found

    def lost(self, answer: type[Payload], reason: str) -> None:
        """Keep why there is no answer of a type."""
        self.missing.append(MissingAnswer(part=topic_of(answer).name, reason=reason))
