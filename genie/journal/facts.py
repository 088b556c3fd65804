"""Facts of a durable runtime as plain records, and back: callers, headers, payloads, scopes and parked items.

A record names payload classes by topic and version. A payload is stored as JSON that its class can validate again.
"""

from __future__ import annotations

import base64
import datetime
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.gather import Each
from genie.contracts.headers import Headers
from genie.contracts.message import Payload, stamp, topic_of
from genie.errors.logs import log
from genie.errors.tracebacks import place_of
from genie.inflight.accounting import RunState
from genie.inflight.dead_letters import DeadLetter
from genie.inflight.gather import Asker
from genie.journal.faithful import faithful_text
from genie.policy.verdicts import coded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from genie.backend.ids import IdSource
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Inspection
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.delivery import Extra
    from genie.policy.policy import Decision


Kinds = dict[str, type[Payload]]
"""Payload classes by ``topic@version``."""


MOST_CHARACTERS = 32 << 20
"""Maximum length of one payload as text. A log with a larger one could not be read again: see ``bodies.MOST_BYTES``."""
_MOST_NAMES = 4_096
_NAMES: dict[type[Payload], str] = {}


class NotKeptError(ValueError):
    """A value cannot be logged in such a way that reading returns the same value."""


def kind_name(kind: type[Payload]) -> str:
    """Return how records name a payload class: ``insights.question@1``."""
    found = _NAMES.get(kind)
    if found is None:
        if len(_NAMES) >= _MOST_NAMES:
            _NAMES.clear()
        topic = topic_of(kind)
        found = _NAMES[kind] = f"{topic.name}@{topic.version}"
    return found


def kinds_of(cards: Iterable[AgentCard]) -> Kinds:
    """Return every payload class in the cards, by name."""
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
        NotKeptError: Reading the text would give another payload, for example with NaN or raw bytes, or the text is too
            large.
    """
    text = faithful_text(payload) or _checked_text(payload)
    if len(text) > MOST_CHARACTERS:
        raise NotKeptError(f"{kind_name(type(payload))} has more than {MOST_CHARACTERS >> 20} M characters as JSON")
    return text


def _checked_text(payload: Payload) -> str:
    for write in (_as_json, _with_bytes):
        try:
            text = write(payload)
            if _read(type(payload), text) == payload:
                return text
        except (ValueError, TypeError, RecursionError):
            continue  # said below
    raise NotKeptError(f"{kind_name(type(payload))} cannot be restored from its JSON")


_BYTES = "genie:bytes"
"""Key of an object that represents bytes, in a payload that plain JSON cannot represent."""


def _as_json(payload: Payload) -> str:
    return payload.model_dump_json()


def _with_bytes(payload: Payload) -> str:
    """Return a payload with raw bytes as text."""

    def plain(value: object) -> object:
        match value:
            case bytes():
                return {_BYTES: base64.b64encode(value).decode()}
            case frozenset() | set():
                return list(value)
            case datetime.date() | datetime.time():
                return value.isoformat()
            case Decimal() | UUID():
                return str(value)
            case _:
                raise TypeError(f"{type(value).__name__} is no JSON value")

    return json.dumps(payload.model_dump(), default=plain, separators=(",", ":"), allow_nan=False)


def _read(kind: type[Payload], text: str) -> Payload:
    """Return a payload from its text."""
    if _BYTES not in text:
        return kind.model_validate_json(text)

    def bytes_of(found: dict[str, Any]) -> Any:
        return base64.b64decode(found[_BYTES]) if found.keys() == {_BYTES} else found

    return kind.model_validate(json.loads(text, object_hook=bytes_of))


def payload_of(record: Mapping[str, Any], kinds: Kinds) -> Payload | None:
    """Return the payload of a record; None if no present agent knows its class, or the class refuses it.

    A class of a later version may read it by its ``upcast``.
    """
    kind = kinds.get(record["topic"])
    try:
        return _upcast(record, kinds) if kind is None else _read(kind, record["payload"])
    except Exception as error:  # noqa: BLE001 - a validator and an upcast are an author's code; the payload stays in the log
        log("genie.journal", "WARNING", f"a payload of {record['topic']} cannot be read: {place_of(error)}")
        return None


def _upcast(record: Mapping[str, Any], kinds: Kinds) -> Payload | None:
    """Return the payload as the nearest later version that can read it."""
    name, _, version = record["topic"].partition("@")
    later = [kind for kind in kinds.values() if topic_of(kind).name == name and topic_of(kind).version > int(version)]
    for kind in sorted(later, key=lambda one: topic_of(one).version):
        fields = kind.upcast(int(version), json.loads(record["payload"]))
        if fields is not None:
            return kind.model_validate_json(json.dumps(fields))
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


# --- entries that outlive their run ---


def letter_record(letter: DeadLetter, *, at: float) -> LogRecord:
    """Return a dead letter as plain values, without its message.

    Args:
        letter: The dead letter.
        at: Time in seconds since the epoch.
    """
    return {
        "kind": "letter", "id": letter.id, "agent": letter.agent, "reason": letter.reason, "code": letter.code,
        "at": at, "attempts": letter.attempts, "failures": list(letter.failures), "cycle": list(letter.cycle),
        "effects": list(letter.effects),
    }  # fmt: skip


def sent_record(message: Envelope[Any], text: str) -> LogRecord:
    """Return the message of a dead letter as plain values; ``text`` is its payload."""
    caller = message.scope.run.asker.caller
    return {
        "topic": kind_name(type(message.payload)), "payload": text, "sender": message.sender,
        "of": message.scope.run.id, "headers": message.headers.record(), "label": message.label.label,
        "caller": None if caller is None else caller_record(caller),
    }  # fmt: skip


def letter_of(
    record: Mapping[str, Any], kinds: Kinds, ids: IdSource, inspect: Callable[[Payload], Inspection], offset: float
) -> DeadLetter:
    """Return the dead letter of a record.

    Args:
        record: The record from the log.
        kinds: Present payload classes.
        ids: Creates the message's id.
        inspect: Inspects its payload.
        offset: Offset of wall time to the loop's clock.
    """
    payload, message = payload_of(record, kinds), None
    if payload is not None:
        caller = Caller() if record["caller"] is None else caller_of(record["caller"])
        asker = Asker(caller.card(), caller.headers(), caller)
        headers = headers_of(record["headers"])
        run = RunState(0, ids, asker, headers, 0.0, 0.0)
        run.alive, run.closed = False, True
        label = max(Classification.parse(record["label"]), topic_of(payload).classification)
        message = stamp(
            message_number(record["id"]), payload, record["sender"], None, run.root, 0, 0, headers, label,
            inspect(payload),
        )  # fmt: skip
    return DeadLetter(
        record["id"], record["agent"], record["topic"].partition("@")[0], record["reason"], record["at"] - offset,
        message, record["code"], record["attempts"], tuple(record["failures"]), tuple(record["cycle"]),
        tuple(record["effects"]),
    )  # fmt: skip


# --- decisions and inputs of handlers ---


def verdict_record(message: Envelope[Any], recipient: str, decision: Decision, us: int) -> LogRecord:
    """Return a decision as plain values: codes and paths, never matched text."""
    return {
        "kind": "verdict", "run": message.scope.run.number, "message": message.number, "agent": recipient,
        "verdict": decision.verdict, "policy_set": decision.policy_set, "us": us,
        "reasons": [[one.policy, one.version, one.verdict, coded(one.code)] for one in decision.reasons],
        "paths": sorted(".".join(map(str, path)) for path in decision.paths),
    }  # fmt: skip


def seen_record(extra: Extra) -> LogRecord:
    """Return the clock readings and the random stream of a handler's last attempt."""
    seen = extra.seen
    if seen is None or seen.attempt != extra.attempt:
        return {}
    found: LogRecord = {"times": seen.times} if seen.times else {}
    return found | {"draw": seen.draw} if seen.draw else found


def message_number(delivery: str) -> int:
    """Return the number of the message in a delivery's id."""
    return int(delivery.partition("@")[0].rpartition("-")[2], 16)


def json_text(value: object) -> str | None:
    """Return a value as JSON text; None if reading it again would give another value, or it is too large."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        return text if len(text) <= MOST_CHARACTERS and json.loads(text) == value else None
    except (TypeError, ValueError):
        return None
