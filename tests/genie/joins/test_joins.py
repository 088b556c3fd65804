"""Joins: fan-in between agents that do not know each other."""

from __future__ import annotations

import anyio
import pytest

from genie.contracts.agent import Join, agent
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.errors import RunStalled
from genie.journal.memory import MemoryJournal
from genie.policy.policy import PolicySet
from tests.genie.policies_for_tests import (
    CLEARANCE,
    Answer,
    Gate,
    Note,
    Opinion,
    Order,
    Question,
    assert_at_rest,
    denying,
    gated,
    holding,
    masking,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


class Pair(Payload, topic="t.pair"):
    note: Note
    opinion: Opinion


class Loose(Payload, topic="t.loose"):
    note: Note | None = None
    opinion: Opinion | None = None


class Many(Payload, topic="t.many"):
    answers: tuple[Answer, ...] = ()
    note: Note | None = None


PARTS = {"note": Note, "opinion": Opinion}


@agent("noter")
async def noter(question: Question) -> Note:
    return Note(text=f"note {question.text}")


@agent("opiner")
async def opiner(question: Question) -> Opinion:
    return Opinion(text=f"opinion {question.text}")


@agent("mute")
async def mute(question: Question) -> Opinion | None:
    return None


@agent("breaker")
async def breaker(question: Question) -> Opinion:
    raise ValueError


def gated_opinion(gate: Gate):
    @agent("slow")
    async def slow(question: Question) -> Opinion:
        await gate.wait()
        return Opinion(text="late")

    return slow


async def test_a_join_publishes_its_payload_when_all_parts_are_in() -> None:
    seen: list[Pair] = []

    @agent("reader")
    async def reader(pair: Pair) -> None:
        seen.append(pair)

    async with running(noter, opiner, reader, joins=(Join(id="join", into=Pair, parts=PARTS),)) as runtime:
        pair = await runtime.ask(Question(text="q"), Pair)
        assert (pair.note.text, pair.opinion.text) == ("note q", "opinion q")
        await runtime.drain(10)
        assert seen == [pair]
        assert_at_rest(runtime)


async def test_a_join_keeps_runs_apart() -> None:
    gate = Gate()
    async with running(noter, gated_opinion(gate), joins=(Join(id="join", into=Pair, parts=PARTS),)) as runtime:
        runs = [runtime.start(Question(text=text), Pair) for text in "abc"]
        await turns()
        gate.open.set()
        assert [(await run.result()).note.text for run in runs] == ["note a", "note b", "note c"]


async def test_need_first_and_n_close_a_join_and_what_follows_is_late() -> None:
    gate = Gate()
    for need in ("first", 1):
        join = Join(id="join", into=Loose, parts=PARTS, need=need)  # type: ignore[arg-type]  # a loop over two kinds
        async with running(noter, gated_opinion(gate), joins=(join,)) as runtime:
            run = runtime.start(Question(text="q"), Loose)
            loose = await run.result()
            assert loose.note is not None
            assert loose.opinion is None
            gate.open.set()
            await run.settled()
            assert run.messages().late == 1
            gate.open = anyio.Event()


async def test_a_tuple_field_takes_one_payload_from_each_producer() -> None:
    gate = Gate()
    gate.open.set()
    join = Join(id="join", into=Many, parts={"answers": Answer})
    async with running(gated(gate, "b"), gated(gate, "a"), gated(gate, "c"), joins=(join,)) as runtime:
        many = await runtime.ask(Question(), Many)
        assert [answer.text for answer in many.answers] == ["a", "b", "c"]


async def test_a_second_payload_of_one_producer_for_a_tuple_is_late() -> None:
    @agent("twice")
    async def twice(question: Question) -> tuple[Answer, Answer]:
        return Answer(text="one"), Answer(text="two")

    @agent("once")
    async def once(question: Question) -> Answer:
        await anyio.sleep(1)
        return Answer(text="three")

    async with running(twice, once, joins=(Join(id="join", into=Many, parts={"answers": Answer}),)) as runtime:
        run = runtime.start(Question(), Many)
        assert [answer.text for answer in (await run.result()).answers] == ["three", "one"]
        await run.settled()
        assert run.messages().late == 1


async def test_within_s_closes_a_join_with_what_there_is() -> None:
    gate = Gate()
    join = Join(id="join", into=Loose, parts=PARTS, within_s=5, partial="publish")
    async with running(noter, gated_opinion(gate), joins=(join,)) as runtime:
        started = anyio.current_time()
        run = runtime.start(Question(text="q"), Loose)
        loose = await run.result()
        assert anyio.current_time() == pytest.approx(started + 5)
        assert loose.opinion is None
        gate.open.set()
        await run.settled()
        assert_at_rest(runtime)


async def test_partial_fail_ends_dead_lettered_join_and_names_the_missing_part() -> None:
    async with running(noter, breaker, joins=(Join(id="join", into=Pair, parts=PARTS),)) as runtime:
        run = runtime.start(Question(), Pair)
        with pytest.raises(RunStalled) as caught:
            await run.result()
        assert "join: dead_lettered(join: t.opinion" in str(caught.value)
        assert "breaker: dead_lettered(ValueError)" in str(caught.value)
        await run.settled()
        assert run.messages().balanced
        assert run.messages().dead_lettered == 2


async def test_partial_publish_into_a_payload_that_needs_the_part_fails_with_its_name() -> None:
    join = Join(id="join", into=Pair, parts=PARTS, partial="publish")
    async with running(noter, breaker, joins=(join,)) as runtime:
        with pytest.raises(RunStalled, match=r"t.pair cannot be built without t.opinion"):
            await runtime.ask(Question(), Pair)


@pytest.mark.parametrize("who", [mute, breaker])
async def test_a_part_that_can_no_longer_come_closes_the_join_at_once(who) -> None:
    gate = Gate()
    join = Join(id="join", into=Loose, parts=PARTS, within_s=3_600, partial="publish")
    async with running(noter, who, gated(gate), joins=(join,)) as runtime:
        started = anyio.current_time()
        run = runtime.start(Question(text="q"), Loose)
        loose = await run.result()  # although `slow` still runs
        assert anyio.current_time() == started
        assert loose.note is not None
        gate.open.set()
        await run.settled()
        assert_at_rest(runtime)


async def test_a_join_whose_part_is_denied_to_it_says_so() -> None:
    async with running(
        noter, opiner, joins=(Join(id="join", into=Pair, parts=PARTS),), policies=denying("join", Opinion)
    ) as runtime:
        run = runtime.start(Question(), Pair)
        with pytest.raises(RunStalled, match="join: denied"):
            await run.result()
        await run.settled()
        assert run.messages().denied == 1
        assert run.messages().balanced
        assert_at_rest(runtime)


async def test_a_join_does_not_park_what_a_policy_would_hold() -> None:
    """Nobody sits at a join to decide."""
    async with running(
        noter, opiner, joins=(Join(id="join", into=Pair, parts=PARTS),), policies=holding("join", Opinion)
    ) as runtime:
        with pytest.raises(RunStalled, match="ask a person"):
            await runtime.ask(Question(), Pair)
        assert runtime.approvals.holds() == ()


async def test_a_part_is_masked_for_the_join() -> None:
    async with running(
        noter, opiner, joins=(Join(id="join", into=Pair, parts=PARTS),), policies=masking("join", Note)
    ) as runtime:
        assert (await runtime.ask(Question(), Pair)).note.text == "[masked]"


async def test_a_decision_on_a_part_is_recorded() -> None:
    journal = MemoryJournal()
    async with running(
        noter, opiner, joins=(Join(id="join", into=Pair, parts=PARTS),), policies=masking("join", Note), journal=journal
    ) as runtime:
        await runtime.ask(Question(), Pair)
        judged = [record for record in journal if record.kind == "judged" and record.recipient == "join"]
        assert len(judged) == 1
        assert judged[0].detail["paths"] == ["text"]


async def test_what_a_join_publishes_carries_the_highest_label_of_its_parts() -> None:
    class Secret(Payload, topic="t.secret", classification="restricted"):
        pass

    class Both(Payload, topic="t.both", classification="public"):
        secret: Secret
        note: Note

    @agent("secretive", clearance="restricted")
    async def secretive(question: Question) -> Secret:
        return Secret()

    join = Join(id="join", into=Both, parts={"secret": Secret, "note": Note}, clearance=Classification.RESTRICTED)
    async with running(secretive, noter, joins=(join,), policies=PolicySet((CLEARANCE,))) as runtime:
        with pytest.raises(RunStalled, match="clearance: clearance"):
            await runtime.ask(Question(), Both)


async def test_a_join_feeds_a_chain_that_answers() -> None:
    @agent("closer")
    async def closer(pair: Pair) -> Answer:
        return Answer(text=pair.note.text)

    async with running(noter, opiner, closer, joins=(Join(id="join", into=Pair, parts=PARTS),)) as runtime:
        assert (await runtime.ask(Question(text="q"), Answer)).text == "note q"
        assert_at_rest(runtime)


async def test_a_join_inside_a_gather_belongs_to_the_gathers_scope() -> None:
    got: list[Pair] = []

    @agent("desk", asks={Question: Pair})
    async def desk(order: Order, context: Context) -> Answer:
        got.append(await context.ask(Question(text="inner"), Pair))
        return Answer()

    async with running(noter, opiner, desk, joins=(Join(id="join", into=Pair, parts=PARTS),)) as runtime:
        await runtime.ask(Order(account="", number=0), Answer)
        assert got[0].note.text == "note inner"
        assert_at_rest(runtime)


async def test_cancelling_a_run_closes_its_joins_without_a_payload() -> None:
    gate, seen = Gate(), []

    @agent("reader")
    async def reader(loose: Loose) -> None:
        seen.append(loose)

    join = Join(id="join", into=Loose, parts=PARTS, within_s=50, partial="publish")
    async with running(noter, gated_opinion(gate), reader, joins=(join,)) as runtime:
        run = runtime.start(Question(), Loose)
        await turns()
        run.cancel()
        await run.settled()
        await anyio.sleep(100)
        assert seen == []
        assert_at_rest(runtime)


async def test_a_join_that_nobody_waits_for_gives_up_a_part_without_an_internal_error() -> None:
    join = Join(id="pair", into=Pair, parts=PARTS)
    async with running(gated(Gate()), noter, breaker, joins=[join]) as runtime:
        await runtime.publish(Question())
        await turns()
        assert runtime.statistics().agents["breaker"].failed == 1
        assert "internal_error" not in {one.kind for one in runtime.operations.incidents()}
