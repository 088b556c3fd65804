"""Scenarios of what ends or changes a run from outside: cancel, deadline, switches, policies, drain, close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from genie import Context, PolicySet, RunLimits, agent
from tests.genie.policies_for_tests import Answer, Note, Opinion, Question, denying, holding
from tests.golden.scenarios_flow import answers_after, opines_after
from tests.golden.stage import scenario

if TYPE_CHECKING:
    from tests.golden.stage import Stage


@agent("desk", publishes=(Note,))
async def desk(question: Question, context: Context) -> Answer:
    """Publish two notes and one for later, then wait long."""
    await context.publish(Note(number=1))
    await context.publish(Note(number=2))
    context.after(50, Note(number=3))
    await anyio.sleep(100)
    return Answer()


@agent("reader")
async def reader(note: Note) -> None:
    """Take long for each note."""
    await anyio.sleep(20)


@scenario
async def a_cancelled_run_is_cut_everywhere(stage: Stage) -> None:
    async with stage.runtime(desk, reader) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await anyio.sleep(10)
        run.cancel("enough")
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def a_caller_that_goes_away_cancels_its_run(stage: Stage) -> None:
    async with stage.runtime(answers_after(100, "slow")) as runtime:
        with anyio.move_on_after(10) as scope:
            await runtime.ask(Question(), Answer)
        stage.say("cancelled", scope.cancelled_caught)
        await anyio.sleep(1)


@scenario
async def a_deadline_expires_everything(stage: Stage) -> None:
    async with stage.runtime(desk, reader) as runtime:
        run = stage.follow(runtime.start(Question(), Answer, deadline_s=10))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def the_limits_deadline_holds_where_the_caller_names_none(stage: Stage) -> None:
    async with stage.runtime(answers_after(100, "slow"), limits=RunLimits(deadline_s=10)) as runtime:
        await stage.result("ask", runtime.ask(Question(), Answer))


@scenario
async def a_killed_agent_loses_its_mail_until_it_is_revived(stage: Stage) -> None:
    async with stage.runtime(answers_after(10, "answers")) as runtime:
        runs = [stage.follow(runtime.start(Question(number=number), Answer)) for number in range(2)]
        await anyio.sleep(1)
        runtime.operations.kill("answers", by="ann", reason="test")
        for run in runs:
            await stage.result("killed", run.result())
        await stage.result("barred", stage.follow(runtime.start(Question(), Answer)).result())
        runtime.operations.revive("answers", by="ann")
        await stage.result("revived", stage.follow(runtime.start(Question(), Answer)).result())


@scenario
async def a_kill_with_a_term_ends_by_itself(stage: Stage) -> None:
    async with stage.runtime(answers_after(1, "answers")) as runtime:
        runtime.operations.kill("answers", for_s=5)
        await stage.result("killed", runtime.ask(Question(), Answer))
        await anyio.sleep(6)
        await stage.result("after", runtime.ask(Question(), Answer))


@scenario
async def a_paused_agent_finishes_and_its_fallback_takes_the_rest(stage: Stage) -> None:
    agents = (answers_after(10, "answers", fallback="stands_in"), answers_after(3, "stands_in"))
    async with stage.runtime(*agents) as runtime:
        runs = [stage.follow(runtime.start(Question(number=number), Answer, to="answers")) for number in range(2)]
        await anyio.sleep(1)
        runtime.operations.pause("answers")
        for run in runs:
            answer = await run.result()
            stage.say("answered by", answer.text)
        runtime.operations.resume("answers")
        answer = await runtime.ask(Question(), Answer, to="answers")
        stage.say("answered by", answer.text)


@scenario
async def new_policies_judge_queued_mail_again(stage: Stage) -> None:
    async with stage.runtime(answers_after(10, "answers")) as runtime:
        runs = [stage.follow(runtime.start(Question(number=number), Answer)) for number in range(2)]
        await anyio.sleep(1)
        runtime.operations.replace_policies(denying("answers", Question))
        for run in runs:
            await stage.result("run", run.result())
        runtime.operations.replace_policies(PolicySet())
        await stage.result("after", runtime.ask(Question(), Answer))


@scenario
async def an_agent_removed_and_added_in_the_middle(stage: Stage) -> None:
    async with stage.runtime(answers_after(10, "answers"), opines_after(1.25, "opines"), counts=False) as runtime:
        runs = [stage.follow(runtime.start(Question(number=number), Answer)) for number in range(2)]
        await anyio.sleep(3)
        await runtime.remove("answers")
        for run in runs:
            await stage.result("run", run.result())
        await runtime.add(answers_after(1, "answers"))
        await stage.result("after", runtime.ask(Question(), Answer))


@scenario
async def a_drain_lets_end_what_can_and_cancels_the_rest(stage: Stage) -> None:
    policies = holding("held", Note)

    @agent("held")
    async def held(note: Note) -> None:
        return

    async with stage.runtime(answers_after(5, "fast"), held, policies=policies) as runtime:
        first = stage.follow(runtime.start(Question(), Answer))
        second = stage.follow(runtime.start(Note(), Opinion))
        await runtime.drain(10)
        await stage.result("first", first.result())
        await stage.result("second", second.result())
        await stage.result("third", runtime.ask(Question(), Answer))


@scenario
async def a_closed_runtime_cancels_what_is_left(stage: Stage) -> None:
    async with stage.runtime(desk, reader) as runtime:
        stage.follow(runtime.start(Question(), Answer))
        await anyio.sleep(10)


@scenario
async def one_of_two_runs_is_cancelled_and_the_other_feels_nothing(stage: Stage) -> None:
    def asking() -> Any:
        @agent("asks", asks={Note: Opinion}, concurrency=4)
        async def asks(question: Question, context: Context) -> Answer:
            await anyio.sleep(question.number)
            await context.ask(Note(number=question.number), Opinion)
            return Answer(number=question.number)

        return asks

    @agent("opines")
    async def opines(note: Note) -> Opinion:
        await anyio.sleep(10)
        return Opinion()

    async with stage.runtime(asking(), opines) as runtime:
        runs = [stage.follow(runtime.start(Question(number=number), Answer)) for number in (1, 2, 3)]
        await anyio.sleep(5)
        runs[1].cancel()
        for run in runs:
            await stage.result("run", run.result())
