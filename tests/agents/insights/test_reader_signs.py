"""What debits, credits, marks and signs of currencies mean: classes of mistakes that fresh exports showed."""

from __future__ import annotations

import pytest

from genie.errors import InputError
from genie_finance.contracts.statements import StatementReading
from genie_finance.insights.reader import read_statement


def read(text: str) -> StatementReading:
    return read_statement("s.csv", text.encode())


def amounts(reading: StatementReading) -> list[str]:
    return [f"{one.amount.amount} {one.amount.currency}" for one in reading.statement.transactions]


def test_a_balance_of_what_is_owed_turns_no_debit_of_a_card() -> None:
    """Was: purchases came in, as in books of accounts."""
    rows = "2025-02-13,Shop,5.00,,105.00\n2025-02-14,Online payment,,6.00,99.00\n2025-02-15,Shop,7.00,,106.00\n"
    reading = read(f"Date,Description,Debit,Credit,Balance\n{rows}")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "6.00", "-7.00"]
    assert [one.code for one in reading.unproven] == ["statement.debit_column_assumed"]


def test_marks_of_another_column_turn_no_signed_amounts() -> None:
    """Was: subcategories c and d, in which most rows happen to go against the signs, turned every amount."""
    rows = "2025-02-13,a,-5.00,c\n2025-02-14,b,-6.00,c\n2025-02-15,x,-7.00,d\n2025-02-16,y,8.00,d\n2025-02-17,z,-9,c"
    reading = read(f"Date,Description,Amount,Kind of it\n{rows}")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "-6.00", "-7.00", "8.00", "-9.00"]
    assert {one.code for one in reading.unproven} == {"statement.sign_assumed"}


def test_a_file_of_rows_that_are_all_pending_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match="has no bookings"):
        read("Date,Description,Amount,Status\n2025-02-13,a,-5.00,pending\n2025-02-14,b,6.00,pending\n")


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [("Cargos S/", "5.00", "PEN"), ("Débito $U", "5.00", "UYU"), ("Сумма в рублях", "5.00", "RUB"),
     ('חובה בש"ח', "5.00", "ILS"), ("Debit", "CI$5.00", "KYD"), ("Debit", "5.00 KM", "BAM"),
     ("Debit", "XK 5.00", "XXX")],
)  # fmt: skip
def test_signs_of_more_currencies(header: str, cell: str, code: str) -> None:
    named = header.replace('"', '""')
    reading = read(f'Date,Description,"{named}",Credit\n2025-02-13,a,{cell},\n2025-02-14,b,{cell},\n')
    assert {one.split()[1] for one in amounts(reading)} == {code}


@pytest.mark.parametrize(
    ("number", "code"), [("978", "EUR"), ("356", "INR"), ("810", "RUB"), ("Pak Rupee", "PKR"), ("CURRENCY::CHF", "CHF")]
)
def test_currencies_by_their_numbers_and_names(number: str, code: str) -> None:
    reading = read(f"Date,Description,Amount,Currency\n2025-02-13,a,-5.00,{number}\n2025-02-14,b,6.00,{number}\n")
    assert {one.split()[1] for one in amounts(reading)} == {code}


def test_a_file_in_bai2_is_refused_by_its_name() -> None:
    with pytest.raises(InputError, match="BAI2"):
        read("01,122099999,123456789,250402,1030,1,,,2/\n02,123456789,122099999,1,250401,2359,USD,2/\n")


def test_dates_with_the_year_behind_the_time() -> None:
    reading = read(
        "Date,Description,Amount\nThu Feb 13 10:41:07 UTC 2025,a,-5.00\nFri Feb 14 10:41:07 UTC 2025,b,6.00\n"
    )
    assert [one.date.isoformat() for one in reading.statement.transactions] == ["2025-02-13", "2025-02-14"]
