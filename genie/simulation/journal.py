"""The journal of a simulation: one line per record, hashed while it is written, with checks on the way.

A line contains names, never payload text. It carries a checksum of the payload, so two journals are equal only if all
payloads are equal.
"""

from __future__ import annotations

import functools
import hashlib
import json
import zlib
from collections import Counter, defaultdict
from typing import IO, TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_json

from genie.contracts.message import topic_of
from genie.simulation.record import TimelineEntry, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.ports.journal import JournalRecord

_BUFFERED = 512
_MAX_QUOTED = 10_000
MAX_VIOLATIONS = 50
"""Violations kept per invariant."""
MAX_TIMELINE = 400
"""Records kept per run for its timeline."""
_WITHHELD = "a simulation keeps no payloads; the seed can regenerate them"
_ASKER = "asker"
"""The bus records this recipient for an answer that ends without reaching its asker."""


class OpenRun:
    """The state kept for a run in flight."""

    __slots__ = ("labels", "number", "records", "state")

    def __init__(self, number: int, state: Any) -> None:
        self.number = number
        self.state = state
        """The bus's own state of the run."""
        self.labels: dict[int, int] = {}
        """Number of a message -> its declared label."""
        self.records: list[JournalRecord] = []

    def timeline(self) -> tuple[TimelineEntry, ...]:
        """Return the run's records without payloads."""
        return tuple(
            TimelineEntry(one.at, one.kind, one.message_id, one.topic, one.sender, one.recipient, one.reason,
                          None if one.message is None else one.message.causation_id)
            for one in self.records
        )  # fmt: skip

    def lines(self) -> tuple[dict[str, Any], ...]:
        """Return the run's records as the lines of a journal, without payloads."""
        return tuple(
            {
                "at": one.at, "kind": one.kind, "run_id": one.run_id, "message_id": one.message_id, "topic": one.topic,
                "sender": one.sender, "recipient": one.recipient, "reason": one.reason, "detail": dict(one.detail),
            } | ({} if one.message is None else {
                "causation_id": one.message.causation_id, "label": one.message.label.label, "withheld": _WITHHELD,
            })
            for one in self.records
        )  # fmt: skip


class SimulationJournal:
    """Writes the journal of one simulation and checks each record.

    Args:
        file: Receives the lines; they are hashed in any case.
        cards: Agent or caller -> its card.
        topics: Topics whose payloads are kept for invariants.
        most: Number of messages after which ``full`` is called.
        full: Stops the simulation.
        follow: Number of an arrival whose run is kept to the end.
    """

    def __init__(
        self,
        file: IO[str] | None,
        cards: Mapping[str, AgentCard],
        *,
        topics: Iterable[str] = (),
        most: int,
        full: Callable[[], None],
        follow: int | None = None,
    ) -> None:
        self._file = file
        self._follow = follow
        self._cards = cards
        self._hash = hashlib.sha256()
        self._buffer: list[str] = []
        self._quoted: dict[str, str] = {}
        self._most = most
        self._full = full
        self.messages = 0
        self.records = 0
        self.kinds: Counter[str] = Counter()
        self.answers_ended: Counter[str] = Counter()
        self.runs: dict[str, OpenRun] = {}
        self.numbers: dict[int, int] = {}
        """Number of a run in flight, as the bus counts -> number of its arrival."""
        self.opened: dict[int, OpenRun] = {}
        """Number of an arrival -> its run, until the caller has an outcome."""
        self.kept: dict[str, list[tuple[int, Payload]]] = {topic: [] for topic in topics}
        self.violations: list[Violation] = []
        self._violated: Counter[str] = Counter()
        self.followed: OpenRun | None = None
        """The run of the arrival that is followed."""
        self.on_held: Callable[[], None] | None = None
        """Called for each delivery that a policy holds."""
        self.number = 0
        """Number of the arrival that is being asked."""

    def add_violation(self, invariant: str, text: str, run: int | None = None) -> None:
        """Keep a violation, up to ``MAX_VIOLATIONS`` per invariant."""
        self._violated[invariant] += 1
        if self._violated[invariant] <= MAX_VIOLATIONS:
            self.violations.append(Violation(invariant, text, run))

    def record(self, entry: JournalRecord) -> None:
        """Write one record."""
        number, at, kind, run_id, message_id, topic, sender, recipient, reason, detail, message, _, _ = entry
        self.records = number
        self.kinds[kind] += 1
        if recipient == _ASKER:
            self.answers_ended[kind] += 1
        quoted = self._quoted
        head = (
            f'{{"n":{number},"at":{at!r},"kind":"{kind}","run":"{run_id}","message":"{message_id}","topic":"{topic}",'
            f'"sender":{quoted.get(sender) or self._quote(sender)}'
        )
        if message is not None:
            self.messages += 1
            head += (
                f',"cause":"{message.cause:x}","label":{message.label:d},"size":{message.inspection.size_bytes}'
                f',"crc":{checksum(message.payload)}'
            )
        if recipient is not None:
            head += f',"recipient":{quoted.get(recipient) or self._quote(recipient)}'
        if reason is not None:
            head += f',"reason":{quoted.get(reason) or self._quote(reason)}'
        if detail:
            head += f',"detail":{json.dumps(detail, sort_keys=True, default=str)}'
        self._buffer.append(head + "}\n")
        if len(self._buffer) >= _BUFFERED:
            self._flush()
        if kind == "held" and self.on_held is not None:
            self.on_held()
        run = self.runs.get(run_id)
        if message is not None:
            if run is None:
                run = self._open(run_id, message.scope.run)
            self._accepted(message, run, topic)
        if run is not None and len(run.records) < MAX_TIMELINE:
            run.records.append(entry)

    def _open(self, run_id: str, state: Any) -> OpenRun:
        """Keep the state of a run at its first message, before any handler runs."""
        state.seed = self.number  # the bus's own number of a run depends on other runs
        run = self.runs[run_id] = self.opened[self.number] = OpenRun(self.number, state)
        self.numbers[state.number] = self.number
        if self.number == self._follow:
            self.followed = run
        return run

    def reopen(self, runs: Iterable[Any]) -> None:
        """Runs continue in another process: their state there replaces the old one."""
        self.numbers.clear()
        for state in runs:
            run = self.runs.get(state.id)
            if run is not None:
                run.state, state.seed = state, run.number
                self.numbers[state.number] = run.number
                self.opened[run.number] = run

    def _accepted(self, message: Envelope[Any], run: OpenRun, topic: str) -> None:
        label = int(message.label)
        run.labels[message.number] = label
        before = run.labels.get(message.cause)
        if before is not None and label < before:
            card = self._cards.get(message.sender)
            if card is None or type(message.payload) not in card.declassifies:
                text = f"{message.sender} sent {topic} ({message.id}) labelled {message.label.label}, below its cause"
                self.add_violation("labels_never_fall", text, run.number)
        if label < topic_of(message.payload).classification:
            text = f"{message.sender} sent {topic} ({message.id}) labelled below the class's declared label"
            self.add_violation("labels_never_fall", text, run.number)
        if topic in self.kept:
            self.kept[topic].append((run.number, message.payload))
        if self.messages > self._most:
            self._full()

    def sweep(self) -> None:
        """Drop the state of all closed runs."""
        for run_id, run in tuple(self.runs.items()):
            if run.state.closed:
                self.forget(run_id)

    def forget(self, run_id: str) -> None:
        """Drop the state of a run."""
        run = self.runs.pop(run_id, None)
        if run is not None:
            self.numbers.pop(run.state.number, None)

    def _quote(self, text: str) -> str:
        if len(self._quoted) > _MAX_QUOTED:
            self._quoted.clear()
        found = self._quoted[text] = json.dumps(text)
        return found

    def _flush(self) -> None:
        text = "".join(self._buffer)
        self._buffer.clear()
        self._hash.update(text.encode())
        if self._file is not None:
            self._file.write(text)

    def close(self) -> str:
        """Write the buffered lines, and return the SHA-256 of all lines."""
        self._flush()
        return self._hash.hexdigest()


def checksum(payload: Payload) -> int:
    """Return a CRC-32 of a payload's content; 0 for a class whose fields have no order across processes."""
    if not _ordered(type(payload)):
        return 0
    try:
        return zlib.crc32(to_json(payload, inf_nan_mode="strings"))
    except PydanticSerializationError:  # bytes that are not UTF-8, such as a statement in Latin-1
        return zlib.crc32(to_json(payload.model_dump(), bytes_mode="base64", inf_nan_mode="strings"))


@functools.cache
def _ordered(kind: type[Payload]) -> bool:
    """Return True for a class without sets: a set's order depends on hashes, which differ between processes."""
    return "uniqueItems" not in json.dumps(kind.model_json_schema())


def by_invariant(violations: Iterable[Violation]) -> dict[str, list[Violation]]:
    """Return violations by the name of their invariant."""
    found: dict[str, list[Violation]] = defaultdict(list)
    for one in violations:
        found[one.invariant].append(one)
    return dict(found)
