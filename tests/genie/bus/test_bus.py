"""The one way of a message: routing, order, identity, loops, and who is told what."""

from __future__ import annotations

import contextvars
from collections import defaultdict
from collections.abc import AsyncIterator

import anyio
import pytest

from genie.contracts.agent import Join, agent
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.headers import Headers
from genie.contracts.limits import Retry, RunLimits
from genie.contracts.message import Payload
from genie.errors import (
    ForgedMessageError,
    HeadersWidenedError,
    ImmutableMessageError,
    NotConsumedError,
    PartMissingError,
    RunStalled,
    UndeclaredMessageError,
    UnknownAgentError,
)
from genie.policy.policy import PolicySet
from tests.genie.policies_for_tests import (
    CARDS,
    CLEARANCE,
    Answer,
    Gate,
    Note,
    Opinion,
    Order,
    Question,
    answerer,
    assert_at_rest,
    denying,
    gated,
    masking,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


# --- order ---


async def test_order_is_fifo_per_sender_and_recipient_at_concurrency_one() -> None:
    seen: list[int] = []

    @agent("reader")
    async def reader(note: Note) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(note.number)

    async with running(reader) as runtime:
        for number in range(50):
            await runtime.publish(Note(number=number))
        await runtime.drain(10)
        assert seen == list(range(50))


async def test_order_is_fifo_per_key_and_parallel_across_keys_at_concurrency_n() -> None:
    """`class X(Payload, key="account")` at `concurrency: n`."""
    seen: dict[str, list[int]] = defaultdict(list)
    together: list[int] = []
    inside = 0

    @agent("clerk", concurrency=4)
    async def clerk(order: Order) -> None:
        nonlocal inside
        inside += 1
        together.append(inside)
        await anyio.sleep(order.number % 3)
        inside -= 1
        seen[order.account].append(order.number)

    async with running(clerk) as runtime:
        for number in range(20):
            for account in ("a", "b", "c"):
                await runtime.publish(Order(account=account, number=number))
        await runtime.drain(1_000)
        assert dict(seen) == {account: list(range(20)) for account in ("a", "b", "c")}
        assert max(together) == 3  # three keys, so never four at once


async def test_order_without_a_key_is_per_run_so_that_no_run_waits_for_another() -> None:
    gate = Gate()
    seen: list[int] = []

    @agent("clerk", concurrency=2)
    async def clerk(note: Note) -> None:
        if note.number == 0:
            await gate.wait()
        seen.append(note.number)

    @agent("sender", publishes=(Note,))
    async def sender(question: Question, context: Context) -> None:
        for number in range(3):
            await context.publish(Note(number=number))

    async with running(clerk, sender) as runtime:
        await runtime.publish(Question())
        await gate.reached.wait()
        await runtime.publish(Note(number=7))  # another run
        await turns()
        assert seen == [7]
        gate.open.set()
        await runtime.drain(10)
        assert seen == [7, 0, 1, 2]


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_order_a_retry_holds_back_only_its_own_key(concurrency: int) -> None:
    seen: list[tuple[str, int]] = []
    failed = False

    @agent("clerk", concurrency=concurrency, retry=Retry(attempts=2, first_s=10, longest_s=10))
    async def clerk(order: Order) -> None:
        nonlocal failed
        if order.account == "a" and not failed:
            failed = True
            raise ValueError
        seen.append((order.account, order.number))

    async with running(clerk) as runtime:
        for number in range(3):
            await runtime.publish(Order(account="a", number=number))
            await runtime.publish(Order(account="b", number=number))
        await turns()
        assert seen == [("b", 0), ("b", 1), ("b", 2)]
        await runtime.drain(100)
        assert seen[3:] == [("a", 0), ("a", 1), ("a", 2)]


# --- guarantee ---


async def test_guarantee_each_accepted_delivery_is_handled_once() -> None:
    seen: list[int] = []

    @agent("a")
    async def one(note: Note) -> None:
        seen.append(note.number)

    @agent("b", concurrency=3)
    async def two(note: Note) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(note.number + 1_000)

    async with running(one, two) as runtime:
        for number in range(30):
            await runtime.publish(Note(number=number))
        await runtime.drain(10)
        assert sorted(seen) == [*range(30), *range(1_000, 1_030)]
        assert runtime.statistics().totals.handled == 60


# --- directed sends ---


async def test_a_directed_send_reaches_that_agent_alone_and_answers_no_scope() -> None:
    got: list[str] = []

    @agent("sender")
    async def sender(question: Question, context: Context) -> Answer | None:
        await context.publish(Answer(text="directed"), to="left")
        return None

    @agent("left")
    async def left(answer: Answer) -> None:
        got.append(f"left {answer.text}")

    @agent("right")
    async def right(answer: Answer) -> None:
        got.append("right")

    async with running(sender, left, right) as runtime:
        with pytest.raises(RunStalled, match="answered nothing"):
            await runtime.ask(Question(), Answer)
        await runtime.drain(10)
        assert got == ["left directed"]


async def test_a_directed_ask_asks_that_agent_alone() -> None:
    got: list[Answer] = []

    @agent("desk", asks={Question: Answer})
    async def desk(note: Note, context: Context) -> Opinion:
        got.append(await context.ask(Question(), Answer, to="second"))
        return Opinion()

    gate = Gate()
    gate.open.set()
    async with running(gated(gate, "first"), gated(gate, "second"), desk) as runtime:
        await runtime.ask(Note(), Opinion)
        assert [answer.text for answer in got] == ["second"]
        assert (await runtime.ask(Question(), Answer, to="first")).text == "first"
        assert runtime.statistics().agents["first"].accepted == 1


async def test_to_an_unknown_agent_or_one_that_does_not_consume_the_type_raises() -> None:
    errors: list[Exception] = []

    @agent("sender", publishes=(Note,), asks={Question: Answer})
    async def sender(opinion: Opinion, context: Context) -> None:
        for to in ("nobody", "answerer"):
            try:
                await context.publish(Note(), to=to)
            except (UnknownAgentError, NotConsumedError) as error:
                errors.append(error)
            try:
                context.after(1, Note(), to=to)
            except (UnknownAgentError, NotConsumedError) as error:
                errors.append(error)
        try:
            await context.ask(Question(), Answer, to="nobody")
        except UnknownAgentError as error:
            errors.append(error)

    async with running(sender, answerer) as runtime:
        with pytest.raises(UnknownAgentError, match="did you mean 'answerer'"):
            await runtime.ask(Question(), Answer, to="answrer")
        with pytest.raises(NotConsumedError):
            await runtime.ask(Note(), Answer, to="answerer")
        with pytest.raises(UnknownAgentError):
            await runtime.publish(Note(), to="nobody")
        await runtime.publish(Opinion())
        await runtime.drain(10)
        assert [type(error) for error in errors] == [
            UnknownAgentError, UnknownAgentError, NotConsumedError, NotConsumedError, UnknownAgentError,
        ]  # fmt: skip
        assert_at_rest(runtime)


# --- nobody there ---


async def test_nobody_there_is_counted_unrouted() -> None:
    @agent("sender")
    async def sender(question: Question) -> Note:
        return Note()

    async with running(sender) as runtime:
        await runtime.publish(Opinion())
        run = runtime.start(Question(), Answer)
        await run.settled()
        assert run.messages().unrouted == 1
        assert runtime.statistics().unrouted == 2


async def test_nobody_there_is_not_said_of_an_answer_that_somebody_asked_for() -> None:
    async with running(answerer) as runtime:
        await runtime.ask(Question(), Answer)
        assert runtime.statistics().unrouted == 0


async def test_an_ask_that_nobody_can_answer_fails_at_once() -> None:
    """`nobody there`: at once, for outside callers and for handlers."""
    reasons: list[str] = []

    @agent("desk", asks={Note: Answer})
    async def desk(question: Question, context: Context) -> Answer:
        try:
            return await context.ask(Note(), Answer, within_s=3_600)
        except PartMissingError as error:
            reasons.append(error.reason)
            return Answer(text="alone")

    async with running(desk) as runtime:
        started = anyio.current_time()
        assert (await runtime.ask(Question(), Answer)).text == "alone"
        assert reasons == ["no agent takes the question"]
        assert anyio.current_time() == started


# --- identity ---


async def test_identity_the_sender_is_set_by_the_bus_and_a_forged_message_is_refused() -> None:
    """Bad input: an agent that forges a sender is refused, named and counted."""

    @agent("forger", publishes=(Note,))
    async def forger(question: Question, context: Context) -> Answer:
        await context.publish(context.message)  # type: ignore[arg-type]  # what a forger would try
        return Answer()

    @agent("returner")
    async def returner(opinion: Opinion, context: Context) -> Answer:
        return context.message  # type: ignore[return-value]  # what a forger would try

    async with running(forger, returner) as runtime:
        with pytest.raises(RunStalled, match="published a message object"):
            await runtime.ask(Question(), Answer)
        with pytest.raises(RunStalled, match="published a message object"):
            await runtime.ask(Opinion(), Answer)
        agents = runtime.statistics().agents
        assert (agents["forger"].refused, agents["returner"].refused) == (1, 1)
        assert ForgedMessageError.code == "forged_message"


async def test_identity_an_agent_that_assigns_to_a_message_is_refused_named_and_counted() -> None:
    """Bad input, and `isolation`: messages are immutable."""

    @agent("scribbler")
    async def scribbler(question: Question, context: Context) -> Answer:
        context.message.sender = "somebody else"
        return Answer()

    async with running(scribbler) as runtime:
        with pytest.raises(RunStalled, match=r"scribbler: dead_lettered\(a message is immutable: 'sender'"):
            await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["scribbler"].refused == 1
        assert ImmutableMessageError.code == "immutable_message"


@pytest.mark.parametrize(
    ("wider", "named"),
    [
        ({"roles": frozenset({"admin"})}, "roles"),
        ({"tenant": "other"}, "tenant"),
        ({"user": "root"}, "user"),
        ({"consent": frozenset({"share"})}, "consent"),
        ({"classification": Classification.PUBLIC}, "classification"),
    ],
)
async def test_identity_roles_are_not_raised_nor_a_classification_lowered(wider: dict, named: str) -> None:
    """Bad input: an agent that raises a role or lowers a classification is refused, named and counted."""

    @agent("riser", publishes=(Note,))
    async def riser(question: Question, context: Context) -> Answer:
        await context.publish(Note(), headers=Headers(
            **{"tenant": "t", "user": "u", "classification": Classification.INTERNAL, **wider}
        ))  # fmt: skip
        return Answer()

    @agent("first", publishes=(Question,))
    async def first(order: Order, context: Context) -> None:
        await context.publish(Question(), headers=context.headers.narrowed(classification=Classification.INTERNAL))

    async with running(riser, first) as runtime:
        run = runtime.start(Order(account="", number=0), Answer, caller=Caller(user="u", tenant="t"))
        with pytest.raises(RunStalled, match=f"riser: dead_lettered.*widened {named}"):
            await run.result()
        assert runtime.statistics().agents["riser"].refused == 1
        assert HeadersWidenedError.code == "headers_widened"


async def test_identity_a_label_is_at_least_the_highest_label_that_was_read() -> None:
    """An agent cannot lower a classification by answering with a class of a lower one."""

    class Secret(Payload, topic="t.secret", classification="restricted"):
        text: str = ""

    class Public(Payload, topic="t.public", classification="public"):
        text: str = ""

    labels: list[Classification] = []

    @agent("source", clearance="restricted")
    async def source(question: Question) -> Secret:
        return Secret(text=question.text)

    @agent("launderer", clearance="restricted", asks={Question: Secret})
    async def launderer(note: Note, context: Context) -> Public:
        secret = await context.ask(Question(), Secret)
        return Public(text=secret.text)

    @agent("watcher", clearance="public")
    async def watcher(public: Public, context: Context) -> None:
        labels.append(context.message.label)

    async with running(source, launderer, watcher, policies=PolicySet((CLEARANCE,))) as runtime:
        with pytest.raises(RunStalled, match="clearance: clearance"):
            await runtime.ask(Note(), Public)
        assert labels == []
        assert runtime.statistics().agents["watcher"].denied == 1


async def test_an_undeclared_message_is_refused() -> None:
    @agent("chatty")
    async def chatty(question: Question, context: Context) -> Answer:
        await context.publish(Note())
        return Answer()

    async with running(chatty) as runtime:
        with pytest.raises(RunStalled, match=r"may not publish t.note"):
            await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["chatty"].refused == 1
        assert UndeclaredMessageError.code == "undeclared_message"


async def test_an_answer_that_the_card_does_not_expect_is_refused() -> None:
    @agent("curious", asks={Note: (Opinion,)})
    async def curious(question: Question, context: Context) -> Answer:
        await context.gather(Note(), expect=Each(Opinion))  # of each or of one: the card names the type
        with pytest.raises(UndeclaredMessageError, match=r"may not ask t.question; declare it in asks="):
            await context.ask(Question(), Opinion)
        await context.ask(Note(), Answer)
        return Answer()

    @agent("opining")
    async def opining(note: Note) -> Opinion:
        return Opinion(text=note.text)

    async with running(curious, opining) as runtime:
        with pytest.raises(RunStalled, match=r"may not expect t.answer in answer to t.note; declare it in asks="):
            await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["curious"].refused == 2
        assert runtime.statistics().agents["opining"].handled == 1


# --- loops ---


async def test_loops_a_ping_pong_ends_in_a_dead_letter_with_the_cycle_named() -> None:
    @agent("ping")
    async def ping(note: Note) -> Opinion:
        return Opinion()

    @agent("pong")
    async def pong(opinion: Opinion) -> Note:
        return Note()

    async with running(ping, pong, limits=RunLimits(max_hops=10)) as runtime:
        run = runtime.start(Note(), Answer)
        with pytest.raises(RunStalled, match="loop: more than 10 hops"):
            await run.result()
        [letter] = runtime.operations.dead_letters()
        assert "ping -> pong -> ping" in letter.reason or "pong -> ping -> pong" in letter.reason
        assert_at_rest(runtime)


async def test_loops_a_run_has_a_message_budget() -> None:
    @agent("ping", publishes=(Note,))
    async def ping(note: Note, context: Context) -> None:
        await context.publish(Note())
        await context.publish(Note())

    async with running(ping, limits=RunLimits(max_messages=50)) as runtime:
        run = runtime.start(Note(), Answer)
        await run.settled()
        counts = run.messages()
        assert counts.accepted < 2 * 50  # it would double with every message, and ends with the budget
        assert counts.dead_lettered > 0
        assert counts.balanced
        assert "budget: more than 50 messages in one run" in runtime.operations.dead_letters()[0].reason
        assert "ping -> ping" in runtime.operations.dead_letters()[0].reason


# --- isolation ---


async def test_isolation_what_one_message_sets_another_never_sees() -> None:
    """Row `context variables`: each handler runs in its own copy, across suspensions and for streams too."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    seen: list[str] = []

    @agent("setter", concurrency=2)
    async def setter(note: Note) -> None:
        seen.append(variable.get())
        variable.set(f"sync {note.number}")
        await anyio.lowlevel.checkpoint()
        assert variable.get() == f"sync {note.number}"
        variable.set(f"async {note.number}")

    @agent("streamer")
    async def streamer(note: Note) -> AsyncIterator[Opinion]:
        seen.append(variable.get())
        variable.set("streamed")
        yield Opinion()
        await anyio.lowlevel.checkpoint()
        assert variable.get() == "streamed"

    class Foreign:
        card = AgentCard(id="foreign", consumes=(Note,))

        def handle(self, message: object, context: Context):
            seen.append(variable.get())
            variable.set("foreign")
            return self._handle()

        async def _handle(self) -> None:
            seen.append("unset" if variable.get() == "foreign" else "lost")

    async with running(setter, streamer, Foreign()) as runtime:
        for number in range(5):
            await runtime.publish(Note(number=number))
        await runtime.drain(10)
        assert set(seen) == {"unset"}
        assert len(seen) == 20


async def test_isolation_a_masked_recipient_gets_a_copy_and_the_others_the_original() -> None:
    """Bad input: a card number is masked only for the recipient without clearance, and the counts show it."""
    seen: dict[str, str] = {}

    @agent("cleared", clearance="restricted")
    async def cleared(note: Note) -> None:
        seen["cleared"] = note.text

    @agent("plain", clearance="internal")
    async def plain(note: Note, context: Context) -> None:
        seen["plain"] = note.text
        assert isinstance(context.message.payload, Note)
        assert context.message.payload.text == note.text

    async with running(cleared, plain, policies=PolicySet((CARDS,))) as runtime:
        run = runtime.start(Note(text="pay 4111111111111111 now"), Answer)
        await run.settled()
        assert seen == {"cleared": "pay 4111111111111111 now", "plain": "pay [card] now"}
        assert run.messages().redacted == 1
        agents = runtime.statistics().agents
        assert (agents["cleared"].redacted, agents["plain"].redacted) == (0, 1)


async def test_isolation_masked_copies_of_messages_without_findings_are_not_mixed_up() -> None:
    """A policy may redact a path in which nothing was found; each recipient gets a copy of its own message."""
    seen: list[tuple[str, int]] = []

    @agent("plain")
    async def plain(note: Note) -> None:
        seen.append((note.text, note.number))

    async with running(plain, policies=masking("plain", Note)) as runtime:
        await runtime.publish(Note(text="abc", number=1))
        await runtime.publish(Note(text="xyz", number=2))
        await runtime.drain(10)
        assert seen == [("[masked]", 1), ("[masked]", 2)]


async def test_an_answer_is_masked_for_its_asker() -> None:
    async with running(answerer, policies=masking("caller:local", Answer)) as runtime:
        assert (await runtime.ask(Question(text="secret"), Answer)).text == "[masked]"


async def test_a_join_sees_a_part_masked_as_its_clearance_demands() -> None:
    class Joined(Payload, topic="t.joined"):
        note: Note
        opinion: Opinion

    @agent("notes")
    async def notes(question: Question) -> Note:
        return Note(text="4111111111111111")

    @agent("opinions")
    async def opinions(question: Question) -> Opinion:
        return Opinion(text="fine")

    join = Join(id="pair", into=Joined, parts={"note": Note, "opinion": Opinion}, clearance=Classification.INTERNAL)
    async with running(notes, opinions, joins=(join,), policies=PolicySet((CARDS,))) as runtime:
        joined = await runtime.ask(Question(), Joined, caller=Caller(clearance=Classification.RESTRICTED))
        assert joined.note.text == "[card]"


# --- when outputs leave ---


async def test_outputs_that_were_returned_are_published_only_after_the_handler_returned() -> None:
    got: list[str] = []

    @agent("maker")
    async def maker(question: Question) -> tuple[Note, Opinion]:
        await anyio.lowlevel.checkpoint()
        got.append("returned")
        return Note(), Opinion()

    @agent("reader")
    async def reader(message: Note | Opinion) -> None:
        got.append(type(message).__name__)

    async with running(maker, reader) as runtime:
        await runtime.publish(Question())
        await runtime.drain(10)
        assert got == ["returned", "Note", "Opinion"]


async def test_outputs_published_through_the_context_leave_at_once_and_stay_whatever_follows() -> None:
    got: list[str] = []

    @agent("maker", publishes=(Note,))
    async def maker(question: Question, context: Context) -> Answer:
        await context.publish(Note(text="out"))
        raise ValueError

    @agent("reader")
    async def reader(note: Note) -> None:
        got.append(note.text)

    async with running(maker, reader) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer)
        await runtime.drain(10)
        assert got == ["out"]


async def test_a_tuple_with_one_wrong_part_publishes_none_of_it() -> None:
    got: list[Note] = []

    @agent("maker")
    async def maker(question: Question) -> tuple[Note, Answer]:
        return Note(), "rubbish"  # type: ignore[return-value]  # the wrong type of the bad-input table

    @agent("reader")
    async def reader(note: Note) -> None:
        got.append(note)

    async with running(maker, reader) as runtime:
        with pytest.raises(RunStalled, match=r"maker: dead_lettered.*returned str"):
            await runtime.ask(Question(), Answer)
        assert got == []


async def test_a_wrong_output_type_is_named_and_counted() -> None:
    """Bad input: an agent that returns a wrong type."""

    @agent("wrong")
    async def wrong(question: Question) -> Answer:
        return {"text": "no payload"}  # type: ignore[return-value]  # the wrong type of the bad-input table

    async with running(wrong) as runtime:
        with pytest.raises(RunStalled, match=r"'wrong' returned dict; its annotation declares t.answer"):
            await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["wrong"].refused == 1
        assert runtime.statistics().agents["wrong"].failed == 1


async def test_a_denied_recipient_never_sees_the_message() -> None:
    seen: list[Question] = []

    @agent("suspended")
    async def suspended(question: Question) -> None:
        seen.append(question)

    async with running(suspended, answerer, policies=denying("suspended", Question)) as runtime:
        await runtime.ask(Question(), Answer)
        assert seen == []
        assert runtime.statistics().agents["suspended"].denied == 1
