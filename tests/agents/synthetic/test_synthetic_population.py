"""Histories of synthetic customers: coherent to the cent, and the same whoever asks, when, and in which process."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.synthetic import COUNTRIES, MIX, Customer, Population, Transaction

ROOT = Path(__file__).parents[3]
START = datetime.date(2025, 1, 1)

populations = st.builds(
    Population,
    st.integers(-(2**70), 2**70),
    st.just(40),
    mix=st.sampled_from([None, *({code: 1} for code in COUNTRIES)]),
    start=st.dates(datetime.date(1990, 1, 1), datetime.date(2060, 12, 31)),
    months=st.integers(1, 18),
)


def population(seed: int = 1, size: int = 60, months: int = 12, **options: object) -> Population:
    return Population(seed, size, start=START, months=months, **options)  # type: ignore[arg-type] # options of a test


@given(populations, st.integers(0, 39))
@settings(max_examples=150, deadline=None)
def test_every_history_is_coherent(made: Population, number: int) -> None:
    customer = made.customers[number]
    rows = made.transactions(customer)
    assert rows
    balance = customer.opening
    for row in rows:
        balance += row.minor
        assert row.balance == balance
        assert row.minor
        assert row.currency == customer.currency == COUNTRIES[customer.country].currency
        assert row.amount * 100 == row.minor
    assert min(row.balance for row in rows) >= -customer.overdraft
    assert all(earlier.date <= later.date for earlier, later in pairwise(rows))
    assert made.start <= customer.since <= rows[0].date
    assert rows[-1].date < made.end
    assert [row.id for row in rows] == [f"{customer.id}/{place}" for place in range(1, len(rows) + 1)]


@given(populations, st.integers(0, 39))
@settings(max_examples=80, deadline=None)
def test_what_was_planted_stands_at_rows_of_the_history(made: Population, number: int) -> None:
    customer = made.customers[number]
    known = {row.id for row in made.transactions(customer)}
    for label in made.truth(customer):
        assert label.transactions
        assert set(label.transactions) <= known
        assert len(set(label.transactions)) == len(label.transactions)
        assert label.detail
    for event in made.events(customer):
        assert made.start <= event.month < made.end


@given(st.integers(), st.integers(0, 19), st.integers(1, 14))
@settings(max_examples=40, deadline=None)
def test_a_customer_is_the_same_in_a_population_of_any_size(seed: int, number: int, months: int) -> None:
    few, many = population(seed, 20, months), population(seed, 20_000, months)
    assert few.customers[number] == many.customers[number]
    one = few.customers[number]
    assert few.transactions(one) == many.transactions(one)
    assert few.truth(one) == many.truth(one)
    assert few.statement_csv(one) == many.statement_csv(one)


def test_the_order_of_asking_changes_nothing() -> None:
    forwards, backwards = population(), population()
    one_way = [forwards.statement_csv(customer) for customer in forwards.customers]
    other_way = [backwards.statement_csv(customer) for customer in reversed(backwards.customers)]
    assert one_way == other_way[::-1]


def test_another_seed_is_other_customers() -> None:
    assert population(1).statement_csv(population(1).customers[0]) != population(2).statement_csv(
        population(2).customers[0]
    )


def test_every_process_makes_the_same_bytes() -> None:
    script = (
        "import datetime, hashlib, itertools, json\n"
        "from genie_finance.synthetic import Population\n"
        "made = Population(7, 60, start=datetime.date(2025, 1, 1), months=6)\n"
        "digest = hashlib.sha256()\n"
        "for one in made.customers:\n"
        "    digest.update(made.statement_csv(one) + repr((one, made.truth(one), made.events(one))).encode())\n"
        "digest.update(repr((list(made.rings()), list(itertools.islice(made.questions(), 50)))).encode())\n"
        "print(json.dumps(digest.hexdigest()))\n"
    )
    found = {
        json.loads(
            subprocess.run(
                [sys.executable, "-c", script], check=True, capture_output=True, cwd=ROOT,
                env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": zone},
            ).stdout
        )
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert len(found) == 1


def test_nothing_is_made_before_it_is_asked_for() -> None:
    huge = population(size=10**12)
    last = huge.customers[-1]
    assert (len(huge.customers), last.number) == (10**12, 10**12 - 1)
    assert huge.transactions(last)
    assert [one.number for one in huge.customers[5:8]] == [5, 6, 7]
    with pytest.raises(IndexError):
        huge.customers[10**12]


def test_all_kinds_and_countries_occur_as_often_as_the_mix_says() -> None:
    everyone = list(population(size=2_000).customers)
    for code, weight in MIX.items():
        share = sum(one.country == code for one in everyone) / 20
        assert abs(share - weight) < 4
    assert {one.kind for one in everyone} == {
        "salaried", "family", "student", "freelancer", "pensioner", "irregular", "merchant", "thin",
    }  # fmt: skip
    assert {one.country for one in population(mix={"NL": 2, "IN": 0}).customers} == {"NL"}


def test_thin_files_are_thin() -> None:
    made = population(size=600)
    thin = [one for one in made.customers if one.kind == "thin"]
    assert {one.few for one in thin} == {True, False}
    for one in thin:
        rows = made.transactions(one)
        assert one.opening == 0
        assert len(rows) <= 5 or rows[0].date >= datetime.date(2025, 10, 1)
        assert not one.few or len(rows) <= 5


def rows_of(made: Population, customer: Customer, category: str) -> list[Transaction]:
    return [row for row in made.transactions(customer) if row.category == category]


def test_every_category_is_one_of_the_catalogues() -> None:
    taxonomy = set(json.loads((ROOT / "agents/genie_finance/domain/data/categories.json").read_text()))
    made = population(size=100)
    assert {row.category for one in made.customers for row in made.transactions(one)} <= taxonomy


def test_wages_come_on_working_days_and_rise() -> None:
    made = population(size=120)
    risen = 0
    for one in made.customers:
        if one.kind == "salaried" and not made.events(one):
            wages = [row for row in rows_of(made, one, "income.salary") if "BONUS" not in row.narration.upper()]
            assert len(wages) >= 12
            assert all(row.date.weekday() < 5 for row in wages)
            risen += wages[-1].minor > wages[0].minor
    assert risen > 20


@pytest.mark.slow
def test_a_lost_job_is_seen_in_the_wages() -> None:
    made = population(size=500)
    lost = [(one, event) for one in made.customers for event in made.events(one) if event.kind == "job_loss"]
    assert lost
    for one, event in lost:
        if one.kind == "salaried":
            gap = [
                row for row in rows_of(made, one, "income.salary")
                if datetime.timedelta(35) < row.date - event.month < datetime.timedelta(80)
            ]  # fmt: skip
            assert gap == []
            assert rows_of(made, one, "income.benefits")


@pytest.mark.slow
def test_interest_is_what_the_balances_cost() -> None:
    made = population(size=400, mix={"DE": 1})
    checked = 0
    for one in made.customers:
        charged = [row for row in rows_of(made, one, "debt.interest") if row.date < datetime.date(2025, 4, 1)]
        if not charged or one.kind == "thin":
            continue
        rows = [row for row in made.transactions(one) if row.date < charged[0].date]
        owed, day, balance = 0, made.start, one.opening
        for row in rows:
            owed += max(0, -balance) * (row.date - day).days
            day, balance = row.date, row.balance
        owed += max(0, -balance) * (charged[0].date - day).days
        assert -charged[0].minor == owed * COUNTRIES["DE"].debit_rate // (365 * 10_000)
        checked += 1
    assert checked > 3


def test_a_refund_follows_its_purchase_to_the_cent() -> None:
    made = population(size=120)
    refunds = 0
    for one in made.customers:
        rows = made.transactions(one)
        for place, row in enumerate(rows):
            if row.minor > 0 and row.category in {"shopping.clothing", "shopping.electronics"}:
                refunds += 1
                assert any(
                    -before.minor == row.minor and before.payee == row.payee
                    and (row.date - before.date).days <= 14
                    for before in rows[:place]
                )  # fmt: skip
    assert refunds > 20


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": 0}, "size"),
        ({"months": 0}, "months"),
        ({"months": 121}, "months"),
        ({"mix": {"XX": 1}}, "XX"),
        ({"mix": {"IN": 0}}, "mix"),
        ({"mix": {"IN": 2, "DE": -1}}, "mix"),
        ({"mix": {}}, "mix"),
        ({"start": datetime.date(1960, 1, 1)}, "start"),
    ],
)
def test_what_cannot_be_made_is_refused(change: dict[str, object], said: str) -> None:
    given = {"seed": 1, "size": 3, "start": START, "months": 3, **change}
    with pytest.raises(InputError, match=said):
        Population(**given)  # type: ignore[arg-type] # wrong on purpose


def test_a_customer_of_another_population_is_refused() -> None:
    made = population()
    for stranger in (population(2).customers[0], population(size=90).customers[80]):
        with pytest.raises(InputError, match="customer"):
            made.transactions(stranger)
    with pytest.raises(InputError, match="negative"):
        made.customer(-1)
