"""The shape of a payload: it has exactly the declared fields, and each value has exactly a declared type.

Validation ensures that shape. These bypass it: a validator that returns a list, pydantic's own ``model_copy`` and
``model_construct``, and a modified copy. A checker is compiled once per class. An instance that its constructor has
validated is trusted if nothing in its class can change the type of a value afterwards. Any other flat instance costs
0.4 us: the types of all its values are compared as one tuple.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import operator
import re
import types
import typing
import uuid
from collections.abc import Callable
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import TzInfo

from genie.contracts.message import Payload, Value

P = TypeVar("P", bound=Payload)
_mark_validated = vars(Value)["_validated"].__set__
Checker = Callable[[Any], bool]

MOST_SHAPES = 256
"""Maximum number of type combinations cached per class; a class with more optional fields is compared field by
field."""
_checkers: dict[type[Value], Checker] = {}  # one entry per payload class of the program, never per message
_ALSO: dict[object, tuple[type, ...]] = {
    int: (int, bool), float: (float, int, bool), complex: (complex, float, int), datetime.date: (datetime.date,),
    datetime.tzinfo: (datetime.timezone,),
}  # fmt: skip
_CONVERTED = frozenset({str, int, float, complex, bool, decimal.Decimal, None, type(None)})
"""Types that validation always produces exactly."""
_BASES = (
    str, bytes, int, float, complex, decimal.Decimal, uuid.UUID, datetime.datetime, datetime.date, datetime.time,
    datetime.timedelta,
)  # fmt: skip


def checker(kind: type[Value], skip: tuple[str, ...] = ()) -> Checker:
    """Return the function that checks whether an instance of a class has its shape.

    Args:
        kind: The class.
        skip: Fields whose values it does not check, because another check does.
    """
    if skip:
        return _compile(kind, skip)
    found = _checkers.get(kind)
    if found is None:
        found = _checkers[kind] = _compile(kind, ())
    return found


def from_json(kind: type[P], text: str | bytes) -> P:
    """Return the strictly validated payload of a JSON text, marked as validated like one from its constructor.

    Raises:
        pydantic.ValidationError: The text is not valid.
    """
    made: P = kind.__pydantic_validator__.validate_json(text, strict=True)
    if type(made) is kind:
        _mark_validated(made, True)  # noqa: FBT003 - a slot's own setter
    return made


def _compile(kind: type[Value], skip: tuple[str, ...]) -> Checker:
    annotations = [info.annotation for info in kind.model_fields.values()]
    names = tuple(kind.model_fields)
    expected = _exact(kind)
    known: set[tuple[type, ...]] = set()
    deep = tuple(
        (name, look) for name, annotation in zip(names, annotations, strict=True)
        if (look := _outside(annotation) if name in skip else _inside(annotation)) is not None
    )  # fmt: skip

    def learn(shape: tuple[type, ...]) -> bool:
        if len(shape) != len(names) or not all(map(_allows, annotations, shape)):
            return False
        if len(known) < MOST_SHAPES:
            known.add(shape)
        return True

    def sound(value: Any) -> bool:
        values = value.__dict__
        shape = tuple(map(type, values.values()))
        # If each field has one type, only scalars can have another type name; all other fields are read by name.
        if shape != expected and ((shape not in known and not learn(shape)) or tuple(values) != names):
            return False
        for name, look in deep:  # noqa: SIM110 - a generator costs as much as the looks: benchmarks.instructions
            if not look(values[name]):
                return False
        return True

    if certain(kind):
        return lambda value: getattr(value, "_validated", False) or sound(value)
    return sound


def _exact(kind: type[Value]) -> tuple[type, ...] | None:
    """Return the types of a class's values, in order, if each field has exactly one; otherwise None."""
    found = []
    for info in kind.model_fields.values():
        arms = _arms(info.annotation)
        arm = get_origin(arms[0]) or arms[0]
        if len(arms) > 1 or not (arm in {tuple, frozenset} or arm in _BASES):
            return None
        found.append(arm)
    return tuple(found)


def certain(kind: type[Value]) -> bool:
    """Return True if validation by the constructor ensures that every value has a declared type.

    False if the class or a field has code that runs after validation, if a value may be of a subclass that pydantic
    keeps (times, bytes), or if a field holds values, which are checked separately.
    """
    made = kind.__pydantic_decorators__
    own_code = (
        made.validators or made.field_validators or made.root_validators or made.model_validators
        or kind.__pydantic_post_init__ or kind.__init__ is not Value.__init__
        or any("__get_pydantic_core_schema__" in vars(base) for base in kind.__mro__[: kind.__mro__.index(Value)])
    )  # fmt: skip
    return not own_code and all(
        _plain(info.annotation) and not any(map(_changes, info.metadata)) for info in kind.model_fields.values()
    )


def _plain(annotation: Any) -> bool:
    if get_origin(annotation) is typing.Annotated:
        bare, *metadata = get_args(annotation)
        return _plain(bare) and not any(map(_changes, metadata))
    if get_origin(annotation) in {tuple, frozenset, Union, types.UnionType}:
        return all(part is Ellipsis or _plain(part) for part in get_args(annotation))
    return get_origin(annotation) is Literal or annotation in _CONVERTED


def _changes(metadata: object) -> bool:
    """Return True for metadata that may replace a value by another type: everything except known constraints."""
    return not type(metadata).__module__.startswith("annotated_types") and not isinstance(metadata, FieldInfo)


def _bare(annotation: Any) -> Any:
    while True:
        if get_origin(annotation) is typing.Annotated:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        else:
            return annotation


def _arms(annotation: Any) -> tuple[Any, ...]:
    """Return the alternatives of an annotation; a value must fit one of them."""
    annotation = _bare(annotation)
    if get_origin(annotation) in {Union, types.UnionType}:
        return tuple(arm for part in get_args(annotation) for arm in _arms(part))
    if isinstance(annotation, TypeVar):
        bounds = annotation.__constraints__ or (annotation.__bound__,)
        return tuple(arm for part in bounds for arm in _arms(part))
    return (annotation,)


def _allows(annotation: Any, kind: type) -> bool:
    """Return True if only values of exactly one type fit an annotation; value classes also admit subclasses."""
    for arm in _arms(annotation):
        origin = get_origin(arm)
        if origin is Literal:
            if kind in {type(value) for value in get_args(arm)}:
                return True
        elif origin in {tuple, frozenset} or arm in {tuple, frozenset}:
            if kind is (origin or arm):
                return True
        elif arm is None or arm is type(None):
            if kind is type(None):
                return True
        elif isinstance(arm, type) and issubclass(arm, (Value, enum.Enum)):
            if issubclass(kind, arm):
                return True
        elif kind in _ALSO.get(arm, (arm,)) or (
            # A declared subclass of a scalar, such as a pydantic type, may also be given as the scalar itself.
            isinstance(arm, type) and arm not in _BASES and kind in _BASES and issubclass(arm, kind)
        ):
            return True
    return False


def _inside(annotation: Any) -> Checker | None:
    """Return the check of a value's contents for an annotation; None if it has no contents."""
    arms = _arms(annotation)
    collections = tuple(arm for arm in arms if get_origin(arm) in {tuple, frozenset})
    values = any(isinstance(arm, type) and (issubclass(arm, (Value, *_ZONED)) or _grows(arm)) for arm in arms)
    if len(arms) == 1 and collections:
        return _items(collections[0])
    if not collections:
        return _sound if values else None
    looks = {get_origin(arm): _items(arm) for arm in collections}

    def look(value: Any) -> bool:
        inside = looks.get(type(value))
        return _sound(value) if inside is None else inside(value)

    return look


def _outside(annotation: Any) -> Checker | None:
    """Return the check of the item types of a tuple, without their contents; None for other annotations."""
    (arm, *_) = _arms(annotation)
    return _uniform(get_args(arm)[0], None) if get_origin(arm) is tuple else None


def _sound(value: Any) -> bool:
    """Return True for a value of its shape, and for anything that has no fields."""
    kind = type(value)
    found = _checkers.get(kind)
    if found is None:
        if not issubclass(kind, Value):
            return _in_a_zone(value) if not issubclass(kind, enum.Enum) else _declared(value)
        found = checker(kind)
    return found(value)


_ZONED = (datetime.datetime, datetime.time, datetime.tzinfo)
_LONGEST_KEY = 64  # include the zone's type, so that the cache stays bounded
_ZONE_NAME = re.compile(r"(?:[A-Z]{1,6}|UTC[+-][0-9]{2}:[0-9]{2}(?::[0-9.]{2,9})?)\Z")


def _in_a_zone(value: object) -> bool:
    """Return False for a time whose zone has a custom class or name: zone names are not inspected."""
    zone = value if isinstance(value, datetime.tzinfo) else getattr(value, "tzinfo", None)
    if zone is None or zone is datetime.UTC or type(zone) is TzInfo:
        return True
    if type(zone) is datetime.timezone:
        return _ZONE_NAME.match(zone.tzname(None)) is not None
    import zoneinfo  # noqa: PLC0415 - start-up: for times in named zones alone

    return type(zone) is zoneinfo.ZoneInfo and len(zone.key or "") <= _LONGEST_KEY and _is_known(zone.key)


@functools.lru_cache(maxsize=1024)  # there are six hundred zones
def _is_known(key: str | None) -> bool:
    import zoneinfo  # noqa: PLC0415 - as above

    try:
        zoneinfo.ZoneInfo(key or "")
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


def _grows(kind: type) -> bool:
    """Return True for an enumeration that can create members from any text or number; inspectors skip members."""
    return issubclass(kind, enum.Flag) or (
        issubclass(kind, enum.Enum) and getattr(kind._missing_, "__func__", None) is not _missing
    )


_missing = vars(enum.Enum)["_missing_"].__func__


def _declared(value: enum.Enum) -> bool:
    """Return True for a declared member of an enumeration, and for flags composed of these."""
    kind = type(value)
    if issubclass(kind, enum.Flag):
        return type(value.value) is int and 0 <= value.value <= functools.reduce(
            operator.or_, (m.value for m in kind), 0
        )
    return any(member is value for member in kind)


def _items(annotation: Any) -> Checker:
    """Return the check of the items of a tuple or a frozenset."""
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple and Ellipsis not in arguments:
        looks = tuple(_inside(part) for part in arguments)

        def fixed(items: Any) -> bool:
            return len(items) == len(arguments) and all(
                _allows(part, type(item)) and (look is None or look(item))
                for part, look, item in zip(arguments, looks, items, strict=True)
            )

        return fixed
    return _uniform(arguments[0], _inside(arguments[0]))


def _uniform(of: Any, inside: Checker | None) -> Checker:
    """Return the check of items that have one annotation."""
    known: set[type] = set()

    def uniform(items: Any) -> bool:
        kinds = {*map(type, items)}
        if not kinds <= known:
            if not all(_allows(of, kind) for kind in kinds):
                return False
            if len(known) < MOST_SHAPES:
                known.update(kinds)
        return inside is None or all(map(inside, items))

    return uniform
