"""Payloads as JSON values: every type of value has one form; bytes are replaced by length and digest."""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import hashlib
import math
import types
import typing
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


@functools.lru_cache(maxsize=1_024)
def is_json(kind: type[Payload]) -> bool:
    """Return True if the result of ``model_dump`` for a class has only one form as JSON, whichever code writes it.

    Not so with bytes, times and sets, or with code of its own that writes a field. A float that is not finite is left
    to the writer.
    """
    made = kind.__pydantic_decorators__
    own = made.field_serializers or made.model_serializers or made.computed_fields
    return not own and all(
        _is_json(field.annotation) and all(type(one).__module__ == "annotated_types" for one in field.metadata)
        for field in kind.model_fields.values()
    )


def _is_json(annotation: Any) -> bool:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is dict:
        return parts[0] is str and _is_json(parts[1])
    if origin in {tuple, list, typing.Union, types.UnionType}:
        return all(part is Ellipsis or _is_json(part) for part in parts)
    if origin is typing.Literal:
        return all(type(part) in _PLAIN for part in parts)
    if annotation in _PLAIN or annotation is float or annotation is None:
        return True
    return hasattr(annotation, "__pydantic_decorators__") and is_json(annotation)


def as_values(value: Any) -> Any:
    """Return anything as JSON values; a value without a JSON form is named by its class."""
    kind = type(value)
    if kind in _PLAIN:  # the common case; a custom class may be an enumeration
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
