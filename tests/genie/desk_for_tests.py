"""A small served pipeline, and requests to it without a network."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx

from genie.backend.clock import Clock
from genie.config.loader import parse
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.contracts.ports.fetch import Fetch
from genie.policies.index import POLICIES
from genie.server.app import application
from genie.server.principals import ApiKeys, new_key
from genie.server.server import Server, Settings
from genie.server.who import WhoSection

ORIGIN = "http://127.0.0.1"
NOW = 4_000_000_000.0
"""Of the server; the runtimes behind it have the time of the machine, which is earlier."""


class Transport(httpx.ASGITransport):
    """Calls the application; a body that it does not read to its end leaves no generator behind."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.stream = _Body(await request.aread())
        return await super().handle_async_request(request)


class _Body(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._left = [content]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


class Wish(Payload, topic="desk.wish"):
    kind: str
    text: str = ""


class Order(Payload, topic="desk.order"):
    text: str


class Granted(Payload, topic="desk.granted"):
    text: str


@agent("teller", clearance="restricted", risk="low", tier="production", concurrency=8)
async def teller(wish: Wish) -> Granted | Order | None:
    """Grant wishes, or do what the wish says."""
    match wish.kind:
        case "fail":
            raise ValueError("secret text of a payload")
        case "slow":
            await anyio.sleep_forever()
        case "silent":
            return None
        case "order":
            return Order(text=wish.text)
    return Granted(text=wish.text)


@agent("buyer", clearance="restricted", risk="low", tier="production")
async def buyer(order: Order) -> Granted:
    """Carry out an order that somebody has approved."""
    return Granted(text=f"bought {order.text}")


TEXT = """
version: 1
id: {id}
agents: [teller, buyer]
policies:
  - topic_roles: {{ topics: {{ "desk.*": [clerk] }} }}
  - tenant_isolation
  - clearance
  - pii
  - four_eyes: {{ topics: {{ desk.order: {{ approvers: [checker] }} }} }}
limits: {{ max_runs: {runs} }}
input: desk.wish
output: desk.granted
within_s: 60
"""


def pipeline(name: str = "desk", runs: int = 50) -> Pipeline:
    plugins = Plugins(agents={"teller": teller, "buyer": buyer}, policies=POLICIES)
    return parse(TEXT.format(id=name, runs=runs), environ={}, plugins=plugins)


class Hand:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class Desk:
    """An open server, with people who call it."""

    def __init__(self, server: Server, hand: Hand) -> None:
        self.server = server
        self.hand = hand
        self.app = application(server)

    def key(self, user: str = "ann", **facts: Any) -> str:
        """Return a key of a person with every right, unless told otherwise."""
        facts = {"roles": ("clerk",), "clearance": "restricted", "tenant": "north",
                 "rights": ("ask", "observe", "approve", "operate"), **facts}  # fmt: skip
        text, kept = new_key(user=user, **facts)
        self.server.keys.add(kept)
        return text

    def http(self, key: str | None = None, **headers: str) -> httpx.AsyncClient:
        """Return a client with a key."""
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return httpx.AsyncClient(transport=Transport(self.app), base_url=ORIGIN, headers=headers)

    async def ask(self, key: str | None, kind: str = "grant", text: str = "tea", **headers: str) -> httpx.Response:
        """Ask, and wait for the answer."""
        async with self.http(key) as http:
            return await http.post("/v1/ask", json=wish(kind, text), headers=headers)

    async def get(self, path: str, key: str | None = None, method: str = "GET", body: Any = None) -> httpx.Response:
        """Send a request."""
        async with self.http(key) as http:
            return await http.request(method, path, json=body)


def wish(kind: str = "grant", text: str = "tea", of: str = "desk") -> dict[str, Any]:
    return {"pipeline": of, "payload": {"kind": kind, "text": text}}


@contextlib.asynccontextmanager
async def desk(
    *pipelines: Pipeline, who: WhoSection | None = None, fetch: Fetch | None = None, **settings: Any
) -> AsyncIterator[Desk]:
    """Open a server."""
    hand = Hand()
    server = Server(
        pipelines or (pipeline(),),
        ApiKeys(),
        Settings(**{"refused_s": 0.0, **settings}),
        clock=Clock(hand, wall=NOW),
        who=who,
        fetch=fetch,
    )
    async with server.open():
        yield Desk(server, hand)
