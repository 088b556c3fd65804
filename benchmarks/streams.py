"""Latency of events with thousands of open streams, and the memory of a stream.

``python -m benchmarks.streams`` opens ``SESSIONS`` streams of one run that reports progress once a second, from a
process of its own, and reads them for ``SECONDS``. An event carries the time at which it happened, on a clock that both
processes share, so its age when the client has read it is what a person would wait. ``--sockets`` opens WebSockets, as
a browser does, instead of server-sent events. CPU of an event counts on a busy machine as well; ages do not.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import resource
import select
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import anyio

from genie.config.loader import parse
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.policies.index import POLICIES
from genie.server.connections import serve
from genie.server.principals import ApiKey, ApiKeys, new_key
from genie.server.server import Server, Settings

SESSIONS = 10_000
SECONDS = 10
BATCH = 50
SETTLED_S = 1.0
LONGEST_SETTLE_S = 60.0
MOST_LATE_MS = 250
MOST_KB = 25
_AT = re.compile(rb'"at":([\d.e+-]+),"kind":"progress"')
_ID = re.compile(rb'id(?:: |":")\w+\.(\d+)')
_PING = re.compile(rb"\x89\x04(.{4})", re.DOTALL)
_UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
)
_PIPELINE = """
version: 1
id: clock
agents: [clock]
policies: [clearance, tenant_isolation]
input: streams.start
output: streams.end
within_s: 3600
"""


class Start(Payload, topic="streams.start"):
    seconds: int


class End(Payload, topic="streams.end"):
    seconds: int


@agent("clock", risk="low", tier="production", timeout_s=3600)
async def clock(start: Start, context: Context) -> End:
    """Report progress once a second."""
    for second in range(start.seconds):
        await anyio.sleep(1)
        context.progress(f"second {second}")
    return End(seconds=start.seconds)


def _served(descriptor: int) -> None:
    gc.set_threshold(200_000, 20, 100)
    listener = socket.socket(fileno=descriptor)

    async def main() -> None:
        pipeline = parse(_PIPELINE, environ={}, plugins=Plugins(agents={"clock": clock}, policies=POLICIES))
        key = ApiKey.model_validate_json(os.environ["BENCH_KEY"])
        server = Server([pipeline], ApiKeys([key]), Settings(per_s=1e6, burst=10**6, drain_s=0))
        await serve(server, listener, anyio.sleep_forever)

    anyio.run(main, backend_options={"use_uvloop": True})


def _resident_kb(pid: int) -> int:
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0])


class Load:
    """Open streams of one run, and what they have read.

    Args:
        port: Of the server.
        key: Of the caller.
        sessions: How many.
        sockets: They are WebSockets.
    """

    def __init__(self, port: int, key: str, sessions: int, *, sockets: bool = False) -> None:
        self.ages: list[float] = []
        self.events = 0
        self.lost = 0
        self._last: dict[int, int] = {}
        self._port = port
        self._key = key
        self._sockets: dict[int, socket.socket] = {}
        self._poll = select.epoll()
        self._sessions = sessions
        self._how, self._began = (_UPGRADE, b"HTTP/1.1 101") if sockets else ("", b"HTTP/1.1 200")

    def request(self, line: str, body: bytes = b"", more: str = "") -> socket.socket:
        """Send a request on its own connection."""
        made = socket.create_connection(("127.0.0.1", self._port))
        head = f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._key}\r\n{more}"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        made.sendall(f"{head}\r\n".encode() + body)
        return made

    def open(self) -> None:
        """Start the run, and open the streams."""
        body = json.dumps({"pipeline": "clock", "payload": {"seconds": 3_000}}).encode()
        with self.request("POST /v1/runs", body) as started:
            found = b""
            while not found.endswith(b"}"):
                found += started.recv(65_536)
            run = json.loads(found.partition(b"\r\n\r\n")[2])["id"]
        for _ in range(self._sessions):
            made = self.request(f"GET /v1/runs/{run}/events", more=self._how)
            assert made.recv(65_536).startswith(self._began)
            made.setblocking(False)  # noqa: FBT003 - the signature of a socket
            self._sockets[made.fileno()] = made
            self._poll.register(made, select.EPOLLIN)
            if len(self._sockets) % BATCH == 0:
                self.read(0.01)  # what has come is not left for later

    def settle(self, longest_s: float) -> None:
        """Read what has gathered, until a second passes in which nothing late was read."""
        ends = time.monotonic() + longest_s
        while time.monotonic() < ends:
            self.ages = []
            self.read(1.0)
            if self.ages and max(self.ages) < SETTLED_S:
                return

    def read(self, seconds: float) -> None:
        """Read for some seconds, and note the age of each event."""
        ends, taken = time.monotonic() + seconds, []
        while (left := ends - time.monotonic()) > 0:
            for number, _ in self._poll.poll(left, self._sessions):
                data = self._sockets[number].recv(65_536)
                assert data, "a stream has ended"
                taken.append((time.monotonic(), number, data))
                if b"\x89\x04" in data:
                    for payload in _PING.findall(data):
                        self._sockets[number].send(b"\x8a\x84\0\0\0\0" + payload)
        for now, number, data in taken:  # after the clock was read for all, so that reading them adds to no age
            found = _AT.findall(data)
            self.events += len(found)
            for name in map(int, _ID.findall(data)):
                self.lost += name - self._last.get(number, name - 1) - 1
                self._last[number] = name
            self.ages += [now - float(at) for at in found]


def main() -> None:
    """Print the figures beside their limits."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--serve", type=int)
    given.add_argument("--sessions", type=int, default=SESSIONS)
    given.add_argument("--seconds", type=int, default=SECONDS)
    given.add_argument("--sockets", action="store_true")
    options = given.parse_args()
    if options.serve is not None:
        _served(options.serve)
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    key, kept = new_key(user="ann")
    listener = socket.create_server(("127.0.0.1", 0), backlog=2_048)
    started = subprocess.Popen(  # noqa: S603 - this very module
        [sys.executable, "-m", "benchmarks.streams", "--serve", str(listener.fileno())],
        pass_fds=[listener.fileno()], env={**os.environ, "BENCH_KEY": kept.model_dump_json()},
    )  # fmt: skip
    try:
        load = Load(listener.getsockname()[1], key, options.sessions, sockets=options.sockets)
        load.request("GET /readyz").recv(1_000)
        before = _resident_kb(started.pid)
        load.open()
        load.settle(LONGEST_SETTLE_S)
        weight = (_resident_kb(started.pid) - before) / options.sessions
        load.ages, load.events = [], 0
        cpu, began = _cpu(started.pid), time.monotonic()
        load.read(options.seconds)
        took, used = time.monotonic() - began, _cpu(started.pid) - cpu
        ages = sorted(load.ages)
        print(f"{options.sessions:,} streams, {load.events:,} events in {took:.1f} s, {used / took:.0%} of one core")
        print(f"CPU of the server: {used / max(1, load.events) * 1e6:.1f} us an event of a stream")
        middle, late, last = (one * 1e3 for one in (statistics.median(ages), ages[int(len(ages) * 0.99)], ages[-1]))
        print(f"age: median {middle:.0f} ms, p99 {late:.0f} ms (limit {MOST_LATE_MS}), last {last:.0f} ms")
        print(f"lost: {load.lost}")
        print(f"a stream: {weight:.1f} KB (limit {MOST_KB})")
    finally:
        started.kill()
        started.wait(20)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
