"""Each invariant holds where it should, and breaks where what it forbids happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from genie.contracts.agent import agent
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.limits import Retry
from genie.contracts.message import Payload
from genie.execution.handling import Handling
from genie.simulation.invariants import account_balances
from genie.simulation.record import Record
from genie.simulation.runner import Subset, simulate
from tests.genie.simulation.conftest import Made


class Ask(Payload, topic="inv.ask", classification="confidential"):
    number: int


class Told(Payload, topic="inv.told", classification="public"):
    number: int


@agent("teller", concurrency=8, clearance="confidential", publishes=(Told,))
async def teller(ask: Ask, context: Context) -> None:
    """Tells it."""
    await context.publish(Told(number=ask.number))


def run(made: Made, rest: str = "") -> Record:
    text = "duration: 60s\nworkload:\n  arrivals: [{every: 1s}]\n  questions: [{fields: {number: '{number}'}}]\n"
    return simulate(made({"teller": teller}, "inv.ask -> inv.told", text + rest))


def broken(record: Record) -> set[str]:
    return {one.invariant for one in record.violations}


@pytest.mark.parametrize(
    ("rule", "trouble", "held"),
    [
        ("p99: {under: 3s}", "slow, takes: 2", True),
        ("p99: {under: 2s}", "slow, takes: 2", False),
        ("p99: {under: 1s}", "slow, takes: 20, rate: 0.1", False),
        ("p99: {under: 1s}", "raise", True),  # nothing was answered late, for nothing was answered
        ("answered: {share: 1}", "slow, takes: 2", True),
        ("answered: {share: 0.9}", "raise, rate: 0.5", False),
        ("answered: {share: 0.2}", "raise, rate: 0.5", True),
        ("same_answers", "drop", True),  # those who have no answer were told nothing wrong
        ("same_answers", "corrupt", False),
        ("not_stricter", "slow, takes: 2", True),
    ],
)
def test_a_rule_holds_or_breaks(rule: str, trouble: str, held: bool, made: Made) -> None:
    found = run(made, f"invariants: [{rule}]\ntrouble: [{{kind: {trouble}, agent: teller}}]\n")
    assert broken(found) == (set() if held else {rule.partition(":")[0]})


@pytest.mark.parametrize("name", ["handled", "denied", "expired", "cancelled", "dead_lettered"])
def test_the_account_is_held_against_the_journal(name: str, made: Made) -> None:
    record = run(made)
    assert list(account_balances(record)) == []
    totals = record.totals
    assert totals is not None
    lost = replace(record, totals=totals._replace(**{name: getattr(totals, name) + 1}))
    assert "does not balance" in next(iter(account_balances(lost)))
    miscounted = totals._replace(accepted=totals.accepted + 1, **{name: getattr(totals, name) + 1})
    assert f"counted as {name}" in next(iter(account_balances(replace(record, totals=miscounted))))
    left = totals._replace(accepted=totals.accepted + 1, in_flight=1)
    assert "in flight after the end" in next(iter(account_balances(replace(record, totals=left))))


@contextmanager
def forgetful_labels() -> Iterator[None]:
    """What a handler sends is labelled by its class alone, whatever the handler has read."""
    sound = Handling.read_so_far

    def read_so_far(self: Handling) -> Any:
        return sound(self)[0], Classification.PUBLIC

    Handling.read_so_far = read_so_far  # type: ignore[method-assign]  # planted
    try:
        yield
    finally:
        Handling.read_so_far = sound  # type: ignore[method-assign]  # dug out


def test_a_label_that_falls_is_named(made: Made) -> None:
    assert run(made).violations == []
    with forgetful_labels():
        found = run(made)
    assert broken(found) == {"labels_never_fall"}
    assert "labelled public, below its cause" in found.violations[0].text


@agent("gambler", clearance="confidential", concurrency=8, retry=Retry(attempts=2, first_s=1.0))
async def gambler(ask: Ask, context: Context) -> Told:
    """Tells a random number; every second one at the second attempt only."""
    drawn = context.random.randrange(1_000_000)
    if drawn % 2:
        raise ValueError(drawn)
    return Told(number=drawn)


def test_a_run_keeps_its_draws_when_other_runs_are_left_out(made: Made) -> None:
    text = "duration: 60s\nworkload:\n  arrivals: [{every: 1s}]\n  questions: [{fields: {number: '{number}'}}]\n"
    scenario = made({"gambler": gambler}, "inv.ask -> inv.told", text)
    whole = {one.number: (one.outcome, one.answer) for one in simulate(scenario).runs}
    assert len(set(whole.values())) > 30
    assert len({outcome for outcome, _ in whole.values()}) == 2  # the second attempt draws another number
    for number in (7, 21, 60):
        (alone,) = simulate(scenario, part=Subset(frozenset({number}))).runs
        assert (alone.outcome, alone.answer) == whole[number]


class Passed(Payload, topic="inv.passed", classification="confidential"):
    number: int


@agent("passer", clearance="confidential", concurrency=8)
async def passer(ask: Ask) -> Passed:
    """Passes the question on."""
    return Passed(number=ask.number)


@agent("answerer", clearance="confidential", concurrency=8)
async def answerer(passed: Passed) -> Told:
    """Answers one hop later than the run's limit allows."""
    return Told(number=passed.number)


@agent("reader", clearance="confidential", concurrency=8)
async def reader(_told: Told) -> None:
    """Reads the answers."""


@agent("asker", clearance="confidential", concurrency=8)
async def asker(_told: Told) -> None:
    """Has the id that the journal gives to the caller."""


@pytest.mark.parametrize("more", [{}, {"reader": reader}, {"asker": asker}])
def test_an_answer_that_a_limit_refuses_is_no_miscount(more: Mapping[str, Any], made: Made) -> None:
    text = "duration: 9s\nworkload:\n  arrivals: [{every: 1s}]\n  questions: [{fields: {number: '{number}'}}]\n"
    agents = {"passer": passer, "answerer": answerer, **more}
    found = simulate(made(agents, "inv.ask -> inv.told", text, pipeline="limits: {max_hops: 1}\n"))
    assert found.answers_ended["dead_lettered"] >= 9
    assert found.outcomes() == {"failed": 9}
    assert found.violations == []


def test_a_check_may_name_the_run(made: Made) -> None:
    def odd(record: Record) -> Iterator[tuple[int, str] | str]:
        yield from ((run.number, "is odd") for run in record.runs if run.number % 2)
        yield "in general"

    text = "duration: 3s\nworkload:\n  arrivals: [{every: 1s}]\n  questions: [{fields: {number: 1}}]\n"
    found = simulate(made({"teller": teller}, "inv.ask -> inv.told", f"{text}invariants: [odd]\n", rules={"odd": odd}))
    assert [one.run for one in found.violations] == [1, 3, None]
