"""JSON Schemas of payload classes, in the dialects that providers take."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from genie.contracts.model_call import MOST_JSON, JsonText
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

Dialect = Literal["strict", "plain", "inlined"]
"""``strict``: every field is required, an optional one is nullable, and objects take no other fields (OpenAI, strict
tools of Anthropic). ``plain``: optional fields are not in ``required`` (Anthropic, llama.cpp, vLLM). ``inlined``:
as ``plain``, and without references (Gemini, Ollama)."""
MOST_DEPTH = 24
"""Maximum nesting of schemas that are inlined; a class that contains itself is deeper than that."""
_DROPPED = frozenset({"title", "default", "examples", "pattern", "discriminator"})
"""Keywords that providers refuse or ignore; the payload class validates them afterwards."""


def canonical(value: object) -> str:
    """Return the canonical JSON text of a value: keys sorted, no spaces, escapes only where JSON requires them."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@lru_cache(maxsize=1024)
def schema_text(kind: type[BaseModel], dialect: Dialect = "strict") -> JsonText:
    """Return the JSON Schema of a class as canonical text.

    Raises:
        InputError: The schema is too large, too deep for ``inlined``, or the dialect is unknown.
    """
    if dialect not in get_args(Dialect):
        raise InputError("dialect", f"is one of {', '.join(get_args(Dialect))}, not {dialect!r}")
    text = canonical(schema_of(kind, dialect))
    if len(text) > MOST_JSON:
        raise InputError(kind.__name__, f"has a schema of more than {MOST_JSON:,} characters", "use smaller arguments")
    return JsonText(text)


def schema_of(kind: type[BaseModel], dialect: Dialect = "strict") -> dict[str, Any]:
    """Return the JSON Schema of a class; see ``schema_text``."""
    raw = kind.model_json_schema(mode="validation")
    definitions = raw.pop("$defs", {})
    if dialect == "inlined":
        made: dict[str, Any] = _exported(_inlined(raw, definitions, kind.__name__), dialect)
        return made
    made = _exported(raw, dialect)
    if definitions:
        made["$defs"] = {name: _exported(part, dialect) for name, part in sorted(definitions.items())}
    return made


def _exported(schema: Any, dialect: Dialect) -> Any:
    if isinstance(schema, list):
        return [_exported(item, dialect) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if _is_decimal(schema):  # an amount is text: most clients convert JSON numbers to floats
        kept = {key: schema[key] for key in ("description",) if key in schema}
        return {"type": ["string", "null"] if len(schema["anyOf"]) == 3 else "string", **kept}
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            made[key] = {name: _exported(part, dialect) for name, part in value.items()}
        elif key == "oneOf":
            made["anyOf"] = _exported(value, dialect)
        elif key not in _DROPPED:
            made[key] = value if key in {"required", "enum", "const"} else _exported(value, dialect)
    if made.get("anyOf") is not None:
        made["anyOf"] = _without_doubles(made["anyOf"])
        if len(made["anyOf"]) == 1:
            made |= made.pop("anyOf")[0]
    if made.get("type") == "object" or "properties" in made:
        _close(made, dialect)
    return made


def _close(made: dict[str, Any], dialect: Dialect) -> None:
    """Close an object: only its declared properties are allowed."""
    properties = made.setdefault("properties", {})
    made["type"] = "object"
    if dialect == "strict":
        required = set(made.get("required", ()))
        made["properties"] = {name: part if name in required else _nullable(part) for name, part in properties.items()}
        made["required"] = list(properties)
    if dialect != "inlined":
        made["additionalProperties"] = False
    else:
        made.pop("additionalProperties", None)


def _is_decimal(schema: Mapping[str, Any]) -> bool:
    arms = schema.get("anyOf")
    kinds = [arm.get("type") for arm in arms if isinstance(arm, dict)] if isinstance(arms, list) else []
    return kinds in (["number", "string"], ["number", "string", "null"])


def _without_doubles(arms: list[Any]) -> list[Any]:
    seen: dict[str, Any] = {}
    for arm in arms:
        seen.setdefault(canonical(arm), arm)
    return list(seen.values())


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    arms = schema.get("anyOf")
    if isinstance(arms, list):
        return schema if {"type": "null"} in arms else {**schema, "anyOf": [*arms, {"type": "null"}]}
    kind = schema.get("type")
    if isinstance(kind, list):
        return schema if "null" in kind else {**schema, "type": [*kind, "null"]}
    if isinstance(kind, str) and kind != "null" and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [kind, "null"]}
    outer = {key: schema[key] for key in ("description",) if key in schema}
    inner = {key: value for key, value in schema.items() if key not in outer}
    return {**outer, "anyOf": [inner, {"type": "null"}]}


def _inlined(schema: Any, definitions: Mapping[str, Any], name: str, depth: int = 0) -> Any:
    if depth > MOST_DEPTH:
        raise InputError(name, "has arguments that contain themselves", "use a dialect with references")
    if isinstance(schema, list):
        return [_inlined(item, definitions, name, depth) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        found = definitions[reference.rsplit("/", 1)[1]]
        return {**_inlined(found, definitions, name, depth + 1), **_inlined(rest, definitions, name, depth)}
    return {key: _inlined(value, definitions, name, depth + (key == "properties")) for key, value in schema.items()}
