"""Operations as trouble: each does what it says, the account balances, and a seed draws which are on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.policy.policy import ALLOW, Deny, Judge, PolicySet, PolicySettings, Route
from genie.simulation.record import Record
from genie.simulation.runner import NO_TROUBLE, Subset, simulate, trouble_on
from genie.simulation.scenario import Scenario
from genie.simulation.shrinking import shrink
from tests.genie.simulation.conftest import Made


class Ask(Payload, topic="op.ask"):
    number: int


class Told(Payload, topic="op.told"):
    number: int


@agent("worker", concurrency=64)
async def worker(ask: Ask) -> Told:
    """Tell."""
    return Told(number=ask.number)


TEN = """
duration: 100s
caller: {tenant: bank, consent: [insights]}
workload:
  arrivals: [{every: 10s}]
  questions: [{fields: {number: "{number}"}}]
work: {worker: 4}
"""


def scenario_of(made: Made, *trouble: str, more: str = "") -> Scenario:
    entries = "".join(f"  - {{{one}}}\n" for one in trouble)
    return made({"worker": worker}, "op.ask -> op.told", f"{TEN}{more}trouble:\n{entries}")


def run(made: Made, *trouble: str) -> Record:
    return simulate(scenario_of(made, *trouble))


def ends(record: Record) -> str:
    """Return the first letter of each run's outcome, in order."""
    return "".join(one.outcome[0] for one in record.runs)


@pytest.mark.parametrize(
    ("trouble", "outcomes", "injected"),
    [
        ("kind: cancel, takes: 2", "cccccccccc", {"cancel": 10}),
        ("kind: cancel, takes: 5", "aaaaaaaaaa", {}),  # each has its answer before its caller loses patience
        ("kind: cancel, takes: 2, from: 25s, until: 65s", "aaaccccaaa", {"cancel": 4}),
        ("kind: kill, agent: worker, from: 22s", "aafddddddd", {"kill worker": 1}),
        ("kind: kill, agent: worker, from: 22s, takes: 20s", "aafddaaaaa", {"kill worker": 1}),
        ("kind: kill, tenant: bank, from: 22s, takes: 20s", "aacddaaaaa", {"kill bank": 1}),
        ("kind: kill, from: 22s, takes: 20s", "aacddaaaaa", {"kill": 1}),
        ("kind: kill, agent: worker, from: 12s, takes: 1s, every: 39s", "", None),
        ("kind: pause, agent: worker, from: 22s, takes: 20s", "aaaddaaaaa", {"pause worker": 1}),
        ("kind: reload, every: 3s", "", None),
        ("kind: drain, from: 42s, takes: 1s", "aaaacrrrrr", {"drain": 1}),
        ("kind: drain, from: 42s", "aaaaarrrrr", {"drain": 1}),
    ],
)
def test_an_operation_does_what_it_says_and_the_account_balances(
    trouble: str, outcomes: str, injected: dict[str, int] | None, made: Made
) -> None:
    record = run(made, trouble)
    assert record.violations == []
    assert injected is None or record.injected == injected
    if "every" in trouble:
        assert record.injected.total() > 1
    else:
        assert ends(record) == outcomes


class NeedsConsent:
    """Denies what has no consent for insights."""

    name = "needs_consent"
    version = "1"
    settings = PolicySettings()
    inspectors = ()

    def compile(self, route: Route) -> Judge | None:
        return lambda message, *_: ALLOW if "insights" in message.headers.consent else Deny("no_consent")


def test_a_revoked_consent_stops_the_runs_that_need_it(made: Made) -> None:
    scenario = scenario_of(made, "kind: revoke, consent: insights, from: 42s")
    scenario = replace(scenario, pipeline=replace(scenario.pipeline, policies=PolicySet((NeedsConsent(),))))
    record = simulate(scenario)
    assert ends(record) == "aaaadddddd"  # the fifth asked before, and its answer is judged without the consent
    assert record.violations == []


EVERYTHING = (
    "kind: cancel, takes: {exponential: 4}, rate: 0.4",
    "kind: kill, agent: worker, takes: 3s, every: {exponential: 20}, rate: 0.7",
    "kind: kill, tenant: bank, takes: 2s, every: {exponential: 30}",
    "kind: pause, agent: worker, takes: 3s, every: {exponential: 20}",
    "kind: reload, every: {exponential: 5}",
    "kind: revoke, consent: insights, from: 80s",
    "kind: slow, agent: worker, takes: 3, rate: 0.5",
)


@pytest.mark.slow
def test_each_seed_draws_which_trouble_is_on(made: Made) -> None:
    scenario = scenario_of(made, *EVERYTHING, more="swarm: true\n")
    drawn = [trouble_on(scenario, seed) for seed in range(1, 101)]
    assert drawn == [trouble_on(scenario, seed) for seed in range(1, 101)]
    counts = Counter(place for one in drawn for place in one)
    assert all(25 < counts[place] < 75 for place in range(len(EVERYTHING)))
    assert len(set(drawn)) > 50
    for seed in range(1, 21):
        record = simulate(scenario, seed)
        assert record.violations == []
        assert set(record.trouble) == drawn[seed - 1]
        assert record.journal_sha256 == simulate(scenario, seed, part=Subset(trouble=drawn[seed - 1])).journal_sha256


def test_without_swarm_all_of_it_is_on(made: Made) -> None:
    scenario = scenario_of(made, *EVERYTHING)
    assert simulate(scenario).trouble == tuple(range(len(EVERYTHING)))
    undisturbed = simulate(scenario, part=NO_TROUBLE)
    assert (undisturbed.trouble, undisturbed.outcomes()) == ((), {"answered": 10})


def test_a_caller_that_cancels_does_so_whoever_else_is_left_out(made: Made) -> None:
    scenario = scenario_of(made, "kind: cancel, takes: {uniform: [1, 7]}, rate: 0.7")
    whole = {one.number: (one.outcome, one.latency) for one in simulate(scenario).runs}
    assert {outcome for outcome, _ in whole.values()} == {"answered", "cancelled"}
    for number in whole:
        (alone,) = simulate(scenario, part=Subset(frozenset({number}))).runs
        assert (alone.outcome, alone.latency) == (whole[number][0], pytest.approx(whole[number][1]))


def test_shrinking_leaves_trouble_out_before_runs(made: Made) -> None:
    tries: list[tuple[int, int]] = []
    scenario = scenario_of(made, *EVERYTHING[3:], more="invariants: [{answered: {share: 1}}]\n")
    seed = next(seed for seed in range(1, 50) if simulate(scenario, seed).violations)
    smallest = shrink(scenario, seed, {"answered"}, told=lambda _tried, runs, trouble: tries.append((runs, trouble)))
    assert smallest is not None
    assert smallest.trouble == 1
    first_fewer_runs = next(place for place, (runs, _) in enumerate(tries) if runs < 10)
    assert all(trouble == 1 for _, trouble in tries[first_fewer_runs:])


def test_a_journal_that_fails_stops_no_run(made: Made) -> None:
    scenario = scenario_of(made, "kind: fail_journal, rate: 0.2")
    record = simulate(scenario)
    assert record.injected == {"fail_journal": 1}  # the bus disables it
    assert record.violations == []
    assert record.outcomes() == {"answered": 10}
    assert record.journal_sha256 == simulate(scenario, part=NO_TROUBLE).journal_sha256


def test_each_journal_fails_by_itself_in_its_time(made: Made) -> None:
    scenario = scenario_of(made, "kind: fail_journal, rate: 0.2, until: 50s", "kind: fail_journal, from: 60s")
    record = simulate(scenario)
    assert record.injected == {"fail_journal": 2}
    assert record.records == simulate(scenario, part=NO_TROUBLE).records
    assert record.violations == []
