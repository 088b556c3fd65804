"""Of very many failures the one that came last is named: it says why the answer did not come."""

from __future__ import annotations

import anyio
import pytest

from genie import Context, Mailbox, Overflow, agent
from genie.errors import RunStalled
from tests.genie.policies_for_tests import Answer, Note, Question, running

pytestmark = pytest.mark.anyio


async def test_the_cause_that_came_last_is_named() -> None:
    @agent("floods", publishes=(Note,))
    async def floods(question: Question, context: Context) -> Answer:
        for number in range(1_200):
            await context.publish(Note(number=number))
        raise KeyError("the cause")

    @agent("reader", mailbox=Mailbox(capacity=1, overflow=Overflow.SHED_NEWEST))
    async def reader(note: Note) -> None:
        await anyio.sleep(1)

    async with running(floods, reader) as runtime:
        run = runtime.start(Question(), Answer)
        with pytest.raises(RunStalled) as caught:
            await run.result()
        assert any("KeyError" in reason for reason in caught.value.reasons)
        assert "KeyError" in {str(failure.reason) for failure in run.failures()}
        assert len(run.failures()) <= 1_001
