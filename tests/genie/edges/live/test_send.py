"""Sending to a real server of this machine: what goes out, once, and what is refused before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from genie.contracts.ports.send import Send
from genie.edges.http.send import HttpSend, SendSettings
from genie.edges.index import EDGES
from genie.errors import FetchError
from tests.genie.edges.live.test_fetch import LOOPBACK, resolving

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio


def sending(*hosts: str, networks: tuple[str, ...] = LOOPBACK, **settings: Any) -> HttpSend:
    given = {"http": True, "timeout_s": 5.0, **settings}
    return HttpSend(
        SendSettings(hosts=hosts, **given), resolver=resolving(api_test="127.0.0.1", meta_test="169.254.169.254"),
        networks=networks,
    )  # fmt: skip


async def test_a_write_goes_out_once_with_its_key_and_token(
    serve: Any, answered: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_TOKEN", "t-4711")
    async with serve(lambda _: answered("201 Created", b"{}")) as server:
        port = sending(f"api.test:{server.port}", token="DESK_TOKEN")
        found = await port.send("PUT", f"http://api.test:{server.port}/a", content=b'{"a":1}', key="k1")
    assert isinstance(port, Send)
    assert (found.status, found.body) == (201, b"{}")
    (request,) = server.requests
    assert request.line == "PUT /a HTTP/1.1"
    assert request.body == b'{"a":1}'
    sent = {name: request.headers[name] for name in ("idempotency-key", "authorization", "content-type")}
    assert sent == {"idempotency-key": "k1", "authorization": "Bearer t-4711", "content-type": "application/json"}
    assert "t-4711" not in repr(vars(port._settings))


async def test_a_call_that_writes_is_not_redirected(serve: Any, answered: Callable[..., bytes]) -> None:
    async with serve(lambda _: answered("307 Temporary Redirect", b"", "Location: /b")) as server:
        with pytest.raises(FetchError):
            await sending(f"api.test:{server.port}").send("POST", f"http://api.test:{server.port}/a", content=b"{}")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("url", "networks"),
    [
        ("http://meta.test/latest/meta-data", LOOPBACK), ("http://api.test/", ()), ("http://other.test/", LOOPBACK),
        ("http://169.254.169.254/latest", LOOPBACK), ("file:///etc/passwd", LOOPBACK),
    ],
)  # fmt: skip
async def test_an_address_that_may_not_be_called_is_refused(url: str, networks: tuple[str, ...]) -> None:
    with pytest.raises(FetchError):
        await sending("api.test", "meta.test", networks=networks).send("POST", url, content=b"{}")


async def test_an_answer_that_is_too_large_or_never_comes_is_named(serve: Any, answered: Callable[..., bytes]) -> None:
    async with serve(lambda _: answered("200 OK", b"x" * 2_000)) as server:
        with pytest.raises(FetchError):
            await sending(f"api.test:{server.port}", max_bytes=1_000).send(
                "POST", f"http://api.test:{server.port}/", content=b"{}"
            )
    async with serve(lambda _: None) as server:
        with pytest.raises(FetchError):
            await sending(f"api.test:{server.port}", timeout_s=0.2).send(
                "POST", f"http://api.test:{server.port}/", content=b"{}"
            )


def test_a_token_that_is_not_there_is_refused_by_the_name_of_its_variable() -> None:
    with pytest.raises(FetchError, match="NO_SUCH_TOKEN"):
        sending("api.test", token="NO_SUCH_TOKEN")


def test_the_edge_is_found_by_name() -> None:
    assert EDGES["http_send"].endswith(":HttpSend")
