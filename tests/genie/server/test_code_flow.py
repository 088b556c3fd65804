"""Signing in on the page at an identity provider: code, state, nonce and PKCE, and every way to bend them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from genie.errors import ConfigError
from genie.server.who import WhoSection, read_who
from tests.genie.desk_for_tests import NOW, ORIGIN, Desk, desk
from tests.genie.issuer_for_tests import ISSUER, Provider, ec_key, section, token

pytestmark = pytest.mark.anyio
SAME = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
CLIENT = "genie-page"
AUTHORIZE = f"{ISSUER}/authorize?policy=staff"


def configured(**changes: Any) -> WhoSection:
    facts = {"client": CLIENT, "title": "Bank login", "scopes": ["profile"], **changes.pop("sign_in", {})}
    given = {"version": 1, "resource": ORIGIN, "issuers": [section(sign_in=facts, **changes)]}
    return WhoSection.model_validate_json(json.dumps(given))


def provider() -> Provider:
    made = Provider()
    made.facts |= {
        "authorization_endpoint": AUTHORIZE, "token_endpoint": f"{ISSUER}/token",
        "end_session_endpoint": f"{ISSUER}/logout",
    }  # fmt: skip
    return made


class Browser:
    """A browser at the page, and what the provider would answer it."""

    def __init__(self, at: Desk, http: httpx.AsyncClient, issuer: Provider) -> None:
        self.at, self.http, self.issuer = at, http, issuer
        self.asked: dict[str, str] = {}

    async def leave(self, **body: Any) -> dict[str, str]:
        """Return what the browser is sent to the provider with."""
        found = await self.http.post("/v1/session/issuer", json={"issuer": ISSUER, **body}, headers=SAME)
        assert found.status_code == 200, found.text
        address, _, query = found.json()["location"].partition("?")
        assert f"{address}?policy=staff" == AUTHORIZE
        self.asked = dict(parse_qsl(query))
        return self.asked

    def signs(self, key: Any = None, head: dict[str, Any] | None = None, **changes: Any) -> None:
        """Let the code be exchanged for an ID token."""
        facts = {"aud": CLIENT, "nonce": self.asked.get("nonce"), "sub": "ann", **changes}
        self.issuer.id_token = token(key, {"typ": "JWT", **(head or {})}, **facts)

    async def come_back(self, **changes: Any) -> httpx.Response:
        query = {"code": "c1", "state": self.asked["state"], "iss": ISSUER, **changes}
        given = {name: value for name, value in query.items() if value is not None}
        return await self.http.get("/v1/session/callback", params=given)

    async def who(self) -> dict[str, Any] | None:
        """Return who is signed in."""
        found = await self.http.get("/v1/session")
        return found.json() if found.status_code == 200 else None


@contextlib.asynccontextmanager
async def browser(**changes: Any) -> AsyncIterator[Browser]:
    issuer = provider()
    async with desk(who=configured(**changes), fetch=issuer) as at, at.http() as http:
        yield Browser(at, http, issuer)


async def test_a_person_signs_in_and_out_again() -> None:
    async with browser() as one:
        shown = (await one.http.get("/v1/sign-in")).json()
        assert shown == {"ways": ["key", "issuer"], "issuers": [{"id": ISSUER, "title": "Bank login"}]}
        asked = await one.leave(to="#/runs?status=held")
        assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
            "response_type": "code", "client_id": CLIENT, "redirect_uri": f"{ORIGIN}/v1/session/callback",
            "scope": "openid profile",
        }  # fmt: skip
        assert asked["code_challenge_method"] == "S256"
        one.signs(auth_time=NOW - 20)
        back = await one.come_back()
        assert (back.status_code, back.headers["location"]) == (303, "/#/runs?status=held")
        (sent,) = one.issuer.posted
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest()).decode()
        assert challenge.rstrip("=") == asked["code_challenge"]
        assert (sent["code"], sent["client_id"], sent["basic"], sent["redirect_uri"]) == (
            "c1", CLIENT, "", asked["redirect_uri"],
        )  # fmt: skip
        found = await one.who()
        assert found is not None
        assert (found["user"], found["tenant"], found["roles"]) == ("ann", "north", ["clerk"])
        assert (found["expires_at"], found["proved_at"]) == (NOW + 28_800, NOW - 20)
        assert found["sign_out"].startswith(f"{ISSUER}/logout?client_id={CLIENT}&post_logout_redirect_uri=")
        gone = await one.http.delete("/v1/session", headers={**SAME, "X-CSRF-Token": found["csrf"]})
        assert gone.status_code == 204
        assert await one.who() is None


async def test_the_session_ends_when_its_term_does_whatever_the_id_token_says() -> None:
    async with browser(sign_in={"session_s": 600}) as one:
        await one.leave()
        one.signs(exp=NOW + 60)
        await one.come_back()
        one.at.hand.at = 599.0
        assert await one.who() is not None
        one.at.hand.at = 600.0
        assert await one.who() is None


async def test_a_client_with_a_secret_shows_it_at_the_token_endpoint_alone() -> None:
    async with browser(sign_in={"secret": "s e:c"}) as one:
        asked = await one.leave()
        one.signs()
        await one.come_back()
        (sent,) = one.issuer.posted
        assert sent["basic"] == "Basic " + base64.b64encode(b"genie-page:s+e%3Ac").decode()
        assert "client_id" not in sent
        assert "s e:c" not in repr(one.at.server.who) + str(asked)


async def test_a_fresh_sign_in_proves_that_the_person_is_there() -> None:
    async with browser() as one:
        assert (await one.leave(fresh=True))["max_age"] == "300"
        one.signs(auth_time=NOW - 299)
        await one.come_back()
        found = await one.who()
        assert found is not None
        assert found["proved_at"] == NOW - 299
        for stale in (NOW - 361, None):
            await one.leave(fresh=True)
            one.signs(auth_time=stale)
            assert "problem=unauthenticated" in (await one.come_back()).headers["location"]


BENT: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "x" * 43}, "no nonce": {"nonce": None}, "another audience": {"aud": "genie"},
    "an audience beside ours without azp": {"aud": [CLIENT, "other"]}, "another azp": {"azp": "other"},
    "no iat": {"iat": None}, "over": {"exp": NOW - 61}, "not yet": {"iat": NOW + 61}, "no tenant": {"org": None},
    "another tenant": {"org": "org-9"}, "no user": {"sub": None}, "another issuer": {"iss": "https://evil.example"},
    "an access token": {"head": {"typ": "at+jwt"}}, "none": {"head": {"alg": "none"}},
    "a shared secret": {"head": {"alg": "HS256"}}, "another key": {"key": "evil"},
}  # fmt: skip


@pytest.mark.parametrize("how", BENT)
async def test_an_id_token_that_is_bent_signs_nobody_in(how: str) -> None:
    changes = dict(BENT[how])
    key = ec_key(changes.pop("key")) if "key" in changes else None
    async with browser() as one:
        await one.leave()
        one.signs(key, **changes)
        back = await one.come_back()
        assert (back.status_code, back.headers["location"]) == (303, "/#/live?problem=unauthenticated")
        assert await one.who() is None


async def test_a_state_is_good_once_for_its_browser_in_time() -> None:
    async with browser() as one, one.at.http() as thief:
        await one.leave()
        one.signs()
        stolen = await thief.get("/v1/session/callback", params={"code": "c1", "state": one.asked["state"]})
        assert stolen.headers["location"] == "/#/live?problem=unauthenticated"
        assert "problem" in (await one.come_back()).headers["location"], "it was used up"
        await one.leave()
        one.signs()
        assert "problem" not in (await one.come_back()).headers["location"]
        assert "problem" in (await one.come_back()).headers["location"]
        await one.leave()
        one.at.hand.at = 300.0
        one.signs()
        assert "problem" in (await one.come_back()).headers["location"]
        for state in ("", "!", "a" * 5_000, None):
            assert "problem" in (await one.come_back(state=state)).headers["location"]


async def test_answers_of_other_issuers_and_of_none_sign_nobody_in() -> None:
    async with browser() as one:
        for query in ({"iss": "https://evil.example"}, {"error": "access_denied"}, {"code": ["a", "b"]}):
            await one.leave()
            one.signs()
            back = await one.come_back(**query)
            assert "problem=" in back.headers["location"]
        assert one.issuer.posted == [], "no code was sent anywhere"
        one.issuer.facts["authorization_response_iss_parameter_supported"] = True
        one.at.hand.at = 601.0
        await one.leave()
        assert "problem=" in (await one.come_back(iss=None)).headers["location"]
        assert one.issuer.posted == []


@pytest.mark.parametrize("change", [{"token_status": 400}, {"away": True}, {"id_token": 7}, {"id_token": "a.b.c"}])
async def test_a_code_that_the_issuer_does_not_take_signs_nobody_in(change: dict[str, Any]) -> None:
    async with browser() as one:
        await one.leave()
        one.signs()
        for name, value in change.items():
            setattr(one.issuer, name, value)
        assert "problem=unauthenticated" in (await one.come_back()).headers["location"]
        assert await one.who() is None


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "#/live\r\nSet-Cookie: a=b", "/\\evil", "javascript:alert(1)", ""]
)
async def test_the_way_back_leads_to_the_page_alone(to: str) -> None:
    async with browser() as one:
        found = await one.http.post("/v1/session/issuer", json={"issuer": ISSUER, "to": to}, headers=SAME)
        assert (found.status_code, found.json()["code"]) == (422, "invalid")


async def test_another_site_begins_no_sign_in_and_an_unknown_issuer_has_none() -> None:
    async with browser() as one:
        body = {"issuer": ISSUER}
        cross = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        assert (await one.http.post("/v1/session/issuer", json=body, headers=cross)).json()["code"] == "cross_site"
        unknown = await one.http.post("/v1/session/issuer", json={"issuer": "https://evil.example"}, headers=SAME)
        assert unknown.json()["code"] == "not_found"
        elsewhere = {**SAME, "Host": "localhost", "Origin": "http://localhost"}
        assert (await one.http.post("/v1/session/issuer", json=body, headers=elsewhere)).json()["code"] == "conflict"


@pytest.mark.parametrize(
    "facts",
    [
        {"authorization_endpoint": "http://login.example.org/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
        {"token_endpoint": "https://user@login.example.org/token"},
        {"code_challenge_methods_supported": ["plain"]},
        {"issuer": "https://evil.example"},
    ],
)
async def test_a_provider_that_cannot_be_trusted_with_it_gets_nobody(facts: dict[str, Any]) -> None:
    async with browser() as one:
        one.issuer.facts |= facts
        for _ in range(3):
            found = await one.http.post("/v1/session/issuer", json={"issuer": ISSUER}, headers=SAME)
            assert (found.status_code, found.json()["code"]) == (503, "overflow")
        assert len(one.issuer.asked) <= 2, "it is not asked again for every attempt"


async def test_the_cookie_of_the_way_is_for_no_script_and_gone_at_its_end() -> None:
    issuer = provider()
    async with desk(who=configured(), fetch=issuer, secure=True) as at, at.http() as http:
        found = await http.post("/v1/session/issuer", json={"issuer": ISSUER}, headers=SAME)
        (cookie,) = found.headers.get_list("set-cookie")
        for part in ("__Host-genie-sign-in=", "HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=300"):
            assert part.lower() in cookie.lower()
        back = await http.get("/v1/session/callback")
        assert "max-age=0" in back.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"resource": None}, "needs `resource`"),
        ({"resource": "https://genie.example.org/below"}, "without a path"),
    ],
)
def test_a_configuration_without_a_way_back_is_refused(tmp_path: Any, facts: dict[str, Any], said: str) -> None:
    given = {"version": 1, "resource": ORIGIN, "issuers": [section(sign_in={"client": CLIENT})], **facts}
    file = tmp_path / "who.yaml"
    file.write_text(json.dumps({name: value for name, value in given.items() if value is not None}))
    with pytest.raises(ConfigError, match=said):
        read_who(file, {})


async def test_the_issuers_of_the_documentation_of_a_401_are_still_named() -> None:
    async with browser() as one:
        found = (await one.http.get("/.well-known/oauth-protected-resource")).json()
        assert found["authorization_servers"] == [ISSUER]
        assert urlsplit(found["resource"]).hostname == "127.0.0.1"
