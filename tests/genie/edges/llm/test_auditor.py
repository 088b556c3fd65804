"""The auditor: a sample of answers is judged behind them, and a judge is measured against people."""

from __future__ import annotations

import anyio
import pytest

from genie.config.loader import load, parse
from genie.contracts.agent import Binding, agent
from genie.contracts.loop_call import AnswerJudged, Judgement, ToJudge
from genie.edges.llm.assistant import AssistantAnswer, AssistantQuestion
from genie.edges.llm.auditor import Auditor, AuditorSettings, AuditReport, LabelledAnswers, report
from genie.runtime.runtime import Runtime

pytestmark = pytest.mark.anyio
PIPELINE = """
version: 1
id: watched
agents: [assistant, {{ id: auditor, settings: {{ share: {share} }} }}]
models:
  desk: {{ wire: scripted, internal: true, rules: [{{ say: "On {{question}}." }}] }}
  judging:
    wire: scripted
    internal: true
    clearance: confidential
    rules:
      - {{ when: "odd", say: '{{"accepted": false, "reason": "odd"}}' }}
      - {{ when: "lost", say: nothing that can be used }}
      - {{ when: "Question:", say: '{{"accepted": true, "reason": "fine"}}' }}
      - {{ say: nothing that can be used }}
loops: {{ judge: {{ shape: judge, model: judging }} }}
policies: [clearance]
input: assistant.question
output: assistant.answer
unused: [audit.labelled, audit.agreement]
"""


async def judged(share: str, *questions: str) -> list[AnswerJudged]:
    found: list[AnswerJudged] = []

    @agent("collector", clearance="confidential")
    async def collector(one: AnswerJudged) -> None:
        found.append(one)

    async with Runtime.from_pipeline(parse(PIPELINE.format(share=share), environ={})) as runtime:
        await runtime.add(collector)
        for question in questions:
            await runtime.ask(AssistantQuestion(text=question), AssistantAnswer)
        await anyio.wait_all_tasks_blocked()
    return found


async def test_a_share_of_the_answers_is_judged_and_always_the_same_one() -> None:
    questions = [f"question {number}" for number in range(40)]
    every = await judged("1.0", *questions)
    assert len(every) == 40
    some = await judged("0.3", *questions)
    assert 0 < len(some) < 40
    assert [one.answer_sha256 for one in some] == [one.answer_sha256 for one in await judged("0.3", *questions)]


async def test_a_refusal_and_a_judge_that_fails_are_told_apart() -> None:
    assert [(one.accepted, one.judged) for one in await judged("1.0", "fine", "odd", "lost")] == [
        (True, True), (False, True), (False, False),
    ]  # fmt: skip


def test_what_was_not_judged_counts_for_nobody() -> None:
    found = report([True, True, False, None], [True, False, False, True])
    assert (found.answers, found.judged, found.agreed, found.too_lenient, found.too_strict) == (4, 3, 2, 1, 0)
    assert found.kappa == pytest.approx(0.4)
    assert report([None], [True]).kappa is None
    assert (report([None], [True]).low, report([None], [True]).high) == (0.0, 1.0)


async def test_labels_of_people_give_the_agreement_of_the_shipped_judge() -> None:
    pipeline = load("auditor")
    async with Runtime.from_pipeline(pipeline) as runtime:
        found = await runtime.ask(pipeline.input.question(), AuditReport)
    assert (found.answers, found.judged, found.agreed, found.too_lenient) == (6, 6, 5, 1)


async def test_a_judge_that_is_away_judges_nothing() -> None:
    @agent("judge", clearance="confidential")
    async def judge(_asked: ToJudge) -> Judgement:
        raise ValueError

    labelled = {"goal": "a", "answer": "b", "accepted": True}
    auditor = Auditor()
    bound = Binding(agent=auditor, card=auditor.card, settings=AuditorSettings())
    async with Runtime([bound, judge]) as runtime:
        found = await runtime.ask(LabelledAnswers.model_validate({"answers": (labelled,)}), AuditReport)
    assert (found.answers, found.judged, found.kappa) == (1, 0, None)
