"""What waits when an agent is replaced or killed, streams without an end, and the evidence of a decision."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from genie import Context, Mailbox, Overflow, Payload, PolicySet, agent
from genie.contracts.model_call import ModelDelta
from genie.errors import MailboxFullError, PartMissingError, RunCancelledError
from genie.policies.pii import Pii
from genie.policy.examination import TooMuchError, Work
from genie.policy.inspection import LARGEST, TOO_LARGE, Inspectors
from genie.testing import RecordingAudit
from tests.genie.policies_for_tests import Answer, CardNumbers, Gate, Note, Opinion, Question, gated, running

pytestmark = pytest.mark.anyio


async def test_mail_that_waits_goes_to_an_agent_that_replaces_another() -> None:
    """The new card has more slots: what waited behind a handler of the old one does not wait any longer."""
    gate = Gate()

    @agent("slow", concurrency=4)
    async def quick(question: Question) -> Answer:
        return Answer(text="quick", number=question.number)

    async with running(gated(gate, concurrency=2)) as runtime, anyio.create_task_group() as tasks:
        first = [runtime.start(Question(number=number), Answer) for number in (1, 2)]
        await anyio.wait_all_tasks_blocked()
        behind = [runtime.start(Question(number=number), Answer) for number in (3, 4)]
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(runtime.replace, quick)  # it waits for the handlers of the old one
        assert [(await run.result()).text for run in behind] == ["quick", "quick"]
        gate.open.set()
        assert [(await run.result()).text for run in first] == ["slow", "slow"]


class Account(Payload, topic="leavers.account", key="number"):
    """Mail of one account is handled in its order."""

    number: int


async def test_what_waits_behind_a_key_fills_the_mailbox_of_an_agent_that_replaces_another_too() -> None:
    gate = Gate()

    def keeper() -> Any:
        @agent("keeper", concurrency=2, mailbox=Mailbox(capacity=2, overflow=Overflow.REJECT))
        async def keeper(account: Account) -> None:
            await gate.wait()

        return keeper

    async with running(keeper()) as runtime, anyio.create_task_group() as tasks:
        for _ in range(3):
            await runtime.publish(Account(number=1))
            await anyio.wait_all_tasks_blocked()
        tasks.start_soon(runtime.replace, keeper())
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(MailboxFullError):
            await runtime.publish(Account(number=1))
        gate.open.set()


async def test_who_waits_for_room_at_an_agent_that_is_killed_waits_no_longer() -> None:
    gate = Gate()
    published: list[int] = []

    async with running(gated(gate, mailbox=Mailbox(capacity=1, block_s=1_000))) as runtime:

        async def publish() -> None:
            for number in range(3):
                await runtime.publish(Question(number=number))
                published.append(number)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(publish)
            await gate.reached.wait()
            await anyio.wait_all_tasks_blocked()
            assert published == [0, 1]
            runtime.operations.kill("slow")
            await anyio.wait_all_tasks_blocked()
            assert published == [0, 1, 2]
        gate.open.set()


async def test_what_is_held_back_of_a_stream_comes_when_it_ends_without_an_answer() -> None:
    @agent("speaker")
    async def speaker(question: Question) -> AsyncIterator[ModelDelta | Answer]:
        for word in ("only ", "a few ", "words"):
            yield ModelDelta(index=0, kind="text", text=word)

    heard: list[str] = []

    @agent("listener", asks={Question: (Answer, ModelDelta)})
    async def listener(note: Note, context: Context) -> Opinion:
        try:
            async for part in context.stream(Question(), parts=ModelDelta, end=Answer):
                heard.append(part.text)
        except PartMissingError:
            return Opinion(text="ended")
        return Opinion(text="answered")

    async with running(speaker, listener, policies=PolicySet((Pii(),))) as runtime:
        assert await runtime.ask(Note(), Opinion) == Opinion(text="ended")
    assert "".join(heard) == "only a few words"


async def test_a_runtime_that_failed_ends_every_run_by_name() -> None:
    gate = Gate()
    async with running(gated(gate)) as runtime:
        run = runtime.start(Question(), Answer)
        await gate.reached.wait()
        runtime.bus.failures.runtime(ValueError())
        with pytest.raises(RunCancelledError) as caught:
            await run.result()
        assert "internal" in str(caught.value)


async def test_the_record_of_a_scope_names_the_delivery_that_opened_it() -> None:
    gate = Gate()

    @agent("desk", asks={Question: Answer})
    async def desk(note: Note, context: Context) -> Opinion:
        await context.ask(Question(), Answer)
        return Opinion()

    async with running(desk, gated(gate)) as runtime:
        run = runtime.start(Note(), Opinion)
        await gate.reached.wait()
        state = next(iter(runtime.bus.runs.open_runs.values()))
        [child] = state.root.children
        found = {delivery.subscription.subscriber.card.id: delivery for delivery in runtime.bus.deliveries()}
        assert state.root.record()["owner"] is None
        assert child.record()["owner"] == found["desk"].id
        assert child.record()["parent"] == state.root.id
        gate.open.set()
        await run.result()


async def test_the_audit_of_a_decision_says_where_something_was_found_and_not_what() -> None:
    audit = RecordingAudit()

    @agent("reader", clearance="public")
    async def reader(question: Question) -> Answer:
        return Answer(text=question.text)

    async with running(reader, audit=audit, policies=PolicySet((Pii(),))) as runtime:
        await runtime.ask(Question(text="card 4111111111111111"), Answer)
    [first, *_] = [record.detail for record in audit.records if record.kind == "verdict"]
    assert first["findings"] == [["pii.card", "text", 5, 21]]
    assert "4111" not in str(audit.records)


@pytest.mark.parametrize("act", ["look", "examine"])
def test_an_inspection_stops_beyond_what_it_may_do_at_once(act: str) -> None:
    work = Work(10, 10)
    do = getattr(work, act)
    do(10)
    with pytest.raises(TooMuchError):
        do(1)


def test_no_text_is_too_large_where_nobody_looks_and_one_is_where_somebody_does() -> None:
    text = Question(text="x" * (LARGEST + 1))
    assert Inspectors(()).inspect(text).failed is None
    assert Inspectors((CardNumbers(),)).inspect(text).failed == TOO_LARGE


async def test_room_is_free_again_when_who_waited_for_it_has_left() -> None:
    gate = Gate()
    async with running(gated(gate, mailbox=Mailbox(capacity=1, block_s=1_000))) as runtime:
        runs = [runtime.start(Question(number=number), Answer) for number in range(3)]
        await gate.reached.wait()
        runs[2].cancel()
        gate.open.set()
        assert [(await run.result()).number for run in runs[:2]] == [0, 1]
        with anyio.fail_after(10):
            assert await runtime.ask(Question(number=3), Answer) == Answer(text="slow", number=3)
