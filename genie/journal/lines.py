"""Records of a log as lines: frequent records are formatted directly as text, and their common parts have numbers.

Serialising a dict for each record costs three times as much, and compressing repeated parts takes half of the time of
compression (benchmarks.durability). Text from outside is quoted, and a payload is JSON from a serialiser, so neither
contains a line break or a tab.

A line is one of these:

- ``{"kind":…}``: a record;
- ``{"shared":NUMBER,…}``: a common part, to which lines of the same batch refer by that number;
- ``[KIND,RUN,…]``: a record of a frequent kind, see ``_WHOLE``; its payload follows after a tab.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring as quoted
from typing import TYPE_CHECKING, Any, TypeVar, overload

from pydantic_core import from_json, to_json

from genie.journal.facts import MOST_CHARACTERS, caller_record, kind_name, payload_text
from genie.journal.faithful import ABSENT, writer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from genie.contracts.card import Caller
    from genie.contracts.classification import Classification
    from genie.contracts.gather import Each
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.accounting import RunState, Scope
    from genie.inflight.gather import Gather
    from genie.inflight.interceptors import Planned

K = TypeVar("K")
V = TypeVar("V")
_MOST = 256
"""Maximum number of entries of a cache of common parts."""
_NUMBERS = itertools.count(1)
_BATCHES = itertools.count(1)
_GIVEN = ("number", "scope", "run")
"""Fields with numbers that must not be used again."""


class Part:
    """A part that many lines share, written once in each batch.

    Args:
        fields: Of its JSON object, as text.
    """

    __slots__ = ("batch", "line", "number")

    def __init__(self, fields: str) -> None:
        self.number = str(next(_NUMBERS))
        self.line = f'{{"shared":{self.number},{fields}}}'
        self.batch = 0
        """The latest batch that contains it."""


class Shared:
    """What the lines of one batch share."""

    __slots__ = ("batch", "lines")

    def __init__(self) -> None:
        self.batch = next(_BATCHES)
        self.lines: list[str] = []

    def add(self, part: Part) -> str:
        """Add a part if it is not there yet, and return its number."""
        if part.batch != self.batch:
            part.batch = self.batch
            self.lines.append(part.line)
        return part.number


class RecordLines(Sequence["LogRecord"]):
    """Records as lines, with the data that a log looks up; as a sequence, they are plain values.

    Args:
        lines: The records.
        opened: Runs that begin in them.
        closed: Runs that end in them.
        highest: Highest number of a run, a message or a scope in them, at least.
        shared: What lines share; not records themselves.
    """

    __slots__ = ("closed", "highest", "lines", "opened", "shared")

    def __init__(
        self, lines: list[str], opened: list[int], closed: list[int], highest: int, shared: Sequence[str] = ()
    ) -> None:
        self.lines = lines
        self.opened = opened
        self.closed = closed
        self.highest = highest
        self.shared = shared

    @classmethod
    def of_all(cls, batches: Sequence[Sequence[LogRecord]]) -> RecordLines:
        """Merge batches into one, as lines; return the same object if it is the only one and consists of lines."""
        if len(batches) == 1 and type(batches[0]) is cls:
            return batches[0]
        shared: list[str] = []
        all_ = cls([], [], [], 0, shared)
        told = all_.lines
        for records in batches:
            if type(records) is cls:
                all_._follow(records.opened, records.closed, records.highest)
                told += records.lines
                shared += records.shared
            else:
                all_._follow(*followed(records))
                told += map(line_of, records)
        return all_

    def _follow(self, opened: Sequence[int], closed: Sequence[int], highest: int) -> None:
        self.opened += opened
        self.closed += closed
        self.highest = max(self.highest, highest)

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[LogRecord]:
        return iter(records_of([*self.shared, *self.lines]))

    @overload
    def __getitem__(self, place: int) -> LogRecord: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[LogRecord]: ...
    def __getitem__(self, place: int | slice) -> LogRecord | Sequence[LogRecord]:
        return list(self)[place]


def followed(records: Iterable[LogRecord]) -> tuple[list[int], list[int], int]:
    """Return the runs that begin in records, those that end in them, and the highest number given."""
    opened: list[int] = []
    closed: list[int] = []
    highest = 0
    for record in records:
        kind = record["kind"]
        if kind == "ended":
            continue  # the most frequent record, which contains no new number
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


def records_of(lines: Sequence[str]) -> list[LogRecord]:
    """Return the records of lines, which include their common parts.

    Raises:
        ValueError, LookupError, TypeError: They are not lines of this form.
    """
    parts = [line.partition("\t") for line in lines]
    array = f"[{','.join([part[0] for part in parts])}]"
    try:
        found = from_json(array)
    except ValueError:  # half of a surrogate pair
        found = json.loads(array)
    shared: dict[int, Any] = {}
    records: list[LogRecord] = []
    for one, (_, _, payload) in zip(found, parts, strict=True):
        if type(one) is list:
            records.append(_WHOLE[one[0]](one, payload, shared))
        elif "shared" in one and "kind" not in one:
            shared[one["shared"]] = one
        else:
            records.append(one)
    return records


def text_of(lines: Sequence[str]) -> bytes:
    """Return lines as the content of a batch."""
    try:
        return "\n".join(lines).encode()
    except UnicodeEncodeError:  # half of a surrogate pair: written as an escape
        return "\n".join([json.dumps(one, separators=(",", ":")) for one in records_of(lines)]).encode()


# --- frequent records ---


def _closed(line: list[Any], _payload: str, _shared: Mapping[int, Any]) -> LogRecord:
    return {"kind": "closed", "run": line[1]}


def _message(line: list[Any], payload: str, shared: Mapping[int, Any]) -> LogRecord:
    _, run, scope, number, us, cause, hops, sender, route, headers, *to = line
    same = shared[route]
    return {
        "kind": "message", "run": run, "scope": scope, "number": number, "us": us, "cause": cause, "hops": hops,
        "sender": sender, "payload": payload, "topic": same["topic"], "label": same["label"],
        "headers": shared[headers]["headers"], "to": to[0] if to else None, "plan": to or same["plan"],
    }  # fmt: skip


def _handled(line: list[Any], _payload: str, shared: Mapping[int, Any]) -> LogRecord:
    _, run, message, us, took, by = line
    same = shared[by]
    return {
        "kind": "ended", "run": run, "delivery": f"{same['prefix']}-{message:x}@{same['agent']}", "outcome": "handled",
        "code": "", "drawn": {}, "us": us, "took": took,
    }  # fmt: skip


def _run(line: list[Any], _payload: str, shared: Mapping[int, Any]) -> LogRecord:
    _, run, started, deadline, caller = line
    said = None if caller is None else shared[caller]["caller"]
    return {"kind": "run", "run": run, "caller": said, "started": started, "deadline": deadline}


def _scope(line: list[Any], _payload: str, shared: Mapping[int, Any]) -> LogRecord:
    _, run, scope, parent, owner, expected = line
    same = {"expect": None, "need": None, "asked": None} if expected is None else shared[expected]
    return {
        "kind": "scope", "run": run, "scope": scope, "parent": parent, "owner": owner, "expect": same["expect"],
        "need": same["need"], "asked": same["asked"],
    }  # fmt: skip


_WHOLE: dict[int, Callable[[list[Any], str, Mapping[int, Any]], LogRecord]] = {
    0: _closed, 1: _message, 2: _handled, 3: _run, 4: _scope,
}  # fmt: skip
"""The records of lines that are arrays, by the first number of the line."""


def run_line(run: RunState, offset: float, shared: Shared) -> str:
    """Return the record of a run's start; ``offset`` is that of wall time to the loop's clock."""
    caller, deadline = run.asker.caller, run.deadline
    due = "null" if deadline == math.inf else _moment(offset + deadline)
    said = "null" if caller is None else shared.add(_caller(caller))
    return f"[3,{run.number},{_moment(offset + run.started)},{due},{said}]"


def _moment(seconds: float) -> str:
    """Return seconds rounded to microseconds; all digits of a float would cost three times as much."""
    return f"{int(seconds * 1e6)}e-6"


def scope_line(scope: Scope, shared: Shared) -> str:
    """Return the record of a scope, with its expectation."""
    parent, owner = scope.parent, scope.owner
    above = "null" if parent is None else parent.number
    by = "null" if owner is None else quoted(owner.id)
    expected = "null" if scope.gather is None else shared.add(_expected(scope.gather))
    return f"[4,{scope.run.number},{scope.number},{above},{by},{expected}]"


def head_of(scope: Scope) -> str:
    """Return the start of the records of a scope's messages."""
    return f"[1,{scope.run.number},{scope.number},"


class Tail:
    """The end of the records of a payload class, valid while its route, label and headers stay the same.

    Args:
        kind: The payload class.
        agents: Recipients of an undirected message.
        route: Its route, which is replaced when agents are added or removed.
    """

    __slots__ = ("_headers", "_label", "_plan", "_same", "_shown", "_topic", "_write", "route")

    def __init__(self, kind: type[Payload], agents: Iterable[str], route: Planned | None = None) -> None:
        self.route = route
        self._write = writer_of(kind)
        self._topic = quoted(kind_name(kind))
        self._plan = listed(agents)
        self._headers: Headers | None = None
        self._label: Classification | None = None
        self._same: Part
        self._shown: Part

    def line(self, message: Envelope[Payload], head: str, us: int, shared: Shared, *, edit: bool = False) -> str:
        """Return the record of a message.

        Args:
            message: The message.
            head: The result of ``head_of`` for its scope.
            us: Microseconds since its run began.
            shared: Common parts of the batch.
            edit: It replaces the payload of a delivery, and has no other recipient.

        Raises:
            NotKeptError: Its payload cannot be restored from its JSON.
        """
        payload, write = message.payload, self._write
        if write is not None and getattr(payload, "_validated", False):  # ``faithful_text`` by hand: a call costs
            try:
                text = write(payload, warnings=False).decode()
            except ValueError:
                text = ABSENT
            if ABSENT in text or len(text) > MOST_CHARACTERS:
                text = payload_text(payload)
        else:
            text = payload_text(payload)
        if edit or "\n" in text or "\t" in text:
            return _whole_line(message, text, us, self._plan, edit=edit)
        if message.headers is not self._headers or message.label is not self._label:
            self._renew(message.headers, message.label)
        same, shown, to = self._same, self._shown, message.recipient
        if same.batch != shared.batch:
            shared.add(same)
        if shown.batch != shared.batch:
            shared.add(shown)
        return (
            f"{head}{message.number},{us},{message.cause},{message.hops},{quoted(message.sender)},{same.number},"
            f"{shown.number}{'' if to is None else ',' + quoted(to)}]\t{text}"
        )

    def _renew(self, headers: Headers, label: Classification) -> None:
        self._headers, self._label, self._shown = headers, label, _headers(headers)
        self._same = _part(f'"topic":{self._topic},"label":{quoted(label.label)},"plan":{self._plan}')


def _whole_line(message: Envelope[Payload], text: str, us: int, plan: str, *, edit: bool) -> str:
    """Return the record of a rare kind of message."""
    to = message.recipient
    record = {
        "kind": "message", "run": message.scope.run.number, "scope": message.scope.number, "number": message.number,
        "us": us, "cause": message.cause, "hops": message.hops, "sender": message.sender, "payload": text,
        "topic": kind_name(type(message.payload)), "label": message.label.label, "headers": message.headers.record(),
        "to": to, "plan": [] if edit else json.loads(plan) if to is None else [to],
    }  # fmt: skip
    return line_of(record | {"edit": True} if edit else record)


def ended_line(run: int, delivery: str, outcome: str, code: str, more: Mapping[str, object]) -> str:
    """Return the record of a delivery's outcome; ``more`` includes at least the random draws of its agent."""
    return (
        f'{{"kind":"ended","run":{run},"delivery":{quoted(delivery)},"outcome":"{outcome}","code":{quoted(code)},'
        f"{line_of(more)[1:]}"
    )


# --- common parts ---


class Handlers(dict[str, Part]):
    """Common parts of the records of deliveries to an agent, by agent.

    Args:
        prefix: Prefix of the log's ids.
    """

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = quoted(prefix)

    def __missing__(self, agent: str) -> Part:
        return _kept(self, agent, Part(f'"prefix":{self._prefix},"agent":{quoted(agent)}'))


def listed(names: Iterable[str]) -> str:
    """Return names as a JSON array."""
    return f"[{','.join(map(quoted, names))}]"


_PARTS: dict[str, Part] = {}
_HEADERS: dict[int, tuple[Headers, Part]] = {}
"""Headers by identity: messages of a run share them."""
_CALLERS: dict[int, tuple[Caller, Part]] = {}
_EXPECTED: dict[tuple[object, ...], tuple[Mapping[type[Payload], Each[Payload]], Part]] = {}
"""Expectations of gathers, by the identities of their form and their classes."""


def _part(fields: str) -> Part:
    """Return the common part for some fields: equal ones share it, even if their objects differ."""
    found = _PARTS.get(fields)
    return _kept(_PARTS, fields, Part(fields)) if found is None else found


def _headers(headers: Headers) -> Part:
    known = _HEADERS.get(id(headers))
    if known is None or known[0] is not headers:
        known = _kept(_HEADERS, id(headers), (headers, _part(f'"headers":{line_of(headers.record())}')))
    return known[1]


def _caller(caller: Caller) -> Part:
    known = _CALLERS.get(id(caller))
    if known is None or known[0] is not caller:
        known = _kept(_CALLERS, id(caller), (caller, _part(f'"caller":{line_of(caller_record(caller))}')))
    return known[1]


def _expected(gather: Gather) -> Part:
    key = (id(gather.each), *gather.kinds)
    known = _EXPECTED.get(key)
    if known is None or known[0] is not gather.each:
        parts = ",".join(_expects(gather, kind) for kind in gather.kinds)
        asked = "null" if gather.asked is None else quoted(kind_name(gather.asked))
        part = _part(f'"expect":[{parts}],"need":{gather.need},"asked":{asked}')
        known = _kept(_EXPECTED, key, (gather.each, part))
    return known[1]


def _expects(gather: Gather, kind: type[Payload]) -> str:
    each = gather.each.get(kind)
    name = quoted(kind_name(kind))
    if each is None:
        return f'{{"topic":{name},"each":false}}'
    of = "null" if each.of is None else quoted(kind_name(each.of))
    return f'{{"topic":{name},"each":true,"of":{of},"members":{listed(gather.kinds[kind])}}}'


def _kept(cache: dict[K, V], key: K, value: V) -> V:
    """Cache a value; an identity as key stays valid because the value keeps the object alive."""
    if len(cache) >= _MOST:
        cache.clear()
    cache[key] = value
    return value
