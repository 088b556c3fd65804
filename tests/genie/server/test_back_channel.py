"""An identity provider ends the sessions that began with it, and nobody else can."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from genie.server.issuers import _SIGNED_OUT
from tests.genie.desk_for_tests import NOW, desk
from tests.genie.issuer_for_tests import ec_key, rsa_key, token
from tests.genie.server.test_code_flow import CLIENT, Browser, browser

pytestmark = pytest.mark.anyio
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ENDED: dict[str, Any] = {"aud": CLIENT, "sub": "ann", "events": {_SIGNED_OUT: {}}, "org": None, "realm": None}


def logout(key: Any = None, head: dict[str, Any] | None = None, **changes: Any) -> str:
    return token(key, {"typ": "logout+jwt", **(head or {})}, **{**ENDED, "jti": "out-1", **changes})


async def signed_in(one: Browser, **claims: Any) -> None:
    await one.leave()
    one.signs(**claims)
    await one.come_back()
    assert await one.who() is not None


async def tell(http: httpx.AsyncClient, text: str) -> httpx.Response:
    return await http.post("/v1/session/back-channel", data={"logout_token": text})


async def test_a_person_who_is_signed_out_at_the_provider_is_signed_out_here() -> None:
    async with browser() as one, one.at.http() as provider_itself:
        await signed_in(one)
        done = await tell(provider_itself, logout())
        assert (done.status_code, done.headers["cache-control"]) == (200, "no-store")
        assert await one.who() is None
        await signed_in(one)


async def test_one_sign_in_is_ended_by_its_session_and_the_others_go_on() -> None:
    async with browser() as one, one.at.http() as other_http:
        other = Browser(one.at, other_http, one.issuer)
        await signed_in(one, sid="s1")
        await signed_in(other, sid="s2")
        assert (await tell(other_http, logout(sid="s1"))).status_code == 200
        assert await one.who() is None
        assert await other.who() is not None
        assert (await tell(other_http, logout(sub=None, sid="s2", jti="out-2"))).status_code == 200
        assert await other.who() is None


async def test_the_sessions_of_other_people_and_of_keys_go_on() -> None:
    async with browser() as one, one.at.http() as keyed:
        await signed_in(one, sub="bea")
        same = {"Sec-Fetch-Site": "same-origin"}
        assert (await keyed.post("/v1/session", json={"key": one.at.key("ann")}, headers=same)).status_code == 200
        assert (await tell(keyed, logout())).status_code == 200
        assert await one.who() is not None
        assert (await keyed.get("/v1/session")).status_code == 200


BENT: dict[str, dict[str, Any]] = {
    "an ID token": {"events": None}, "another event": {"events": {"http://schemas.example/other": {}}},
    "an event without facts": {"events": {_SIGNED_OUT: None}}, "a nonce": {"nonce": "n"},
    "nobody": {"sub": None}, "another audience": {"aud": "genie"}, "another issuer": {"iss": "https://evil.example"},
    "no jti": {"jti": None}, "no iat": {"iat": None}, "over": {"exp": NOW - 61}, "not yet": {"iat": NOW + 61},
    "an access token": {"head": {"typ": "at+jwt"}}, "none": {"head": {"alg": "none"}},
    "a shared secret": {"head": {"alg": "HS256"}}, "another key": {"key": "evil"}, "an object for a name": {"sid": {}},
    "a key of another kind": {"key": "rsa", "head": {"alg": "RS256"}}, "an extension": {"head": {"crit": ["x"]}},
}  # fmt: skip


@pytest.mark.parametrize("how", BENT)
async def test_a_logout_token_that_is_bent_ends_nothing(how: str) -> None:
    changes = dict(BENT[how])
    name = changes.pop("key", None)
    key = None if name is None else rsa_key("evil") if name == "rsa" else ec_key(name)
    async with browser() as one, one.at.http() as http:
        await signed_in(one)
        found = await tell(http, logout(key, **changes))
        assert (found.status_code, found.json()["code"]) == (400, "malformed")
        assert await one.who() is not None


async def test_a_logout_token_is_good_once() -> None:
    async with browser() as one, one.at.http() as http:
        text = logout()
        assert (await tell(http, text)).status_code == 200
        await signed_in(one)
        assert (await tell(http, text)).status_code == 400
        assert await one.who() is not None


async def test_a_logout_token_opens_nothing() -> None:
    """A token of an event with the type of others was one that a client could call with, had its audience fitted."""
    async with browser(audience=CLIENT, types=["JWT"]) as one:
        for text in (logout(head={"typ": "JWT"}, org="org-1"), logout(head={"typ": "JWT"}, org="org-1", sid="s1")):
            assert (await one.at.get("/v1/runs", text)).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        *("", "logout_token=", "logout_token=a.b.c", "logout_token=a&logout_token=b", "logout_token=%ff"),
        *("x" * 90_000, "&".join(f"a{number}=1" for number in range(40))),
    ],
)
async def test_a_body_that_is_no_form_of_one_token_is_refused(body: str) -> None:
    async with browser() as one:
        found = await one.http.post("/v1/session/back-channel", content=body, headers=FORM)
        assert found.status_code in {400, 413}
        other = await one.http.post("/v1/session/back-channel", json={"logout_token": "a.b.c"})
        assert other.status_code == 415


async def test_a_server_without_sign_in_has_no_back_channel() -> None:
    async with desk() as at:
        found = await at.http().post("/v1/session/back-channel", data={"logout_token": logout()})
        assert found.status_code == 404
