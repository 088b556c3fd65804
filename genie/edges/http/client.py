"""HTTP calls that only connect to checked addresses.

The name is resolved once, each of its addresses is checked, and the connection is made to one of these, while ``Host``,
SNI and the certificate use the name. The name is not resolved again, so a DNS answer that changes between check and use
has no effect. Proxies from the environment are not used, because they resolve names again.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from socket import SOCK_STREAM
from typing import Literal

import anyio
import httpx

from genie.edges.http.ssrf import Address, HostRule, Network, named, refusal
from genie.errors import EdgeError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port -> addresses as text."""
MOST_ADDRESSES = 4
"""Maximum number of addresses of one name that are tried."""
MOST_CHARACTERS = 8_192
"""Of a URL."""
MOST_OF_HOST = 253
"""Characters of a name in the DNS (RFC 1035)."""
USUAL_PORTS = {"https": 443, "http": 80}


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a host as the system resolves it, in its order."""
    found = await anyio.getaddrinfo(host, port, type=SOCK_STREAM)
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, kw_only=True)
class Way:
    """Restrictions on calls: schemes, hosts, addresses and time limits.

    Args:
        error: Class of errors, with the host and the rule.
        hosts: Hosts that may be called.
        schemes: ``https``, and ``http`` if intended.
        timeout_s: Seconds for a call with all its redirects, from name to last byte.
        connect_s: Seconds for a connection to one address; ``timeout_s`` by default.
        networks: Private networks that may be called nevertheless.
        resolver: Resolves names to addresses.
        transport: Makes the connections; it must not keep them open, because a kept one would belong to another name.
    """

    error: type[EdgeError]
    hosts: tuple[HostRule, ...]
    schemes: frozenset[str] = frozenset({"https"})
    timeout_s: float = 10.0
    connect_s: float | None = None
    networks: tuple[Network, ...] = ()
    resolver: Resolve = field(default=resolve, repr=False)
    transport: httpx.AsyncBaseTransport | None = field(default=None, repr=False)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()  # takes 20 ms, so only once and when needed

    def target(self, text: str) -> httpx.URL:
        """Return a URL that may be called, as far as its text tells.

        Raises:
            EdgeError: It is malformed, or its scheme, host or port is not allowed.
        """
        try:
            url = httpx.URL(text)
            host, _ = named(url.raw_host.decode("ascii")), url.host  # the latter decodes international names
        except (httpx.InvalidURL, UnicodeError, TypeError, ValueError):
            raise self.error("url", "is malformed") from None
        if len(text) > MOST_CHARACTERS or len(host) > MOST_OF_HOST:
            raise self.error("url", "is too long")
        if url.scheme not in self.schemes:
            raise self.error(host or "url", f"must be called by {' or '.join(sorted(self.schemes))}")
        if url.userinfo:
            raise self.error(host, "has a user or password in its URL, which is refused")
        usual = USUAL_PORTS[url.scheme]
        port = url.port or usual
        if not host or not any(rule.covers(host, port, usual) for rule in self.hosts):
            raise self.error(host or "url", f"is not on the list of hosts that may be called (port {port})")
        return url

    @asynccontextmanager
    async def call(
        self,
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
        url: httpx.URL,
        *,
        headers: Mapping[str, str],
        content: bytes = b"",
        body_s: float | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Make one call, without following redirects; the response body is not read yet.

        Args:
            method: HTTP method.
            url: A result of ``target``.
            headers: Request headers.
            content: The body.
            body_s: Seconds between two pieces of the answer's body; ``timeout_s`` by default.

        Raises:
            EdgeError: An address of the host is forbidden, or the call failed; the latter may be tried again.
        """
        host = named(url.raw_host.decode("ascii"))
        addresses = await self._addresses(host, url.port or USUAL_PORTS[url.scheme])
        transport = self.transport or httpx.AsyncHTTPTransport(
            verify=self._tls if url.scheme == "https" else False, trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )  # fmt: skip
        try:
            response = await self._connected(transport, addresses, method, url, headers, content)
            if body_s is not None:
                # The transport reads the limits of a body from here when its first piece is requested.
                response.request.extensions["timeout"]["read"] = body_s
            try:
                yield response
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
        except httpx.HTTPError as error:
            raise self.error(host, f"cannot be called ({type(error).__name__})", 0.0) from None
        finally:
            if self.transport is None:
                with anyio.CancelScope(shield=True):
                    await transport.aclose()

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            texts = [host] if _is_address(host) else await self.resolver(host, port)
        except (OSError, UnicodeError):
            raise self.error(host, "has no address", 0.0) from None
        addresses = []
        for text in texts:
            address, rule = _looked_at(text.partition("%")[0], self.networks)  # without the scope of a link
            if rule is not None:  # one forbidden address among good ones indicates a deliberately misleading name
                raise self.error(host, f"has a {rule} address, which is refused")
            addresses.append(address)
        if not addresses:
            raise self.error(host, "has no address", 0.0)
        return addresses

    async def _connected(
        self,
        transport: httpx.AsyncBaseTransport,
        addresses: list[Address],
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        content: bytes,
    ) -> httpx.Response:
        """Call the first address that accepts a connection; nothing has been sent to one that does not."""
        *others, last = addresses[:MOST_ADDRESSES]
        for address in (*others, last):
            request = httpx.Request(
                method, _located(url, str(url), str(address)),
                headers={"Host": url.netloc.decode("ascii"), **headers}, content=content,
                extensions={
                    "sni_hostname": named(url.raw_host.decode("ascii")),
                    "timeout": {
                        **dict.fromkeys(("read", "write", "pool"), self.timeout_s),
                        "connect": self.timeout_s if self.connect_s is None else self.connect_s,
                    },
                },
            )  # fmt: skip
            try:
                response = await transport.handle_async_request(request)
                response.request = request
                return response
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if address is last:
                    raise
        raise AssertionError("unreachable: the last address returns or raises")

    async def body(self, response: httpx.Response, host: str, limit: int) -> bytes:
        """Return the whole body of an answer.

        Raises:
            EdgeError: The body is larger than ``limit`` bytes, or in an encoding that was not requested.
        """
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding != "identity":  # a few kilobytes of it may unpack to gigabytes
            raise self.error(host, "answered in an encoding that was not requested")
        length = response.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and len(length) < 20 and int(length) > limit:
            raise self.error(host, f"answered with more than {limit} bytes")
        body = await read(response, limit)
        if body is None:
            raise self.error(host, f"answered with more than {limit} bytes")
        return body


async def read(response: httpx.Response, limit: int) -> bytes | None:
    """Return the whole body of an answer, or None if it is larger than ``limit`` bytes; nothing is kept beyond that.

    Raises:
        httpx.HTTPError: It broke off.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in response.aiter_raw():
            size += len(piece)
            if size <= limit:
                pieces.append(piece)
            else:
                # Leaving the loop would leave the generators below it to the garbage collector, of which trio warns.
                # Once closed, they end by themselves.
                pieces.clear()
                await response.aclose()
    except httpx.HTTPError:
        if size <= limit:
            raise
    return b"".join(pieces) if size <= limit else None


@lru_cache(maxsize=1_024)
def _looked_at(text: str, networks: tuple[Network, ...]) -> tuple[Address, str | None]:
    """Return an address with the rule that forbids it: the same text is always the same address."""
    address = ipaddress.ip_address(text)
    return address, refusal(address, networks)


class _Located:
    """URLs with the host replaced by an address; creating one takes as long as sending a request."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[tuple[str, str], httpx.URL] = {}

    def __call__(self, url: httpx.URL, text: str, address: str) -> httpx.URL:
        found = self._kept.get((text, address))
        if found is None:
            found = url.copy_with(host=address, fragment=None)
            if len(self._kept) >= self._most:
                self._kept.clear()
            self._kept[text, address] = found
        return found


_located = _Located(256)


@lru_cache(maxsize=1_024)
def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
