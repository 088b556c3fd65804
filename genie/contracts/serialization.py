"""Payloads as JSON values: every type of value has one form; bytes are replaced by length and digest."""

from __future__ import annotations

import datetime
import decimal
import enum
import hashlib
import math
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genie.contracts.message import Payload


_PLAIN = frozenset({str, int, bool, type(None)})
"""Classes whose values are JSON values already; a subclass may have its own form."""
_FLOATS = frozenset({float})


def as_wire(payload: Payload) -> dict[str, Any]:
    """Return a payload as JSON values: amounts and decimals as text, dates in ISO 8601, bytes by length and digest."""
    values: dict[str, Any] = as_values(payload.model_dump())
    return values


def as_values(value: Any) -> Any:
    """Return anything as JSON values; a value without a JSON form is named by its class."""
    kind = type(value)
    if kind in _PLAIN:  # the common case; a class of its own may be an enumeration
        return value
    if kind is dict:
        return {
            name if type(name) is str else str(name): item if type(item) in _PLAIN else as_values(item)
            for name, item in value.items()
        }
    if kind is tuple or kind is list:
        kinds = {*map(type, value)}
        if kinds <= _PLAIN or (kinds == _FLOATS and math.isfinite(sum(value))):
            return list(value)
        return [as_values(item) for item in value]
    if kind is float:
        return value if math.isfinite(value) else str(value)
    return _rare(value)


def _rare(value: Any) -> Any:  # noqa: PLR0911 - one return a kind reads best
    match value:
        case dict():
            return {str(name): as_values(item) for name, item in value.items()}
        case enum.Enum():
            return as_values(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes():
            return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
        case list() | tuple():
            return [as_values(item) for item in value]
        case set() | frozenset():
            return sorted((as_values(item) for item in value), key=str)
        case datetime.date() | datetime.time():
            return value.isoformat()
        case datetime.timedelta():
            return value.total_seconds()
        case decimal.Decimal() | uuid.UUID() | complex():
            return str(value)
        case _:
            return f"<{type(value).__name__}>"
