"""What a decision says, counts and hides: reasons, notices, stand-ins, and how often a policy is asked."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from genie import Caller, Mailbox, Overflow, PolicySet, Retry, agent
from genie.policy.evaluator import Evaluator
from genie.policy.opinions import CompiledPolicy
from genie.policy.verdicts import ALLOW, Allow, Deny, Hold, Redact, VaultField
from tests.genie.conftest import Envelopes
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Question,
    Rule,
    answerer,
    assert_at_rest,
    gated,
    running,
    turns,
    verdict_for,
)

pytestmark = pytest.mark.anyio


# --- reasons ---


@pytest.mark.parametrize("first", [True, False])
async def test_a_denial_is_named_by_the_policy_that_denies_wherever_it_stands(first: bool) -> None:
    masks = verdict_for("answerer", Question, Redact(frozenset({("text",)}), "mask"), name="masks")
    denies = verdict_for("answerer", Question, Deny("closed", "not today"), name="denies")
    policies = PolicySet((denies, masks) if first else (masks, denies))
    async with running(answerer, policies=policies) as runtime:
        run = runtime.start(Question(), Answer)
        await run.settled()
        [failure] = run.failures()
        assert failure.reason.code == "denies:closed"
        assert "masks" not in failure.reason.detail


@pytest.mark.parametrize("verdict", [Deny("code", "sesame"), Redact(frozenset({("text",)}), "sesame"), Hold("sesame")])
def test_a_reason_never_shows_what_is_to_be_hidden(verdict: Any) -> None:
    """Such as a value of the environment that a setting of the policy holds."""
    compiled = CompiledPolicy("one", "1", lambda _message, _sender: verdict)
    evaluator = Evaluator((compiled,), "set", hide=lambda text: text.replace("sesame", "[hidden]"))
    decision = evaluator.judge(Envelopes()(Question()), answerer.card)
    assert decision is not None
    assert [reason.text for reason in decision.reasons] == ["[hidden]"]


async def test_hiding_leaves_plain_allows_and_slow_judges_as_they_are() -> None:
    """They carry no reason; each policy is still heard."""
    allow = verdict_for("answerer", Question, Allow(("disclosure",)), name="notice")
    policies = PolicySet((allow,), hide=str.upper)
    async with running(answerer, policies=policies) as runtime:
        run = runtime.start(Question(text="q"), Answer)
        assert (await run.result()).text == "q"


def test_the_hash_of_a_set_says_which_policies_only_listen() -> None:
    policy = verdict_for("answerer", Question, Deny("code", "why"), name="one")
    sets = (PolicySet((policy,)), PolicySet((policy,), shadow=frozenset({"one"})), PolicySet())
    assert len({one.sha256 for one in sets}) == 3


# --- counts ---


async def test_a_notice_alone_masks_nothing() -> None:
    """A message that is allowed with a notice is the original, not a copy; it does not count as masked."""
    notice = verdict_for("caller:ann", Answer, Allow(("disclosure",)), name="notice")
    async with running(answerer, policies=PolicySet((notice,))) as runtime:
        run = runtime.start(Question(text="q"), Answer, caller=Caller(user="ann"))
        assert (await run.result()).text == "q"
        await run.settled()
        assert run.messages().redacted == 0


async def test_late_answers_count_in_the_run_and_in_the_runtime() -> None:
    gate = Gate()
    async with running(answerer, gated(gate)) as runtime:
        run = runtime.start(Question(), Answer)
        await run.result()
        gate.open.set()
        await run.settled()
        assert run.messages().late == 1
        assert runtime.statistics().late == 1


async def test_a_run_remembers_a_thousand_failures_and_no_more() -> None:
    gate = Gate()
    slow = gated(gate, mailbox=Mailbox(capacity=1, overflow=Overflow.SHED_NEWEST), concurrency=1)

    @agent("flood")
    async def flood(note: Note) -> tuple[Question, ...]:
        return tuple(Question(number=number) for number in range(1_010))

    async with running(flood, slow) as runtime:
        run = runtime.start(Note(), Answer)
        await turns(20)
        assert len(run.failures()) == 1_000
        gate.open.set()
        await run.settled()
        assert run.messages().dead_lettered >= 1_000
        assert_at_rest(runtime)


# --- how often a policy is asked ---


async def test_what_is_approved_is_not_judged_again_while_nothing_has_changed() -> None:
    gate = Gate()
    asked: list[str] = []

    @agent("guarded")
    async def guarded(question: Question) -> Answer:
        if question.text == "first":
            await gate.wait()
        return Answer(text=question.text)

    def compile_route(route):
        if route.recipient.id != "guarded":
            return None

        def judge(message, _sender):
            asked.append(message.payload.text)
            return ALLOW if message.payload.text == "first" else Hold("ask")

        return judge

    async with running(guarded, policies=PolicySet((Rule(compile_route),))) as runtime:
        await runtime.publish(Question(text="first"))
        await gate.reached.wait()
        run = runtime.start(Question(text="second"), Answer, caller=Caller(user="ann"))
        await turns()
        runtime.approvals.approve(runtime.approvals.holds()[0].id, by="ben", reason="fine")
        await turns()
        before = len(asked)
        gate.open.set()
        assert (await run.result()).text == "second"
        assert len(asked) == before
        assert_at_rest(runtime)


# --- stand-ins ---


class Numbered:
    """A vault that says which one it is."""

    def __init__(self, number: int) -> None:
        self.number = number

    def stand_in(self, _tenant: str | None, _kind: str, _value: str) -> str:
        return f"v{self.number}"

    def original(self, _tenant: str, _stand_in: str) -> str | None:
        return None


def test_a_path_with_stand_ins_is_another_than_the_same_path_with_those_of_another_vault() -> None:
    """Masked copies are kept by their paths: two policies with two vaults share none."""
    one, two = Numbered(1), Numbered(2)
    path = VaultField(("text",), one, "pii")
    assert path == VaultField(("text",), one, "pii")
    assert path not in {VaultField(("text",), two, "pii"), VaultField(("other",), one, "pii"), ("text",)}
    assert path != VaultField(("text",), two, "pii")
    assert not path != VaultField(("text",), one, "pii")  # noqa: SIM202 - the operator is what is tested


# --- deliveries as plain values ---


async def test_a_delivery_says_where_it_is() -> None:
    gate = Gate()
    slow = gated(gate)
    async with running(slow) as runtime:
        runtime.start(Question(), Answer)
        await gate.reached.wait()
        await runtime.publish(Question(number=1))
        await turns()
        records = [delivery.record() for delivery in runtime.bus.deliveries()]
        assert [(record["agent"], record["state"]) for record in records] == [("slow", "running"), ("slow", "queued")]
        for record in records:
            assert record["attempt"] == 1
            assert record["tried"] == record["approved"] == []
            assert record["instead_of"] is record["parked"] is None
        gate.open.set()
        await runtime.drain(10)


async def test_a_retried_fallback_says_whom_it_stands_for_and_why_it_waits() -> None:
    @agent("first", fallback="second")
    async def first(question: Question) -> Answer:
        raise ValueError

    @agent("second", retry=Retry(attempts=3, first_s=50))
    async def second(question: Question) -> Answer:
        raise ValueError

    async with running(first, second) as runtime:
        run = runtime.start(Question(), Answer)
        await anyio.sleep(1)
        [delivery] = runtime.bus.deliveries()
        record = delivery.record()
        assert (record["state"], record["attempt"], record["instead_of"]) == ("retry", 2, "first")
        assert record["tried"] == ["first"]
        assert record["parked"] == delivery.parked.record()
        run.cancel()
        await run.settled()
