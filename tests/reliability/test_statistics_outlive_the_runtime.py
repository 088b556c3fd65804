"""A program can print what happened after its runtime has closed."""

from __future__ import annotations

import pytest

from genie import Runtime
from tests.genie.policies_for_tests import Answer, Question, answerer

pytestmark = pytest.mark.anyio


async def test_the_counters_can_be_read_after_closing() -> None:
    async with Runtime([answerer]) as runtime:
        await runtime.ask(Question(), Answer)
    totals = runtime.statistics().totals
    assert (totals.accepted, totals.handled, totals.in_flight) == (1, 1, 0)
