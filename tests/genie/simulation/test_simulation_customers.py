"""What customers bring: statements and questions of their own, votes on what is held, notices, rates, patience."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.card import AgentCard
from genie.contracts.context import Context
from genie.contracts.limits import Retry
from genie.contracts.message import Payload
from genie.policies.index import POLICIES
from genie.policy.policy import (
    ALLOW,
    AsyncPolicy,
    AsyncSettings,
    Deny,
    Hold,
    Judge,
    PolicySet,
    PolicySettings,
    Route,
    Verdict,
)  # fmt: skip
from genie.simulation.runner import simulate
from genie.simulation.scenario import Scenario, parse
from tests.genie.simulation.conftest import Made

ROOT = Path(__file__).parents[3]


class Ask(Payload, topic="cust.ask"):
    number: int


class Told(Payload, topic="cust.told"):
    number: int


TEN = """
duration: 100s
workload:
  arrivals: [{every: 10s}]
  questions: [{fields: {number: "{number}"}}]
"""
WAY = "cust.ask -> cust.told"


@agent("teller")
async def teller(ask: Ask) -> Told:
    """Tell it."""
    return Told(number=ask.number)


def own_statements(question: str = "question: synthetic, statement: synthetic") -> Scenario:
    return parse(
        f"""version: 1
id: own
pipeline: insights
duration: 1h
workload:
  population: {{size: 5, months: 3, countries: {{IN: 1, DE: 1, NL: 1, GB: 1}}}}
  arrivals: [{{every: 12m}}]
  questions: [{{{question}}}]
""",
        folder=ROOT,
    )


@pytest.mark.slow
def test_customers_bring_their_own_statements_and_questions() -> None:
    record = simulate(own_statements())
    assert record.violations == []
    assert set(record.outcomes()) <= {"answered", "partial"}
    owners = {(run.answer, run.customer) for run in record.runs}
    assert len(owners) == len({answer for answer, _ in owners})  # no two customers are told the same
    assert len({customer for _, customer in owners}) > 1
    again = simulate(own_statements(), seed=2)
    assert {run.answer for run in again.runs}.isdisjoint({run.answer for run in record.runs})


class TwoOfTreasury:
    """Holds every question for two people of the treasury."""

    name = "two_of_treasury"
    version = "1"
    settings = PolicySettings()
    inspectors = ()

    def compile(self, route: Route) -> Judge | None:
        held = Hold("two people look at it", approvers=frozenset({"treasury"}), quorum=2)
        return (lambda *_: held) if route.payload is Ask else (lambda *_: ALLOW)


def voted(made: Made, approvals: str) -> dict[str, int]:
    scenario = made({"teller": teller}, WAY, f"{TEN}approvals: {approvals}\n", pipeline="caller: {user: ann}\n")
    scenario = replace(scenario, pipeline=replace(scenario.pipeline, policies=PolicySet((TwoOfTreasury(),))))
    record = simulate(scenario)
    assert record.violations == []
    return record.outcomes()


def test_as_many_people_vote_as_a_hold_asks_for(made: Made) -> None:
    assert voted(made, "{after: 30m}") == {"answered": 10}
    assert voted(made, "{after: 30m, approve: 0}") == {"denied": 10}


def test_a_customer_is_shown_notices(made: Made) -> None:
    assert "disclosure" in POLICIES
    policies = "policies: [{disclosure: {topics: {cust.told: Made by software.}}}]\n"
    assert simulate(made({"teller": teller}, WAY, TEN, pipeline=policies)).outcomes() == {"answered": 10}


def test_rates_follow_virtual_time(made: Made) -> None:
    limits = "rates: [{id: slow, agents: [teller], per_s: 0.05, burst: 1}]\n"
    outcomes = simulate(made({"teller": teller}, WAY, TEN, pipeline=limits)).outcomes()
    assert outcomes["answered"] == 5
    assert sum(outcomes.values()) == 10


def test_deadlines_and_backoff_follow_virtual_time(made: Made) -> None:
    tries: list[float] = []

    @agent("late", retry=Retry(attempts=3, first_s=600.0, longest_s=3600.0), concurrency=10)
    async def late(ask: Ask, context: Context) -> Told:
        tries.append(context.now().timestamp())
        if len(tries) < 3:
            raise ConnectionError
        await anyio.sleep_forever()
        raise AssertionError

    rest = TEN.replace("100s", "10s").replace("duration", "within: 2h\nduration")
    record = simulate(made({"late": late}, WAY, rest))
    assert record.outcomes() == {"expired": 1}
    assert record.runs[0].latency == 7200
    assert len(tries) == 3
    assert tries[1] - tries[0] > 200
    assert record.violations == []


def test_a_rule_in_shadow_mode_is_counted_against_a_roll_out(made: Made) -> None:
    rule = "{name: odd, mode: shadow, when: {topic: cust.ask, payload.number: {gt: 7}}, then: deny, because: too many}"
    policies = f"policies: [{{rules: {{rules: [{rule}]}}}}]\n"
    record = simulate(made({"teller": teller}, WAY, f"{TEN}invariants: [not_stricter]\n", pipeline=policies))
    assert record.outcomes() == {"answered": 10}
    assert [one.text.rpartition(": ")[2] for one in record.violations] == ["rules/odd would deny 3"]


class Slow(AsyncPolicy):
    """A model that takes three seconds and dislikes the fifth question."""

    name: ClassVar[str] = "slow"
    version: ClassVar[str] = "1"
    settings = AsyncSettings(deadline_s=5)

    def judge_of(self, route: Route) -> Callable[[Any, AgentCard], Awaitable[Verdict]] | None:
        async def judge(message: Any, _sender: AgentCard) -> Verdict:
            await anyio.sleep(3)
            return Deny("unsafe", "no") if message.payload.number == 5 else ALLOW

        return judge if route.recipient.id == "teller" else None


def test_a_slow_judge_takes_virtual_time_and_what_it_denies_is_never_seen(made: Made) -> None:
    scenario = made({"teller": teller}, WAY, TEN)
    scenario = replace(scenario, pipeline=replace(scenario.pipeline, policies=PolicySet((Slow(),))))

    record = simulate(scenario)

    assert record.outcomes()["answered"] == 9
    assert not record.violations
