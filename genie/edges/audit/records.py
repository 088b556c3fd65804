"""One line of an audit trail: its canonical form, and the hash that chains it to the line before.

A line is ``{"chain":"HEX","record":RECORD}``. ``RECORD`` is JSON with sorted keys, no spaces, only ASCII, times in
whole microseconds; ``HEX`` is the SHA-256 of the chain value of the line before, as 64 ASCII digits, followed by the
bytes of ``RECORD``. A verifier hashes the unchanged bytes.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from json.encoder import encode_basestring_ascii as _quoted
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from genie.contracts.serialization import as_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

START = b"0" * 64
"""Chain value before the first line."""
MOST_LINE = 65_536
"""Maximum size of one line; the detail of a longer record is replaced by its size and SHA-256."""
MOST_TEXT = 1_000
"""Maximum length of a name or a reason; the rest is truncated."""
_HEAD, _MIDDLE, _TAIL = b'{"chain":"', b'","record":', b"}\n"
_CHAIN = len(_HEAD)
_BODY = _CHAIN + 64 + len(_MIDDLE)
_scan: Callable[[str, int], tuple[Any, int]] = vars(json.JSONDecoder())[
    "scan_once"
]  # what `loads` calls, without a search for blanks that must not be there
_PLAIN = rb'"([ !#-\[\]-~]*)"'  # a string without escapes is already canonical JSON
_WHOLE = rb"(0|[1-9][0-9]{0,17})"
_ORDINARY = re.compile(
    rb'\{"at":' + _WHOLE + rb',"by":' + _PLAIN + rb',"detail":(\{.*\}),"kind":' + _PLAIN
    + rb',"message":(?:null|' + _PLAIN + rb'),"reason":' + _PLAIN + rb',"run":(?:null|' + _PLAIN
    + rb'),"seq":' + _WHOLE + rb',"subject":' + _PLAIN + rb"\}"
)  # fmt: skip
_SHORT = 1_024  # details up to this size have their form cached
FIELDS = ("at", "by", "detail", "kind", "message", "reason", "run", "seq", "subject")


def _encoder() -> Callable[[object], str]:
    """Return the canonical encoder; created once, because ``JSONEncoder.encode`` creates one per call."""
    plain = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
    made = getattr(json.encoder, "c_make_encoder", None)
    if made is None:
        return plain.encode
    compiled = made(None, plain.default, _quoted, None, ":", ",", True, False, False)  # noqa: FBT003 - takes no names
    empty = "".join
    return lambda value: empty(compiled(value, 0))


_encode = _encoder()


class Line(NamedTuple):
    """The parts of a line."""

    chain: bytes
    """64 bytes, hexadecimal digits in a valid line."""
    body: bytes
    """The record's bytes."""


def detail_text(detail: Mapping[str, object]) -> str:
    """Return the canonical JSON of a record's detail; values unknown to JSON are replaced by their class name."""
    try:
        text = _encode(detail)
    except (TypeError, ValueError, RecursionError):
        try:
            text = _encode(as_values(dict(detail)))
        except (TypeError, ValueError, RecursionError):
            text = '{"unreadable":true}'
    if len(text) > MOST_LINE // 2:
        text = _encode({"cut_bytes": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()})
    return text


def body_of(  # noqa: PLR0913, PLR0917 - the fields of a record, once a record
    seq: int, at_us: int, kind: str, subject: str, by: str, reason: str, run: str | None, message: str | None,
    detail: str,
) -> bytes:  # fmt: skip
    """Return a record's canonical bytes; concatenated here, because the encoder takes twice as long."""
    if len(subject) + len(by) + len(reason) > MOST_TEXT:
        subject, by, reason = _bounded(subject), _bounded(by), _bounded(reason)
    return (
        f'{{"at":{at_us},"by":{_quoted(by)},"detail":{detail},"kind":{_quoted(kind)},'
        f'"message":{"null" if message is None else _quoted(message)},"reason":{_quoted(reason)},'
        f'"run":{"null" if run is None else _quoted(run)},"seq":{seq},"subject":{_quoted(subject)}}}'
    ).encode()


def _bounded(value: str) -> str:
    return value if len(value) <= MOST_TEXT else f"{value[:MOST_TEXT]} (cut)"


def chained(before: bytes, body: bytes) -> bytes:
    """Return the chain value of a record after a previous value: 64 hexadecimal digits."""
    return hashlib.sha256(before + body).hexdigest().encode()


def joined(chain: bytes, body: bytes) -> bytes:
    """Return a whole line, with the line feed that ends it."""
    return _HEAD + chain + _MIDDLE + body + _TAIL


def parted(line: bytes) -> Line | None:
    """Return the parts of a line; None if it is not valid."""
    if line[:_CHAIN] == _HEAD and line[_CHAIN + 64 : _BODY] == _MIDDLE and line[-2:] == _TAIL:
        return Line(line[_CHAIN : _CHAIN + 64], line[_BODY:-2])
    return None


def record_of(body: bytes) -> dict[str, Any] | None:
    """Return a record's fields; None if its bytes are not in canonical form."""
    try:
        text = body.decode("ascii")
        found, end = _scan(text, 0)
        if end != len(text) or type(found) is not dict or tuple(found) != FIELDS or _encode(found) != text:
            return None
    except (ValueError, RecursionError, StopIteration):
        return None
    fits = type(found["at"]) is int and type(found["seq"]) is int and type(found["detail"]) is dict
    if fits and type(found["by"]) is type(found["kind"]) is type(found["reason"]) is type(found["subject"]) is str:
        return found
    return None


class Outline(NamedTuple):
    """The fields of a record that the chain of a trail needs."""

    at: int
    by: str
    kind: str
    seq: int


def outline_of(body: bytes) -> Outline | None:
    """Return the fields that the chain needs; None exactly if ``record_of`` returns None.

    Most records are strings without escapes around a detail that many records share. Their form is compared by one
    pattern, and only the detail is parsed, once for equal details.
    """
    found = _ORDINARY.fullmatch(body)
    if found is not None:
        at, by, detail, kind, _, _, _, seq, _ = found.groups()
        if _detail_holds(detail) if len(detail) <= _SHORT else _is_detail(detail):
            return Outline(int(at), by.decode("ascii"), kind.decode("ascii"), int(seq))
    record = record_of(body)
    return None if record is None else Outline(record["at"], record["by"], record["kind"], record["seq"])


def _is_detail(detail: bytes) -> bool:
    """Return True for the canonical bytes of a JSON object."""
    try:
        text = detail.decode("ascii")
        found, end = _scan(text, 0)
        return end == len(text) and type(found) is dict and _encode(found) == text
    except (ValueError, RecursionError, StopIteration):
        return False


_detail_holds = functools.lru_cache(maxsize=4_096)(_is_detail)


def head_statement(
    *, trail: str, segment: int, seq: int, chain: str, at_us: int, closed: bool, key: str | None
) -> dict[str, Any]:
    """Return the statement of a segment's head: the position of the trail, and the key that signs it."""
    return {
        "at": at_us, "chain": chain, "closed": closed, "key": key, "segment": segment, "seq": seq, "trail": trail,
    }  # fmt: skip


def signed_bytes(statement: Mapping[str, object], *, purpose: Literal["head", "receipt"] = "head") -> bytes:
    """Return the bytes that a signature covers; the prefix prevents its use for any other purpose."""
    return f"genie-audit-{purpose}-1:{_encode(statement)}".encode()


def canonical(record: Mapping[str, object]) -> bytes:
    """Return the canonical bytes of a record's fields, as its hash covers them."""
    return _encode(record).encode()
