"""Wires over real sockets of this machine: the law of the port, the address that is dialled, and where the key goes."""

from __future__ import annotations

import datetime
import gc
import itertools
import logging
import re
import ssl
import traceback
import tracemalloc
from contextlib import aclosing, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import anyio
import anyio.abc
import pytest
from anyio.streams.tls import TLSListener
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from genie.contracts.model_call import FailureClass
from genie.contracts.ports.provider import WireDelta
from genie.edges.http.exchange import MOST_KEPT, HttpExchange
from genie.edges.llm.wires.index import WIRES
from genie.errors import EdgeError
from genie.testing.conformance import ProviderUnderTest, check_provider
from genie.testing.conformance.provider import GREETING, read, request
from genie.testing.llm_dialects import BASES
from genie.testing.llm_server import Faulty, Raw, Refuse, llm_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from genie.edges.llm.wires.wire import Wire
    from genie.testing.llm_server import FakeModels

pytestmark = pytest.mark.anyio

KEY = "sk-must-never-be-seen-4711"
DIALECTS = sorted(WIRES)


def wire(name: str, base: str, exchange: Any = None, **settings: Any) -> Wire:
    module, _, cls = WIRES[name].partition(":")
    made = getattr(import_module(module), cls)
    given = {"model": "fake-1", "base": base, "http": True, "key": KEY, "networks": ("127.0.0.0/8",), **settings}
    found: Wire = made(made.Settings(**given), exchange=exchange)
    return found


@asynccontextmanager
async def asking(name: str, script: Any, **settings: Any) -> AsyncIterator[tuple[Wire, FakeModels]]:
    async with llm_server(script) as models:
        provider = wire(name, models.base(name), **settings)
        try:
            yield provider, models
        finally:
            await provider.close()


@pytest.mark.parametrize(
    "name",  # what differs over a socket is the connection, which all dialects share
    [pytest.param(name, marks=[] if name in {"anthropic", "ollama"} else [pytest.mark.slow]) for name in DIALECTS],
)
async def test_a_wire_keeps_the_law_over_a_socket(name: str) -> None:
    @asynccontextmanager
    async def make(play: Any) -> AsyncIterator[ProviderUnderTest]:
        async with asking(name, [play]) as (provider, models):
            yield ProviderUnderTest(provider, lambda: models.open)

    await check_provider(make)


@pytest.mark.parametrize("name", DIALECTS)
async def test_a_socket_that_is_killed_at_any_event_is_truncated(name: str) -> None:
    kept = itertools.count()
    async with asking(name, lambda _: Faulty(GREETING, cut_after=next(kept))) as (provider, _):
        for _ in range(4):
            found = await read(provider, request())
            assert found.error is not None
            assert found.error.failure is FailureClass.TRUNCATED


async def test_connections_are_used_again() -> None:
    async with asking("openai_chat", [GREETING]) as (provider, models):
        for _ in range(5):
            assert (await read(provider, request())).end.parts == GREETING.parts
        assert models.connections == 1
        stream = provider.open(request(), first_token_s=5, idle_s=5)
        async with aclosing(stream):
            async for part in stream:
                if isinstance(part, WireDelta):
                    break
        await read(provider, request())
        assert models.connections == 2  # the one that was left in the middle of a stream was closed


async def test_many_streams_at_once_are_all_let_go() -> None:
    async with asking("anthropic", [Faulty(GREETING, silent_after=5)]) as (provider, models):
        streams: list[Any] = []

        async def start() -> None:
            stream = provider.open(request(), first_token_s=30, idle_s=30)
            async for part in stream:
                if isinstance(part, WireDelta):
                    streams.append(stream)
                    return

        async with anyio.create_task_group() as tasks:
            for _ in range(MOST_KEPT + 6):
                tasks.start_soon(start)
        assert models.connections == len(streams) == MOST_KEPT + 6
        for stream in streams:
            await stream.aclose()
        with anyio.fail_after(30):
            while models.open:
                await anyio.lowlevel.checkpoint()


@pytest.mark.usefixtures("own_garbage")
async def test_an_endless_line_is_cut_off_in_bounded_memory() -> None:
    async with asking("openai_chat", [Raw((b"data: " + b"x" * 65_536,), forever=True)]) as (provider, models):
        await read(provider, request())
        gc.collect()
        tracemalloc.start()
        try:
            found = await read(provider, request())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert found.error is not None
        assert found.error.failure is FailureClass.MALFORMED
        assert peak < 6 << 20
        with anyio.fail_after(10):
            while models.open:
                await anyio.lowlevel.checkpoint()


def port_of(listener: Any) -> int:
    port: int = listener.listeners[0].extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - anyio's, not Django's
    return port


async def test_a_server_that_hangs_up_is_unreachable() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = port_of(listener)
    await listener.aclose()
    provider = wire("openai_chat", f"http://127.0.0.1:{port}/v1")
    found = await read(provider, request())
    await provider.close()
    assert found.error is not None
    assert found.error.failure is FailureClass.UNREACHABLE


# --- addresses ---


def resolving(*answers: str) -> Any:
    turns = itertools.chain(answers, itertools.repeat(answers[-1]))

    async def resolve(host: str, port: int) -> tuple[str, ...]:
        await anyio.lowlevel.checkpoint()
        return (next(turns),)

    return resolve


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        ("127.0.0.1", ()), ("10.1.2.3", ()), ("169.254.169.254", ("169.254.0.0/16",)), ("::1", ()),
        ("100.100.100.200", ("100.64.0.0/10",)), ("fd00:ec2::254", ("fd00::/8",)),
    ],
)  # fmt: skip
async def test_a_private_or_metadata_address_is_refused(address: str, networks: tuple[str, ...]) -> None:
    base = "http://models.example:8080/v1"
    exchange = HttpExchange(base, http=True, networks=networks, resolver=resolving(address))
    provider = wire("openai_chat", base, exchange)
    found = await read(provider, request())
    await provider.close()
    assert found.error is not None
    assert found.error.failure is FailureClass.REFUSED_ADDRESS


async def test_a_name_that_changes_its_address_is_checked_each_time() -> None:
    async with llm_server([GREETING]) as models:
        base = f"http://models.example:{models.port}/v1"
        resolver = resolving("127.0.0.1", "10.0.0.1")
        exchange = HttpExchange(base, http=True, networks=("127.0.0.0/8",), resolver=resolver)
        provider = wire("openai_chat", base, exchange)
        assert (await read(provider, request())).error is None
        found = await read(provider, request())
        await provider.close()
    assert found.error is not None
    assert found.error.failure is FailureClass.REFUSED_ADDRESS
    assert models.calls[0].headers["host"] == f"models.example:{models.port}"


async def test_a_redirect_is_not_followed() -> None:
    to = (("location", "http://169.254.169.254/latest"),)
    async with asking("openai_chat", [Refuse(307, b"", to)]) as (provider, models):
        found = await read(provider, request())
        assert found.error is not None
        assert (found.error.failure, found.error.code) == (FailureClass.REFUSED_ADDRESS, "redirect")
        assert len(models.calls) == 1


async def test_encryption_is_left_out_only_where_it_is_said() -> None:
    with pytest.raises(EdgeError):
        HttpExchange("http://models.example/v1")
    provider = wire("openai_chat", "http://127.0.0.1:1/v1", http=False)
    found = await read(provider, request())
    assert found.error is not None
    assert found.error.failure is FailureClass.REFUSED_ADDRESS


def own_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin.replace(year=2120))
    signed = made.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "own.pem").write_bytes(private + signed.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    return context


async def test_a_certificate_that_nobody_vouches_for_ends_the_call_before_the_key_is_sent(tmp_path: Path) -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    secured = TLSListener(listener, own_certificate(tmp_path), standard_compatible=False)
    heard: list[bytes] = []

    async def hear(stream: anyio.abc.ByteStream) -> None:
        heard.append(await stream.receive())

    async with secured, anyio.create_task_group() as tasks:
        tasks.start_soon(secured.serve, hear)
        provider = wire("openai_chat", f"https://127.0.0.1:{port_of(listener)}/v1")
        found = await read(provider, request())
        await provider.close()
        tasks.cancel_scope.cancel()
    assert found.error is not None
    assert found.error.failure is FailureClass.UNREACHABLE
    assert heard == []


# --- the key ---


@pytest.mark.parametrize("name", DIALECTS)
async def test_the_key_is_seen_nowhere(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    script = [GREETING, Faulty(GREETING, cut_after=2), Refuse(401, KEY.encode()), Raw((b"data: {\n\n",))]
    seen: list[str] = []
    async with asking(name, script) as (provider, models):
        for _ in script:
            found = await read(provider, request())
            seen += [repr(found.parts), repr(provider)]
            if found.error is not None:
                shown = "".join(traceback.format_exception(found.error))
                seen += [repr(found.error), str(found.error), shown, repr(vars(found.error))]
        with anyio.fail_after(10):
            while len(models.calls) < len(script):
                await anyio.lowlevel.checkpoint()
        assert all(KEY in repr(call.headers) for call in models.calls)
        seen += [call.path for call in models.calls]
    seen += [f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records]
    assert re.search(KEY, "\n".join(seen)) is None
    assert BASES[name] in models.calls[0].path
