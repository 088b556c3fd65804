"""Scenarios of the ordinary way: fan-out, fan-in, scopes, verdicts, joins, taps, streams, timers.

At most one task acts at each moment of virtual time, so a trace depends neither on the order in which a backend runs
tasks that are ready together nor on how the bus divides its work among tasks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import anyio

from genie import Context, Each, Payload, PolicySet, Retry, agent
from genie.contracts.agent import Join
from genie.errors import RunHeld
from genie.policy.policy import Deny, Redact
from tests.genie.policies_for_tests import (
    Answer,
    Note,
    Opinion,
    Question,
    denying,
    holding,
    masking,
    verdict_for,
)
from tests.golden.stage import scenario

if TYPE_CHECKING:
    from tests.golden.stage import Stage


class Report(Payload, topic="g.report"):
    """What a join makes of parts."""

    answer: Answer | None = None
    opinions: tuple[Opinion, ...] = ()


def answers_after(seconds: float, id: str, **options: Any) -> Any:
    """Return an agent that answers a question after some seconds."""

    @agent(id, clearance="restricted", **options)
    async def answers(question: Question) -> Answer:
        await anyio.sleep(seconds)
        return Answer(text=id, number=question.number)

    return answers


def opines_after(seconds: float, id: str, *, fails: bool = False, **options: Any) -> Any:
    """Return an agent that gives its opinion of a question after some seconds, or fails."""

    @agent(id, clearance="restricted", **options)
    async def opines(question: Question) -> Opinion:
        await anyio.sleep(seconds)
        if fails:
            raise ValueError(id)
        return Opinion(text=id)

    return opines


def gathers(stage: Stage, *expect: Any, **options: Any) -> Any:
    """Return an agent that, given a note, gathers answers to a question and says what came."""

    @agent("desk", asks={Question: expect}, clearance="restricted")
    async def desk(note: Note, context: Context) -> Answer:
        views = await context.gather(Question(text=note.text), expect=expect, **options)
        for part in expect:
            got = sorted(views[part]) if isinstance(part, Each) else views.get(part) is not None
            stage.say("gathered", part.payload.__name__ if isinstance(part, Each) else part.__name__, got)
        stage.say("missing", {name: str(why).partition("(")[0] for name, why in sorted(views.missing.items())})
        return Answer(text="desk")

    return desk


@scenario
async def fan_out_and_fan_in(stage: Stage) -> None:
    agents = [opines_after(number, f"agent{number}") for number in (1, 2, 3)]
    async with stage.runtime(gathers(stage, Each(Opinion)), *agents) as runtime:
        run = stage.follow(runtime.start(Note(), Answer, to="desk"))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def ask_from_outside_takes_the_first_answer_and_counts_the_second_late(stage: Stage) -> None:
    async with stage.runtime(answers_after(1, "fast"), answers_after(2, "slow")) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def gather_from_outside(stage: Stage) -> None:
    async with stage.runtime(answers_after(1, "answers"), opines_after(2, "opines")) as runtime:
        views = await runtime.gather(Question(), expect=(Answer, Opinion))
        stage.say("complete", views.complete)


@scenario
async def gather_first_cancels_the_rest(stage: Stage) -> None:
    agents = [opines_after(number, f"agent{number}") for number in (1, 2, 3)]
    async with stage.runtime(gathers(stage, Each(Opinion), need="first"), *agents) as runtime:
        run = stage.follow(runtime.start(Note(), Answer, to="desk"))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def gather_two_lets_the_rest_come_late(stage: Stage) -> None:
    agents = [opines_after(number, f"agent{number}") for number in (1, 2, 3)]
    async with stage.runtime(gathers(stage, Each(Opinion), need=2), *agents) as runtime:
        run = stage.follow(runtime.start(Note(), Answer, to="desk"))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def gather_two_cancels_the_rest_when_told(stage: Stage) -> None:
    agents = [opines_after(number, f"agent{number}") for number in (1, 2, 3)]
    async with stage.runtime(gathers(stage, Each(Opinion), need=2, cancel_rest=True), *agents) as runtime:
        run = stage.follow(runtime.start(Note(), Answer, to="desk"))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def missing_parts_are_named(stage: Stage) -> None:
    agents = [opines_after(1, "good"), opines_after(2, "bad", fails=True), opines_after(3, "barred")]
    policies = denying("barred", Question)
    async with stage.runtime(gathers(stage, Each(Opinion), Report), *agents, policies=policies) as runtime:
        run = stage.follow(runtime.start(Note(), Answer, to="desk"))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def late_answers_change_nothing(stage: Stage) -> None:
    agents = [opines_after(1, "fast"), opines_after(5, "slow")]
    async with stage.runtime(gathers(stage, Each(Opinion), within_s=3), *agents) as runtime:
        run = stage.follow(runtime.start(Note(), Answer, to="desk"))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def a_failing_asker_cancels_what_it_asked(stage: Stage) -> None:
    @agent("desk", asks={Question: Answer}, timeout_s=2)
    async def desk(note: Note, context: Context) -> Opinion:
        await context.ask(Question(), Answer)
        return Opinion()

    async with stage.runtime(desk, answers_after(5, "slow")) as runtime:
        run = stage.follow(runtime.start(Note(), Opinion))
        await stage.result("run", run.result())
        await run.settled()


@scenario
async def denied_to_a_subscriber(stage: Stage) -> None:
    async with stage.runtime(answers_after(1, "answers"), policies=denying("answers", Question)) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())


@scenario
async def denied_to_the_asker(stage: Stage) -> None:
    policies = PolicySet((verdict_for("caller:local", Answer, Deny("no", "not for you")),))
    async with stage.runtime(answers_after(1, "answers"), policies=policies) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())


@scenario
async def redacted_for_subscriber_and_asker(stage: Stage) -> None:
    policies = PolicySet(
        (
            verdict_for("answers", Question, Redact(frozenset({("text",)})), name="in"),
            verdict_for("caller:local", Answer, Redact(frozenset({("text",)})), name="out"),
        )
    )
    async with stage.runtime(answers_after(1, "answers"), policies=policies) as runtime:
        run = stage.follow(runtime.start(Question(text="secret"), Answer))
        answer = await run.result()
        stage.say("masked", answer.text != "answers")


@scenario
async def redacted_for_one_of_two(stage: Stage) -> None:
    agents = (opines_after(1, "near"), opines_after(2, "far"))
    async with stage.runtime(gathers(stage, Each(Opinion)), *agents, policies=masking("far", Question)) as runtime:
        run = stage.follow(runtime.start(Note(text="secret"), Answer, to="desk"))
        await stage.result("run", run.result())


@scenario
async def held_and_released(stage: Stage) -> None:
    async with stage.runtime(answers_after(1, "answers"), policies=holding("answers", Question)) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        try:
            await run.result()
        except RunHeld as held:
            stage.say("held", len(held.holds))
            runtime.approvals.release(held.holds[0])
        await stage.result("run", run.result())


@scenario
async def held_and_refused(stage: Stage) -> None:
    async with stage.runtime(answers_after(1, "answers"), policies=holding("answers", Question)) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await run.settled()
        runtime.approvals.refuse(runtime.approvals.holds()[0].id)
        await stage.result("run", run.result())


@scenario
async def held_until_it_expires(stage: Stage) -> None:
    async with stage.runtime(answers_after(1, "answers"), policies=holding("answers", Question, 60)) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await run.settled()
        await run.decided()
        await stage.result("run", run.result())


@scenario
async def an_answer_held_on_its_way(stage: Stage) -> None:
    async with stage.runtime(answers_after(1, "answers"), policies=holding("caller:local", Answer)) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await run.settled()
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        await stage.result("run", run.result())


@scenario
async def held_edited_and_approved(stage: Stage) -> None:
    async with stage.runtime(answers_after(1, "answers"), policies=holding("answers", Question)) as runtime:
        run = stage.follow(runtime.start(Question(number=1), Answer))
        await run.settled()
        hold = runtime.approvals.holds()[0].id
        request = runtime.approvals.approve(hold, by="ann", reason="with a smaller number", edit=Question(number=2))
        stage.say("edit", str(request.state))
        stage.say("approval", str(runtime.approvals.approve(hold, by="ben", reason="agreed").state))
        answer = await run.result()
        stage.say("number", answer.number)


@scenario
async def retried_with_backoff_and_handled(stage: Stage) -> None:
    tried = 0

    @agent("flaky", retry=Retry(attempts=3, first_s=1, longest_s=10))
    async def flaky(question: Question) -> Answer:
        nonlocal tried
        tried += 1
        if tried < 3:
            raise ConnectionError
        return Answer()

    async with stage.runtime(flaky) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())
        stage.say("tried", tried)


@scenario
async def retried_in_vain_buried_and_redriven(stage: Stage) -> None:
    broken = True

    @agent("flaky", retry=Retry(attempts=2, first_s=1, longest_s=10))
    async def flaky(question: Question) -> Answer:
        if broken:
            raise ConnectionError
        return Answer()

    async with stage.runtime(flaky) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())
        (letter,) = runtime.operations.dead_letters()
        stage.say("letter", letter.agent, letter.topic)
        broken = False
        await runtime.redrive(letter.id)
        await runtime.drain(10)
        stage.say("letters", len(runtime.operations.dead_letters()))


@scenario
async def a_chain_of_fallbacks(stage: Stage) -> None:
    @agent("first", fallback="second")
    async def first(question: Question) -> Answer:
        await anyio.sleep(1)
        raise ValueError

    @agent("second", fallback="third", timeout_s=1)
    async def second(question: Question) -> Answer:
        await anyio.sleep(5)
        return Answer(text="second")

    async with stage.runtime(first, second, answers_after(1, "third")) as runtime:
        run = stage.follow(runtime.start(Question(), Answer, to="first"))
        answer = await run.result()
        stage.say("answered by", answer.text)
        await run.settled()


@scenario
async def timers_publish_later(stage: Stage) -> None:
    @agent("clock", publishes=(Note,))
    async def clock(question: Question, context: Context) -> None:
        context.after(5, Note(number=2))
        context.after(2, Note(number=1))

    @agent("reader")
    async def reader(note: Note) -> Answer:
        await anyio.sleep(1)
        return Answer(number=note.number)

    async with stage.runtime(clock, reader) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        answer = await run.result()
        stage.say("number", answer.number)
        await run.settled()


@scenario
async def a_stream_is_published_as_it_comes(stage: Stage) -> None:
    @agent("streams")
    async def streams(question: Question) -> AsyncIterator[Note]:
        for number in (1, 2, 3):
            await anyio.sleep(2)
            yield Note(number=number)
        raise ValueError("after three")

    @agent("reader")
    async def reader(note: Note) -> None:
        await anyio.sleep(1)

    async with stage.runtime(streams, reader) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())
        await run.settled()


JOIN = Join(id="joined", into=Report, parts={"answer": Answer, "opinions": Opinion}, within_s=10, partial="publish")


@scenario
async def a_join_publishes_when_its_parts_are_in(stage: Stage) -> None:
    agents = (answers_after(1, "answers"), opines_after(2, "one"), opines_after(3, "two"))
    async with stage.runtime(*agents, joins=[JOIN]) as runtime:
        run = stage.follow(runtime.start(Question(), Report))
        report = await run.result()
        stage.say("parts", report.answer is not None, len(report.opinions))


@scenario
async def a_join_closes_with_what_came_and_what_follows_is_late(stage: Stage) -> None:
    agents = (answers_after(1, "answers"), opines_after(2, "one"), opines_after(30, "two"))
    async with stage.runtime(*agents, joins=[JOIN]) as runtime:
        run = stage.follow(runtime.start(Question(), Report))
        report = await run.result()
        stage.say("parts", report.answer is not None, len(report.opinions))
        await run.settled()


@scenario
async def a_tap_loses_the_oldest_and_marks_the_gap(stage: Stage) -> None:
    policies = denying("tap", Opinion)
    agents = (answers_after(1, "answers"), opines_after(2, "opines"))
    async with stage.runtime(*agents, policies=policies) as runtime, runtime.observe(capacity=2) as tap:
        for number in (1, 2):
            await runtime.gather(Question(number=number), expect=(Answer, Opinion))
        for _ in range(2):
            seen = await anext(tap)
            stage.say("tap", seen.topic, seen.recipient, seen.payload is not None, seen.headers is not None, seen.gap)


@scenario
async def nobody_subscribes(stage: Stage) -> None:
    @agent("talks", publishes=(Note,))
    async def talks(question: Question, context: Context) -> Answer:
        await context.publish(Note())
        return Answer()

    async with stage.runtime(talks) as runtime:
        run = stage.follow(runtime.start(Question(), Answer))
        await stage.result("run", run.result())
        other = stage.follow(runtime.start(Note(), Answer))
        await stage.result("other", other.result())
