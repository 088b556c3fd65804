"""Sessions of the page, health, metrics, the document of the API, and the files of the page."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from genie.errors import CapacityError
from genie.server.bodies import Act, Login, read
from genie.server.figures import everywhere
from genie.server.messages import Json
from genie.server.principals import Issued, Principal, WantingError
from genie.server.problems import Problem
from genie.server.server import address, brought, same_site
from genie.server.spending import MOST_DAYS, models_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from genie.server.principals import Elsewhere, Session
    from genie.server.server import Call

_logger = logging.getLogger("genie.server")


async def login(call: Call) -> ASGIApp:
    """Start a session of the page with an API key or a token, which the browser does not store."""
    same_site(call.request)
    given = await read(call.request, Login)
    call.server.logins.take(address(call.request))  # before the credentials are checked: a right guess waits as well
    look = functools.partial(call.server.resolve, given.key)
    try:
        found = look()
    except WantingError as wanting:
        found = await brought(wanting, look)
    if found is None:
        raise Problem("unauthenticated")
    if found.signed is None and not call.server.who.proves:
        found = found._replace(proved_at=call.server.now())  # stronger proof than a key cannot be required here
    return signed_in(call, found)


def signed_in(call: Call, found: Principal) -> ASGIApp:
    """Start a session, and show its principal."""
    name, session_begun = begun(call, found)
    response = JSONResponse(_who(found, session_begun.csrf))
    take_along(call, response, name)
    return response


def begun(call: Call, found: Principal, at: Elsewhere | None = None) -> tuple[str, Session]:
    """Start a session under a new id, whatever the request contained."""
    server = call.server
    old = server.session_of(call.request)
    if old is not None:
        server.sessions.end(old)
    return server.sessions.begin(found, at)


def take_along(call: Call, response: Response, name: str) -> None:
    """Set the session cookie in the browser."""
    server = call.server
    response.set_cookie(server.cookie, name, httponly=True, samesite="lax", secure=server.settings.secure, path="/")


async def resource(call: Call) -> ASGIApp:
    """Show the issuers whose tokens this server accepts (RFC 9728)."""
    who = call.server.who
    if who.resource is None:
        raise Problem("not_found")
    return Json({
        "resource": who.resource, "authorization_servers": [one.issuer for one in who.issuers],
        "bearer_methods_supported": ["header"], "resource_name": "Genie",
    })  # fmt: skip


async def session(call: Call) -> ASGIApp:
    """Show the caller and its rights."""
    found = None if "authorization" in call.request.headers else call.server.session(call.request)
    return Json({**_who(call.who, None if found is None else found.csrf), "sign_out": _elsewhere(call)})


def _elsewhere(call: Call) -> str | None:
    """Return the logout address of the session's identity provider; None if unknown."""
    issuers, signed = call.server.issuers, call.who.signed
    sections = call.server.who.issuers if isinstance(signed, Issued) else ()
    section = next((one for one in sections if signed is not None and one.issuer == signed.issuer), None)
    if issuers is None or section is None or section.sign_in is None:
        return None
    try:
        found = issuers.keys(section.issuer).endpoints(call.server.now())
    except WantingError:
        return None
    if found is None or found.end_session is None:
        return None
    more = {"client_id": section.sign_in.client, "post_logout_redirect_uri": call.server.who.resource}
    return f"{found.end_session}{'&' if '?' in found.end_session else '?'}{urlencode(more)}"


async def logout(call: Call) -> ASGIApp:
    """End a session."""
    name = call.server.session_of(call.request)
    if name is not None:
        call.server.sessions.end(name)
        call.server.wake()  # end its streams
        if call.server.keeping is not None:
            await call.server.keeping.rest()  # the store has ended it before anyone is notified
    response = Response(status_code=204)
    response.delete_cookie(call.server.cookie, path="/", secure=call.server.settings.secure, httponly=True)
    return response


def _who(found: Principal, csrf: str | None) -> dict[str, object]:
    caller = found.caller
    return {
        "user": caller.user, "tenant": caller.tenant, "roles": sorted(caller.roles), "region": caller.region,
        "clearance": caller.clearance.label, "rights": sorted(found.rights), "expires_at": caller.expires_at,
        "csrf": csrf, "proved_at": found.proved_at,
    }  # fmt: skip


async def live(call: Call) -> ASGIApp:  # noqa: ARG001 - every endpoint takes its call
    """Report that the loop responds."""
    return Json({"status": "live"})


async def ready(call: Call) -> ASGIApp:
    """Report whether runs are admitted; 503 while the process opens or drains, or cannot write its log or its audit."""
    server = call.server
    if server.draining:
        return Json({"status": "draining"}, 503)
    if len(server.hosted) < len(server.pipelines):
        return Json({"status": "opening"}, 503)
    try:
        for hosted in server.hosted.values():
            hosted.runtime.bus.observers.refuse_unaudited()
    except CapacityError as error:
        return Json({"status": error.code}, 503)
    return Json({"status": "ready"})


async def drain(call: Call) -> ASGIApp:
    """Start to drain, as SIGTERM does: no more runs are admitted; those in flight get a time limit."""
    given = await read(call.request, Act)
    if not everywhere(call):
        raise Problem("forbidden", "all tenants share the process; this needs the right 'operate_server' as well")
    call.proved()
    server, user = call.server, call.who.caller.user
    _logger.warning("%s asked for the end of the process", user)
    for hosted in server.hosted.values():
        hosted.runtime.bus.record_act("drain", hosted.pipeline.id, by=user, reason=given.reason)
    server.stopping.set()
    return Json({"status": "draining", "within_s": server.settings.drain_s}, 202)


async def metrics(call: Call) -> ASGIApp:
    """Show the metrics of one pipeline in the Prometheus text format; ``?pipeline=`` selects among several."""
    if not everywhere(call):
        raise Problem("forbidden", "the metrics count all tenants; this needs the right 'operate_server' as well")
    from genie.edges.telemetry.prometheus import CONTENT_TYPE, Metrics  # noqa: PLC0415 - start-up: for scrapers

    hosted = list(call.server.hosted.values())
    wanted = call.request.query_params.get("pipeline")
    if wanted is not None:
        hosted = [call.server.host(wanted)]
    if len(hosted) != 1:
        raise Problem("conflict", "several pipelines are served; add ?pipeline=ID")
    return Response(Metrics(hosted[0].runtime.statistics).page(), headers={"content-type": CONTENT_TYPE})


async def spend(call: Call) -> ASGIApp:
    """Show the costs of models in the caller's tenant, by day, key, pipeline and model."""
    server = call.server
    await server.recall.bring()
    days = max(1, call.number("days", 30, MOST_DAYS))
    models = [one for hosted in server.hosted.values() for one in models_of(hosted)]
    prices = [one.pricing(None) for one in models]
    return Json({
        "today": server.spending.today().isoformat(), "days": days, "models": len(models),
        "unpriced_models": sum(price is None for price in prices),
        "currencies": sorted({getattr(price, "currency", "") for price in prices} - {""}),
        "rows": server.spending.rows(call.who.caller.tenant, days),
    })  # fmt: skip
