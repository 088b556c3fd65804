"""Attack: a payload is changed after people have approved it, before its release or before it is taken out."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, PolicySet, Retry, agent
from genie.approvals.request import State
from genie.errors import RunStalled
from genie.policy.verdicts import Hold
from tests.genie.policies_for_tests import Answer, Gate, Question, running, turns, verdict_for

pytestmark = pytest.mark.anyio
ANN = Caller(user="ann")


def held(recipient: str, kind: Any = Question, **options: Any) -> PolicySet:
    return PolicySet((verdict_for(recipient, kind, Hold("ask", **options), name="ask"),))


@pytest.mark.parametrize("what", ["delivery", "answer"])
async def test_a_payload_that_changed_while_it_was_held_is_not_released(what: str) -> None:
    sent = Answer(number=1)
    seen: list[int] = []

    @agent("pays")
    async def pays(question: Question) -> Answer:
        seen.append(question.number)
        return sent

    question = Question(number=1)
    recipient, kind, payload = ("pays", Question, question) if what == "delivery" else ("caller:ann", Answer, sent)
    async with running(pays, policies=held(recipient, kind)) as runtime:
        run = runtime.start(question, Answer, caller=ANN)
        await turns()
        [request] = runtime.approvals.requests()
        payload.__dict__["number"] = 1_000_000
        runtime.approvals.approve(request.id, by="ben", reason="one is fine")
        with pytest.raises(RunStalled, match="not the one that was approved"):
            await run.result()
    assert seen == ([] if what == "delivery" else [1])


async def test_a_payload_that_changed_in_the_mailbox_is_not_handled() -> None:
    gate = Gate()
    seen: list[int] = []

    @agent("pays")
    async def pays(question: Question) -> Answer:
        seen.append(question.number)
        await gate.wait()
        return Answer(number=question.number)

    question = Question(number=1)
    async with running(pays, policies=held("pays")) as runtime:
        first = runtime.start(Question(number=0), Answer, caller=ANN)
        second = runtime.start(question, Answer, caller=ANN)
        await turns()
        for request in runtime.approvals.requests():
            runtime.approvals.approve(request.id, by="ben", reason="fine")
        await turns()
        question.__dict__["number"] = 1_000_000  # it waits behind the first
        gate.open.set()
        assert (await first.result()).number == 0
        with pytest.raises(RunStalled, match="not the one that was approved"):
            await second.result()
    assert seen == [0]


async def test_a_payload_that_changed_before_a_retry_is_not_handled() -> None:
    question = Question(number=1)
    seen: list[int] = []

    @agent("flaky", retry=Retry(attempts=3, first_s=1))
    async def flaky(received: Question) -> Answer:
        seen.append(received.number)
        question.__dict__["number"] = 1_000_000
        raise ValueError

    async with running(flaky, policies=held("flaky")) as runtime:
        run = runtime.start(question, Answer, caller=ANN)
        await turns()
        [request] = runtime.approvals.requests()
        runtime.approvals.approve(request.id, by="ben", reason="fine")
        with pytest.raises(RunStalled, match="not the one that was approved"):
            await run.result()
    assert seen == [1]


async def test_what_was_approved_and_is_unchanged_is_handled_once() -> None:
    seen: list[int] = []

    @agent("pays")
    async def pays(question: Question) -> Answer:
        seen.append(question.number)
        return Answer()

    async with running(pays, policies=held("pays")) as runtime:
        run = runtime.start(Question(number=1), Answer, caller=ANN)
        await turns()
        [request] = runtime.approvals.requests()
        assert runtime.approvals.approve(request.id, by="ben", reason="fine").state is State.APPROVED
        await run.result()
    assert seen == [1]
