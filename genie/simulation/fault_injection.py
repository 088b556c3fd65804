"""Trouble of one agent: what happens to a handling, drawn from the seed.

What strikes is drawn from the seed, the entry, the agent, and the run with the count of its handlings there. So leaving
out another entry or another run changes nothing, and the smallest failing scenario is found quickly.
"""

from __future__ import annotations

import datetime
import enum
import hashlib
import math
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import anyio
from pydantic import BaseModel

from genie.contracts.message import Payload, topic_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from genie.contracts.card import AgentCard
    from genie.contracts.context import Context
    from genie.simulation.schema import FaultSection

M = TypeVar("M", bound=BaseModel)

_BEFORE = ("raise", "hang", "slow")
"""Kinds that strike when a handling begins; the others change what comes out of it."""
_REWORDING = ("corrupt", "inject")
"""Kinds that leave a payload of the same class."""
_GARBAGE = "\N{REPLACEMENT CHARACTER}corrupted"


class SimulatedFailure(Exception):  # noqa: N818 - it is what an agent's own code might raise
    """What trouble of the kind ``raise`` raises."""


class Garbage(Payload, topic="simulation.garbage", classification="public"):
    """What trouble of the kind ``wrong_type`` puts in the place of an output."""


class RandomStreams:
    """Randomness of one agent: a fresh source for each handling of each run.

    Args:
        seed: Of the simulation, with whatever tells this use from others.
    """

    def __init__(self, seed: str) -> None:
        self._seed = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest())
        self._counts: dict[int, int] = {}

    def source(self, run: int) -> random.Random:
        """Return the source of the next handling for a run."""
        count = self._counts[run] = self._counts.get(run, 0) + 1
        return random.Random(self._seed + (run << 72) + (count << 128))  # noqa: S311 - repeatable on purpose


class Entry(NamedTuple):
    """One entry of the scenario, for one agent."""

    section: FaultSection
    draws: RandomStreams

    def strikes(self, now: float, run: int) -> random.Random | None:
        """Return a source for what it does, None when it is not its time or the seed says no."""
        section = self.section
        if now < section.start or (section.until is not None and now >= section.until):
            return None
        source = self.draws.source(run)
        return source if section.rate >= 1.0 or source.random() < section.rate else None


def _is_early(section: FaultSection) -> bool:
    """Return True for what strikes when a handling begins, late failures aside."""
    return section.kind in {*_BEFORE, "duplicate"} and not (section.kind == "raise" and section.late)


def meant(section: FaultSection, card: AgentCard) -> bool:
    """Return True where an entry can strike an agent."""
    if section.agent not in {None, card.id}:
        return False
    return section.topic is None or section.topic in aims(section, card)


def aims(section: FaultSection, card: AgentCard) -> tuple[str, ...]:
    """Return the topics with which an entry of this kind can strike an agent."""
    kinds: list[type[Payload]] = list(card.consumes)
    if not _is_early(section):
        kinds += card.produces
        kinds += () if section.kind == "raise" else card.publishes  # what was published does not count as an output
    if section.kind in _REWORDING:
        kinds += card.asks
    return tuple(sorted({topic_of(kind).name for kind in kinds}))


class FaultyContext:
    """A context whose handler's messages on the way pass through the trouble of its agent."""

    def __init__(self, context: Context, trouble: Trouble, payload: Payload, run: int) -> None:
        self._context = context
        self._trouble = trouble
        self._payload = payload
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def publish(self, payload: Payload, **how: Any) -> None:
        """Publish at once what is left of it."""
        for one in self._trouble.on_the_way(self._payload, payload, self._context, self._run):
            await self._context.publish(one, **how)

    def after(self, delay_s: float, payload: Payload, **how: Any) -> None:
        """Publish later what is left of it."""
        for one in self._trouble.on_the_way(self._payload, payload, self._context, self._run):
            self._context.after(delay_s, one, **how)

    async def ask(self, question: Payload, *rest: Any, **how: Any) -> Any:
        """Ask what is left of a question."""
        return await self._context.ask(self._asked(question), *rest, **how)

    async def gather(self, payload: Payload, **how: Any) -> Any:
        """Ask what is left of a question."""
        return await self._context.gather(self._asked(payload), **how)

    def _asked(self, question: Payload) -> Any:
        return self._trouble.asked(self._payload, question, self._context, self._run)


class Trouble:
    """Everything that goes wrong with one agent.

    Args:
        sections: The scenario's entries with their places in it.
        card: The agent's.
        seed: Of the simulation.
        now: Virtual seconds.
        happened: Kind and agent -> how often it struck.
    """

    def __init__(
        self,
        sections: Sequence[tuple[int, FaultSection]],
        card: AgentCard,
        seed: int,
        now: Callable[[], float],
        happened: Counter[str],
    ) -> None:
        self._now = now
        self._card = card
        self._happened = happened
        self._before: list[Entry] = []
        self._after: list[Entry] = []
        self._again: list[Entry] = []
        for place, section in sections:
            if not meant(section, card):
                continue
            entry = Entry(section, RandomStreams(f"{seed}/trouble/{place}/{card.id}"))
            if section.kind == "duplicate":
                self._again.append(entry)
            else:
                (self._before if _is_early(section) else self._after).append(entry)

    def __bool__(self) -> bool:
        return bool(self._before or self._after or self._again)

    def _struck(self, entry: Entry, topics: set[str], run: int) -> random.Random | None:
        section = entry.section
        source = entry.strikes(self._now(), run) if section.topic is None or section.topic in topics else None
        if source is not None:
            self._count(entry)
        return source

    def _count(self, entry: Entry) -> None:
        self._happened[f"{entry.section.kind} {self._card.id}"] += 1

    async def before(self, payload: Payload, run: int) -> int:
        """Let strike what strikes first; return how often the agent handles the message.

        Args:
            payload: What is handled.
            run: Number of its arrival.

        Raises:
            SimulatedFailure: The handling fails.
        """
        topics = {topic_of(payload).name}
        for entry in self._before:
            source = self._struck(entry, topics, run)
            if source is not None:
                if entry.section.kind == "raise":
                    raise SimulatedFailure
                if entry.section.kind == "hang":
                    await anyio.sleep_forever()
                await anyio.sleep(_drawn(entry, source))
        return 1 + sum(self._struck(entry, topics, run) is not None for entry in self._again)

    def after(self, payload: Payload, outputs: list[Any], context: Context | None, run: int) -> list[Any]:
        """Return what comes out instead of what the agent gave.

        Raises:
            SimulatedFailure: The handling fails after its work.
        """
        for entry in self._after:
            if entry.section.kind == "raise":
                topics = {topic_of(payload).name, *(topic_of(one).name for one in outputs if isinstance(one, Payload))}
                if self._struck(entry, topics, run) is not None:
                    raise SimulatedFailure
            else:
                outputs = self._meddled(entry, payload, outputs, context, run)
        return outputs

    def on_the_way(self, payload: Payload, output: Any, context: Context, run: int) -> list[Any]:
        """Return what is published instead of what a handler publishes before it returns."""
        outputs = [output]
        for entry in self._after:
            if entry.section.kind != "raise":
                outputs = self._meddled(entry, payload, outputs, context, run)
        return outputs

    def asked(self, payload: Payload, question: Any, context: Context, run: int) -> Any:
        """Return what a handler asks instead of its question: one of the same class, which says something else."""
        for entry in self._after:
            if entry.section.kind in _REWORDING:
                (question,) = self._meddled(entry, payload, [question], context, run)
        return question

    def _meddled(
        self, entry: Entry, payload: Payload, outputs: list[Any], context: Context | None, run: int
    ) -> list[Any]:
        """Return outputs as one entry leaves them."""
        aimed, taken = entry.section.topic, topic_of(payload).name
        hit = [isinstance(one, Payload) and (aimed is None or aimed in {taken, topic_of(one).name}) for one in outputs]
        source = entry.strikes(self._now(), run) if any(hit) else None
        if source is None:
            return outputs
        changed: list[Any] = []
        for one, is_hit in zip(outputs, hit, strict=True):
            changed += self._changed(entry, one, context, source) if is_hit else [one]
        if len(changed) != len(outputs) or any(one is not other for one, other in zip(changed, outputs, strict=True)):
            self._count(entry)
        return changed

    @staticmethod
    def _changed(entry: Entry, output: Payload, context: Context | None, source: random.Random) -> list[Any]:
        kind = entry.section.kind
        if kind == "drop":
            return []
        if kind == "flood":
            return [output] * (entry.section.times + 1)
        if kind == "wrong_type":
            return [Garbage()]
        if kind == "reorder" and context is not None:
            context.after(_drawn(entry, source), output)
            return []
        if kind == "inject":
            return [with_text(output, entry.section.text)]
        return [corrupted(output, source)] if kind == "corrupt" else [output]


def _drawn(entry: Entry, source: random.Random) -> float:
    takes = entry.section.takes
    return 0.0 if takes is None else takes.draw(source)


def with_text(value: M, text: str) -> M:
    """Return a payload with a text put before its first text, however deep; as it is where it has none."""
    for name in type(value).model_fields:
        changed = _replaced(value, name, _prefixed(getattr(value, name), text))
        if changed is not value:
            return changed
    return value


def _prefixed(value: object, text: str) -> object:
    if isinstance(value, enum.Enum):
        return value
    if isinstance(value, str):
        return f"{text} {value}".strip()
    if isinstance(value, BaseModel):
        return with_text(value, text)
    if isinstance(value, tuple):
        for place, part in enumerate(value):
            changed = _prefixed(part, text)
            if changed is not part:
                return (*value[:place], changed, *value[place + 1 :])
    return value


def corrupted(payload: M, source: random.Random) -> M:
    """Return a payload of the same class with one field that says something else; as it is where none can."""
    names = list(type(payload).model_fields)
    source.shuffle(names)
    for name in names:
        value = getattr(payload, name)
        changed = _replaced(payload, name, _other(value, source))
        if changed is not payload:
            return changed
    return payload


def _other(value: object, source: random.Random) -> object:
    """Return another value of the same kind; the same where none is known."""
    if isinstance(value, enum.Enum):
        return source.choice(list(type(value)))
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value[: source.randrange(len(value) + 1)]}{_GARBAGE}"
    if isinstance(value, int) or (isinstance(value, Decimal) and value.is_finite()):
        return value + source.choice((-1, 1)) * source.randrange(1, 1000)
    if isinstance(value, float) and math.isfinite(value):
        return value * source.uniform(-10, 10)
    if isinstance(value, datetime.date):  # and a moment, which is one
        return value.replace(day=1 + value.day % 28)
    if isinstance(value, tuple) and value:
        return value[1:]
    return corrupted(value, source) if isinstance(value, BaseModel) else value


def _replaced(payload: M, name: str, value: object) -> M:
    """Return the payload with another value; as it is where its class refuses that value, or it says the same."""
    values = {field: getattr(payload, field) for field in type(payload).model_fields}
    if value is values[name]:
        return payload
    try:
        changed = type(payload)(**{**values, name: value})
    except ValueError:  # pydantic's own is one
        return payload
    return payload if changed == payload else changed
