"""Nesting depth and number of parts of a payload, for most classes without a walk over the payload.

Nearly every class is one of two kinds: without tuples, so that its shape is known when it is defined; or with tuples of
objects without tuples, so that a few lengths give its shape. Only nested tuples and recursive classes are walked.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from genie.contracts.message import Value

Measured = tuple[int, int]
"""Depth and number of parts."""


_ONE: Measured = (1, 1)
"""Shape of a number or a text."""
_LEVELS = 100
_DEEP: Measured = (sys.maxsize >> 1, 0)
"""Returns bounds of a value below the depth limit."""


class Shape(NamedTuple):
    """Bounds of depth and parts for one class."""

    most: Measured | None
    """Upper bounds for a payload of the class; None if tuples or recursion make it unbounded."""
    depth: int
    """Maximum depth, if only ``rows`` are unbounded."""
    fixed: int
    """Maximum number of parts, without the items of rows."""
    rows: tuple[tuple[str, int], ...] | None
    """Fields that are tuples, with the maximum parts of one item; None if the payload must be walked."""


@cache
def shape_of(kind: type[Value]) -> Shape:
    """Return the bounds of a class."""
    whole = _most_of(kind, ())
    if whole is not None:
        return Shape(whole, *whole, ())
    depth, fixed = 1, 0
    rows: list[tuple[str, int]] = []
    for name, info in kind.model_fields.items():
        most = _most(info.annotation, (kind,))
        if most is None:
            item = _item_of(info.annotation)
            most = None if item is None else _most(item, (kind,))
            if most is None:
                return Shape(None, 0, 0, None)
            rows.append((name, most[1]))
            most = most[0] + 1, 1
        depth, fixed = max(depth, 1 + most[0]), fixed + most[1]
    return Shape(None, depth, fixed, tuple(rows))


_SCALARS = frozenset({str, int, float, bool, type(None)})


def bound_of(value: Value, max_depth: int) -> Measured:
    """Return upper bounds of depth and parts; values with a known shape are not walked.

    Args:
        value: A payload, or a part of one.
        max_depth: Values deeper than this, or than a hundred levels, count as infinitely deep.
    """
    return _bound_of(value, min(max_depth, _LEVELS))


def _bound_of(value: Value, left: int) -> Measured:
    shape = shape_of(type(value))
    if shape.most is not None:
        return shape.most
    if shape.rows is not None:
        count = shape.fixed
        for name, each in shape.rows:
            count += each * len(getattr(value, name) or ())
        return shape.depth, count
    depth, fixed, unbounded = _partly(type(value))
    inside = _bound_of_all([getattr(value, name) for name in unbounded], left)
    return max(depth, inside[0]), fixed + inside[1]


@cache
def _partly(kind: type[Value]) -> tuple[int, int, tuple[str, ...]]:
    """Return depth and parts of the bounded fields of a class, and the names of the others."""
    depth, fixed = 1, 0
    unbounded: list[str] = []
    for name, info in kind.model_fields.items():
        most = _most(info.annotation, (kind,))
        if most is None:
            unbounded.append(name)
        else:
            depth, fixed = max(depth, 1 + most[0]), fixed + most[1]
    return depth, fixed, tuple(unbounded)


def _bound_of_all(parts: Iterable[Any], left: int) -> Measured:
    depth, count = 1, 0
    for part in parts:
        inside = _ONE
        if type(part) in _SCALARS:  # checked first: testing whether something is a value takes ten times as long
            pass
        elif isinstance(part, Value):
            inside = _bound_of(part, left - 1) if left > 1 else _DEEP
        elif isinstance(part, (tuple, frozenset)):
            inside = _bound_of_all(part, left - 1) if left > 1 else _DEEP
        depth, count = max(depth, 1 + inside[0]), count + inside[1] + (inside is not _ONE)
    return depth, count


def walk(payload: Value, max_depth: int, max_parts: int) -> Measured:
    """Return depth and parts of a payload, counting no further than one above either limit."""
    parts = 0
    level: list[Any] = [payload]
    depth = 0
    while level:
        depth += 1
        below: list[Any] = []
        if depth > max_depth:
            break
        for value in level:
            if isinstance(value, Value):
                inside: Any = [getattr(value, name) for name in type(value).model_fields]
            elif isinstance(value, (tuple, frozenset)):
                inside = value
            else:
                continue
            parts += len(inside)
            if parts > max_parts:
                return depth, parts
            below += inside
        level = below
    return depth, parts


def _most_of(kind: type[Value], above: tuple[type[Value], ...]) -> Measured | None:
    """Return the upper bounds of an object of a class, or None if unbounded."""
    if kind in above:
        return None
    depth, parts = 1, 0
    for info in kind.model_fields.values():
        most = _most(info.annotation, (*above, kind))
        if most is None:
            return None
        depth, parts = max(depth, 1 + most[0]), parts + most[1]
    return depth, parts


def _most(annotation: object, above: tuple[type[Value], ...]) -> Measured | None:
    """Return the bounds that a field adds: the levels below its owner, and its parts including itself."""
    annotation = _bare(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        each = [_most(part, above) for part in arguments]
    elif origin is tuple and arguments and arguments[-1] is not Ellipsis:
        inside = [_most(part, above) for part in arguments]
        if None in inside:
            return None
        bounded = [most for most in inside if most is not None]
        return 1 + max((depth for depth, _ in bounded), default=0), 1 + sum(parts for _, parts in bounded)
    elif annotation in {tuple, frozenset} or origin in {tuple, frozenset}:
        return None
    elif isinstance(annotation, type) and issubclass(annotation, Value):
        most = _most_of(annotation, above)
        return None if most is None else (most[0], most[1] + 1)
    else:
        return (1, 1) if not isinstance(annotation, typing.TypeVar) else None
    if None in each:
        return None
    return max(most[0] for most in each if most is not None), max(most[1] for most in each if most is not None)


def _item_of(annotation: object) -> object | None:
    """Return the item annotation of a homogeneous tuple or frozenset, None for anything else."""
    annotation = _bare(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        some = [part for part in arguments if part is not type(None)]
        return _item_of(some[0]) if len(some) == 1 else None
    if origin is frozenset or (origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis):
        return typing.cast("object", arguments[0])
    return None


def _bare(annotation: object) -> object:
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        else:
            return annotation
