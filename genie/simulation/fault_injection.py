"""Fault injection: what happens to one agent's handlings, drawn from the seed.

A fault is drawn from the seed, the entry of the scenario, the agent, the run, and the count of the agent's handlings in
that run. So a run keeps its faults when other entries or other runs are left out, and shrinking works.
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
from genie.simulation.schema import OPERATIONS

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from genie.contracts.card import AgentCard
    from genie.contracts.context import Context
    from genie.simulation.schema import FaultSection

M = TypeVar("M", bound=BaseModel)

_BEFORE = ("raise", "hang", "slow")
"""Kinds that act at the start of a handling; the other kinds change its outputs."""
_SAME_CLASS = ("corrupt", "inject")
"""Kinds that replace a payload by another of the same class; questions to other agents are changed, too."""
_GARBAGE = "\N{REPLACEMENT CHARACTER}corrupted"


class SimulatedFailure(Exception):  # noqa: N818 - stands for any exception of an agent
    """The exception of the kind ``raise``."""


class Garbage(Payload, topic="simulation.garbage", classification="public"):
    """The output of the kind ``wrong_type``."""


class RandomStreams:
    """Random generators of one entry for one agent: a separate one for each handling of each run.

    Args:
        seed: The simulation's seed, with the use of the generators.
    """

    def __init__(self, seed: str) -> None:
        self._seed = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest())
        self._counts: dict[int, int] = {}

    def next(self, run: int) -> random.Random:
        """Return the generator for the next handling of a run."""
        count = self._counts[run] = self._counts.get(run, 0) + 1
        return random.Random(self._seed + (run << 72) + (count << 128))  # noqa: S311 - repeatable on purpose


class Fault(NamedTuple):
    """One entry of the scenario for one agent."""

    section: FaultSection
    streams: RandomStreams

    def draw(self, now: float, run: int) -> random.Random | None:
        """Return a generator if the fault occurs; None outside its time window, or by its rate."""
        section = self.section
        if now < section.start or (section.until is not None and now >= section.until):
            return None
        source = self.streams.next(run)
        return source if section.rate >= 1.0 or source.random() < section.rate else None


def _is_early(section: FaultSection) -> bool:
    """Return True for a fault at the start of a handling."""
    return section.kind in {*_BEFORE, "duplicate"} and not (section.kind == "raise" and section.late)


def applies_to(section: FaultSection, card: AgentCard) -> bool:
    """Return True if an entry can affect the handlings of an agent."""
    if section.kind in OPERATIONS or section.agent not in {None, card.id}:
        return False
    return section.topic is None or section.topic in possible_topics(section, card)


def possible_topics(section: FaultSection, card: AgentCard) -> tuple[str, ...]:
    """Return the topics with which an entry of this kind can affect an agent."""
    kinds: list[type[Payload]] = list(card.consumes)
    if not _is_early(section):
        kinds += card.produces
        kinds += () if section.kind == "raise" else card.publishes  # a published payload is not an output
    if section.kind in _SAME_CLASS:
        kinds += card.asks
    return tuple(sorted({topic_of(kind).name for kind in kinds}))


class FaultyContext:
    """A context that injects faults into the messages that its handler sends."""

    def __init__(self, context: Context, faults: FaultInjector, payload: Payload, run: int) -> None:
        self._context = context
        self._faults = faults
        self._payload = payload
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def publish(self, payload: Payload, **how: Any) -> None:
        """Publish the payload with its faults."""
        for one in self._faults.on_sent(self._payload, payload, self._context, self._run):
            await self._context.publish(one, **how)

    def after(self, delay_s: float, payload: Payload, **how: Any) -> None:
        """Publish the payload with its faults later."""
        for one in self._faults.on_sent(self._payload, payload, self._context, self._run):
            self._context.after(delay_s, one, **how)

    async def ask(self, question: Payload, *rest: Any, **how: Any) -> Any:
        """Ask the question with its faults."""
        return await self._context.ask(self._asked(question), *rest, **how)

    async def gather(self, payload: Payload, **how: Any) -> Any:
        """Ask the question with its faults."""
        return await self._context.gather(self._asked(payload), **how)

    def _asked(self, question: Payload) -> Any:
        return self._faults.on_asked(self._payload, question, self._context, self._run)


class FaultInjector:
    """The faults of one agent.

    Args:
        sections: The scenario's entries with their places.
        card: The agent's card.
        seed: The simulation's seed.
        now: Returns virtual seconds.
        injected: Counts faults by kind and agent.
    """

    def __init__(
        self,
        sections: Sequence[tuple[int, FaultSection]],
        card: AgentCard,
        seed: int,
        now: Callable[[], float],
        injected: Counter[str],
    ) -> None:
        self._now = now
        self._card = card
        self._injected = injected
        self._before: list[Fault] = []
        self._after: list[Fault] = []
        self._again: list[Fault] = []
        for place, section in sections:
            if not applies_to(section, card):
                continue
            fault = Fault(section, RandomStreams(f"{seed}/trouble/{place}/{card.id}"))
            if section.kind == "duplicate":
                self._again.append(fault)
            else:
                (self._before if _is_early(section) else self._after).append(fault)

    def __bool__(self) -> bool:
        return bool(self._before or self._after or self._again)

    def _occurs(self, fault: Fault, topics: set[str], run: int) -> random.Random | None:
        section = fault.section
        source = fault.draw(self._now(), run) if section.topic is None or section.topic in topics else None
        if source is not None:
            self._count(fault)
        return source

    def _count(self, fault: Fault) -> None:
        self._injected[f"{fault.section.kind} {self._card.id}"] += 1

    async def before(self, payload: Payload, run: int) -> int:
        """Inject the faults at the start of a handling; return how often the agent handles the message.

        Args:
            payload: The message's payload.
            run: Number of the arrival.

        Raises:
            SimulatedFailure: The handling fails.
        """
        topics = {topic_of(payload).name}
        for fault in self._before:
            source = self._occurs(fault, topics, run)
            if source is not None:
                if fault.section.kind == "raise":
                    raise SimulatedFailure
                if fault.section.kind == "hang":
                    await anyio.sleep_forever()
                await anyio.sleep(_drawn(fault, source))
        return 1 + sum(self._occurs(fault, topics, run) is not None for fault in self._again)

    def after(self, payload: Payload, outputs: list[Any], context: Context | None, run: int) -> list[Any]:
        """Return the outputs with their faults.

        Raises:
            SimulatedFailure: The handling fails after its work.
        """
        for fault in self._after:
            if fault.section.kind == "raise":
                topics = {topic_of(payload).name, *(topic_of(one).name for one in outputs if isinstance(one, Payload))}
                if self._occurs(fault, topics, run) is not None:
                    raise SimulatedFailure
            else:
                outputs = self._changed_by(fault, payload, outputs, context, run)
        return outputs

    def on_sent(self, payload: Payload, output: Any, context: Context, run: int) -> list[Any]:
        """Return the payloads to publish instead of one that a handler publishes before it returns."""
        outputs = [output]
        for fault in self._after:
            if fault.section.kind != "raise":
                outputs = self._changed_by(fault, payload, outputs, context, run)
        return outputs

    def on_asked(self, payload: Payload, question: Any, context: Context, run: int) -> Any:
        """Return the question to ask instead of a handler's question; its class is the same."""
        for fault in self._after:
            if fault.section.kind in _SAME_CLASS:
                (question,) = self._changed_by(fault, payload, [question], context, run)
        return question

    def _changed_by(
        self, fault: Fault, payload: Payload, outputs: list[Any], context: Context | None, run: int
    ) -> list[Any]:
        """Return outputs with the faults of one entry."""
        aimed, taken = fault.section.topic, topic_of(payload).name
        hit = [isinstance(one, Payload) and (aimed is None or aimed in {taken, topic_of(one).name}) for one in outputs]
        source = fault.draw(self._now(), run) if any(hit) else None
        if source is None:
            return outputs
        changed: list[Any] = []
        for one, is_hit in zip(outputs, hit, strict=True):
            changed += self._changed(fault, one, context, source) if is_hit else [one]
        if len(changed) != len(outputs) or any(one is not other for one, other in zip(changed, outputs, strict=True)):
            self._count(fault)
        return changed

    @staticmethod
    def _changed(fault: Fault, output: Payload, context: Context | None, source: random.Random) -> list[Any]:
        kind = fault.section.kind
        if kind == "drop":
            return []
        if kind == "flood":
            return [output] * (fault.section.times + 1)
        if kind == "wrong_type":
            return [Garbage()]
        if kind == "reorder" and context is not None:
            context.after(_drawn(fault, source), output)
            return []
        if kind == "inject":
            return [with_text(output, fault.section.text)]
        return [corrupted(output, source)] if kind == "corrupt" else [output]


def _drawn(fault: Fault, source: random.Random) -> float:
    takes = fault.section.takes
    return 0.0 if takes is None else takes.draw(source)


def with_text(value: M, text: str) -> M:
    """Return a payload with a text before its first text, at any depth; unchanged if it has no text."""
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
    """Return a well-formed payload of the same class with one other value; unchanged if no value can change."""
    names = list(type(payload).model_fields)
    source.shuffle(names)
    for name in names:
        value = getattr(payload, name)
        changed = _replaced(payload, name, _other(value, source))
        if changed is not payload:
            return changed
    return payload


def _other(value: object, source: random.Random) -> object:
    """Return another value of the same type; the same value for an unknown type."""
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
    if isinstance(value, datetime.date):  # a datetime is a date, too
        return value.replace(day=1 + value.day % 28)
    if isinstance(value, tuple) and value:
        return value[1:]
    return corrupted(value, source) if isinstance(value, BaseModel) else value


def _replaced(payload: M, name: str, value: object) -> M:
    """Return the payload with another value; unchanged if the class refuses the value."""
    values = {field: getattr(payload, field) for field in type(payload).model_fields}
    if value is values[name]:
        return payload
    try:
        changed = type(payload)(**{**values, name: value})
    except ValueError:  # a ValidationError is one
        return payload
    return payload if changed == payload else changed
