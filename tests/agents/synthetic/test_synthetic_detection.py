"""Planted rings: what a pipeline says of synthetic transfers is held against the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from genie.contracts.agent import agent
from genie.contracts.message import Payload, Value
from genie.simulation.runner import Subset, simulate
from genie.simulation.scenario import Scenario, load
from genie_finance.index import INVARIANTS
from tests.genie.simulation.conftest import Made

MONTHS = "population: {size: 100, months: 3, countries: {IN: 1}}"


class Table(Payload, topic="found.table"):
    content: bytes


class Case(Value):
    account_ids: tuple[str, ...]
    label: str


class Cases(Payload, topic="found.cases"):
    cases: tuple[Case, ...] | None


@agent("accuser")
async def accuser(table: Table) -> Cases:
    """Names those who exchange money with customers, as members do; suspects every second customer."""
    rows = [row.split(",") for row in table.content.decode().splitlines()[1:]]
    inside = [row[2:4] for row in rows if all(one.startswith("customer-") for one in row[2:4])]
    members = tuple(sorted({one for row in inside for one in row}))
    suspects = tuple(sorted({one for row in rows for one in row[2:4] if one.startswith("customer-")}))[::2]
    return Cases(cases=(Case(account_ids=members, label="high"), Case(account_ids=suspects, label="low")))


@agent("silent")
async def silent(table: Table) -> Cases:
    """Names nobody."""
    return Cases(cases=None)


def scenario(made: Made, agents: dict[str, object], *invariants: str, statement: str = "transfers") -> Scenario:
    return made(
        agents,
        "{payload: found.table, fields: {content: {from: input, max_bytes: 9000000}}} -> found.cases",
        f"duration: 60s\nworkload:\n  {MONTHS}\n  arrivals: [{{every: 10s}}]\n"
        f"  questions: [{{statement: {statement}}}]\ninvariants: [{', '.join(invariants)}]\n",
        rules=INVARIANTS,
    )


FOUND = "planted_found: {at: cases.account_ids, where: {label: high}}"
SPARED = "honest_spared: {at: cases.account_ids, where: {label: high}}"


def test_rings_that_are_found_and_honest_customers_who_are_spared_hold(made: Made) -> None:
    record = simulate(scenario(made, {"accuser": accuser}, FOUND, SPARED))
    assert record.violations == []
    rings = {one.ring for one in record.planted.values()}
    assert len(rings) == 2  # one block has a ring, and the other is honest
    assert "" in rings
    assert {len(one.members | one.honest) for one in record.planted.values()} == {50}


def test_who_is_not_named_and_who_is_wronged_are_told(made: Made) -> None:
    evidence = simulate(scenario(made, {"silent": silent}, FOUND, SPARED))
    assert {one.invariant for one in evidence.violations} == {"planted_found"}
    assert evidence.violations[0].run is None
    assert evidence.planted[evidence.violations[1].run or 0].ring in evidence.violations[1].text
    evidence = simulate(scenario(made, {"accuser": accuser}, "honest_spared: {at: cases.account_ids}", SPARED))
    assert {one.invariant for one in evidence.violations} == {"honest_spared"}
    told = evidence.violations[1]
    assert evidence.violations[0].run is None
    assert told.run in evidence.planted
    honest = evidence.planted[told.run].honest
    assert any(name in told.text for name in honest)


def test_the_same_rule_twice_is_told_apart(made: Made) -> None:
    record = simulate(scenario(made, {"accuser": accuser}, SPARED, "honest_spared: {at: cases.account_ids}"))
    assert {one.invariant for one in record.violations} == {"honest_spared 2"}


@pytest.mark.parametrize(("share", "held"), [("0.4", False), ("0.6", True)])
def test_a_share_may_be_wronged(share: str, held: bool, made: Made) -> None:
    rule = f"honest_spared: {{at: cases.account_ids, share: {share}}}"
    assert (simulate(scenario(made, {"accuser": accuser}, rule)).violations == []) is held


def test_without_planted_truth_nothing_is_judged(made: Made, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("id,at,from,to\n1,2026-01-01,customer-1,customer-2\n")
    record = simulate(scenario(made, {"accuser": accuser}, FOUND, SPARED, statement="one.csv"))
    assert record.violations == []
    assert not record.planted


@pytest.mark.slow
def test_the_shipped_rings_are_there_to_be_found() -> None:
    record = simulate(load("fraud-ring"), part=Subset(frozenset(range(5, 15))))
    assert record.violations == []
    assert len(record.runs) == 10
    rings = [one for one in record.planted.values() if one.ring]
    assert 2 < len(rings) < len(record.planted)  # some neighbourhoods are honest
    assert record.outcomes()["partial"] == record.injected["hang aml_monitor"]
