"""Which strings of a payload class can be masked, according to their annotations."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from typing import Annotated, Union, get_args, get_origin

from annotated_types import MaxLen

from genie.contracts.json_text import JsonText
from genie.contracts.message import Path, Value

MASKABLE = (str, str | None, typing.Optional[str])  # noqa: UP045 - the other spelling of the same annotation


def is_maskable(kind: type[Value], path: Path) -> bool:
    """Return True if ``path`` names a plain string field of ``kind``, or lies inside a JSON text.

    Positions in tuples may be any number. If a field takes several classes, it is enough that one of them has the next
    field.
    """
    return _leads(kind, (), path)


def _leads(annotation: object, metadata: Sequence[object], path: Path) -> bool:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _leads(arguments[0], getattr(annotation, "__metadata__", ()), path)
    if annotation is JsonText:
        return True
    if not path and annotation in MASKABLE:
        return bounded(metadata)
    if origin in {Union, types.UnionType}:
        inner = [part for part in arguments if part is not type(None)]
        if len(inner) > 1:
            inner = [part for part in inner if _has(part, path)]
        return bool(inner) and all(_leads(part, metadata, path) for part in inner)
    if not path:
        return False
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        uniform = origin is tuple and len(arguments) > 1 and arguments[1] is Ellipsis
        return uniform and _leads(arguments[0], (), rest)
    info = annotation.model_fields.get(step) if isinstance(annotation, type) and issubclass(annotation, Value) else None
    return info is not None and _leads(info.annotation, info.metadata, rest)


def _has(annotation: object, path: Path) -> bool:
    """Return True if one of several classes has the field that a path names."""
    kind = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if isinstance(kind, type) and issubclass(kind, Value):
        return bool(path) and path[0] in kind.model_fields
    return True


def bounded(metadata: Sequence[object]) -> bool:
    """Return True if a string has no constraint but a maximum length: a mask fits unless it exceeds it."""
    return all(type(limit) is MaxLen for limit in metadata)
