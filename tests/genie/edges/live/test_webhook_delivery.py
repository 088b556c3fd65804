"""A webhook and a real receiver on this machine."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie.contracts.limits import Retry
from genie.contracts.message import Payload
from genie.edges.http.webhook import Webhook, WebhookSettings, posting, signature
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.agent import Binding

pytestmark = pytest.mark.anyio
KEY = "a key of sixteen or more"


class Bill(Payload, topic="live.bill", classification="public"):
    text: str


async def here(host: str, port: int) -> tuple[str, ...]:
    await anyio.lowlevel.checkpoint()
    return ("127.0.0.1",)


def hook(port: int, **given: Any) -> Binding:
    settings = WebhookSettings(
        url=f"http://hooks.test:{port}/in", secret=KEY, http=True, networks=("127.0.0.0/8",), **given
    )
    made = posting("hook", Bill, settings=settings, webhook=Webhook(resolver=here))
    return replace(made, card=replace(made.card, retry=Retry(attempts=3, first_s=0.0)))


async def posted(runtime: Runtime, text: str) -> Any:
    run = runtime.start(Bill(text=text), Bill)
    await run.settled()
    return runtime.statistics().agents["hook"]


async def test_messages_arrive_over_one_connection(serve: Any, answered: Callable[..., bytes]) -> None:
    async with serve(lambda _: answered("202 Accepted", b"thanks")) as server, Runtime([hook(server.port)]) as runtime:
        for text in ("first", "second"):
            counted = await posted(runtime, text)
    assert [json.loads(request.body)["payload"] for request in server.requests] == [
        {"text": "first"},
        {"text": "second"},
    ]
    assert (counted.handled, server.connections) == (2, 1)
    request = server.requests[0]
    assert request.line == "POST /in HTTP/1.1"
    assert request.headers["host"] == f"hooks.test:{server.port}"
    at = int(request.headers["x-genie-signature"].removeprefix("t=").partition(",")[0])
    assert request.headers["x-genie-signature"] == signature(KEY, at, request.body)


async def test_a_receiver_that_recovers_gets_the_message(serve: Any, answered: Callable[..., bytes]) -> None:
    answers = [answered("503 Service Unavailable", b"", "Retry-After: 0"), b"nonsense\r\n\r\n", answered("200 OK")]
    async with serve(lambda _: answers.pop(0)) as server, Runtime([hook(server.port)]) as runtime:
        counted = await posted(runtime, "a")
    assert (counted.handled, counted.retried) == (1, 2)
    assert len({request.headers["idempotency-key"] for request in server.requests}) == 1


async def test_a_redirect_is_not_followed(serve: Any, answered: Callable[..., bytes]) -> None:
    moved = answered("307 Temporary Redirect", b"", "Location: /other")
    async with serve(lambda _: moved) as server, Runtime([hook(server.port)]) as runtime:
        counted = await posted(runtime, "a")
        (letter,) = runtime.operations.dead_letters()
    assert (counted.dead_lettered, len(server.requests)) == (1, 1)
    assert letter.reason == "hooks.test: answered 307; redirects are not followed"


async def test_an_endless_answer_is_cut_and_the_message_is_taken(serve: Any, answered: Callable[..., bytes]) -> None:
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n"
    answers = [endless + (b"400\r\n" + b"x" * 1024 + b"\r\n") * 100, answered()]
    async with serve(lambda _: answers.pop(0)) as server, Runtime([hook(server.port)]) as runtime:
        await posted(runtime, "a")
        counted = await posted(runtime, "b")
    assert (counted.handled, len(server.requests)) == (2, 2)


async def test_a_receiver_that_is_not_there_is_a_dead_letter(serve: Any, answered: Callable[..., bytes]) -> None:
    async with serve(lambda _: answered()) as server:
        pass
    async with Runtime([hook(server.port)]) as runtime:
        counted = await posted(runtime, "a")
        (letter,) = runtime.operations.dead_letters()
    assert (counted.dead_lettered, counted.retried) == (1, 2)
    assert letter.reason == "hooks.test: cannot be called (ConnectError)"


async def test_two_messages_are_posted_at_a_time_and_each_arrives_once(
    serve: Any, answered: Callable[..., bytes]
) -> None:
    async with serve(lambda _: answered()) as server, Runtime([hook(server.port)]) as runtime:
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(posted, runtime, str(number))
        counted = runtime.statistics().agents["hook"]
    texts = sorted(int(json.loads(request.body)["payload"]["text"]) for request in server.requests)
    assert (counted.handled, texts) == (20, list(range(20)))
