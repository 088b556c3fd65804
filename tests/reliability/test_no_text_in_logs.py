"""What an agent raises is named in logs and reasons by a class that can be imported: a class name may carry text."""

from __future__ import annotations

import pytest

from genie import PolicySet, agent
from genie.errors import RunStalled
from tests.genie.policies_for_tests import Answer, Question, Rule, running

pytestmark = pytest.mark.anyio
SECRET = "card_4111111111111111"


def telling() -> BaseException:
    made: BaseException = type(SECRET, (ValueError,), {})(SECRET)
    return made


@agent("telling")
async def tells(question: Question) -> Answer:
    raise telling()


async def test_a_class_name_carries_no_text_out_of_a_handler(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with running(tells) as runtime:
        with pytest.raises(RunStalled, match="ValueError") as raised:
            await runtime.ask(Question(), Answer)
    assert "agent telling failed: ValueError" in caplog.text
    assert SECRET not in caplog.text + str(raised.value)


async def test_a_class_name_carries_no_text_out_of_a_policy(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    def judge(_message: object, _sender: object) -> None:
        raise telling()

    async with running(tells, policies=PolicySet((Rule(lambda _route: judge),))) as runtime:
        with pytest.raises(RunStalled, match="ValueError") as raised:
            await runtime.ask(Question(), Answer)
    assert SECRET not in caplog.text + str(raised.value)
