"""The OpenAPI 3.1 document, generated from the table of routes and the payload classes of the pipelines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from genie.server.messages import Json
from genie.server.problems import MEDIA, PROBLEMS
from genie.server.rules import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaMode
    from starlette.types import ASGIApp

    from genie.server.hosting import Hosted
    from genie.server.rules import Rule
    from genie.server.server import Call

_PLACE = re.compile(r"\{(\w+)\}")
_LISTED = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(PROBLEMS)}, "detail": {"type": "string"}, "run": {"type": "string"},
        "why": {"type": "string"}, "errors": {"type": "array", "items": {"type": "object"}},
    },
}  # fmt: skip

_EVENT = {
    "description": "One event: `id` resumes (`Last-Event-ID`), and `data` is JSON.",
    "type": "object",
    "required": ["event", "data"],
    "properties": {"id": {"type": "string"}, "event": {"type": "string"}, "data": {"type": "string"}},
}
_FORMS: dict[str, dict[str, Any]] = {"application/json": {"type": "object"}, EVENTS: _EVENT}


async def show(call: Call) -> ASGIApp:
    """Show this document, with the schemas of all questions and answers."""
    server = call.server
    if server.described is None:
        server.described = Json(server.describe())
    return server.described


def document(rules: Iterable[Rule], hosted: Iterable[Hosted]) -> dict[str, Any]:
    """Return the document of a table of routes.

    Args:
        rules: The routes.
        hosted: Pipelines whose questions and answers are included.
    """
    rules = tuple(rules)
    bodies = dict.fromkeys(rule.body for rule in rules if rule.body is not None)
    kinds: list[tuple[type[BaseModel], JsonSchemaMode]] = [(kind, "validation") for kind in bodies]
    for one in hosted:
        kinds += [(one.pipeline.entry, "validation"), (one.pipeline.answer, "serialization")]
    refs, table = models_json_schema(kinds, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = {**table.get("$defs", {}), "Problem": _LISTED}
    paths: dict[str, dict[str, Any]] = {}
    for rule in rules:
        body = None if rule.body is None else refs[rule.body, "validation"]
        paths.setdefault(rule.path, {})[rule.method.lower()] = _operation(rule, body)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Genie", "version": "1", "description": "A governed message bus for agents, as an API."},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a signed token."}
            },
        },
    }  # fmt: skip


def _operation(rule: Rule, body: dict[str, Any] | None) -> dict[str, Any]:
    problem = {"description": "A problem.", "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    success: dict[str, Any] = {"description": "Success."}
    if rule.status == 303:
        success["headers"] = {"Location": {"required": True, "schema": {"type": "string"}}}
    elif rule.status != 204:
        success["content"] = {rule.media: {"schema": _FORMS.get(rule.media, {"type": "string"})}}
    statuses = {str(rule.status): success}
    if rule.path == "/v1/ask":
        statuses["202"] = {**success, "description": "The run continues: it is held, or the wait has ended."}
    if rule.path == "/v1/runs/{id}/events":
        statuses["204"] = {"description": "The run has ended and the client has every event."}
    if rule.path == "/readyz":
        statuses["503"] = success
    found: dict[str, Any] = {
        "operationId": f"{rule.endpoint.__module__.rpartition('.')[2]}_{rule.endpoint.__name__}",
        "summary": (rule.endpoint.__doc__ or "").partition("\n")[0],
        "responses": {**statuses, "default": problem},
    }
    if rule.right is not None:
        found["security"] = [{"bearer": []}]
        found["description"] = f"Needs the right `{rule.right}`."
    names = _PLACE.findall(rule.path)
    if names:
        found["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in names
        ]  # fmt: skip
    if body is not None:
        found["requestBody"] = {"required": True, "content": {rule.takes: {"schema": body}}}
    return found
