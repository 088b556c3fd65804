"""Edges meet real sockets here, so these tests run in real time, and may reach this machine alone."""

from __future__ import annotations

import _socket
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run every test marked ``anyio`` on both backends, in real time: virtual time would not wait for a socket."""
    backend: str = request.param
    return backend


@pytest.fixture(autouse=True)
def _this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(own: socket.socket, address: Any) -> None:
        assert ipaddress.ip_address(address[0]).is_loopback, f"a test tried to reach {address!r}"
        _socket.socket.connect(own, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@dataclass
class Request:
    """What a client sent."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """A server on a free port of this machine that answers as a test says, with raw bytes."""

    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0


Answer = Callable[[Request], bytes | None]
"""What is sent back; None says nothing and waits until the client goes."""
Serve = Callable[[Answer], AbstractAsyncContextManager[Server]]


def http(status: str = "200 OK", body: bytes = b"", *headers: str) -> bytes:
    """Return a whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def _received(stream: SocketStream) -> Request | None:
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            data += await stream.receive()
        head, _, body = data.partition(b"\r\n\r\n")
        line, *rows = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows)}
        while len(body) < int(headers.get("content-length", 0)):
            body += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return None
    return Request(line, headers, body)


@pytest.fixture
def serve() -> Serve:
    """Return what starts a server and stops it at the end of its block."""

    @asynccontextmanager
    async def served(answer: Answer) -> AsyncIterator[Server]:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        server = Server(listener.listeners[0].extra(SocketAttribute.local_port))  # noqa: S610 - anyio's, not Django's

        async def talk(stream: SocketStream) -> None:
            server.connections += 1
            async with stream:
                while (request := await _received(stream)) is not None:
                    server.requests.append(request)
                    sent = answer(request)
                    try:
                        if sent is None:
                            await stream.receive()
                        else:
                            await stream.send(sent)
                    except (anyio.EndOfStream, anyio.BrokenResourceError):
                        return

        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, talk)
            yield server
            tasks.cancel_scope.cancel()

    return served


@pytest.fixture
def answered() -> Callable[..., bytes]:
    """Return what makes a whole HTTP answer."""
    return http
