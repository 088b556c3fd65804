"""Egress: what was denied to somebody, or masked for them, reaches them by no way at all.

One run through agents that quote what they read wherever an agent can: in what they publish, in exceptions of theirs
and ours, in progress, in logs. Markers stand for content of a known label. Whoever has less clearance must find them
nowhere: not in the answer, events, failures, journal, a tap, a webhook; and logs, metrics, audit, incidents and
statistics hold none of them, whoever reads.
"""

from __future__ import annotations

import io
import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.edges.audit.trail import AuditSettings, AuditTrail
from genie.edges.audit.verify import verify
from genie.edges.http.webhook import Webhook, WebhookSettings, posting
from genie.edges.telemetry.logging import JsonLines
from genie.edges.telemetry.prometheus import Metrics
from genie.errors import InputError, RunError
from genie.journal.jsonl import JournalFile, JournalLines
from genie.policies.clearance import Clearance
from genie.policies.pii import Pii
from genie.policy.policy import PolicySet
from genie.runtime.report import Outcome, status_of
from genie.runtime.runtime import Runtime
from genie.testing import settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest


class Ask(Payload, topic="egress.ask", classification="public"):
    pass


class Inner(Payload, topic="egress.inner", classification="public"):
    pass


class Dig(Payload, topic="egress.dig", classification="public"):
    pass


class Secret(Payload, topic="egress.secret", classification="restricted"):
    text: str


class Memo(Payload, topic="egress.memo", classification="internal"):
    text: str


class Reply(Payload, topic="egress.reply", classification="public"):
    text: str


CARDS = ("4111 1111 1111 1111", "5500005555555559", "3400-000000-00009")
POLICIES = PolicySet((Clearance(), Pii()))


def agents(marker: str, card: str) -> list[Any]:
    """Return agents that know a secret and a card number, and tell them wherever they can."""

    @agent("vault", clearance="restricted")
    async def vault(inner: Inner) -> Secret:
        return Secret(text=marker)

    @agent("writer", clearance="restricted")
    async def writer(ask: Ask) -> tuple[Memo, Secret]:
        return Memo(text=f"please pay {card} by noon"), Secret(text=f"about {marker}")

    @agent("quoter", clearance="restricted")
    async def quoter(secret: Secret, context: Context) -> Reply:
        context.progress(secret.text)
        context.logger.warning("read %s of %s", secret, context.message)
        raise InputError(secret.text, f"{secret.text} is odd", secret.text)

    @agent("breaker", clearance="restricted")
    async def breaker(memo: Memo, context: Context) -> Reply:
        context.progress(memo.text)
        raise ValueError(memo.text)

    @agent("reader", clearance="restricted")
    async def reader(memo: Memo) -> Reply:
        raise InputError("memo", memo.text)

    @agent("digger", clearance="restricted", asks={Inner: Secret})
    async def digger(dig: Dig, context: Context) -> Memo:
        found = await context.ask(Inner(), Secret)
        raise InputError("digger", f"found {found.text}")

    @agent("clerk", clearance="internal", asks={Dig: Memo})
    async def clerk(ask: Ask, context: Context) -> Reply:
        views = await context.gather(Dig(), expect=(Memo,))
        return Reply(text=f"missing: {dict(views.missing)}")

    @agent("echo", clearance="restricted")
    async def echo(secret: Secret) -> Reply:
        return Reply(text=secret.text)

    @agent("copyist", clearance="restricted")
    async def copyist(memo: Memo) -> Reply:
        return Reply(text=memo.text)

    return [vault, writer, quoter, breaker, reader, digger, clerk, echo, copyist]


class Receiver(httpx.AsyncBaseTransport):
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        self.sent = b""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += request.content + repr(request.headers).encode()
        return httpx.Response(200, stream=httpx.ByteStream(b"taken"))


async def public(host: str, port: int) -> tuple[str, ...]:
    return ("93.184.215.14",)


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Keep every line of the library's loggers, of any level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    loggers = [logging.getLogger(name) for name in ("genie", "genie_finance")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.addHandler(handler)
        one.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.removeHandler(handler)
            one.setLevel(level)


async def tell_everybody(
    marker: str, card: str, caller: Caller, tap: Classification, hook: Classification, folder: Path
) -> dict[str, tuple[Classification | None, str]]:
    """Run once; return what each egress was given, with the clearance of whoever reads it, None for anybody."""
    receiver, lines = Receiver(), io.StringIO()
    webhook = Webhook(resolver=public, transport=receiver)
    posted = posting(
        "hook", Memo, Secret, Reply, clearance=hook, webhook=webhook,
        settings=WebhookSettings(url="https://hooks.example.org/in", secret="a key of sixteen or more"),
    )  # fmt: skip
    members = [*agents(marker, card), posted]
    cards = [one.card for one in members]
    written = JournalLines(
        policies=POLICIES, reader=caller.card(), senders={one.id: one for one in (*cards, caller.card())}
    )
    journal = JournalFile(lines, written)
    audit = AuditTrail(AuditSettings(path=folder, sampling=1.0, fsync="never"))
    events: list[Any] = []
    seen: list[Any] = []
    with logged() as log:
        async with Runtime(members, policies=POLICIES, journal=journal, audit=audit, caller=caller, seed=1) as runtime:
            async with runtime.observe(clearance=tap, capacity=10_000) as observed, anyio.create_task_group() as tasks:

                async def look() -> None:
                    async for one in observed:
                        seen.append(one)

                tasks.start_soon(look)
                run = runtime.start(Ask(), Reply)
                answer, error = None, ""
                try:
                    answer = await run.result()
                except RunError as failed:
                    error = f"{failed} {failed!r}"
                await run.settled()
                async for event in run.events():
                    events.append(event)
                await settled(runtime)
                tasks.cancel_scope.cancel()
            failures = tuple((one.agent, str(one)) for one in run.failures())
            outcome = Outcome(
                run_id=run.id, pipeline="egress", status=status_of(answer, failures, held=False, denied=True),
                elapsed_ms=1.0, answer=answer, reasons=(error,), failures=failures, messages={}, agents={},
            )  # fmt: skip
            given: dict[str, tuple[Classification | None, str]] = {
                "json": (caller.clearance, json.dumps(outcome.as_json())),
                "events": (caller.clearance, repr(events)),
                "failures": (caller.clearance, repr(run.failures())),
                "notebook": (caller.clearance, run._repr_html_()),
                "tap": (tap, repr(seen)),
                "metrics": (None, Metrics(runtime.statistics).page().decode()),
                "statistics": (None, repr(runtime.statistics())),
                "incidents": (None, repr(runtime.operations.incidents())),
            }
    given["journal"] = (caller.clearance, lines.getvalue())
    given["webhook"] = (hook, receiver.sent.decode())
    given["log"] = (None, log.getvalue())
    given["audit"] = (None, "".join(path.read_text() for path in sorted(folder.glob("*.jsonl"))))
    assert verify([folder]).intact
    return given


LEVELS = st.sampled_from(list(Classification))
MARKERS = st.text(alphabet="ghjkmnpqrvwxyz", min_size=12, max_size=16).map(lambda text: f"Zebra{text}")


@settings(max_examples=40, deadline=None)
@given(marker=MARKERS, card=st.sampled_from(CARDS), caller=LEVELS, tap=LEVELS, hook=LEVELS)
def test_what_is_denied_or_masked_leaves_by_no_way(
    tmp_path_factory: pytest.TempPathFactory, live: Callable[..., Any], marker: str, card: str,
    caller: Classification, tap: Classification, hook: Classification,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("egress")
    who = Caller(user="ann", tenant="acme", clearance=caller)
    given = live(tell_everybody, marker, card, who, tap, hook, folder)
    for egress, (clearance, text) in given.items():
        assert text
        if clearance is None or clearance < Classification.RESTRICTED:
            assert marker not in text, egress
            assert card not in text, egress


def test_a_card_number_reaches_neither_the_user_nor_a_tap_nor_a_receiver(
    tmp_path: Path, live: Callable[..., Any]
) -> None:
    """D24: what leaves for the user, for taps and for receivers is judged like what goes to an agent."""
    public, caller = Classification.PUBLIC, Caller(clearance=Classification.INTERNAL)
    given = live(tell_everybody, "Zebraghjkmnp", CARDS[0], caller, public, Classification.CONFIDENTIAL, tmp_path)
    assert not any(CARDS[0] in text or "Zebra" in text for _, text in given.values())
    assert "please pay" in given["webhook"][1]  # the rest of what was masked is there


def test_whoever_may_see_it_does(tmp_path: Path, live: Callable[..., Any]) -> None:
    """The markers are really on their way, so the test above looks at something."""
    top = Classification.RESTRICTED
    given = live(tell_everybody, "Zebraghjkmnp", CARDS[0], Caller(clearance=top), top, top, tmp_path)
    for egress in ("json", "events", "failures", "tap", "webhook", "journal"):
        assert "Zebraghjkmnp" in given[egress][1], egress
    for egress in ("tap", "webhook", "journal"):
        assert CARDS[0] in given[egress][1], egress
