"""Routes of the proxy: calls in three dialects, the models, spending, and a page that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from starlette.responses import JSONResponse
from starlette.routing import Route

from genie.errors import class_name
from genie.errors.tracebacks import place_of
from genie.server import figures, system
from genie.server.app import application
from genie.server.bodies import Login
from genie.server.messages import Incoming
from genie.server.proxy import responses
from genie.server.proxy.anthropic import Counted, Messages
from genie.server.proxy.conduct import Conduct, logger, refused
from genie.server.proxy.openai import ChatCompletions
from genie.server.proxy.refusals import Refusal
from genie.server.proxy.responses import Responses
from genie.server.rules import Rule
from genie.server.site import Site

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from genie.server.proxy.dialect import Dialect
    from genie.server.proxy.proxy import Proxy
    from genie.server.proxy.spend import Spent
    from genie.server.server import Call

PAGE = Path(__file__).with_name("page")
MOST_SHOWN = 1_000
OF_RESPONSES = {"object": "response.input_tokens"}


class Calls:
    """The endpoint for calls of one dialect.

    Args:
        proxy: Makes the calls.
        dialect: Dialect of the clients.
    """

    def __init__(self, proxy: Proxy, dialect: Dialect) -> None:
        self._proxy, self._dialect = proxy, dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; it ends if the client disconnects."""
        try:
            call = await self._proxy.began(Incoming(scope, receive), self._dialect)
            ticket = self._proxy.reserve(call)
        except Refusal as refusal:
            await refused(send, self._dialect, refusal)
            return
        except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, the client gets an answer in its dialect
            logger.error("a call of a model failed: %s at %s", class_name(error), place_of(error))
            await refused(send, self._dialect, Refusal("internal_error"))
            return
        conduct = Conduct(self._proxy, call, ticket, self._dialect)
        async with anyio.create_task_group() as tasks:

            async def gone() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(gone)
            await conduct.answer(send)
            tasks.cancel_scope.cancel()


class Counts:
    """The endpoint that counts the tokens of a call.

    Args:
        proxy: The proxy.
        dialect: Dialect of the clients.
        more: Further fields of the answer.
    """

    def __init__(self, proxy: Proxy, dialect: Dialect, more: dict[str, str]) -> None:
        self._proxy, self._dialect, self._more = proxy, dialect, more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Incoming(scope, receive)
        try:
            call = await self._proxy.began(request, self._dialect)
        except Refusal as refusal:
            await refused(send, self._dialect, refusal)
            return
        tokens = max(1, call.bound[1] - call.request.max_output)
        await JSONResponse({"input_tokens": tokens, **self._more})(scope, receive, send)


def rules(proxy: Proxy) -> tuple[Rule, ...]:
    """Return the routes that all dialects share."""

    async def models(call: Call) -> ASGIApp:
        key = proxy.key_of(call.who)
        names = [name for name in proxy.models if key is None or key.models is None or name in key.models]
        data = [
            {"id": name, "object": "model", "type": "model", "created": 0, "created_at": "1970-01-01T00:00:00Z",
             "owned_by": "genie", "display_name": name}
            for name in names
        ]  # fmt: skip
        ends = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None, "has_more": False}
        return JSONResponse({"object": "list", "data": data, **ends})

    async def spent(call: Call) -> ASGIApp:
        own = call.who.id.removeprefix("key:")
        every = "operate" in call.who.rights
        found = [
            one for one in proxy.spend.all(most=MOST_SHOWN)
            if every or one.name == own or one.name.startswith(f"{own}:")
        ]  # fmt: skip
        return JSONResponse({"accounts": [shown(one, proxy) for one in found]})

    return (
        Rule("GET", "/v1/models", "ask", None, models),
        Rule("GET", "/v1/spend", "observe", None, spent),
        Rule("GET", "/v1/health", "operate", None, figures.health),
        Rule("GET", "/metrics", "operate", None, system.metrics, media="text/plain"),
        Rule("POST", "/v1/session", None, None, system.login, Login),
        Rule("GET", "/v1/session", "observe", None, system.session),
        Rule("DELETE", "/v1/session", "observe", None, system.logout, None, 204),
        Rule("GET", "/livez", None, None, system.live),
        Rule("GET", "/readyz", None, None, system.ready),
    )


def shown(one: Spent, proxy: Proxy) -> dict[str, object]:
    """Return an account as JSON values, with the limits of its key; amounts are text, which is exact."""
    key = proxy.server.keys.all.get(one.name.partition(":")[0]) if one.kind != "model" else None
    allowance = None if key is None else key.budget if one.kind == "key" else key.conversation
    limits = {} if allowance is None else allowance.model_dump(mode="json")
    return {
        **one._asdict(), "cost": f"{one.cost:f}", "reserved_cost": f"{one.reserved_cost:f}",
        "user": "" if key is None else key.user, "limit_cost": limits.get("cost"), "limit_tokens": limits.get("tokens"),
    }  # fmt: skip


def proxy_application(proxy: Proxy) -> ASGIApp:
    """Return the ASGI application of a proxy."""
    calls = [
        Route("/v1/chat/completions", Calls(proxy, ChatCompletions()), methods=None),
        Route("/v1/responses", Calls(proxy, Responses()), methods=None),
        Route("/v1/responses/input_tokens", Counts(proxy, Responses(responses.Counted), OF_RESPONSES), methods=None),
        Route("/v1/messages", Calls(proxy, Messages()), methods=None),
        Route("/v1/messages/count_tokens", Counts(proxy, Messages(Counted), {}), methods=None),
    ]
    return application(proxy.server, rules(proxy), [*calls, *Site(PAGE).routes()])
