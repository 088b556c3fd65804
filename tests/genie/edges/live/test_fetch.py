"""Fetching from a real server of this machine: what is brought, and what is refused before or while it comes."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie.config.loader import parse
from genie.config.plugins import Plugins
from genie.contracts.agent import Binding, agent
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.contracts.ports.fetch import Fetch, Fetched
from genie.edges.http.fetch import FetchSettings, HttpFetch
from genie.edges.index import EDGES
from genie.errors import ConfigError, FetchError
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.anyio

LOOPBACK = ("127.0.0.0/8",)


def resolving(**hosts: str | Sequence[str]) -> Any:
    """Return a resolver that knows some names; each has its addresses in turn, the last for ever."""
    turns = {
        name.replace("_", "."): itertools.repeat(found)
        if isinstance(found, str)
        else itertools.chain(found, itertools.repeat(found[-1]))
        for name, found in hosts.items()
    }

    async def resolve(host: str, port: int) -> tuple[str, ...]:
        await anyio.lowlevel.checkpoint()
        if host not in turns:
            raise OSError("no such host")
        found = next(turns[host])
        return (found,) if isinstance(found, str) else tuple(found)

    return resolve


def fetch(*hosts: str, networks: tuple[str, ...] = LOOPBACK, resolver: Any = None, **settings: Any) -> HttpFetch:
    given = {"http": True, "timeout_s": 5.0, **settings}
    known = resolver or resolving(api_test="127.0.0.1", other_test="127.0.0.1")
    return HttpFetch(FetchSettings(hosts=hosts, **given), resolver=known, networks=networks)


async def refused(port: HttpFetch, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        await port.get(url)
    return str(caught.value)


async def test_an_answer_is_brought_whole(serve: Any, answered: Callable[..., bytes]) -> None:
    async with serve(lambda _: answered("404 Not Found", b"nothing here", "X-Kind: a", "X-Kind: b")) as server:
        port = fetch(f"api.test:{server.port}")
        found = await port.get(f"http://api.test:{server.port}/a?b=c#d")
    assert isinstance(port, Fetch)
    assert found == Fetched(404, {"content-length": "12", "x-kind": "a, b"}, b"nothing here")
    request = server.requests[0]
    assert request.line == "GET /a?b=c HTTP/1.1"
    assert request.headers["host"] == f"api.test:{server.port}"
    assert request.headers["accept-encoding"] == "identity"
    assert "cookie" not in request.headers


async def test_redirects_are_followed_and_each_is_checked(serve: Any, answered: Callable[..., bytes]) -> None:
    places: dict[str, str] = {}

    def answer(request: Any) -> bytes:
        path = request.line.split()[1]
        return answered("302 Found", b"", f"Location: {places[path]}") if path in places else answered(body=b"here")

    async with serve(answer) as server:
        at = f"http://api.test:{server.port}"
        places |= {
            "/1": "/2", "/2": f"{at}/end", "/round": "/round", "/elsewhere": "http://evil.test/", "/port": "http://api.test:1/",
            "/inside": "http://169.254.169.254/latest/meta-data/", "/local": "http://localhost/", "/file": "file:///etc/passwd",
            "/user": f"http://root:hunter2@api.test:{server.port}/", "/odd": "http://a:b", "/other": f"http://other.test:{server.port}/",
        }  # fmt: skip
        port = fetch(f"api.test:{server.port}", f"other.test:{server.port}")
        assert (await port.get(f"{at}/1")).body == b"here"
        assert (await port.get(f"{at}/other")).body == b"here"
        assert await refused(port, f"{at}/round") == "api.test: redirects more than 3 times"
        assert "evil.test: is not on the list" in await refused(port, f"{at}/elsewhere")
        assert "api.test: is not on the list of hosts that may be called (port 1)" in await refused(port, f"{at}/port")
        assert "169.254.169.254: is not on the list" in await refused(port, f"{at}/inside")
        assert "localhost: is not on the list" in await refused(port, f"{at}/local")
        assert "must be called by http or https" in await refused(port, f"{at}/file")
        user = await refused(port, f"{at}/user")
        assert "user or password" in user
        assert "hunter2" not in user
        assert "malformed" in await refused(port, f"{at}/odd")


async def test_a_redirect_away_from_encryption_is_refused() -> None:
    port = fetch("api.test")
    with pytest.raises(FetchError, match="without encryption"):
        port._onward(port._way.target("https://api.test/"), "http://api.test/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://other.test/", "other.test: is not on the list"),
        ("http://api.test.evil.net/", "api.test.evil.net: is not on the list"),
        ("http://api.test:22/", "is not on the list of hosts that may be called (port 22)"),
        ("http://user:hunter2@api.test/", "api.test: has a user or password"),
        ("http://api.test@evil.test/", "user or password"),
        ("ftp://api.test/", "must be called by"),
        ("//api.test/", "must be called by"),
        ("http://", "is not on the list"),
        ("http://api.test:99999/", "(port 99999)"),
        ("http://api.test/" + "a" * 9000, "too long"),
        (f"http://{'a' * 300}/", "too long"),
        ("http://a\x00b/", "malformed"),
        ("http://xn--.api.test/", "malformed"),
        ("", "must be called by"),
        ("http://127.0.0.1/", "127.0.0.1: is not on the list"),
        ("http://0x7f000001/", "is not on the list"),
    ],
)
async def test_a_url_that_may_not_be_called_is_refused_before_anything_is_sent(url: str, why: str) -> None:
    said = await refused(fetch("api.test", "*.api.test", resolver=resolving()), url)
    assert why in said
    assert "hunter2" not in said


async def test_https_alone_by_default() -> None:
    assert "must be called by https" in await refused(fetch("api.test", http=False), "http://api.test/")


@pytest.mark.parametrize(
    ("addresses", "rule"),
    [
        ("127.0.0.1", "loopback"), ("10.0.0.8", "private"), ("169.254.169.254", "metadata"), ("100.64.1.1", "shared"),
        ("::1", "loopback"), ("::ffff:10.0.0.1", "private"), ("fe80::1%2", "link-local"), ("224.0.0.1", "multicast"),
        ([["93.184.215.14", "10.0.0.8"]], "private"),  # a good one does not make up for a bad one
    ],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_refused(addresses: Any, rule: str) -> None:
    port = fetch("api.test", networks=(), resolver=resolving(api_test=addresses))
    assert await refused(port, "http://api.test/secret-path") == f"api.test: has a {rule} address, which is refused"


async def test_an_address_as_a_host_is_checked_like_any_other() -> None:
    assert "loopback" in await refused(fetch("127.0.0.1", networks=()), "http://127.0.0.1/")
    assert "loopback" in await refused(fetch("[::1]", networks=()), "http://[::1]/")


async def test_a_name_that_changes_its_address_reaches_the_one_that_was_checked(
    serve: Any, answered: Callable[..., bytes]
) -> None:
    asked: list[str] = []
    known = resolving(api_test=["127.0.0.1", "169.254.169.254"])

    async def resolver(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        found: tuple[str, ...] = await known(host, port)
        return found

    async with serve(lambda _: answered(body=b"checked")) as server:
        port = fetch(f"api.test:{server.port}", resolver=resolver)
        assert (await port.get(f"http://api.test:{server.port}/")).body == b"checked"
        assert asked == ["api.test"]  # once: nothing resolves it again on the way
        assert "metadata" in await refused(port, f"http://api.test:{server.port}/")
    assert len(server.requests) == 1


async def test_a_redirect_to_a_name_that_has_moved_inside_is_refused(
    serve: Any, answered: Callable[..., bytes]
) -> None:
    async with serve(lambda _: answered("302 Found", b"", "Location: /again")) as server:
        known = resolving(api_test=["127.0.0.1", "169.254.169.254"])
        port = fetch(f"api.test:{server.port}", resolver=known)
        assert "metadata" in await refused(port, f"http://api.test:{server.port}/")
    assert len(server.requests) == 1


async def test_the_next_address_is_tried_when_one_takes_no_connection(
    serve: Any, answered: Callable[..., bytes]
) -> None:
    async with serve(lambda _: answered(body=b"here")) as server:
        port = fetch(f"api.test:{server.port}", resolver=resolving(api_test=[["127.0.0.2", "127.0.0.1"]]))
        assert (await port.get(f"http://api.test:{server.port}/")).body == b"here"
    gone = await refused(port, f"http://api.test:{server.port}/?token=hunter2")
    assert gone == "api.test: cannot be called (ConnectError)"


async def test_an_answer_that_is_too_large_is_an_error_and_not_cut_short(
    serve: Any, answered: Callable[..., bytes]
) -> None:
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8\r\n12345678\r\n" * 4000
    answers = {
        "/exact": answered(body=b"x" * 1000), "/more": answered(body=b"x" * 1001), "/endless": endless,
        "/lying": b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n" + b"x" * 2000,
        "/packed": answered("200 OK", b"\x1f\x8b", "Content-Encoding: gzip"),
    }  # fmt: skip
    async with serve(lambda request: answers[request.line.split()[1]]) as server:
        port = fetch(f"api.test:{server.port}", max_bytes=1000)
        at = f"http://api.test:{server.port}"
        assert len((await port.get(f"{at}/exact")).body) == 1000
        for path in ("/more", "/endless", "/lying"):
            assert await refused(port, at + path) == "api.test: answered with more than 1000 bytes"
        assert "encoding" in await refused(port, f"{at}/packed")


async def test_an_answer_that_does_not_come_is_an_error_that_may_be_tried_again(serve: Any) -> None:
    async with serve(lambda _: None) as server:
        port = fetch(f"api.test:{server.port}", timeout_s=0.05)
        with pytest.raises(FetchError) as caught:
            await port.get(f"http://api.test:{server.port}/")
    assert caught.value.problem in {"took more than 0.05 s", "cannot be called (ReadTimeout)"}
    assert caught.value.again_s == 0.0


async def test_a_server_that_talks_nonsense_is_an_error(serve: Any) -> None:
    async with serve(lambda _: b"\x00" * 100 + b"\r\n\r\n") as server:
        said = await refused(fetch(f"api.test:{server.port}"), f"http://api.test:{server.port}/")
    assert said == "api.test: cannot be called (RemoteProtocolError)"


async def test_proxies_of_the_environment_are_not_used(
    serve: Any, answered: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:1")
    async with serve(lambda _: answered(body=b"direct")) as server:
        assert (await fetch(f"api.test:{server.port}").get(f"http://api.test:{server.port}/")).body == b"direct"


# --- as a port of an agent ---


class Look(Payload, topic="fetching.look"):
    url: str


class Seen(Payload, topic="fetching.seen"):
    text: str


@agent("looker", ports=(Fetch,))
async def looker(look: Look, context: Context) -> Seen:
    """Fetch what it is told to."""
    found = await context.port(Fetch).get(look.url)  # type: ignore[type-abstract]  # a protocol is what is declared
    return Seen(text=found.body.decode())


async def test_an_agent_reads_through_its_port(serve: Any, answered: Callable[..., bytes]) -> None:
    async with serve(lambda _: answered(body=b"page")) as server:
        port = fetch(f"api.test:{server.port}")
        async with Runtime([Binding(agent=looker, card=looker.card, ports={Fetch: port})]) as runtime:
            assert (await runtime.ask(Look(url=f"http://api.test:{server.port}/"), Seen)).text == "page"


PIPELINE = """
version: 1
id: looking
agents:
  - id: looker
    ports: {{ Fetch: {{ use: http, settings: {settings} }} }}
input: fetching.look
output: fetching.seen
"""


def test_a_pipeline_file_binds_it_by_name() -> None:
    catalogue = Plugins(agents={"looker": looker}, edges=EDGES)
    loaded = parse(PIPELINE.format(settings="{ hosts: [api.example.org, '*.example.net:8443'] }"), plugins=catalogue)
    assert isinstance(loaded.bindings[0].ports[Fetch], HttpFetch)
    for wrong, why in (
        ("{}", "'hosts' is missing"),
        ("{ hosts: ['*'] }", "is not a valid host"),
        ("{ hosts: [] }", "1 or more"),
    ):
        with pytest.raises(ConfigError, match=why):
            parse(PIPELINE.format(settings=wrong), plugins=catalogue)
