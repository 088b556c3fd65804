"""What is written down: codes, paths and offsets; samples of plain allows; and no run that cannot be recorded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.message import Message
from genie.errors import AuditFailedError
from genie.journal.memory import MemoryJournal
from genie.policy.policy import Allow, Deny, Hold, PolicySet, Redact
from genie.testing import settled
from tests.genie.policies_for_tests import Answer, Note, Question, Rule, answerer, running, turns

if TYPE_CHECKING:
    from genie.contracts.ports.audit import AuditRecord
    from genie.contracts.ports.journal import JournalRecord
    from genie.policy.policy import Verdict

pytestmark = pytest.mark.anyio


class Kept:
    """An audit that keeps its records."""

    def __init__(self, sampling: float = 0.0) -> None:
        self.records: list[AuditRecord] = []
        self.sampling = sampling
        self.refusal: str | None = None

    def record(self, entry: AuditRecord) -> None:
        self.records.append(entry)


QUOTES: dict[str, Any] = {
    "deny": lambda text: Deny(text, f"this says {text}"),
    "hold": lambda text: Hold(f"this says {text}", 5.0),
    "redact": lambda text: Redact(frozenset({("text",)}), f"this says {text}"),
    "allow": lambda text: Allow((text,)),
    "raise": lambda text: 1 / 0 if text else None,
}


def quoting(how: str) -> PolicySet:
    """Return a policy that breaks its contract: it puts payload text into its code and its reason."""

    def judge(message: Message[Any], _sender: Any) -> Verdict:
        verdict: Verdict = QUOTES[how](getattr(message.payload, "text", ""))
        return verdict

    return PolicySet((Rule(lambda _route: judge, name="quoting"),))


@settings(max_examples=25, deadline=None)
@given(how=st.sampled_from(sorted(QUOTES)), marker=st.text(alphabet="ghjkmnpq ", min_size=8).map("Zebra {}".format))
async def test_no_text_of_a_payload_is_in_the_audit_even_if_a_policy_quotes_it(how: str, marker: str) -> None:
    @agent("teller", publishes=())
    async def teller(question: Question, context: Context) -> Answer:
        context.progress(question.text)
        await context.publish(Note(text=question.text))
        raise ValueError(question.text)

    audit = Kept(sampling=1.0)
    async with running(answerer, teller, policies=quoting(how), audit=audit) as runtime:
        for _ in range(12):  # enough for incidents to be told of
            runtime.start(Question(text=marker), Answer)
        await turns()
        for held in runtime.approvals.holds()[:2]:
            runtime.approvals.refuse(held.id)
        await settled(runtime)
    assert audit.records
    assert "Zebra" not in repr(audit.records)


async def test_a_verdict_names_codes_versions_hashes_and_paths() -> None:
    audit, policies = Kept(), PolicySet((Rule(lambda _: lambda _m, _s: Deny("closed", "not today"), name="door"),))
    async with running(answerer, policies=policies, audit=audit) as runtime:
        await runtime.publish(Question())
    (one,) = audit.records
    assert (one.kind, one.subject, one.by) == ("verdict", "t.question -> answerer", "policy")
    assert one.reason == "door: closed"
    assert one.detail == {
        "verdict": "deny", "policy_set": policies.sha256,
        "reasons": [{"policy": "door", "version": "1+44136fa3", "verdict": "deny", "code": "closed"}],
    }  # fmt: skip


# --- samples of plain allows ---


@pytest.mark.parametrize("sampling", [0.0, 0.25, 1.0])
async def test_plain_allows_are_sampled_by_message_and_the_same_ones_again(sampling: float) -> None:
    async def sampled() -> list[str | None]:
        audit = Kept(sampling)
        async with running(answerer, audit=audit, policies=PolicySet()) as runtime:
            for _ in range(200):
                await runtime.ask(Question(), Answer)
        assert {(one.kind, one.detail["verdict"]) for one in audit.records} <= {("verdict", "allow")}
        return [one.message_id for one in audit.records]

    found = await sampled()
    assert found == await sampled()
    assert math.isclose(len(found) / 400, sampling, abs_tol=0.08)  # a question and an answer each


async def test_nothing_stands_round_a_gate_that_is_not_sampled() -> None:
    async with running(answerer, audit=Kept()) as runtime:
        gate = runtime.bus.route(Question).subscriptions[0].evaluator
        assert type(gate).__name__ == "Evaluator"
    async with running(answerer, audit=Kept(0.5)) as runtime:
        gate = runtime.bus.route(Question).subscriptions[0].evaluator
        assert type(gate).__name__ != "Evaluator"


# --- an audit that fails ---


async def test_no_run_is_admitted_that_cannot_be_recorded() -> None:
    audit = Kept()
    async with running(answerer, audit=audit) as runtime:
        assert await runtime.ask(Question(), Answer)
        audit.refusal = "the disk is full"
        with pytest.raises(AuditFailedError, match="the disk is full"):
            await runtime.ask(Question(), Answer)
        with pytest.raises(AuditFailedError):
            await runtime.publish(Question())
        with pytest.raises(AuditFailedError):
            runtime.start(Question(), Answer)
        assert runtime.statistics().runs == 0


# --- words of agents ---


async def test_a_failures_words_reach_those_who_may_read_what_its_handler_read() -> None:
    from genie.contracts.classification import Classification
    from genie.errors import InputError, RunStalled

    @agent("reader", clearance="restricted")
    async def reader(question: Question) -> Answer:
        raise InputError("line 7", "is no date")

    async with running(reader) as runtime:
        with pytest.raises(RunStalled, match="line 7: is no date"):
            await runtime.ask(Question(), Answer, caller=Caller(clearance=Classification.INTERNAL))
        with pytest.raises(RunStalled, match=r"dead_lettered\(InputError\)"):
            await runtime.ask(Question(), Answer, caller=Caller(clearance=Classification.PUBLIC))


async def test_a_forged_sender_or_a_widened_header_is_refused_and_written_down() -> None:
    """D25: an agent cannot send as another, nor as another user, nor with a role it was not given."""
    from dataclasses import replace

    @agent("climber", publishes=(Note,))
    async def climber(question: Question, context: Context) -> Answer:
        mine = context.headers
        await context.publish(Note(), headers=replace(mine, user="ceo", roles=frozenset({"admin"})))
        return Answer()

    @agent("forger")
    async def forger(question: Question, context: Context) -> Answer:
        return context.message  # type: ignore[return-value]  # an envelope of its own is what it tries

    audit, journal = Kept(), MemoryJournal()
    async with running(climber, forger, audit=audit, journal=journal) as runtime:
        await runtime.publish(Question(), caller=Caller(user="ann"))
        await settled(runtime)
    refused = {(one.subject, one.reason) for one in audit.records if one.kind == "identity_refused"}
    assert refused == {("climber", "headers_widened"), ("forger", "forged_message")}
    sent = [entry.message for entry in journal if entry.message is not None]
    assert {(one.sender, one.headers.user, one.headers.roles) for one in sent} == {("caller:ann", "ann", frozenset())}


def test_headers_hold_no_content() -> None:
    """D39: what policies look at is all there is; headers have a fixed set of fields, none of them a payload's."""
    from genie.contracts.headers import Headers

    with pytest.raises(TypeError):
        Headers(csv="4111 1111 1111 1111")  # type: ignore[call-arg]  # the old way round the policies
    assert set(Headers.__slots__) == {
        "tenant", "user", "roles", "classification", "region", "consent", "traceparent",
    }  # fmt: skip


async def test_a_journal_that_raises_is_disabled_alone() -> None:
    class Failing:
        def __init__(self) -> None:
            self.called = 0

        def record(self, entry: JournalRecord) -> None:
            self.called += 1
            raise OSError(entry.kind)

    kept, added, failing = MemoryJournal(), MemoryJournal(), Failing()
    async with running(answerer, journal=kept) as runtime:
        observers = runtime.bus.observers
        observers.add_journal(failing)
        observers.add_journal(added)
        assert await runtime.ask(Question(), Answer) is not None
        assert observers.failed["journal"].startswith("OSError at")
        assert [one.code for one in runtime.operations.incidents()] == ["journal"]
    assert failing.called == 1
    assert [one.kind for one in added] == [one.kind for one in kept]
    assert "handled" in {one.kind for one in kept}
