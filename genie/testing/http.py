"""An HTTP server of this machine that answers as a test says, for tests of edges that call one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import anyio
from anyio.abc import SocketAttribute, SocketStream

LARGEST = 1 << 20
"""Most bytes of a request that the server reads."""


class Request(NamedTuple):
    """One request of a client."""

    line: str
    headers: dict[str, str]
    """Headers by lower-case name."""
    body: bytes


@dataclass
class LoopbackServer:
    """A server on a free port of 127.0.0.1."""

    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0


Answer = Callable[[Request], bytes | None]
"""Returns the raw bytes to send. None sends nothing and waits until the client leaves. ``b""`` closes the connection;
a response with the header ``Connection: close`` closes it after the last byte."""


def response(status: str = "200 OK", body: bytes = b"", *headers: str) -> bytes:
    """Return the raw bytes of an HTTP response with its length and more header lines."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def loopback_server(answer: Answer) -> AsyncIterator[LoopbackServer]:
    """Start a server, and stop it at the end of the block."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    server = LoopbackServer(listener.listeners[0].extra(SocketAttribute.local_port))  # noqa: S610 - anyio's, not Django's

    async def talk(stream: SocketStream) -> None:
        server.connections += 1
        async with stream:
            while (request := await received(stream)) is not None:
                server.requests.append(request)
                sent = answer(request)
                try:
                    if sent is None:
                        await stream.receive()
                    else:
                        await stream.send(sent)
                        if not sent or b"\r\nConnection: close\r\n" in sent:
                            return
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, talk)
        yield server
        tasks.cancel_scope.cancel()


async def received(stream: SocketStream) -> Request | None:
    """Return the next request of a connection; None when there is no other."""
    data = b""
    try:
        while b"\r\n\r\n" not in data and len(data) < LARGEST:
            data += await stream.receive()
        head, _, body = data.partition(b"\r\n\r\n")
        line, *rows = head.decode(errors="replace").split("\r\n")
        headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows)}
        while len(body) < min(int(headers.get("content-length", 0)), LARGEST):
            body += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return None
    return Request(line, headers, body)
