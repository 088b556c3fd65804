"""Connections: the listening socket, time and size limits of request heads, start and drain."""

from __future__ import annotations

import asyncio  # noqa: TID251 - the protocols of uvicorn are asyncio's alone
import contextlib
import importlib.util
import ipaddress
import os
import re
import socket
import struct
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import anyio
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from genie.errors import InputError
from genie.server.app import MOST_HEADER_BYTES, application
from genie.server.bodies import SLOWEST_S
from genie.server.messages import LINE, WHOLE
from genie.server.site import Site
from genie.server.streams import BLOCKED_S

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.types import ASGIApp
    from uvicorn._types import ASGIReceiveEvent

    from genie.server.server import Server

BODY_S = 2 * SLOWEST_S
"""Seconds within which a body must arrive, whatever endpoint reads it."""
SEND_BUFFER = 65_536
"""Send buffer of the kernel for one client that does not read, in bytes; the default is megabytes."""
BACKLOG = 2_048
MOST_CONNECTIONS = 30_000
SPARE_FILES = 256
"""Open files that are left for logs, stores and processes, however many connections there are."""
MOST_FRAME = 4_096
"""Maximum size of a WebSocket message from a client; such messages are ignored."""
JOINED = 32_768
"""Number of bytes from which a write is sent at once, without waiting for the end of the loop's turn."""
_HEAD, _BODY = 0, 1
_PLAIN = re.compile(rb"/[A-Za-z0-9/_.~-]*")
"""Paths that need no decoding."""
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)", re.IGNORECASE)
MOST_PIPELINED = 100
"""Number of pipelined requests on one connection; a client that sends more is disconnected."""
MOST_FRAMING = 8_000_000
"""Bytes of a body that are not content: chunk sizes, chunk extensions, trailers."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Joined:
    """A transport that sends all writes of one turn of the loop together: a head with its body is one system call.

    Args:
        transport: The transport.
        loop: Its loop.
    """

    __slots__ = ("_loop", "_parts", "_size", "_transport")

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Return True once nothing more can be written."""
        closing: bool = self._transport.is_closing()
        return closing

    def write(self, data: bytes) -> None:
        """Write soon; at once if much is waiting, so that the transport can report that it is full."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > JOINED:
            self.flush()

    def flush(self) -> None:
        """Write the waiting data."""
        if self._parts:
            parts, self._parts, self._size = self._parts, [], 0
            if self._transport.is_closing():  # it was closed while data was waiting
                return
            self._transport.write(parts[0] if len(parts) == 1 else b"".join(parts))

    def whole(self, data: bytes) -> None:
        """Write the waiting data and an answer that ends this turn's writes."""
        if self._parts:
            self.flush()
        self._transport.write(data)

    def close(self) -> None:
        """Write the waiting data, and close; a client that does not read cannot keep the connection open."""
        self.flush()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(BLOCKED_S, self.abort)

    def abort(self) -> None:
        """Close at once, and tell the kernel to drop unread data, which it would otherwise keep for minutes."""
        link = self._transport.get_extra_info("socket")
        if link is not None and link.fileno() >= 0:
            with socket.socket(fileno=os.dup(link.fileno())) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class Cycle(RequestResponseCycle):
    """One request, whose body usually arrived with its head."""

    async def receive(self) -> ASGIReceiveEvent:
        """Return the body at once if it has arrived."""
        if self.more_body or self.disconnected or self.response_complete or self.waiting_for_100_continue:
            return await super().receive()
        if not self.message_event.is_set():  # it was read before: the remaining event is the disconnect of the client
            return await super().receive()
        self.message_event.clear()
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": False}


class Connection(HttpToolsProtocol):
    """A connection whose heads are limited in size and time; uvicorn limits neither."""

    head_s: float
    """Seconds within which the head of a request must arrive, and a new connection must have sent one."""
    idle_s: float
    """Seconds after an answer until the idle connection is closed."""
    most: int
    """Connections at once; one more is closed."""
    unread_s = BLOCKED_S
    """Seconds that a client may leave an answer unread."""

    def connection_made(self, transport: Any) -> None:
        """Start waiting for the first head."""
        super().connection_made(transport)
        self.transport: Any = Joined(transport, self.loop)
        self._head: int | None = 0
        """Size of the head so far; None while a body or an answer is in progress."""
        self._tail = b""
        self._framing = 0
        self._awaited: int | None = _HEAD
        """The part with a time limit: the head or the body of a request; None between requests."""
        self._limit = self.loop.call_later(self.head_s, self._late)
        self._upgraded = self.lost = False
        self._idle_since: float | None = None
        """Time at which the last answer was complete; None while a request is in progress."""
        self._idle: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        """Timer that ends a connection whose client does not read."""
        if len(self.connections) > self.most:
            self.transport.abort()
        self.partings: dict[Callable[[], None], None] = {}
        self.room: Callable[[], None] = _nothing

    def on_message_begin(self) -> None:
        """Let requests be notified when their client disconnects."""
        super().on_message_begin()
        self._idle_since = None
        scope: Any = self.scope
        scope[LINE] = self  # ASGI leaves names with a dot to servers

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop the limits, and notify the waiting requests."""
        for timer in (self._limit, self._idle, self._unread):
            if timer is not None:
                timer.cancel()
        self.lost = True
        super().connection_lost(exc)
        for told in tuple(self.partings):
            told()

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless the head becomes too large."""
        if self._head is not None:
            joined = self._tail + data
            end = joined.find(b"\r\n\r\n")
            self._head += len(data) if end < 0 else max(0, end - len(self._tail))
            self._tail = joined[-3:]
            if self._head > MOST_HEADER_BYTES:
                self.transport.write(_TOO_LARGE)
                self.transport.close()
                return
        else:
            self._framing += len(data)
            if self._framing > MOST_FRAMING + len(data):
                self.transport.abort()
                return
        super().data_received(data)
        if self._upgraded:
            del self.parser, self.scope  # they refer to this object; the connection belongs to another protocol now
            return
        awaited = _BODY if self._head is None else _HEAD if self._head else None
        if awaited != self._awaited:  # most requests arrive complete, and need no limit
            self._awaited = awaited
            self._limit.cancel()
            if awaited is not None:
                self._limit = self.loop.call_later(BODY_S if awaited == _BODY else self.head_s, self._late)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the WebSocket protocol."""
        self._upgraded = True
        self._limit.cancel()
        super().handle_websocket_upgrade()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers are ignored, because a proxy in front has not checked them."""
        if self._head is not None:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._framing -= len(body)
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """End the head, and start waiting for the body."""
        self._head = None
        if len(self.pipeline) >= MOST_PIPELINED:
            self.transport.abort()
            return
        if not self.url.startswith(b"/"):
            self._name_host()
        if _PLAIN.fullmatch(self.url) is None or self.parser.should_upgrade():
            super().on_headers_complete()
            return
        scope: Any = self.scope
        version = self.parser.get_http_version()
        path = self.url.decode()
        scope["method"], scope["http_version"] = self.parser.get_method().decode("ascii"), version
        scope["path"], scope["raw_path"], scope["query_string"] = path, self.url, b""
        before: RequestResponseCycle | None = self.cycle
        cycle = self.cycle = Cycle(
            scope, self.transport, self.flow, self.logger, self.access_logger, self.access_log,
            self.server_state.default_headers, asyncio.Event(), self.expect_100_continue,
            version != "1.0" and self.parser.should_keep_alive(), self.on_response_complete,
        )  # fmt: skip
        scope[WHOLE] = partial(self.whole, cycle)
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _name_host(self) -> None:
        """Use the host of an absolute target as the host of the request (RFC 9112, 3.2.2).

        Raises:
            ValueError: The target is not absolute; the parser answers 400.
        """
        found = _ABSOLUTE.match(self.url)
        if found is None:
            raise ValueError("not a target")
        self.headers[:] = [one for one in self.headers if one[0] != b"host"] + [(b"host", found[1])]

    def on_message_complete(self) -> None:
        """Start waiting for the next head."""
        self._framing = 0
        self._limit.cancel()
        self._awaited = None
        self._head, self._tail = 0, b""
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Start the next request, or wait for it: one timer serves a connection, whatever the number of requests."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self._idle is None:
            self._idle = self.loop.call_later(self.idle_s, self._look)

    def _look(self) -> None:
        since, self._idle = self._idle_since, None
        if since is None:  # the answer to the present request sets it again
            return
        left = since + self.idle_s - self.loop.time()
        if left <= 0:
            self.timeout_keep_alive_handler()
        else:
            self._idle = self.loop.call_later(left, self._look)

    # Complete answers and streams bypass uvicorn's coroutines, which cost more than the socket.

    def whole(self, cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> bool:
        """Write an answer at once; return False if it must be sent via ASGI, because its client does not read.

        Args:
            cycle: The request's cycle.
            status: HTTP status.
            head: Lines of its headers, each with its end.
            body: The whole body.
        """
        if self.flow.write_paused or cycle.response_started or cycle.disconnected:
            return False
        cycle.response_started = cycle.response_complete = True
        ends = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.transport.whole(STATUS_LINE[status] + head + ends + (b"" if cycle.scope["method"] == "HEAD" else body))
        scope: Any = cycle.scope
        del scope[WHOLE]  # it refers to the cycle, which would otherwise wait for the garbage collector
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    @property
    def full(self) -> bool:
        """The client has not read the data."""
        return self.flow.write_paused

    def push(self, parts: list[bytes]) -> None:
        """Write parts of a body whose head was sent, as one chunk; never waits."""
        if not self.transport.is_closing():
            body = parts[0] if len(parts) == 1 else b"".join(parts)
            self.transport.whole(b"%x\r\n%b\r\n" % (len(body), body))

    def cut(self) -> None:
        """Close at once."""
        self.transport.abort()

    def pause_writing(self) -> None:
        """The client does not read: start its time limit."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.unread_s, self.cut)

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._unread is not None:
            self._unread.cancel()
        super().resume_writing()
        self.room()

    def _late(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def _websockets() -> type[asyncio.Protocol] | Literal["none"]:
    if importlib.util.find_spec("websockets") is None:
        return "none"
    from genie.server.sockets import Socket  # noqa: PLC0415 - an extra

    return Socket


def _nothing() -> None:
    """Does nothing: streams do not wait for room."""


def listening(host: str, port: int, *, behind_proxy: bool) -> socket.socket:
    """Return a listening socket.

    Args:
        host: An address of this machine.
        port: 0 takes a free one.
        behind_proxy: A TLS proxy is in front, so that other machines may connect.

    Raises:
        InputError: The address cannot be opened, or would be open to other machines without TLS.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        if not behind_proxy and not ipaddress.ip_address(str(found[4][0])).is_loopback:
            raise InputError(
                f"--bind {host}:{port}", "would be open to other machines without TLS",
                "bind to 127.0.0.1, or put a proxy that speaks TLS in front and add --behind-proxy",
            )  # fmt: skip
        made = socket.socket(found[0], found[1])
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            made.bind(found[4])
            made.listen(BACKLOG)
            made.setblocking(False)  # noqa: FBT003 - the signature of a socket
        except BaseException:  # close it, because nothing else would, then re-raise the error
            made.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "the address is malformed"
        raise InputError(f"--bind {host}:{port}", f"cannot be opened: {why.lower()}", "choose another") from None
    return made


def most_connections() -> int:
    """Raise the limit of open files as far as possible, and return how many connections may then be open."""
    import resource  # noqa: PLC0415 - only on Unix

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return (
        MOST_CONNECTIONS
        if soft == resource.RLIM_INFINITY
        else min(MOST_CONNECTIONS, max(soft - SPARE_FILES, soft // 2))
    )


def configured(server: Server, app: ASGIApp, *, sockets: bool = True) -> uvicorn.Config:
    """Return uvicorn's configuration for an application; without ``sockets`` it has no WebSockets."""
    limits = {"head_s": server.settings.head_s, "idle_s": server.settings.idle_s, "most": most_connections()}
    bounded = type("BoundedConnection", (Connection,), limits)
    return uvicorn.Config(
        app, http=bounded, lifespan="off", log_config=None, access_log=False,
        ws=_websockets() if sockets else "none", ws_max_size=MOST_FRAME, ws_max_queue=1, ws_per_message_deflate=False,
        server_header=False, date_header=False, timeout_graceful_shutdown=5, proxy_headers=False,
    )  # fmt: skip


async def serve(
    server: Server, listener: socket.socket, stop: Callable[[], Awaitable[object]],
    told: Callable[[str], object] = lambda _address: None, app: ASGIApp | None = None,
) -> None:  # fmt: skip
    """Serve until ``stop`` returns or an operator requests the end, then drain.

    No more runs are admitted; those in flight have a time limit.

    Args:
        server: The server.
        listener: Its socket.
        stop: Waits for the end.
        told: Called with the address once requests are answered.
        app: The application; the API and the page of the pipelines by default.
    """
    own = application(server, more=Site().routes()) if app is None else app
    running = _Uvicorn(configured(server, own, sockets=app is None))
    async with server.open(), anyio.create_task_group() as tasks:
        tasks.start_soon(running.serve, [listener])
        await running.ready.wait()
        host, port = listener.getsockname()[:2]
        told(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        async with anyio.create_task_group() as waiting:
            for end in (stop, server.stopping.wait):
                waiting.start_soon(_first, end, waiting.cancel_scope)
        await server.drain()
        server.close()
        running.should_exit = True


async def _first(end: Callable[[], Awaitable[object]], others: anyio.CancelScope) -> None:
    await end()
    others.cancel()


class _Uvicorn(uvicorn.Server):
    """A server that leaves signals to the command."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = anyio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the command."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and report it."""
        await super().startup(sockets)
        self.ready.set()
