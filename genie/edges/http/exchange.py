"""Posts to one server and reads the streamed response, with the same checks as every other call.

Wires use the interface ``Exchange``; ``HttpExchange`` makes real connections and keeps them between calls.
"""

from __future__ import annotations

import ipaddress
import ssl
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import anyio

from genie.errors import EdgeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import httpx

    from genie.edges.http.client import Resolve, Way

MOST_KEPT = 16
"""Idle connections that are kept for the next call."""
LONGEST_READ_S = 3_600.0
"""Backstop for one read; callers set their own, shorter limits."""


class Answer(Protocol):
    """The answer to one call, whose body is read piece by piece."""

    @property
    def status(self) -> int:
        """HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name; of a repeated one the values are joined by ``", "``."""
        ...

    async def read(self) -> bytes:
        """Return the next piece of the body; ``b""`` at its end.

        Raises:
            ConnectionError: The body broke off.
            TimeoutError: No byte arrived within the call's ``idle_s``.
        """
        ...


class Exchange(Protocol):
    """Calls to one server."""

    def post(
        self, url: str, *, headers: Mapping[str, str], content: bytes, idle_s: float
    ) -> AbstractAsyncContextManager[Answer]:
        """Post a body; leaving the block before the end of the response closes the connection.

        Args:
            url: The URL.
            headers: Request headers.
            content: The body.
            idle_s: Longest wait between two pieces of the response body, in seconds; the caller must limit the wait for
                the head.

        Raises:
            EdgeError: The URL may not be called (``again_s`` is None), or no answer came.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class _HttpAnswer:
    def __init__(self, response: httpx.Response) -> None:
        import httpx  # noqa: PLC0415 - start-up: httpx takes 50 ms, and only those who call need it

        self._response, self._broken, self._late = response, httpx.HTTPError, httpx.TimeoutException
        self._pieces = response.aiter_raw()
        self._begun = self._ended = False

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return dict(self._response.headers.items())

    async def read(self) -> bytes:
        self._begun = True
        while True:
            try:
                piece = await anext(self._pieces)
            except StopAsyncIteration:
                self._ended = True
                return b""
            except self._late:
                self._ended = True
                raise TimeoutError from None
            except self._broken as error:
                self._ended = True
                raise ConnectionError(type(error).__name__) from None
            except BaseException:  # the stream is marked as ended, then the error is re-raised
                self._ended = True  # an exception has ended every generator below
                raise
            if piece:
                return piece

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):
            await self._response.aclose()
            while self._begun and not self._ended:
                # A suspended generator would be left to the garbage collector, of which trio warns. Its connection is
                # closed, so the received data runs out, and then it ends.
                try:
                    await self.read()
                except (ConnectionError, TimeoutError):
                    return


class HttpExchange:
    """Implements ``Exchange`` for one server.

    Args:
        base: URL of the server; no other host or port is called.
        http: Allow a URL without encryption.
        networks: Private networks that the server may be in, ``"127.0.0.0/8"``.
        connect_s: Seconds for a connection to one address.
        resolver: For tests: resolves names to addresses.

    Raises:
        EdgeError: The URL is malformed, or may not be called.
    """

    def __init__(
        self,
        base: str,
        *,
        http: bool = False,
        networks: tuple[str, ...] = (),
        connect_s: float = 10.0,
        resolver: Resolve | None = None,
    ) -> None:
        import httpx  # noqa: PLC0415 - as above

        from genie.edges.http.client import Way, resolve  # noqa: PLC0415 - as above
        from genie.edges.http.ssrf import HostRule, named  # noqa: PLC0415 - as above

        try:
            url = httpx.URL(base)
            host = named(url.raw_host.decode("ascii"))
        except (httpx.InvalidURL, UnicodeError, ValueError):
            raise EdgeError("url", "is malformed") from None
        self._secure = url.scheme == "https"
        self._idle: list[_Connection] = []
        """The last used one is at the end, and is used next."""
        self._busy: set[_Connection] = set()
        self._target: tuple[str, httpx.URL] | None = None
        self._closed = False
        self._tls: ssl.SSLContext | None = None
        self._way: Way = Way(
            error=EdgeError, hosts=(HostRule(host, below=False, port=url.port),),
            schemes=frozenset({"https", "http"} if http else {"https"}),
            timeout_s=LONGEST_READ_S, connect_s=connect_s,
            networks=tuple(ipaddress.ip_network(network) for network in networks),
            resolver=resolver or resolve,
        )  # fmt: skip
        self._way.target(base)

    def _connection(self) -> _Connection:
        """Return a connection for one call, kept open from an earlier call if possible.

        An httpx pool iterates over all its connections at each start and end of a call, so each pool has only one.
        """
        if self._idle:
            return self._idle.pop()
        import httpx  # noqa: PLC0415 - as above

        if self._tls is None:  # one for all connections; without encryption, one that trusts no certificate
            self._tls = httpx.create_ssl_context() if self._secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        transport = httpx.AsyncHTTPTransport(
            verify=self._tls, trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=1),
        )  # fmt: skip
        return _Connection(transport, replace(self._way, transport=transport))

    @asynccontextmanager
    async def post(
        self, url: str, *, headers: Mapping[str, str], content: bytes, idle_s: float
    ) -> AsyncIterator[Answer]:
        """Post a body; see ``Exchange.post``."""
        kept = self._target
        if kept is None or kept[0] != url:
            kept = self._target = (url, self._way.target(url))
        connection = self._connection()
        self._busy.add(connection)
        try:
            called = connection.way.call("POST", kept[1], headers=headers, content=content, body_s=idle_s)
            async with called as response:
                answer = _HttpAnswer(response)
                try:
                    yield answer
                finally:
                    await answer.close()
        finally:
            self._busy.discard(connection)
            if len(self._idle) < MOST_KEPT and not self._closed:
                self._idle.append(connection)
            else:
                with anyio.CancelScope(shield=True):
                    await connection.transport.aclose()

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        for connection in (*self._idle, *self._busy):
            await connection.transport.aclose()
        self._idle.clear()


@dataclass(eq=False)
class _Connection:
    transport: httpx.AsyncBaseTransport
    way: Way
