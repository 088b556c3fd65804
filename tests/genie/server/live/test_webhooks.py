"""Webhooks: what a receiver gets, what happens when it does not take it, and which addresses are refused."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from genie.server.webhooks import MOST_WAITING, WAITS_S, Delivery
from tests.genie.server.live.test_connections import Live, live

pytestmark = pytest.mark.anyio
LOCAL = {"webhook_networks": ("127.0.0.0/8",)}


class Receiver:
    """Takes posts, and answers with the statuses that the test names, then 204."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.heads: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.got = anyio.Event()
        self.url = ""

    async def serve(self, stream: SocketStream) -> None:
        async with stream:
            whole = b""
            while b"\r\n\r\n" not in whole:
                whole += await stream.receive()
            head, _, body = whole.partition(b"\r\n\r\n")
            fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
            while len(body) < int(fields["content-length"]):
                body += await stream.receive()
            self.heads.append(fields)
            self.bodies.append(body)
            status = self.statuses.pop(0) if self.statuses else 204
            await stream.send(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
            self.got.set()


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    made = Receiver()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    made.url = f"http://127.0.0.1:{listener.listeners[0].extra_attributes[SocketAttribute.local_port]()}/hook"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, made.serve)
        yield made
        tasks.cancel_scope.cancel()
    await listener.aclose()


async def hooked(at: Live, key: str, url: str, **more: Any) -> dict[str, Any]:
    found = await at.get("/v1/webhooks", key, "POST", {"url": url, **more})
    assert found.status_code == 201, found.text
    made: dict[str, Any] = found.json()
    return made


async def test_a_receiver_is_told_of_a_run_in_a_signed_event_without_its_payload() -> None:
    async with receiving() as receiver, live(**LOCAL) as at:
        key = at.key()
        made = await hooked(at, key, receiver.url)
        run = (await at.ask(key, "grant", "secret words")).json()["id"]
        with anyio.fail_after(10):
            await receiver.got.wait()
        head, body = receiver.heads[0], receiver.bodies[0]
        event = json.loads(body)
        assert (event["type"], event["subject"], event["data"]["status"]) == ("genie.run.complete", run, "complete")
        assert b"secret words" not in body
        signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
        secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode().lower()
        assert head["webhook-signature"] == f"v1,{expected}"
        assert "secret" not in (await at.get(f"/v1/webhooks/{made['id']}", key)).json()


async def test_nobody_is_told_of_the_runs_of_others() -> None:
    async with receiving() as receiver, live(**LOCAL) as at:
        made = await hooked(at, at.key("eve"), receiver.url)
        await at.ask(at.key("ann"))
        await at.ask(at.key("eve", tenant="south"))
        assert at.server.webhooks.all[made["id"]].waiting == []
        for key in (at.key("ann"), at.key("eve", tenant="south")):
            assert (await at.get(f"/v1/webhooks/{made['id']}", key)).status_code == 404
            assert (await at.get("/v1/webhooks", key)).json() == {"webhooks": []}


@pytest.mark.parametrize(
    ("status", "code", "again"),
    [(503, "status_503", True), (429, "status_429", True), (400, "status_400", False), (302, "status_302", False)],
)
async def test_what_a_receiver_does_not_take_is_tried_again_or_kept(status: int, code: str, again: bool) -> None:
    async with receiving() as receiver, live(**LOCAL) as at:
        made = at.server.webhooks.all[(await hooked(at, at.key(), receiver.url))["id"]]
        receiver.statuses = [status] * 20
        await at.server.webhooks.attempt(made, Delivery("d1", b"{}"))
        left = made.waiting if again else made.letters
        assert [(one.code, one.attempts) for one in left] == [(code, 1)]


async def test_attempts_are_bounded_and_a_dead_letter_can_be_sent_again() -> None:
    async with receiving() as receiver, live(**LOCAL) as at:
        key = at.key()
        made = at.server.webhooks.all[(await hooked(at, key, receiver.url))["id"]]
        receiver.statuses = [500]
        await at.server.webhooks.attempt(made, Delivery("d1", b"{}", attempts=len(WAITS_S)))
        assert (made.waiting, [one.attempts for one in made.letters]) == ([], [len(WAITS_S) + 1])
        receiver.got = anyio.Event()
        again = await at.get(f"/v1/webhooks/{made.id}/redeliver", key, "POST", {"reason": "it is repaired"})
        assert again.status_code == 202
        with anyio.fail_after(10):
            await receiver.got.wait()
        assert receiver.heads[-1]["webhook-id"] == "d1"


async def test_a_receiver_that_is_gone_gets_nothing_more() -> None:
    async with receiving() as receiver, live(**LOCAL) as at:
        made = at.server.webhooks.all[(await hooked(at, at.key(), receiver.url))["id"]]
        receiver.statuses = [410]
        await at.server.webhooks.attempt(made, Delivery("d1", b"{}"))
        assert made.disabled == "status_410"
        for number in range(MOST_WAITING + 5):
            made.put(Delivery(str(number), b""))
        assert (len(made.waiting), made.letters[-1].code) == (MOST_WAITING, "overflow")


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        *((url, 422, "invalid") for url in ("ftp://receiver.example", "https://u:p@receiver.example", "receiver",
                                            "https://", "file:///etc/passwd", "https://[::1", "https://a b/")),
        *((url, 403, "forbidden") for url in ("http://receiver.example/x", "https://receiver.example:99999/")),
    ],
)  # fmt: skip
async def test_an_address_that_may_not_be_called_is_refused(url: str, status: int, code: str) -> None:
    """Was: the document of the API allowed what was then not valid."""
    async with live() as at:
        found = await at.get("/v1/webhooks", at.key(), "POST", {"url": url})
        assert (found.status_code, found.json()["code"]) == (status, code)


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "10.0.0.1"])
async def test_a_private_address_is_not_called(host: str) -> None:
    async with live() as at:
        made = at.server.webhooks.all[(await hooked(at, at.key(), f"https://{host}/hook"))["id"]]
        await at.server.webhooks.attempt(made, Delivery("d1", b"{}"))
        assert [one.code for one in made.letters] == ["unreachable"]


async def test_a_key_that_has_ended_ends_its_webhooks() -> None:
    async with receiving() as receiver, live(**LOCAL) as at:
        await hooked(at, at.key("ann"), receiver.url)
        at.server.take_keys(type(at.server.keys)())
        await at.ask(at.key("ann"))
        assert at.server.webhooks.all == {}
