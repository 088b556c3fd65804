"""Defects that were verified in an earlier platform, each as behaviour that Genie does not have.

The numbers in the docstrings are those of the list of defects that the design rests on.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import anyio
import pytest

from genie.config.loader import parse
from genie.contracts.agent import agent
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.headers import Headers
from genie.contracts.message import Inspection, Payload, Value, stamp
from genie.errors import ConfigError, GenieError, HeadersWidenedError, PayloadDefinitionError, RunStalled
from genie.policies.clearance import Clearance
from genie.policies.explainability import Explainability, ExplainabilitySettings
from genie.policies.index import default_set
from genie.policy.policy import ALLOW, Environment, Route
from tests.genie.policies_for_tests import Answer, Note, Opinion, Question, answerer, denying, running

ANN = Caller(user="ann", clearance=Classification.INTERNAL)
DEFAULT = default_set(Environment())


@pytest.mark.anyio
async def test_what_has_the_default_classification_reaches_a_caller_and_an_agent_of_the_default_clearance() -> None:
    """D8: asking about a document of the default classification was always denied."""
    reader = AgentCard(id="reader")

    class Reading:
        card = AgentCard(id="reader", consumes=(Question,), produces=(Answer,))

        async def handle(self, message: Any, context: Context) -> Answer:
            return Answer(text="read")

    assert Question.__topic__.classification <= reader.clearance
    async with running(Reading(), policies=DEFAULT) as runtime:
        assert await runtime.ask(Question(), Answer, caller=Caller(user="ann")) == Answer(text="read")


@pytest.mark.parametrize("label", ["TOP-SECRET", "PII", "Public", "public ", "", "0"])
def test_a_label_that_is_none_is_refused_and_never_taken_for_public(label: str) -> None:
    """D9: free text as a label ranked as public."""
    with pytest.raises(ValueError, match="is not a classification"):
        Classification.parse(label)
    with pytest.raises(PayloadDefinitionError, match="is not a classification"):
        type("Labelled", (Payload,), {"__module__": __name__}, topic="t.labelled", classification=label)


@pytest.mark.anyio
@pytest.mark.parametrize("denied", [("answerer", Question), ("caller:ann", Answer)])
async def test_who_asks_is_told_of_a_denial_at_once_and_by_whom(denied: tuple[str, type[Payload]]) -> None:
    """D11: a denied message sent no reply, and its caller waited for the timeout."""
    async with running(answerer, policies=denying(*denied)) as runtime:
        before = anyio.current_time()
        with pytest.raises(RunStalled, match="denied"):
            await runtime.ask(Question(), Answer, caller=ANN, within_s=3_600)
        assert anyio.current_time() == before


@pytest.mark.anyio
async def test_answers_and_observers_are_judged_like_every_delivery() -> None:
    """D24: what went to the user and to observers was never evaluated, and observers saw what was denied."""
    text = "4111 1111 1111 1111, ann.smith@example.org"
    async with (
        running(answerer, policies=DEFAULT) as runtime,
        runtime.observe(clearance=Classification.INTERNAL) as observed,
    ):
        answer = await runtime.ask(Question(text=text), Answer, caller=ANN)
        assert answer.text == "[card], [email]"
        for _ in range(2):
            seen = await anext(observed)
            assert "4111" not in repr(seen)
            assert "ann.smith" not in repr(seen)

    async with (
        running(answerer, policies=denying("tap", Answer)) as runtime,
        runtime.observe(Answer, clearance=Classification.RESTRICTED) as observed,
    ):
        await runtime.ask(Question(text=text), Answer, caller=ANN)
        seen = await anext(observed)
        assert (seen.payload, seen.headers) == (None, None)
        assert "4111" not in repr(seen)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "wider",
    [
        {"roles": frozenset({"admin"})}, {"user": "ceo"}, {"tenant": "globex"}, {"region": "us"},
        {"consent": frozenset({"sell"})}, {"classification": Classification.PUBLIC},
    ],
)  # fmt: skip
async def test_an_agent_cannot_widen_headers_and_cannot_name_its_sender(wider: dict[str, Any]) -> None:
    """D25: sender, roles, user and classification were metadata that any agent could rewrite."""
    raised: list[GenieError] = []

    @agent("forger", publishes=(Note,))
    async def forger(question: Question, context: Context) -> Opinion:
        own = {field.name: getattr(context.headers, field.name) for field in fields(Headers)}
        try:
            await context.publish(Note(), headers=Headers(**{**own, **wider}))
        except HeadersWidenedError as error:
            raised.append(error)
        await context.publish(Note(), headers=context.headers.narrowed(roles=frozenset()))
        return Opinion()

    senders: list[str] = []

    class Reader:
        card = AgentCard(id="reader", consumes=(Note,))

        async def handle(self, message: Any, context: Context) -> None:
            senders.append(message.sender)

    floor = Caller(user="ann", tenant="acme", roles=frozenset({"clerk"}), region="in", consent=frozenset({"share"}))

    @agent("raiser", publishes=(Question,))
    async def raiser(answer: Answer, context: Context) -> None:
        await context.publish(Question(), headers=context.headers.narrowed(classification=Classification.INTERNAL))

    async with running(raiser, forger, Reader()) as runtime:
        await runtime.publish(Answer(), caller=floor)
        await anyio.sleep(1)
        assert runtime.statistics().agents["forger"].refused == 1
    assert len(raised) == 1
    assert senders == ["forger"]


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ("payload_size: {max_byte: 10}", "max_bytes"),
        ("pii: {acton: deny}", "action"),
        ("residency: {hear: in}", "here"),
        ("consent: {topic: {}}", "topics"),
        ("disclosure: {topics: {a.b: no}}", "disclosure"),
        ("tenant_isolation: {require_tenant: 'yes'}", "true or false"),
        ("tenant_isolaton: {}", "tenant_isolation"),
        ("declassification: {permits: [{agent: a, topic: a.b, to: secret, because: they are totals}]}", "secret"),
    ],
)
def test_a_slip_in_a_policys_settings_is_an_error_at_its_line_and_never_a_control_turned_off(
    policy: str, why: str
) -> None:
    """D26: a typo silently turned a control off, and some keys were parsed and ignored."""
    text = f"version: 1\nid: a\nagents: [adviser]\npolicies:\n  - {policy}\ninput: a.b\noutput: a.c\n"
    with pytest.raises(ConfigError) as refused:
        parse(text, name="p.yaml")
    assert any(line.startswith("p.yaml:5: ") and why in line for line in refused.value.problems), refused.value.problems


class Item(Payload, topic="t.item"):
    verdict: str = "supported"
    rationale: str = ""


def test_a_placeholder_is_a_whole_text_and_no_part_of_one() -> None:
    """D27: a grader looked for a word inside a text, so that 'not supported' counted as supported."""
    rule = {"rationale": "rationale", "verdict": ["verdict"]}
    policy = Explainability(ExplainabilitySettings.model_validate({"topics": {"t.item": rule}}))
    judge = policy.compile(Route(Item, AgentCard(id="reader")))
    assert judge is not None
    for text in (
        "Two payments to unknown counterparties left on one day.",
        "No reason was found why the fee was charged a second time.",
        "The claim is not supported: neither statement names that account.",
    ):
        item = Item(rationale=text)
        message = stamp(1, item, "s", None, None, 0, 0, Headers(), Classification.PUBLIC, Inspection(1))
        assert judge(message, AgentCard(id="s")) is ALLOW


class Row(Value):
    narration: str = ""


class Statement(Payload, topic="t.statement"):
    raw: bytes = b""
    rows: tuple[Row, ...] = ()


def test_nothing_rides_along_that_inspectors_do_not_see() -> None:
    """D39: a decrypted statement travelled in the metadata, unseen by policies that read the content only."""
    for payload in (
        Statement(raw=b"4111 1111 1111 1111"),
        Statement(rows=(Row(), Row(narration="4111 1111 1111 1111"))),
    ):
        assert [found.kind for found in DEFAULT.inspectors.inspect(payload).findings] == ["pii.card"]
    # Headers hold nothing of an agent's choosing: names, sets of names, a level and a trace, and no more.
    named = {"tenant", "user", "roles", "classification", "region", "consent", "traceparent"}
    assert {field.name for field in fields(Headers)} == named


def test_the_clearance_of_the_default_set_is_asked_for_every_payload() -> None:
    """D9: a recipient without a rule of its own was given everything."""
    assert any(isinstance(policy, Clearance) for policy in DEFAULT.policies)


LOOKS_LIKE_IT = (
    "3f2504e0-4f89-11d3-9a0c-030512345678",  # a UUID with twelve digits in a row
    "user 6ba7b810-9dad-11d1-80b4-001234567890 asked",
    "amount_paise: 1000000000",  # one crore rupees
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "z-score 12.3456789012",
)
IS_ONE = (
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "+91 98765-43210",
    "ABCPE1234F",
    "2341 2341 2346",
    "ann.lee@okhdfcbank",
)


@pytest.mark.parametrize("text", LOOKS_LIKE_IT)
def test_a_row_of_digits_is_no_telephone_and_stops_nobody(text: str) -> None:
    """D10: any ten to twelve digits counted as a telephone, so that one user in sixty never got an answer."""
    assert DEFAULT.inspectors.inspect(Note(text=text)).findings == ()


@pytest.mark.parametrize("text", IS_ONE)
def test_personal_data_is_found_however_it_is_spaced(text: str) -> None:
    """D10: cards and telephones with spaces or dashes, PAN, spaced Aadhaar and UPI addresses were missed."""
    assert DEFAULT.inspectors.inspect(Note(text=f"it is {text} today")).findings
