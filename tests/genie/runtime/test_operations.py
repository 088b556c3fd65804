"""What an operator does lands in the audit: the act, its subject, who and why, and never a payload's text."""

from __future__ import annotations

import pytest

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.limits import RestartBudget
from genie.contracts.ports.audit import Audit, AuditRecord
from genie.policy.policy import Hold, PolicySet
from tests.genie.policies_for_tests import Answer, Question, answerer, denying, holding, running, turns

pytestmark = pytest.mark.anyio

SECRET = "4111 1111 1111 1111"


class Kept:
    """An audit that keeps its records."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    def record(self, entry: AuditRecord) -> None:
        """Keep it."""
        self.records.append(entry)


async def test_every_act_of_an_operator_is_recorded_with_who_and_why() -> None:
    audit = Kept()
    assert isinstance(audit, Audit)
    async with running(answerer, audit=audit) as runtime:
        runtime.operations.pause("answerer", by="ann", reason="odd answers")
        runtime.operations.resume("answerer", by="ben", reason="repaired")
        runtime.operations.revoke("marketing", by="carla", reason="asked by phone")
        runtime.operations.replace_policies(PolicySet(), by="dan", reason="release 7")
        runtime.operations.kill("answerer", by="eve", reason="leak")
        runtime.operations.kill(tenant="acme", by="eve", reason="left us")
    assert [(one.kind, one.subject, one.by, one.reason) for one in audit.records] == [
        ("paused", "answerer", "ann", "odd answers"),
        ("resumed", "answerer", "ben", "repaired"),
        ("revoked", "marketing", "carla", "asked by phone"),
        ("reloaded", PolicySet().sha256, "dan", "release 7"),
        ("killed", "answerer", "eve", "leak"),
        ("killed", "tenant acme", "eve", "left us"),
    ]
    assert audit.records[3].detail == {"before": PolicySet().sha256}


async def test_verdicts_and_holds_are_recorded_without_payload_text() -> None:
    audit = Kept()
    async with running(answerer, policies=denying("answerer", Question), audit=audit) as runtime:
        await runtime.publish(Question(text=SECRET))
    async with running(answerer, policies=holding("answerer", Question), audit=audit) as runtime:
        run = runtime.start(Question(text=SECRET), Answer)
        await turns()
        held = runtime.approvals.holds()[0]
        assert isinstance(held.decision.needs, tuple)
        runtime.approvals.refuse(held.id)
        await run.settled()
    assert [one.kind for one in audit.records] == ["verdict", "verdict", "held", "refused"]
    assert audit.records[0].detail["verdict"] == "deny"
    assert audit.records[1].run_id == audit.records[2].run_id == run.id
    assert SECRET not in repr(audit.records)


async def test_a_quarantine_and_a_refused_identity_are_recorded() -> None:
    @agent(id="forger", publishes=(), restarts=RestartBudget(failures=0, within_s=60))
    async def forger(question: Question, context: Context) -> Answer:
        await context.publish(Question(text=question.text))
        return Answer()

    @agent(id="failing", restarts=RestartBudget(failures=1, within_s=60))
    async def failing(question: Question) -> Answer:
        raise ValueError(question.text)

    audit = Kept()
    async with running(forger, failing, audit=audit) as runtime:
        for _ in range(2):
            await runtime.publish(Question(text=SECRET))
            await turns()
    kinds = [(one.kind, one.subject) for one in audit.records]
    assert kinds.count(("identity_refused", "forger")) == 2
    assert kinds.count(("quarantined", "failing")) == 1
    assert SECRET not in repr(audit.records)


def test_a_hold_says_who_may_approve_and_how_many() -> None:
    assert Hold("ask").quorum == 1
    assert Hold("ask", approvers=frozenset({"treasury"}), quorum=2).approvers == {"treasury"}
