"""WebSockets: the events of a stream, its resume, and who is refused."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame
from websockets.protocol import State
from websockets.uri import parse_uri

from genie.server.sockets import framed
from tests.genie.desk_for_tests import ORIGIN
from tests.genie.server.live.test_connections import Live, live

pytestmark = pytest.mark.anyio


@contextlib.asynccontextmanager
async def socket(at: Live, path: str, key: str | None = None, **headers: str) -> AsyncIterator[ClientConnection]:
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    async with connect(at.address.replace("http", "ws") + path, additional_headers=headers, proxy=None) as opened:
        yield opened


async def told(opened: ClientConnection) -> tuple[list[dict[str, Any]], int]:
    """Return every message, and the code of the end."""
    found: list[dict[str, Any]] = []
    with anyio.fail_after(10):
        try:
            while True:
                found.append(json.loads(await opened.recv()))
        except ConnectionClosed:
            return found, opened.close_code or 0


async def test_a_socket_has_the_events_of_the_stream_and_resumes() -> None:
    async with live() as at:
        key = at.key()
        run = (await at.ask(key)).json()["id"]
        path = f"/v1/runs/{run}/events"
        streamed = (await at.get(path, key)).text
        async with socket(at, path, key) as opened:
            whole, code = await told(opened)
        assert (whole[-1]["event"], code) == ("end", 1000)
        assert [f"id: {one['id']}" for one in whole[:-1]] == [
            line for line in streamed.split("\n") if line.startswith("id: ")
        ]
        async with socket(at, f"{path}?after={whole[1]['id']}", key) as opened:
            assert (await told(opened))[0] == whole[2:]


async def test_a_socket_sees_events_as_they_happen_and_ends_with_its_key() -> None:
    async with live() as at:
        key = at.key()
        async with socket(at, "/v1/events", key) as opened:
            run = (await at.ask(key)).json()["id"]
            first = json.loads(await opened.recv())
            assert (first["event"], first["data"]["run"]) == ("accepted", run)
            at.server.take_keys(type(at.server.keys)())
            found, code = await told(opened)
        assert (found[-1], code) == ({"event": "end", "data": {"status": "closed"}}, 1000)
        assert at.server.streams.closed == {"end": 1}


async def test_a_socket_is_not_compressed_whatever_the_browser_offers() -> None:
    """Was: each session kept the state of a compressor, and compressed the same event once more."""
    async with live() as at, socket(at, "/v1/events", at.key()) as opened:
        assert opened.protocol.extensions == []
        assert opened.response is not None
        assert "sec-websocket-extensions" not in opened.response.headers


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
async def test_a_message_of_any_size_is_read_as_it_was_written(size: int) -> None:
    client = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=State.OPEN, max_size=None)
    client.receive_data(framed(b"x" * size) + framed(b"next"))
    assert [one.data for one in client.events_received() if isinstance(one, Frame)] == [b"x" * size, b"next"]


async def test_what_a_client_says_over_a_socket_changes_nothing() -> None:
    async with live() as at:
        key = at.key()
        async with socket(at, "/v1/events", key) as opened:
            for text in ("{}", "x" * 4_000, ""):
                await opened.send(text)
            run = (await at.ask(key)).json()["id"]
            assert json.loads(await opened.recv())["data"]["run"] == run


@pytest.mark.parametrize("path", ["/v1/runs/unknown/events", "/v1/runs", "/v1/ask", "/nowhere"])
async def test_what_is_not_there_opens_no_socket(path: str) -> None:
    async with live() as at:
        with pytest.raises(InvalidStatus) as refused:
            async with socket(at, path, at.key()):
                pass
        assert refused.value.response.status_code == 404
        assert json.loads(refused.value.response.body or b"")["code"] == "not_found"


async def test_a_socket_asks_who_calls_and_from_where() -> None:
    async with live() as at:
        with pytest.raises(InvalidStatus) as refused:
            async with socket(at, "/v1/events"):
                pass
        assert refused.value.response.status_code == 401
        key = at.key()
        async with at.link() as http:
            await http.post("/v1/session", json={"key": key}, headers={"Sec-Fetch-Site": "same-origin"})
            cookie = f"{at.server.cookie}={http.cookies[at.server.cookie]}"
        for origin, status in (("https://elsewhere.example", 403), (None, 403), (ORIGIN, 403), (at.address, 101)):
            headers = {"Cookie": cookie} if origin is None else {"Cookie": cookie, "Origin": origin}
            if status == 101:
                async with socket(at, "/v1/events", **headers) as opened:
                    assert opened.state.name == "OPEN"
                continue
            with pytest.raises(InvalidStatus) as refused:
                async with socket(at, "/v1/events", **headers):
                    pass
            assert refused.value.response.status_code == status


async def test_a_message_that_is_too_large_ends_the_socket() -> None:
    async with live() as at:
        async with socket(at, "/v1/events", at.key()) as opened:
            await opened.send("x" * 10_000)
            assert (await told(opened))[1] == 1009
        async with at.link() as http:
            assert (await http.get("/livez")).status_code == 200


async def test_a_refused_socket_is_no_error_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    """Was: every stranger that opened one wrote a line of the level error to the log."""
    async with live() as at:
        with pytest.raises(InvalidStatus):
            async with socket(at, "/v1/events"):
                pass
        with pytest.raises(InvalidStatus):
            async with socket(at, "/v1/nothing", at.key()):
                pass
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []
