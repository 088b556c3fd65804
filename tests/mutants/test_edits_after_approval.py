"""Four eyes: an edited payload inherits no approval that was given to the payload before the edit."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, PolicySet, agent
from genie.policy.verdicts import ALLOW, Hold
from tests.genie.policies_for_tests import Answer, Question, Rule, assert_at_rest, running, turns

pytestmark = pytest.mark.anyio
ANN = Caller(user="ann")


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
