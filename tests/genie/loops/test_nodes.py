"""Nodes of a flow: their statuses are honoured, siblings are cancelled, and each child sees its own goal alone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import anyio
import pytest

from genie.contracts.agent import FunctionAgent, agent
from genie.contracts.loop_call import Judgement, LoopAnswer, StopReason, Subtask, Task, ToJudge
from genie.contracts.model_call import Usage
from genie.errors import InputError
from genie.loops.flow import Flow
from genie.loops.nodes import Ask, Judge, Loop, Map, Node, Parallel, Selector, Sequence, Switch
from genie.loops.react import LoopLimits, React
from genie.loops.shapes import debate, plan_execute, reflect, router
from genie.runtime.runtime import Runtime
from tests.genie.tools_for_tests import model

pytestmark = pytest.mark.anyio


class Says:
    """An agent that takes tasks: what it says of each, after how long, and what it was told."""

    def __init__(self, id: str, *texts: str, after_s: float = 0.0, tokens: int = 10) -> None:
        self.goals: list[str] = []
        self.budgets: list[int | None] = []
        self.cancelled = 0
        left = list(texts)

        @agent(id, clearance="restricted", concurrency=8)
        async def says(task: Subtask) -> LoopAnswer:
            self.goals.append(task.goal)
            self.budgets.append(None if task.budget is None else task.budget.tokens)
            text = left.pop(0) if len(left) > 1 else left[0]
            try:
                await anyio.sleep(after_s)
            except BaseException:
                self.cancelled += 1
                raise
            stop = StopReason.FAILED if text.startswith("fail") else StopReason.ANSWERED
            used = Usage(output=min(tokens, (task.budget.tokens if task.budget else None) or tokens))
            return LoopAnswer(stop=stop, text=text, steps=1, usage=used, cost=Decimal(0))

        self.agent: FunctionAgent[..., Any] = says


async def run(root: Node, *agents: Says | Any, goal: str = "the goal", **limits: Any) -> LoopAnswer:
    every = tuple(one.agent if isinstance(one, Says) else one for one in agents)
    flow = Flow("flow", root, limits=LoopLimits(**limits), consumes=(Task, Subtask))
    async with Runtime((*every, flow)) as runtime:
        return await runtime.ask(Task(goal=goal), LoopAnswer, to="flow")


def ask(name: str, **options: Any) -> Ask:
    return Ask(name=name, to=name, **options)


async def test_a_sequence_stops_at_the_first_failure_and_hands_results_on() -> None:
    one, two = Says("one", "first"), Says("two", "second")
    found = await run(
        Sequence(name="all", nodes=(ask("one", goal="do one"), ask("two", goal="with {{one}}"))), one, two
    )
    assert (found.stop, found.text, found.steps) == (StopReason.ANSWERED, "second", 2)
    assert one.goals == ["do one"]
    assert two.goals[0].startswith("with <<untrusted one ")
    bad = Says("one", "failed")
    found = await run(Sequence(name="all", nodes=(ask("one"), ask("two"))), bad, never := Says("two", "x"))
    assert (found.stop, never.goals) == (StopReason.FAILED, [])


async def test_a_selector_takes_the_first_that_succeeds_by_its_check() -> None:
    one, two, three = Says("one", "empty"), Says("two", "good"), Says("three", "good")
    nodes = (ask("one", check=lambda _, text: "" if text == "good" else "poor"), ask("two"), ask("three"))
    found = await run(Selector(name="any", nodes=nodes), one, two, three)
    assert (found.text, three.goals) == ("good", [])


@pytest.mark.parametrize(
    ("mode", "texts", "stop", "text"),
    [
        ("all", ("a", "b", "c"), "answered", "n0: a\n\nn1: b\n\nn2: c"),
        ("all", ("a", "fail", "c"), "failed", "n0: a\n\nn2: c"),
        ("fail_fast", ("a", "fail", "c"), "failed", None),
        ("quorum", ("a", "fail", "c"), "answered", "n0: a\n\nn2: c"),
        ("quorum", ("a", "fail", "fail"), "failed", None),
        ("majority", ("x", "y", " x "), "answered", "x"),
        ("majority", ("x", "y", "fail"), "failed", ""),
        ("first", ("fail", "b", "b"), "answered", "b"),
        ("first", ("fail", "fail", "fail"), "failed", None),
        ("race", ("a", "a", "a"), "answered", "a"),
    ],
)
async def test_modes_of_parallel(mode: Any, texts: tuple[str, ...], stop: str, text: str | None) -> None:
    agents = [Says(f"n{index}", said) for index, said in enumerate(texts)]
    nodes = tuple(ask(f"n{index}") for index in range(3))
    found = await run(Parallel(name="all", nodes=nodes, mode=mode, quorum=2), *agents)
    assert found.stop == stop
    assert text is None or found.text == text


@pytest.mark.parametrize(
    ("mode", "quick"), [("fail_fast", "fail"), ("first", "good"), ("race", "fail"), ("quorum", "good")]
)
async def test_siblings_that_are_not_needed_are_cancelled(mode: Any, quick: str) -> None:
    slow = Says("slow", "late", after_s=1_000)
    fast = Says("fast", quick, after_s=1)
    nodes = (ask("slow"), ask("fast"))
    async with Runtime((slow.agent, fast.agent, Flow("flow", Parallel(name="all", nodes=nodes, mode=mode)))) as runtime:
        began = anyio.current_time()
        await runtime.ask(Task(goal="x"), LoopAnswer, to="flow")
        assert anyio.current_time() - began < 2
    assert slow.cancelled == 1


async def test_a_loop_ends_when_its_judge_agrees_and_tells_why_not() -> None:
    drafter = Says("drafter", "poor", "better", "best")

    @agent("critic", clearance="restricted")
    async def critic(question: ToJudge) -> Judgement:
        return Judgement(accepted=question.answer == "best", reason="not the best")

    found = await run(reflect(drafter="drafter", critic=Judge("critic"), rounds=5), drafter, critic)
    assert (found.text, len(drafter.goals)) == ("best", 3)
    assert "not the best" in drafter.goals[1]
    found = await run(reflect(drafter="drafter", critic=Judge("critic"), rounds=2), Says("drafter", "poor"), critic)
    assert (found.stop, found.detail) == (StopReason.FAILED, "max_rounds")


async def test_a_judge_that_cannot_be_asked_refuses() -> None:
    drafter = Says("drafter", "fine")

    @agent("critic", clearance="restricted")
    async def critic(question: ToJudge) -> Judgement:
        raise ValueError(question.goal)

    found = await run(reflect(drafter="drafter", critic=Judge("critic"), rounds=1), drafter, critic)
    assert found.stop is StopReason.FAILED


async def test_a_switch_and_a_time_limit() -> None:
    one, slow = Says("one", "first"), Says("slow", "late", after_s=100)
    root = Switch(name="which", by=lambda work: work.goal, cases={"a": ask("one")}, otherwise=ask("slow", within_s=5))
    assert (await run(root, one, slow, goal="a")).text == "first"
    assert (await run(root, one, slow, goal="b")).stop is StopReason.DEADLINE
    bare = Switch(name="which", by=lambda _: "x", cases={"a": ask("one")})
    assert (await run(bare, one)).detail == "no_case"


async def test_a_map_gives_each_item_its_own_goal_and_is_partial_where_one_fails() -> None:
    worker = Says("worker", "done")
    items: Callable[[Any], tuple[str, ...]] = lambda _: ("one", "two", "three")  # noqa: E731 - the shape of a setting
    found = await run(Map(name="each", over=items, node=ask("worker", goal="{{item}}")), worker)
    assert found.stop is StopReason.ANSWERED
    assert sorted(goal.splitlines()[1] for goal in worker.goals) == ["one", "three", "two"]
    assert (await run(Map(name="each", over=lambda _: (), node=ask("worker")), worker)).detail == "no_items"


async def test_plan_and_execute_plans_again_after_a_failure() -> None:
    planner = model('{"steps":["a","b"]}', '{"steps":["c"]}', id="planner")
    worker, writer = Says("worker", "did a", "fail b", "did c"), Says("writer", "the end")
    root = plan_execute(model="planner", worker="worker", writer="writer")
    found = await run(root, planner, worker, writer, goal="reach it")
    assert (found.stop, found.text) == (StopReason.ANSWERED, "the end")
    assert ["reach it" in goal for goal in worker.goals] == [False, False, False]
    assert "did c" in writer.goals[0]
    assert "did a" not in writer.goals[0]


async def test_a_router_abstains_below_its_threshold() -> None:
    tax, people = Says("tax", "tax answer"), Says("people", "a person will answer")
    root = router(model="chooser", routes={"tax": ("questions on tax", ask("tax"))}, otherwise=ask("people"))
    sure, unsure = '{"route":"tax","confidence":"0.9"}', '{"route":"tax","confidence":"0.3"}'
    for said, text in ((sure, "tax answer"), (unsure, "a person will answer"), ('{"route":"x","confidence":1}', None)):
        found = await run(root, model(said, id="chooser"), tax, people)
        assert found.text == (text or "a person will answer")


async def test_a_debate_is_settled_by_a_judge_who_sees_every_answer() -> None:
    one, two, judge = Says("one", "yes"), Says("two", "no"), Says("judge", "yes it is")
    found = await run(debate(speakers=("one", "two"), judge="judge"), one, two, judge)
    assert found.text == "yes it is"
    assert all(word in judge.goals[0] for word in ("yes", "no", "speaker_0", "speaker_1"))


async def test_children_get_parts_of_the_budget_before_they_start() -> None:
    one, two = Says("one", "a", tokens=1_000), Says("two", "b", tokens=1_000)
    nodes = (ask("one", weight=3), ask("two"))
    found = await run(Parallel(name="all", nodes=nodes), one, two, tokens=400)
    assert (one.budgets, two.budgets) == ([300], [100])
    assert found.usage.output <= 400
    both = Loop(name="again", node=ask("one"), until=lambda *_: "more", most=9)
    found = await run(both, again := Says("one", "a", tokens=1_000), tokens=400)
    assert (found.stop, again.budgets) == (StopReason.BUDGET, [400])


async def test_a_flow_that_hands_on_to_itself_ends() -> None:
    found = await run(ask("flow"))
    assert found.stop is StopReason.FAILED
    assert found.detail in {"failed", "deadlock"}


async def test_a_react_loop_in_a_flow_keeps_to_its_part() -> None:
    react = React("react", model="model", limits=LoopLimits(tokens=10_000))
    found = await run(ask("react"), model("x"), react, tokens=20)
    assert found.stop is StopReason.BUDGET


def test_names_stand_once() -> None:
    with pytest.raises(InputError):
        Flow("flow", Sequence(name="all", nodes=(ask("one"), ask("one"))))
    with pytest.raises(InputError):
        ask("Goal Name")
