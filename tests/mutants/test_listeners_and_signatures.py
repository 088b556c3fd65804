"""Journals that come later, audits that sign, agents that run elsewhere, and bounds of what is remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from genie import PolicySet, agent
from genie.contracts.ports.audit import AuditRecord
from genie.errors import AgentDefinitionError
from genie.execution.handlers import job_of
from genie.journal.memory import MemoryJournal
from genie.policy.examination import _KNOWN, Examiner, Work
from genie.policy.verdicts import Deny
from tests.genie.policies_for_tests import Answer, CardNumbers, Question, answerer, running, turns, verdict_for

pytestmark = pytest.mark.anyio


async def test_a_runtime_without_a_journal_hears_for_one_that_is_added() -> None:
    async with running(answerer) as runtime:
        added = MemoryJournal()
        runtime.bus.observers.add_journal(added)
        await runtime.ask(Question(), Answer)
    assert "handled" in {one.kind for one in added}


class Signing:
    """An audit of somebody else that signs what it has, and says after how many seconds it must be signed."""

    head_s = 5.0

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.signed: list[str] = []

    def record(self, entry: AuditRecord) -> None:
        self.records.append(entry)

    def sign(self) -> None:
        self.signed.append(self.records[-1].kind)


async def test_an_act_of_a_person_is_signed_at_once_and_a_verdict_of_a_policy_is_not() -> None:
    audit = Signing()
    denies = PolicySet((verdict_for("answerer", Question, Deny("closed", "why")),))
    async with running(answerer, audit=audit, policies=denies) as runtime:
        await runtime.publish(Question())
        await turns()
        assert "verdict" in {record.kind for record in audit.records}
        assert audit.signed == []
        runtime.operations.pause("answerer")
        assert audit.signed == ["paused"]


class Elsewhere:
    """An executor that would call whatever it is given."""

    def job(self, *_given: object) -> Any:
        return self


def test_a_coroutine_is_not_called_in_a_thread() -> None:
    assert job_of(plain, plain.card, Elsewhere()) is not None
    with pytest.raises(AgentDefinitionError):
        job_of(answerer, replace(answerer.card, executor="thread"), Elsewhere())


@agent("plain", executor="thread")
def plain(question: Question) -> Answer:
    return Answer()


async def test_a_question_may_go_to_a_stand_by_by_its_name() -> None:
    @agent("first", fallback="answerer")
    async def first(question: Question) -> Answer:
        return Answer(text="first")

    async with running(first, answerer) as runtime:
        assert await runtime.ask(Question(), Answer) == Answer(text="first")
        assert await runtime.ask(Question(text="by name"), Answer, to="answerer") == Answer(text="by name")


def test_of_so_many_joined_lines_is_remembered_what_is_in_them() -> None:
    examiner, looks, work = Examiner(lambda text, view: False, 10), CardNumbers(), Work()
    for number in range(_KNOWN + 1):
        assert examiner.crossing((f"{number}", "x"), looks, work) == []
    assert len(examiner._crossing[looks]) == 1
