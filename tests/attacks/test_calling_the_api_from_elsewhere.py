"""Attack: lure a signed-in person to another site, rebind a name, guess addresses, or send requests without end."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from genie.server import bodies
from tests.genie.desk_for_tests import NOW, ORIGIN, Desk, desk, wish

pytestmark = pytest.mark.anyio
SAME = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}


async def signed_in(at: Desk, **facts: Any) -> tuple[httpx.AsyncClient, str]:
    http = at.http()
    found = await http.post("/v1/session", json={"key": at.key(**facts)}, headers=SAME)
    assert found.status_code == 200
    assert "httponly" in found.headers["set-cookie"].lower()
    assert "samesite=lax" in found.headers["set-cookie"].lower()
    return http, found.json()["csrf"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {},
    ],
)
async def test_a_cookie_alone_changes_nothing(headers: dict[str, str]) -> None:
    async with desk() as at:
        http, csrf = await signed_in(at)
        async with aclosing(http):
            for more in ({}, {"X-CSRF-Token": csrf}, {"X-CSRF-Token": "guess"}):
                found = await http.post("/v1/runs", json=wish(), headers={**headers, **more})
                assert (found.status_code, found.json()["code"]) == (403, "cross_site")
            assert (await http.post("/v1/runs", json=wish(), headers=SAME)).status_code == 403
            login = await http.post("/v1/session", json={"key": at.key("eve")}, headers=headers)
            assert login.status_code == 403  # nor can it sign somebody in as somebody else
            assert not at.server.hosted["desk"].runs
            good = await http.post("/v1/runs", json=wish(), headers={**SAME, "X-CSRF-Token": csrf})
            assert good.status_code == 202


async def test_a_session_ends_with_its_key_with_time_and_with_the_person() -> None:
    async with desk() as at:
        http, csrf = await signed_in(at)
        async with aclosing(http):
            assert (await http.get("/v1/session")).json()["csrf"] == csrf
            at.hand.at = 1_700.0
            assert (await http.get("/v1/session")).status_code == 200
            at.hand.at += 1_801.0
            assert (await http.get("/v1/session")).status_code == 401
        http, csrf = await signed_in(at)
        async with aclosing(http):
            kept = http.cookies["genie"]
            gone = await http.delete("/v1/session", headers={**SAME, "X-CSRF-Token": csrf})
            assert gone.status_code == 204
            http.cookies.set("genie", kept)
            assert (await http.get("/v1/session")).status_code == 401
        http, _ = await signed_in(at, user="short", expires_at=NOW + at.hand.at + 5)
        async with aclosing(http):
            at.hand.at += 6
            assert (await http.get("/v1/session")).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "[::1]x"])
async def test_a_name_that_is_not_served_gets_nothing(host: str) -> None:
    async with desk() as at, at.http(at.key()) as http:
        found = await http.get("/v1/runs", headers={"Host": host})
        assert (found.status_code, found.json()["code"]) == (421, "misdirected")


@pytest.mark.parametrize(
    "path",
    ["/v1/runs/", "/v1/runs/../../etc/passwd",
     "/v1/runs/%2e%2e%2fx", "/v1/../v1/nothing", "//evil.example/x", "/v1/runs/%00",
     "/v1/agents/%F0%9F", "/v1/approvals/a/../b", "/etc/passwd", "/v1/runs/" + "x" * 3_000],
)  # fmt: skip
async def test_addresses_of_nothing_are_not_found_and_lead_nowhere(path: str) -> None:
    async with desk() as at, at.http(at.key()) as http:
        found = await http.get(path)
        assert (found.status_code, found.json()["code"]) == (404, "not_found")
        assert "location" not in found.headers


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed"),
        (b"\xff\xfe\x00", "malformed"),
        (b'{"pipeline": "\xc3\x28"}', "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "malformed"),
        (b'{"pipeline": NaN}', "malformed"),
        (b'{"pipeline": "desk", "payload": {"kind": 1e999}}', "invalid"),
        (b"9" * 5_000, "malformed"),
        (b"null", "invalid"),
        (b'{"pipeline": "desk", "payload": []}', "invalid"),
        (b'{"pipeline": "desk", "payload": {}, "caller": {"roles": ["admin"]}}', "invalid"),
        (b'{"pipeline": "desk", "payload": {"kind": "grant", "tenant": "south"}}', "invalid"),
        (b'{"pipeline": "desk", "payload": {"kind": "grant"}, "within_s": -1}', "invalid"),
    ],
)
async def test_a_body_that_cannot_be_used_is_refused_without_its_words(body: bytes, code: str) -> None:
    async with desk() as at, at.http(at.key(), **{"Content-Type": "application/json"}) as http:
        found = await http.post("/v1/runs", content=body)
        assert found.json()["code"] == code
        assert not at.server.hosted["desk"].runs


@pytest.mark.parametrize("kind", ["text/plain", "", "multipart/form-data", "application/x-www-form-urlencoded"])
async def test_what_a_form_of_another_site_can_send_is_no_json(kind: str) -> None:
    async with desk() as at, at.http(at.key(), **{"Content-Type": kind}) as http:
        found = await http.post("/v1/runs", content=json.dumps(wish()))
        assert (found.status_code, found.json()["code"]) == (415, "unsupported_media_type")


async def test_a_body_is_counted_while_it_arrives_and_its_announced_length_is_not_believed() -> None:
    sent, answer = 0, []

    async def receive() -> Any:
        nonlocal sent
        sent += 65_536
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": sent < 1 << 30}

    async def send(message: Any) -> None:
        answer.append(message)

    async with desk() as at:
        headers = {"host": "127.0.0.1", "content-type": "application/json", "content-length": "2",
                   "authorization": f"Bearer {at.key()}"}  # fmt: skip
        scope = {"type": "http", "method": "POST", "path": "/v1/runs", "query_string": b"", "root_path": "",
                 "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}  # fmt: skip
        await at.app(scope, receive, send)
        assert answer[0]["status"] == 413
        assert sent < 2 * bodies.MOST_BODY


async def test_many_headers_are_refused() -> None:
    async with desk() as at, at.http(at.key()) as http:
        for headers in ({f"x-{n}": "1" for n in range(1_000)}, {"x-long": "x" * 20_000}):
            found = await http.get("/v1/runs", headers=headers)
            assert (found.status_code, found.json()["code"]) == (431, "headers_too_large")


async def test_one_caller_takes_no_more_than_its_share_and_the_tables_stay_small() -> None:
    async with desk(per_s=1.0, burst=3) as at:
        key = at.key()
        statuses = [(await at.get("/v1/runs", key)).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        assert (await at.get("/v1/runs", at.key("bob"))).status_code == 200
        at.hand.at = 1.0
        assert (await at.get("/v1/runs", key)).status_code == 200
        guesses = [(await at.get("/v1/runs", f"gk_guess{n}_x")).status_code for n in range(40)]
        assert guesses[0] == 401
        assert guesses[-1] == 429
        for n in range(20_000):
            at.server.rates.take(f"caller {n}")
        assert len(at.server.rates) == 10_000


@pytest.mark.parametrize(
    "authorization",
    ["Bearer ", "Bearer gk_", "Basic Z2s6", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.", "Bearer " + "x" * 9_000,
     "bearer", "Bearer \x7f"],
)  # fmt: skip
async def test_what_is_no_credential_is_nobody(authorization: str) -> None:
    async with desk() as at, at.http(Authorization=authorization) as http:
        found = await http.get("/v1/runs")
        assert (found.status_code, found.json()["code"]) == (401, "unauthenticated")


async def test_every_response_tells_browsers_to_do_nothing_with_it() -> None:
    async with desk() as at:
        for found in (await at.get("/livez"), await at.get("/v1/runs"), await at.get("/nothing")):
            assert found.headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in found.headers["content-security-policy"]
            assert "access-control-allow-origin" not in found.headers
