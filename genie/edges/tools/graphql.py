"""A GraphQL server as a tool: queries are checked against its introspected schema, and bounded in depth and cost.

Needs the extra ``graphql``. The schema is given as the answer to ``INTROSPECTION``, so that the approved schema can be
stored in a file. Mutations are a separate agent: of high risk, approved by a person, and made once per run.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any

from anyio import to_thread
from pydantic import Field

from genie.contracts.agent import Handlers, handles
from genie.contracts.card import make_card
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.contracts.model_call import JsonText
from genie.contracts.ports.send import Send
from genie.edges.llm.output.strict import JsonTextError, depth_of, parsed
from genie.edges.tools.openapi import written
from genie.edges.tools.refusals import BadExpressionError, NotAllowedError, NotFoundError, TooLargeError
from genie.edges.tools.schema import canonical
from genie.edges.tools.tool import Approval, Effect, ToolOptions
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import FieldNode, GraphQLSchema, SelectionSetNode

MOST_QUERY = 10_000
"""Characters of a query."""
MOST_TOKENS = 1_000
AT_ONCE = 2_000
"""Length of a query that is checked on the loop."""
MOST_PROBLEMS = 8
MOST_LEVELS = 64
"""Maximum nesting of an answer."""
MOST_ANSWER = 262_144
"""Bytes of an answer."""
SIZES = frozenset({"first", "last", "limit", "take", "pageSize", "perPage"})
"""Arguments that state the length of a list."""
PAGES = frozenset({"edges", "nodes", "items", "results"})
"""Fields of a page that contain its list."""
INTROSPECTION = (
    "query { __schema { queryType { name } mutationType { name } subscriptionType { name } types { kind name "
    "description fields(includeDeprecated: true) { name description args { ...I } type { ...T } isDeprecated "
    "deprecationReason } inputFields { ...I } interfaces { ...T } enumValues(includeDeprecated: true) { name "
    "description isDeprecated deprecationReason } possibleTypes { ...T } } directives { name description locations "
    "args { ...I } } } } fragment I on __InputValue { name description type { ...T } defaultValue } fragment T on "
    "__Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }"
)
"""The query whose ``data`` is a schema."""


class GraphQlQuery(Payload, topic="graphql.query", key=None):
    """Ask a GraphQL query: one operation, without introspection."""

    query: Annotated[str, Field(min_length=2, max_length=MOST_QUERY)]
    variables: Annotated[JsonText, Field(max_length=MOST_QUERY)] = JsonText("{}")
    """A JSON object."""


class GraphQlMutation(Payload, topic="graphql.mutation", key=None):
    """Make one GraphQL mutation."""

    mutation: Annotated[str, Field(min_length=2, max_length=MOST_QUERY)]
    variables: Annotated[JsonText, Field(max_length=MOST_QUERY)] = JsonText("{}")
    """A JSON object."""


class GraphQlType(Payload, topic="graphql.type", key=None):
    """Ask for the fields and arguments of a type of the server; ``Query`` is the root of queries."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,127}$")]


class GraphQlAnswer(Payload, topic="graphql.answer", key=None):
    """The server's answer; ``problems`` are those of the query, or the server's errors."""

    data: JsonText | None = None
    problems: tuple[str, ...] = ()


class GraphQlDefinition(Payload, topic="graphql.definition", key=None):
    """A type in the language of GraphQL schemas."""

    text: str


class _Limits:
    """Checks operations against a schema.

    Args:
        introspection: ``data`` of the answer to ``INTROSPECTION``.
        depth: Maximum levels of fields.
        cost: Maximum number of fields of an answer, with each list at its requested length.
        list_size: Assumed length of a list that is requested without one.

    Raises:
        InputError: It is not a schema, or graphql-core is not installed.
    """

    def __init__(self, introspection: Mapping[str, Any], depth: int, cost: int, list_size: int) -> None:
        try:
            import graphql  # noqa: PLC0415 - start-up: an optional library
        except ImportError:
            raise InputError("graphql", "needs the library graphql-core", "install the extra `graphql`") from None
        try:
            self.schema: GraphQLSchema = graphql.build_client_schema(introspection)  # type: ignore[arg-type]  # checked by it
        except Exception as error:  # noqa: BLE001 - what it raises is not documented; a schema of others is input
            raise InputError("graphql", f"is not an introspected schema ({type(error).__name__})") from None
        self._depth, self._cost, self._list_size = depth, cost, list_size

    async def checked(self, text: str, variables: str, kind: str) -> tuple[str, ...]:
        """Return the result of ``problems``; a long text is checked in a thread."""
        if len(text) + len(variables) <= AT_ONCE:
            return self.problems(text, variables, kind)
        return await to_thread.run_sync(self.problems, text, variables, kind)

    def problems(self, text: str, variables: str, kind: str) -> tuple[str, ...]:
        """Return the problems of an operation under the schema.

        Args:
            text: A GraphQL document.
            variables: Values of its variables, as a JSON object.
            kind: Required kind of the operation: ``query`` or ``mutation``.

        Raises:
            TooLargeError: It is too deep, or would cost too much.
            NotAllowedError: It is of another kind, or queries the schema itself.
            BadExpressionError: It is not GraphQL, or the variables are not an object.
        """
        import graphql  # noqa: PLC0415 - as above
        from graphql.execution.values import get_variable_values  # noqa: PLC0415 - as above

        if depth_of(text) > 4 * self._depth + 32:  # before the parser, which recurses for each level
            raise TooLargeError("graphql", f"takes at most {self._depth} levels")
        try:
            document = graphql.parse(text, max_tokens=MOST_TOKENS)
            given = parsed(variables)
        except (graphql.GraphQLError, JsonTextError, RecursionError):
            raise BadExpressionError("graphql", "cannot read it") from None
        found = [one for one in document.definitions if isinstance(one, graphql.OperationDefinitionNode)]
        if len(found) != 1 or not isinstance(given, dict):
            raise BadExpressionError("graphql", "accepts one operation, and an object of variables")
        (operation,) = found
        if operation.operation.value != kind:
            raise NotAllowedError("graphql", f"makes a {kind} alone")
        wrong = graphql.validate(self.schema, document, max_errors=MOST_PROBLEMS)
        if wrong:
            return tuple(one.message[:200] for one in wrong[:MOST_PROBLEMS])
        values = get_variable_values(self.schema, operation.variable_definitions or (), given, max_errors=MOST_PROBLEMS)
        if isinstance(values, list):
            return tuple(one.message[:200] for one in values[:MOST_PROBLEMS])
        defined = (one for one in document.definitions if isinstance(one, graphql.FragmentDefinitionNode))
        fragments = {one.name.value: one for one in defined}
        measure = _Measure(self.schema, fragments, values, self._list_size, (self._depth, self._cost))
        _ = measure.selected(operation.selection_set, self.schema.get_root_type(operation.operation))
        return ()


class _Measure:
    """Depth and cost of one operation.

    Args:
        schema: Of the server; the operation fits it.
        fragments: Of the document, by name.
        values: Of the variables.
        list_size: Assumed length of a list that is requested without one.
        most: Maximum depth and cost.
    """

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, Any], values: Any, list_size: int, most: tuple[int, int]
    ) -> None:
        self._schema, self._fragments, self._values = schema, fragments, values
        self._list_size, self._most = list_size, most
        self._known: dict[tuple[str, bool], tuple[int, int]] = {}

    def selected(self, selections: SelectionSetNode | None, parent: Any, *, paged: bool = False) -> tuple[int, int]:
        """Return depth and cost of a selection on a type; a fragment is measured once, even if it is used repeatedly.

        Raises:
            TooLargeError: It is too deep, or costs too much.
            NotAllowedError: It queries the schema itself.
        """
        deepest = total = 0
        for node in () if selections is None else selections.selections:
            kind = node.kind
            found: Any = node
            if kind == "field":
                depth, cost = self._field(found, parent, paged=paged)
            elif kind == "inline_fragment":
                named = found.type_condition
                inner = parent if named is None else self._schema.get_type(named.name.value)
                depth, cost = self.selected(found.selection_set, inner, paged=paged)
            else:
                depth, cost = self._spread(found.name.value, paged=paged)
            deepest, total = max(deepest, depth), total + cost
        if deepest > self._most[0]:
            raise TooLargeError("graphql", f"takes at most {self._most[0]} levels")
        if total > self._most[1]:
            raise TooLargeError(
                "graphql", f"accepts queries of at most {self._most[1]} fields, including the items of lists"
            )
        return deepest, total

    def _spread(self, name: str, *, paged: bool) -> tuple[int, int]:
        key = name, paged
        if key not in self._known:
            fragment = self._fragments[name]
            kind = self._schema.get_type(fragment.type_condition.name.value)
            self._known[key] = self.selected(fragment.selection_set, kind, paged=paged)
        return self._known[key]

    def _field(self, node: FieldNode, parent: Any, *, paged: bool) -> tuple[int, int]:
        import graphql  # noqa: PLC0415 - as above

        name = node.name.value
        if name == "__typename":
            return 1, 1
        if name.startswith("__"):
            raise NotAllowedError("graphql", "answers questions about types in a separate call")
        definition = parent.fields[name]
        inner, lists = definition.type, 0
        while isinstance(inner, graphql.GraphQLNonNull | graphql.GraphQLList):
            lists += isinstance(inner, graphql.GraphQLList)
            inner = inner.of_type
        arguments = graphql.get_argument_values(definition, node, self._values)
        sizes = [value for key, value in arguments.items() if key in SIZES and isinstance(value, int)]
        # The list of a page is as long as its page, which was counted.
        counted = lists - (paged and name in PAGES)
        times = max(*sizes, 1) if sizes else self._list_size ** max(0, counted)
        if node.selection_set is None:
            return 1, times
        depth, cost = self.selected(node.selection_set, inner, paged=bool(sizes) and not lists)
        return depth + 1, 1 + times * cost


class GraphQlTool(Handlers, id="graphql"):
    """Queries a GraphQL server, and describes its types.

    Args:
        id: Of the agent.
        url: Of the server; its host must be one that ``Send`` may call.
        introspection: ``data`` of the answer to ``INTROSPECTION``.
        depth: Levels of fields that a query may have.
        cost: Maximum number of fields of an answer, with each list at its requested length.
        list_size: Assumed length of a list that is requested without one.

    Raises:
        InputError: It is not a schema, or graphql-core is not installed.
    """

    isolated = True  # it only stores the schema
    tool_options = ToolOptions(effect=Effect.READ)

    def __init__(
        self, id: str, url: str, introspection: Mapping[str, Any], *, depth: int = 8, cost: int = 1_000,  # noqa: A002 - the card's word
        list_size: int = 20,
    ) -> None:  # fmt: skip
        self._url = url
        self._limits = _Limits(introspection, depth, cost, list_size)
        self.card = make_card(
            id, consumes=(GraphQlQuery, GraphQlType), produces=(GraphQlAnswer, GraphQlDefinition),
            doc=f"Asks the GraphQL server of {id}", ports=(Send,), risk="medium", tier="beta", concurrency=4,
            timeout_s=60.0, egress=True,
        )  # fmt: skip

    @handles
    async def query(self, question: GraphQlQuery, context: Context) -> GraphQlAnswer:
        """Send a query that fits the schema and the limits."""
        problems = await self._limits.checked(question.query, question.variables, "query")
        if problems:
            return GraphQlAnswer(problems=problems)
        content = _content(question.query, question.variables)
        port: Any = Send
        found = await context.port(port).send("POST", self._url, content=content)
        if not 200 <= found.status < 300:
            raise NotAllowedError(self.card.id, f"answered with status {found.status}")
        return answered(found.body)

    @handles
    async def type(self, question: GraphQlType, context: Context) -> GraphQlDefinition:  # noqa: ARG002 - of a handler
        """Return a type of the schema."""
        import graphql  # noqa: PLC0415 - as above

        kind = self._limits.schema.get_type(question.name)
        if kind is None:
            raise NotFoundError(self.card.id, "has no such type")
        return GraphQlDefinition(text=graphql.print_type(kind)[:MOST_ANSWER])


class GraphQlWrite(Handlers, id="graphql_write"):
    """Makes mutations at a GraphQL server; arguments as of ``GraphQlTool``."""

    isolated = True  # as above
    tool_options = ToolOptions(effect=Effect.WRITE, approval=Approval.ALWAYS, parallel=False)

    def __init__(
        self, id: str, url: str, introspection: Mapping[str, Any], *, depth: int = 8, cost: int = 1_000,  # noqa: A002 - the card's word
        list_size: int = 20,
    ) -> None:  # fmt: skip
        self._url = url
        self._limits = _Limits(introspection, depth, cost, list_size)
        self.card = make_card(
            id, consumes=(GraphQlMutation,), produces=(GraphQlAnswer,),
            doc=f"Makes mutations at the GraphQL server of {id}", ports=(Send,), risk="high", tier="beta",
            concurrency=1, timeout_s=60.0, egress=True, capabilities=("approval.always",),
        )  # fmt: skip

    @handles
    async def mutate(self, question: GraphQlMutation, context: Context) -> GraphQlAnswer:
        """Make a mutation once per run; if its result is unknown, a person decides."""
        text, variables = question.mutation, question.variables
        problems = await self._limits.checked(text, variables, "mutation")
        if problems:
            return GraphQlAnswer(problems=problems)
        port: Any = Send
        send, content = context.port(port), _content(text, variables)

        async def effect(key: str) -> str:
            return written(self.card.id, await send.send("POST", self._url, content=content, key=key)).body

        body = await context.once(hashlib.sha256(content).hexdigest(), effect)
        return answered(body.encode())


def _content(text: str, variables: str) -> bytes:
    return canonical({"query": text, "variables": parsed(variables)}).encode()


def answered(body: bytes) -> GraphQlAnswer:
    """Return the answer of a server.

    Raises:
        NotAllowedError: It is not an answer of GraphQL, or is too long.
    """
    if len(body) > MOST_ANSWER:
        raise NotAllowedError("graphql", f"accepts answers of at most {MOST_ANSWER:,} bytes")
    try:
        found = parsed(body.decode(), most=MOST_ANSWER, levels=MOST_LEVELS)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not (found.get("data") is not None or found.get("errors")):
        raise NotAllowedError("graphql", "got something other than a GraphQL answer")
    listed = found.get("errors") or ()
    told = [one.get("message") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    data = found.get("data")
    return GraphQlAnswer(
        data=None if data is None else JsonText(canonical(data)),
        problems=tuple(str(one)[:200] for one in told[:MOST_PROBLEMS]),
    )
