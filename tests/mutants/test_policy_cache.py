"""The cache of allowed headers and the paths of an approved hold: neither may let anything through."""

from __future__ import annotations

import pytest

from genie import Caller, PolicySet, agent
from genie.policy.verdicts import ALLOW, Deny, Hold
from tests.genie.policies_for_tests import CARDS, Answer, Note, Question, Rule, answerer, running, turns, verdict_for

pytestmark = pytest.mark.anyio


class HeadersOnly(Rule):
    """A policy that judges headers alone, so that the headers that it allowed may be remembered."""

    headers_only = True


def needs_share(route):
    if route.recipient.id != "sink":
        return None
    return lambda message, _sender: ALLOW if "share" in message.headers.consent else Deny("consent", "not given")


async def test_headers_that_a_policy_denies_are_denied_every_time() -> None:
    """All messages of one caller carry the same headers; a denial of the first must hold for the rest."""
    seen: list[int] = []

    @agent("sink")
    async def sink(note: Note) -> None:
        seen.append(note.number)

    async with running(sink, policies=PolicySet((HeadersOnly(needs_share),))) as runtime:
        for number in range(3):
            await runtime.publish(Note(number=number))
        await turns()
        assert seen == []
        assert runtime.statistics().agents["sink"].denied == 3


async def test_headers_of_one_run_are_denied_for_every_message_of_it() -> None:
    seen: list[int] = []

    @agent("sink")
    async def sink(note: Note) -> None:
        seen.append(note.number)

    @agent("writer")
    async def writer(question: Question) -> tuple[Note, ...]:
        return tuple(Note(number=number) for number in range(3))

    async with running(sink, writer, policies=PolicySet((HeadersOnly(needs_share),))) as runtime:
        await runtime.publish(Question())
        await turns()
        assert seen == []
        allowed = Caller(consent=frozenset({"share"}))
        await runtime.publish(Note(number=7), caller=allowed)
        await runtime.publish(Question())  # what another caller may send does not open the way for this one
        await turns()
        assert seen == [7]


async def test_what_an_approved_hold_masks_stays_masked_for_the_recipient() -> None:
    seen: list[str] = []

    @agent("guarded")
    async def guarded(question: Question) -> Answer:
        seen.append(question.text)
        return Answer()

    hold = verdict_for("guarded", Question, Hold("ask a person", paths=frozenset({("text",)})))
    async with running(guarded, policies=PolicySet((hold,))) as runtime:
        run = runtime.start(Question(text="secret"), Answer, caller=Caller(user="ann"))
        await turns()
        runtime.approvals.approve(runtime.approvals.holds()[0].id, by="ben", reason="fine")
        await run.result()
        assert seen == ["[masked]"]


async def test_what_an_approved_hold_masks_of_an_answer_stays_masked_for_the_asker() -> None:
    hold = verdict_for("caller:ann", Answer, Hold("ask a person", paths=frozenset({("text",)})))
    async with running(answerer, policies=PolicySet((hold,))) as runtime:
        run = runtime.start(Question(text="secret", number=3), Answer, caller=Caller(user="ann"))
        await turns()
        runtime.approvals.approve(runtime.approvals.holds()[0].id, by="ben", reason="fine")
        assert await run.result() == Answer(text="[masked]", number=3)


class FindingsOnly(Rule):
    """A policy that can object only where an inspector found something, so that clean messages are not shown to it."""

    needs_findings = True


async def test_a_policy_about_findings_is_asked_when_there_are_some() -> None:
    policy = FindingsOnly(CARDS.compile, name="cards", inspectors=CARDS.inspectors)
    async with running(answerer, policies=PolicySet((policy,))) as runtime:
        for text, shown in (("clean", "clean"), ("card 4111111111111111", "card [card]"), ("clean", "clean")):
            assert (await runtime.ask(Question(text=text), Answer)).text == shown
