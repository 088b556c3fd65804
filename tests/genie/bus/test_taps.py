"""Observers: what a tap sees, and that no run notices it."""

from __future__ import annotations

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.journal.memory import MemoryJournal
from genie.observation.taps import Observation
from genie.policy.policy import PolicySet
from tests.genie.policies_for_tests import (
    CARDS,
    CLEARANCE,
    Answer,
    Note,
    Question,
    answerer,
    assert_at_rest,
    denying,
    holding,
    masking,
    running,
)

pytestmark = pytest.mark.anyio


async def test_taps_see_every_message_or_the_classes_they_name() -> None:
    async with running(answerer) as runtime:
        async with runtime.observe() as everything, runtime.observe(Answer) as answers:
            await runtime.ask(Question(text="q"), Answer)
        seen = [observation.topic async for observation in everything]
        assert seen == ["t.question", "t.answer"]
        [one] = [observation async for observation in answers]
        assert isinstance(one, Observation)
        assert one.payload == Answer(text="q")
        assert (one.sender, one.gap, one.withheld) == ("answerer", 0, None)


async def test_taps_see_what_their_clearance_may_masked_otherwise() -> None:
    policies = PolicySet((CARDS,))
    async with running(answerer, policies=policies) as runtime:
        async with (
            runtime.observe(Question, id="low", clearance=Classification.PUBLIC) as low,
            runtime.observe(Question, id="high", clearance=Classification.RESTRICTED) as high,
        ):
            await runtime.ask(Question(text="4111111111111111"), Answer)
        assert [one.payload.text async for one in low] == ["[card]"]
        assert [one.payload.text async for one in high] == ["4111111111111111"]


@pytest.mark.parametrize("verdict", ["denied", "held"])
async def test_taps_get_the_envelope_without_payload_tenant_and_user_where_denied_or_held(verdict: str) -> None:
    policies = {"denied": denying, "held": holding}[verdict]("spy", Question)
    async with running(answerer, policies=policies) as runtime:
        async with runtime.observe(Question, id="spy") as tap:
            await runtime.ask(Question(text="q"), Answer, caller=Caller(user="u", tenant="t"))
        [one] = [observation async for observation in tap]
        assert (one.payload, one.headers) == (None, None)
        assert one.withheld is not None
        assert one.topic == "t.question"
        assert runtime.approvals.holds() == ()  # nothing is parked for an observer


async def test_taps_declared_labels_count() -> None:
    async with running(answerer, policies=PolicySet((CLEARANCE,))) as runtime:
        async with runtime.observe(Question, clearance=Classification.PUBLIC) as tap:
            await runtime.ask(Question(), Answer)
        [one] = [observation async for observation in tap]
        assert one.payload is None
        assert one.withheld == "clearance: clearance"


async def test_taps_shed_the_oldest_with_a_gap_mark_and_no_run_waits() -> None:
    async with running(answerer) as runtime:
        async with runtime.observe(Question, capacity=3) as tap:
            for number in range(10):
                await runtime.ask(Question(number=number), Answer)  # nobody reads the tap
            first = await anext(tap)
            assert (first.payload.number, first.gap) == (7, 7)
            assert (await anext(tap)).gap == 0
        assert_at_rest(runtime)
        with pytest.raises(ValueError, match="capacity"):
            async with runtime.observe(capacity=0):
                pass


async def test_taps_have_an_account_of_their_own() -> None:
    async with running(answerer, policies=masking("spy", Question)) as runtime, runtime.observe(id="spy"):
        run = runtime.start(Question(), Answer)
        await run.settled()
        assert run.messages().accepted == 2
        assert run.messages().redacted == 0


async def test_taps_wait_for_what_comes_and_end_with_the_runtime() -> None:
    seen: list[str] = []

    async with anyio.create_task_group() as tasks, running(answerer) as runtime:
        reading = anyio.Event()

        async def read() -> None:
            async with runtime.observe(Note) as tap:
                reading.set()
                seen.extend([observation.payload.text async for observation in tap])

        tasks.start_soon(read)
        await reading.wait()
        await runtime.publish(Note(text="n"))
    assert seen == ["n"]


# --- the journal ---


async def test_the_journal_sees_originals_and_is_no_tap() -> None:
    journal = MemoryJournal()

    @agent("plain")
    async def plain(question: Question) -> Answer:
        return Answer(text=question.text)

    policies = PolicySet((CARDS,))
    async with running(plain, policies=policies, journal=journal) as runtime:
        run = runtime.start(Question(text="4111111111111111"), Answer)
        await run.settled()
    accepted = [record for record in journal if record.kind == "accepted"]
    assert accepted[0].message is not None
    assert accepted[0].message.payload.text == "4111111111111111"
    assert [record.number for record in journal] == list(range(1, len(journal) + 1))
    assert {record.run_id for record in journal} == {run.id}


async def test_the_journal_holds_no_payload_text_beside_the_originals() -> None:
    journal = MemoryJournal()

    @agent("breaker")
    async def breaker(note: Note) -> Answer:
        raise ValueError(note.text)

    policies = PolicySet((CARDS,))
    async with running(answerer, breaker, policies=policies, journal=journal) as runtime:
        for message in (Question(text="4111111111111111"), Note(text="4111111111111111")):
            await runtime.start(message, Answer).settled()
    kinds = {record.kind for record in journal}
    assert {"accepted", "judged", "redacted", "handled", "dead_lettered"} <= kinds
    for record in journal:
        assert "4111" not in f"{record.reason} {record.detail}"
        assert (record.message is None) == (record.kind != "accepted")


async def test_each_decision_records_policy_version_the_sets_hash_and_paths() -> None:
    journal = MemoryJournal()
    policies = PolicySet((CARDS,))

    @agent("plain")
    async def plain(note: Note) -> None:
        pass

    async with running(plain, policies=policies, journal=journal) as runtime:
        await runtime.start(Note(text="4111111111111111"), Answer).settled()
    [judged] = [record for record in journal if record.kind == "judged"]
    assert judged.detail["policy_set"] == policies.sha256
    assert judged.detail["paths"] == ["text"]
    [reason] = judged.detail["reasons"]
    assert (reason["policy"], reason["version"], reason["verdict"]) == ("cards", "1+44136fa3", "redact")


async def test_every_outcome_reaches_the_journal_once() -> None:
    journal = MemoryJournal()
    async with running(answerer, policies=denying("answerer", Question), journal=journal) as runtime:
        await runtime.start(Question(), Answer).settled()
    assert [record.kind for record in journal] == ["accepted", "judged", "denied"]


async def test_a_memory_journal_is_bounded_and_says_what_it_dropped() -> None:
    journal = MemoryJournal(capacity=5)
    async with running(answerer, journal=journal) as runtime:
        for _ in range(5):
            await runtime.ask(Question(), Answer)
    assert len(journal) == 5
    assert journal.dropped > 0
    numbers = [record.number for record in journal]
    assert numbers == list(range(journal.dropped + 1, journal.dropped + 6))
    with pytest.raises(ValueError, match="at least 1"):
        MemoryJournal(capacity=0)
