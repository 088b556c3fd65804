"""Any payload for people: its fields in order, tuples of values as tables, what an answer rests on as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.cli.terminal.layout import Column, Grid, Line, Part, Text
from genie.contracts.message import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_ROWS = 20
_LONGEST = 400
_MOST_LISTED = 6
"""Texts of a tuple that a cell of a table names."""
_GROUNDS = {"reasons", "inputs", "editions", "uncertainty", "caveats"}
"""Fields by which a value is known to be what an answer rests on; the command knows no payload of the agents."""


def render_payload(payload: Value, *, indent: int = 0) -> Iterator[Part]:
    """Yield the fields of a payload; long texts are cut, tables shortened, and both say so."""
    for name in type(payload).model_fields:
        value = getattr(payload, name)
        if isinstance(value, tuple) and value and all(_has_fields(item) for item in value):
            yield from _rows(name, value)
        elif isinstance(value, tuple) and any(isinstance(item, str) and " " in item for item in value):
            yield Line.of(f"{' ' * indent}{name}:", "bold")
            yield from (Line.of(f"{' ' * indent}  - {_shown(item)}") for item in value)
        elif isinstance(value, Value) and set(type(value).model_fields) == _GROUNDS:
            yield from _grounds(value, " " * indent)
        elif isinstance(value, Value) and _has_fields(value):
            yield Line.of(f"{' ' * indent}{name}:", "bold")
            yield from render_payload(value, indent=indent + 2)
        else:
            yield Line((Text(f"{' ' * indent}{name}: ", "bold"), Text(_shown(value))))


def _grounds(value: Value, indent: str) -> Iterator[Part]:
    """Yield why an answer is what it is; a rule edition by its id and section, for --json has its source."""
    told = value.model_dump()
    yield Line.of(f"{indent}why:", "bold")
    for reason in told["reasons"]:
        yield Line.of(f"{indent}  - {reason['text']}")
    yield Line.of(f"{indent}rests on:", "bold")
    yield Line.of(f"{indent}  - " + "; ".join(f"{one['name']} {one['value']}" for one in told["inputs"]))
    for one in told["editions"]:
        yield Line.of(f"{indent}  - {one['id']}: {one['section']}")
    yield Line.of(f"{indent}limits:", "bold")
    for text in (told["uncertainty"], *told["caveats"]):
        yield Line.of(f"{indent}  - {text}", "dim")


def _rows(name: str, values: tuple[Value, ...]) -> Iterator[Part]:
    left_out = len(values) - _MOST_ROWS
    yield Line.of(name if left_out <= 0 else f"{name} (the first {_MOST_ROWS} of {len(values)}; --json has them all)",
                  "bold")  # fmt: skip
    columns = list(dict.fromkeys(field for value in values for field in type(value).model_fields))
    table = Grid(tuple(map(Column, columns)))
    for value in values[:_MOST_ROWS]:
        table.add(*(_cell(getattr(value, column, None)) for column in columns))
    yield table


def _has_fields(value: object) -> bool:
    """Return whether a value is shown field by field, having no text of its own as an amount has."""
    return isinstance(value, Value) and "__str__" not in vars(type(value))


def _cell(value: object) -> str:
    if not isinstance(value, tuple) or len(value) <= 1:
        return _shown(value)
    if all(map(_has_fields, value)):
        return f"{len(value)} entries"
    more = f", … ({len(value)} in all)" if len(value) > _MOST_LISTED else ""
    return _shown(value[:_MOST_LISTED]) + more


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Value) and _has_fields(value):
        return " ".join(_shown(getattr(value, name)) for name in type(value).model_fields)
    text = ", ".join(map(_shown, value)) if isinstance(value, (tuple, frozenset)) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
