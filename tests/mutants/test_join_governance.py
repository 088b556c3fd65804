"""Declared joins: what the bus refuses is not joined, revoked consents end at a join, and its statistics are true."""

from __future__ import annotations

import anyio
import pytest

from genie import Caller, Context, Payload, RunLimits, agent
from genie.contracts.agent import Join
from genie.errors import RunStalled
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Order,
    Question,
    assert_at_rest,
    gated,
    masking,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


class JoinedPair(Payload, topic="mutants.pair"):
    note: Note
    opinion: Opinion


class JoinedLoose(Payload, topic="mutants.loose"):
    note: Note | None = None
    opinion: Opinion | None = None


PARTS = {"note": Note, "opinion": Opinion}
PAIR = Join(id="join", into=JoinedPair, parts=PARTS)


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


def opining(gate: Gate):
    @agent("slow_opiner")
    async def slow_opiner(question: Question) -> Opinion:
        await gate.wait()
        return Opinion(text="late")

    return slow_opiner


async def test_a_message_beyond_the_hop_limit_is_not_a_part_of_a_join() -> None:
    """The note is one hop too far; the opinion comes later by a short way, so the join itself is within the limit."""
    gate = Gate()

    @agent("first")
    async def first(question: Question) -> Answer:
        return Answer()

    @agent("second")
    async def second(answer: Answer) -> Order:
        return Order(account="a", number=1)

    @agent("third")
    async def third(order: Order) -> Note:
        return Note(text="too far")

    agents = (first, second, third, opining(gate))
    async with running(*agents, joins=(PAIR,), limits=RunLimits(max_hops=2)) as runtime:
        run = runtime.start(Question(), JoinedPair)
        await gate.reached.wait()
        await turns()
        gate.open.set()
        with pytest.raises(RunStalled):
            await run.result()
        await run.settled()
        assert_at_rest(runtime)


async def test_a_message_beyond_the_message_budget_is_not_a_part_of_a_join() -> None:
    """The question is the first message of the run, the opinion the second, and the note one too many."""
    gate = Gate()

    @agent("slow_noter")
    async def slow_noter(question: Question) -> Note:
        await gate.wait()
        return Note()

    limits = RunLimits(max_messages=2)
    async with running(slow_noter, opiner, joins=(PAIR,), limits=limits) as runtime:
        run = runtime.start(Question(), JoinedPair)
        await gate.reached.wait()
        await turns()
        before = run.messages()
        gate.open.set()
        with pytest.raises(RunStalled):
            await run.result()
        await run.settled()
        counts = run.messages()
        assert counts.handled - before.handled == 1  # the question, by `slow_noter`
        assert_at_rest(runtime)


@pytest.mark.parametrize("kill", [{"tenant": "t"}, {"everything": True}], ids=["tenant", "everything"])
async def test_what_a_kill_switch_refuses_is_not_joined(kill) -> None:
    join = Join(id="join", into=JoinedLoose, parts=PARTS, need="first")
    async with running(joins=(join,)) as runtime:
        runtime.operations.kill(**kill)
        run = runtime.start(Note(text="n"), JoinedLoose, caller=Caller(tenant="t"))
        with pytest.raises(RunStalled):
            await run.result()
        assert run.messages().handled == 0
        assert_at_rest(runtime)


async def test_a_join_passes_no_revoked_consent_on() -> None:
    """The part was taken before the consent was withdrawn; what is made of it is published afterwards."""
    gate = Gate()
    consents: list[frozenset[str]] = []

    @agent("reader")
    async def reader(loose: JoinedLoose, context: Context) -> Answer:
        consents.append(context.headers.consent)
        return Answer()

    join = Join(id="join", into=JoinedLoose, parts=PARTS, within_s=5, partial="publish")
    async with running(noter, opining(gate), reader, joins=(join,)) as runtime:
        caller = Caller(consent=frozenset({"share", "store"}))
        run = runtime.start(Question(), Answer, caller=caller)
        await turns()
        runtime.operations.revoke("share")
        await run.result()
        assert consents == [frozenset({"store"})]
        gate.open.set()
        await run.settled()
        assert_at_rest(runtime)


async def test_what_only_a_join_takes_is_not_unrouted() -> None:
    async with running(noter, opiner, joins=(PAIR,)) as runtime:
        run = runtime.start(Question(), JoinedPair)
        await run.result()
        await run.settled()
        assert run.messages().unrouted == 0
        assert runtime.statistics().unrouted == 0
        await runtime.publish(Answer())  # which nobody takes
        assert runtime.statistics().unrouted == 1


async def test_a_part_that_is_masked_for_a_join_counts_as_redacted() -> None:
    async with running(noter, opiner, joins=(PAIR,), policies=masking("join", Note)) as runtime:
        run = runtime.start(Question(), JoinedPair)
        assert (await run.result()).note.text == "[masked]"
        await run.settled()
        assert run.messages().redacted == 1


async def test_what_follows_from_an_open_join_is_still_possible() -> None:
    """The join closes because a part cannot come; its output starts a chain that brings the answer."""
    gate = Gate()

    @agent("closer")
    async def closer(loose: JoinedLoose) -> Answer:
        return Answer(text="closed")

    @agent("busy")
    async def busy(question: Question) -> Order | None:
        await gate.wait()
        return None

    join = Join(id="join", into=JoinedLoose, parts=PARTS, partial="publish")
    async with running(noter, mute, closer, busy, joins=(join,)) as runtime:
        run = runtime.start(Question(), Answer)
        assert (await run.result()).text == "closed"  # although `busy` still runs
        gate.open.set()
        await run.settled()
        assert_at_rest(runtime)


async def test_a_join_that_fails_ends_the_wait_for_its_output_at_once() -> None:
    """The rest of the run cannot bring what the join would have; nobody waits for the rest."""
    gate = Gate()
    async with running(noter, breaker, gated(gate), joins=(PAIR,)) as runtime:
        started = anyio.current_time()
        run = runtime.start(Question(), JoinedPair)
        with anyio.fail_after(60), pytest.raises(RunStalled, match="breaker"):
            await run.result()  # although `slow` still runs
        assert anyio.current_time() == started
        gate.open.set()
        await run.settled()
        assert_at_rest(runtime)
