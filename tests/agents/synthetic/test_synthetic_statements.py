"""Statements of synthetic customers: the catalogue's reader finds in each exactly what was booked."""

from __future__ import annotations

import datetime
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn, verhoeff

from genie_finance.contracts.statements import StatementProfile
from genie_finance.insights.reader import read_statement
from genie_finance.synthetic import COUNTRIES, Population

START = datetime.date(2025, 1, 1)


def booked(made: Population, number: int) -> list[tuple[datetime.date, int, int]]:
    customer = made.customers[number]
    rows = [(row.date, row.minor, row.balance) for row in made.transactions(customer)]
    return rows[::-1] if COUNTRIES[customer.country].export.newest_first else rows


@pytest.mark.slow
@given(st.sampled_from(sorted(COUNTRIES)), st.integers(), st.integers(0, 50), st.integers(1, 15))
@settings(max_examples=120, deadline=None)
def test_a_statement_is_read_back_exactly(code: str, seed: int, number: int, months: int) -> None:
    made = Population(seed, 51, mix={code: 1}, start=START, months=months)
    customer = made.customers[number]
    profile = StatementProfile.model_validate(dict(COUNTRIES[code].export.profile))
    reading = read_statement("statement.csv", made.statement_csv(customer), profile)
    assert (reading.assumptions, reading.notices, reading.quarantined) == ((), (), ())
    found = reading.statement.transactions
    assert all(one.balance is not None for one in found)
    assert [(one.date, one.amount.minor, one.balance.minor) for one in found if one.balance] == booked(made, number)
    assert {one.amount.currency for one in found} == {customer.currency}
    rows = made.transactions(customer)
    ordered = rows[::-1] if COUNTRIES[code].export.newest_first else rows
    for row, one in zip(ordered, found, strict=True):
        if code in {"IN", "GB", "US"}:
            assert one.narration == " ".join(row.narration.split())
        else:
            assert " ".join(row.payee.split()) in one.narration


@pytest.mark.slow
@pytest.mark.parametrize("code", sorted(COUNTRIES))
def test_without_a_profile_the_figures_are_the_same(code: str) -> None:
    made = Population(5, 12, mix={code: 1}, start=START, months=12)
    for customer in made.customers:
        reading = read_statement("statement.csv", made.statement_csv(customer))
        found = [
            (one.date, one.amount.minor, one.balance.minor) for one in reading.statement.transactions if one.balance
        ]
        if not customer.few:  # five dates alone may leave open which number is the day
            assert found == booked(made, customer.number)
        assert {one.field for one in reading.assumptions} <= {"encoding", "currency", "date_order"}


def test_each_country_writes_its_own_form() -> None:
    def first_lines(code: str) -> list[str]:
        made = Population(1, 1, mix={code: 1}, start=START, months=12)
        return made.statement_csv(made.customers[0]).decode(COUNTRIES[code].export.encoding).split("\r\n")[1:-1]

    patterns = {
        "IN": r"\d\d/\d\d/\d\d,[^,]+,1\d{11},\d\d/\d\d/\d\d,(\d+\.\d\d,|,\d+\.\d\d),-?\d+\.\d\d",
        "DE": r"Girokonto;DE\d{20};(?:[^;]*;){2}(?:\d\d\.\d\d\.\d{4};){2}(?:[^;]*;){5}-?\d+,\d\d;EUR;-?\d+,\d\d;;;",
        "NL": r'"\d{8}";"[^"]+";"NL\d\dXQZB\d{10}";"[^"]*";"[A-Z]{2}";"(Af|Bij)";"\d+,\d\d";("[^"]+";){2}"-?[\d,]+";""',
        "GB": r"\d\d/\d\d/\d{4},[A-Z]{2,3},[^,]+,(\d+\.\d\d,|,\d+\.\d\d),-?\d+\.\d\d",
        "US": r"\d\d/\d\d/\d{4},[^,]+,-?\d+\.\d\d,[A-Z_]+,-?\d+\.\d\d",
    }
    assert set(patterns) == set(COUNTRIES)
    for code, pattern in patterns.items():
        for line in first_lines(code):
            assert re.fullmatch(pattern, line), (code, line)
    assert any("Ü" in line for line in first_lines("DE"))
    dates = [line[:10] for line in first_lines("US")]
    assert all(later[6:] + later[:5] <= earlier[6:] + earlier[:5] for earlier, later in pairwise(dates))


def test_identifiers_have_right_check_digits_and_no_institution() -> None:
    made = Population(1, 80, mix={"DE": 1, "NL": 1}, start=START, months=3)
    accounts = {customer.account for customer in made.customers}
    accounts |= {row.account for customer in made.customers for row in made.transactions(customer)} - {""}
    assert len(accounts) > 100
    for account in accounts:
        assert iban.is_valid(account)
        assert account[4:8] in {"9998", "XQZB"}


def test_no_number_passes_for_a_card_or_an_aadhaar() -> None:
    made = Population(1, 80, start=START, months=6)
    found: set[str] = set()
    for customer in made.customers:
        text = made.statement_csv(customer).decode(COUNTRIES[customer.country].export.encoding)
        found.update(re.findall(r"(?<![A-Z0-9])[0-9]{12,19}(?![A-Z0-9])", text))
    assert len(found) > 1_000
    assert not [one for one in found if len(one) >= 13 and luhn.is_valid(one)]
    assert not [one for one in found if len(one) == 12 and one[0] > "1" and verhoeff.is_valid(one)]
