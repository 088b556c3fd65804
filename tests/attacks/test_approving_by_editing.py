"""Attack: an approver edits what is held below a limit, or back and forth, so that their own voice suffices."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, PolicySet
from genie.approvals.request import State
from genie.errors import InputError
from genie.policy.verdicts import ALLOW, Hold
from tests.genie.policies_for_tests import Answer, Question, Rule, answerer, running, turns

pytestmark = pytest.mark.anyio
ANN = Caller(user="ann")


def tiered(route: Any) -> Any:
    """Ask two of the treasury above 100, one clerk above 10, and nobody below."""
    if route.recipient.id != "answerer":
        return None

    def judge(message: Any, _sender: Any) -> Any:
        if message.payload.number > 100:
            return Hold("large", approvers=frozenset({"treasury"}), quorum=2)
        return Hold("small", approvers=frozenset({"clerk"})) if message.payload.number > 10 else ALLOW

    return judge


TIERS = PolicySet((Rule(tiered, name="tiers"),))
TREASURY, BOTH = frozenset({"treasury"}), frozenset({"treasury", "clerk"})


@pytest.mark.parametrize("number", [101, 11, 0])
async def test_an_edit_needs_at_least_what_the_original_did_and_its_editor_counts_for_none(number: int) -> None:
    async with running(answerer, policies=TIERS) as runtime:
        run = runtime.start(Question(number=500), Answer, caller=ANN)
        await turns()
        [request] = runtime.approvals.requests()
        vote = runtime.approvals.approve
        edited = vote(request.id, by="ben", roles=BOTH, reason="less", edit=Question(number=number))
        assert edited.state is State.PENDING
        assert edited.votes == ()
        assert any(need.approvers == TREASURY and need.quorum == 2 for need in edited.needs)
        assert any(need.approvers == {"clerk"} for need in edited.needs) is (number == 11)
        for again in ("ben", " BEN ", "bеn", "ｂｅｎ"):  # noqa: RUF001 - the third has a Cyrillic letter
            with pytest.raises(InputError, match="has edited it"):
                vote(request.id, by=again, roles=BOTH, reason="mine")
            with pytest.raises(InputError, match="has edited it"):
                vote(request.id, by=again, roles=BOTH, reason="mine", edit=Question(number=1))
        assert vote(request.id, by="carla", roles=BOTH, reason="fine").state is State.PENDING
        assert vote(request.id, by="dan", roles=BOTH, reason="fine").state is State.APPROVED
        assert (await run.result()).number == number


async def test_two_editors_cannot_approve_what_the_other_wrote_and_what_it_needed_first_stays() -> None:
    async with running(answerer, policies=TIERS) as runtime:
        run = runtime.start(Question(number=500), Answer, caller=ANN)
        await turns()
        [request] = runtime.approvals.requests()
        vote = runtime.approvals.approve
        vote(request.id, by="ben", roles=BOTH, reason="less", edit=Question(number=11))
        second = vote(request.id, by="carla", roles=BOTH, reason="still less", edit=Question(number=1))
        assert {need.approvers for need in second.needs} == {TREASURY, frozenset({"clerk"})}
        for by in ("ben", "carla", "ann"):
            with pytest.raises(InputError, match="cannot decide on their own"):
                vote(request.id, by=by, roles=BOTH, reason="mine")
        for by in ("dan", "eve"):
            vote(request.id, by=by, roles=BOTH, reason="fine")
        assert (await run.result()).number == 1


async def test_an_editor_cannot_release_what_they_wrote() -> None:
    plain = PolicySet((Rule(lambda route: (lambda *_: Hold("ask")) if route.recipient.id == "answerer" else None),))
    async with running(answerer, policies=plain) as runtime:
        run = runtime.start(Question(number=1), Answer, caller=ANN)
        await turns()
        [request] = runtime.approvals.requests()
        runtime.approvals.approve(request.id, by="ben", reason="more", edit=Question(number=2))
        with pytest.raises(InputError, match="has edited it"):
            runtime.approvals.release(request.id, by="ben", reason="mine")
        runtime.approvals.release(request.id, by="carla", reason="fine")
        assert (await run.result()).number == 2
