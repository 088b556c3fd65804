"""The journal of a simulation: every record a line, hashed as it is written, and watched on its way.

A line names and never quotes. In place of a payload it carries a checksum of its content, so that two journals are
equal only where every message said the same.
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
from genie.simulation.record import Line, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from genie.contracts.card import AgentCard
    from genie.contracts.message import Message, Payload
    from genie.contracts.ports.journal import JournalRecord

_BUFFERED = 512
MAX_VIOLATIONS = 50
"""Breaches of one invariant that are kept by name."""
MAX_TIMELINE = 400
"""Records of one run that are kept for its timeline."""


class OpenRun:
    """What is remembered of a run while it is in flight."""

    __slots__ = ("labels", "number", "records", "state")

    def __init__(self, number: int, state: Any) -> None:
        self.number = number
        self.state = state
        """The bus's own account of it."""
        self.labels: dict[int, int] = {}
        """Number of a message -> its declared label."""
        self.records: list[JournalRecord] = []

    def timeline(self) -> tuple[Line, ...]:
        """Return what happened, without payloads."""
        return tuple(
            Line(one.at, one.kind, one.message_id, one.topic, one.sender, one.recipient, one.reason,
                 None if one.message is None else one.message.causation_id)
            for one in self.records
        )  # fmt: skip


class SimulationJournal:
    """Writes the journal of one simulation and looks at what passes.

    Args:
        file: Where the lines go besides the hash.
        cards: Agent or caller -> its card.
        topics: Topics whose payloads are kept for invariants.
        most: Messages after which ``full`` is called.
        full: Breaks the simulation off.
    """

    def __init__(
        self,
        file: IO[str] | None,
        cards: Mapping[str, AgentCard],
        *,
        topics: Iterable[str] = (),
        most: int,
        full: Callable[[], None],
    ) -> None:
        self._file = file
        self._cards = cards
        self._hash = hashlib.sha256()
        self._buffer: list[str] = []
        self._quoted: dict[str, str] = {}
        self._most = most
        self._full = full
        self.messages = 0
        self.records = 0
        self.kinds: Counter[str] = Counter()
        self.runs: dict[str, OpenRun] = {}
        self.numbers: dict[int, int] = {}
        """The bus's number of a run in flight -> number of its arrival."""
        self.opened: dict[int, OpenRun] = {}
        """Number of an arrival -> its run, until the caller has an outcome."""
        self.kept: dict[str, list[tuple[int, Payload]]] = {topic: [] for topic in topics}
        self.violations: list[Violation] = []
        self._breached: Counter[str] = Counter()
        self.on_held: Callable[[], None] | None = None
        """Told when a delivery was held."""
        self.number = 0
        """Of the arrival that is being asked."""

    def breach(self, invariant: str, text: str, run: int | None = None) -> None:
        """Note something that must not be."""
        self._breached[invariant] += 1
        if self._breached[invariant] <= MAX_VIOLATIONS:
            self.violations.append(Violation(invariant, text, run))

    def record(self, entry: JournalRecord) -> None:
        """Write one record."""
        number, at, kind, run_id, message_id, topic, sender, recipient, reason, detail, message = entry
        self.records = number
        self.kinds[kind] += 1
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
                run = self.runs[run_id] = OpenRun(self.number, message.scope.run)
                self.opened[self.number] = run
                self.numbers[run.state.number] = self.number
            self._accepted(message, run, topic)
        if run is not None and len(run.records) < MAX_TIMELINE:
            run.records.append(entry)

    def _accepted(self, message: Message[Any], run: OpenRun, topic: str) -> None:
        label = int(message.label)
        run.labels[message.number] = label
        before = run.labels.get(message.cause)
        if before is not None and label < before:
            card = self._cards.get(message.sender)
            if card is None or type(message.payload) not in card.declassifies:
                text = f"{message.sender} sent {topic} ({message.id}) labelled {message.label.label}, below its cause"
                self.breach("labels_never_fall", text, run.number)
        if label < topic_of(message.payload).classification:
            text = f"{message.sender} sent {topic} ({message.id}) labelled below what its class declares"
            self.breach("labels_never_fall", text, run.number)
        if topic in self.kept:
            self.kept[topic].append((run.number, message.payload))
        if self.messages > self._most:
            self._full()

    def sweep(self) -> None:
        """Forget the runs that are over."""
        for run_id, run in tuple(self.runs.items()):
            if run.state.closed:
                self.forget(run_id)

    def forget(self, run_id: str) -> None:
        """Forget a run."""
        run = self.runs.pop(run_id, None)
        if run is not None:
            self.numbers.pop(run.state.number, None)

    def _quote(self, text: str) -> str:
        if len(self._quoted) > 10_000:
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
        """Write what is left, and return the SHA-256 of all lines."""
        self._flush()
        return self._hash.hexdigest()


def checksum(payload: Payload) -> int:
    """Return a CRC-32 of what a payload says; 0 where its fields have no order that every process shares."""
    if not _ordered(type(payload)):
        return 0
    try:
        return zlib.crc32(to_json(payload, inf_nan_mode="strings"))
    except PydanticSerializationError:  # bytes that are no UTF-8, such as a statement in Latin-1
        return zlib.crc32(to_json(payload.model_dump(), bytes_mode="base64", inf_nan_mode="strings"))


@functools.cache
def _ordered(kind: type[Payload]) -> bool:
    """Return True for a class without sets: theirs is the order of hashes, which differ from process to process."""
    return "uniqueItems" not in json.dumps(kind.model_json_schema())


def grouped(violations: Iterable[Violation]) -> dict[str, list[Violation]]:
    """Return violations by invariant."""
    found: dict[str, list[Violation]] = defaultdict(list)
    for one in violations:
        found[one.invariant].append(one)
    return dict(found)
