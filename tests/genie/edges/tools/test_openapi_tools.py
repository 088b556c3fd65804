"""Operations of a document become tools; what is not understood is refused by name, and values stay values."""

from __future__ import annotations

from typing import Any

import pytest

from genie.contracts.ports.fetch import Fetched
from genie.edges.tools.openapi import ApiAnswer, operations
from genie.edges.tools.refusals import NotAllowedError, NotFoundError
from genie.edges.tools.tool import tools_of
from genie.errors import InputError
from genie.testing import FakeContext

CURRENCY = "#/components/schemas/Currency"


def document(**operation: Any) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.example.org/v1/"}],
        "components": {"schemas": {"Currency": {"type": "string", "enum": ["INR", "EUR"]}}},
        "paths": {
            "/rates/{base}": {
                "parameters": [
                    {"name": "base", "in": "path", "required": True, "schema": {"$ref": CURRENCY}},
                ],
                "get": {
                    "operationId": "getRate", "summary": "The rate of a currency.",
                    "parameters": [
                        {"name": "on", "in": "query", "schema": {"type": "string", "format": "date"}},
                        {"name": "to", "in": "query",
                         "schema": {"type": "array", "items": {"type": "string", "maxLength": 8}}},
                    ],
                    **operation,
                },
            }
        },
    }  # fmt: skip


class Fake:
    def __init__(self, status: int = 200) -> None:
        self.urls: list[str] = []
        self.status = status

    async def get(self, url: str) -> Fetched:
        self.urls.append(url)
        return Fetched(self.status, {"content-type": "application/json; charset=utf-8"}, b'{"rate": 90}')


def test_an_operation_is_a_tool_with_a_strict_class() -> None:
    (made,) = operations(document())
    (tool,) = tools_of(made)
    assert (tool.name, tool.effect, tool.description) == ("get_rate", "read", "The rate of a currency.")
    assert set(tool.arguments.model_fields) == {"base", "on", "to"}
    with pytest.raises(ValueError, match="enum|literal"):
        tool.arguments.model_validate({"base": "USD"})
    with pytest.raises(ValueError, match="extra"):
        tool.arguments.model_validate({"base": "INR", "x": 1})


@pytest.mark.anyio
async def test_a_call_quotes_every_value() -> None:
    from genie.contracts.ports.fetch import Fetch

    (made,) = operations(document())
    fetch = Fake()
    question = made.card.consumes[0].model_validate({"base": "INR", "on": "2024-01-02", "to": ("a&b=c", "d/../e")})
    found = await made.function(question, FakeContext(ports={Fetch: fetch}))
    assert found == ApiAnswer(status=200, content_type="application/json", body='{"rate": 90}')
    assert fetch.urls == ["https://api.example.org/v1/rates/INR?on=2024-01-02&to=a%26b%3Dc&to=d%2F..%2Fe"]
    for status, error in ((404, NotFoundError), (500, NotAllowedError)):
        with pytest.raises(error):
            await made.function(question, FakeContext(ports={Fetch: Fake(status)}))


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"type": "string", "pattern": "x"}, "'pattern'"),
        ({"oneOf": [{"type": "string"}]}, "'oneOf'"),
        ({"type": "string", "format": "byte"}, "format 'byte'"),
        ({"$ref": "https://x/y"}, "not in the document"),
        ({"type": "object", "patternProperties": {}}, "'patternProperties'"),
        ({"type": ["string", "integer"]}, "several types"),
        ({"type": "array"}, "an array without"),
        ({"enum": [1.5]}, "an enum"),
    ],
)
def test_a_schema_that_is_not_supported_is_named(schema: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError) as refused:
        operations(document(parameters=[{"name": "a", "in": "query", "schema": schema}]))
    assert named in refused.value.problem


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"parameters": [{"name": "a", "in": "header", "schema": {"type": "string"}}]}, "'header'"),
        ({"parameters": [{"name": "a", "in": "query", "style": "form", "schema": {}}]}, "'style'"),
        ({"parameters": [{"name": "model_fields", "in": "query", "schema": {"type": "string"}}]}, "a name that"),
        ({"requestBody": {}}, "requestBody"),
        ({"operationId": ""}, "operationId"),
    ],
)
def test_an_operation_that_is_not_supported_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError) as refused:
        operations(document(**change))
    assert named in refused.value.problem


def test_other_methods_and_missing_operations_are_named() -> None:
    whole = document()
    whole["paths"]["/rates/{base}"]["delete"] = {"operationId": "drop"}
    with pytest.raises(InputError, match="DELETE"):
        operations(whole)
    assert len(operations(whole, only={"getRate"})) == 1
    with pytest.raises(InputError, match="nowhere"):
        operations(whole, only={"getRate", "nowhere"})
    with pytest.raises(InputError):
        operations({"swagger": "2.0"})
