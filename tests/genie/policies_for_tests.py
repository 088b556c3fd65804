"""What the core's tests share: payloads, agents about them, and a runtime whose account is checked at the end."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import anyio

from genie.contracts.agent import agent
from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.message import Message, Payload
from genie.policy.policy import ALLOW, Deny, Redact, Route, Span, Verdict
from genie.runtime.runtime import Runtime
from genie.testing import FunctionPolicy as Rule
from genie.testing import Gate, assert_at_rest, denying, holding, masking, turns, verdict_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from genie.policy.policy import Judge

__all__ = [
    "CARDS",
    "CLEARANCE",
    "CONSENT",
    "PERMITS",
    "Answer",
    "Gate",
    "Note",
    "Opinion",
    "Order",
    "Question",
    "Rule",
    "answerer",
    "asking",
    "assert_at_rest",
    "denying",
    "gated",
    "holding",
    "masking",
    "running",
    "turns",
    "verdict_for",
]


class Question(Payload, topic="t.question"):
    text: str = "?"
    number: int = 0


class Answer(Payload, topic="t.answer"):
    text: str = ""
    number: int = 0


class Opinion(Payload, topic="t.opinion"):
    text: str = ""


class Note(Payload, topic="t.note"):
    text: str = ""
    number: int = 0


class Order(Payload, topic="t.order", key="account"):
    account: str
    number: int


class CardNumbers:
    """Finds runs of sixteen digits; a number field of a payload is not text, so it is not looked at."""

    name: ClassVar[str] = "card_numbers"
    version: ClassVar[str] = "1"
    patterns = (r"[0-9]{16}",)

    def fold(self, text: str) -> str:
        return text

    def examine(self, text: str) -> Iterable[Span]:
        for match in re.finditer(r"[0-9]{16}", text):
            yield Span("pii.card", match.start(), match.end(), Classification.RESTRICTED)


def _found_labels(route: Route) -> Judge:
    clearance = route.recipient.clearance

    def judge(message: Message[Any], _sender: AgentCard) -> Verdict:
        over = frozenset(found.path for found in message.inspection.findings if found.label > clearance)
        return Redact(over, "card number") if over else ALLOW

    return judge


def _declared_label(route: Route) -> Judge:
    def judge(message: Message[Any], _sender: AgentCard) -> Verdict:
        return Deny("clearance", message.label.label) if message.label > route.recipient.clearance else ALLOW

    return judge


def _needs_consent(route: Route) -> Judge | None:
    if route.payload is not Note:
        return None
    return lambda message, _sender: ALLOW if "share" in message.headers.consent else Deny("consent", "not given")


class Permits(Rule):
    """Lets every label fall as far as the card says."""

    def permits(self, _fall: object) -> bool:
        return True


PERMITS = Permits(lambda _route: None, name="permits")
CARDS = Rule(_found_labels, name="cards", inspectors=(CardNumbers(),))
CLEARANCE = Rule(_declared_label, name="clearance")
CONSENT = Rule(_needs_consent, name="consent")
"""A note needs the consent ``share``."""


@agent("answerer", clearance="restricted")
async def answerer(question: Question) -> Answer:
    """Answer at once."""
    return Answer(text=question.text, number=question.number)


def gated(gate: Gate, id: str = "slow", **options: Any) -> Any:
    """Return an agent that answers a question when the gate is open."""

    @agent(id, **options)
    async def slow(question: Question) -> Answer:
        await gate.wait()
        return Answer(text=id, number=question.number)

    return slow


def asking(
    question: Payload,
    *expect: Any,
    into: list[Any],
    id: str = "desk",
    **options: Any,
) -> Any:
    """Return an agent that, given a note, gathers and keeps what it got."""

    @agent(id, asks={type(question): expect}, clearance="restricted")
    async def desk(note: Note, context: Context) -> Opinion:
        into.append(await context.gather(question, expect=expect, **options))
        return Opinion(text=note.text)

    return desk


@asynccontextmanager
async def running(*agents: Any, **options: Any) -> AsyncIterator[Runtime]:
    """Open a runtime in which nothing hangs for long, and check at the end that its account is balanced."""
    options.setdefault("seed", 1)
    options.setdefault("wall", 0.0)
    options.setdefault("prefix", "t")
    with anyio.fail_after(1_000_000):  # of virtual time
        async with Runtime(agents, **options) as runtime:
            yield runtime
            totals = runtime.statistics().totals
            assert totals.balanced, totals
