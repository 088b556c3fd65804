"""Attack: open streams, or connections, until nobody else finds room."""

from __future__ import annotations

import contextlib
import resource
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from genie.server import connections, streams
from genie.server.problems import Problem
from tests.genie.desk_for_tests import desk
from tests.genie.loopback_for_tests import anyio_backend, this_machine_alone  # noqa: F401 - fixtures
from tests.genie.server.live.test_connections import live, received

pytestmark = pytest.mark.anyio


async def taken(at: Any, stack: contextlib.AsyncExitStack, key: str) -> int:
    """Open streams with a key until one is refused, and return how many were opened."""
    who = at.server.keys.resolve(key, 0.0)
    for count in range(100):
        try:
            at.server.streams.admit(who)
        except Problem as refused:
            if refused.code not in {"quota", "overflow"}:
                raise
            return count
        ring: Any = SimpleNamespace(readers=None, told=None)
        one: Any = SimpleNamespace(ring=ring, who=who, outcome="gone", outlet=None, step=lambda *_, **__: False)
        await stack.enter_async_context(at.server.streams.entered(_Hashed(one)))
    raise AssertionError("nothing was refused")


class _Hashed:
    def __init__(self, facts: Any) -> None:
        self.__dict__.update(facts.__dict__)


async def test_one_caller_leaves_as_many_streams_to_others_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Was: one key could open all 20,000, and everybody else was refused."""
    monkeypatch.setattr(streams, "MOST_STREAMS", 40)
    async with desk() as at, contextlib.AsyncExitStack() as stack:
        first = at.key("ann", tenant="north")
        assert await taken(at, stack, first) == 20
        assert await taken(at, stack, at.key("bob", tenant="north")) == 0, "of the same tenant"
        assert await taken(at, stack, at.key("sue", tenant="south")) == 10
        await stack.aclose()
        assert await taken(at, stack, first) == 20, "those that were closed are free again"


async def test_connections_are_bounded_below_the_limit_of_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Was: connections that send nothing took every open file, and logs and stores could open none."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert connections.most_connections() <= max(hard - connections.SPARE_FILES, hard // 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    monkeypatch.setattr(connections, "most_connections", lambda: 3)
    async with live() as at:
        held = [await at.raw() for _ in range(3)]
        async with await at.raw() as one_more:
            with anyio.fail_after(5):
                assert await received(one_more) == b""
        await held[0].aclose()
        async with contextlib.AsyncExitStack() as stack:
            for other in held[1:]:
                stack.push_async_callback(other.aclose)
            with anyio.fail_after(5):
                answer = b""
                while not answer.startswith(b"HTTP/1.1 200"):  # the server may hear later that a connection has ended
                    async with await at.raw() as again:
                        with contextlib.suppress(anyio.BrokenResourceError):
                            await again.send(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                            answer = await received(again)


async def test_a_body_that_says_it_is_packed_is_refused() -> None:
    """Was: read as it came, where whoever is in front may have read what it unpacks to."""
    async with desk() as at, at.http(at.key()) as http:
        for coding in ("gzip", "br", "gzip, identity"):
            found = await http.post(
                "/v1/ask", content=b"{}", headers={"Content-Type": "application/json", "Content-Encoding": coding}
            )
            assert (found.status_code, found.json()["code"]) == (415, "unsupported_media_type")
