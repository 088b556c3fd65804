"""Cost of a wire beside bare httpx: processor time per call and per token, and memory per open stream.

Run it with ``python -m benchmarks.wires``. The scripted server is another process, so only the client's time counts; a
token is an event in a chunk of its own. Every row is the least of several rounds, in one process and one run.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from importlib import import_module
from pathlib import Path

import anyio
import httpx

from genie.contracts.card import Caller
from genie.contracts.model_call import ModelDelta, ModelReply, ModelRequest, Role, Text, Turn, Usage
from genie.contracts.ports.provider import Provider, WireDelta
from genie.edges.llm.agent import ModelAgent
from genie.edges.llm.settings import LimitsOfModel, ModelOptions
from genie.edges.llm.wires.index import WIRES
from genie.errors import GenieError, class_name
from genie.runtime.runtime import Runtime
from genie.testing.llm_dialects import ScriptedReply
from genie.testing.llm_server import FakeModels, Faulty, ModelCall, llm_server

TOKENS = 1_500
ROUNDS = 7
CALLS = 60
STREAMS = 1_000
WORDS = "".join(f"word{number % 97:02} "[:6] for number in range(TOKENS))
LONG = ScriptedReply((Text(text=WORDS),), usage=Usage(input=10, output=TOKENS), piece=6)
SHORT = ScriptedReply((Text(text="Hello."),), usage=Usage(input=10, output=2), piece=100)
OPTIONS = ModelOptions(
    clearance="restricted", internal=True, first_token_s=600, idle_s=600,
    limits=LimitsOfModel(concurrency=STREAMS, queue=STREAMS),
)  # fmt: skip
ASKED = ModelRequest(turns=(Turn(role=Role.USER, parts=(Text(text="Say hello."),)),), max_output=4_096)


async def serve() -> None:
    """Answer until standard input is closed."""

    def script(call: ModelCall) -> ScriptedReply | Faulty:
        if "silent" in str(call.body) + call.path:
            return Faulty(LONG, silent_after=6)
        return LONG if "long" in str(call.body) + call.path else SHORT

    async with llm_server(script) as models:
        print(models.port, flush=True)
        await anyio.to_thread.run_sync(sys.stdin.read)


def provider_of(name: str, port: int, model: str) -> Provider:
    module, _, cls = WIRES[name].partition(":")
    made = getattr(import_module(module), cls)
    base = FakeModels([SHORT], port).base(name)
    found: Provider = made(made.Settings(model=model, base=base, http=True, networks=("127.0.0.0/8",), key="x"))
    return found


async def whole(provider: Provider) -> None:
    async for _ in provider.open(ASKED, first_token_s=60, idle_s=60):
        pass


async def least(one: Callable[[], Awaitable[object]], times: int) -> float:
    """Return the least processor time of a round, in seconds a call."""
    best = float("inf")
    for _ in range(ROUNDS):
        gc.collect()
        begin = time.process_time()
        for _ in range(times):
            await one()
        best = min(best, (time.process_time() - begin) / times)
    return best


async def bare(port: int, model: str) -> Callable[[], Awaitable[object]]:
    """Return a call of httpx that reads the bytes and does nothing with them."""
    client = httpx.AsyncClient(trust_env=False, timeout=60)
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Say hello."}]}

    async def call() -> None:
        async with client.stream("POST", url, json=body) as response:
            async for _ in response.aiter_raw():
                pass

    return call


async def task() -> None:
    """Do nothing."""


async def times(port: int) -> None:
    """Print processor time per call and per token."""
    turn = await least(lambda: asyncio.get_running_loop().create_task(task()), 5_000)
    print(f"create_task {turn * 1e6:6.1f} µs")
    print(f"{'':18} {'a call, ms':>11} {'a token, µs':>12} {'against httpx':>14}")
    base_token = 0.0
    for name in ("httpx", *WIRES):
        if name == "httpx":
            short, long = await bare(port, "short"), await bare(port, "long")
        else:
            one, many = provider_of(name, port, "short"), provider_of(name, port, "long")
            short, long = (lambda one=one: whole(one)), (lambda many=many: whole(many))  # type: ignore[misc] # a default binds the loop's value
        call = await least(short, CALLS)
        token = (await least(long, 1) - call) / TOKENS
        base_token = base_token or token
        print(f"{name:18} {call * 1e3:11.2f} {token * 1e6:12.1f} {base_token / token:13.2f}x")


async def memory(port: int) -> None:
    """Print the memory of a thousand open streams, and the time to close them."""
    provider = provider_of("anthropic", port, "silent")
    await whole(provider_of("anthropic", port, "short"))
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with AsyncExitStack() as stack:

        async def start() -> None:
            stream = provider.open(ASKED, first_token_s=600, idle_s=600)
            await stack.enter_async_context(aclosing(stream))  # type: ignore[type-var] # an iterator that can be closed, says the port
            async for part in stream:
                if isinstance(part, WireDelta):
                    return

        async with anyio.create_task_group() as tasks:
            for _ in range(STREAMS):
                tasks.start_soon(start)
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"{STREAMS} open streams: {held / 1024:.1f} MB")
        begin, used = time.perf_counter(), time.process_time()
    print(f"closed in {time.perf_counter() - begin:.2f} s, {time.process_time() - used:.2f} s of processor time")
    await provider.close()


async def governed(port: int) -> None:
    """Print the tokens that pass a wire and the bus in a second, and memory and end of a thousand killed sessions."""
    many = ModelAgent("many", provider_of("openai_chat", port, "long"), OPTIONS)
    held = ModelAgent("held", provider_of("anthropic", port, "silent"), OPTIONS)
    async with Runtime([many, held], caller=Caller(user="ann")) as runtime:

        async def read(agent: str, started: Callable[[], None]) -> None:
            async for _ in runtime.stream(ASKED, parts=ModelDelta, end=ModelReply, to=agent, within_s=600):
                started()

        token = await least(lambda: read("many", lambda: None), 1) / TOKENS
        print(f"a token through wire and bus: {token * 1e6:.1f} µs, {1 / token:,.0f} tokens/s a core")
        gc.collect()
        before = resident()
        open_, ended, every = set[int](), list[str](), anyio.Event()

        async def session(number: int) -> None:
            def started() -> None:
                open_.add(number)
                if len(open_) == STREAMS:
                    every.set()

            try:
                await read("held", started)
            except GenieError as error:
                ended.append(class_name(error))

        async with anyio.create_task_group() as tasks:
            for number in range(STREAMS):
                tasks.start_soon(session, number)
            await every.wait()
            print(f"{STREAMS} sessions over wire and bus: {(resident() - before) / 2**20:.1f} MB")
            begin, used = time.perf_counter(), time.process_time()
            runtime.operations.kill("held")
        print(
            f"killed: {dict(Counter(ended))} in {time.perf_counter() - begin:.2f} s, "
            f"{time.process_time() - used:.2f} s of processor time"
        )


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help="be the server")
    parser.add_argument("--sessions", action="store_true", help="measure only what passes a wire and the bus")
    chosen = parser.parse_args()
    if chosen.serve:
        anyio.run(serve)
        return
    command = [sys.executable, "-m", "benchmarks.wires", "--serve"]
    with subprocess.Popen(  # noqa: S603 - itself, as the server
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        try:
            if not chosen.sessions:
                anyio.run(times, port)
                anyio.run(memory, port)
            anyio.run(governed, port)
        finally:
            server.communicate("")


if __name__ == "__main__":
    main()
