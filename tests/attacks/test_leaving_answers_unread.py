"""Attack: ask for large answers on connections that are never read, or send requests without waiting for answers."""

from __future__ import annotations

import socket

import anyio
import pytest

from genie.server.connections import MOST_PIPELINED, Connection
from tests.genie.loopback_for_tests import anyio_backend, this_machine_alone  # noqa: F401 - fixtures
from tests.genie.server.live.test_connections import live

pytestmark = pytest.mark.anyio


ESTABLISHED = b"\1"
LARGE = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %b\r\n\r\n"


async def test_a_client_that_reads_none_of_its_answers_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Was: its connection, its request and half a megabyte stayed for as long as it liked."""
    monkeypatch.setattr(Connection, "unread_s", 0.05)
    async with live(per_s=1e6, burst=10**6) as at:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect(("127.0.0.1", int(at.address.rpartition(":")[2])))
            client.sendall(LARGE % at.key().encode() * 40)
            with anyio.fail_after(10):
                while client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == ESTABLISHED:
                    await anyio.lowlevel.checkpoint()
        async with at.link() as http:
            assert (await http.get("/livez")).status_code == 200


async def test_requests_that_wait_on_one_connection_are_bounded() -> None:
    """Was: one read of 256 KB made 7,000 requests, each with its tables, whatever the rate of the caller."""
    async with live() as at, await at.raw() as stream:
        await stream.send(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * (MOST_PIPELINED * 3))
        answers = b""
        with anyio.fail_after(10), pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            while True:
                answers += await stream.receive()
        assert answers.count(b"HTTP/1.1 200") <= MOST_PIPELINED + 1
        async with at.link() as http:
            assert (await http.get("/livez")).status_code == 200


async def test_requests_that_wait_within_the_bound_are_answered_in_order() -> None:
    async with live() as at, await at.raw() as stream:
        last = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        await stream.send(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * (MOST_PIPELINED - 2) + last)
        answers = b""
        with anyio.fail_after(10), pytest.raises(anyio.EndOfStream):
            while True:
                answers += await stream.receive()
        assert answers.count(b"HTTP/1.1 200") == MOST_PIPELINED - 1
        assert answers.endswith(b'{"status":"live"}')
