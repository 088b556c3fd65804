"""The HTTP server of the metrics page; it runs on the loop whose counters it shows.

``docs/decisions/007-own-metrics-server.md`` compares it with the server of ``prometheus_client``.
"""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from anyio.abc import SocketAttribute, SocketStream

from genie.errors import GenieError, InputError

PATH = "/metrics"
MAX_HEAD_BYTES = 8192
MAX_CONNECTIONS = 16
LONGEST_S = 10.0
"""Seconds that one scrape may take, from connection to last byte."""


@asynccontextmanager
async def serving(
    page: Callable[[], bytes], *, content_type: str, port: int, host: str = "127.0.0.1"
) -> AsyncIterator[str]:
    """Serve ``GET /metrics`` until the block ends; the value is the URL of the page.

    The page is rendered on the loop's thread, between two handlers, so its numbers are consistent.

    Args:
        page: Renders the page.
        content_type: Media type of the page.
        port: 0 selects a free one.
        host: A local address; the default is only reachable from this machine.

    Raises:
        InputError: The port cannot be opened.
    """
    page()  # the first rendering is the slowest, so no scraper waits for it
    try:
        listener = await anyio.create_tcp_listener(local_host=host, local_port=port)
    except (OSError, OverflowError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        why = "is in use" if taken else "cannot be opened"
        raise InputError(f"port {port}", why, "choose another, or 0 for a free one") from None
    bound = listener.listeners[0].extra(SocketAttribute.local_port)  # noqa: S610 - anyio's, not Django's
    connections = anyio.CapacityLimiter(MAX_CONNECTIONS)

    async def serve(stream: SocketStream) -> None:
        async with stream:
            if connections.available_tokens < 1:
                return
            # A scraper that disconnects, is slow or sends garbage affects no other.
            with anyio.move_on_after(LONGEST_S):
                async with connections:
                    try:
                        await _answer(stream, page, content_type)
                    except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream):
                        return

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield f"http://{host}:{bound}{PATH}"
        tasks.cancel_scope.cancel()


async def _answer(stream: SocketStream, page: Callable[[], bytes], content_type: str) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        if len(head) > MAX_HEAD_BYTES:
            return await _send(stream, "431 Request Header Fields Too Large")
        head += await stream.receive(MAX_HEAD_BYTES)
    method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    if path != PATH:
        return await _send(stream, "404 Not Found")
    if method not in {"GET", "HEAD"}:
        return await _send(stream, "405 Method Not Allowed", headers="Allow: GET, HEAD\r\n")
    try:
        body = page()
    except GenieError:  # the runtime has been closed
        return await _send(stream, "503 Service Unavailable")
    return await _send(stream, "200 OK", body, f"Content-Type: {content_type}\r\n", shown=method == "GET")


async def _send(stream: SocketStream, status: str, body: bytes = b"", headers: str = "", *, shown: bool = True) -> None:
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    await stream.send(head.encode("latin-1") + (body if shown else b""))
