"""Trouble of one agent: what happens to a handling, drawn from the seed.

What strikes is drawn from the seed, the entry, the agent, and the run with the count of its handlings there. So leaving
out another entry or another run changes nothing, and the smallest failing scenario is found quickly.
"""

from __future__ import annotations

import hashlib
import math
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio

from genie.message import Payload, topic_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from genie.protocol import AgentCard, Context
    from genie.simulation.manifest import TroubleSection

_BEFORE = ("raise", "hang", "slow")
"""Kinds that strike when a handling begins; the others change what comes out of it."""
_GARBAGE = "\N{REPLACEMENT CHARACTER}corrupted"


class SimulatedFailure(Exception):  # noqa: N818 - it is what an agent's own code might raise
    """What trouble of the kind ``raise`` raises."""


class Garbage(Payload, topic="simulation.garbage", classification="public"):
    """What trouble of the kind ``wrong_type`` puts in the place of an output."""


class Draws:
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

    section: TroubleSection
    draws: Draws

    def strikes(self, now: float, run: int) -> random.Random | None:
        """Return a source for what it does, None when it is not its time or the seed says no."""
        section = self.section
        if now < section.start or (section.until is not None and now >= section.until):
            return None
        source = self.draws.source(run)
        return source if section.rate >= 1.0 or source.random() < section.rate else None


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
        sections: Sequence[tuple[int, TroubleSection]],
        card: AgentCard,
        seed: int,
        now: Callable[[], float],
        happened: Counter[str],
    ) -> None:
        self._now = now
        self._card = card
        self._happened = happened
        takes = {topic_of(kind).name for kind in card.consumes}
        gives = {topic_of(kind).name for kind in card.sends}
        self._before: list[Entry] = []
        self._after: list[Entry] = []
        self._again: list[Entry] = []
        for place, section in sections:
            if section.agent not in {None, card.id}:
                continue
            early = section.kind in {*_BEFORE, "duplicate"} and not (section.kind == "raise" and section.late)
            if section.topic is not None and section.topic not in (takes if early else takes | gives):
                continue
            entry = Entry(section, Draws(f"{seed}/trouble/{place}/{card.id}"))
            if section.kind == "duplicate":
                self._again.append(entry)
            else:
                (self._before if early else self._after).append(entry)

    def __bool__(self) -> bool:
        return bool(self._before or self._after or self._again)

    def _struck(self, entry: Entry, topics: set[str], run: int) -> random.Random | None:
        section = entry.section
        source = entry.strikes(self._now(), run) if section.topic is None or section.topic in topics else None
        if source is not None:
            self._happened[f"{section.kind} {self._card.id}"] += 1
        return source

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
            topics = {topic_of(payload).name, *(topic_of(one).name for one in outputs if isinstance(one, Payload))}
            source = self._struck(entry, topics, run)
            if source is None:
                continue
            if entry.section.kind == "raise":
                raise SimulatedFailure
            aimed = entry.section.topic
            changed: list[Any] = []
            for one in outputs:
                meant = aimed is None or aimed == topic_of(payload).name or topic_of(one).name == aimed
                changed += self._changed(entry, one, context, source) if meant else [one]
            outputs = changed
        return outputs

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
            return [_with_text(output, entry.section.text)]
        return [corrupted(output, source)] if kind == "corrupt" else [output]


def _drawn(entry: Entry, source: random.Random) -> float:
    takes = entry.section.takes
    return 0.0 if takes is None else takes.draw(source)


def _with_text(payload: Payload, text: str) -> Payload:
    """Return a payload with a text put before its first text; as it is where it has none."""
    for name in type(payload).model_fields:
        value = getattr(payload, name)
        if isinstance(value, str):
            return _replaced(payload, name, f"{text} {value}".strip())
    return payload


def corrupted(payload: Payload, source: random.Random) -> Payload:
    """Return a payload of the same class with one field that says something else; as it is where none can."""
    names = list(type(payload).model_fields)
    source.shuffle(names)
    for name in names:
        other = _other(getattr(payload, name), source)
        if other is not None:
            changed = _replaced(payload, name, other)
            if changed is not payload:
                return changed
    return payload


def _other(value: object, source: random.Random) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value[: source.randrange(len(value) + 1)]}{_GARBAGE}"
    if isinstance(value, int):
        return value + source.choice((-1, 1)) * source.randrange(1, 1000)
    if isinstance(value, float) and math.isfinite(value):
        return value * source.uniform(-10, 10)
    if isinstance(value, tuple) and value:
        return value[1:]
    return None


def _replaced(payload: Payload, name: str, value: object) -> Payload:
    """Return the payload with another value; as it is where its class refuses that value."""
    values = {field: getattr(payload, field) for field in type(payload).model_fields}
    try:
        return type(payload)(**{**values, name: value})
    except ValueError:  # pydantic's own is one
        return payload
