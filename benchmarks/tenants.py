"""What a loud tenant costs the others: the 99th percentile of their asks, alone and beside a hundredfold load.

``python -m benchmarks.tenants`` serves two pipelines. Quiet tenants ask ``QUIET_PER_S`` times a second each; the loud
one, a process of its own, a hundred times as often, with a quota of ``QUOTA_PER_S`` requests a second. The rounds with
and without it take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time

import anyio

from benchmarks.serving import Heard, Said
from genie.config.loader import parse
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.policies.index import POLICIES
from genie.server.connections import serve
from genie.server.principals import ApiKey, ApiKeys, new_key
from genie.server.server import Server, Settings

QUIET = 4
QUIET_PER_S = 20
TIMES = 100
QUOTA_PER_S = 100
SECONDS = 5.0
ROUNDS = 3
MOST_MORE = 0.2
_PIPELINE = """
version: 1
id: {id}
agents: [echo]
policies: [clearance, tenant_isolation]
input: serving.said
output: serving.heard
within_s: 30
"""


@agent("echo", risk="low", tier="production", concurrency=64)
async def echo(said: Said) -> Heard:
    """Repeat what was said."""
    return Heard(text=said.text)


def _served(descriptor: int) -> None:
    listener = socket.socket(fileno=descriptor)

    async def main() -> None:
        plugins = Plugins(agents={"echo": echo}, policies=POLICIES)
        pipelines = [parse(_PIPELINE.format(id=name), environ={}, plugins=plugins) for name in ("one", "two")]
        keys = [ApiKey.model_validate(one) for one in json.loads(os.environ["BENCH_KEYS"])]
        settings = Settings(per_s=1e6, burst=10**6, drain_s=0, tenant_per_s=QUOTA_PER_S, tenant_runs=16)
        await serve(Server(pipelines, ApiKeys(keys), settings), listener, anyio.sleep_forever)

    anyio.run(main, backend_options={"use_uvloop": True})


async def _asking(port: int, key: str, per_s: float, seconds: float, links: int = 1) -> list[float]:
    """Ask at a rate, over some connections, and return how long each answer took."""
    took: list[float] = []
    began = time.perf_counter()

    async def ask(place: int) -> None:
        body = json.dumps({"pipeline": ("one", "two")[place % 2], "payload": {"text": "x"}}).encode()
        request = (
            b"POST /v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            + f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )  # fmt: skip
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        due = began + place / per_s
        while max(due, time.perf_counter()) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            sent = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
            took.append(time.perf_counter() - sent)
            due += links / per_s
        writer.close()

    await asyncio.gather(*(ask(place) for place in range(links)))
    return took


def _p99_ms(port: int, keys: list[str], seconds: float) -> float:
    async def all_of() -> list[float]:
        found = await asyncio.gather(*(_asking(port, key, QUIET_PER_S, seconds) for key in keys))
        return sorted(one for each in found for one in each)

    took = asyncio.run(all_of())
    return took[int(len(took) * 0.99)] * 1e3


def main() -> None:
    """Print the figures beside their limit."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--serve", type=int)
    given.add_argument("--loud", nargs=2)
    options = given.parse_args()
    if options.serve is not None:
        _served(options.serve)
        return
    if options.loud is not None:
        print("asking", flush=True)
        asyncio.run(_asking(int(options.loud[0]), options.loud[1], QUIET_PER_S * TIMES, SECONDS + 2, links=50))
        return
    made = [new_key(user="ann", tenant=f"tenant {number}") for number in range(QUIET + 1)]
    kept = json.dumps([key.model_dump(mode="json") for _, key in made])
    (loud, *quiet) = [text for text, _ in made]
    listener = socket.create_server(("127.0.0.1", 0), backlog=2_048)
    port = listener.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.tenants"]
    started = subprocess.Popen(  # noqa: S603 - this very module
        [*command, "--serve", str(listener.fileno())], pass_fds=[listener.fileno()],
        env={**os.environ, "BENCH_KEYS": kept},
    )  # fmt: skip
    try:
        _p99_ms(port, quiet, 2)
        alone, beside = [], []
        for _ in range(ROUNDS):
            alone.append(_p99_ms(port, quiet, SECONDS))
            noisy = [*command, "--loud", str(port), loud]
            with subprocess.Popen(noisy, stdout=subprocess.PIPE) as noise:  # noqa: S603 - this very module
                assert noise.stdout is not None
                noise.stdout.readline()  # it asks from now on
                beside.append(_p99_ms(port, quiet, SECONDS))
                noise.wait()
    finally:
        started.kill()
        started.wait(20)
    print("p99 alone:  " + ", ".join(f"{one:.1f} ms" for one in alone))
    print("p99 beside: " + ", ".join(f"{one:.1f} ms" for one in beside))
    more = statistics.median(beside) / statistics.median(alone) - 1
    print(f"a tenant with {TIMES} times the load costs the others {more:+.0%} of their p99 (limit {MOST_MORE:.0%})")


if __name__ == "__main__":
    main()
