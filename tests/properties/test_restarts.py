"""The law of restart budgets: never more failures within any window than allowed, unless the agent is quarantined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.agent import agent
from genie.contracts.limits import RestartBudget
from genie.errors import RunStalled
from tests.genie.policies_for_tests import Answer, Question, running, turns

if TYPE_CHECKING:
    from collections.abc import Callable

steps = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from(["fail", "fail", "fail", "answer", "resume"])), min_size=1, max_size=40
)


async def live_through(failures: int, within_s: int, script: list[tuple[int, str]]) -> None:
    fail = False

    @agent("fragile", restarts=RestartBudget(failures=failures, within_s=within_s))
    async def fragile(question: Question) -> Answer:
        if fail:
            raise ValueError
        return Answer()

    async with running(fragile) as runtime:
        budget: list[float] = []
        """When it failed, since it was resumed last."""
        quarantined = False
        for gap, verb in script:
            await anyio.sleep(gap)
            now = anyio.current_time()
            if verb == "resume":
                runtime.operations.resume("fragile")
                quarantined, budget = False, []
                continue
            fail = verb == "fail"
            if quarantined:
                with pytest.raises(RunStalled, match="quarantined"):
                    await runtime.ask(Question(), Answer)
            elif fail:
                with pytest.raises(RunStalled, match="ValueError"):
                    await runtime.ask(Question(), Answer)
                budget.append(now)
                recent = [at for at in budget if now - at <= within_s]
                quarantined = failures > 0 and len(recent) > failures
            else:
                await runtime.ask(Question(), Answer)
            await turns(20)
            suspended = runtime.statistics().agents["fragile"].suspended
            assert (suspended is not None) == quarantined
            assert suspended is None or suspended.startswith("quarantined: more than")


@settings(max_examples=60)
@given(st.integers(0, 4), st.integers(1, 20), steps)
def test_no_window_holds_more_failures_than_allowed_without_quarantine_and_resuming_begins_anew(
    live: Callable[..., Any], failures: int, within_s: int, script: list[tuple[int, str]]
) -> None:
    live(live_through, failures, within_s, script)


async def fail_together(failures: int, crowd: int) -> None:
    opened = anyio.Event()

    @agent("fragile", concurrency=crowd, restarts=RestartBudget(failures=failures, within_s=60))
    async def fragile(question: Question) -> Answer:
        await opened.wait()
        raise ValueError

    async with running(fragile) as runtime:
        runs = [runtime.start(Question(), Answer) for _ in range(2 * crowd)]
        await turns()
        opened.set()
        for run in runs:
            await run.settled()
        told = runtime.statistics().agents["fragile"]
        # Those that were running when the budget was used up fail as well; nothing is begun any more.
        assert failures < told.failed <= max(failures + 1, crowd + failures)
        assert told.suspended is not None
        assert told.denied == 2 * crowd - told.failed


@settings(max_examples=20)
@given(st.integers(1, 4), st.integers(5, 12))
def test_a_crowd_that_fails_together_is_quarantined_with_what_was_running(
    live: Callable[..., Any], failures: int, crowd: int
) -> None:
    live(fail_together, failures, crowd)
