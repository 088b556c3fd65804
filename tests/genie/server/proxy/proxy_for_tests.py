"""An open proxy over scripted models, and calls of it without a network."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx

from genie.backend.clock import Clock
from genie.config.loader import parse
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.contracts.model_call import ModelRequest
from genie.contracts.ports.provider import WireDelta, WirePart
from genie.edges.llm.agent import Calls, ModelAgent
from genie.edges.llm.price import Price
from genie.edges.llm.settings import ModelOptions
from genie.policies.index import POLICIES
from genie.server.principals import ApiKeys, new_key
from genie.server.proxy.app import proxy_application
from genie.server.proxy.proxy import Proxy
from genie.server.proxy.spend import Spend, Spent
from genie.server.server import Server, Settings
from genie.testing.providers import Rule, ScriptedProvider

NOW = 4_000_000_000.0
PRICE = Price(input="1", output="1000000")
"""A token of a reply costs 1, one of a request a millionth."""
TEXT = """
version: 1
id: desk_proxy
agents: [desk, house]
policies: [{policies}]
{more}
input: model.request
output: model.reply
unused: [model.delta, model.restarted, model.failed]
within_s: 60
"""


class Hand:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def models(*rules: Rule, house: tuple[Rule, ...] = (), **options: Any) -> dict[str, ModelAgent]:
    """Return a model and the one that takes over from it, if that has rules."""
    given = {"internal": True, "price": PRICE, "max_output": 64, "backoff_s": 0.0, **options}
    calls = Calls()
    fallback = ("house",) if house else ()
    desk = ModelAgent("desk", ScriptedProvider(*rules), ModelOptions(**given, fallback=fallback), calls=calls)
    other = ModelAgent(
        "house", ScriptedProvider(*house or (Rule("", "from the house"),), family="scripted/small", window=4_000),
        ModelOptions(**given), calls=calls, takes_over=bool(house),
    )  # fmt: skip
    return {"desk": desk, "house": other}


def pipeline(agents: Mapping[str, ModelAgent], more: str = "", policies: str = "clearance") -> Pipeline:
    return parse(
        TEXT.format(more=more, policies=policies), environ={}, plugins=Plugins(agents=dict(agents), policies=POLICIES)
    )


class Answer(NamedTuple):
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of the events of a stream; ``[DONE]`` is left as it is."""
        found = [line[6:] for line in self.body.decode().splitlines() if line.startswith("data: ")]
        return [one if one == "[DONE]" else json.loads(one) for one in found]


class Stuck(ScriptedProvider):
    """A model that says some words, each when the one before it has been read, and then nothing more."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.words = words

    async def open(
        self, request: ModelRequest, *, first_token_s: float, idle_s: float
    ) -> AsyncGenerator[WirePart, None]:
        self.calls += 1
        try:
            for _ in range(self.words):
                yield WireDelta(0, "text", "word " * 10)
                await anyio.wait_all_tasks_blocked()
            await anyio.sleep_forever()
        finally:
            self.ended += 1


def stuck(words: int = 2) -> dict[str, ModelAgent]:
    agents = models(Rule("", "never"))
    agents["desk"].provider = Stuck(words)
    return agents


class Desk:
    """An open proxy, and its clients."""

    def __init__(self, server: Server, proxy: Proxy, hand: Hand) -> None:
        self.server, self.proxy, self.hand = server, proxy, hand
        self.app = proxy_application(proxy)
        self.words = anyio.Event()
        """Some words of a reply have left."""

    def key(self, user: str = "ann", **facts: Any) -> str:
        text, kept = new_key(user=user, **facts)
        self.server.keys.add(kept)
        return text

    async def post(self, path: str, key: str, body: Any, **headers: str) -> Answer:
        """Send a call, and read its whole answer."""
        return await self.leave_after(10**9, path, key, body, **headers)

    async def leave_after(self, pieces: int, path: str, key: str, body: Any, **headers: str) -> Answer:
        """Send a call, and go away after some pieces of its answer."""
        sent: list[Any] = []
        left = anyio.Event()
        whole = json.dumps(body).encode()
        asked = [{"type": "http.request", "body": whole, "more_body": False}]
        given = {"host": "127.0.0.1", "content-type": "application/json", "authorization": f"Bearer {key}", **headers}
        scope = {
            "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()], "client": ("127.0.0.1", 1),
            "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80), "root_path": "",
        }  # fmt: skip

        async def receive() -> Any:
            if asked:
                return asked.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if len(sent) > 1:
                self.words.set()
            if len(sent) > pieces:
                left.set()
                await anyio.sleep_forever()

        await self.app(scope, receive, send)
        return Answer(
            sent[0]["status"] if sent else 0,
            {name.decode(): value.decode() for name, value in (sent[0]["headers"] if sent else ())},
            b"".join(one.get("body", b"") for one in sent[1:]),
        )

    def http(self, key: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {key}"}
        )

    def account(self, kind: str) -> Spent:
        (found,) = self.proxy.spend.all(kind)
        return found


@contextlib.asynccontextmanager
async def desk(
    agents: Mapping[str, ModelAgent], more: str = "", spend: Path | None = None, policies: str = "clearance"
) -> AsyncIterator[Desk]:
    """Open a proxy."""
    hand = Hand()
    server = Server([pipeline(agents, more, policies)], ApiKeys(), Settings(), clock=Clock(hand, wall=NOW))
    with Spend(spend) as accounts:
        async with server.open():
            yield Desk(server, Proxy(server, accounts), hand)


def chat(text: str = "what is a bus?", **more: Any) -> dict[str, Any]:
    return {"model": "desk", "messages": [{"role": "user", "content": text}], **more}


def message(text: str = "what is a bus?", **more: Any) -> dict[str, Any]:
    return {"model": "desk", "max_tokens": 32, "messages": [{"role": "user", "content": text}], **more}


CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
