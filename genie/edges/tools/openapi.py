"""Operations of an OpenAPI document as tools: one agent and one payload class per operation.

Operations that read (GET) are called through the guarded ``Fetch`` port. Others are writes: they need ``Send``, are of
high risk, require on their card that a person approves each call, and are made once per run. Unsupported schemas are
refused by name when the document is read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Field

from genie.contracts.agent import FunctionAgent
from genie.contracts.card import make_card
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.contracts.ports.fetch import Fetch
from genie.contracts.ports.send import Method, Send
from genie.contracts.signature import Signature
from genie.edges.tools.json_schema import SchemaReader, Unsupported
from genie.edges.tools.refusals import NotAllowedError, NotFoundError
from genie.edges.tools.schema import canonical
from genie.edges.tools.tool import Approval, Effect, ToolOptions, payload_class
from genie.errors import FetchError, InputError, NotDoneError

if TYPE_CHECKING:
    from collections.abc import Collection

    from genie.contracts.ports.fetch import Fetched

MOST_OPERATIONS = 128
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_WRITES: Mapping[str, Method] = {"post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE"}
_NOT_SURE = frozenset({408, 409, 425, 429})
"""Statuses, besides those above 499, after which it is unknown whether a write has happened."""
_BODY = "body"
"""Field of the body."""
_SLOT = re.compile(r"\{([^{}]*)\}")


class ApiAnswer(Payload, topic="openapi.answer", key=None):
    """What an operation answered."""

    status: int
    content_type: str
    body: Annotated[str, Field(max_length=16_000_000)]


class OpenApiTool(FunctionAgent[Any, Any]):
    """One operation as an agent."""

    tool_options = ToolOptions(effect=Effect.READ)


class OpenApiWrite(FunctionAgent[Any, Any]):
    """One operation that changes something, as an agent."""

    tool_options = ToolOptions(effect=Effect.WRITE, approval=Approval.ALWAYS, parallel=False)


def operations(
    document: Mapping[str, Any],
    *,
    only: Collection[str] | None = None,
    server: str | None = None,
    writes: bool = False,
) -> tuple[OpenApiTool | OpenApiWrite, ...]:
    """Return an agent for each operation of a document.

    Args:
        document: OpenAPI 3.0 or 3.1, as read from JSON or YAML.
        only: Ids of the required operations; all by default, and then each of them must be supported.
        server: Base URL; the first of the document by default. The ports must be allowed to call its host.
        writes: Also create operations that change something; otherwise they are refused.

    Raises:
        InputError: Something in the document is not supported; every such thing is named.
    """
    given: object = document  # read from a file, so that it may be anything
    if not (isinstance(given, Mapping) and str(given.get("openapi", "")).startswith(("3.0", "3.1"))):
        raise InputError("openapi", "is not a document of version 3.0 or 3.1")
    base = server or _server(document)
    try:
        components = _object(document.get("components"), "components")
        definitions = {
            f"#/components/{part}/{name}": schema
            for part in ("schemas", "parameters")
            for name, schema in _object(components.get(part), f"components.{part}").items()
            if isinstance(schema, dict)
        }
        paths = {str(path): _object(item, str(path)) for path, item in _object(document.get("paths"), "paths").items()}
    except Unsupported as error:
        raise InputError("openapi", f"is not supported: {error}") from None
    problems: list[str] = []
    made: list[OpenApiTool | OpenApiWrite] = []
    found: set[str] = set()
    for path, item in paths.items():
        for method in sorted(item.keys() & _METHODS):
            operation = item[method] if isinstance(item[method], dict) else {}
            name = str(operation.get("operationId") or "")
            if only is not None and name not in only:
                continue
            found.add(name)
            try:
                if method in _WRITES and not writes:
                    raise Unsupported("method", f"{method.upper()}, because nothing may write without `writes=True`")
                made.append(_operation(base, path, method, operation, item.get("parameters"), definitions))
            except Unsupported as error:
                problems.append(f"{method.upper()} {path}: {error}")
    missing = sorted(set(only or ()) - found)
    problems += [f"{name}: is not in the document" for name in missing]
    if len(made) > MOST_OPERATIONS:
        problems.append(f"has more than {MOST_OPERATIONS} operations; name the required ones")
    if problems:
        raise InputError("openapi", "; ".join(problems[:32])[:8_000], "name the required operations in `only`")
    return tuple(made)


def _object(value: Any, where: str) -> Mapping[str, Any]:
    """Return an object of the document; an empty one if it is missing."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unsupported(where[:80], "what is not an object")
    return value


def _parameters(value: Any) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise Unsupported("parameters", "what is not a list")
    return value or []


def _server(document: Mapping[str, Any]) -> str:
    servers = document.get("servers") or []
    url = servers[0].get("url", "") if isinstance(servers, list) and servers and isinstance(servers[0], dict) else ""
    try:
        parts = urlsplit(str(url))
        whole = parts.scheme in {"https", "http"} and bool(parts.hostname) and "{" not in str(url)
    except ValueError:
        whole = False
    if not whole:
        raise InputError("openapi", "has no server with a complete URL", "give `server`")
    return str(url).rstrip("/")


def _operation(
    base: str, path: str, method: str, operation: Mapping[str, Any], shared: Any,
    definitions: Mapping[str, Mapping[str, Any]],
) -> OpenApiTool | OpenApiWrite:  # fmt: skip
    if method != "get" and method not in _WRITES:
        raise Unsupported("method", method.upper())
    name = str(operation.get("operationId") or "")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", name):
        raise Unsupported("operationId", "a name that is missing or cannot be used")
    body = operation.get("requestBody")
    if method == "get" and body is not None:
        raise Unsupported("requestBody", "a body of a GET")
    agent = re.sub(r"[^a-z0-9_]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
    reader = SchemaReader(definitions, agent.title().replace("_", ""))
    fields: dict[str, Any] = {}
    places: dict[str, tuple[str, str]] = {}
    for given in [*_parameters(shared), *_parameters(operation.get("parameters"))]:
        parameter: Any = definitions.get(str(given["$ref"])) if isinstance(given, dict) and "$ref" in given else given
        key, place, schema = _parameter(parameter)
        field = re.sub(r"\W", "_", key)
        fields |= reader.fields(
            {"type": "object", "properties": {field: schema}, "required": [field] if parameter.get("required") else []}
        )
        places[field] = (key, place)
    if body is not None:
        if _BODY in fields:
            raise Unsupported("parameters", f"a parameter named {_BODY!r} in addition to a body")
        schema, required = _schema_of(body)
        fields |= reader.fields(
            {"type": "object", "properties": {_BODY: schema}, "required": [_BODY] if required else []}
        )
    slots = set(_SLOT.findall(path))
    if slots != {key for key, place in places.values() if place == "path"}:
        raise Unsupported("path", "slots that no parameter fills")
    text = str(operation.get("summary") or operation.get("description") or name)[:1_000]
    arguments = payload_class(f"{reader.stem}Arguments", f"openapi.{agent}", fields, doc=text, key=None)
    if method in _WRITES:
        return _write(agent, arguments, _WRITES[method], f"{base}{path}", places, text)
    return _agent(agent, arguments, f"{base}{path}", places, text)


def _schema_of(body: Any) -> tuple[Mapping[str, Any], bool]:
    """Return the schema of a JSON body, and whether it is required."""
    if not isinstance(body, dict) or body.keys() - {"content", "required", "description"}:
        raise Unsupported("requestBody", "a body that is not a plain object of `content`")
    content = body.get("content")
    if not isinstance(content, dict) or content.keys() != {"application/json"}:
        raise Unsupported("requestBody", "another content than application/json alone")
    media = content["application/json"]
    schema = media.get("schema") if isinstance(media, dict) else None
    if not isinstance(schema, dict) or media.keys() - {"schema", "example", "examples"}:
        raise Unsupported("requestBody", "a body without one schema")
    return schema, body.get("required") is True


def _parameter(parameter: Any) -> tuple[str, str, Mapping[str, Any]]:
    if not isinstance(parameter, dict):
        raise Unsupported("parameters", "a parameter that is not an object")
    key, place, schema = str(parameter.get("name", "")), parameter.get("in"), parameter.get("schema")
    if place not in ("path", "query"):  # it may be a list, which no set takes
        raise Unsupported(key, f"a parameter in {str(place)[:20]!r}")
    extra = parameter.keys() - {
        "name", "in", "required", "description", "schema", "example", "examples", "deprecated", "allowEmptyValue",
    }  # fmt: skip
    if extra:
        raise Unsupported(key, f"{min(map(str, extra))[:40]!r}")
    if not isinstance(schema, dict):
        raise Unsupported(key, "a parameter without a schema")
    told = parameter.get("description")
    return key, str(place), {**schema, **({"description": told} if told and "$ref" not in schema else {})}


def _agent(
    id: str,  # noqa: A002 - the card's own word
    arguments: type[Payload],
    url: str,
    places: Mapping[str, tuple[str, str]],
    text: str,
) -> OpenApiTool:
    async def call(question: Payload, context: Context) -> ApiAnswer:
        port: Any = Fetch
        return _answer(id, await context.port(port).get(address(url, places, question)))

    call.__doc__ = text
    card = make_card(
        id, consumes=(arguments,), produces=(ApiAnswer,), doc=text, ports=(Fetch,), risk="medium", tier="beta",
        concurrency=4, timeout_s=60.0,
    )  # fmt: skip
    signature = Signature((arguments,), (ApiAnswer,), takes_context=True, streams=False, certain=True)
    return OpenApiTool(call, card, signature)


def _write(
    id: str,  # noqa: A002 - as above
    arguments: type[Payload],
    method: Method,
    url: str,
    places: Mapping[str, tuple[str, str]],
    text: str,
) -> OpenApiWrite:
    async def call(question: Payload, context: Context) -> ApiAnswer:
        port: Any = Send
        send, to = context.port(port), address(url, places, question)
        given = question.model_dump(mode="json", include={_BODY}, exclude_none=True).get(_BODY)
        content = b"" if given is None else canonical(given).encode()

        async def effect(key: str) -> dict[str, Any]:
            return written(id, await send.send(method, to, content=content, key=key)).model_dump()

        # The same call of one run is made once; if its result is unknown, a person decides.
        digest = hashlib.sha256(f"{method} {to}\n".encode() + content).hexdigest()
        return ApiAnswer.model_validate(await context.once(digest, effect))

    call.__doc__ = text
    card = make_card(
        id, consumes=(arguments,), produces=(ApiAnswer,), doc=text, ports=(Send,), risk="high", tier="beta",
        concurrency=1, timeout_s=60.0, capabilities=("approval.always",), egress=True,
    )  # fmt: skip
    signature = Signature((arguments,), (ApiAnswer,), takes_context=True, streams=False, certain=True)
    return OpenApiWrite(call, card, signature)


def written(id: str, found: Fetched) -> ApiAnswer:  # noqa: A002 - as above
    """Return the answer to a write.

    Raises:
        NotDoneError: It was refused, so nothing has changed.
        FetchError: It is unknown whether it has changed anything.
    """
    if 200 <= found.status < 300:
        return _answer(id, found)
    if found.status >= 500 or found.status in _NOT_SURE or found.status < 400:
        raise FetchError(id, f"answered with status {found.status}")
    raise NotDoneError(id, f"was refused with status {found.status}", None)


def _answer(id: str, found: Fetched) -> ApiAnswer:  # noqa: A002 - as above
    if found.status == 404:
        raise NotFoundError(id, "has nothing of that kind")
    if not 200 <= found.status < 300:
        raise NotAllowedError(id, f"answered with status {found.status}")
    kind = found.headers.get("content-type", "").partition(";")[0].strip()[:128]
    return ApiAnswer(status=found.status, content_type=kind, body=found.body.decode("utf-8", errors="replace"))


def address(url: str, places: Mapping[str, tuple[str, str]], question: Payload) -> str:
    """Return the URL of a call; every value is quoted, so none can change the path or the host.

    Raises:
        NotAllowedError: A value of the path is empty, or leads to a parent.
    """
    values = question.model_dump(mode="json", exclude_none=True)
    query: list[tuple[str, str]] = []
    for field, (key, place) in places.items():
        if field not in values:
            continue
        every = values[field] if isinstance(values[field], list) else [values[field]]
        texts = [str(one).lower() if isinstance(one, bool) else str(one) for one in every]
        if place == "query":
            query += [(key, one) for one in texts]
            continue
        text = ",".join(texts)
        if text in {"", ".", ".."}:
            raise NotAllowedError("openapi", "does not accept such a value in a path")
        url = url.replace(f"{{{key}}}", quote(text, safe=""))
    return f"{url}?{urlencode(query)}" if query else url
