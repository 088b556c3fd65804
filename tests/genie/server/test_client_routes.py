"""The client has a method for every route of the API, but for those that only a browser can use."""

from __future__ import annotations

import contextlib
import inspect
import re

import httpx
import pytest

from genie.client import Client, SyncClient
from genie.errors import EdgeError
from genie.server.routes import RULES
from tests.genie.desk_for_tests import Granted, Transport, desk, wish

pytestmark = pytest.mark.anyio
BROWSER = {
    ("POST", "/v1/session"), ("DELETE", "/v1/session"), ("GET", "/v1/sign-in"),
    ("POST", "/v1/session/issuer"), ("GET", "/v1/session/callback"), ("POST", "/v1/session/back-channel"),
    ("POST", "/v1/session/passkey/challenge"), ("POST", "/v1/session/passkey"),
    ("POST", "/v1/passkeys/registration"), ("POST", "/v1/passkeys"),
}  # fmt: skip
"""Sign-in on the page: a program sends a key or a token instead."""


async def test_every_route_has_a_method() -> None:
    asked: set[tuple[str, str]] = set()

    def answered(request: httpx.Request) -> httpx.Response:
        asked.add((request.method, request.url.raw_path.decode().partition("?")[0]))
        return httpx.Response(200, json={})

    names = [name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")]
    routes = {(rule.method, rule.path) for rule in RULES} - BROWSER
    found: set[tuple[str, str]] = set()
    async with Client("http://127.0.0.1", "gk_none", transport=httpx.MockTransport(answered)) as client:
        for name in set(names) - {"get"}:
            asked.clear()
            method = getattr(client, name)
            hints = {one.name: one.annotation for one in inspect.signature(method).parameters.values()
                     if one.default is inspect.Parameter.empty}  # fmt: skip
            kinds = {"str": "a/b", "bool": True, "type[T]": Granted}
            values = {key: kinds.get(hint, [] if "Sequence" in hint else {}) for key, hint in hints.items()}
            with contextlib.suppress(KeyError, EdgeError):  # what comes back is no answer
                made = method(**values)
                if inspect.isasyncgen(made):
                    await anext(made)
                else:
                    await made
            (one,) = asked
            matching = {
                (verb, path) for verb, path in routes
                if verb == one[0] and re.fullmatch(re.sub(r"{\w+}", "a%2Fb", path), one[1])
            }  # fmt: skip
            assert matching, f"{name} asks for {one}, which is no route"
            found |= matching
    assert routes - found == set()


def test_what_blocks_has_the_same_methods() -> None:
    ours, theirs = ({name for name in dir(one) if not name.startswith("_")} for one in (Client, SyncClient))
    assert ours - theirs == set()


async def test_the_client_calls_the_server() -> None:
    async with desk() as at:
        transport = Transport(at.app)
        async with Client("http://127.0.0.1", at.key(tenant=None), transport=transport) as client:
            answer = await client.ask("desk", wish()["payload"], Granted)
            assert answer.text == "tea"
            (run,) = (await client.runs(status="complete"))["runs"]
            assert (await client.run(run["id"]))["answer"] == {"text": "tea"}
            assert (await client.pause("buyer", reason="a test"))["suspended"]["code"] == "paused"
            assert (await client.resume("buyer", reason="a test", pipeline="desk"))["suspended"] is None
            assert (await client.ready()) == {"status": "ready"}
            assert "genie_" in await client.metrics()
