"""Eleven real exports: every figure was worked out from the file by eye, none by the reader."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

from genie_finance.contracts.statements import StatementReading
from genie_finance.insights.reader import read_statement

STATEMENTS = Path(__file__).parents[2] / "data" / "statements"


def read(name: str) -> StatementReading:
    return read_statement(name, (STATEMENTS / name).read_bytes())


def totals(reading: StatementReading) -> dict[str, tuple[int, str, str]]:
    """Transactions, debits and credits of each currency."""
    found: dict[str, tuple[int, Decimal, Decimal]] = {}
    for transaction in reading.statement.transactions:
        amount = transaction.amount.amount
        count, debits, credits_ = found.get(transaction.amount.currency, (0, Decimal(0), Decimal(0)))
        found[transaction.amount.currency] = (
            count + 1,
            debits + max(-amount, Decimal(0)),
            credits_ + max(amount, Decimal(0)),
        )
    return {code: (count, str(debits), str(credits_)) for code, (count, debits, credits_) in found.items()}


def period(reading: StatementReading) -> tuple[str, str]:
    dates = [transaction.date for transaction in reading.statement.transactions]
    return min(dates).isoformat(), max(dates).isoformat()


def chosen(reading: StatementReading) -> dict[str, str]:
    return {assumption.field: assumption.chosen for assumption in reading.assumptions}


def test_austrian_export_with_semicolons_decimal_commas_and_two_date_columns() -> None:
    reading = read("austrian_example.csv")
    # Out: 18.00 9.05 37.60 46.42 17.15 17.40 31.71 32.45 104.69 39.00; in: 120.00 22.00 61.90.
    assert totals(reading) == {"EUR": (13, "353.47", "203.90")}
    assert period(reading) == ("2014-01-02", "2014-01-22")
    # Booking and value date differ in lines 5 and 6, and no header says which column is which.
    assert chosen(reading) == {"date_column": "3", "positive_is": "credit"}
    assert (reading.notices, reading.quarantined) == ((), ())
    assert reading.statement.transactions[4].date == datetime.date(2014, 1, 7)
    assert reading.statement.transactions[0].narration.endswith("Thematische Universität Stadt")


def test_chase_export_takes_the_sign_where_a_negative_amount_is_marked_credit() -> None:
    reading = read("chase.csv")
    # Out: 85.00 20.00 7.00 12.23 20.96 and line 8's 116.22; in: 3520.00 1558.52 2105.00.
    assert totals(reading) == {"XXX": (9, "261.41", "7183.52")}
    assert period(reading) == ("2009-12-10", "2009-12-24")
    assert chosen(reading) == {"currency": "XXX"}
    assert [notice.split(":")[0] for notice in reading.notices] == ["line 8"]
    assert reading.quarantined == ()
    assert reading.statement.transactions[7].amount.amount == Decimal("-116.22")


def test_danish_export_whose_balance_follows_nowhere_keeps_its_amounts_and_has_no_balance() -> None:
    reading = read("danish_kroner_nordea_example.csv")
    # Out: 48.00 79.00 995.00 3452.90 655.00; in: 497.90. Rows are missing, so no balance follows from the one before.
    assert totals(reading) == {"XXX": (6, "5229.90", "497.90")}
    assert period(reading) == ("2012-08-27", "2012-11-16")
    assert chosen(reading) == {
        "date_column": "1", "amount_column": "4", "positive_is": "credit", "currency": "XXX",
    }  # fmt: skip
    assert (reading.notices, reading.quarantined) == ((), ())
    assert all(transaction.balance is None for transaction in reading.statement.transactions)


def test_british_dates_and_dollar_signs_with_the_sign_before_them() -> None:
    reading = read("english_date_example.csv")
    # Newest first the balances chain: 1498.57 + 327.49 = 1826.06, less 76.00 = 1750.06.
    assert totals(reading) == {"XXX": (3, "876.00", "327.49")}  # a dollar, and not that of the United States
    assert period(reading) == ("2009-12-24", "2009-12-24")
    assert chosen(reading) == {"currency": "XXX"}
    assert (reading.notices, reading.quarantined) == ((), ())
    assert [t.narration for t in reading.statement.transactions] == [
        "Check - 0000000122", "BLARG R SH 456930", "Check - 0000000112",
    ]  # fmt: skip


def test_brazilian_export_in_latin_1_with_us_dates_and_an_opening_balance() -> None:
    reading = read("extratofake.csv")
    # 11/01, in: 100 100 1000 100; out: 1 10 10 10 10 100 1. 11/05, out: 10 10 10 1 100 1 10 1 10 100 100.
    assert totals(reading) == {"XXX": (22, "495.00", "1300.00")}
    # The opening balance of 10/31 is no transaction, but its date alone says that the month stands first.
    assert period(reading) == ("2012-11-01", "2012-11-05")
    assert chosen(reading) == {"encoding": "cp1252", "positive_is": "credit", "currency": "XXX"}
    assert reading.notices == ("line 2 holds an opening balance, not a transaction",)
    assert reading.quarantined == ()
    assert reading.statement.transactions[1].narration.startswith("Depósito COMPE")


def test_the_same_export_in_utf_8_leaves_no_encoding_to_choose() -> None:
    content = (STATEMENTS / "extratofake.csv").read_bytes()
    again = read_statement("extratofake.csv", content.decode("latin-1").encode("utf-8"))
    assert again.statement == read("extratofake.csv").statement
    assert chosen(again) == {"positive_is": "credit", "currency": "XXX"}


def test_dutch_export_in_which_af_and_bij_give_the_sign() -> None:
    reading = read("ing.csv")
    # Af 136.13 and 257.50, Bij 375.00; rows of ten, eight and eight columns, alike up to the amount.
    assert totals(reading) == {"XXX": (3, "393.63", "375.00")}
    assert period(reading) == ("2009-11-17", "2012-11-15")
    assert chosen(reading) == {"narration_columns": "[2]", "currency": "XXX"}
    assert len(reading.notices) == 1
    assert "8 to 10 columns" in reading.notices[0]
    assert reading.quarantined == ()


def test_mint_export_in_which_a_column_says_debit_or_credit() -> None:
    reading = read("intuit_mint_example.csv")
    # Debit 331.63 100.00 140.72 500.00 559.96; credit 0.01 943.34. 1/30 says that the month stands first.
    assert totals(reading) == {"XXX": (7, "1632.31", "943.35")}
    assert period(reading) == ("2014-01-30", "2014-12-10")
    assert chosen(reading) == {"narration_columns": "[2, 3]", "currency": "XXX"}
    assert (reading.notices, reading.quarantined) == ((), ())


def test_french_export_with_a_row_of_another_table_before_its_header() -> None:
    reading = read("invalid_header_example.csv")
    assert totals(reading) == {"EUR": (2, "8.10", "50.00")}
    assert period(reading) == ("2016-02-18", "2016-02-19")
    assert chosen(reading) == {"positive_is": "credit"}
    assert reading.notices == ("lines 1 and 2 before the header (line 4) are not part of the table",)
    assert reading.quarantined == ()
    assert [t.line for t in reading.statement.transactions] == [5, 6]
    assert reading.statement.transactions[1].narration == "COTISATION JAZZ"


def test_nationwide_export_leaves_nothing_to_choose() -> None:
    reading = read("nationwide.csv")
    # Out: 20.00 19.77 100.00; in: 500.00. The balances chain in the file's order, though 9 October follows 7 November.
    assert totals(reading) == {"GBP": (4, "139.77", "500.00")}
    assert period(reading) == ("2013-10-09", "2013-12-10")
    assert (reading.assumptions, reading.notices, reading.quarantined) == ((), (), ())


def test_suntrust_export_in_which_a_zero_stands_for_an_empty_cell() -> None:
    reading = read("suntrust.csv")
    # Five cheques of 100.00; deposits of 500.00 and 700.00. The balance tells debits from credits, 11/17 the month.
    assert totals(reading) == {"XXX": (7, "500.00", "1200.00")}
    assert period(reading) == ("2014-11-01", "2014-11-17")
    assert chosen(reading) == {"currency": "XXX"}
    assert (reading.notices, reading.quarantined) == ((), ())


def test_two_money_columns_whose_balance_chains_in_part() -> None:
    reading = read("two_money_columns.csv")
    # Out: 76.00 800.00 88.55; in: 327.49 88.55. 1498.57 and the 1298.57 below it do not follow: lines 3 and 4.
    assert totals(reading) == {"USD": (5, "964.55", "416.04")}
    assert period(reading) == ("2008-03-26", "2008-04-01")
    assert chosen(reading) == {"currency": "USD"}
    assert len(reading.notices) == 1
    assert "lines 3 and 4" in reading.notices[0]
    assert reading.quarantined == ()
