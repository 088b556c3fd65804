"""Finds payload classes whose JSON always restores the same payload.

By default a payload is read back before it is stored, as a check. That costs twice as much as writing it, and for most
classes the check can never fail.
"""

from __future__ import annotations

import datetime
import enum
import types
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from genie.contracts.shape import certain

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Payload

_EXACT = frozenset({str, int, bool, datetime.datetime, datetime.date, datetime.time, Decimal, uuid.UUID, type(None)})
_BOUNDS = "annotated_types"
"""Module of constraints that do not change a value."""
_DECORATORS = (
    "validators", "field_validators", "root_validators", "field_serializers", "model_serializers", "model_validators",
    "computed_fields",
)  # fmt: skip
ABSENT = "null"
"""JSON form of a float that is not a number."""


class _Unsure(Exception):  # noqa: N818 - a signal inside this module
    """Reading a value of this type may not restore it."""


class _Kind(NamedTuple):
    """Result of the analysis of a payload class."""

    write: Callable[..., bytes] | None
    """Writes a payload; None if reading may not restore it."""
    checked: bool
    """True if validation by the constructor ensures the types of all fields, so that they need no further check."""
    floats: bool
    values: tuple[type[BaseModel], ...]
    """Value classes inside it. A field also accepts a subclass, of which only the fields of the declared class are
    written."""


def faithful_text(payload: Payload) -> str | None:
    """Return a payload as JSON if its class always restores the same payload from it; otherwise None."""
    kind = type(payload)
    write, checked, floats, values = _KNOWN.get(kind) or _known(kind)
    if write is None or (values and any(one.__subclasses__() for one in values)):
        return None
    try:
        # This is what ``model_dump_json`` calls. With "error" it would raise for a value of a wrong type, and cost
        # twice as much.
        marked = checked and getattr(payload, "_validated", False)
        text = write(payload, warnings=False if marked else "error").decode()
    except ValueError:
        return None
    return None if floats and ABSENT in text else text


def writer_of(kind: type[Payload]) -> Callable[..., bytes] | None:
    """Return the writer for validated payloads of a class; None if validation is not sufficient.

    A text that contains ``ABSENT`` may have a float that is not a number, and is not used.
    """
    known = _KNOWN.get(kind) or _known(kind)
    return known.write if known.checked and not known.values else None


_MOST_KNOWN = 4_096
_KNOWN: dict[type[Payload], _Kind] = {}


def _known(kind: type[Payload]) -> _Kind:
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    values: list[type[BaseModel]] = []
    try:
        floats = _model(kind, (), values)
    except _Unsure:
        found = _Kind(None, checked=False, floats=False, values=())
    else:
        write = kind.__pydantic_serializer__.to_json
        found = _Kind(write, checked=certain(kind), floats=floats, values=tuple(values))
    _KNOWN[kind] = found
    return found


def _model(kind: type[BaseModel], above: tuple[type[BaseModel], ...], values: list[type[BaseModel]]) -> bool:
    """Return whether a class has floats, and add the classes of values inside it."""
    config = kind.model_config
    plain = not any(getattr(kind.__pydantic_decorators__, name) for name in _DECORATORS)
    unusual = {name for name in config if name.startswith(("ser_", "val_", "alias", "json_enc", "str_", "coerce"))}
    if not plain or unusual or config.get("extra") == "allow" or kind in above or kind.__private_attributes__:
        raise _Unsure
    floats = False
    for field in kind.model_fields.values():
        if field.alias or field.validation_alias or field.serialization_alias or field.exclude or field.discriminator:
            raise _Unsure
        floats |= _type(field.annotation, tuple(field.metadata), (*above, kind), values)
    return floats


def _type(
    found: Any, metadata: tuple[Any, ...], above: tuple[type[BaseModel], ...], values: list[type[BaseModel]]
) -> bool:
    """Return whether a type holds floats."""
    if any(type(one).__module__ != _BOUNDS for one in metadata):
        raise _Unsure
    if found in _EXACT:
        return False
    if found is float:
        return True
    origin, given = get_origin(found), get_args(found)
    if origin is Annotated:
        return _type(given[0], given[1:], above, values)
    if origin is Literal:
        return _all_of(type(one) in {str, int, bool, type(None)} for one in given)
    if origin in {Union, types.UnionType}:
        return _optional(given, above, values)
    if origin is tuple or origin is frozenset:
        floats = [_type(one, (), above, values) for one in given if one is not Ellipsis]  # each is analysed separately
        return any(floats)
    if isinstance(found, type) and issubclass(found, BaseModel):
        values.append(found)
        return _model(found, above, values)
    if isinstance(found, type) and issubclass(found, enum.Enum):
        custom = hasattr(found, "__get_pydantic_core_schema__") or "_missing_" in vars(found)
        return _all_of([not custom, *(type(one.value) in {str, int} for one in found)])
    raise _Unsure


def _optional(given: tuple[Any, ...], above: tuple[type[BaseModel], ...], values: list[type[BaseModel]]) -> bool:
    """Return whether ``T | None`` contains floats; JSON does not tell which of several types was written."""
    others = [one for one in given if one is not type(None)]
    if len(others) != 1:
        raise _Unsure
    return _type(others[0], (), above, values)


def _all_of(exact: Any) -> bool:
    if not all(exact):
        raise _Unsure
    return False
