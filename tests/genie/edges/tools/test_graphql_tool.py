"""A GraphQL server as a tool: what does not fit its schema, is too deep or too long, never reaches it."""

from __future__ import annotations

import json
from typing import Any

import graphql
import pytest

from genie import Caller, PolicySet, Runtime
from genie.contracts.agent import Binding
from genie.contracts.model_call import JsonText
from genie.contracts.ports.fetch import Fetched
from genie.contracts.ports.send import Method, Send
from genie.edges.tools.graphql import (
    INTROSPECTION,
    MOST_ANSWER,
    GraphQlAnswer,
    GraphQlMutation,
    GraphQlQuery,
    GraphQlTool,
    GraphQlType,
    GraphQlWrite,
    answered,
)
from genie.edges.tools.refusals import BadExpressionError, NotAllowedError, NotFoundError, TooLargeError
from genie.edges.tools.tool import tools_of
from genie.errors import FetchError, InputError, NotDoneError, RunHeld
from genie.policies.tool_approval import ToolApproval
from genie.testing import FakeContext

pytestmark = pytest.mark.anyio
URL = "https://api.example.org/graphql"
SCHEMA = graphql.build_schema(
    """
    type Query { account(id: ID!): Account  accounts(first: Int, after: String): Page  names: [String!]! }
    type Page { edges: [Edge!]!  total: Int }
    type Edge { node: Account! }
    type Account { id: ID!  owner: Account  "What it holds." balance: Float  entries(limit: Int): [Entry!]! }
    type Entry { text: String  account: Account }
    type Mutation { pay(to: ID!, amount: Int!): Account }
    type Subscription { paid: Account }
    """
)
INTROSPECTED = graphql.introspection_from_schema(SCHEMA)


class Server:
    def __init__(self, status: int = 200, body: object = None) -> None:
        self.asked: list[tuple[Method, str, Any, str]] = []
        self.status = status
        self.body = {"data": {"account": {"id": "1"}}} if body is None else body

    async def send(self, method: Method, url: str, *, content: bytes = b"", key: str = "") -> Fetched:
        self.asked.append((method, url, json.loads(content), key))
        return Fetched(self.status, {}, json.dumps(self.body).encode())


def tool(**limits: int) -> GraphQlTool:
    return GraphQlTool("bank", URL, INTROSPECTED, **limits)


async def ask(query: str, variables: str = "{}", server: Server | None = None, **limits: int) -> GraphQlAnswer:
    context = FakeContext(ports={Send: server or Server()})
    return await tool(**limits).query(GraphQlQuery(query=query, variables=JsonText(variables)), context)


def test_our_introspection_is_a_whole_schema() -> None:
    found = graphql.graphql_sync(SCHEMA, INTROSPECTION)
    assert found.errors is None
    assert graphql.print_schema(graphql.build_client_schema(found.data)) == graphql.print_schema(SCHEMA)  # type: ignore[arg-type]  # a dict


def test_the_agent_is_two_tools_that_read() -> None:
    assert {(one.name, str(one.effect)) for one in tools_of(tool())} == {("bank-query", "read"), ("bank-type", "read")}


async def test_a_query_that_fits_is_asked_with_its_variables() -> None:
    server = Server()
    found = await ask("query ($i: ID!) { account(id: $i) { id } }", '{"i": "1"}', server)
    assert found == GraphQlAnswer(data=JsonText('{"account":{"id":"1"}}'))
    ((method, url, sent, key),) = server.asked
    assert (method, url, sent["variables"], key) == ("POST", URL, {"i": "1"}, "")


@pytest.mark.parametrize(
    ("query", "variables", "named"),
    [
        ("{ nothing }", "{}", "nothing"),
        ("{ account { id } }", "{}", "id"),
        ("{ account(id: 1) { id ...F } } fragment F on Account { ...F }", "{}", "F"),
        ("query ($i: ID!) { account(id: $i) { id } }", "{}", "$i"),
        ("query ($n: Int) { accounts(first: $n) { total } }", '{"n": "many"}', "$n"),
    ],
)
async def test_what_does_not_fit_the_schema_is_told_and_not_sent(query: str, variables: str, named: str) -> None:
    server = Server()
    found = await ask(query, variables, server)
    assert found.data is None
    assert named in " ".join(found.problems)
    assert server.asked == []


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("mutation { pay(to: 1, amount: 5) { id } }", NotAllowedError),
        ("subscription { paid { id } }", NotAllowedError),
        ("{ __schema { types { name } } }", NotAllowedError),
        ("{ names } query Second { names }", BadExpressionError),
        ("fragment F on Account { id }", BadExpressionError),
        ("{ names", BadExpressionError),
        ("{" * 5_000, TooLargeError),
        ("{ names(a: " + "[" * 4_000 + ") }", TooLargeError),
        ("{ account(id: 1) { owner { owner { owner { id } } } } }", TooLargeError),
        ("{ accounts(first: 1000) { edges { node { id } } } }", TooLargeError),
        ("{ accounts(first: 10) { edges { node { entries { text } } } } }", TooLargeError),
        ("{ accounts { edges { node { entries(limit: 50) { text } } } } }", TooLargeError),
        ("query ($n: Int = 900) { accounts(first: $n) { total } }", TooLargeError),
        ("{ " + " ".join(f"a{number}: names" for number in range(60)) + " }", TooLargeError),
    ],
)
async def test_what_is_too_deep_too_long_or_not_a_query_is_not_sent(query: str, error: type[Exception]) -> None:
    server = Server()
    with pytest.raises(error):
        await ask(query, server=server, depth=4, cost=500)
    assert server.asked == []


async def test_a_page_counts_as_long_as_it_is_asked_for() -> None:
    query, server = "{ accounts(first: 100) { edges { node { id } } total } }", Server()
    await ask(query, server=server, cost=401)
    with pytest.raises(TooLargeError):
        await ask(query, server=server, cost=400)
    assert len(server.asked) == 1


async def test_fragments_that_name_each_other_twice_are_measured_at_once() -> None:
    parts = [
        f"fragment F{at} on Account {{ a: owner {{ ...F{at + 1} }} b: owner {{ ...F{at + 1} }} }}" for at in range(40)
    ]
    query = "{ account(id: 1) { ...F0 } } " + " ".join(parts) + " fragment F40 on Account { id }"
    with pytest.raises(TooLargeError):
        await ask(query, depth=1_000, cost=10_000)


async def test_types_are_told_from_the_schema() -> None:
    server = Server()
    told = await tool().type(GraphQlType(name="Account"), FakeContext(ports={Send: server}))
    assert "What it holds." in told.text
    with pytest.raises(NotFoundError):
        await tool().type(GraphQlType(name="Nothing"), FakeContext(ports={Send: server}))
    assert server.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>",
        b'{"data": null}',
        b"[" * 5_000,
        b'{"data": 1}' + b" " * MOST_ANSWER,
        b'{"data": {"a": 1e400}}',
        b'{"data": NaN}',
        b'{"data": "\\ud800"}',
        b'{"data": 1, "data": 2}',
        b"\xff",
        b'{"data": 12345678901234567890.12}',
    ],
)
def test_an_answer_that_is_none_of_graphql_is_refused(body: bytes) -> None:
    with pytest.raises(NotAllowedError):
        answered(body)


def test_errors_of_the_server_are_told_short() -> None:
    told = answered(json.dumps({"errors": [{"message": "x" * 9_000}, "?", {"message": "no"}] * 9}).encode())
    assert told.data is None
    assert len(told.problems) == 8
    assert max(map(len, told.problems)) == 200


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_another_status_is_refused(status: int) -> None:
    with pytest.raises(NotAllowedError):
        await ask("{ names }", server=Server(status))


def test_what_is_no_schema_is_refused() -> None:
    for broken in ({}, {"__schema": {}}, {"__schema": {"types": [1]}}):
        with pytest.raises(InputError):
            GraphQlTool("bank", URL, broken)


PAY = GraphQlMutation(mutation="mutation { pay(to: 1, amount: 5) { id } }")


async def test_a_mutation_waits_for_a_person_and_is_made_once() -> None:
    server, writer = Server(body={"data": {"pay": {"id": "1"}}}), GraphQlWrite("bank_write", URL, INTROSPECTED)
    (one,) = tools_of(writer)
    assert (str(one.effect), str(one.approval), writer.card.risk.value) == ("write", "always", "high")
    bound = Binding(agent=writer, card=writer.card, ports={Send: server})
    async with Runtime([bound], policies=PolicySet((ToolApproval(),)), caller=Caller(user="ann")) as runtime:
        run = runtime.start(PAY, GraphQlAnswer, to="bank_write")
        with pytest.raises(RunHeld) as held:
            await run.result()
        assert server.asked == []
        runtime.approvals.approve(held.value.holds[0], by="ben", reason="fine")
        assert (await run.result()).data == '{"pay":{"id":"1"}}'
    assert len(server.asked) == 1
    assert server.asked[0][3]


@pytest.mark.parametrize(("status", "error"), [(400, NotDoneError), (500, FetchError), (429, FetchError)])
async def test_a_mutation_that_fails_says_whether_it_can_have_happened(status: int, error: type[Exception]) -> None:
    writer = GraphQlWrite("bank_write", URL, INTROSPECTED)
    with pytest.raises(error):
        await writer.mutate(PAY, FakeContext(ports={Send: Server(status)}))


async def test_a_query_is_not_taken_for_a_mutation() -> None:
    writer, server = GraphQlWrite("bank_write", URL, INTROSPECTED), Server()
    with pytest.raises(NotAllowedError):
        await writer.mutate(GraphQlMutation(mutation="{ names }"), FakeContext(ports={Send: server}))
    assert server.asked == []
