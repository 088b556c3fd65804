"""Passkeys (WebAuthn): a person registers one with an invitation, and signs in with it on the page.

A passkey is tied to the entry of its invitation in the file of keys: the entry defines user, tenant, roles and rights,
and its revocation ends the passkey. The server stores only the public key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from genie.errors import class_name
from genie.server.bodies import Assertion, Invitation, Registration, read
from genie.server.ceremonies import Ceremonies
from genie.server.messages import Json
from genie.server.problems import Problem
from genie.server.server import address, same_site
from genie.server.system import signed_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from genie.server.principals import ApiKey
    from genie.server.server import Call
    from genie.server.store import Store
    from genie.server.who import PasskeySection

_logger = logging.getLogger("genie.server")
COOKIE = "genie-ceremony"
LONGEST_ID = 2_000
LONGEST_CLIENT_DATA = 8_192
MOST_OWN = 1_000
_USED = "the invitation was used, or the passkey is registered already"
FOR_EVER_S = 100 * 366 * 86_400.0


async def ways(call: Call) -> ASGIApp:
    """Show how a person can sign in."""
    who = call.server.who
    issuers = [{"id": one.issuer, "title": one.sign_in.title} for one in who.issuers if one.sign_in is not None]
    ways = ["key", *(["passkey"] if who.passkeys is not None else []), *(["issuer"] if issuers else [])]
    return Json({"ways": ways, "issuers": issuers})


async def begin_registration(call: Call) -> ASGIApp:
    """Start the registration of a passkey with an invitation; the response is for the browser's authenticator."""
    same_site(call.request)
    section, store = _configured(call)
    given = await read(call.request, Invitation)
    key = _invited(call, given.invitation)
    if await store.get("invited", key.id, key.tenant) is not None:
        raise Problem("conflict", _USED)
    import webauthn  # noqa: PLC0415 - an extra
    from webauthn.helpers import structs  # noqa: PLC0415 - as above

    browser = _random()
    options = webauthn.generate_registration_options(
        rp_id=section.host, rp_name="Genie", user_name=key.user, user_id=_handle(key),
        challenge=call.server.ceremonies.begin("register", browser, key.id),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
    )  # fmt: skip
    return _begun(call, json.loads(webauthn.options_to_json(options)), browser)


async def register(call: Call) -> ASGIApp:
    """Register a passkey, use up its invitation, and sign in."""
    same_site(call.request)
    section, store = _configured(call)
    given = await read(call.request, Registration)
    key = _invited(call, given.invitation)
    challenge = _challenge(given.credential)
    call.server.ceremonies.end(challenge, "register", _browser(call), key.id)
    import webauthn  # noqa: PLC0415 - an extra

    made = _verified(lambda: webauthn.verify_registration_response(
        credential=given.credential, expected_challenge=challenge, expected_rp_id=section.host,
        expected_origin=list(section.origins), require_user_verification=True,
    ))  # fmt: skip
    name, now = _encoded(made.credential_id), call.server.now()
    body = {
        "key": key.id, "user": key.user, "public_key": _encoded(made.credential_public_key), "count": made.sign_count,
        "name": given.name, "made": now, "used": now, "backed_up": made.credential_backed_up,
    }  # fmt: skip
    ends = now + FOR_EVER_S
    rows = [("passkey", name, body, ends), ("invited", key.id, {}, ends)]
    if await store.present("passkey", name) is not None or not await store.add(key.tenant, rows):
        raise Problem("conflict", _USED)
    _logger.info("a passkey was registered for key %s", key.id)
    return _entered(call, key)


async def begin_sign_in(call: Call) -> ASGIApp:
    """Start a sign-in with a passkey; the response is for the browser's authenticator."""
    same_site(call.request)
    section, _ = _configured(call)
    call.server.logins.take(address(call.request))
    import webauthn  # noqa: PLC0415 - an extra
    from webauthn.helpers import structs  # noqa: PLC0415 - as above

    browser = _random()
    options = webauthn.generate_authentication_options(
        rp_id=section.host, challenge=call.server.ceremonies.begin("sign_in", browser),
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return _begun(call, json.loads(webauthn.options_to_json(options)), browser)


async def sign_in(call: Call) -> ASGIApp:
    """Sign in with a passkey."""
    same_site(call.request)
    section, store = _configured(call)
    given = await read(call.request, Assertion)
    challenge = _challenge(given.credential)
    call.server.ceremonies.end(challenge, "sign_in", _browser(call))
    async with call.server.ceremonies.counting:
        return _entered(call, await _counted(call, section, store, given.credential, challenge))


async def _counted(
    call: Call, section: PasskeySection, store: Store, credential: dict[str, Any], challenge: bytes
) -> ApiKey:
    """Return the entry of the passkey that has signed a challenge, and store its new counter."""
    name = credential.get("id")
    row = await store.present("passkey", name) if isinstance(name, str) and len(name) <= LONGEST_ID else None
    key = None if row is None else call.server.keys.all.get(row.body["key"])
    if row is None or key is None or key.ended(call.server.now()) or key.tenant != row.tenant:
        raise Problem("unauthenticated")
    import webauthn  # noqa: PLC0415 - an extra

    handle = credential.get("response", {}).get("userHandle")
    if handle is not None and handle != _encoded(_handle(key)):
        raise Problem("unauthenticated")
    proved = _verified(lambda: webauthn.verify_authentication_response(
        credential=credential, expected_challenge=challenge, expected_rp_id=section.host,
        expected_origin=list(section.origins), credential_public_key=_decoded(row.body["public_key"]),
        credential_current_sign_count=row.body["count"], require_user_verification=True,
    ))  # fmt: skip
    now = call.server.now()
    body = {**row.body, "count": proved.new_sign_count, "used": now}
    await store.put("passkey", row.id, row.tenant, body, now + FOR_EVER_S)
    return key


async def list_own(call: Call) -> ASGIApp:
    """List the caller's own passkeys."""
    _, store = _configured(call)
    caller = call.who.caller
    rows = [] if call.who.signed is not None else await store.latest("passkey", caller.tenant, MOST_OWN)
    shown = [
        {"id": row.id, "name": row.body["name"], "made": row.body["made"], "used": row.body["used"]}
        for row in rows if row.body["user"] == caller.user
    ]  # fmt: skip
    return Json({"passkeys": shown})


async def remove(call: Call) -> ASGIApp:
    """Remove one of the caller's own passkeys."""
    _, store = _configured(call)
    name, caller = call.path("id"), call.who.caller
    row = await store.get("passkey", name, caller.tenant) if len(name) <= LONGEST_ID else None
    if row is None or row.body["user"] != caller.user or call.who.signed is not None:
        raise Problem("not_found")
    await store.remove("passkey", name, caller.tenant)
    return Response(status_code=204)


def _configured(call: Call) -> tuple[PasskeySection, Store]:
    section, keeping = call.server.who.passkeys, call.server.keeping
    if section is None or keeping is None:
        raise Problem("not_found")
    return section, keeping.store


def _invited(call: Call, text: str) -> ApiKey:
    call.server.logins.take(address(call.request))
    found = call.server.keys.invited(text, call.server.now())
    if found is None:
        raise Problem("unauthenticated")
    return found


def _entered(call: Call, key: ApiKey) -> ASGIApp:
    return signed_in(call, key.principal()._replace(proved_at=call.server.now()))


def _begun(call: Call, options: dict[str, Any], browser: str) -> ASGIApp:
    response = JSONResponse(options)
    response.set_cookie(
        _cookie(call), browser, max_age=int(Ceremonies.LONGEST_S), httponly=True, samesite="strict",
        secure=call.server.settings.secure, path="/",
    )  # fmt: skip
    return response


def _cookie(call: Call) -> str:
    return f"__Host-{COOKIE}" if call.server.settings.secure else COOKIE


def _browser(call: Call) -> str:
    found = call.request.cookies.get(_cookie(call)) or ""  # only the one that no other host of the site can set
    return found if len(found) <= 100 else ""


def _challenge(credential: dict[str, Any]) -> bytes:
    """Return the challenge in a response; whether it was issued is checked later."""
    response = credential.get("response")
    text = response.get("clientDataJSON") if isinstance(response, dict) else None
    if not isinstance(text, str) or len(text) > LONGEST_CLIENT_DATA:
        raise Problem("unauthenticated")
    try:
        found = json.loads(_decoded(text))["challenge"]
        return _decoded(found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Problem("unauthenticated") from None


def _verified(verify: Callable[[], Any]) -> Any:
    try:
        return verify()
    except Exception as error:  # noqa: BLE001 - bytes of a stranger in a library: whatever it raises is a refusal
        _logger.info("passkey refused: %s", class_name(error))
        raise Problem("unauthenticated") from None


def _handle(key: ApiKey) -> bytes:
    """Return the id under which an authenticator knows a person; it reveals nothing about the person."""
    return hashlib.sha256(f"genie passkey|{key.id}".encode()).digest()


def _random() -> str:
    return _encoded(os.urandom(32))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
