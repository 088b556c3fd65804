"""The ASGI application: one middleware checks every request before the table of routes."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING

from starlette.routing import Route, Router

from genie.errors import CapacityError, RuntimeClosedError, RuntimeDrainingError, class_name
from genie.errors.tracebacks import place_of
from genie.server.document import document
from genie.server.messages import ADDED, LINE, NAMED, SOCKET, WHOLE, Incoming
from genie.server.principals import WantingError
from genie.server.problems import Problem
from genie.server.rules import EVENTS
from genie.server.server import Call, Server, brought

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from genie.server.rules import Rule

SLOWED = frozenset({"rate_limited", "quota"})
"""Problems that are sent after a pause: a client that sends too much waits for each refusal."""
MOST_HEADERS = 100
_SINGLE = frozenset({
    b"authorization", b"content-type", b"content-length", b"idempotency-key", b"last-event-id", b"origin",
    b"sec-fetch-site", b"x-csrf-token", b"ce-id", b"ce-source", b"ce-type",
})  # fmt: skip
"""Headers that a request may have at most once."""
MOST_HEADER_BYTES = 16_384
MOST_HOSTS = 100
"""Number of Host values that are cached."""
_logger = logging.getLogger("genie.server")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SECURITY = (
    (b"content-security-policy", _POLICY.encode()), (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"), (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"), (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"), (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)  # fmt: skip
_FRAMED = (b"x-frame-options", b"SAMEORIGIN")
"""Marks a response with its own content policy, which allows showing it in a frame of this origin."""
_NOT_FRAMED = frozenset({b"content-security-policy", b"x-frame-options", b"cross-origin-opener-policy"})
_ONLY_TLS = (b"strict-transport-security", b"max-age=31536000")


class Endpoint:
    """The endpoint of one path: applies the rule of the request's method, for a caller that has its right.

    Args:
        server: The server.
        rules: Rules of the path, by method.
    """

    def __init__(self, server: Server, rules: Iterable[Rule]) -> None:
        self._server = server
        self._rules: dict[str, Rule] = {rule.method: rule for rule in rules}
        self._scopes = {method: rule.scope for method, rule in self._rules.items()}
        self._allow = ", ".join(sorted(self._rules))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request, call, asked = Incoming(scope, receive), None, None
        try:
            if len(request.named) != len(scope["headers"]):
                _check_single(scope)
            method = scope["method"]
            rule = self._rules.get(method)
            if SOCKET in scope and (rule is None or rule.media != EVENTS):
                raise Problem("not_found")
            if rule is None:
                raise Problem("method_not_allowed", headers={"Allow": self._allow})
            if rule.right is None:
                call = Call(self._server, request)
            else:
                asked = (request, rule.right, self._scopes[method])
                try:
                    who = self._server.principal(*asked)
                except WantingError as wanting:
                    who = await brought(wanting, functools.partial(self._server.principal, *asked))
                turn = self._server.turns.enter(who.caller.tenant, _size(request))
                if turn is not None:
                    await turn.wait()
                call = Call(self._server, request, who)
            app = await rule.endpoint(call)
        except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, the caller gets a problem
            refused = refusal(error)
            if refused.code in SLOWED and not await self._server.slowed():
                refused.headers["connection"] = "close"
            app = refused.response()
        del request, call, asked  # a stream does not need its request
        await app(scope, receive, send)


def _check_single(scope: Scope) -> None:
    """Refuse a request with a repeated header of identity or form: a proxy in front may have read the other one.

    Raises:
        Problem: The request repeats such a header.
    """
    names = [name for name, _ in scope["headers"] if name in _SINGLE]
    if len(set(names)) != len(names):
        raise Problem("malformed", "a header that may be sent once is sent twice")


def _size(request: Incoming) -> bytes | None:
    """Return the size that a request states for its body; None for a chunked one."""
    return None if b"transfer-encoding" in request.named else request.named.get(b"content-length", b"0")


def refusal(error: Exception) -> Problem:
    """Return the API problem for an error; an unexpected error is logged by its place."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, (RuntimeDrainingError, RuntimeClosedError)):
        return Problem("draining")
    if isinstance(error, CapacityError):
        return Problem("overflow", reason=error.code)
    _logger.error("request failed: %s at %s", class_name(error), place_of(error))
    return Problem("internal_error")


class SecurityMiddleware:
    """The outermost layer: checks hosts and headers, and adds headers to every response.

    Args:
        app: The wrapped application.
        server: The server.
        direct: Endpoints of paths without an id, which need no search.
    """

    def __init__(self, app: ASGIApp, server: Server, direct: Mapping[str, ASGIApp] | None = None) -> None:
        self._app = app
        self._direct = direct or {}
        self._hosts = server.settings.hosts
        self._added = [*_SECURITY, _ONLY_TLS] if server.settings.secure else list(_SECURITY)
        self._good: set[bytes] = set()
        """Accepted values of Host, as sent."""
        self._lines = b"".join(b"%b: %b\r\n" % one for one in self._added)
        self._framed = [one for one in self._added if one[0] not in _NOT_FRAMED]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit a request, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":  # as a GET of the same path, so that refusals are plain responses
            scope = {**scope, "type": "http", "method": "GET", SOCKET: send}
            send = _refusing(send)
        scope[ADDED] = self._lines
        began = False

        async def guarded(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began, given = True, message["headers"]
                # Content policies are cumulative.
                message["headers"] = [*given, *(self._framed if _FRAMED in given else self._added)]
            await send(message)

        try:
            refused = self._refused(scope)
            if refused is not None:
                await refused.response()(scope, receive, guarded)
                return
            await self._direct.get(scope["path"], self._app)(scope, receive, guarded)
        except Exception as error:  # what no route has answered becomes a problem; a started answer is cut off
            if began:
                raise
            await refusal(error).response()(scope, receive, guarded)
        finally:
            scope.pop(WHOLE, None)  # it refers to the request, which would otherwise wait for the garbage collector

    def _refused(self, scope: Scope) -> Problem | None:
        headers, size, hosts = scope["headers"], 0, []
        scope[NAMED] = named = dict(reversed(headers))
        if LINE in scope and len(named) == len(headers) <= MOST_HEADERS and named.get(b"host") in self._good:
            return None  # the connection has limited the size
        for name, value in headers:
            size += len(name) + len(value)
            if name == b"host":
                hosts.append(value)
        if len(headers) > MOST_HEADERS or size > MOST_HEADER_BYTES:
            return Problem("headers_too_large", headers={"connection": "close"})
        if len(hosts) != 1 or host_name(hosts[0].decode("latin-1").lower()) not in self._hosts:
            return Problem("misdirected", "name the host with --host")
        if len(self._good) < MOST_HOSTS:
            self._good.add(hosts[0])
        return None


def _refusing(send: Send) -> Send:
    """Return the sender of the response to a WebSocket request that is refused."""

    async def refuse(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    return refuse


def host_name(value: str) -> str:
    """Return the name in a Host header, without its port."""
    name, _, port = value.rpartition(":")
    return name if name and port.isascii() and port.isdigit() else value


def application(server: Server, rules: Sequence[Rule] | None = None, more: Iterable[BaseRoute] = ()) -> ASGIApp:
    """Return the ASGI application of a server.

    Args:
        server: The server.
        rules: Its routes; those of open pipelines by default.
        more: Routes of static files without personal data, such as the page.
    """
    if rules is None:
        from genie.server.routes import RULES  # noqa: PLC0415 - memory: a proxy answers none of them

        rules = RULES
    server.describe = lambda: document(rules, server.hosted.values())
    paths: dict[str, list[Rule]] = {}
    for rule in rules:
        paths.setdefault(rule.path, []).append(rule)
    answers = {path: Endpoint(server, of) for path, of in paths.items()}
    routes = [Route(path, endpoint) for path, endpoint in answers.items()]
    app = Router([*routes, *more], redirect_slashes=False, default=_not_found)  # every path has one canonical form
    return SecurityMiddleware(app, server, {path: one for path, one in answers.items() if "{" not in path})


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await Problem("not_found").response()(scope, receive, send)
