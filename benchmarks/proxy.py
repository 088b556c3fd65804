"""Cost of the proxy: CPU of its process for a request and for an event, and its memory, beside direct calls.

``python -m benchmarks.proxy`` starts a scripted server, the command ``genie proxy`` in front of it, and clients that
ask both in turn. CPU seconds of the proxy's process count, so they hold on a machine that does other work; the clients'
wall-clock times of direct and proxied calls are printed beside each other.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import anyio

from genie.contracts.model_call import Text, Usage
from genie.testing.llm_dialects import ScriptedReply
from genie.testing.llm_server import ModelCall, llm_server

CLIENTS = 8
REQUESTS = 800
STREAMS = 24
EVENTS = 1_000
ROUNDS = 3
IDLE_TASK_US = 4.2
MOST_REQUEST_MS = 1.2
MOST_EVENT_US = 30.0
MOST_MB = 60.0
_PIPELINE = """
version: 1
id: bench
models:
  desk:
    wire: openai_chat
    model: fake-1
    base: "http://127.0.0.1:{port}/v1"
    http: true
    networks: [127.0.0.0/8]
    internal: true
    price: {{ input: "1", output: "2" }}
    max_output: 100000
    limits: {{ concurrency: 64, queue: 1000 }}
policies: [clearance]
budgets: [{{ id: a_call, tokens: 1000000 }}]
input: model.request
output: model.reply
"""
_COMMAND = "import sys; sys.modules['trio'] = None; from genie.__main__ import main; main()"
"""The command without trio, which is of the tests alone: httpx loads it where it finds it."""
_TICKS = os.sysconf("SC_CLK_TCK")


def scripted(call: ModelCall) -> ScriptedReply:
    """Return one event for a short question, and many for a long one; words differ, as those of a model do."""
    count = EVENTS if "long" in json.dumps(call.body["messages"]) else 1
    text = "".join(f"{number % 997:04d} " for number in range(count))
    return ScriptedReply(parts=(Text(text=text),), usage=Usage(input=20, output=count), piece=5)


def cpu_s(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1_024


async def client(port: int, path: str, key: str, question: str, count: int, *, stream: bool) -> None:
    """Send requests one after the other on one connection."""
    body = json.dumps(
        {"model": "desk", "stream": stream, "max_tokens": 4_000, "messages": [{"role": "user", "content": question}]}
    ).encode()
    request = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    )  # fmt: skip
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b" 200 " in head.partition(b"\r\n")[0], head
        found = re.search(rb"content-length: (\d+)", head)
        if found is not None:
            await reader.readexactly(int(found[1]))
            continue
        while (size := int(await reader.readline(), 16)) > 0:
            await reader.readexactly(size + 2)
        await reader.readline()
    writer.close()


async def load(port: int, path: str, key: str, question: str, count: int, *, stream: bool) -> float:
    """Return the seconds that some requests took."""
    began = time.perf_counter()
    each = count // CLIENTS
    await asyncio.gather(*(client(port, path, key, question, each, stream=stream) for _ in range(CLIENTS)))
    return time.perf_counter() - began


async def machine() -> float:
    """Return how many times slower than idle this machine is: a task that does nothing costs 4.2 us when it is."""

    async def nothing() -> None:
        pass

    best = float("inf")
    for _ in range(20):
        before = time.process_time()
        for _ in range(2_000):
            await asyncio.create_task(nothing())
        best = min(best, time.process_time() - before)
    return best / 2_000 * 1e6 / IDLE_TASK_US


async def measured() -> None:
    """Print the figures beside their limits."""
    with tempfile.TemporaryDirectory() as folder:
        async with llm_server(scripted) as fake:
            await _against(Path(folder), fake.port)


async def _against(folder: Path, fake: int) -> None:
    (folder / "bench.yaml").write_text(_PIPELINE.format(port=fake))
    keys = str(folder / "keys.json")
    command = [sys.executable, "-m", "genie"]
    made = [*command, "keys", "create", keys, "--user", "bench", "--budget", "1000", "--budget-tokens", "100000000"]
    key = subprocess.run(made, check=True, capture_output=True, text=True).stdout.strip()  # noqa: ASYNC221, S603 - before anything is measured
    proxy = subprocess.Popen(  # noqa: ASYNC220, S603 - the command of this package
        [sys.executable, "-c", _COMMAND, "proxy", str(folder / "bench.yaml"), "--keys", keys, "--bind", "127.0.0.1:0",
         "--rate", "100000", "--spend", str(folder / "spend.db")], stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert proxy.stderr is not None
        line = await anyio.to_thread.run_sync(proxy.stderr.readline)
        while "serving" not in line:
            line = await anyio.to_thread.run_sync(proxy.stderr.readline)
        port = int(line.rpartition(":")[2])
        path = "/v1/chat/completions"
        await load(port, path, key, "a short one", CLIENTS * 10, stream=False)
        idle = memory_mb(proxy.pid)
        calls, events, direct, proxied = [], [], [], []
        for _ in range(ROUNDS):
            before = cpu_s(proxy.pid)
            proxied.append(await load(port, path, key, "a short one", REQUESTS, stream=False))
            calls.append((cpu_s(proxy.pid) - before) / REQUESTS * 1e3)
            direct.append(await load(fake, path, key, "a short one", REQUESTS, stream=False))
            before = cpu_s(proxy.pid)
            await load(port, path, key, "a long one", STREAMS, stream=True)
            events.append(((cpu_s(proxy.pid) - before) / STREAMS * 1e3 - calls[-1]) / EVENTS * 1e3)
        call_ms, event_us, factor = statistics.median(calls), statistics.median(events), await machine()
        print(f"this machine now: {factor:.1f} times an idle one; divide by it")
        print(f"a request: {call_ms:.2f} ms CPU of the proxy ({', '.join(f'{one:.2f}' for one in calls)}), "
              f"limit {MOST_REQUEST_MS}")  # fmt: skip
        print(f"an event: {event_us:.1f} us CPU of the proxy ({', '.join(f'{one:.1f}' for one in events)}), "
              f"limit {MOST_EVENT_US:.0f}")  # fmt: skip
        print(f"memory: {idle:.1f} MB after the first requests, {memory_mb(proxy.pid):.1f} MB at the end, "
              f"limit {MOST_MB:.0f}")  # fmt: skip
        ratio = statistics.median(proxied) / statistics.median(direct)
        each = [statistics.median(one) / REQUESTS * 1e3 for one in (direct, proxied)]
        print(f"wall clock of a request, {CLIENTS} clients: {each[0]:.2f} ms direct, {each[1]:.2f} ms through it "
              f"({ratio:.1f} times)")  # fmt: skip
    finally:
        proxy.send_signal(signal.SIGTERM)
        await anyio.to_thread.run_sync(proxy.wait)


if __name__ == "__main__":
    anyio.run(measured)
