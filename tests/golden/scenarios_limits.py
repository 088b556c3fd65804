"""Scenarios of what is bounded: mailboxes, rates, budgets, hops, waits in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from genie import Admission, Budget, Context, Mailbox, Overflow, Rate, RestartBudget, RunLimits, agent
from genie.errors import BudgetExceededError, MailboxFullError
from tests.genie.policies_for_tests import Answer, Note, Opinion, Question
from tests.golden.scenarios_flow import answers_after
from tests.golden.stage import scenario

if TYPE_CHECKING:
    from tests.golden.stage import Stage


def _reader(overflow: Overflow, **options: Any) -> Any:
    @agent("reader", mailbox=Mailbox(capacity=1, overflow=overflow, **options))
    async def reader(note: Note) -> None:
        await anyio.sleep(10)

    return reader


@agent("talks", publishes=(Note,))
async def talks(question: Question, context: Context) -> Answer:
    """Publish four notes, a second apart."""
    refused = 0
    for number in range(4):
        await anyio.sleep(1)
        try:
            await context.publish(Note(number=number))
        except MailboxFullError:
            refused += 1
    return Answer(number=refused)


async def _overflows(stage: Stage, reader: Any) -> None:
    async with stage.runtime(talks, reader) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        answer = await run.result()
        stage.say("refused", answer.number)
        await run.settled()


@scenario
async def overflow_block(stage: Stage) -> None:
    await _overflows(stage, _reader(Overflow.BLOCK, block_s=100))


@scenario
async def overflow_block_too_long(stage: Stage) -> None:
    await _overflows(stage, _reader(Overflow.BLOCK, block_s=0.5))


@scenario
async def overflow_shed_oldest(stage: Stage) -> None:
    await _overflows(stage, _reader(Overflow.SHED_OLDEST))


@scenario
async def overflow_shed_newest(stage: Stage) -> None:
    await _overflows(stage, _reader(Overflow.SHED_NEWEST))


@scenario
async def overflow_reject(stage: Stage) -> None:
    await _overflows(stage, _reader(Overflow.REJECT))


@scenario
async def a_budget_of_messages_of_a_run(stage: Stage) -> None:
    admission = Admission(budgets=(Budget(id="few", messages=3),))
    async with stage.runtime(talks, _reader(Overflow.SHED_NEWEST), admission=admission) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def a_budget_of_cost_ends_a_charge(stage: Stage) -> None:
    @agent("spends")
    async def spends(question: Question, context: Context) -> Answer:
        for _ in range(3):
            await anyio.sleep(1)
            try:
                context.charge(cost="0.40")
            except BudgetExceededError as error:
                stage.say("charge", error.code)
                raise
        return Answer()

    async with stage.runtime(spends, admission=Admission(budgets=(Budget(id="money", cost="1.00"),))) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())


@scenario
async def a_budget_of_time_ends_a_run(stage: Stage) -> None:
    admission = Admission(budgets=(Budget(id="time", wall_s=2),))
    async with stage.runtime(answers_after(5, "slow"), admission=admission) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())


@scenario
async def a_rate_lets_wait_and_then_denies(stage: Stage) -> None:
    admission = Admission(rates=(Rate(id="slowly", per_s=0.1, wait_s=15, agents=frozenset({"answers"})),))
    async with stage.runtime(answers_after(1, "answers"), admission=admission) as runtime:
        runs = [stage.follow(runtime.start(Question(number=number), Answer)) for number in range(3)]
        for run in runs:
            await stage.result("run", run.result())


@scenario
async def a_loop_ends_at_the_hop_limit(stage: Stage) -> None:
    @agent("ping")
    async def ping(note: Note) -> Opinion:
        return Opinion()

    @agent("pong")
    async def pong(opinion: Opinion) -> Note:
        return Note()

    async with stage.runtime(ping, pong, limits=RunLimits(max_hops=4)) as runtime:
        run = stage.follow(runtime.start(Note(), Answer))
        await stage.result("run", run.result())


@scenario
async def a_run_publishes_no_more_than_its_messages(stage: Stage) -> None:
    @agent("floods", publishes=(Note,))
    async def floods(question: Question, context: Context) -> None:
        for number in range(10):
            await context.publish(Note(number=number))

    @agent("reader")
    async def reader(note: Note) -> None:
        await anyio.sleep(1)

    async with stage.runtime(floods, reader, limits=RunLimits(max_messages=4)) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def a_wait_in_a_circle_ends_at_once(stage: Stage) -> None:
    @agent("left", asks={Note: Opinion})
    async def left(question: Question, context: Context) -> Answer:
        await context.ask(Note(), Opinion)
        return Answer()

    @agent("right", asks={Question: Answer})
    async def right(note: Note, context: Context) -> Opinion:
        await context.ask(Question(), Answer)
        return Opinion()

    async with stage.runtime(left, right) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def an_agent_out_of_restarts_is_quarantined(stage: Stage) -> None:
    @agent("weak", restarts=RestartBudget(failures=1, within_s=60))
    async def weak(question: Question) -> Answer:
        raise ValueError

    async with stage.runtime(weak) as runtime:
        for _ in range(3):
            await stage.result("run", stage.follow(runtime.start(Question(), Answer)).result())
