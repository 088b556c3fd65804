"""Attack: an approval is collected under mild settings, and used after a reload that asks for other people."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, PolicySet, agent
from genie.errors import InputError
from genie.policies.four_eyes import FourEyes, FourEyesRule, FourEyesSettings
from tests.genie.policies_for_tests import Answer, Gate, Question, running, turns

pytestmark = pytest.mark.anyio
ANN = Caller(user="ann")


def asking(**rule: Any) -> PolicySet:
    return PolicySet((FourEyes(FourEyesSettings(topics={"t.question": FourEyesRule(**rule)})),))


MILD, STRICT = asking(approvers=("clerk",)), asking(approvers=("treasury",), quorum=2)


@agent("pays", concurrency=1)
async def pays(question: Question) -> Answer:
    """Pay."""
    return Answer(number=question.number)


async def test_what_waits_in_a_mailbox_is_held_again_under_other_settings() -> None:
    gate = Gate()
    seen: list[int] = []

    @agent("pays")
    async def slow(question: Question) -> Answer:
        seen.append(question.number)
        await gate.wait()
        return Answer(number=question.number)

    async with running(slow, policies=MILD) as runtime:
        runs = [runtime.start(Question(number=number), Answer, caller=ANN) for number in (1, 2)]
        await turns()
        for request in runtime.approvals.requests():
            runtime.approvals.approve(request.id, by="ben", roles={"clerk"}, reason="fine")
        await turns()
        runtime.operations.replace_policies(STRICT)
        gate.open.set()
        assert (await runs[0].result()).number == 1  # it ran already
        await turns()
        [again] = runtime.approvals.requests()
        assert [need.quorum for need in again.needs] == [2]
        assert seen == [1]
        for by in ("carla", "dan"):
            runtime.approvals.approve(again.id, by=by, roles={"treasury"}, reason="fine")
        assert (await runs[1].result()).number == 2


async def test_a_vote_that_was_cast_under_other_settings_counts_no_more() -> None:
    async with running(pays, policies=asking(approvers=("treasury",), quorum=2)) as runtime:
        run = runtime.start(Question(), Answer, caller=ANN)
        await turns()
        [request] = runtime.approvals.requests()
        seal = request.seal
        runtime.approvals.approve(request.id, by="ben", roles={"treasury"}, reason="fine")
        runtime.operations.replace_policies(asking(approvers=("board",), quorum=1))
        with pytest.raises(InputError, match="policy version"):
            runtime.approvals.approve(request.id, by="carla", roles={"board"}, reason="as I saw it", seal=seal)
        with pytest.raises(InputError, match="board"):
            runtime.approvals.approve(request.id, by="carla", roles={"treasury"}, reason="fine")
        assert runtime.approvals.requests()[0].lacking()
        runtime.approvals.approve(request.id, by="dan", roles={"board"}, reason="fine")
        await run.result()


async def test_an_approval_holds_over_a_reload_of_the_same_settings() -> None:
    async with running(pays, policies=MILD) as runtime:
        run = runtime.start(Question(), Answer, caller=ANN)
        await turns()
        [request] = runtime.approvals.requests()
        runtime.operations.replace_policies(asking(approvers=("clerk",)))
        runtime.approvals.approve(request.id, by="ben", roles={"clerk"}, reason="fine", seal=request.seal)
        await run.result()
