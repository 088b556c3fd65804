"""Attack: plant, guess, steal or outlive the session of a person, or find a route that asks nobody."""

from __future__ import annotations

import ast
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from genie.server.app import application
from genie.server.routes import RULES
from genie.server.server import LOGINS_AT_ONCE
from genie.server.site import Site
from tests.genie.desk_for_tests import ORIGIN, Desk, desk, wish

pytestmark = pytest.mark.anyio
SAME = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
SERVER = Path(__file__).parents[2] / "genie/server"
PUBLIC = {
    "POST /v1/session", "GET /v1/sign-in", "POST /v1/session/issuer", "GET /v1/session/callback",
    "POST /v1/session/back-channel", "POST /v1/session/passkey/challenge", "POST /v1/session/passkey",
    "POST /v1/passkeys/registration", "POST /v1/passkeys", "GET /.well-known/oauth-protected-resource",
    "GET /livez", "GET /readyz",
}  # fmt: skip
"""Routes that need no right: they show nothing of anybody, or are where somebody signs in."""


async def signed_in(at: Desk, http: httpx.AsyncClient, user: str = "ann", **facts: Any) -> dict[str, str]:
    """Return what the page sends with requests that change something."""
    found = await http.post("/v1/session", json={"key": at.key(user, **facts)}, headers=SAME)
    assert found.status_code == 200
    return {**SAME, "X-CSRF-Token": found.json()["csrf"]}


async def test_a_session_id_that_was_planted_before_the_sign_in_is_nobodys() -> None:
    async with desk() as at, at.http() as victim, at.http() as thief:
        victim.cookies.set("genie", "planted")
        await signed_in(at, victim)
        thief.cookies.set("genie", "planted")
        assert (await thief.get("/v1/session")).status_code == 401


async def test_a_sign_in_ends_the_session_that_the_browser_had_and_begins_another() -> None:
    async with desk() as at, at.http() as http, at.http() as thief:
        first = await signed_in(at, http)
        stolen = http.cookies["genie"]
        second = await signed_in(at, http, "bob")
        assert http.cookies["genie"] != stolen
        assert first["X-CSRF-Token"] != second["X-CSRF-Token"]
        thief.cookies.set("genie", stolen)
        assert (await thief.get("/v1/session")).status_code == 401
        assert (await http.post("/v1/runs", json=wish(), headers=first)).json()["code"] == "cross_site"


@pytest.mark.parametrize("name", ["", "x", "x" * 5_000, "\x7f", "../../etc/passwd", "None", "0" * 64])
async def test_a_guessed_session_is_nobodys(name: str) -> None:
    async with desk() as at, at.http() as http:
        await signed_in(at, http)
        found = await at.get("/v1/session")
        guessed = await at.http(Cookie=f"genie={name}").get("/v1/session")
        assert (guessed.status_code, guessed.content) == (401, found.content)


async def test_the_digest_that_is_kept_of_a_session_opens_nothing() -> None:
    async with desk() as at, at.http() as http:
        await signed_in(at, http)
        digest = next(iter(at.server.sessions._open))
        assert (await at.http(Cookie=f"genie={digest}").get("/v1/session")).status_code == 401


@pytest.mark.parametrize("secure", [False, True])
async def test_no_script_no_other_site_and_no_other_host_gets_the_cookie(secure: bool) -> None:
    async with desk(secure=secure) as at, at.http() as http:
        found = await http.post("/v1/session", json={"key": at.key()}, headers=SAME)
        name, _, flags = found.headers["set-cookie"].partition("=")
        wanted = {"httponly", "path=/", "samesite=lax"} | ({"secure"} if secure else set())
        assert {part.strip().lower() for part in flags.split(";")[1:]} == wanted  # no Domain, no Max-Age
        assert name == ("__Host-genie" if secure else "genie")
        assert found.headers["cache-control"] == "no-store"
        assert ("strict-transport-security" in found.headers) is secure
        other = "genie" if secure else "__Host-genie"
        value = flags.partition(";")[0]
        assert (await at.http(Cookie=f"{other}={value}").get("/v1/session")).status_code == 401


async def test_who_signs_out_is_out_in_every_tab_and_stream() -> None:
    async with desk() as at, at.http() as http:
        headers = await signed_in(at, http)
        run = (await http.post("/v1/runs", json=wish("slow"), headers=headers)).json()["id"]
        cookie = http.cookies["genie"]
        read: list[bytes] = []
        began, hosted = anyio.Event(), at.server.hosted["desk"].runs[run]

        async def receive() -> Any:
            await anyio.sleep_forever()

        async def send(message: Any) -> None:
            read.append(message.get("body", b""))
            began.set()

        async def follow() -> None:
            scope = {
                "type": "http", "method": "GET", "path": f"/v1/runs/{run}/events", "query_string": b"", "root_path": "",
                "headers": [(b"host", b"127.0.0.1"), (b"cookie", f"genie={cookie}".encode())],
            }  # fmt: skip
            await at.app(scope, receive, send)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(follow)
            await began.wait()
            for wrong in ({}, SAME, {**SAME, "X-CSRF-Token": "x"}):
                assert (await http.delete("/v1/session", headers=wrong)).status_code == 403
            assert (await http.delete("/v1/session", headers=headers)).status_code == 204
        assert b"closed" in b"".join(read)
        assert (await at.http(Cookie=f"genie={cookie}").get("/v1/runs")).status_code == 401
        at.server.end_runs()
        assert not hosted.over  # work that somebody asked for is not their session


async def test_a_session_does_not_borrow_the_rights_of_a_key_in_the_same_request() -> None:
    async with desk() as at, at.http() as http:
        headers = await signed_in(at, http, rights=("observe",))
        assert (await http.get("/v1/statistics", headers=headers)).status_code == 403
        bad = {**headers, "Authorization": "Bearer gk_wrong_key"}
        assert (await http.get("/v1/session", headers=bad)).status_code == 401  # nor is a bad key passed over
        other = {**headers, "Authorization": f"Bearer {at.key('bob')}"}
        assert (await http.get("/v1/session", headers=other)).json()["user"] == "bob"


async def test_attempts_to_sign_in_are_counted_before_they_are_looked_at() -> None:
    async with desk() as at, at.http(**SAME) as http:
        key = at.key()
        statuses = [
            (await http.post("/v1/session", json={"key": f"gk_a_{n}"})).status_code for n in range(LOGINS_AT_ONCE + 1)
        ]
        assert statuses == [401] * LOGINS_AT_ONCE + [429]
        late = await http.post("/v1/session", json={"key": key})
        assert (late.status_code, late.json()["code"]) == (429, "rate_limited")
        at.hand.at = 2.0
        assert (await http.post("/v1/session", json={"key": key})).status_code == 200


async def test_an_address_with_a_session_or_a_key_in_it_is_nobodys() -> None:
    async with desk() as at, at.http() as http:
        await signed_in(at, http)
        cookie = http.cookies["genie"]
        for query in (f"genie={cookie}", f"session={cookie}", f"key={at.key()}", f"access_token={at.key()}"):
            for path in ("/v1/runs", "/v1/events", "/v1/session"):
                async with aclosing(at.http()) as stranger:
                    assert (await stranger.get(f"{path}?{query}")).status_code == 401


def test_no_route_is_without_a_rule_and_none_is_public_by_accident() -> None:
    assert {f"{rule.method} {rule.path}" for rule in RULES if rule.right is None} == PUBLIC


async def test_the_application_has_the_routes_of_the_table_and_the_page_alone() -> None:
    async with desk() as at:
        app: Any = application(at.server, more=Site().routes())
        found = {route.path for route in app._app.routes}
        assert found == {rule.path for rule in RULES} | {"/", "/page/{edition}/{name:path}"}
        paths = {rule.path: {one.method for one in RULES if one.path == rule.path} for rule in RULES}
        for path, methods in paths.items():
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - methods:
                answer = await at.get(path.replace("{id}", "x"), at.key(), method)
                assert answer.status_code == 405, f"{method} {path}"


SECRETS = {"csrf", "sha256", "secret", "proof", "browser"}


def test_secrets_are_compared_in_constant_time() -> None:
    def named(node: ast.expr) -> str:
        return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""

    compared, constant = [], 0
    for path in SERVER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and any(isinstance(op, (ast.Eq, ast.NotEq)) for op in node.ops):
                compared += [
                    f"{path.name}:{node.lineno}" for one in (node.left, *node.comparators) if named(one) in SECRETS
                ]
            constant += isinstance(node, ast.Attribute) and node.attr == "compare_digest"
    assert compared == []
    assert constant >= 3
