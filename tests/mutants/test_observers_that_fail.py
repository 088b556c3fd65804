"""An audit that raises, incidents of denials, and two readers of one tap."""

from __future__ import annotations

import pytest

from genie import PolicySet
from genie.contracts.ports.audit import AuditRecord
from genie.errors import AuditFailedError
from genie.policy.verdicts import Deny, Redact
from tests.genie.policies_for_tests import Answer, Note, Question, answerer, running, turns, verdict_for

pytestmark = pytest.mark.anyio


class Raising:
    """An audit of somebody else, which says nothing of a refusal."""

    def __init__(self, on_failure: str | None) -> None:
        if on_failure is not None:
            self.on_failure = on_failure
        self.broken = False
        self.records: list[AuditRecord] = []

    def record(self, entry: AuditRecord) -> None:
        if self.broken:
            raise OSError
        self.records.append(entry)


@pytest.mark.parametrize("on_failure", [None, "deny", "log"])
async def test_after_an_audit_has_raised_nothing_runs_unless_it_allows_that(on_failure: str | None) -> None:
    audit = Raising(on_failure)
    denies = PolicySet((verdict_for("answerer", Note, Deny("closed", "why")),))
    async with running(answerer, audit=audit, policies=denies) as runtime:
        assert await runtime.ask(Question(), Answer) == Answer(text="?")
        audit.broken = True
        runtime.operations.pause("answerer")
        runtime.operations.resume("answerer")
        if on_failure == "log":
            assert await runtime.ask(Question(), Answer) == Answer(text="?")
        else:
            with pytest.raises(AuditFailedError):
                await runtime.ask(Question(), Answer)


async def test_the_incident_of_a_denial_has_the_code_of_the_policy_that_denied() -> None:
    masks = verdict_for("answerer", Question, Redact(frozenset({("text",)}), "mask"), name="masks")
    denies = verdict_for("answerer", Question, Deny("closed", "not today"), name="denies")
    async with running(answerer, policies=PolicySet((masks, denies))) as runtime:
        await runtime.publish(Question())
        await turns()
        [incident] = runtime.operations.incidents()
        assert (incident.kind, incident.code, incident.agent) == ("denied", "denies:closed", "answerer")
