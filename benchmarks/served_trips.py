"""Cost of the API in instructions, which do not depend on the machine's load.

``python -m benchmarks.served_trips`` counts the instructions of one request under valgrind, for both pairs of
``benchmarks.serving``: the server, a bare Starlette route on uvicorn, and the same asks of a runtime without a server.
With ``SIDE WHAT LENGTH`` it is the process that is counted: it answers ``LENGTH`` requests over connections without
sockets. Requests of ``CLIENTS`` connections arrive together, as they do when a server is busy.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from benchmarks.cachegrind import counted, per_unit
from benchmarks.cachegrind import run as ran
from benchmarks.serving import BARE, MOST_RATIO, asked, pipeline_of, request_of
from genie.benchmark.policies import TENANT
from genie.contracts.card import Caller
from genie.runtime.runtime import Runtime
from genie.server.app import application
from genie.server.connections import configured
from genie.server.principals import ApiKeys, new_key
from genie.server.server import Server, Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CLIENTS = 8
LENGTHS = 160, 800
"""Requests of the two processes whose difference is counted, so that their starts drop out."""
ROOT = Path(__file__).parents[1]


class Wire(asyncio.Transport):
    """A transport that keeps the output, and reports when one answer is complete."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.whole = asyncio.Event()

    def write(self, data: Any) -> None:
        """Keep bytes."""
        self.written += data
        head, found, body = self.written.partition(b"\r\n\r\n")
        if found:
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if len(body) == int(length):
                self.whole.set()

    def is_closing(self) -> bool:
        """Stay open."""
        return False

    def close(self) -> None:
        """Stay as it is."""

    def get_write_buffer_size(self) -> int:
        """Have nothing that waits."""
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return the addresses of the connection."""
        return ("127.0.0.1", 4_000) if name in {"peername", "sockname"} else default


async def _answered(make: Callable[[], HttpToolsProtocol], request: bytes, count: int) -> None:
    protocol, wire = make(), Wire()
    protocol.connection_made(wire)
    for _ in range(count):
        wire.written = b""
        wire.whole.clear()
        protocol.data_received(request)
        await wire.whole.wait()
        if not wire.written.startswith(b"HTTP/1.1 200"):
            raise SystemExit(wire.written.decode())
    protocol.connection_lost(None)


async def _all(one: Callable[[int], Awaitable[None]], length: int) -> None:
    await asyncio.gather(*(one(length // CLIENTS) for _ in range(CLIENTS)))


async def _bare(what: str, length: int) -> None:
    app = Starlette(routes=[Route("/v1/ask", BARE[what], methods=["POST"])])
    config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    await _all(
        lambda count: _answered(lambda: HttpToolsProtocol(config, state, {}), request_of(what, "gk_x"), count), length
    )


async def _genie(what: str, length: int) -> None:
    key, kept = new_key(user="ann", tenant=TENANT, roles=("analyst", "operator"))
    server = Server([pipeline_of(what)], ApiKeys([kept]), Settings(per_s=1e6, burst=10**6, drain_s=0))
    config = configured(server, application(server))
    config.load()
    state = ServerState()
    async with server.open():
        make: Any = config.http_protocol_class
        await _all(lambda count: _answered(lambda: make(config, state, {}), request_of(what, key), count), length)


async def _kernel(what: str, length: int) -> None:
    pipeline = pipeline_of(what)
    caller = Caller(user="ann", tenant=TENANT, roles=frozenset({"analyst", "operator"}))
    question = asked(what)
    async with Runtime.from_pipeline(pipeline) as runtime:

        async def one(count: int) -> None:
            for _ in range(count):
                await runtime.start(question, pipeline.answer, deadline_s=30, caller=caller).result()

        await _all(one, length)


def main(side: str, what: str, length: int) -> None:
    """Answer requests."""
    gc.set_threshold(200_000, 20, 100)
    run = {"bare": _bare, "genie": _genie, "kernel": _kernel}[side]
    anyio.run(run, what, length, backend_options={"use_uvloop": True})


def instructions(side: str, what: str) -> float:
    """Return the instructions of one request."""
    command = [sys.executable, "-m", "benchmarks.served_trips", side, what]
    ran([*command, str(CLIENTS)], folder=ROOT)  # compiles the modules
    short, long = (counted([*command, str(length)], folder=ROOT) for length in LENGTHS)
    return per_unit(short, long, units=LENGTHS[1] - LENGTHS[0]).instructions


def report() -> None:
    """Print the counts beside their limit."""
    for what in ("trip", "echo"):
        bare, kernel, ours = (instructions(side, what) for side in ("bare", "kernel", "genie"))
        print(f"{what}: {ours:,.0f} instructions; the runtime alone {kernel:,.0f}, a bare route {bare:,.0f}")
        print(f"{what}: {ours / bare:.2f} times those of a bare route (limit {MOST_RATIO})", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        report()
    else:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
