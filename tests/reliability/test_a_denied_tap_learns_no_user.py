"""Where a tap is denied, or a policy would hold, it gets the envelope without payload, tenant and user."""

from __future__ import annotations

import pytest

from genie import Caller
from tests.genie.policies_for_tests import Answer, Question, answerer, denying, holding, running

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("verdict", [denying, holding], ids=["denied", "held"])
async def test_nothing_in_a_withheld_observation_names_the_user(verdict) -> None:
    async with running(answerer, policies=verdict("spy", Question)) as runtime:
        async with runtime.observe(Question, id="spy") as tap:
            await runtime.ask(Question(text="q"), Answer, caller=Caller(user="mallory", tenant="acme"))
        [one] = [observation async for observation in tap]
    assert one.payload is None
    assert "mallory" not in repr(one)
    assert "acme" not in repr(one)
