"""Bounds of what is kept, and agents that come, go or are replaced while something depends on who is there."""

from __future__ import annotations

import pytest

from genie import Context, Each, GenieError, Retry, RunLimits, agent
from genie.bus.failures import MOST_PAYLOAD, MOST_RUNS
from genie.contracts.model_call import ModelDelta
from genie.errors import RunCancelledError, UndeclaredMessageError
from genie.execution.fragments import MOST_TEXTS, Fragments
from genie.policy.inspection import Inspectors
from tests.genie.policies_for_tests import Answer, CardNumbers, Gate, Order, Question, answerer, gated, running, turns

pytestmark = pytest.mark.anyio


@agent("fails")
async def fails(question: Question) -> Answer:
    raise ValueError(question.text)


@agent("second")
async def second(question: Question) -> Answer:
    return Answer(text="second", number=question.number)


async def test_an_agent_that_is_added_is_expected_from_then_on() -> None:
    async with running(answerer) as runtime:
        before = await runtime.gather(Question(), expect=Each(Answer))
        assert set(before[Each(Answer)]) == {"answerer"}
        await runtime.add(second)
        after = await runtime.gather(Question(), expect=Each(Answer))
        assert set(after[Each(Answer)]) == {"answerer", "second"}


async def test_exceptions_of_so_many_runs_are_kept() -> None:
    async with running(fails, debug=True) as runtime:
        runs = [runtime.start(Question(), Answer) for _ in range(MOST_RUNS + 1)]
        for run in runs:
            with pytest.raises(GenieError):
                await run.result()
        kept = [bool(runtime.bus.failures.of(run.id)) for run in runs]
        assert kept == [False] + [True] * MOST_RUNS


@pytest.mark.parametrize(("more", "whole"), [(0, True), (1, False)])
async def test_a_payload_of_the_most_characters_is_shown_whole(
    caplog: pytest.LogCaptureFixture, *, more: int, whole: bool
) -> None:
    empty = len('{"text": "", "number": 0}')
    async with running(fails, debug=True) as runtime:
        with pytest.raises(GenieError):
            await runtime.ask(Question(text="x" * (MOST_PAYLOAD - empty + more)), Answer)
    (record,) = [one for one in caplog.records if one.name == "genie.debug"]
    assert record.getMessage().endswith('"number": 0}') is whole


async def test_a_timer_that_raises_ends_the_run_that_it_was_for() -> None:
    def explode(_ref: object) -> None:
        raise ValueError

    gate = Gate()
    async with running(gated(gate)) as runtime:
        one, other = (runtime.start(Question(), Answer) for _ in range(2))
        await gate.reached.wait()
        runtime.bus.timers.on("explode", explode)
        runtime.bus.timers.soon("explode", next(run for run in runtime.bus.runs.open_runs.values() if run.id == one.id))
        with pytest.raises(RunCancelledError) as caught:
            await one.result()
        assert "internal" in str(caught.value)
        gate.open.set()
        assert await other.result() == Answer(text="slow")


class Clock:
    """A port that nobody binds."""


async def test_a_port_that_a_card_does_not_state_is_refused() -> None:
    @agent("reads")
    async def reads(question: Question, context: Context) -> Answer:
        with pytest.raises(UndeclaredMessageError):
            context.port(Clock)
        return Answer(text="refused")

    async with running(reads) as runtime:
        assert await runtime.ask(Question(), Answer) == Answer(text="refused")


async def test_a_runtime_that_keeps_no_dead_letters_counts_them() -> None:
    async with running(fails, limits=RunLimits(dead_letters=0)) as runtime:
        for _ in range(2):
            with pytest.raises(GenieError):
                await runtime.ask(Question(), Answer)
        assert list(runtime.operations.dead_letters()) == []
        assert runtime.bus.dead_letters.dropped == 2


def test_so_many_texts_are_held_back_at_a_time() -> None:
    fragments = Fragments(Inspectors((CardNumbers(),)))
    pieces = [
        fragments.take(ModelDelta(index=index, kind="text", text="ab"), ModelDelta.__fragment__)
        for index in range(MOST_TEXTS + 1)
    ]
    assert [len(piece) for piece in pieces] == [0] * MOST_TEXTS + [MOST_TEXTS]
    assert len(fragments.rest()) == 1


async def test_mail_behind_a_key_whose_owner_waits_for_its_retry_needs_no_search_for_a_deadlock() -> None:
    tried: list[int] = []

    @agent("books", concurrency=2, retry=Retry(attempts=2, first_s=1))
    async def books(order: Order) -> Answer:
        tried.append(order.number)
        if tried == [1]:
            raise LookupError
        return Answer(number=order.number)

    async with running(books) as runtime:
        first = runtime.start(Order(account="a", number=1), Answer)
        await turns()
        assert (await runtime.ask(Order(account="a", number=2), Answer)).number == 2
        assert (await first.result()).number == 1
        assert tried == [1, 1, 2]
        assert runtime.operations.incidents() == ()
