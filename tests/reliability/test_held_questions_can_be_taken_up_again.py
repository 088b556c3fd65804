"""Whoever asked hears of a hold, and can have the answer that comes after its release."""

from __future__ import annotations

import anyio
import pytest

from genie.errors import RunHeld
from tests.genie.policies_for_tests import Answer, Question, answerer, holding, running
from tests.reliability.trouble import SOON_S

pytestmark = pytest.mark.anyio


async def test_the_answer_to_a_held_question_comes_after_its_release() -> None:
    async with running(answerer, policies=holding("answerer", Question)) as runtime:
        with pytest.raises(RunHeld) as caught:
            await runtime.ask(Question(text="late"), Answer)
        run = runtime.run(caught.value.run_id)  # type: ignore[attr-defined]  # does not exist yet
        runtime.approvals.release(caught.value.holds[0])
        with anyio.fail_after(SOON_S):
            assert (await run.result()).text == "late"


async def test_a_gather_from_outside_says_that_it_is_held() -> None:
    async with running(answerer, policies=holding("answerer", Question)) as runtime:
        with anyio.fail_after(SOON_S), pytest.raises(RunHeld):
            await runtime.gather(Question(), expect=Answer)
