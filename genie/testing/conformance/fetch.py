"""The suite of the ``Fetch`` port: HTTP requests to listed hosts.

The suite starts servers on 127.0.0.1, so it needs a test in real time that may open connections to this machine.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from genie.errors import FetchError
from genie.testing.conformance.suite import expect, run_checks, violated
from genie.testing.http import loopback_server, response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from genie.contracts.ports.fetch import Fetch
    from genie.testing.http import LoopbackServer, Request

MAX_BYTES = 10_000
"""Largest answer that the fetch under test must accept, and the limit it must have."""


class _Subject(NamedTuple):
    fetch: Fetch
    listed: LoopbackServer
    unlisted: LoopbackServer

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.listed.port}{path}"


async def check_fetch(make: Callable[[int], Fetch]) -> None:
    """Run every check of the port.

    Args:
        make: Returns a fetch that may call ``http://127.0.0.1:PORT`` alone, given PORT, and accepts answers of at most
            ``MAX_BYTES`` bytes.

    Raises:
        NonconformanceError: A check failed.
    """

    @asynccontextmanager
    async def made() -> AsyncIterator[_Subject]:
        async with loopback_server(lambda _: response(body=b"outside")) as unlisted:

            def answer(request: Request) -> bytes:
                return _answer(request, unlisted.port)

            async with loopback_server(answer) as listed:
                yield _Subject(make(listed.port), listed, unlisted)

    await run_checks("fetch", made, CHECKS)


def _answer(request: Request, unlisted: int) -> bytes:
    return {
        "/missing": response("404 Not Found", b"nothing here", "X-Kind: a", "X-Kind: b"),
        "/binary": response(body=bytes(range(256))),
        "/onward": response("302 Found", b"", "Location: /binary"),
        "/round": response("302 Found", b"", "Location: /round"),
        "/outside": response("302 Found", b"", f"Location: http://127.0.0.1:{unlisted}/"),
        "/file": response("302 Found", b"", "Location: file:///etc/passwd"),
        "/largest": response(body=b"x" * MAX_BYTES),
        "/large": response(body=b"x" * (MAX_BYTES + 1)),
        "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1000\r\n%b\r\n" % (b"x" * 0x1000) * 4 + b"0\r\n\r\n",
        "/cut": response("200 OK", b"x" * 100, "Connection: close")[:-50],
        "/gone": b"",
    }[request.line.split()[1]]  # fmt: skip


async def brings_the_answer_whole(made: _Subject) -> None:
    """Status, headers and body come back as they were sent."""
    found = await made.fetch.get(made.url("/binary"))
    expect((found.status, found.body) == (200, bytes(range(256))), "the status and every byte of the body")
    found = await made.fetch.get(made.url("/missing"))
    expect((found.status, found.body) == (404, b"nothing here"), "an answer of any status to be brought")
    expect(found.headers.get("x-kind") == "a, b", "headers by lower-case name, repeated ones joined by a comma")


async def follows_redirects(made: _Subject) -> None:
    """A redirect inside the list is followed; an endless one is an error."""
    found = await made.fetch.get(made.url("/onward"))
    expect(found.body == bytes(range(256)), "a redirect inside the list to be followed")
    await _refused(made, made.url("/round"), "FetchError for a redirect without end")


async def refuses_what_is_not_listed(made: _Subject) -> None:
    """Hosts, ports and schemes that are not listed are refused without a connection."""
    outside = f"http://127.0.0.1:{made.unlisted.port}/"
    for url in (outside, "file:///etc/passwd", "http://", "127.0.0.1", made.url("/onward").replace("http", "ftp")):
        await _refused(made, url, f"FetchError for {url}")
    expect(made.unlisted.connections == 0, "no connection to a server that is not listed")


async def checks_redirects(made: _Subject) -> None:
    """A redirect to a host that is not listed is refused without a connection."""
    for path in ("/outside", "/file"):
        await _refused(made, made.url(path), "FetchError for a redirect to what is not listed")
    expect(made.unlisted.connections == 0, "no connection to a server that is not listed")


async def bounds_the_size(made: _Subject) -> None:
    """An answer at the limit is brought whole; a larger one is an error, with and without a stated length."""
    expect(len((await made.fetch.get(made.url("/largest"))).body) == MAX_BYTES, "an answer of the largest size, whole")
    for path in ("/large", "/chunked"):
        await _refused(made, made.url(path), "FetchError for an answer above the size limit, never a part of it")


async def refuses_half_an_answer(made: _Subject) -> None:
    """An answer that breaks off, or never comes, is an error."""
    for path in ("/cut", "/gone"):
        await _refused(made, made.url(path), "FetchError for an answer that breaks off")


async def tells_no_password(made: _Subject) -> None:
    """A URL with a password is refused, and the error does not hold it."""
    url = made.url("/binary").replace("//", "//root:hunter2@")
    error = await _refused(made, url, "FetchError for a URL with a password")
    expect("hunter2" not in str(error), "an error that does not contain the password")


async def _refused(made: _Subject, url: str, expectation: str) -> FetchError:
    try:
        await made.fetch.get(url)
    except FetchError as error:
        refused = error
    else:
        violated(expectation)
    return refused


CHECKS = (
    brings_the_answer_whole,
    follows_redirects,
    refuses_what_is_not_listed,
    checks_redirects,
    bounds_the_size,
    refuses_half_an_answer,
    tells_no_password,
)
