"""Fan-in: what a gather returns, when, and what it says of the parts that did not come."""

from __future__ import annotations

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.gather import Each, Gathered
from genie.contracts.limits import Retry
from genie.errors import PartMissingError, RunStalled
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Order,
    Question,
    answerer,
    asking,
    assert_at_rest,
    denying,
    gated,
    masking,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


@agent("opiner")
async def opiner(question: Question) -> Opinion:
    return Opinion(text=question.text)


@agent("breaker")
async def breaker(question: Question) -> Answer:
    raise ValueError(question.text)


async def test_a_gather_is_typed_and_returns_when_each_part_is_in() -> None:
    got: list[Gathered] = []
    async with running(answerer, opiner, asking(Question(text="q"), Answer, Opinion, into=got)) as runtime:
        await runtime.ask(Note(), Opinion)
        assert got[0][Answer] == Answer(text="q")
        assert got[0][Opinion] == Opinion(text="q")
        assert got[0].complete
        with pytest.raises(KeyError):
            _ = got[0][Note]


async def test_each_is_keyed_by_the_agents_that_consume_the_question_and_produce_the_answer() -> None:
    gate = Gate()
    gate.open.set()
    got: list[Gathered] = []
    agents = (gated(gate, "a"), gated(gate, "b"), opiner, breaker)
    async with running(*agents, asking(Question(), Each(Answer), into=got)) as runtime:
        await runtime.ask(Note(), Opinion)
        assert {name: answer.text for name, answer in got[0][Each(Answer)].items()} == {"a": "a", "b": "b"}
        assert {name: str(missing) for name, missing in got[0].missing.items()} == {
            "breaker": "dead_lettered(ValueError)"
        }


async def test_each_names_a_denied_member_at_once() -> None:
    got: list[Gathered] = []
    gate = Gate()
    agents = (gated(gate, "a"), gated(gate, "b"))
    policies = denying("b", Question)
    async with running(*agents, asking(Question(), Each(Answer), into=got), policies=policies) as runtime:
        run = runtime.start(Note(), Opinion)
        gate.open.set()
        await run.result()
        assert list(got[0][Each(Answer)]) == ["a"]
        assert got[0].missing["b"].reason == "denied(rule: not for you)"


async def test_each_is_about_the_question_not_about_other_mail_of_its_members() -> None:
    """A member that fails on something else may still answer the question."""
    gate = Gate()
    got: list[Gathered] = []

    @agent("member", concurrency=2)
    async def member(message: Question | Note) -> Answer:
        if isinstance(message, Note):
            raise ValueError
        await gate.wait()
        return Answer(text="came")

    @agent("noter")
    async def noter(question: Question) -> Note:
        return Note()

    @agent("desk", asks={Question: Each(Answer)})
    async def desk(order: Order, context: Context) -> Opinion:
        got.append(await context.gather(Question(), expect=Each(Answer)))
        return Opinion()

    async with running(member, noter, desk) as runtime:
        run = runtime.start(Order(account="", number=0), Opinion)
        await gate.reached.wait()
        await turns()
        gate.open.set()
        await run.result()
        assert got[0][Each(Answer)]["member"].text == "came"


async def test_a_fallback_answers_each_under_the_id_it_replaces() -> None:
    got: list[Gathered] = []

    @agent("first", fallback="second")
    async def first(question: Question) -> Answer:
        raise ValueError

    @agent("second", fallback="third", retry=Retry(attempts=2, first_s=1))
    async def second(message: Question) -> Answer:
        raise ValueError

    @agent("third", publishes=(Answer,))
    async def third(message: Question, context: Context) -> None:
        context.after(5, Answer(text="third"))

    async with running(first, third, second, asking(Question(), Each(Answer), into=got)) as runtime:
        await runtime.ask(Note(), Opinion)
        answers = got[0][Each(Answer)]
        assert answers["first"].text == "third"
        assert list(answers) == ["first"]  # fallbacks are not asked themselves
        assert_at_rest(runtime)


async def test_a_failed_fallback_is_a_missing_part_under_the_id_it_replaces() -> None:
    got: list[Gathered] = []

    @agent("first", fallback="second")
    async def first(question: Question) -> Answer:
        raise ValueError

    @agent("second")
    async def second(question: Question) -> Answer:
        raise KeyError

    async with running(first, second, answerer, asking(Question(), Each(Answer), into=got)) as runtime:
        await runtime.ask(Note(), Opinion)
        assert list(got[0][Each(Answer)]) == ["answerer"]
        assert "KeyError" in got[0].missing["first"].reason


async def test_need_first_returns_the_first_and_cancels_the_rest_of_its_scope() -> None:
    gate = Gate()
    got: list[Gathered] = []
    desk = asking(Question(), Each(Answer), into=got, need="first")
    async with running(gated(gate), answerer, desk) as runtime:
        run = runtime.start(Note(), Opinion)
        await run.result()
        await run.settled()
        assert list(got[0][Each(Answer)]) == ["answerer"]
        await turns()  # it is settled when it is cut; the handler ends a turn later
        assert gate.cancelled == gate.entered
        assert runtime.statistics().agents["slow"].cancelled == 1
        assert_at_rest(runtime)


async def test_need_n_returns_at_n_and_leaves_the_rest_running() -> None:
    gate = Gate()
    got: list[Gathered] = []
    late: list[str] = []

    @agent("quick")
    async def quick(question: Question) -> Answer:
        return Answer(text="quick")

    @agent("reader")
    async def reader(answer: Answer) -> None:
        late.append(answer.text)

    desk = asking(Question(), Each(Answer), into=got, need=2)
    async with running(gated(gate), answerer, quick, reader, desk) as runtime:
        run = runtime.start(Note(), Opinion)
        await run.result()
        assert sorted(got[0][Each(Answer)]) == ["answerer", "quick"]
        assert got[0].missing["slow"].reason == "late"
        gate.open.set()
        await run.settled()
        assert "slow" in late  # it was handled and went to subscribers
        counts = run.messages()
        assert counts.late == 1
        assert sorted(got[0][Each(Answer)]) == ["answerer", "quick"]  # and changed nothing


async def test_need_n_with_cancel_rest_cancels_the_rest() -> None:
    gate = Gate()
    got: list[Gathered] = []
    desk = asking(Question(), Each(Answer), into=got, need=1, cancel_rest=True)
    async with running(gated(gate), answerer, desk) as runtime:
        await runtime.ask(Note(), Opinion)
        await turns()
        assert runtime.statistics().agents["slow"].cancelled == 1
        assert_at_rest(runtime)


async def test_within_s_ends_the_wait_and_names_what_is_late() -> None:
    gate = Gate()
    got: list[Gathered] = []
    async with running(gated(gate), answerer, asking(Question(), Each(Answer), into=got, within_s=2.0)) as runtime:
        started = anyio.current_time()
        run = runtime.start(Note(), Opinion)
        await run.result()
        assert anyio.current_time() == pytest.approx(started + 2)
        assert got[0].missing["slow"].reason == "late"
        gate.open.set()
        await run.settled()
        assert run.messages().late == 1


async def test_a_second_answer_for_a_plain_part_counts_late() -> None:
    got: list[Gathered] = []

    @agent("twice")
    async def twice(question: Question) -> tuple[Answer, Answer]:
        return Answer(text="one"), Answer(text="two")

    async with running(twice, asking(Question(), Answer, into=got)) as runtime:
        run = runtime.start(Note(), Opinion)
        await run.result()
        await run.settled()
        assert got[0][Answer].text == "one"
        assert run.messages().late == 1


async def test_an_unexpected_type_goes_to_subscribers_only_and_never_climbs_to_an_outer_scope() -> None:
    """A payload whose type its scope does not expect answers nobody, even where an outer scope waits for it."""
    seen: list[Opinion] = []

    @agent("sideways")
    async def sideways(question: Question) -> tuple[Answer, Opinion]:
        return Answer(), Opinion(text="inner")

    @agent("reader")
    async def reader(opinion: Opinion) -> None:
        seen.append(opinion)

    got: list[Gathered] = []
    async with running(sideways, reader, asking(Question(), Answer, into=got)) as runtime:
        assert (await runtime.ask(Note(text="outer"), Opinion)).text == "outer"
        await turns()
        assert {opinion.text for opinion in seen} == {"inner", "outer"}


async def test_a_part_that_has_become_impossible_is_missing_at_once_while_others_run() -> None:
    """It never waits for the clock when the answer is already known."""
    gate = Gate()
    got: list[Gathered] = []

    @agent("mute")
    async def mute(question: Question) -> Opinion | None:
        return None

    @agent("slow")
    async def slow(question: Question) -> Note | None:
        await gate.wait()
        return None

    @agent("desk", asks={Question: (Opinion,)})
    async def desk(order: Order, context: Context) -> Answer:
        got.append(await context.gather(Question(), expect=Opinion, within_s=3_600))
        return Answer()

    async with running(mute, slow, desk) as runtime:
        run = runtime.start(Order(account="", number=0), Answer)
        await run.result()  # although `slow` still runs
        assert got[0].missing["t.opinion"].reason == "answered nothing"
        gate.open.set()
        await run.settled()
        assert_at_rest(runtime)


async def test_a_part_that_could_have_been_published_but_was_not_is_missing_at_once() -> None:
    gate = Gate()

    @agent("silent", publishes=(Opinion,))
    async def silent(question: Question) -> None:
        pass

    @agent("inward", asks={Note: Opinion})
    async def inward(question: Question, context: Context) -> None:
        await context.gather(Note(), expect=Opinion)

    @agent("opiner")
    async def opines(note: Note) -> Opinion:
        return Opinion()

    async with running(silent, inward, opines, gated(gate)) as runtime:
        started = anyio.current_time()
        views = await runtime.gather(Question(), expect=Opinion, within_s=3_600)  # although `slow` still runs
        assert anyio.current_time() == started
        assert views.missing["t.opinion"].reason == "answered nothing"
        gate.open.set()
        await runtime.drain(10)
        assert_at_rest(runtime)


async def test_a_chain_that_breaks_in_the_middle_is_named() -> None:
    @agent("first")
    async def first(question: Question) -> Note:
        return Note()

    @agent("second")
    async def second(note: Note) -> Answer:
        raise ZeroDivisionError

    async with running(first, second) as runtime:
        with pytest.raises(RunStalled, match=r"second: dead_lettered\(ZeroDivisionError\)"):
            await runtime.ask(Question(), Answer)


async def test_ask_raises_with_the_reason_that_its_answer_cannot_come() -> None:
    reasons: list[str] = []

    @agent("desk", asks={Question: Answer})
    async def desk(note: Note, context: Context) -> Opinion:
        try:
            await context.ask(Question(), Answer, within_s=3_600)
        except PartMissingError as error:
            reasons.append(str(error))
        return Opinion()

    async with running(breaker, desk) as runtime:
        await runtime.ask(Note(), Opinion)
        assert "breaker: dead_lettered(ValueError)" in reasons[0]


async def test_an_answer_is_judged_and_masked_for_the_asking_agent() -> None:
    got: list[Gathered] = []
    desk = asking(Question(text="secret"), Answer, into=got)
    async with running(answerer, desk, policies=masking("desk", Answer)) as runtime:
        run = runtime.start(Note(), Opinion)
        await run.result()
        await run.settled()
        assert got[0][Answer].text == "[masked]"
        assert run.messages().redacted == 1


async def test_an_answer_denied_to_the_asking_agent_is_a_missing_part() -> None:
    got: list[Gathered] = []
    async with running(answerer, asking(Question(), Answer, into=got), policies=denying("desk", Answer)) as runtime:
        await runtime.ask(Note(), Opinion)
        assert got[0].missing["answerer"].reason == "denied(rule: not for you)"


@pytest.mark.parametrize(
    ("expect", "need"), [((), "all"), ((Answer, Each(Answer)), "all"), (Answer, 0), (Answer, True)]
)
async def test_a_gather_that_makes_no_sense_raises_and_leaves_nothing_open(expect: object, need: object) -> None:
    errors: list[Exception] = []

    @agent("desk", asks={Question: Answer})
    async def desk(note: Note, context: Context) -> Opinion:
        with pytest.raises(ValueError, match=r"expect|need") as caught:
            await context.gather(Question(), expect=expect, need=need)  # type: ignore[arg-type]  # nonsense on purpose
        errors.append(caught.value)
        return Opinion()

    async with running(answerer, desk) as runtime:
        run = runtime.start(Note(), Opinion)
        await run.result()
        await run.settled()
        assert len(errors) == 1
        assert_at_rest(runtime)
        with pytest.raises(ValueError, match=r"expect|need"):
            await runtime.gather(Question(), expect=expect, need=need)  # type: ignore[arg-type]  # nonsense on purpose
        assert_at_rest(runtime)


async def test_a_scope_left_open_by_a_handler_that_ends_is_cancelled_with_all_below_it() -> None:
    """Queued, running and deeper: if the handler that opened a scope fails, everything of that scope is cancelled."""
    gate = Gate()

    @agent("deep", asks={Question: Answer})
    async def deep(opinion: Opinion, context: Context) -> Answer:
        return await context.ask(Question(), Answer)

    @agent("desk", asks={Opinion: Answer})
    async def desk(note: Note, context: Context) -> Answer:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_ask, context)
            await gate.reached.wait()
            raise ValueError
        return Answer()

    async def _ask(context: Context) -> None:
        await context.ask(Opinion(), Answer)

    async with running(gated(gate), deep, desk) as runtime:
        run = runtime.start(Note(), Answer)
        with pytest.raises(RunStalled, match="desk: dead_lettered"):
            await run.result()
        await run.settled()
        await turns()
        assert gate.cancelled == 1
        agents = runtime.statistics().agents
        assert (agents["slow"].cancelled, agents["deep"].cancelled) == (1, 1)
        assert_at_rest(runtime)


async def test_a_timed_out_asker_cancels_what_it_asked() -> None:
    gate = Gate()
    got: list[Gathered] = []

    @agent("desk", asks={Question: Answer}, timeout_s=3)
    async def desk(note: Note, context: Context) -> Opinion:
        got.append(await context.gather(Question(), expect=Answer))
        return Opinion()

    async with running(gated(gate), desk) as runtime:
        with pytest.raises(RunStalled, match=r"desk: dead_lettered\(timeout\)"):
            await runtime.ask(Note(), Opinion)
        await turns()
        await turns()
        assert gate.cancelled == 1
        assert got == []
        assert_at_rest(runtime)


async def test_two_gathers_of_one_handler_do_not_mix() -> None:
    got: list[tuple[str, str]] = []

    @agent("desk", asks={Question: Answer})
    async def desk(note: Note, context: Context) -> Opinion:
        answers: dict[str, Answer] = {}

        async def one(text: str) -> None:
            answers[text] = await context.ask(Question(text=text), Answer)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one, "a")
            tasks.start_soon(one, "b")
        got.append((answers["a"].text, answers["b"].text))
        return Opinion()

    async with running(answerer, desk) as runtime:
        await runtime.ask(Note(), Opinion)
        assert got == [("a", "b")]


async def test_runtime_gather_from_outside_names_what_is_missing() -> None:
    gate = Gate()
    async with running(answerer, opiner, breaker, gated(gate)) as runtime:
        views = await runtime.gather(Question(text="q"), expect=(Each(Answer), Opinion), within_s=1)
        assert views[Opinion].text == "q"
        assert list(views[Each(Answer)]) == ["answerer"]
        assert {name: str(part) for name, part in views.missing.items()} == {
            "breaker": "dead_lettered(ValueError)", "slow": "late",
        }  # fmt: skip


async def test_each_of_another_message_is_for_callers_whose_question_is_fanned_out() -> None:
    @agent("desk")
    async def desk(note: Note) -> Question:
        return Question(text="fanned")

    async with running(desk, answerer, breaker) as runtime:
        views = await runtime.gather(Note(), expect=Each(Answer, of=Question))
        assert views[Each(Answer, of=Question)]["answerer"].text == "fanned"
        assert views.missing["breaker"].reason == "dead_lettered(ValueError)"


async def test_a_part_of_an_agent_that_was_removed_says_so() -> None:
    gate = Gate()
    async with running(gated(gate)) as runtime:
        run = runtime.start(Question(), Answer)
        await gate.reached.wait()
        await runtime.remove("slow")
        with pytest.raises(RunStalled, match=r"slow: cancelled\(removed\)"):
            await run.result()
    gate, got = Gate(), []
    async with running(gated(gate), asking(Question(), Answer, into=got)) as runtime:
        run = runtime.start(Note(), Opinion)
        await gate.reached.wait()
        await runtime.remove("slow")
        await run.result()
        assert got[0].missing["slow"].reason == "cancelled(removed)"
