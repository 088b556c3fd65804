"""Four eyes: an edited payload inherits no approval that was given to the payload before the edit."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from genie import Caller, Payload, PolicySet, agent
from genie.policy.policy import AsyncPolicy, AsyncSettings
from genie.policy.verdicts import ALLOW, Hold, Verdict
from tests.genie.policies_for_tests import (
    Answer,
    Question,
    Rule,
    assert_at_rest,
    running,
    turns,
    verdict_for,
)

pytestmark = pytest.mark.anyio
ANN = Caller(user="ann")


class SlowRule(AsyncPolicy):
    """A slow judge that allows everything when a test lets it answer."""

    name = "slow"
    version = "1"
    settings = AsyncSettings(deadline_s=1_000)

    def __init__(self, kind: type[Payload], recipient: str) -> None:
        self._kind, self._recipient = kind, recipient
        self.open = anyio.Event()

    def judge_of(self, route: Any) -> Any:
        async def judge(_message: Any, _sender: Any) -> Verdict:
            await self.open.wait()
            return ALLOW

        return judge if (route.payload, route.recipient.id) == (self._kind, self._recipient) else None


def holding_when(name: str, recipient: str, kind: type, concerns: Any, **options: Any) -> Rule:
    """Return version 1 of a policy that holds what ``concerns`` picks of one class to one recipient."""

    def choose(route):
        if route.recipient.id != recipient or route.payload is not kind:
            return None
        return lambda message, _sender: Hold("ask", **options) if concerns(message.payload) else ALLOW

    return Rule(choose, name=name)


@pytest.mark.parametrize("what", ["delivery", "answer"])
async def test_an_edited_payload_inherits_no_approval_of_the_old_one(what: str) -> None:
    """Policy `one` approved the payload before the edit. It is asked again for the edited one."""
    seen: list[int] = []

    @agent("guarded")
    async def guarded(question: Question) -> Answer:
        seen.append(question.number)
        return Answer(text=question.text, number=question.number)

    recipient, kind = ("guarded", Question) if what == "delivery" else ("caller:ann", Answer)
    first_only = holding_when("one", recipient, kind, lambda payload: payload.number == 0)
    always = holding_when("one", recipient, kind, lambda payload: True)
    two = holding_when("two", recipient, kind, lambda payload: True, quorum=2)
    async with running(guarded, policies=PolicySet((first_only,))) as runtime:
        run = runtime.start(Question(text="q"), Answer, caller=ANN)
        await turns()
        runtime.operations.replace_policies(PolicySet((first_only, two)))
        runtime.approvals.approve(runtime.approvals.holds()[0].id, by="ben", reason="as it is")
        await turns()
        [held] = runtime.approvals.holds()
        assert held.decision.holds == frozenset({"two@1+44136fa3"})  # the approval of `one` counts for this payload
        edited = runtime.approvals.approve(held.id, by="carla", reason="changed", edit=kind(text="q", number=1))
        assert {need.policy for need in edited.needs} == {"one@1+44136fa3", "two@1+44136fa3"}
        assert edited.votes == ()
        runtime.operations.replace_policies(PolicySet((always, two)))
        assert runtime.approvals.approve(held.id, by="dan", reason="fine").lacking() == ("two@1+44136fa3: 1 more",)
        assert not run.at_rest
        assert seen == ([] if what == "delivery" else [0])
        runtime.approvals.approve(held.id, by="eve", reason="fine")
        assert (await run.result()).number == 1
        await run.settled()
        assert_at_rest(runtime)


@pytest.mark.parametrize("what", ["delivery", "answer"])
async def test_an_approval_of_the_old_payload_counts_for_no_later_set_either(what: str) -> None:
    """Version 1 approved the payload before the edit and never the edited one, so it holds it when it is back."""
    seen: list[int] = []

    @agent("guarded")
    async def guarded(question: Question) -> Answer:
        seen.append(question.number)
        return Answer(text=question.text, number=question.number)

    recipient, kind = ("guarded", Question) if what == "delivery" else ("caller:ann", Answer)

    def asks(name: str, version: str) -> Rule:
        return verdict_for(recipient, kind, Hold("ask"), name=name, version=version)

    first, second, two = asks("one", "1"), asks("one", "2"), asks("two", "1")
    slow = SlowRule(kind, recipient)
    slow.open.set()
    async with running(guarded, policies=PolicySet((first, slow))) as runtime:
        run = runtime.start(Question(text="q"), Answer, caller=ANN)
        await turns()
        runtime.operations.replace_policies(PolicySet((first, two, slow)))
        runtime.approvals.approve(runtime.approvals.holds()[0].id, by="ben", reason="as it is")
        await turns()
        [held] = runtime.approvals.holds()
        runtime.operations.replace_policies(PolicySet((second, two, slow)))
        runtime.approvals.approve(held.id, by="carla", reason="changed", edit=kind(text="q", number=1))
        slow.open = anyio.Event()  # after the approval, the judge takes its time
        assert runtime.approvals.approve(held.id, by="dan", reason="fine").lacking() == ()
        await turns()
        runtime.operations.replace_policies(PolicySet((first, two, slow)))
        slow.open.set()
        await turns()
        [again] = runtime.approvals.holds()
        assert "one@1+44136fa3" in again.request.seal.policies
        run.cancel()
        await run.settled()
        assert seen == ([] if what == "delivery" else [0])
        assert_at_rest(runtime)
