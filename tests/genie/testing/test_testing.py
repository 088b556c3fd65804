"""The shipped doubles do what their users rely on."""

from __future__ import annotations

import datetime

import anyio
import pytest

from genie import Context, Each, Payload, Runtime, agent
from genie.contracts.admission import Use
from genie.errors import AuditFailedError, PartMissingError, RunStalled
from genie.policy.policy import PolicySet
from genie.testing import (
    FakeContext,
    Gate,
    MemoryLedger,
    Probe,
    RecordingAudit,
    Scripted,
    assert_at_rest,
    denying,
    holding,
    masking,
    settled,
)

pytestmark = pytest.mark.anyio


class Question(Payload, topic="fakes.question"):
    text: str


class Answer(Payload, topic="fakes.answer"):
    text: str


async def test_a_probe_keeps_what_it_gets() -> None:
    probe = Probe(Question, Answer)
    async with Runtime([probe]) as runtime:
        await runtime.publish(Question(text="1"))
        await runtime.publish(Answer(text="2"))
        with anyio.fail_after(5):
            messages = await probe.wait_for(2)
    assert [message.payload.text for message in messages] == ["1", "2"]
    assert probe.payloads(Answer) == (Answer(text="2"),)


async def test_a_script_is_followed_and_its_exceptions_are_raised() -> None:
    scripted = Scripted(Question, [Answer(text="first"), ValueError("second")])
    async with Runtime([scripted]) as runtime:
        assert await runtime.ask(Question(text="?"), Answer) == Answer(text="first")
        with pytest.raises(RunStalled, match="ValueError"):
            await runtime.ask(Question(text="?"), Answer)
        with pytest.raises(RunStalled, match="AssertionError"):
            await runtime.ask(Question(text="?"), Answer)
    assert scripted.card.produces == (Answer,)


async def test_settled_waits_for_everything_that_moves() -> None:
    seen = Probe(Answer)
    async with Runtime([Scripted(Question, [Answer(text="1")] * 20), seen]) as runtime:
        for _ in range(20):
            await runtime.publish(Question(text="?"))
        counted = await settled(runtime)
        assert len(seen.messages) == 20
        assert (counted.totals.handled, counted.totals.in_flight) == (40, 0)


async def test_settled_does_not_wait_for_what_nothing_brings() -> None:
    @agent("waiter")
    async def waiter(question: Question) -> Answer:
        await anyio.Event().wait()
        return Answer(text=question.text)

    async with Runtime([waiter]) as runtime:
        await runtime.publish(Question(text="?"))
        assert (await settled(runtime)).totals.in_flight == 1


@agent("desk", asks={Question: (Answer, Each(Answer))})
async def desk(question: Question, context: Context) -> Answer:
    """Use most of a context."""
    context.progress("asking")
    context.charge(cost=0.5, tokens=3)
    context.after(2.0, Answer(text="later"))
    await context.publish(Answer(text="now"), to="somebody")
    one = await context.ask(question, Answer)
    views = await context.gather(question, expect=(Answer, Each(Answer)))
    names = ",".join(views[Each(Answer)])
    return Answer(text=f"{one.text} {names} {sorted(views.missing)} {context.now():%Y}")


async def test_a_handler_can_be_called_with_a_fake_context() -> None:
    prepared = {Answer: Answer(text="prepared")}
    context = FakeContext(answers=prepared, each={Answer: {"a": Answer(text="1"), "b": Answer(text="2")}})
    assert await desk(Question(text="?"), context) == Answer(text="prepared a,b [] 2024")
    assert context.published == [(Answer(text="now"), "somebody")]
    assert context.later == [(2.0, Answer(text="later"), None)]
    assert context.asked == [Question(text="?")] * 2
    assert (context.told, context.cost, context.tokens) == (["asking"], 0.5, 3)


async def test_what_was_not_prepared_is_missing() -> None:
    with pytest.raises(PartMissingError, match="not prepared"):
        await desk(Question(text="?"), FakeContext())


def test_a_fake_context_has_no_envelope() -> None:
    with pytest.raises(AttributeError, match="Runtime"):
        _ = FakeContext().message


# --- ports, gates and policies ---


async def test_an_audit_that_fails_loses_records_and_runs_are_refused() -> None:
    audit = RecordingAudit(sampling=1.0, capacity=1)
    async with Runtime([Scripted(Question, [Answer(text="1")] * 3)], audit=audit) as runtime:
        assert await runtime.ask(Question(text="?"), Answer) == Answer(text="1")
        assert len(audit.records) == 1
        assert audit.lost > 0
        with pytest.raises(AuditFailedError):
            await runtime.ask(Question(text="?"), Answer)


async def test_a_ledger_is_bounded_and_fails_when_told() -> None:
    ledger = MemoryLedger(capacity=1)
    day = datetime.date(2024, 1, 1)
    ledger.add("daily", "acme", day, Use(1))
    ledger.add("daily", "acme", day, Use(1))
    with pytest.raises(OverflowError):
        ledger.add("daily", "other", day, Use(1))
    assert ledger.used("daily", "acme", day) == Use(2)
    ledger.failure = OSError("gone")
    with pytest.raises(OSError, match="gone"):
        ledger.used("daily", "acme", day)


async def test_a_gate_counts_who_comes_and_who_is_cancelled() -> None:
    gate = Gate()

    @agent("waiter")
    async def waiter(question: Question) -> Answer:
        await gate.wait()
        return Answer(text=question.text)

    async with Runtime([waiter]) as runtime:
        first = runtime.start(Question(text="1"), Answer)
        await gate.reached.wait()
        with pytest.raises(AssertionError):
            assert_at_rest(runtime)
        first.cancel()
        await first.settled()
        assert_at_rest(runtime)
        gate.open.set()
        assert await runtime.ask(Question(text="2"), Answer) == Answer(text="2")
    assert (gate.entered, gate.cancelled) == (2, 1)


@pytest.mark.parametrize(
    ("policies", "seen"),
    [
        (denying("probe", Question), []),
        (holding("probe", Question), []),
        (masking("probe", Question), ["[masked]"]),
        (denying("somebody", Question), ["secret"]),
        (denying("probe", Answer), ["secret"]),
    ],
    ids=["denied", "held", "masked", "another recipient", "another class"],
)
async def test_a_policy_of_one_verdict_judges_one_recipient_and_class(policies: PolicySet, seen: list[str]) -> None:
    probe = Probe(Question, Answer)
    async with Runtime([probe, Probe(Question, id="somebody")], policies=policies) as runtime:
        await runtime.publish(Question(text="secret"))
        await settled(runtime)
    assert [question.text for question in probe.payloads(Question)] == seen
