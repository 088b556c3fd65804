"""Incidents: many denials and failures are one record that grows, with few lines told of it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.agent import agent
from genie.contracts.limits import RestartBudget
from genie.errors import InputError
from genie.operations.incidents import MOST, QUIET_S, Incident, Incidents, Severity, State
from genie.policy.policy import PolicySet
from genie.testing import settled
from tests.genie.policies_for_tests import Answer, Question, answerer, denying, running

AT = 1_700_000_000.0


def book() -> tuple[Incidents, list[tuple[Incident, str]]]:
    told: list[tuple[Incident, str]] = []
    return Incidents(lambda incident, by: told.append((incident, by))), told


def test_severity_rises_at_the_stated_counts_and_each_rise_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "genie.incident")
    incidents, told = book()
    for number in range(1_500):
        incidents.note("denied", "clearance:restricted", "clerk", "acme", AT + number / 100, f"r-{number}")
    (one,) = incidents.all()
    assert (one.count, one.severity, one.state) == (1_500, Severity.CRITICAL, State.OPEN)
    assert [(incident.count, incident.severity.value) for incident, _ in told] == [
        (1, "low"), (10, "medium"), (100, "high"), (1_000, "critical"),
    ]  # fmt: skip
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "ERROR", "CRITICAL"]
    assert one.run_id == "r-1499"
    assert (one.first_at, one.last_at) == (AT, AT + 14.99)


def test_a_quarantine_is_high_at_once() -> None:
    incidents, _ = book()
    incidents.note("quarantined", "quarantined", "clerk", None, AT, None)
    assert incidents.all()[0].severity is Severity.HIGH


def test_what_was_closed_or_went_quiet_opens_anew() -> None:
    incidents, told = book()

    def again(at: float) -> None:
        incidents.note("denied", "c", "clerk", None, at, None)

    again(AT)
    incidents.acknowledge("incident-1", "ann")
    again(AT + 1)
    assert [(one.state, one.count) for one in incidents.all()] == [(State.ACKNOWLEDGED, 2)]
    incidents.close("incident-1", "ben")
    again(AT + 2)
    again(AT + 3 + QUIET_S)
    assert [(one.id, one.state, one.by) for one in incidents.all()] == [
        ("incident-1", State.CLOSED, "ben"), ("incident-2", State.CLOSED, "quiet"), ("incident-3", State.OPEN, ""),
    ]  # fmt: skip
    assert tuple(by for _, by in told if by in {"ann", "ben"}) == ("ann", "ben")
    for gone in ("incident-1", "incident-9"):
        with pytest.raises(InputError, match="not open"):
            incidents.close(gone, "ann")


def test_a_storm_of_different_troubles_is_bounded_and_counted() -> None:
    incidents, told = book()
    for number in range(3 * MOST):
        incidents.note("denied", "c", "clerk", f"tenant-{number}", AT, None)
    kept = incidents.all()
    assert len(kept) == MOST + 1
    other = next(one for one in kept if one.code == "other")
    assert other.count == 2 * MOST
    assert len(told) == MOST + 1 + 3  # the openings, and the rises of the one for the rest


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", None]), st.integers(0, 9_000)), max_size=80)
)
def test_no_occurrence_is_lost_or_counted_twice(happened: list[tuple[str, Any, int]]) -> None:
    incidents, _ = book()
    at = AT
    for code, tenant, later in happened:
        at += later
        incidents.note("denied", code, "clerk", tenant, at, None)
    kept = incidents.all()
    assert sum(one.count for one in kept) == len(happened)
    going_on = [(one.code, one.tenant) for one in kept if one.state is not State.CLOSED]
    assert len(set(going_on)) == len(going_on)
    assert sum(incidents.unclosed().values()) == len(going_on)


@pytest.mark.anyio
async def test_a_runtime_coalesces_what_happens_to_it() -> None:
    @agent("failing", restarts=RestartBudget(failures=1, within_s=60))
    async def failing(question: Question) -> Answer:
        raise ValueError(question.text)

    async with running(answerer, failing, policies=denying("answerer", Question)) as runtime:
        for _ in range(12):
            await runtime.publish(Question(text="4111"))
            await settled(runtime)
        found = {one.kind: one for one in runtime.operations.incidents()}
        assert (found["denied"].agent, found["denied"].count) == ("answerer", 12)
        assert found["denied"].severity is Severity.MEDIUM
        assert found["dead_lettered"].count == 2
        assert found["quarantined"].severity is Severity.HIGH
        assert runtime.statistics().incidents == {"low": 1, "medium": 1, "high": 1, "critical": 0}
        runtime.operations.acknowledge(found["denied"].id, by="ann")
        runtime.operations.close_incident(found["quarantined"].id, by="ann")
        assert runtime.statistics().incidents == {"low": 1, "medium": 1, "high": 0, "critical": 0}
        assert "4111" not in repr(runtime.operations.incidents())
        runtime.operations.replace_policies(PolicySet())
