"""The base of all desks: asks other agents, records missing answers, and names the agent and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import anyio

from genie.contracts.context import Context
from genie.contracts.gather import Each, Expected, Gathered, Missing
from genie.contracts.message import Payload, topic_of
from genie_finance.contracts.insufficient import InsufficientData, Lack, MissingAnswer

P = TypeVar("P", bound=Payload)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a desk declares about the questions it asks.

    Args:
        id: Id of the desk's agent.
        asks: Question -> its possible answers; the agent's card declares the same.
        within_s: Seconds to wait for one answer.
        primaries: Question -> the agent that answers it, for questions that a fallback answers as well. An answer
            ``Each(InsufficientData)`` is then read from that agent alone.
    """

    id: str
    asks: Mapping[type[Payload], tuple[Expected, ...]]
    within_s: float
    primaries: Mapping[type[Payload], str] = field(default_factory=dict)

    def lacking(self, question: str, *missing: Lack) -> InsufficientData:
        """Return that the desk itself has too little data for a question, described in words."""
        return InsufficientData(agent=self.id, question=question, missing=missing)

    def open(self, context: Context) -> Asking:
        """Start one handling."""
        return Asking(self, context)


class Asking:
    """One handling of a desk: asks questions, and stores every answer and every gap."""

    def __init__(self, desk: Desk, context: Context) -> None:
        self._desk, self._context = desk, context
        self._answers: dict[type[Payload], Payload] = {}
        self._insufficient: list[InsufficientData] = []
        self._missing: list[MissingAnswer] = []

    @property
    def insufficient(self) -> tuple[InsufficientData, ...]:
        """Questions that were not answered because too little is known."""
        return tuple(self._insufficient)

    @property
    def missing(self) -> tuple[MissingAnswer, ...]:
        """Missing answers, each with the agent and the reason."""
        return tuple(self._missing)

    async def ask(
        self, question: Payload, answer: type[P], *, about: str = "", of_people: bool = False
    ) -> P | None:  # fmt: skip
        """Return the answer; if there is none, store the reason and return None.

        Args:
            question: The question. If it is ``InsufficientData``, it is stored and nothing is asked.
            answer: The required class of the answer.
            about: The subject, if several questions of one class are asked.
            of_people: A person decides: only the run and its holds limit the wait.
        """
        if isinstance(question, InsufficientData):
            self.lacks(question)
            return None
        kind = type(question)
        reply = await reply_to(
            self._context,
            question,
            self._desk.asks[kind],
            within_s=None if of_people else self._desk.within_s,
            primary=self._desk.primaries.get(kind),
        )
        if isinstance(reply, answer):
            self._answers[answer] = reply
            return reply
        if isinstance(reply, InsufficientData):
            self.lacks(reply)
        elif isinstance(reply, Missing):
            self.lost(answer, reply.reason, about=about, agent=reply.agent)
        else:
            self.lost(answer, f"{topic_of(type(reply)).name} came instead", about=about)
        return None

    async def ask_all(self, *questions: tuple[Payload | None, type[Payload]]) -> None:
        """Ask several questions concurrently and store the answers for ``get``; None is left out."""
        async with anyio.create_task_group() as tasks:
            for question, answer in questions:
                if question is not None:
                    tasks.start_soon(self.ask, question, answer)

    def get(self, answer: type[P]) -> P | None:
        """Return the last answer of a class, or None if there is none."""
        found = self._answers.get(answer)
        return found if isinstance(found, answer) else None

    def lacks(self, lack: InsufficientData) -> None:
        """Record that there is too little data for a question."""
        self._insufficient.append(lack)

    def lost(self, answer: type[Payload], reason: str, *, about: str = "", agent: str | None = None) -> None:
        """Record why an answer is missing.

        Args:
            answer: The class of the answer.
            reason: A named outcome, or why the question was not asked.
            about: The subject, where several questions of one class are asked.
            agent: The agent that should have answered; None if unknown.
        """
        name = topic_of(answer).name
        self._missing.append(MissingAnswer(part=f"{name}{about}", agent=agent or name, reason=reason))


async def reply_to(
    context: Context,
    question: Payload,
    expected: tuple[Expected, ...],
    *,
    within_s: float | None,
    primary: str | None = None,
) -> Payload | Missing:
    """Ask, and return the first answer of the expected classes, or why the first class is missing.

    Args:
        context: The context of the asking handling.
        question: The question.
        expected: The classes of answers, the required one first.
        within_s: Seconds to wait; None waits as long as the run lasts.
        primary: Whose answer of an ``Each`` counts.
    """
    each = [part for part in expected if isinstance(part, Each)]
    plain = [part for part in expected if not isinstance(part, Each)]
    came = await context.gather(question, expect=expected, need="all" if each else 1, within_s=within_s)
    found = [one for part in plain if (one := came.get(part)) is not None]
    if primary is not None:
        found += [came[part][primary] for part in each if primary in came[part]]
    if found:
        return found[0]
    gap = silence_of(came, plain[0])
    return gap if primary is None else gap._replace(agent=primary)


def silence_of(came: Gathered, answer: type[Payload]) -> Missing:
    """Return why an answer is missing."""
    name = topic_of(answer).name
    found = (one for one in came.missing.values() if one.part == name)
    return next(found, Missing(name, None, "did not arrive"))
