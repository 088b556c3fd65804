"""Types of values in conditions: how their bounds are written, and which operators they have."""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import types
import typing
import uuid
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import ValidationError

from genie.contracts.classification import Classification
from genie.contracts.message import Value
from genie.contracts.problems import problem_of
from genie.errors import did_you_mean

SAME = frozenset({"eq", "ne", "in", "not_in"})
ORDER = frozenset({"gt", "gte", "lt", "lte"})
SEVERAL = frozenset({"any", "all", "contains", "in", "not_in", "empty", "exists"})
OPERATORS = SAME | ORDER | SEVERAL | {"matches", "starts_with", "ends_with"}

MOST_TEXT = 1_000
"""Maximum length of a bound, in characters."""
_DIGITS = 15
"""Decimal digits that binary floating point keeps exactly."""


class Bound(NamedTuple):
    """The bound of a comparison."""

    target: Any
    read: Callable[[Any], Any] | None = None
    """Value -> the key to compare with the target, None if incomparable; None compares the value itself."""
    group: Hashable = None
    """Bounds of one group read values in the same way."""


@dataclass(frozen=True)
class Domain:
    """One kind of value."""

    name: str
    """Its name in errors: ``"text"``, ``"an amount of money"``."""
    operators: frozenset[str]
    bound: Callable[[object], Bound]
    """Reads a bound from a rule; raises ValueError with the expected form."""
    item: Domain | None = None
    """Type of the items of a collection."""
    model: type[Value] | None = None
    """The class of a structured value."""
    pattern: bool = False
    """Bounds may end in ``*``."""


def covers(pattern: str, name: str) -> bool:
    """Return True if a name equals the pattern, or ``family.*`` or ``prefix*`` covers it."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def shown(raw: object) -> str:
    """Return a value in the form that an error may quote."""
    text = repr(raw) if isinstance(raw, str) else {"True": "true", "False": "false", "None": "null"}.get(repr(raw), "")
    return (text or ("a mapping" if isinstance(raw, dict) else "a list" if isinstance(raw, list) else repr(raw)))[:60]


# --- how bounds are written ---


def _text(raw: object) -> Bound:
    if not isinstance(raw, str):
        raise ValueError(f"should be text, not {shown(raw)}; quote it")
    if len(raw) > MOST_TEXT:
        raise ValueError(f"should have {MOST_TEXT:,} characters at most, not {len(raw):,}")
    return Bound(raw)


def _flag(raw: object) -> Bound:
    if not isinstance(raw, bool):
        raise ValueError(f"should be true or false, not {shown(raw)}")
    return Bound(raw)


def _finite(value: Any) -> Any:
    return value if value == value else None  # noqa: PLR0124 - the one thing that differs from itself is not a number


def _whole(raw: object) -> Bound:
    return Bound(_number(raw))


def _real(raw: object) -> Bound:
    return Bound(float(_number(raw)), _finite)


def _decimal(raw: object) -> Bound:
    return Bound(_number(raw), _finite)


def _number(raw: object) -> int | Decimal:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, float):
        found = Decimal(repr(raw))
        if len(found.as_tuple().digits) > _DIGITS:
            raise ValueError("has more digits than a number without quotes keeps; quote it")
        return found
    if isinstance(raw, str) and re.fullmatch(r"-?[0-9]{1,60}(\.[0-9]{1,60})?", raw):
        return Decimal(raw)
    raise ValueError(f"should be a number, not {shown(raw)}")


_DURATION = re.compile(r"(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d|w))")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def seconds(raw: object) -> float:
    """Return a duration such as ``90s``, ``4h`` or ``1d12h`` in seconds.

    Raises:
        ValueError: The duration is not valid.
    """
    if isinstance(raw, str) and raw and not _DURATION.sub("", raw):
        return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(raw))
    raise ValueError(f"should be a duration such as 90s, 4h or 1d12h, not {shown(raw)}")


def _duration(raw: object) -> Bound:
    try:
        return Bound(datetime.timedelta(seconds=seconds(raw)))
    except OverflowError:
        raise ValueError("is a duration that is too long") from None


def _iso(kind: type[Any], name: str, example: str) -> Callable[[object], Bound]:
    def bound(raw: object) -> Bound:
        try:
            found = kind.fromisoformat(raw)
        except (TypeError, ValueError):
            raise ValueError(f"should be {name} such as {example}, not {shown(raw)}") from None
        if kind is datetime.date:
            return Bound(found)
        naive = found.tzinfo is None  # a time with a zone and one without cannot be compared

        def read(value: Any) -> Any:
            return value if (value.tzinfo is None) == naive else None

        return Bound(found, read, naive)

    return bound


def _level(raw: object) -> Bound:
    names = [level.label for level in Classification]
    if not isinstance(raw, str) or raw not in names:
        hint = did_you_mean(raw, names) if isinstance(raw, str) else ""
        raise ValueError(f"should be one of {', '.join(names)}, not {shown(raw)}{hint}")
    return Bound(Classification.parse(raw))


_NAME = re.compile(r"\*|[A-Za-z0-9_][\w.:@/-]*\*?")


def _name(raw: object) -> Bound:
    if not isinstance(raw, str) or len(raw) > 200 or not _NAME.fullmatch(raw):
        raise ValueError(f"should be a name, or the start of one with * at its end, not {shown(raw)}")
    return Bound(raw)


def _nothing(_raw: object) -> Bound:
    raise ValueError("cannot be compared with a value")


def _choice(values: tuple[Any, ...], *, by_value: bool) -> Domain:
    def bound(raw: object) -> Bound:
        if type(raw) not in {str, int, bool} or raw not in values:
            listed = ", ".join(map(str, values))
            hint = did_you_mean(raw, [str(value) for value in values]) if isinstance(raw, str) else ""
            raise ValueError(f"should be one of {listed}, not {shown(raw)}{hint}")
        return Bound(raw, _value_of if by_value else None)

    return Domain("one of " + ", ".join(map(str, values[:8])), SAME | {"exists"}, bound)


def _value_of(value: Any) -> Any:
    return value.value


# --- money ---

_MONEY = re.compile(r"(-?[0-9]{1,30}(?:\.[0-9]{1,10})?)\s+([A-Z]{3})")


def _money(kind: type[Value]) -> Domain:
    """Return the domain of a money model, recognised by its shape: a currency, and minor units or an exact amount."""
    name = "minor" if "minor" in kind.model_fields else "amount"

    def bound(raw: object) -> Bound:
        found = _MONEY.fullmatch(raw) if isinstance(raw, str) else None
        if found is None:
            raise ValueError(f"should be an amount with its currency, such as 50000 INR, not {shown(raw)}")
        try:
            made: Any = kind.model_validate({"amount": found[1], "currency": found[2]})
        except (ValidationError, decimal.DecimalException) as error:
            why = problem_of(error.errors()[0]) if isinstance(error, ValidationError) else "is out of range"
            raise ValueError(f"is not a valid amount: {why.removeprefix('is not valid: ')}") from None
        currency = made.currency

        def read(value: Any) -> Any:
            # Different currencies are never compared or converted: the rule is undecided.
            return getattr(value, name) if value.currency == currency else None

        return Bound(getattr(made, name), read, currency)

    return Domain("an amount of money", SAME | ORDER | {"exists"}, bound, model=kind)


def _is_money(kind: type[Value]) -> bool:
    fields = kind.model_fields
    if set(fields) == {"minor", "currency"}:
        return fields["minor"].annotation is int and fields["currency"].annotation is str
    return set(fields) == {"amount", "currency"} and fields["amount"].annotation is Decimal


# --- the domains ---

TEXT = Domain("text", SAME | {"matches", "contains", "starts_with", "ends_with", "empty", "exists"}, _text)
WHOLE = Domain("a whole number", SAME | ORDER | {"exists"}, _whole)
REAL = Domain("a number", SAME | ORDER | {"exists"}, _real)
DECIMAL = Domain("a number", SAME | ORDER | {"exists"}, _decimal)
FLAG = Domain("true or false", frozenset({"eq", "ne", "exists"}), _flag)
LEVEL = Domain("a classification", SAME | ORDER | {"exists"}, _level)
NAME = Domain("a name", SAME, _name, pattern=True)
BYTES = Domain("bytes", frozenset({"empty", "exists"}), _nothing)
_SCALARS: dict[object, Domain] = {
    str: TEXT, int: WHOLE, float: REAL, Decimal: DECIMAL, bool: FLAG, bytes: BYTES,
    datetime.date: Domain("a date", SAME | ORDER | {"exists"}, _iso(datetime.date, "a date", "2026-03-31")),
    datetime.datetime: Domain(
        "a date and time", SAME | ORDER | {"exists"}, _iso(datetime.datetime, "a time", "2026-03-31T18:00:00+05:30")
    ),
    datetime.time: Domain("a time of day", SAME | ORDER | {"exists"}, _iso(datetime.time, "a time of day", "18:00:00")),
    datetime.timedelta: Domain("a duration", SAME | ORDER | {"exists"}, _duration),
    uuid.UUID: Domain("an identifier", SAME | {"exists"}, lambda raw: Bound(_text(raw).target.lower(), str)),
    Classification: LEVEL,
}  # fmt: skip
ENVIRONMENT = _choice(("development", "staging", "production"), by_value=False)


def choice_of(kind: type[enum.Enum]) -> Domain:
    """Return the domain of an enumeration, written by its values."""
    return _choice(tuple(member.value for member in kind), by_value=True)


def collection(item: Domain) -> Domain:
    """Return the domain of several values of one domain."""
    return Domain(f"several values, each {item.name}", SEVERAL, item.bound, item=item)


def stripped(annotation: object) -> tuple[object, bool]:
    """Return an annotation without its metadata and without None, and whether None was there."""
    optional = False
    while True:
        if isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in {Union, types.UnionType}:
            parts = [part for part in get_args(annotation) if part is not type(None)]
            optional = optional or len(parts) < len(get_args(annotation))
            if set(parts) == {int, float}:
                parts = [float]
            if len(parts) != 1:
                return None, optional
            annotation = parts[0]
        else:
            return annotation, optional


def domain_of(annotation: object) -> Domain | None:
    """Return the domain of a field's type; None for a mixture without operators."""
    kind, _ = stripped(annotation)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return None if any(type(value) not in {str, int, bool} for value in arguments) else _choice(
            arguments, by_value=False
        )  # fmt: skip
    if origin in {tuple, frozenset}:
        inner = {part for part in arguments if part is not Ellipsis}
        item = domain_of(next(iter(inner))) if len(inner) == 1 else None
        return None if item is None else collection(item)
    if not isinstance(kind, type) or origin is not None:
        return None
    if kind in _SCALARS:
        return _SCALARS[kind]
    if issubclass(kind, enum.Enum):
        values = [member.value for member in kind]
        return choice_of(kind) if all(type(value) in {str, int} for value in values) else None
    if issubclass(kind, Value):
        if _is_money(kind):
            return _money(kind)
        return Domain("a value with fields", frozenset({"exists"}), _nothing, model=kind)
    return TEXT if issubclass(kind, str) else None
