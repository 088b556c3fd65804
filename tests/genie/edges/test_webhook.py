"""What a webhook posts, and what becomes of a message that its receiver does not take; in virtual time."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest

from genie.config.loader import parse
from genie.config.plugins import Plugins
from genie.contracts.agent import Binding, agent
from genie.contracts.limits import Retry
from genie.contracts.message import Payload
from genie.edges.http.webhook import Webhook, WebhookSettings, posting, signature
from genie.edges.index import AGENTS
from genie.errors import ConfigError
from genie.policies.clearance import Clearance
from genie.policies.pii import Pii
from genie.policy.policy import PolicySet
from genie.runtime.runtime import Runtime
from genie.testing import settled

pytestmark = pytest.mark.anyio
KEY = "a key of sixteen or more"
URL = "https://hooks.example.org/in/token-in-path?x=1"


class Bill(Payload, topic="hook.bill", version=2, classification="confidential"):
    text: str
    scan: bytes = b""


class Ask(Payload, topic="hook.ask", classification="public"):
    text: str


@agent("biller", clearance="confidential")
async def biller(ask: Ask) -> Bill:
    """Makes a bill."""
    return Bill(text=ask.text)


class Receiver(httpx.AsyncBaseTransport):
    """Answers with what a test lists, the last for ever, and keeps what it was sent and when."""

    def __init__(self, *answers: tuple[int, dict[str, str]] | type[Exception] | None) -> None:
        self.answers = list(answers) or [(200, {})]
        self.sent: list[httpx.Request] = []
        self.at: list[float] = []
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        self.at.append(anyio.current_time())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await anyio.sleep_forever()
        if isinstance(answer, type):
            raise answer("gone")
        status, headers = answer or (0, {})
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"a word of the receiver"))

    async def aclose(self) -> None:
        self.closed = True


async def public(host: str, port: int) -> tuple[str, ...]:
    return ("93.184.215.14",)


def settings(**given: Any) -> WebhookSettings:
    return WebhookSettings(**{"url": URL, "secret": KEY, **given})


def hook(receiver: Receiver, *, clearance: str = "confidential", attempts: int = 4, **given: Any) -> Binding:
    made = posting(
        "hook", Bill, settings=settings(**given), clearance=clearance,
        webhook=Webhook(resolver=public, transport=receiver),
    )  # fmt: skip
    retry = Retry(attempts=attempts, first_s=1.0, factor=2.0, longest_s=60.0)
    return replace(made, card=replace(made.card, retry=retry))


async def posted(runtime: Runtime, payload: Payload) -> Any:
    """Publish and let virtual time pass until nothing is in flight."""
    run = runtime.start(payload, type(payload))
    await run.settled()
    return runtime.statistics()


async def test_what_is_posted_names_its_envelope_and_is_signed() -> None:
    receiver = Receiver()
    async with Runtime([biller, hook(receiver)], wall=1_800_000_000.0) as runtime:
        run = runtime.start(Ask(text="two lamps"), Bill)
        await run.settled()
    (sent,) = receiver.sent
    posted = json.loads(sent.content)
    assert posted["payload"] == {
        "text": "two lamps", "scan": {"bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()},
    }  # fmt: skip
    assert (posted["topic"], posted["version"], posted["sender"]) == ("hook.bill", 2, "biller")
    assert (posted["run_id"], posted["classification"]) == (run.id, "confidential")
    assert sent.headers["x-genie-message-id"] == sent.headers["idempotency-key"] == posted["id"]
    at, _, made = sent.headers["x-genie-signature"].removeprefix("t=").partition(",v1=")
    wanted = hmac.new(KEY.encode(), f"{at}.".encode() + sent.content, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(made, wanted)
    assert int(at) == 1_800_000_000
    assert sent.method == "POST"
    assert (sent.url.host, sent.url.path, sent.url.query) == ("93.184.215.14", "/in/token-in-path", b"x=1")
    assert (sent.headers["host"], sent.extensions["sni_hostname"]) == ("hooks.example.org", "hooks.example.org")
    assert set(posted) == {"id", "run_id", "caused_by", "topic", "version", "sender", "classification", "payload"}


def test_a_signature_is_as_documented() -> None:
    assert signature("secret", 1, b"{}") == ("t=1,v1=" + hmac.new(b"secret", b"1.{}", hashlib.sha256).hexdigest())
    assert signature("secret", 2, b"{}") != signature("secret", 1, b"{}")


async def test_the_receiver_gets_what_its_clearance_may_see() -> None:
    masked, denied = Receiver(), Receiver()
    policies = PolicySet((Clearance(), Pii()))

    class Open(Payload, topic="hook.open", classification="public"):
        text: str

    def to(receiver: Receiver, name: str, kind: type[Payload]) -> Binding:
        poster = Webhook(resolver=public, transport=receiver)
        return posting(name, kind, settings=settings(), clearance="public", webhook=poster)

    async with Runtime([to(masked, "masked", Open), to(denied, "denied", Bill)], policies=policies) as runtime:
        await runtime.publish(Open(text="card 4111 1111 1111 1111, thanks"))
        await runtime.publish(Bill(text="nothing to see"))
        counted = await settled(runtime)
    assert json.loads(masked.sent[0].content)["payload"]["text"] == "card [card], thanks"
    assert denied.sent == []
    assert counted.agents["denied"].denied == 1


async def test_trouble_is_retried_with_the_same_id_and_body() -> None:
    receiver = Receiver((503, {}), (429, {}), httpx.ReadError, (204, {}))
    async with Runtime([hook(receiver)], seed=1) as runtime:
        counted = await posted(runtime, Bill(text="a"))
    assert len(receiver.sent) == 4
    assert len({sent.headers["idempotency-key"] for sent in receiver.sent}) == 1
    assert len({sent.content for sent in receiver.sent}) == 1
    waits = [after - before for before, after in zip(receiver.at, receiver.at[1:], strict=False)]
    assert [1.0 > wait / 2**n >= 0.5 for n, wait in enumerate(waits)] == [True] * 3
    assert (counted.agents["hook"].handled, counted.agents["hook"].retried) == (1, 3)


@pytest.mark.parametrize(
    ("asked", "least"),
    [
        ("30", 30.0), ("100000", 120.0), ("0", 0.0), ("soon", 0.0), ("-5", 0.0), ("9" * 400, 120.0),
        ("Fri, 15 Jan 2027 08:00:40 GMT", 40.0), ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0), ("99 Xxx 99", 0.0),
    ],
)  # fmt: skip
async def test_retry_after_is_heeded_up_to_a_bound(asked: str, least: float) -> None:
    at = datetime.datetime(2027, 1, 15, 8, 0, 0, tzinfo=datetime.UTC).timestamp()
    receiver = Receiver((503, {"Retry-After": asked}), (200, {}))
    async with Runtime([hook(receiver, longest_wait_s=120.0)], wall=at) as runtime:
        await posted(runtime, Bill(text="a"))
    waited = receiver.at[1] - receiver.at[0]
    assert max(least, 0.5) <= waited < max(least, 1.0) + 1e-6


@pytest.mark.parametrize(
    ("answer", "attempts", "reason"),
    [
        ((400, {}), 1, "hooks.example.org: answered 400"),
        ((404, {"Retry-After": "5"}), 1, "hooks.example.org: answered 404"),
        ((302, {"Location": "http://169.254.169.254/"}), 1, "hooks.example.org: answered 302; redirects are not "
         "followed"),
        ((500, {}), 4, "hooks.example.org: answered 500"),
        (httpx.ConnectError, 4, "hooks.example.org: cannot be called (ConnectError)"),
        (None, 4, "hooks.example.org: took more than 10 s"),
    ],
)  # fmt: skip
async def test_what_is_not_taken_ends_as_a_dead_letter_with_its_reason(answer: Any, attempts: int, reason: str) -> None:
    receiver = Receiver(answer)
    async with Runtime([hook(receiver)]) as runtime:
        counted = await posted(runtime, Bill(text="a"))
        (letter,) = runtime.operations.dead_letters()
    assert len(receiver.sent) == attempts
    assert letter.reason == reason
    assert (counted.agents["hook"].dead_lettered, counted.totals.balanced) == (1, True)


async def test_a_dead_letter_can_be_sent_again() -> None:
    receiver = Receiver((400, {}), (200, {}))
    async with Runtime([hook(receiver)]) as runtime:
        await posted(runtime, Bill(text="a"))
        await runtime.redrive(runtime.operations.dead_letters()[0].id)
        counted = await settled(runtime)
    assert (counted.agents["hook"].handled, len(receiver.sent)) == (1, 2)


async def test_a_consent_withdrawn_while_it_waits_is_heeded_before_the_next_attempt() -> None:
    receiver = Receiver((503, {"Retry-After": "60"}), (200, {}))
    async with Runtime([hook(receiver)]) as runtime:
        await runtime.publish(Bill(text="a"))
        await settled(runtime)
        runtime.operations.replace_policies(PolicySet((Clearance(),)))
        runtime.operations.kill("hook")
        counted = await settled(runtime)
    assert len(receiver.sent) == 1
    assert counted.agents["hook"].denied == 1


async def test_a_receiver_inside_is_refused_and_nothing_is_sent() -> None:
    async def inside(host: str, port: int) -> tuple[str, ...]:
        return ("10.1.2.3",)

    receiver, allowed = Receiver(), Receiver()
    refused = posting("refused", Bill, settings=settings(), clearance="confidential",
                      webhook=Webhook(resolver=inside, transport=receiver))  # fmt: skip
    listed = posting("listed", Bill, settings=settings(networks=("10.1.0.0/16",)), clearance="confidential",
                     webhook=Webhook(resolver=inside, transport=allowed))  # fmt: skip
    async with Runtime([refused, listed]) as runtime:
        await posted(runtime, Bill(text="a"))
        (letter,) = runtime.operations.dead_letters()
    assert letter.reason == "hooks.example.org: has a private address, which is refused"
    assert (len(receiver.sent), len(allowed.sent)) == (0, 1)


async def test_its_connections_are_closed_with_the_runtime() -> None:
    receiver = Receiver()
    async with Runtime([hook(receiver)]) as runtime:
        await runtime.publish(Bill(text="a"))
        await settled(runtime)
        assert not receiver.closed
    assert receiver.closed


def test_no_text_form_holds_the_secret_or_the_address() -> None:
    bound = hook(Receiver())
    for text in (
        repr(bound),
        str(bound.settings),
        repr(bound.settings),
        repr(bound.agent),
        bound.settings.model_dump_json(),
    ):
        assert KEY not in text
        assert "token-in-path" not in text


async def test_no_log_holds_secret_address_or_payload(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    receiver = Receiver((500, {}))
    async with Runtime([hook(receiver)]) as runtime:
        await posted(runtime, Bill(text="quite-secret-text"))
    assert "agent hook failed: WebhookError at " in caplog.text
    for secret in (KEY, "token-in-path", "quite-secret-text", "v1="):
        assert secret not in caplog.text


# --- in a pipeline file ---

PIPELINE = """
version: 1
id: billing
agents:
  - biller
  - id: bills_out
    use: webhook
    {more}
input: hook.ask
output: hook.bill
policies: [clearance]
unused: []
"""
CATALOGUE = Plugins(agents={"biller": biller, **AGENTS}, policies={"clearance": "genie.policies.clearance:Clearance"})
GIVEN = "settings: {url: 'https://hooks.example.org/x', secret: '${HOOK_KEY}'}"


def loaded(more: str) -> Any:
    return parse(PIPELINE.format(more=more), plugins=CATALOGUE, environ={"HOOK_KEY": KEY})


async def test_a_pipeline_file_binds_it_to_topics() -> None:
    more = f"topics: [hook.bill@2]\n    clearance: confidential\n    retry: {{ attempts: 2 }}\n    {GIVEN}"
    binding = loaded(more).bindings[1]
    assert (binding.card.id, binding.card.consumes, binding.card.clearance.label) == (
        "bills_out",
        (Bill,),
        "confidential",
    )
    assert binding.card.retry.attempts == 2
    assert binding.settings.secret.get_secret_value() == KEY


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (GIVEN, "list its topics under `topics`"),
        (f"topics: [hook.bil]\n    {GIVEN}", "a topic 'hook.bil'; did you mean 'hook.bill"),
        (f"topics: []\n    {GIVEN}", "1 or more"),
        (f"topics: [hook.bill]\n    {GIVEN}", "it has public, hook.bill"),
        ("topics: [hook.bill]\n    clearance: confidential", "'url' is missing"),
        ("topics: [hook.bill]\n    clearance: confidential\n    settings: {url: 'ftp://x', secret: '${HOOK_KEY}'}",
         "is not a valid URL of a receiver"),
        ("topics: [hook.bill]\n    clearance: confidential\n    "
         "settings: {url: 'https://u:p@x/', secret: '${HOOK_KEY}'}",
         "is not a valid URL of a receiver"),
        ("topics: [hook.bill]\n    clearance: confidential\n    settings: {url: 'https://x/', secret: short}",
         "16 or more"),
    ],
)  # fmt: skip
def test_what_a_file_leaves_out_or_gets_wrong_is_said(more: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(more)
    assert why in str(caught.value)
    assert KEY not in str(caught.value)


def test_topics_are_for_agents_that_leave_them_open() -> None:
    text = PIPELINE.format(more=f"topics: [hook.bill]\n    clearance: confidential\n    {GIVEN}")
    with pytest.raises(ConfigError, match="agent 'biller' has the topics of its card"):
        parse(text.replace("- biller", "- { id: biller, topics: [hook.ask] }"), plugins=CATALOGUE,
              environ={"HOOK_KEY": KEY})  # fmt: skip
