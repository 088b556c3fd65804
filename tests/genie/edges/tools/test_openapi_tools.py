"""Operations of a document become tools; what is not understood is refused by name, and values stay values."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, PolicySet, Runtime
from genie.contracts.agent import Binding
from genie.contracts.ports.fetch import Fetched
from genie.contracts.ports.send import Send
from genie.edges.tools.openapi import ApiAnswer, operations
from genie.edges.tools.refusals import NotAllowedError, NotFoundError
from genie.edges.tools.tool import tools_of
from genie.errors import FetchError, InputError, NotDoneError, RunHeld
from genie.policies.tool_approval import ToolApproval
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


# --- writes ---

PAYMENT = {
    "type": "object", "required": ["amount"],
    "properties": {"amount": {"type": "integer", "minimum": 1}, "note": {"type": "string"}},
}  # fmt: skip


def writing(body: Any = None, method: str = "post", **operation: Any) -> dict[str, Any]:
    whole = document()
    given = {"required": True, "content": {"application/json": {"schema": PAYMENT}}} if body is None else body
    whole["paths"]["/rates/{base}"] = {
        "parameters": whole["paths"]["/rates/{base}"]["parameters"],
        method: {"operationId": "pay", "summary": "Pay.", **({"requestBody": given} if given else {}), **operation},
    }
    return whole


class Taker:
    def __init__(self, status: int = 201) -> None:
        self.asked: list[tuple[str, str, bytes, str]] = []
        self.status = status

    async def send(self, method: str, url: str, *, content: bytes = b"", key: str = "") -> Fetched:
        self.asked.append((method, url, content, key))
        return Fetched(self.status, {"content-type": "application/json"}, b'{"id": 7}')


def test_a_write_is_refused_where_nobody_allows_writes() -> None:
    with pytest.raises(InputError) as refused:
        operations(writing())
    assert "POST" in refused.value.problem


def test_a_write_is_of_high_risk_and_needs_a_person() -> None:
    (made,) = operations(writing(), writes=True)
    (tool,) = tools_of(made)
    assert (str(tool.effect), str(tool.approval), tool.parallel) == ("write", "always", False)
    assert (made.card.risk.value, made.card.egress, made.card.retry.attempts) == ("high", True, 1)
    with pytest.raises(ValueError, match="amount"):
        tool.arguments.model_validate({"base": "INR", "body": {"amount": 0}})
    with pytest.raises(ValueError, match="body"):
        tool.arguments.model_validate({"base": "INR"})


@pytest.mark.anyio
async def test_a_write_waits_for_a_person_and_is_made_once_in_a_run() -> None:
    (made,) = operations(writing(), writes=True)
    taker = Taker()
    bound = Binding(agent=made, card=made.card, ports={Send: taker})
    question = made.card.consumes[0].model_validate({"base": "INR", "body": {"amount": 5}})
    async with Runtime([bound], policies=PolicySet((ToolApproval(),)), caller=Caller(user="ann")) as runtime:
        run = runtime.start(question, ApiAnswer, to="pay")
        with pytest.raises(RunHeld) as held:
            await run.result()
        assert taker.asked == []
        runtime.approvals.approve(held.value.holds[0], by="ben", reason="fine")
        assert (await run.result()).body == '{"id": 7}'
    ((method, url, content, key),) = taker.asked
    assert (method, url, content) == ("POST", "https://api.example.org/v1/rates/INR", b'{"amount":5}')
    assert len(key) >= 16


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "error"),
    [(422, NotDoneError), (404, NotDoneError), (500, FetchError), (409, FetchError), (302, FetchError)],
)
async def test_a_write_that_fails_says_whether_it_can_have_happened(status: int, error: type[Exception]) -> None:
    (made,) = operations(writing(), writes=True)
    question = made.card.consumes[0].model_validate({"base": "INR", "body": {"amount": 5}})
    with pytest.raises(error):
        await made.function(question, FakeContext(ports={Send: Taker(status)}))


@pytest.mark.anyio
async def test_a_delete_sends_no_body() -> None:
    (made,) = operations(writing(body={}, method="delete"), writes=True)
    taker = Taker(204)
    question = made.card.consumes[0].model_validate({"base": "EUR"})
    await made.function(question, FakeContext(ports={Send: taker}))
    assert taker.asked[0][:3] == ("DELETE", "https://api.example.org/v1/rates/EUR", b"")


@pytest.mark.parametrize(
    "body",
    [
        {"content": {"text/plain": {"schema": PAYMENT}}},
        {"content": {"application/json": {"schema": PAYMENT}, "application/xml": {}}},
        {"content": {"application/json": {}}},
        {"content": {"application/json": {"schema": PAYMENT, "encoding": {}}}},
        {"$ref": "#/components/requestBodies/Pay"},
        {"content": {"application/json": {"schema": {"oneOf": [PAYMENT]}}}},
    ],
)
def test_a_body_that_is_not_supported_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        operations(writing(body=body), writes=True)
