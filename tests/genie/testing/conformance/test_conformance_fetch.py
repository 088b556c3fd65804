"""The suite of fetches: ours passes against real servers, and each check catches a fetch that breaks it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from genie.contracts.ports.fetch import Fetch, Fetched
from genie.edges.http.fetch import FetchSettings, HttpFetch
from genie.errors import FetchError
from genie.testing.conformance import check_fetch
from genie.testing.conformance.fetch import CHECKS, MAX_BYTES

pytestmark = pytest.mark.anyio


class Real(HttpFetch):
    def __init__(self, port: int, **options: Any) -> None:
        settings = {"hosts": (f"127.0.0.1:{port}",), "http": True, "max_bytes": MAX_BYTES, **options}
        super().__init__(FetchSettings(**settings), networks=("127.0.0.0/8",))
        self.port = port


async def test_the_http_fetch_passes() -> None:
    await check_fetch(Real)


async def plain(url: str, *, redirects: bool = False) -> Fetched:
    """Fetch without any of the port's limits."""
    try:
        async with httpx.AsyncClient(follow_redirects=redirects, trust_env=False) as client:
            found = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchError("somewhere", type(error).__name__) from None
    return Fetched(found.status_code, dict(found.headers.items()), found.content)


class Cutting(Real):
    async def get(self, url: str) -> Fetched:
        found = await super().get(url)
        return found._replace(body=found.body[:100])


class Standing(Real):
    def __init__(self, port: int) -> None:
        super().__init__(port, redirects=0)

    async def get(self, url: str) -> Fetched:
        return await plain(url) if "onward" in url else await super().get(url)


class Open(Real):
    """Calls whatever it is asked to call, and checks where redirects lead."""

    async def get(self, url: str) -> Fetched:
        return await (super().get(url) if str(self.port) in url else plain(url))


class Led(Real):
    """Checks what it is asked to call, and follows redirects wherever they lead."""

    async def get(self, url: str) -> Fetched:
        return await (plain(url, redirects=True) if "outside" in url else super().get(url))


class Vast(Real):
    def __init__(self, port: int) -> None:
        super().__init__(port, max_bytes=10 * MAX_BYTES)


class Partial(Real):
    async def get(self, url: str) -> Fetched:
        try:
            return await super().get(url)
        except FetchError:
            if "cut" not in url:
                raise
            return Fetched(200, {}, b"x" * 50)


class Telling(Real):
    async def get(self, url: str) -> Fetched:
        try:
            return await super().get(url)
        except FetchError as error:
            raise FetchError(url, str(error)) from None


BROKEN = {
    "brings_the_answer_whole": Cutting,
    "follows_redirects": Standing,
    "refuses_what_is_not_listed": Open,
    "checks_redirects": Led,
    "bounds_the_size": Vast,
    "refuses_half_an_answer": Partial,
    "tells_no_password": Telling,
}


@pytest.mark.parametrize(("check", "broken"), BROKEN.items(), ids=BROKEN)
async def test_a_broken_fetch_is_caught(check: str, broken: type[Real], caught: Any) -> None:
    assert isinstance(broken(1), Fetch)
    assert await caught(check_fetch(broken)) == check


def test_every_check_has_a_double_that_it_catches() -> None:
    assert [check.__name__ for check in CHECKS] == list(BROKEN)
