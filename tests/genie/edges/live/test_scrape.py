"""A scrape over HTTP, whatever is sent to the port."""

from __future__ import annotations

import anyio
import httpx
import pytest

from genie.edges.telemetry.metrics_server import serving
from genie.edges.telemetry.prometheus import CONTENT_TYPE, Metrics
from genie.errors import InputError, RuntimeClosedError
from genie.runtime.runtime import Runtime

pytestmark = pytest.mark.anyio


async def test_a_scrape_over_http_brings_the_page() -> None:
    async with Runtime() as open_runtime:
        metrics = Metrics(open_runtime.statistics)
        async with serving(metrics.page, content_type=CONTENT_TYPE, port=0) as address, httpx.AsyncClient() as client:
            got = await client.get(address, headers={"Accept-Encoding": "identity"})
            head = await client.head(address)
            answers = [
                (await client.get(address.replace("/metrics", "/"))).status_code,
                (await client.post(address, content=b"x")).status_code,
            ]
        assert (got.status_code, got.headers["content-type"]) == (200, CONTENT_TYPE)
        assert got.content == metrics.page()
        assert (head.status_code, head.content) == (200, b"")
        assert answers == [404, 405]
        assert address.startswith("http://127.0.0.1:")


async def test_what_is_no_request_is_answered_or_dropped_and_the_next_scrape_is_served() -> None:
    async with (
        serving(lambda: b"fine 1\n", content_type=CONTENT_TYPE, port=0) as address,
        httpx.AsyncClient() as client,
    ):
        port = int(address.rpartition(":")[2].partition("/")[0])
        for sent in (b"\x00\xff\r\n\r\n", b"GET", b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 4000):
            stream = await anyio.connect_tcp("127.0.0.1", port)
            await stream.send(sent)
            await stream.aclose()
        assert (await client.get(address)).content == b"fine 1\n"


async def test_a_runtime_that_is_closed_is_unavailable() -> None:
    pages = [b"first\n"]

    def page() -> bytes:
        if pages:
            return pages.pop()
        raise RuntimeClosedError

    async with serving(page, content_type=CONTENT_TYPE, port=0) as address, httpx.AsyncClient() as client:
        assert (await client.get(address)).status_code == 503


async def test_a_port_that_is_taken_is_said() -> None:
    async with serving(bytes, content_type=CONTENT_TYPE, port=0) as address:
        port = int(address.rpartition(":")[2].partition("/")[0])
        with pytest.raises(InputError, match=rf"port {port}: is in use"):
            async with serving(bytes, content_type=CONTENT_TYPE, port=port):
                pass
    async with serving(bytes, content_type=CONTENT_TYPE, port=port):
        pass  # it was given back
