"""The smallest input that a payload's own schema allows: what the laws start from where no sample ships."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from pydantic import ValidationError

if TYPE_CHECKING:
    from genie.contracts.message import Payload

_FORMATS: Final = {"date": "2026-06-15", "date-time": "2026-06-15T10:00:00+05:30", "binary": "eA=="}
_AMOUNT: Final = {"amount": "1000", "currency": "INR"}


def made(kind: type[Payload]) -> Payload | None:
    """Return a payload in which every field has a value; None where rules between its fields forbid that one."""
    schema = kind.model_json_schema()
    try:
        return kind.model_validate(_value(schema, schema.get("$defs", {})))
    except ValidationError:
        return None


def _value(schema: dict[str, Any], defs: dict[str, Any]) -> Any:  # JSON, as the schema has it
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return _AMOUNT if name == "Money" else _value(defs[name], defs)
    if "anyOf" in schema:
        return _value(next(one for one in schema["anyOf"] if one.get("type") != "null") | _bounds(schema), defs)
    if "const" in schema or "enum" in schema:
        return schema.get("const", next(iter(schema.get("enum", ()))) if "enum" in schema else None)
    kind = schema.get("type")
    if kind == "object":
        return {name: _value(one, defs) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [_value(schema["items"], defs)] * max(1, schema.get("minItems", 1)) if "items" in schema else []
    if kind == "boolean":
        return False
    return _text(schema) if kind == "string" else _number(schema)


def _bounds(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: schema[name] for name in ("ge", "gt", "le", "lt", "minimum", "maximum") if name in schema}


def _number(schema: dict[str, Any]) -> int:
    low = schema.get("minimum", schema.get("ge", schema.get("exclusiveMinimum", schema.get("gt", -1))))
    high = schema.get("maximum", schema.get("le", schema.get("exclusiveMaximum", schema.get("lt", low + 10**6))))
    return int(max(int(low) + 1, min(int(high), 10)))


def _text(schema: dict[str, Any]) -> str:
    if "format" in schema:
        return _FORMATS.get(schema["format"], "x")
    if "pattern" in schema:
        return _fitting(schema["pattern"])
    return "Example"


@cache
def _fitting(pattern: str) -> str:
    once = settings(max_examples=1, phases=(Phase.generate,), database=None, derandomize=True)
    return find(st.from_regex(re.compile(pattern), fullmatch=True), lambda _one: True, settings=once)
