"""Bad input on a real socket: each is refused with a code, and the server goes on."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import anyio
import pytest

from genie.server import connections
from tests.genie.desk_for_tests import wish
from tests.genie.server.live.test_connections import Live, live, received

pytestmark = pytest.mark.anyio


async def sent(at: Live, *parts: bytes) -> tuple[int, dict[str, Any]]:
    """Send bytes on a connection of their own, and return the status and the problem."""
    stream = await at.raw()
    async with stream:
        for part in parts:
            await stream.send(part)
        with anyio.fail_after(10):
            head, _, body = (await received(stream)).partition(b"\r\n\r\n")
    problem = json.loads(body) if b"problem+json" in head else {}
    return int(head.split(b" ")[1]), problem


def head(key: str, *lines: str, path: str = "/v1/ask", verb: str = "POST") -> bytes:
    usual = (f"{verb} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {key}", "Connection: close")
    return "\r\n".join([*usual, *lines, "", ""]).encode()


async def alive(at: Live) -> bool:
    async with at.link(at.key()) as http:
        return (await http.post("/v1/ask", json=wish())).status_code == 200


async def test_a_body_of_a_gigabyte_is_refused_after_its_first_megabyte() -> None:
    async with live() as at, await at.raw() as stream:
        key = at.key()
        await stream.send(head(key, "Content-Type: application/json", f"Content-Length: {10**9}"))
        with anyio.fail_after(10):
            answer = b""
            async with anyio.create_task_group() as tasks:

                async def send() -> None:
                    try:
                        for _ in range(10**9 // 65_536):
                            await stream.send(b" " * 65_536)
                    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                        pass

                tasks.start_soon(send)
                answer = await stream.receive()
                tasks.cancel_scope.cancel()
        assert answer.startswith(b"HTTP/1.1 413")
        assert await alive(at)


async def test_a_body_in_endless_chunks_is_refused() -> None:
    async with live() as at:
        chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        first = head(at.key(), "Content-Type: application/json", "Transfer-Encoding: chunked")
        status, problem = await sent(at, first, *[chunk] * 16)
        assert (status, problem["code"]) == (413, "too_large")


@pytest.mark.parametrize("count", [101, 10_000])
async def test_too_many_headers_are_refused(count: int) -> None:
    async with live() as at:
        status, _ = await sent(at, head(at.key(), *(f"x{number}: y" for number in range(count)), "Content-Length: 0"))
        assert status == 431
        assert await alive(at)


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        (b"\xff\xfe{}", "application/json", 400, "malformed"),
        (b'{"pipeline": "\xc3\x28"}', "application/json", 400, "malformed"),
        (b'{"pipeline": "\\ud800"}', "application/json", 400, "malformed"),
        (b"[" * 100_000, "application/json", 400, "malformed"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "application/json", 400, "malformed"),
        (b"1" * 100_000, "application/json", 400, "malformed"),
        (b'{"a": NaN}', "application/json", 400, "malformed"),
        (b"", "application/json", 400, "malformed"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"{}", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"{}", "multipart/form-data; boundary=x", 415, "unsupported_media_type"),
        (b"{}", "application/json/x", 415, "unsupported_media_type"),
        (b"{}", "application/json", 422, "invalid"),
        (b'"text"', "application/json", 422, "invalid"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(body: bytes, media: str, status: int, code: str) -> None:
    async with live() as at:
        first = head(at.key(), f"Content-Type: {media}", f"Content-Length: {len(body)}")
        found, problem = await sent(at, first, body)
        assert (found, problem["code"]) == (status, code)


@pytest.mark.parametrize(
    "path",
    ["/page/../../pyproject.toml", "/page/x/../../../etc/passwd", "/page/%2e%2e/%2e%2e/etc/passwd", "/..%2fkeys.json",
     "/page/x/..%5c..%5cetc", "/v1/runs/..%2f..%2fetc", "//evil.example/", "/%00", "/v1/runs/%ff"],
)  # fmt: skip
async def test_a_path_leads_nowhere_else(path: str) -> None:
    async with live() as at:
        status, problem = await sent(at, head(at.key(), path=path, verb="GET"))
        assert (status, problem.get("code")) in {(404, "not_found"), (400, None)}


@pytest.mark.parametrize(
    "path", ["/?next=https://evil.example", "/v1/session?redirect=//evil.example", "//evil.example"]
)
async def test_no_request_leads_to_another_site(path: str) -> None:
    async with live() as at, at.link(at.key()) as http:
        found = await http.get(path.replace("//", "/%2f"))
        assert found.status_code in {200, 404}
        assert "location" not in found.headers


def unsigned(**claims: object) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": "ann", "exp": 9e9, **claims})
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + "."


@pytest.mark.parametrize(
    "token", [unsigned(), unsigned(roles=["admin"]), "gk_", "gk_a_b", "x" * 9_000, "a.b.c", "\xe9"]
)
async def test_a_token_that_nobody_has_signed_is_refused(token: str) -> None:
    async with live() as at:
        first = head("x", "Content-Length: 0").replace(b"Bearer x", b"Bearer " + token.encode("latin-1"))
        status, problem = await sent(at, first)
        assert (status, problem["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "lines",
    [("Content-Length: 2", "Content-Length: 3"), ("Content-Length: 2", "Transfer-Encoding: chunked"),
     ("Host: evil.example",), ("Content-Length: -1",), ("Transfer-Encoding: x",)],
)  # fmt: skip
async def test_a_request_with_two_meanings_is_refused(lines: tuple[str, ...]) -> None:
    async with live() as at:
        status, _ = await sent(at, head(at.key(), *lines), b"{}")
        assert status in {400, 411, 415, 421}
        assert await alive(at)


async def test_a_body_that_drips_ends_the_connection() -> None:
    async with live(head_s=0.05) as at, await at.raw() as stream:
        for byte in b"POST":
            await stream.send(bytes([byte]))
        with anyio.fail_after(5):
            assert await received(stream) == b""
        assert await alive(at)


async def test_fields_after_a_body_are_no_headers() -> None:
    """Was: the key in a trailer was taken for a header, which a proxy in front had never seen."""
    async with live() as at:
        first = b"GET /v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        status, problem = await sent(at, first + b"0\r\nAuthorization: Bearer " + at.key().encode() + b"\r\n\r\n")
        assert (status, problem["code"]) == (401, "unauthenticated")
        many = head(at.key(), "Transfer-Encoding: chunked", path="/v1/runs", verb="GET")
        status, _ = await sent(at, many + b"0\r\n" + b"x: y\r\n" * 50 + b"\r\n")
        assert status == 200


async def test_what_comes_with_a_body_and_is_none_of_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_FRAMING", 10_000)
    async with live() as at:
        for more in (b"2;" + b"a" * 100_000, b"0\r\nx: " + b"y" * 100_000):
            first = head(at.key(), "Transfer-Encoding: chunked", "Content-Type: application/json")
            async with await at.raw() as stream:
                await stream.send(first)
                with anyio.fail_after(10), contextlib.suppress(anyio.BrokenResourceError):
                    for place in range(0, len(more), 1_000):
                        await stream.send(more[place : place + 1_000])
                    assert await received(stream) == b""
        assert await alive(at)


async def test_the_host_of_an_absolute_target_counts() -> None:
    """Was: the header alone was looked at, so that a proxy and the server could mean two hosts."""
    async with live() as at:
        for target, status in (("http://evil.example/v1/runs", 421), ("http://127.0.0.1/v1/runs", 200), ("*", 400)):
            found, _ = await sent(at, head(at.key(), path=target, verb="GET"))
            assert found == status, target
