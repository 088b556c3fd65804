"""Connections to a real server: heads without end, clients that go away or do not read, streams, and the drain."""

from __future__ import annotations

import contextlib
import gc
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio.abc import SocketStream

from genie.client import Client, SyncClient
from genie.config.pipeline import Pipeline
from genie.errors import IdentityError, InputError, RunHeld, RunStalled
from genie.server import hosting
from genie.server.connections import Cycle, listening, serve
from genie.server.hosting import HostedRun
from genie.server.principals import ApiKeys
from genie.server.server import Server, Settings
from tests.genie.desk_for_tests import Desk, Granted, Hand, Wish, pipeline, wish

pytestmark = pytest.mark.anyio


class Live(Desk):
    """An open server on a port."""

    address = ""

    def link(self, key: str | None = None) -> httpx.AsyncClient:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.AsyncClient(base_url=self.address, headers=headers, trust_env=False, timeout=20)

    async def raw(self) -> SocketStream:
        return await anyio.connect_tcp("127.0.0.1", int(self.address.rpartition(":")[2]))


@contextlib.asynccontextmanager
async def live(*pipelines: Pipeline, **settings: Any) -> AsyncIterator[Live]:
    server = Server(pipelines or (pipeline(),), ApiKeys(), Settings(**{"drain_s": 0.0, **settings}))
    at, stop, ready = Live(server, Hand()), anyio.Event(), anyio.Event()

    def told(address: str) -> None:
        at.address = address
        ready.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve, server, listening("127.0.0.1", 0, behind_proxy=False), stop.wait, told)
        await ready.wait()
        yield at
        stop.set()


async def received(stream: SocketStream) -> bytes:
    whole = b""
    with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
        while True:
            whole += await stream.receive()
    return whole


async def test_a_head_without_an_end_is_cut_off() -> None:
    async with live() as at, await at.raw() as stream:
        await stream.send(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        with pytest.raises(anyio.BrokenResourceError):
            for number in range(20_000):
                await stream.send(f"x-{number}: {'y' * 100}\r\n".encode())
        async with at.link() as http:
            assert (await http.get("/livez")).status_code == 200


async def test_an_answer_has_the_same_headers_over_a_connection_and_behind_any_other_server() -> None:
    async with live() as at, at.link(at.key()) as link, at.http(at.key("bob")) as other:
        for method, path, body in (
            ("POST", "/v1/ask", wish()), ("POST", "/v1/ask", wish("fail")), ("GET", "/v1/runs/none", None),
            ("PATCH", "/v1/runs", None), ("GET", "/openapi.json", None),
        ):  # fmt: skip
            found = [await http.request(method, path, json=body) for http in (link, other)]
            lines = [sorted((name, value) for name, value in one.headers.multi_items() if name != "location")
                     for one in found]  # fmt: skip
            lengths = [("content-length", str(len(one.content))) for one in found]
            assert all(length in those for length, those in zip(lengths, lines, strict=True))
            assert {line for line in lines[0] if line[0] != "content-length"} == {
                line for line in lines[1] if line[0] != "content-length"
            }
            assert found[0].status_code == found[1].status_code


async def test_runs_and_requests_that_are_over_are_freed_without_the_cycle_collector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Was: each left 37 objects for the collector, which took a fifth of the processor time of a busy server."""
    monkeypatch.setattr(hosting, "MOST_RUNS", 2)
    async with live() as at, at.link(at.key()) as http:
        await http.post("/v1/ask", json=wish())
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                assert (await http.post("/v1/ask", json=wish())).status_code == 200
            left = [type(one) for one in gc.get_objects() if isinstance(one, (HostedRun, Cycle))]
        finally:
            gc.enable()
    assert left.count(HostedRun) <= 3
    assert left.count(Cycle) <= 2


async def test_an_answer_to_head_has_no_body_and_an_old_client_is_let_go() -> None:
    async with live() as at, await at.raw() as stream:
        await stream.send(
            b"HEAD /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /livez HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"
        )
        with anyio.fail_after(5):
            head, _, rest = (await received(stream)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 405")
        assert rest.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in rest
        assert rest.endswith(b'{"status":"live"}')


async def test_a_connection_that_nobody_uses_is_closed_and_one_in_use_is_not() -> None:
    async with live(idle_s=0.05) as at, await at.raw() as stream:
        body = json.dumps({**wish("slow"), "within_s": 0.3}).encode()
        await stream.send(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + (
            b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            + f"Authorization: Bearer {at.key()}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        ))  # fmt: skip
        with anyio.fail_after(5):
            first, _, second = (await received(stream)).partition(b'{"status":"live"}')
        assert first.startswith(b"HTTP/1.1 200")
        assert second.startswith(b"HTTP/1.1 504"), "it was closed while its request was answered"


async def test_a_head_that_takes_too_long_ends_the_connection() -> None:
    async with live(head_s=0.05) as at, await at.raw() as stream:
        await stream.send(b"GET /livez HT")
        with anyio.fail_after(5):
            assert await received(stream) == b""


async def test_two_requests_on_one_connection_and_a_body_with_a_head_are_taken() -> None:
    async with live() as at, at.link(at.key()) as http:
        for text in ("x" * 200_000, "short"):
            found = await http.post("/v1/ask", json=wish("grant", text))
            assert found.json()["answer"] == {"text": text}


async def test_a_request_that_was_answered_does_not_wait_for_the_garbage_collector() -> None:
    async with live() as at, at.link() as http:
        gc.disable()
        before = {id(one) for one in gc.get_objects() if type(one) is Cycle}
        try:
            for _ in range(20):
                assert (await http.get("/livez")).status_code == 200
            left = sum(type(one) is Cycle and id(one) not in before for one in gc.get_objects())
        finally:
            gc.enable()
    assert left <= 2, "that of an open connection alone"


async def test_a_client_that_goes_away_cancels_its_run() -> None:
    async with live() as at:
        key = at.key()
        body = json.dumps(wish("slow")).encode()
        stream = await at.raw()
        await stream.send(
            b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            + f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )  # fmt: skip
        runs = at.server.hosted["desk"].runs
        while not runs:
            await anyio.lowlevel.checkpoint()
        (run,) = runs.values()
        await stream.aclose()
        with anyio.fail_after(5):
            await run.run.settled()
        assert run.run.messages().balanced
        assert run.run.messages().cancelled == 1


async def test_a_stream_shows_events_as_they_happen_and_stops_with_a_revoked_key() -> None:
    async with live() as at, at.link(at.key()) as http:
        run = (await http.post("/v1/runs", json=wish("slow"))).json()["id"]
        with anyio.fail_after(10):
            async with http.stream("GET", f"/v1/runs/{run}/events") as stream:
                kinds = []
                async for line in stream.aiter_lines():
                    kinds += [line.removeprefix("event: ")] if line.startswith("event: ") else []
                    if kinds[-1:] == ["started"]:
                        at.server.take_keys(ApiKeys())
                assert kinds[-1] == "end"
                assert "accepted" in kinds


async def test_the_page_sees_all_runs_that_its_person_may_see() -> None:
    async with live() as at, at.link(at.key()) as http:
        with anyio.fail_after(10):
            async with http.stream("GET", "/v1/events") as stream:
                lines = stream.aiter_lines()
                await anext(lines)
                await at.ask(at.key("eve", tenant="south"))
                mine = (await at.ask(at.key())).json()["id"]
                async for line in lines:
                    if line.startswith("data: "):
                        assert json.loads(line[6:])["run"] == mine
                        break


async def test_a_drain_ends_streams_and_runs() -> None:
    with anyio.fail_after(20):
        async with live() as at:
            http = at.link(at.key())
            run = (await http.post("/v1/runs", json=wish("slow"))).json()["id"]
        assert at.server.hosted["desk"].runs[run].run.at_rest
        await http.aclose()


async def test_the_client_raises_what_the_library_raises() -> None:
    async with live() as at:
        key = at.key()
        async with Client(at.address, key) as client:
            assert await client.ask("desk", Wish(kind="grant", text="tea"), Granted) == Granted(text="tea")
            with pytest.raises(RunStalled) as stalled:
                await client.ask("desk", Wish(kind="fail"), Granted)
            assert "teller: dead_lettered" in stalled.value.reasons[0]
            with pytest.raises(RunHeld) as held:
                await client.ask("desk", Wish(kind="order"), Granted)
            assert held.value.holds == tuple(one.id for one in at.server.hosted["desk"].runtime.approvals.holds())
            with pytest.raises(InputError, match="not_found"):
                await client.ask("nothing", Wish(kind="grant"), Granted)
            with pytest.raises(InputError, match="/payload/kind"):
                await client.ask("desk", {}, Granted)
            run = await client.start("desk", Wish(kind="grant"), key="one")
            assert (await client.start("desk", Wish(kind="grant"), key="one"))["id"] == run["id"]
            kinds = [one.event.kind async for one in client.events(run["id"])]
            assert kinds.count("answered") == 1
        async with Client(at.address, "gk_no_key") as client:
            with pytest.raises(IdentityError):
                await client.get("/v1/runs")

        def blocking() -> Granted:
            with SyncClient(at.address, key) as client:
                assert [one.event.kind for one in client.events(client.start("desk", Wish(kind="grant"))["id"])]
                return client.ask("desk", Wish(kind="grant", text="sync"), Granted)

        assert await anyio.to_thread.run_sync(blocking) == Granted(text="sync")


async def test_a_client_that_vanishes_is_noticed_by_what_it_does_not_acknowledge() -> None:
    with listening("127.0.0.1", 0, behind_proxy=False) as own, socket.create_connection(own.getsockname()):
        own.setblocking(True)
        with own.accept()[0] as made:
            assert 0 < made.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 60_000


async def test_an_operator_who_has_just_signed_in_ends_the_process() -> None:
    server, told = Server((pipeline(),), ApiKeys(), Settings(drain_s=20.0)), anyio.Event()
    at = Live(server, Hand())

    def ready(address: str) -> None:
        at.address = address
        told.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve, server, listening("127.0.0.1", 0, behind_proxy=False), anyio.sleep_forever, ready)
        await told.wait()
        key = at.key(tenant=None)
        async with at.link() as http:
            found = await http.post("/v1/session", json={"key": key}, headers={"Origin": at.address})
            same = {"Origin": at.address, "X-CSRF-Token": found.json()["csrf"]}
            drained = await http.post("/v1/drain", json={"reason": "a new version"}, headers=same)
            assert (drained.status_code, drained.json()) == (202, {"status": "draining", "within_s": 20.0})
    assert server.closed  # `serve` came to its end by itself


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - must be refused
def test_an_address_that_others_can_reach_needs_a_proxy(host: str) -> None:
    with pytest.raises(InputError, match="--behind-proxy"):
        listening(host, 0, behind_proxy=False)
    listening("127.0.0.1", 0, behind_proxy=False).close()


def test_the_command_serves_and_ends_with_0_at_a_signal(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    genie = [sys.executable, "-m", "genie"]
    made = subprocess.run([*genie, "keys", "create", keys, "--user", "ann"], capture_output=True, text=True, check=True)
    assert made.stdout.startswith("gk_")
    assert keys.stat().st_mode & 0o777 == 0o600
    assert made.stdout.strip() not in keys.read_text()
    started = [*genie, "serve", "enquiry", "--keys", keys, "--bind", "127.0.0.1:0"]
    with subprocess.Popen(started, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = process.stderr.readline().split()[1]
            with SyncClient(address, made.stdout.strip()) as client:
                assert client.get("/v1/pipelines")["pipelines"][0]["id"] == "enquiry"
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
