"""The shipped fakes do what their users rely on, and the suites fail where they should."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from genie import Context, Each, Payload, Runtime, agent
from genie.contracts.ports.journal import JournalRecord
from genie.errors import PartMissingError, RunStalled
from genie.journal.memory import MemoryJournal
from genie.testing import FakeContext, Probe, Scripted, check_journal, settled

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


# --- the journal's suite ---


async def test_the_journal_in_memory_conforms() -> None:
    journal = MemoryJournal()
    await check_journal(journal, lambda: list(journal))


class _Forgetful(MemoryJournal):
    def record(self, entry: JournalRecord) -> None:
        if entry.kind != "handled":
            super().record(entry)


class _Backwards(MemoryJournal):
    def __iter__(self) -> Any:
        return iter(list(super().__iter__())[::-1])


class _Stripping(MemoryJournal):
    def record(self, entry: JournalRecord) -> None:
        super().record(entry._replace(message=None))


@pytest.mark.parametrize("broken", [_Forgetful, _Backwards, _Stripping])
async def test_a_journal_that_loses_or_changes_records_does_not(broken: type[MemoryJournal]) -> None:
    journal = broken()
    with pytest.raises(AssertionError, match=r"lost|without its original"):
        await check_journal(journal, lambda: list(journal))
