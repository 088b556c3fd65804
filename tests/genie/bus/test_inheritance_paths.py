"""One test for each path on which content travels: what is sent is as sensitive, and as narrow, as all that went in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import anyio
import pytest

from genie.contracts.agent import Join, agent
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.headers import Headers
from genie.contracts.message import Payload
from genie.journal.memory import MemoryJournal
from tests.genie.policies_for_tests import Answer, Gate, Note, Opinion, Order, Question, running

if TYPE_CHECKING:
    from genie.contracts.message import Message

pytestmark = pytest.mark.anyio

ANN = Caller(roles=frozenset(("clerk", "chief")), consent=frozenset(("share", "score")))
INTERNAL, RESTRICTED = Classification.INTERNAL, Classification.RESTRICTED


class Secret(Payload, topic="t.secret", classification="restricted"):
    text: str = ""


class Done(Payload, topic="t.done"):
    pass


class Slow(Payload, topic="t.slow", key="number"):
    number: int = 1


class Fast(Payload, topic="t.fast", key="number", classification="restricted"):
    number: int = 2


class Pair(Payload, topic="t.pair"):
    note: Note | None = None
    secret: Secret | None = None


def narrow(headers: Headers) -> Headers:
    return headers.narrowed(roles=frozenset(("clerk",)), consent=frozenset(("share",)))


def sent(journal: MemoryJournal, kind: type[Payload]) -> list[Message[Payload]]:
    return [record.message for record in journal if record.message and type(record.message.payload) is kind]


def assert_narrow(journal: MemoryJournal, kind: type[Payload], label: Classification = RESTRICTED) -> None:
    messages = sent(journal, kind)
    assert messages
    for message in messages:
        assert (message.headers.roles, message.headers.consent) == (frozenset(("clerk",)), frozenset(("share",)))
        assert message.label is label


@agent("vault", clearance="restricted", publishes=(Secret,))
async def vault(question: Question, context: Context) -> None:
    await context.publish(Secret(), headers=narrow(context.headers))


async def test_what_gathers_is_as_narrow_as_what_it_gathered_whatever_it_sends_then() -> None:
    journal = MemoryJournal()

    @agent("desk", clearance="restricted", asks={Question: Secret, Order: Answer}, publishes=(Opinion,))
    async def desk(note: Note, context: Context) -> Done:
        await context.ask(Question(), Secret)
        await context.publish(Opinion())
        await context.publish(Opinion(), headers=context.headers)
        context.after(1, Opinion())
        await context.gather(Order(account="a", number=1), expect=Answer)
        return Done()

    @agent("other", clearance="restricted")
    async def other(order: Order) -> Answer:
        return Answer()

    async with running(desk, vault, other, journal=journal) as runtime:
        await runtime.publish(Note(), caller=ANN)
        await anyio.sleep(2)
    for kind in (Opinion, Order, Answer, Done):
        assert_narrow(journal, kind)
    assert len(sent(journal, Opinion)) == 3
    assert sent(journal, Question)[0].headers.roles == ANN.roles


async def test_what_was_asked_for_and_did_not_come_makes_nothing_narrower() -> None:
    journal = MemoryJournal()

    @agent("slow", clearance="restricted", publishes=(Secret,))
    async def slow(question: Question, context: Context) -> None:
        await anyio.sleep(10)
        await context.publish(Secret(), headers=narrow(context.headers))

    @agent("desk", clearance="restricted", asks={Question: Secret})
    async def desk(note: Note, context: Context) -> Opinion:
        views = await context.gather(Question(), expect=Secret, within_s=1)
        assert not views.complete
        return Opinion()

    async with running(desk, slow, journal=journal) as runtime:
        await runtime.ask(Note(), Opinion, caller=ANN)
        await anyio.sleep(20)
    [message] = sent(journal, Opinion)
    assert message.headers.roles == ANN.roles
    assert message.label is INTERNAL


async def test_a_stream_carries_what_was_read_when_each_part_was_made() -> None:
    journal = MemoryJournal()

    @agent("desk", clearance="restricted", asks={Question: Secret})
    async def desk(note: Note, context: Context) -> AsyncIterator[Opinion]:
        yield Opinion(text="before")
        await context.ask(Question(), Secret)
        yield Opinion(text="after")

    async with running(desk, vault, journal=journal) as runtime:
        await runtime.publish(Note(), caller=ANN)
        await anyio.sleep(1)
    before, after = sent(journal, Opinion)
    assert (before.headers.roles, before.label) == (ANN.roles, INTERNAL)
    assert (after.headers.roles, after.label) == (frozenset(("clerk",)), RESTRICTED)


@pytest.mark.parametrize("secret_first", [True, False])
async def test_a_join_is_as_narrow_as_the_narrowest_of_its_parts_whichever_comes_last(secret_first: bool) -> None:
    journal = MemoryJournal()

    @agent("noter", clearance="restricted")
    async def noter(question: Question) -> Note:
        await anyio.sleep(2 if secret_first else 0)
        return Note()

    @agent("late_vault", clearance="restricted", publishes=(Secret,))
    async def late_vault(question: Question, context: Context) -> None:
        await anyio.sleep(1)
        await context.publish(Secret(), headers=narrow(context.headers))

    join = Join(id="pair", into=Pair, parts={"note": Note, "secret": Secret})
    async with running(noter, late_vault, joins=[join], journal=journal) as runtime:
        await runtime.publish(Question(), caller=ANN)
        await anyio.sleep(10)
    assert_narrow(journal, Pair)


async def test_parts_of_two_tenants_never_meet_in_one_join() -> None:
    journal = MemoryJournal()
    gate = Gate()

    @agent("noter", concurrency=4)
    async def noter(question: Question, context: Context) -> Note:
        if question.number:
            await gate.wait()
        return Note(text=str(context.headers.tenant))

    @agent("other_vault", clearance="restricted", concurrency=4)
    async def other_vault(question: Question, context: Context) -> Secret:
        if not question.number:
            await gate.wait()
        return Secret(text=str(context.headers.tenant))

    join = Join(id="pair", into=Pair, parts={"note": Note, "secret": Secret})
    async with running(noter, other_vault, joins=[join], journal=journal) as runtime:
        await runtime.publish(Question(number=0), caller=Caller(tenant="a"))
        await runtime.publish(Question(number=1), caller=Caller(tenant="b"))
        await anyio.sleep(1)
        assert sent(journal, Pair) == []  # a note of one and a secret of the other are there, and make no pair
        gate.open.set()
        await anyio.sleep(1)
    pairs = sent(journal, Pair)
    assert {message.headers.tenant for message in pairs} == {"a", "b"}
    for message in pairs:
        assert message.payload.note.text == message.payload.secret.text == message.headers.tenant


async def test_a_fallback_and_a_retry_send_with_what_their_message_carried() -> None:
    journal = MemoryJournal()

    @agent("first", clearance="restricted", fallback="second")
    async def first(secret: Secret) -> Answer:
        raise ZeroDivisionError

    @agent("second", clearance="restricted")
    async def second(secret: Secret) -> Opinion:
        return Opinion()

    async with running(vault, first, second, journal=journal) as runtime:
        await runtime.publish(Question(), caller=ANN)
        await anyio.sleep(1)
    assert len(sent(journal, Opinion)) == 1  # a fallback gets nothing of its own
    assert_narrow(journal, Opinion)


async def test_a_redriven_dead_letter_keeps_its_label_and_what_its_headers_lacked() -> None:
    journal = MemoryJournal()
    fails = [True]

    @agent("writer", clearance="restricted")
    async def writer(secret: Secret) -> Note:
        return Note()

    @agent("reader", clearance="restricted")
    async def reader(note: Note) -> Opinion:
        if fails.pop() if fails else False:
            raise ZeroDivisionError
        return Opinion()

    async with running(vault, writer, reader, journal=journal) as runtime:
        await runtime.publish(Question(), caller=ANN)
        await anyio.sleep(1)
        [letter] = runtime.operations.dead_letters()
        await runtime.redrive(letter.id)
        await anyio.sleep(1)
    assert len(sent(journal, Note)) == 2
    assert_narrow(journal, Note)
    assert_narrow(journal, Opinion)


async def test_what_one_handling_puts_into_the_scratch_of_a_run_is_read_by_the_next() -> None:
    journal = MemoryJournal()

    @agent("writer", clearance="restricted", publishes=(Note,))
    async def writer(question: Question, context: Context) -> None:
        context.after(1, Note())

    class Keeper:
        card = type(vault.card)(
            id="keeper", consumes=(Secret, Note), produces=(Opinion,), clearance=RESTRICTED, concurrency=2
        )

        async def handle(self, message: Message[Payload], context: Context) -> Opinion | None:
            context.state["seen"] = True
            return Opinion() if isinstance(message.payload, Note) else None

    async with running(vault, writer, Keeper(), journal=journal) as runtime:
        await runtime.publish(Question(), caller=ANN)
        await anyio.sleep(5)
    assert_narrow(journal, Opinion)


async def test_the_scratch_carries_what_came_into_it_while_a_handler_had_it_in_its_hands() -> None:
    journal = MemoryJournal()
    gate = Gate()

    @agent("writer", clearance="restricted", publishes=(Slow, Fast))
    async def writer(question: Question, context: Context) -> None:
        await context.publish(Slow())
        await gate.reached.wait()
        await context.publish(Fast(), headers=narrow(context.headers))

    class Keeper:
        card = type(vault.card)(
            id="keeper", consumes=(Slow, Fast), produces=(Opinion,), clearance=RESTRICTED, concurrency=2
        )

        async def handle(self, message: Message[Payload], context: Context) -> Opinion | None:
            state = context.state
            if isinstance(message.payload, Fast):
                state["seen"] = message.payload
                gate.open.set()
                return None
            await gate.wait()
            assert state["seen"] is not None
            return Opinion()

    async with running(writer, Keeper(), journal=journal) as runtime:
        await runtime.publish(Question(), caller=ANN)
        await anyio.sleep(1)
    assert_narrow(journal, Opinion)


async def test_runs_that_read_nothing_narrow_share_one_headers_object() -> None:
    journal = MemoryJournal()

    @agent("desk", asks={Question: Answer})
    async def desk(note: Note, context: Context) -> Opinion:
        await context.ask(Question(), Answer)
        return Opinion()

    @agent("plain")
    async def plain(question: Question) -> Answer:
        return Answer()

    async with running(desk, plain, journal=journal) as runtime:
        await runtime.ask(Note(), Opinion, caller=ANN)
    first, *others = (record.message.headers for record in journal if record.message)
    assert all(headers is first for headers in others)
