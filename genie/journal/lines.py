"""Records of a log as lines of JSON: the frequent ones are written straight as text, from parts that stay the same.

A dict of each, written by a serialiser, costs three times as much (benchmarks.durability). Everything that came from
outside is quoted: a line is one JSON object whatever a payload, a name or a header holds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from json.encoder import encode_basestring as quoted
from typing import TYPE_CHECKING, TypeVar, overload

from pydantic_core import from_json, to_json

from genie.contracts.classification import Classification
from genie.journal.facts import caller_record, kind_name, payload_text
from genie.journal.faithful import ABSENT, faithful_text, writer_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from genie.bus.routes import Route
    from genie.contracts.card import Caller
    from genie.contracts.gather import Each
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.accounting import RunState, Scope
    from genie.inflight.gather import Gather

K = TypeVar("K")
V = TypeVar("V")
_MOST = 256
"""Entries of a cache of parts of lines."""
_HEADERS: dict[int, tuple[Headers, str]] = {}
"""Headers, by their identity, as text: messages of a run share them."""
_CALLERS: dict[int, tuple[Caller, str]] = {}
_EXPECTED: dict[tuple[object, ...], tuple[Mapping[type[Payload], Each[Payload]], str]] = {}
"""What gathers of one form expect, by the identity of what they share and the classes that may come."""
_LABELS = {label: quoted(label.label) for label in Classification}
_GIVEN = ("number", "scope", "run")
"""Fields that hold numbers which must not be given again."""


class Told(Sequence["LogRecord"]):
    """Records as lines, with what a log looks up in them; read as a sequence, they are values.

    Args:
        lines: The records.
        opened: Runs that begin in them.
        closed: Runs that end in them.
        highest: Highest number of a run, a message or a scope in them, at least.
    """

    __slots__ = ("closed", "highest", "lines", "opened")

    def __init__(self, lines: list[str], opened: list[int], closed: list[int], highest: int) -> None:
        self.lines = lines
        self.opened = opened
        self.closed = closed
        self.highest = highest

    @classmethod
    def of(cls, records: Sequence[LogRecord]) -> Told:
        """Return records as lines; the same object where they are lines."""
        if isinstance(records, cls):
            return records
        lines = [line_of(record) for record in records]
        return cls(lines, *followed(records))

    def __len__(self) -> int:
        return len(self.lines)

    @overload
    def __getitem__(self, place: int) -> LogRecord: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[LogRecord]: ...
    def __getitem__(self, place: int | slice) -> LogRecord | Sequence[LogRecord]:
        if isinstance(place, slice):
            return [record_of(line) for line in self.lines[place]]
        return record_of(self.lines[place])


def followed(records: Iterable[LogRecord]) -> tuple[list[int], list[int], int]:
    """Return the runs that begin in records, those that end in them, and the highest number given."""
    opened: list[int] = []
    closed: list[int] = []
    highest = 0
    for record in records:
        kind = record["kind"]
        if kind == "ended":
            continue  # the most frequent record, which gives no number
        if kind == "run":
            opened.append(record["run"])
        elif kind == "closed":
            closed.append(record["run"])
            continue
        for name in _GIVEN:
            given = record.get(name)
            if given is not None and given > highest:
                highest = given
    return opened, closed, highest


# --- any record ---


def line_of(record: object) -> str:
    """Return a record, or a part of one, as a line."""
    try:
        return to_json(record, inf_nan_mode="constants").decode()
    except ValueError:  # half of a surrogate pair: the standard library writes it as an escape
        return json.dumps(record, separators=(",", ":"))


def record_of(line: str) -> LogRecord:
    """Return the record of a line."""
    try:
        record: LogRecord = from_json(line)
    except ValueError:  # half of a surrogate pair
        record = json.loads(line)
    return record


def text_of(lines: Sequence[str]) -> bytes:
    """Return lines as one JSON array."""
    try:
        return f"[{','.join(lines)}]".encode()
    except UnicodeEncodeError:  # half of a surrogate pair: an escape stands for it
        return json.dumps([json.loads(line) for line in lines], separators=(",", ":")).encode()


# --- the frequent ones ---


def run_line(run: RunState, offset: float) -> str:
    """Return the record of a run that begins; ``offset`` is that of wall time to the loop's clock."""
    caller, deadline = run.asker.caller, run.deadline
    due = "null" if deadline == math.inf else _moment(offset + deadline)
    said = "null" if caller is None else _caller(caller)
    started = _moment(offset + run.started)
    return f'{{"kind":"run","run":{run.number},"caller":{said},"started":{started},"deadline":{due}}}'


def _moment(seconds: float) -> str:
    """Return seconds to the microsecond; the digits of a float cost three times as much."""
    return f"{int(seconds * 1e6)}e-6"


def closed_line(run: int) -> str:
    """Return the record of a run that is at rest."""
    return f'{{"kind":"closed","run":{run}}}'


def scope_line(scope: Scope) -> str:
    """Return the record of a scope, with what its asker expects."""
    parent, owner = scope.parent, scope.owner
    above = "null" if parent is None else parent.number
    by = "null" if owner is None else quoted(owner.id)
    head = f'{{"kind":"scope","run":{scope.run.number},"scope":{scope.number},"parent":{above},"owner":{by},'
    gather: Gather | None = scope.gather
    return head + ('"expect":null,"need":null,"asked":null}' if gather is None else _expected(gather))


def head_of(scope: Scope) -> str:
    """Return how the records of a scope's messages begin."""
    return f'{{"kind":"message","run":{scope.run.number},"scope":{scope.number},"number":'


class Tail:
    """How the records of a payload class end, as long as its route, its label and its headers stay the same.

    Args:
        kind: The payload class.
        agents: To whom a message goes that names nobody.
        route: Its route, which is another one when agents come or go.
    """

    __slots__ = ("_end", "_headers", "_label", "_plan", "_start", "_topic", "_write", "route")

    def __init__(self, kind: type[Payload], agents: Iterable[str], route: Route | None = None) -> None:
        self.route = route
        self._write = writer_of(kind)
        self._topic = quoted(kind_name(kind))
        self._plan = f'"to":null,"plan":{listed(agents)}}}'
        self._headers: Headers | None = None
        self._label: Classification | None = None
        self._start = self._end = ""

    def line(self, message: Envelope[Payload], head: str, us: int, *, edit: bool = False) -> str:
        """Return the record of a message.

        Args:
            message: The message.
            head: What ``head_of`` returns for its scope.
            us: Microseconds since its run began.
            edit: It replaces the payload of a delivery, and goes nowhere else.

        Raises:
            NotKeptError: Its payload does not survive being written.
        """
        payload, to, write = message.payload, message.recipient, self._write
        if write is not None and getattr(payload, "_validated", False):  # ``faithful_text`` by hand: a call costs
            try:
                text = write(payload, warnings=False).decode()
            except ValueError:
                text = ABSENT
            if ABSENT in text:
                text = payload_text(payload)
        else:
            text = faithful_text(payload) or payload_text(payload)
        if message.headers is not self._headers or message.label is not self._label:
            self._renew(message.headers, message.label)
        end = self._end if to is None and not edit else self._directed(to, edit=edit)
        return (
            f'{head}{message.number},"us":{us},"cause":{message.cause},"hops":{message.hops},"sender":{quoted(message.sender)},'
            f'"payload":{quoted(text)}{end}'
        )

    def _renew(self, headers: Headers, label: Classification) -> None:
        known = _HEADERS.get(id(headers))
        if known is None or known[0] is not headers:
            known = _kept(_HEADERS, id(headers), headers, line_of(headers.record()))
        self._headers, self._label = headers, label
        self._start = f',"topic":{self._topic},"label":{_LABELS[label]},"headers":{known[1]},'
        self._end = self._start + self._plan

    def _directed(self, to: str | None, *, edit: bool) -> str:
        name = "null" if to is None else quoted(to)
        plan = '[],"edit":true' if edit else f"[{name}]"
        return f'{self._start}"to":{name},"plan":{plan}}}'


def ended_line(run: int, delivery: str, outcome: str, code: str, more: Mapping[str, object]) -> str:
    """Return the record of a delivery's outcome; ``more`` has at least the draws of its agent."""
    return (
        f'{{"kind":"ended","run":{run},"delivery":{quoted(delivery)},"outcome":"{outcome}","code":{quoted(code)},'
        f"{line_of(more)[1:]}"
    )


def handled_line(run: int, delivery: str, us: int, took: int) -> str:
    """Return the record of a delivery that was handled; its agent drew no randomness in the run."""
    return (
        f'{{"kind":"ended","run":{run},"delivery":{quoted(delivery)},"outcome":"handled","code":"","drawn":{{}},'
        f'"us":{us},"took":{took}}}'
    )


# --- parts of them ---


def listed(names: Iterable[str]) -> str:
    """Return names as a JSON array."""
    return f"[{','.join(map(quoted, names))}]"


def _caller(caller: Caller) -> str:
    known = _CALLERS.get(id(caller))
    if known is None or known[0] is not caller:
        known = _kept(_CALLERS, id(caller), caller, line_of(caller_record(caller)))
    return known[1]


def _expected(gather: Gather) -> str:
    key = (id(gather.each), *gather.kinds)
    known = _EXPECTED.get(key)
    if known is None or known[0] is not gather.each:
        parts = ",".join(_part(gather, kind) for kind in gather.kinds)
        asked = "null" if gather.asked is None else quoted(kind_name(gather.asked))
        known = _kept(_EXPECTED, key, gather.each, f'"expect":[{parts}],"need":{gather.need},"asked":{asked}}}')
    return known[1]


def _part(gather: Gather, kind: type[Payload]) -> str:
    each = gather.each.get(kind)
    name = quoted(kind_name(kind))
    if each is None:
        return f'{{"topic":{name},"each":false}}'
    of = "null" if each.of is None else quoted(kind_name(each.of))
    return f'{{"topic":{name},"each":true,"of":{of},"members":{listed(gather.kinds[kind])}}}'


def _kept(cache: dict[K, tuple[V, str]], key: K, value: V, text: str) -> tuple[V, str]:
    """Keep a text with what it says, whose identity is its key as long as it is kept."""
    if len(cache) >= _MOST:
        cache.clear()
    cache[key] = found = (value, text)
    return found
