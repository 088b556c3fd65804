"""Effect of a loud tenant on the others: the 99th percentile of their asks, alone and beside a hundredfold load.

``python -m benchmarks.tenants`` serves two pipelines in this process, over connections without sockets. Quiet tenants
ask ``QUIET_PER_S`` times a second each; the loud one a hundred times as often over ``LINKS`` connections, with a quota
of ``QUOTA_PER_S`` requests a second. The loop's clock is the CPU time of the process, and pauses pass at once: what the
server computes between the arrival of a request and its answer delays it, and other processes of the machine do not.
Rounds with and without the loud tenant take turns.
"""

from __future__ import annotations

import asyncio
import gc
import random
import selectors
import statistics
import time
from typing import TYPE_CHECKING, Any

import anyio
from uvicorn.server import ServerState

from benchmarks.served_trips import Wire
from benchmarks.serving import pipeline_of, request_of
from genie.backend.clock import Clock
from genie.server.app import application
from genie.server.connections import configured
from genie.server.principals import ApiKeys, new_key
from genie.server.server import Server, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET = 4
QUIET_PER_S = 20
TIMES = 100
LINKS = 50
QUOTA_PER_S = 100
SECONDS = 10.0
ROUNDS = 3
MOST_MORE = 0.2


class Computed(asyncio.SelectorEventLoop):
    """A loop whose clock only advances with computing."""

    def __init__(self) -> None:
        self.skipped = 0.0
        super().__init__(_Skipping(self))

    def time(self) -> float:
        """Return the seconds that the process has computed, and those of the pauses."""
        return time.process_time() + self.skipped


class _Skipping(selectors.SelectSelector):
    def __init__(self, loop: Computed) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.skipped += max(0.0, timeout or 0.0)
        return super().select(0)


class Asker:
    """One connection, which asks at random times.

    Args:
        make: Creates the server's side.
        key: Key of its tenant.
        per_s: Asks a second, where each is answered at once.
        seed: Seed of the times.
    """

    def __init__(self, make: Callable[[], Any], key: str, per_s: float, seed: int) -> None:
        self._protocol, self._wire = make(), Wire()
        self._protocol.connection_made(self._wire)
        self._request = request_of("echo", key)
        self._per_s = per_s
        self._random = random.Random(seed)  # noqa: S311 - times of a benchmark
        self.took: list[float] = []
        self.statuses: list[bytes] = []

    async def run(self, seconds: float) -> None:
        """Ask for a given time."""
        now = asyncio.get_running_loop().time
        ends = now() + seconds
        while now() + (pause_s := self._random.expovariate(self._per_s)) < ends:
            await anyio.sleep(pause_s)
            self._wire.written = b""
            self._wire.whole.clear()
            sent = now()
            self._protocol.data_received(self._request)
            await self._wire.whole.wait()
            self.took.append(now() - sent)
            self.statuses.append(self._wire.written[9:12])


async def _round(make: Callable[[], Any], quiet: list[str], loud: str | None) -> float:
    askers = [Asker(make, key, QUIET_PER_S, seed) for seed, key in enumerate(quiet)]
    noise = [] if loud is None else [Asker(make, loud, QUIET_PER_S * TIMES / LINKS, seed) for seed in range(LINKS)]
    async with anyio.create_task_group() as tasks:
        for one in (*askers, *noise):
            tasks.start_soon(one.run, SECONDS)
    if {status for one in askers for status in one.statuses} != {b"200"}:
        raise SystemExit("a quiet tenant was refused")
    if noise:
        answered = sum(one.statuses.count(b"200") for one in noise)
        refused = sum(map(len, (one.statuses for one in noise))) - answered
        print(f"loud tenant: {answered / SECONDS:.0f} answers and {refused / SECONDS:.0f} refusals a second")
    took = sorted(each for one in askers for each in one.took)
    return took[int(len(took) * 0.99)] * 1e3


async def _main() -> None:
    made = [new_key(user="ann", tenant=f"tenant {number}") for number in range(QUIET + 1)]
    (loud, *quiet) = [text for text, _ in made]
    settings = Settings(per_s=1e6, burst=10**6, drain_s=0, tenant_per_s=QUOTA_PER_S, tenant_runs=16)
    keys = ApiKeys([kept for _, kept in made])
    server = Server([pipeline_of("echo")], keys, settings, clock=Clock(asyncio.get_running_loop().time))
    config = configured(server, application(server))
    config.load()
    state, kind = ServerState(), config.http_protocol_class
    alone, beside = [], []
    async with server.open():

        def make() -> Any:
            protocol: Any = kind
            return protocol(config, state, {})

        await _round(make, quiet, None)
        for _ in range(ROUNDS):
            alone.append(await _round(make, quiet, None))
            beside.append(await _round(make, quiet, loud))
    print("p99 alone:  " + ", ".join(f"{one:.2f} ms" for one in alone))
    print("p99 beside: " + ", ".join(f"{one:.2f} ms" for one in beside))
    more = statistics.median(beside) / statistics.median(alone) - 1
    print(f"a tenant with {TIMES} times the load costs the others {more:+.0%} of their p99 (limit {MOST_MORE:.0%})")


def main() -> None:
    """Print the figures beside their limit."""
    gc.set_threshold(200_000, 20, 100)  # as the command sets it
    anyio.run(_main, backend_options={"loop_factory": Computed})


if __name__ == "__main__":
    main()
