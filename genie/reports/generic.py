"""The report of any payload: its fields in order, tuples of values as tables, and grounds as sentences."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import TYPE_CHECKING

from genie.contracts.message import Value
from genie.contracts.rendering import Block, Card, Facts, Lines, Paragraph, Report, Section
from genie.contracts.report_grounds import grounds, is_grounds
from genie.contracts.report_parts import Field, has_fields, is_empty, letter, rows, text_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from genie.contracts.rendering import Table

_DEEPEST = 6
"""Levels of a payload that are laid out; deeper values are written as text."""

_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
                     "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
"""Decimal places of currencies that do not have two (ISO 4217)."""
_AMOUNTS = ({"minor", "currency"}, {"amount", "currency"})
"""Fields of an object that is an amount of money."""


def generic_report(payload: Value) -> Report:
    """Return the report of a payload that has no renderer of its own; empty fields are left out."""
    blocks = (Card("", (block,), wide=True) if isinstance(block, Facts) else block for block in _blocks(payload, 1))
    return Report((Section("Answer", tuple(blocks)),))


def fields_report(fields: Mapping[str, object]) -> Report:
    """Return the report of JSON fields: names with values; lists and objects indented under their names."""
    return Report((Section("Answer", tuple(_values(fields, 1))),))


def _values(fields: Mapping[str, object], depth: int) -> Iterator[Block]:
    for name, found in fields.items():
        title = words_of(str(name))
        if found is None or (isinstance(found, (str, list, dict)) and not found):
            continue
        if isinstance(found, dict) and depth < _DEEPEST and set(found) not in _AMOUNTS:
            inner = tuple(_values(found, depth + 1))
            if inner:
                yield Card(title, inner)
        elif isinstance(found, list) and depth < _DEEPEST:
            if any(isinstance(one, dict) for one in found):
                parts = {str(number): one for number, one in enumerate(found, 1)}
                yield Card(title, tuple(_values(parts, depth + 1)) or (Paragraph("nothing"),))
            else:
                yield Card(title, (Lines(tuple(map(_json, found))),))
        elif isinstance(found, str) and "\n" in found:
            yield Card(title, (Paragraph(found, "letter"),))
        else:
            yield Facts(((title, _json(found)),))


def _json(value: object) -> str:
    """Return a JSON value as text; an amount in its currency, never in its minor unit."""
    if isinstance(value, dict) and set(value) == {"minor", "currency"}:
        minor, currency = value["minor"], str(value["currency"])
        if type(minor) is not int:  # it is masked
            return f"{minor} {currency}"
        digits = _DIGITS.get(currency, 2)
        return f"{Decimal(minor).scaleb(-digits):,.{digits}f} {currency}"
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    return text_of(value) if isinstance(value, (bool, int, type(None))) else str(value)


def _blocks(value: Value, depth: int) -> Iterator[Block]:
    """Yield the fields in order; neighbouring short ones are facts of one list."""
    fields = ((name, getattr(value, name)) for name in type(value).model_fields)
    told = (field for field in fields if not is_empty(field[1]))
    for short, group in itertools.groupby(told, key=lambda field: _is_short(field[1])):
        if short:
            yield Facts(tuple((words_of(name), Field(name).text(value)) for name, _ in group))
        else:
            for name, found in group:
                yield from _deep(name, found, depth)


def _is_short(value: object) -> bool:
    if isinstance(value, str):
        return "\n" not in value
    if isinstance(value, tuple):
        return not any(has_fields(item) or (isinstance(item, str) and " " in item) for item in value)
    return not has_fields(value)


def _deep(name: str, value: object, depth: int) -> Iterator[Block]:
    title = words_of(name)
    if isinstance(value, str):
        yield Card(title, (letter(value) or Paragraph(value),), wide=True)
    elif isinstance(value, tuple) and all(has_fields(item) for item in value):
        table = _table(title, value)
        if table is not None:
            yield Card(title, (table,), wide=True)
    elif isinstance(value, tuple):
        yield Card(title, (Lines(tuple(map(text_of, value))),))
    elif not isinstance(value, Value) or depth >= _DEEPEST:
        yield Card(title, (Paragraph(text_of(value)),))
    elif is_grounds(value):
        yield from grounds(value)
    else:
        blocks = tuple(_blocks(value, depth + 1))
        if blocks:
            yield Card(title, blocks)


def _table(title: str, values: tuple[Value, ...]) -> Table | None:
    names = list(dict.fromkeys(field for value in values for field in type(value).model_fields))
    return rows(title, values, *map(Field, names))
