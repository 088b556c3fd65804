"""Signing in on the page at an identity provider: OpenID Connect's authorization code flow with PKCE.

The browser is sent to the provider with a state that only this browser can return, a nonce that the ID token must
contain, and the digest of a secret without which the code is useless (RFC 7636). Redirects lead only to two addresses:
the configured one of this server, and the page itself.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import logging
import os
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from starlette.responses import Response

from genie.errors import GenieError, IdentityError
from genie.server.bodies import SignIn, read, received
from genie.server.ceremonies import Ceremonies
from genie.server.messages import Json
from genie.server.principals import LONGEST_TOKEN, Elsewhere, WantingError
from genie.server.problems import Problem
from genie.server.server import address, brought, same_site
from genie.server.system import begun, take_along

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from genie.server.issuer_keys import Endpoints
    from genie.server.issuers import Issuers
    from genie.server.principals import Principal
    from genie.server.server import Call
    from genie.server.who import IssuerSection, SignInSection

_logger = logging.getLogger("genie.server")
CALLBACK = "/v1/session/callback"
FORM = "application/x-www-form-urlencoded"
COOKIE = "genie-sign-in"
LONGEST_PARAMETER = 4_096


class Left(NamedTuple):
    """Data that a browser must return with after it was sent to an issuer."""

    issuer: str
    nonce: str
    verifier: str
    to: str
    """Its place on the page."""
    within_s: float | None
    """Maximum age of the sign-in; None for any."""


async def begin(call: Call) -> ASGIApp:
    """Start a sign-in at an identity provider; the page sends the browser to the address in the response."""
    same_site(call.request)
    given = await read(call.request, SignIn)
    call.server.logins.take(address(call.request))
    section, sign_in, issuers = _configured(call, given.issuer)
    if call.request.header(b"host") != urlsplit(str(call.server.who.resource)).netloc:
        raise Problem("conflict", f"open the page at {call.server.who.resource}")
    endpoints = await _endpoints(issuers, section, call)
    within_s = call.server.who.step_up.within_s if given.fresh else None
    browser, nonce, verifier = _random(), _random(), _random()
    left = Left(section.issuer, nonce, verifier, given.to, within_s)
    state = _encoded(call.server.ceremonies.begin("code", browser, held=left))
    asked = {
        "response_type": "code", "client_id": sign_in.client, "redirect_uri": _callback(call), "state": state,
        "scope": " ".join(dict.fromkeys(("openid", *sign_in.scopes))), "nonce": nonce, "code_challenge_method": "S256",
        "code_challenge": _encoded(hashlib.sha256(verifier.encode()).digest()),
        **({} if within_s is None else {"max_age": f"{within_s:.0f}"}),
    }  # fmt: skip
    response = Json({"location": f"{endpoints.authorization}{'&' if '?' in endpoints.authorization else '?'}"
                                 f"{urlencode(asked)}"})  # fmt: skip
    return _with_cookie(call, response, browser)


async def callback(call: Call) -> ASGIApp:
    """Complete a sign-in at an identity provider; the browser continues to the page, signed in or with the reason."""
    if all(one.sign_in is None for one in call.server.who.issuers):
        raise Problem("not_found")
    try:
        call.server.logins.take(address(call.request))
        left = _left(call)
        if call.request.query_params.get("error") is not None:
            raise Problem("unauthenticated", "the issuer did not sign the person in")
        found, at = await _redeemed(call, left)
    except (Problem, IdentityError) as problem:
        why = problem.why if isinstance(problem, IdentityError) else problem.code
        _logger.info("sign-in at an issuer refused: %s", why)
        code = problem.code if isinstance(problem, Problem) else "unauthenticated"
        return _onward(call, f"/#/live?problem={code}")
    response = _onward(call, f"/{left.to}")
    take_along(call, response, begun(call, found, at)[0])
    return response


def _left(call: Call) -> Left:
    """Return the data stored for the browser's state; it is valid once, and only for this browser.

    Raises:
        Problem: The state was not issued to this browser, has expired, or was used.
    """
    query = call.request.query_params
    texts = {name: query.getlist(name) for name in ("state", "code", "iss", "error")}
    if any(len(some) > 1 or len("".join(some)) > LONGEST_PARAMETER for some in texts.values()):
        raise Problem("invalid", "a parameter is repeated or too long")
    browser = call.request.cookies.get(_cookie(call)) or ""
    left: Left = call.server.ceremonies.end(_decoded("".join(texts["state"])), "code", browser[:100])
    if texts["iss"] and texts["iss"] != [left.issuer]:  # RFC 9207: a code of another issuer is never sent to this one
        raise Problem("unauthenticated", "another issuer has answered")
    return left


async def sign_out(call: Call) -> ASGIApp:
    """End the sessions of a person, or of one sign-in, on request of the identity provider (back-channel logout)."""
    issuers = call.server.issuers
    if issuers is None or all(one.sign_in is None for one in call.server.who.issuers):
        raise Problem("not_found")
    body = await received(call.request, LONGEST_TOKEN + 100, frozenset({FORM}))
    call.server.rates.take(f"{CALLBACK} {address(call.request)}")
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
        (token,) = fields.get("logout_token", [])
    except ValueError:
        raise Problem("malformed", "the body must be a form with one logout_token") from None
    look = functools.partial(issuers.signed_out, token, call.server.now())
    try:
        try:
            issuer, subject, sid = look()
        except WantingError as wanting:
            issuer, subject, sid = await brought(wanting, look)
    except IdentityError as error:
        _logger.info("logout token refused: %s", error.why)
        raise Problem("malformed", "the logout token is not valid") from None
    # A token with a session id ends only that session, whatever subject it names.
    mark = Elsewhere(issuer, subject or "", sid).marks()[0 if sid is None else 1]
    call.server.sessions.end_at(mark)
    call.server.wake()
    if call.server.keeping is not None:
        await call.server.keeping.rest()
    return Response(status_code=200)


async def _redeemed(call: Call, left: Left) -> tuple[Principal, Elsewhere]:
    """Return the person from the ID token for which the code is exchanged."""
    section, sign_in, issuers = _configured(call, left.issuer)
    endpoints = await _endpoints(issuers, section, call)
    query = call.request.query_params
    if endpoints.names_itself and query.get("iss") is None:
        raise Problem("unauthenticated", "the issuer did not identify itself")
    fields = {"grant_type": "authorization_code", "code": query.get("code", ""), "redirect_uri": _callback(call),
              "code_verifier": left.verifier}  # fmt: skip
    secret = None if sign_in.secret is None else sign_in.secret.get_secret_value()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if secret is None:
        fields["client_id"] = sign_in.client
    else:
        pair = f"{quote_plus(sign_in.client)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    try:
        token = await issuers.keys(section.issuer).redeem(endpoints, headers, urlencode(fields).encode())
    except (GenieError, ValueError) as error:
        raise IdentityError("code", "the issuer did not accept the code") from error

    def look() -> tuple[Principal, Elsewhere]:
        claims = issuers.signed_in(section, token, call.server.now())
        return _proved(call, section, left, claims, issuers)

    try:
        return look()
    except WantingError as wanting:
        return await brought(wanting, look)


def _proved(
    call: Call, section: IssuerSection, left: Left, claims: dict[str, Any], issuers: Issuers
) -> tuple[Principal, Elsewhere]:
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), left.nonce.encode()):
        raise IdentityError("nonce", "the ID token belongs to another sign-in")
    found = issuers.person(section, claims, call.server.now())
    at = found.proved_at
    if left.within_s is not None and (at is None or call.server.now() - at > left.within_s + section.clock_skew_s):
        raise IdentityError("stale", "the sign-in at the issuer is too old")
    subject, sid = (claims.get(name) for name in ("sub", "sid"))
    named = [one if isinstance(one, str) and len(one) <= LONGEST_PARAMETER else None for one in (subject, sid)]
    return found, Elsewhere(section.issuer, named[0] or "", named[1])


async def _endpoints(issuers: Issuers, section: IssuerSection, call: Call) -> Endpoints:
    found: Endpoints | None = None
    look = functools.partial(issuers.keys(section.issuer).endpoints, call.server.now())
    try:
        found = look()
    except WantingError as wanting:
        await wanting.bring()
        with contextlib.suppress(WantingError):
            found = look()
    if found is None:
        raise Problem("overflow", "the issuer cannot be reached now, or does not state its sign-in address")
    return found


def _configured(call: Call, issuer: str) -> tuple[IssuerSection, SignInSection, Issuers]:
    issuers = call.server.issuers
    section = next((one for one in call.server.who.issuers if one.issuer == issuer), None)
    if section is None or section.sign_in is None or issuers is None:
        raise Problem("not_found")
    return section, section.sign_in, issuers


def _callback(call: Call) -> str:
    return f"{str(call.server.who.resource).removesuffix('/')}{CALLBACK}"


def _onward(call: Call, to: str) -> Response:
    response = Response(status_code=303, headers={"Location": to})
    response.delete_cookie(_cookie(call), path="/", secure=call.server.settings.secure, httponly=True)
    return response


def _with_cookie(call: Call, response: Json, browser: str) -> ASGIApp:
    """Set the cookie that ties a state to this browser; the return comes from another site, so it is not ``Strict``."""
    made = Response(response.body, media_type="application/json")
    made.set_cookie(
        _cookie(call), browser, max_age=int(Ceremonies.LONGEST_S), httponly=True, samesite="lax",
        secure=call.server.settings.secure, path="/",
    )  # fmt: skip
    return made


def _cookie(call: Call) -> str:
    return f"__Host-{COOKIE}" if call.server.settings.secure else COOKIE


def _random() -> str:
    return _encoded(os.urandom(32))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
