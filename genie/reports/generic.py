"""The report of any payload: its fields in order, tuples of values as tables, and grounds as sentences."""

from __future__ import annotations

import hashlib
import itertools
from decimal import Decimal
from typing import TYPE_CHECKING

from genie.contracts.message import Value
from genie.contracts.rendering import Block, Card, Column, Facts, Lines, Paragraph, Report, Section, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DASH = "-"
_DEEPEST = 6
"""Levels of a payload that are laid out; values below are written as text."""
_MOST_LISTED = 6
"""Texts of a tuple that a cell of a terminal's table names."""
_GROUNDS = {"reasons", "inputs", "editions", "uncertainty", "caveats"}
"""Fields of the value that says what an answer rests on."""


def generic_report(payload: Value) -> Report:
    """Return the report of a payload that has no renderer of its own."""
    blocks = (Card("", (block,), wide=True) if isinstance(block, Facts) else block for block in _blocks(payload, 1))
    return Report((Section("Answer", tuple(blocks)),))


def _blocks(value: Value, depth: int) -> Iterator[Block]:
    """Yield the fields in order; neighbouring short ones are facts of one list."""
    fields = ((name, getattr(value, name)) for name in type(value).model_fields)
    for short, group in itertools.groupby(fields, key=lambda field: _is_short(field[1])):
        if short:
            yield Facts(tuple((name, text_of(found)) for name, found in group))
        else:
            for name, found in group:
                yield from _deep(name, found, depth)


def _is_short(value: object) -> bool:
    if isinstance(value, tuple):
        return not any(_has_fields(item) or (isinstance(item, str) and " " in item) for item in value)
    return not _has_fields(value)


def _deep(name: str, value: object, depth: int) -> Iterator[Block]:
    if isinstance(value, tuple) and all(_has_fields(item) for item in value):
        yield Card(name, (_table(name, value),), wide=True)
    elif isinstance(value, tuple):
        yield Card(name, (Lines(tuple(map(text_of, value))),))
    elif not isinstance(value, Value) or depth >= _DEEPEST:
        yield Card(name, (Paragraph(text_of(value)),))
    elif set(type(value).model_fields) == _GROUNDS:
        yield from _grounds(value)
    else:
        yield Card(name, tuple(_blocks(value, depth + 1)))


def _grounds(value: Value) -> Iterator[Card]:
    """Yield why an answer is what it is; a terminal names a rule edition by id and section, a page in full."""
    told = value.model_dump()
    used = "; ".join(f"{one['name']} {one['value']}" for one in told["inputs"])
    editions = tuple(f"{one['id']}: {one['section']}" for one in told["editions"])
    yield Card("why", (Lines(tuple(str(reason["text"]) for reason in told["reasons"])),), wide=True)
    yield Card("rests on", (Lines((used, *editions)),), only="terminal")
    for name in ("inputs", "editions"):
        found = getattr(value, name)
        if found:
            yield Card(name, (_table(name, found),), wide=True, only="page")
    yield Card("limits", (Lines((str(told["uncertainty"]), *map(str, told["caveats"]))),), wide=True)


def _table(name: str, values: Iterable[Value]) -> Table:
    rows = tuple(values)
    names = list(dict.fromkeys(field for value in rows for field in type(value).model_fields))
    columns = tuple(Column(one, number=all(_is_number(getattr(row, one, None)) for row in rows)) for one in names)
    return Table(name, columns, tuple(tuple(_cell(getattr(row, one, None)) for one in names) for row in rows))


def _cell(value: object) -> Text | None:
    if value is None:
        return None
    if not isinstance(value, tuple) or len(value) <= 1:
        return Text(text_of(value))
    if all(map(_has_fields, value)):
        return Text(text_of(value), brief=f"{len(value)} entries")
    more = f", … ({len(value)} in all)" if len(value) > _MOST_LISTED else ""
    return Text(text_of(value), brief=text_of(value[:_MOST_LISTED]) + more)


def _has_fields(value: object) -> bool:
    """Return whether a value is shown field by field: it has no text of its own, unlike an amount."""
    return isinstance(value, Value) and "__str__" not in vars(type(value))


def _is_number(value: object) -> bool:
    if isinstance(value, Value):
        return not _has_fields(value) and hasattr(value, "currency")
    return value is None or (isinstance(value, (int, float, Decimal)) and not isinstance(value, bool))


def text_of(value: object) -> str:
    """Return any value of a payload as text."""
    match value:
        case None:
            return DASH
        case bool():
            return "yes" if value else "no"
        case bytes():
            return f"{len(value):,} bytes, SHA-256 {hashlib.sha256(value).hexdigest()}"
        case tuple() | frozenset():
            texts = sorted(map(text_of, value)) if isinstance(value, frozenset) else map(text_of, value)
            return ", ".join(texts) or DASH
        case Value() if _has_fields(value):
            return "; ".join(f"{name}: {text_of(getattr(value, name))}" for name in type(value).model_fields)
        case _:
            return str(value)
