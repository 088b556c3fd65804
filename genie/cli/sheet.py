"""Any payload for people: its fields in order, tuples of values as tables, what an answer rests on as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.cli.layout import Column, Grid, Line, Part, Text
from genie.message import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_ROWS = 20
_LONGEST = 400
_GROUNDS = {"reasons", "inputs", "editions", "uncertainty", "caveats"}
"""Fields by which a value is known to be what an answer rests on; the command knows no payload of the agents."""


def render_payload(payload: Value, *, indent: int = 0) -> Iterator[Part]:
    """Yield the fields of a payload; long texts are cut, tables shortened, and both say so."""
    for name in type(payload).model_fields:
        value = getattr(payload, name)
        if isinstance(value, tuple) and value and all(isinstance(item, Value) for item in value):
            yield from _rows(name, value)
        elif isinstance(value, Value) and set(type(value).model_fields) == _GROUNDS:
            yield from _grounds(value, " " * indent)
        elif isinstance(value, Value) and "__str__" not in vars(type(value)):
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
        table.add(*(_shown(getattr(value, column, None)) for column in columns))
    yield table


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = ", ".join(map(_shown, value)) if isinstance(value, (tuple, frozenset)) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
