"""What the API costs: a governed ask over HTTP beside a bare Starlette route, and the time from start to ready.

``python -m benchmarks.serving`` measures one after the other with the same client: a process of its own that keeps
``CLIENTS`` connections busy. CPU seconds of the server count; wall-clock rates depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from genie.config.loader import parse
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.policies.index import POLICIES
from genie.server.connections import serve
from genie.server.principals import ApiKey, ApiKeys, new_key
from genie.server.server import Server, Settings

CLIENTS = 32
REQUESTS = 4_000
ROUNDS = 3
READY_ROUNDS = 5
MOST_RATIO = 2.5
LEAST_PER_S = 1_200
MOST_READY_MS = 700

_PIPELINE = """
version: 1
id: desk
agents: [answerer]
policies: [clearance, tenant_isolation]
input: serving.question
output: serving.answer
within_s: 30
"""


class Question(Payload, topic="serving.question"):
    text: str


class Answer(Payload, topic="serving.answer"):
    text: str


@agent("answerer", risk="low", tier="production", concurrency=64)
async def answerer(question: Question) -> Answer:
    """Repeat a question."""
    return Answer(text=question.text)


def _served(kind: str, listener: socket.socket) -> None:
    """Serve in this process until SIGTERM, with the garbage collector set as the command sets it."""
    gc.set_threshold(200_000, 20, 100)

    async def bare() -> None:
        async def answer(request: Request) -> Response:
            found = await request.json()
            return JSONResponse({"text": found["payload"]["text"]})

        app = Starlette(routes=[Route("/v1/ask", answer, methods=["POST"])])
        config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
        await uvicorn.Server(config).serve([listener])

    async def genie() -> None:
        pipeline = parse(_PIPELINE, environ={}, plugins=Plugins(agents={"answerer": answerer}, policies=POLICIES))
        key = ApiKey.model_validate_json(os.environ["BENCH_KEY"])
        server = Server([pipeline], ApiKeys([key]), Settings(per_s=1e6, burst=10**6, drain_s=0))
        stop = anyio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await serve(server, listener, stop.wait)

    anyio.run(bare if kind == "bare" else genie, backend_options={"use_uvloop": True})


async def _client(port: int, key: str, count: int) -> None:
    """Send requests one after the other on one connection."""
    body = json.dumps({"pipeline": "desk", "payload": {"text": "how much is it?"}}).encode()
    request = (
        b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        + f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )  # fmt: skip
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:200]
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.partition(b":")[2]))
    writer.close()


async def _load(port: int, key: str, requests: int) -> None:
    await asyncio.gather(*(_client(port, key, requests // CLIENTS) for _ in range(CLIENTS)))


def measured(kind: str, key: str, kept: str, requests: int = REQUESTS) -> tuple[float, float]:
    """Return the CPU microseconds of the server for one request, and the requests a second."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    port = listener.getsockname()[1]
    started = subprocess.Popen(  # noqa: S603 - this very module
        [sys.executable, "-m", "benchmarks.serving", "--serve", kind, "--fd", str(listener.fileno())],
        pass_fds=[listener.fileno()], env={**os.environ, "BENCH_KEY": kept},
    )  # fmt: skip
    try:
        asyncio.run(_load(port, key, CLIENTS * 10))
        before, began = _cpu(started.pid), time.perf_counter()
        asyncio.run(_load(port, key, requests))
        took, used = time.perf_counter() - began, _cpu(started.pid) - before
        return used / requests * 1e6, requests / took
    finally:
        listener.close()
        started.terminate()
        started.wait(20)


def _cpu(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ready_ms() -> float:
    """Return the milliseconds from the start of ``genie serve`` to the first ``ready``."""
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "keys.json"
        made = [sys.executable, "-m", "genie", "keys", "create", str(keys), "--user", "ann"]
        subprocess.run(made, check=True, capture_output=True)  # noqa: S603 - the command of this package
        began = time.perf_counter()
        command = [sys.executable, "-m", "genie", "serve", "enquiry", "--keys", str(keys), "--bind", "127.0.0.1:0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as started:  # noqa: S603 - as above
            assert started.stderr is not None
            port = int(started.stderr.readline().rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as link:
                link.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                assert link.recv(100).startswith(b"HTTP/1.1 200")
            took = (time.perf_counter() - began) * 1e3
            started.terminate()
        return took


def main() -> None:
    """Print the figures beside their limits."""
    key, kept = new_key(user="ann")
    rows: dict[str, list[tuple[float, float]]] = {"bare": [], "genie": []}
    for _ in range(ROUNDS):
        for kind, found in rows.items():
            found.append(measured(kind, key, kept.model_dump_json()))
    bare, ours = (statistics.median(cpu for cpu, _ in rows[kind]) for kind in ("bare", "genie"))
    for kind, found in rows.items():
        figures = ", ".join(f"{cpu:.0f} us CPU and {rate:,.0f}/s" for cpu, rate in found)
        print(f"{kind}: {figures}")
    print(f"ask over a bare route: {ours / bare:.2f} times its CPU (limit {MOST_RATIO})")
    print(f"one core: {1e6 / ours:,.0f}/s (at least {LEAST_PER_S:,})")
    print(
        f"start to ready: {statistics.median(ready_ms() for _ in range(READY_ROUNDS)):.0f} ms (limit {MOST_READY_MS})"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve")
    parser.add_argument("--fd", type=int)
    given = parser.parse_args()
    if given.serve is None:
        main()
    else:
        _served(given.serve, socket.socket(fileno=given.fd))
