"""The log of one run, in the order that a replay needs."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from genie.replay.errors import NotReplayableError

if TYPE_CHECKING:
    from genie.contracts.ports.journal import LogRecord
    from genie.journal.past import PastRun

T = TypeVar("T")
APART_S = 1e-9
"""Seconds added between records of the same microsecond, to keep their order."""


class Alike(Generic[T]):
    """Items of one kind, each with a text: taken by text if one matches, else in order."""

    __slots__ = ("_by_text", "_next", "_things")

    def __init__(self) -> None:
        self._things: list[tuple[str, T] | None] = []
        """The items; taken ones are None."""
        self._next = 0
        self._by_text: dict[str, deque[int]] | None = None
        """Text -> positions; built once items are taken out of order."""

    def add(self, text: str, thing: T) -> None:
        """Append an item; all are appended before the first is taken."""
        self._things.append((text, thing))

    def take(self, text: str) -> T | None:
        """Return the next item with a text, or else the next one; None if none is left."""
        things = self._things
        while self._next < len(things) and things[self._next] is None:
            self._next += 1
        if self._next == len(things):
            return None
        place, first = self._next, things[self._next]
        if first is not None and first[0] != text:
            place = self._place_of(text, place)
        found, things[place] = things[place], None
        return None if found is None else found[1]

    def _place_of(self, text: str, otherwise: int) -> int:
        """Return the position of the next item with a text."""
        if self._by_text is None:
            self._by_text = defaultdict(deque)
            for place, one in enumerate(self._things):
                if one is not None:
                    self._by_text[one[0]].append(place)
        places = self._by_text.get(text)
        while places:
            place = places.popleft()
            if self._things[place] is not None:
                return place
        return otherwise


@dataclass(slots=True)
class Step:
    """One recorded delivery."""

    delivery: str
    message: int
    agent: str
    end: LogRecord | None = None
    """Its outcome; None if it is open."""
    at: float = 0.0
    """Its end, in seconds since the start of the run."""
    outputs: list[LogRecord] = field(default_factory=list)
    """Messages that its handler sent, without its questions."""
    questions: list[tuple[float, LogRecord, LogRecord]] = field(default_factory=list)
    """Time, message and opened scope of each question."""

    def asked(self) -> dict[str, Alike[float]]:
        """Return the times of its handler's questions, by topic."""
        found: dict[str, Alike[float]] = defaultdict(Alike)
        for at, question, _ in self.questions:
            found[question["topic"]].add(question["payload"], at)
        return found


class Recorded:
    """A run, ready to be replayed.

    Raises:
        NotReplayableError: The log does not contain everything that the replay needs.
    """

    def __init__(self, run: PastRun) -> None:
        if run.unread or run.left_out:
            raise NotReplayableError(run_id=run.id, why=run.unread or "too_long")
        self.run = run
        self.instants: list[float] = []
        """Time of each record, in seconds since the start of the run; no two are equal."""
        self.messages: dict[int, tuple[float, LogRecord]] = {}
        self.steps: dict[tuple[int, str], Step] = {}
        """(message, agent) -> its delivery; for a fallback, the last one."""
        self.by_cause: dict[tuple[int, str, str], Alike[int]] = defaultdict(Alike)
        """(cause, sender, topic) -> message numbers."""
        self.verdicts: dict[tuple[int, str], LogRecord] = {}
        self.effects: dict[tuple[str, str], LogRecord] = {}
        self.decisions: list[tuple[float, str, LogRecord]] = []
        """Decisions of people: time, delivery or answer, and verdict."""
        self._scopes: dict[int, LogRecord] = {}
        self._opened: set[int] = set()
        self._read()
        found = next((one for _, one in self.messages.values() if one["cause"] == 0), None)
        if found is None:
            raise NotReplayableError(run_id=run.id, why="no_message")
        self.first = found

    @property
    def last(self) -> float:
        """Return the time of the last record."""
        return self.instants[-1]

    def numbers(self) -> list[int]:
        """Return the message numbers after the first message, in order."""
        found = {*self.messages, *self._scopes}
        for record in self.run.of("hold"):
            found.add(int(record["id"].split("-")[1], 16))
        return sorted(number for number in found if number > self.first["number"])

    def gates(self) -> list[float]:
        """Return the times of questions, messages and ends, the latest first; the replay keeps this order.

        Outputs at the end of a handling have no separate time, nor have ends by policies.
        """
        found: list[tuple[float, Step, bool]] = []
        for step in self.steps.values():
            found += [(at, step, True) for at, _, _ in step.questions]
            found += [(self.messages[one["number"]][0], step, False) for one in step.outputs]
            if step.end is not None and not by_policy(step.end):
                found.append((step.at, step, True))
        found.sort(key=lambda one: one[0], reverse=True)
        gates: list[float] = []
        after: Step | None = None
        for at, step, own in found:
            if own or step is not after:
                gates.append(at)
                after = step
        return gates

    def prefix(self) -> list[LogRecord]:
        """Return the log as it was when the first message was sent."""
        run = self.run
        scope = self._scopes.get(self.first["scope"])
        opening: list[LogRecord] = [{"kind": "runtime", "prefix": run.prefix, "seed": run.seed}, run.record]
        return [*opening, *([] if scope is None else [scope]), self.first]

    def _read(self) -> None:
        before = -APART_S
        held: set[str] = set()
        for record in self.run.records:
            before = max(record.get("us", 0) / 1e6, before + APART_S)
            self.instants.append(before)
            kind = record["kind"]
            if kind == "scope":
                self._scopes[record["scope"]] = record
            elif kind == "message":
                self._message(record, before)
            elif kind == "delivery":
                self._step(record["message"], record["agent"], record["delivery"])
            elif kind == "verdict":
                self.verdicts.setdefault((record["message"], record["agent"]), record)
            elif kind == "effect":
                self.effects[record["agent"], record["key"]] = record
            elif kind == "hold":
                held.add(record["place"])
            elif kind == "decided":
                self.decisions.append((before, record["place"], record))
            elif kind == "ended":
                self._ended(record, before)
                if record["delivery"] in held and record["outcome"] == "denied":
                    self.decisions.append((before, record["delivery"], record))

    def _message(self, record: LogRecord, at: float) -> None:
        number, cause, sender = record["number"], record["cause"], record["sender"]
        if number in self.messages:
            return  # an approver replaced its payload
        self.messages[number] = (at, record)
        self.by_cause[cause, sender, record["topic"]].add(record["payload"], number)
        for agent in record["plan"]:
            self._step(number, agent, f"{self.run.prefix}-{number:x}@{agent}")
        scope = self._scopes.get(record["scope"])
        asks = scope is not None and scope["owner"] is not None and record["scope"] not in self._opened
        self._opened.add(record["scope"])
        step = self.steps.get((cause, sender))
        if step is None:
            return  # of a caller, or of a join
        if asks and scope is not None:
            step.questions.append((at, record, scope))
        else:
            step.outputs.append(record)

    def _step(self, message: int, agent: str, delivery: str) -> None:
        self.steps[message, agent] = Step(delivery, message, agent)

    def _ended(self, record: LogRecord, at: float) -> None:
        name, _, rest = record["delivery"].partition("@")
        step = self.steps.get((int(name.rpartition("-")[2], 16), rest.partition("<")[0]))
        if step is not None and step.end is None:
            step.end, step.at = record, at


def by_policy(end: LogRecord) -> bool:
    """Return whether a delivery was denied by a policy; policies judge again in a replay."""
    return end["outcome"] == "denied" and ":" in end["code"]
