"""Facts of a durable runtime as plain records, and back: callers, headers, payloads, scopes and what is parked.

A record names payload classes by topic and version. A payload is kept as the JSON that its class validates again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.gather import Each
from genie.contracts.headers import Headers
from genie.contracts.message import Payload, topic_of
from genie.journal.faithful import faithful_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.gather import Gather
    from genie.inflight.scope import Scope

Kinds = dict[str, type[Payload]]
"""Payload classes by ``topic@version``."""


_NAMES: WeakKeyDictionary[type[Payload], str] = WeakKeyDictionary()
_LABELS = {label: label.label for label in Classification}


class NotKeptError(ValueError):
    """Something cannot be written to a log so that it is the same when it is read."""


def kind_name(kind: type[Payload]) -> str:
    """Return how records name a payload class: ``insights.question@1``."""
    found = _NAMES.get(kind)
    if found is None:
        topic = topic_of(kind)
        found = _NAMES[kind] = f"{topic.name}@{topic.version}"
    return found


def kinds_of(cards: Iterable[AgentCard]) -> Kinds:
    """Return every payload class that cards mention, by name."""
    found: Kinds = {}
    for card in cards:
        expected = (_kind(part) for parts in card.asks.values() for part in parts)
        for kind in (*card.consumes, *card.sends, *expected):
            found[kind_name(kind)] = kind
    return found


def _kind(part: type[Payload] | Each[Any]) -> type[Payload]:
    return part.payload if isinstance(part, Each) else part


# --- payloads ---


def payload_text(payload: Payload) -> str:
    """Return a payload as JSON text.

    Raises:
        NotKeptError: Its class does not read the same payload from it, such as NaN or raw bytes.
    """
    faithful = faithful_text(payload)
    if faithful is not None:
        return faithful
    try:
        text = payload.model_dump_json()
        if type(payload).model_validate_json(text) == payload:
            return text
    except ValueError:
        pass  # said below
    raise NotKeptError(f"{kind_name(type(payload))} does not survive being written as JSON")


def payload_of(record: Mapping[str, Any], kinds: Kinds) -> Payload | None:
    """Return the payload of a record; None where no agent of today knows its class, or the class refuses it."""
    kind = kinds.get(record["topic"])
    if kind is None:
        return None
    try:
        return kind.model_validate_json(record["payload"])
    except ValueError:
        return None


# --- who asks ---


def caller_record(caller: Caller) -> LogRecord:
    """Return a caller as plain values."""
    return {
        "user": caller.user, "roles": sorted(caller.roles), "tenant": caller.tenant,
        "clearance": caller.clearance.label, "region": caller.region, "consent": sorted(caller.consent),
        "expires_at": caller.expires_at,
    }  # fmt: skip


def caller_of(record: Mapping[str, Any]) -> Caller:
    """Return the caller of a record."""
    return Caller(
        user=record["user"], roles=frozenset(record["roles"]), tenant=record["tenant"],
        clearance=Classification.parse(record["clearance"]), region=record["region"],
        consent=frozenset(record["consent"]), expires_at=record["expires_at"],
    )  # fmt: skip


def headers_of(record: Mapping[str, Any]) -> Headers:
    """Return the headers of a record, as ``Headers.record`` writes them."""
    return Headers(
        tenant=record["tenant"], user=record["user"], roles=frozenset(record["roles"]), region=record["region"],
        classification=Classification.parse(record["classification"]), consent=frozenset(record["consent"]),
        traceparent=record["traceparent"],
    )  # fmt: skip


# --- what is in flight ---


def message_record(message: Envelope[Any], plan: list[str]) -> LogRecord:
    """Return a message as plain values, with the agents that it goes to."""
    return {
        "kind": "message", "run": message.scope.run.number, "number": message.number, "scope": message.scope.number,
        "topic": kind_name(type(message.payload)), "payload": payload_text(message.payload), "sender": message.sender,
        "to": message.recipient, "cause": message.cause, "hops": message.hops, "label": _LABELS[message.label],
        "headers": _headers_record(message.headers), "plan": plan,
    }  # fmt: skip


_HEADERS: dict[int, tuple[Headers, LogRecord]] = {}
"""Headers, by their identity, with their record: messages of a run share them."""
_MOST_HEADERS = 256


def _headers_record(headers: Headers) -> LogRecord:
    known = _HEADERS.get(id(headers))
    if known is None or known[0] is not headers:
        if len(_HEADERS) >= _MOST_HEADERS:
            _HEADERS.clear()
        known = _HEADERS[id(headers)] = (headers, headers.record())
    return known[1]


def scope_record(scope: Scope) -> LogRecord:
    """Return a scope as plain values, with what its asker expects."""
    gather: Gather | None = scope.gather
    owner = scope.owner
    return {
        "kind": "scope", "run": scope.run.number, "scope": scope.number,
        "parent": None if scope.parent is None else scope.parent.number, "owner": None if owner is None else owner.id,
        "expect": None if gather is None else [_part(gather, kind) for kind in gather.kinds],
        "need": None if gather is None else gather.need,
        "asked": None if gather is None or gather.asked is None else kind_name(gather.asked),
    }  # fmt: skip


def _part(gather: Gather, kind: type[Payload]) -> LogRecord:
    each = gather.each.get(kind)
    if each is None:
        return {"topic": kind_name(kind), "each": False}
    of = None if each.of is None else kind_name(each.of)
    return {"topic": kind_name(kind), "each": True, "of": of, "members": list(gather.kinds[kind])}
