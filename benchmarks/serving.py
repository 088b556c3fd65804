"""Cost of the API: governed asks over HTTP beside bare Starlette routes, and the time from start to ready.

``python -m benchmarks.serving`` measures two pairs, one after the other with the same client, a process of its own that
keeps ``CLIENTS`` connections busy:

- ``trip``: the canonical round trip. A question of six fields goes to an analyser, its work to three agents, their
  results are gathered into the answer, and eight policies judge every delivery and the answer. The bare route validates
  the same body, calls the same four functions by hand, and returns an answer of the same JSON, with nothing between.
- ``echo``: the smallest ask, one agent that returns its text under two policies. The bare route validates nothing.

CPU seconds of the server count; wall-clock rates depend on what else the machine does.
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
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from genie.benchmark.policies import LARGEST, TENANT, TENANTS
from genie.benchmark.workload import SERIES, Question, Reply, Result, Work, question
from genie.config.loader import parse
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.gather import Each
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

_ECHO = """
version: 1
id: echo
agents: [echo]
policies: [clearance, tenant_isolation]
input: serving.said
output: serving.heard
within_s: 30
"""
_TRIP = f"""
version: 1
id: trip
environment: production
agents: [analyser, a0, a1, a2]
policies:
  - payload_size: {{topics: {{"bench.*": {LARGEST}}}}}
  - required_headers: {{topics: {{"bench.*": [user, tenant]}}}}
  - topic_roles: {{topics: {{"bench.*": [analyst]}}}}
  - clearance
  - tenant_isolation
  - risk_tier: {{cells: [{{environment: production, roles: [operator]}}]}}
  - pii
  - injection
input: bench.question
output: bench.reply
within_s: 30
"""


class Said(Payload, topic="serving.said"):
    text: str


class Heard(Payload, topic="serving.heard"):
    text: str


@agent("echo", risk="low", tier="production", concurrency=64)
async def echo(said: Said) -> Heard:
    """Repeat the text."""
    return Heard(text=said.text)


EACH = Each(Result, of=Work)


def _work(asked: Question) -> Work:
    return Work(
        corr=asked.corr, tenant=asked.tenant, kind="work", text=asked.text, limit=asked.limit, series=asked.series
    )


def _result(name: str, work: Work) -> Result:
    return Result(corr=work.corr, agent=name, kind="result", score=0.5, note="ok", series=SERIES)


@agent("analyser", asks={Work: (EACH,)}, risk="low", tier="production", tenants=TENANTS, concurrency=64)
async def analyser(asked: Question, context: Context) -> Reply:
    """Turn a question into work, and gather the results."""
    gathered = await context.gather(_work(asked), expect=(EACH,))
    results = tuple(gathered[EACH].values())
    return Reply(corr=asked.corr, count=len(results), results=results)


def _worker(name: str) -> Any:
    @agent(name, risk="low", tier="production", tenants=TENANTS, concurrency=64)
    async def worker(work: Work) -> Result:
        return _result(name, work)

    return worker


WORKERS = ("a0", "a1", "a2")
AGENTS = {"echo": echo, "analyser": analyser, **{name: _worker(name) for name in WORKERS}}
RECORD = {
    "id": "", "pipeline": "trip", "user": "ann", "tenant": TENANT, "at": 0.0, "ended_at": 0.0, "status": "complete",
    "code": "", "detail": "", "withheld": False, "notices": [], "held": [], "missing": [], "last_event": 17,
    "messages": {"accepted": 9, "handled": 9, "denied": 0, "expired": 0, "cancelled": 0, "dead_lettered": 0},
}  # fmt: skip
"""Parts of a run's record beside its answer."""


async def _bare_echo(request: Request) -> Response:
    found = await request.json()
    return JSONResponse({"text": found["payload"]["text"]})


async def _bare_trip(request: Request) -> Response:
    asked = Question.model_validate((await request.json())["payload"])
    work = _work(asked)
    results = tuple(_result(name, work) for name in WORKERS)
    reply = Reply(corr=asked.corr, count=len(results), results=results)
    return JSONResponse({**RECORD, "answer": reply.model_dump(mode="json")})


BARE = {"echo": _bare_echo, "trip": _bare_trip}


def pipeline_of(what: str) -> Pipeline:
    """Return the pipeline of ``echo`` or ``trip``."""
    return parse({"echo": _ECHO, "trip": _TRIP}[what], environ={}, plugins=Plugins(agents=AGENTS, policies=POLICIES))


def _served(kind: str, listener: socket.socket) -> None:
    """Serve in this process until SIGTERM, with the garbage collector set as the command sets it."""
    gc.set_threshold(200_000, 20, 100)

    side, _, what = kind.partition("-")

    async def bare() -> None:
        app = Starlette(routes=[Route("/v1/ask", BARE[what], methods=["POST"])])
        config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
        await uvicorn.Server(config).serve([listener])

    async def genie() -> None:
        key = ApiKey.model_validate_json(os.environ["BENCH_KEY"])
        server = Server([pipeline_of(what)], ApiKeys([key]), Settings(per_s=1e6, burst=10**6, drain_s=0))
        stop = anyio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await serve(server, listener, stop.wait)

    anyio.run(bare if side == "bare" else genie, backend_options={"use_uvloop": True})


def asked(what: str) -> Payload:
    """Return the question of ``echo`` or ``trip``."""
    return Said(text="how much is it?") if what == "echo" else question(1)


def request_of(what: str, key: str) -> bytes:
    """Return the request for it."""
    body = json.dumps({"pipeline": what, "payload": asked(what).model_dump(mode="json")}).encode()
    return (
        b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        + f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )  # fmt: skip


async def _client(port: int, key: str, count: int, what: str) -> None:
    """Send requests one after the other on one connection."""
    request = request_of(what, key)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    for _ in range(count):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:200]
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        answer = await reader.readexactly(int(length.partition(b":")[2]))
    assert what == "echo" or len(json.loads(answer)["answer"]["results"]) == len(WORKERS)
    writer.close()


async def _load(port: int, key: str, requests: int, what: str) -> None:
    await asyncio.gather(*(_client(port, key, requests // CLIENTS, what) for _ in range(CLIENTS)))


def measured(kind: str, key: str, kept: str, requests: int = REQUESTS) -> tuple[float, float]:
    """Return the CPU microseconds of the server for one request, and the requests a second."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    port = listener.getsockname()[1]
    started = subprocess.Popen(  # noqa: S603 - this very module
        [sys.executable, "-m", "benchmarks.serving", "--serve", kind, "--fd", str(listener.fileno())],
        pass_fds=[listener.fileno()], env={**os.environ, "BENCH_KEY": kept},
    )  # fmt: skip
    what = kind.partition("-")[2]
    try:
        asyncio.run(_load(port, key, CLIENTS * 10, what))
        before, began = _cpu(started.pid), time.perf_counter()
        asyncio.run(_load(port, key, requests, what))
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
    key, kept = new_key(user="ann", tenant=TENANT, roles=("analyst", "operator"))
    for what in ("trip", "echo"):
        rows: dict[str, list[tuple[float, float]]] = {f"bare-{what}": [], f"genie-{what}": []}
        for _ in range(ROUNDS):
            for kind, found in rows.items():
                found.append(measured(kind, key, kept.model_dump_json()))
        bare, ours = (statistics.median(cpu for cpu, _ in found) for found in rows.values())
        for kind, found in rows.items():
            figures = ", ".join(f"{cpu:.0f} us CPU and {rate:,.0f}/s" for cpu, rate in found)
            print(f"{kind}: {figures}")
        print(f"{what}: {ours / bare:.2f} times the CPU of a bare route (limit {MOST_RATIO})")
        print(f"{what}: {1e6 / ours:,.0f}/s on one core (at least {LEAST_PER_S:,})", flush=True)
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
