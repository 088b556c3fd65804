"""Any payload for people: its fields in order, tuples of values as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from genie.cli.drawing import plain
from genie.message import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

_MOST_ROWS = 20
_LONGEST = 400


def render_payload(payload: Value, *, indent: int = 0) -> Iterator[RenderableType]:
    """Yield the fields of a payload; long texts are cut, tables shortened, and both say so."""
    for name in type(payload).model_fields:
        value = getattr(payload, name)
        if isinstance(value, tuple) and value and all(isinstance(item, Value) for item in value):
            yield _rows(name, value)
        elif isinstance(value, Value) and "__str__" not in vars(type(value)):
            yield Text(f"{' ' * indent}{name}:", style="bold")
            yield from render_payload(value, indent=indent + 2)
        else:
            yield Text.assemble((f"{' ' * indent}{name}: ", "bold"), _shown(value))


def _rows(name: str, values: tuple[Value, ...]) -> Table:
    left_out = len(values) - _MOST_ROWS
    title = name if left_out <= 0 else f"{name} (the first {_MOST_ROWS} of {len(values)}; --json has them all)"
    columns = list(dict.fromkeys(field for value in values for field in type(value).model_fields))
    table = Table(*columns, title=Text(title, style="bold"), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for value in values[:_MOST_ROWS]:
        table.add_row(*(Text(_shown(getattr(value, column, None))) for column in columns))
    return table


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = ", ".join(map(_shown, value)) if isinstance(value, (tuple, frozenset)) else plain(str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
