"""Deliveries that are judged again at take-out: deadlines, senders, masks, and the limits of their run."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from genie import Caller, Payload, PolicySet, Retry, RunLimits, agent
from genie.contracts.agent import Join
from genie.policy.verdicts import ALLOW, Deny, Hold
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Question,
    Rule,
    assert_at_rest,
    masking,
    running,
    turns,
    verdict_for,
)

pytestmark = pytest.mark.anyio


# --- deadlines ---


@pytest.mark.parametrize("jump_s", [5, 6], ids=["at its deadline", "after it"])
async def test_mail_is_not_handled_once_the_deadline_of_its_run_has_come(
    jump_s: int, blocked: Callable[[float], None]
) -> None:
    """A handler blocks the loop, so that no alarm has told the bus of the deadline when the next one would run."""
    seen: list[str] = []

    @agent("blocking")
    async def blocking(question: Question) -> None:
        blocked(jump_s)

    @agent("next")
    async def following(question: Question) -> Answer:
        seen.append("next")
        return Answer()

    async with running(blocking, following, limits=RunLimits(deadline_s=5)) as runtime:
        run = runtime.start(Question(), Answer)
        await run.settled()
        assert seen == []
        assert (run.messages().handled, run.messages().expired) == (1, 1)
        assert [(failure.agent, failure.reason.code) for failure in run.failures()] == [("next", "deadline")]
        assert_at_rest(runtime)


async def test_mail_is_handled_just_before_the_deadline_of_its_run(blocked: Callable[[float], None]) -> None:
    @agent("blocking")
    async def blocking(question: Question) -> None:
        blocked(4.5)

    @agent("next")
    async def following(question: Question) -> Answer:
        return Answer(text="in time")

    async with running(blocking, following, limits=RunLimits(deadline_s=5)) as runtime:
        assert (await runtime.ask(Question(), Answer)).text == "in time"


# --- limits of a run, with and without an interceptor that looks at every message ---


@agent("bystander")
async def bystander(opinion: Opinion) -> None:
    """Takes what nobody sends."""


def counting_down(seen: list[int]):
    @agent("counter", publishes=(Note,))
    async def counter(note: Note) -> Note | None:
        seen.append(note.number)
        return Note(number=note.number - 1) if note.number else None

    return counter


@pytest.mark.parametrize("watched", [False, True], ids=["alone", "beside a killed tenant"])
@pytest.mark.parametrize("beyond", [0, 1])
async def test_a_run_may_make_exactly_as_many_hops_and_messages_as_its_limits_say(beyond: int, watched: bool) -> None:
    for limits in (RunLimits(max_hops=4, max_messages=100), RunLimits(max_hops=100, max_messages=5)):
        seen: list[int] = []
        async with running(counting_down(seen), limits=limits) as runtime:
            if watched:
                runtime.operations.kill(tenant="another")
            await runtime.publish(Note(number=4 + beyond))
            await turns()
            assert len(seen) == 5
            assert runtime.statistics().totals.dead_lettered == beyond
            assert_at_rest(runtime)


# --- whose card it is judged by ---


class Paired(Payload, topic="mutants.paired"):
    note: Note


class Asked(Payload, topic="mutants.asked"):
    question: Question


@agent("writer")
async def writer(question: Question) -> Note:
    return Note()


@pytest.mark.parametrize(("sender", "kind"), [("writer", Note), ("join", Paired), ("caller:ann", Note)])
async def test_what_is_judged_again_is_judged_by_the_card_of_its_sender(sender: str, kind: type[Payload]) -> None:
    gate = Gate()
    seen: list[Payload] = []

    @agent("reader")
    async def reader(payload: Note | Paired) -> None:
        if payload == Note(text="busy"):
            await gate.wait()
        seen.append(payload)

    def from_sender(route):
        if route.recipient.id != "reader" or route.payload is not kind:
            return None
        return lambda _message, card: ALLOW if card.id == sender else Deny("sender", card.id)

    join = Join(id="join", into=Paired, parts={"note": Note})
    other = Join(id="other", into=Asked, parts={"question": Question})
    caller = Caller(user="ann")
    async with running(writer, reader, joins=(other, join)) as runtime:
        await runtime.publish(Note(text="busy"), caller=caller, to="reader")
        await gate.reached.wait()
        await runtime.publish(Note() if sender == "caller:ann" else Question(), caller=caller)
        await turns()
        runtime.operations.replace_policies(PolicySet((Rule(from_sender, name="senders"),)))
        gate.open.set()
        await turns()
        assert kind in {type(payload) for payload in seen[1:]}
        assert runtime.statistics().agents["reader"].denied == 0
        assert_at_rest(runtime)


# --- masks ---


async def test_a_mask_that_falls_away_is_taken_back_once() -> None:
    gate = Gate()
    seen: list[str] = []

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note.text)
        await gate.wait()

    async with running(reader, policies=masking("reader", Note)) as runtime:
        await runtime.publish(Note(text="first"))
        await gate.reached.wait()
        await runtime.publish(Note(text="second"))
        await runtime.publish(Note(text="third"))
        await turns()
        assert runtime.statistics().agents["reader"].redacted == 3
        runtime.operations.replace_policies(PolicySet())
        gate.open.set()
        await turns()
        assert seen == ["[masked]", "second", "third"]
        assert runtime.statistics().agents["reader"].redacted == 1
        assert_at_rest(runtime)


async def test_a_retried_message_that_is_no_longer_masked_keeps_a_true_count() -> None:
    """It is judged again at each attempt: masked at the first, not masked at the two others."""
    seen: list[str] = []

    @agent("reader", retry=Retry(attempts=3, first_s=5))
    async def reader(note: Note) -> None:
        seen.append(note.text)
        runtime.operations.replace_policies(PolicySet())
        raise ValueError

    async with running(reader, policies=masking("reader", Note)) as runtime:
        await runtime.publish(Note(text="whole"))
        await anyio.sleep(100)
        assert seen == ["[masked]", "whole", "whole"]
        assert runtime.statistics().agents["reader"].redacted == 0
        [letter] = runtime.operations.dead_letters()
        assert letter.message.payload == Note(text="whole")
        assert_at_rest(runtime)


# --- nobody to decide ---


@pytest.mark.parametrize(("recipient", "kind"), [("answering", Question), ("caller:ann", Answer)])
async def test_what_a_policy_holds_is_denied_where_nobody_can_decide(recipient: str, kind: type[Payload]) -> None:
    seen: list[int] = []

    @agent("answering")
    async def answering(question: Question) -> Answer:
        seen.append(question.number)
        return Answer()

    policies = PolicySet((verdict_for(recipient, kind, Hold("ask a person")),))
    async with running(answering, policies=policies) as runtime:
        runtime.bus.approvals = None  # a bus without the part that people decide by
        run = runtime.start(Question(number=7), Answer, caller=Caller(user="ann"))
        await run.settled()
        assert [failure.reason.code for failure in run.failures()] == ["hold"]
        assert seen == ([] if kind is Question else [7])
        assert (run.messages().denied, runtime.approvals.holds()) == (1, ())
        assert_at_rest(runtime)
