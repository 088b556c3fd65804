"""Attack: an API document holds something else than an OpenAPI document holds in each of its places."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from genie.edges.tools.openapi import operations
from genie.errors import InputError

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://api.example.com/v1"}],
    "components": {
        "schemas": {
            "A": {"type": "object", "properties": {"n": {"$ref": "#/components/schemas/B"}}, "required": ["n"]},
            "B": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "maxItems": 9},
        },
        "parameters": {"P": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}}},
    },
    "paths": {
        "/a/{id}": {
            "parameters": [{"$ref": "#/components/parameters/P"}],
            "get": {
                "operationId": "getA",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            },
            "post": {
                "operationId": "postA",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": ["string", "null"]}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
            },
        }
    },
}
QUICK = [None, "http://[", [], {"$ref": []}]
WRONG = [
    True, -1, 1.5, 10**400, "", {}, [[]], [None], {"type": [[]]},
    {"type": "string", "maxLength": -1}, {"type": "string", "maxLength": 10**400}, {"type": "string", "format": []},
    {"type": "integer", "minimum": 10**400}, {"type": "number", "maximum": float("nan")}, {"enum": [{}]},
]  # fmt: skip


def places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, value in inside:
        yield from places(value, (*path, name))


def short(wrong: object) -> str:
    return str(wrong)[:24]


@pytest.mark.parametrize("wrong", [*QUICK, *(pytest.param(one, marks=pytest.mark.slow) for one in WRONG)], ids=short)
def test_the_document_is_refused_or_read_and_never_ends_the_program(wrong: Any) -> None:
    assert len(operations(DOCUMENT, writes=True)) == 2
    refused = 0
    for path in places(DOCUMENT):
        made = {"document": copy.deepcopy(DOCUMENT)}
        target: Any = made
        for name in ("document", *path)[:-1]:
            target = target[name]
        target[("document", *path)[-1]] = wrong
        try:
            operations(made["document"], writes=True)
        except InputError:
            refused += 1
    assert refused
