"""Each rule by which a table is read where its words alone would mislead."""

from __future__ import annotations

import io

import pytest

from genie.errors import InputError
from genie_finance.contracts.statements import StatementProfile, StatementReading
from genie_finance.insights.reader import read_statement


def read(text: str, profile: StatementProfile | None = None, *, encoding: str = "utf-8") -> StatementReading:
    return read_statement("s.csv", text.encode(encoding), profile)


def amounts(reading: StatementReading) -> list[str]:
    return [f"{one.amount.amount} {one.amount.currency}" for one in reading.statement.transactions]


def days(reading: StatementReading) -> list[str]:
    return [one.date.isoformat() for one in reading.statement.transactions]


def chosen(reading: StatementReading) -> dict[str, str]:
    return {one.field: one.chosen for one in reading.assumptions}


# Statuses


@pytest.mark.parametrize("word", ["Pending", "DECLINED", "cancelled", "Failed", "REVERTED", "vorgemerkt", "交易关闭"])
@pytest.mark.parametrize("name", ["State", "Zustand der Buchung"])
def test_a_row_that_its_status_calls_no_booking_is_quarantined(word: str, name: str) -> None:
    reading = read(
        f"Date,Description,Amount,{name}\n2025-02-13,a,-1.00,Completed\n2025-02-14,b,-2.00,{word}\n"
        "2025-02-15,c,-4.00,Completed\n2025-02-16,d,-8.00,COMPLETED\n"
    )
    assert amounts(reading) == ["-1.00 XXX", "-4.00 XXX", "-8.00 XXX"]
    assert [row.line for row in reading.quarantined] == [3]


def test_a_file_of_pending_rows_is_not_one_of_unreadable_rows() -> None:
    rows = "".join(f"2025-02-{day},a,-1.00,PENDING\n" for day in range(13, 20))
    reading = read(f"Date,Description,Amount,State\n2025-02-12,a,-3.00,COMPLETED\n{rows}")
    assert (amounts(reading), len(reading.quarantined)) == (["-3.00 XXX"], 7)


def test_a_status_that_nobody_knows_is_said() -> None:
    reading = read(
        "Date,Description,Amount,State\n2025-02-13,a,-1.00,COMPLETED\n2025-02-14,b,-2.00,ZQX\n2025-02-15,c,-4.00,COMPLETED\n"
    )
    assert len(amounts(reading)) == 3
    assert any(notice.startswith("line 3") for notice in reading.notices)


# Currencies and second amounts


@pytest.mark.parametrize(
    ("header", "code"),
    [("Valor (R$)", "BRL"), ("Amount US$", "USD"), ("CAD$", "CAD"), ("Amount (A$)", "AUD"), ("amount_eur", "EUR"),
     ("Belopp (sek)", "SEK"), ("Amount (C$)", "CAD")],
)  # fmt: skip
def test_the_code_in_the_header_of_the_amount(header: str, code: str) -> None:
    assert amounts(read(f"Date,Description,{header}\n2025-02-13,Shop,-5.00\n")) == [f"-5.00 {code}"]


def test_the_code_in_the_amounts_header_wins_over_a_column_of_currencies_and_says_so() -> None:
    reading = read("Date,Description,Amount (EUR),Currency\n2025-02-13,a,-5.00,USD\n2025-02-14,b,-6.00,EUR\n")
    assert amounts(reading) == ["-5.00 EUR", "-6.00 EUR"]
    assert any(notice.startswith("line 2") for notice in reading.notices)


def test_a_currency_that_few_rows_state_is_not_taken_for_all() -> None:
    rows = "".join(f"2025-02-{day},a,-{day}.00,\n" for day in range(13, 20))
    reading = read(f"Date,Description,Amount,Currency\n{rows}2025-02-21,b,-1.00,USD\n")
    assert amounts(reading)[0] == "-13.00 XXX"
    assert "currency" in chosen(reading)


@pytest.mark.parametrize("first", [True, False])
def test_of_two_amounts_the_one_whose_header_has_a_code_is_the_accounts(*, first: bool) -> None:
    names, one, two = ["Amount", "Amount (EUR)"], ["-5.00", "-4.50"], ["6.00", "6.00"]
    order = slice(None) if first else slice(None, None, -1)
    reading = read(
        f"Date,Description,{','.join(names[order])},Currency\n2025-02-13,a,{','.join(one[order])},USD\n"
        f"2025-02-14,b,{','.join(two[order])},EUR\n"
    )
    assert amounts(reading) == ["-4.50 EUR", "6.00 EUR"]


@pytest.mark.parametrize(("sign", "code"), [("€", "EUR"), ("£", "GBP"), ("R$", "BRL")])
def test_a_column_of_currency_signs(sign: str, code: str) -> None:
    assert amounts(read(f"Date,Description,Amount,Currency\n2025-02-13,a,-5.00,{sign}\n")) == [f"-5.00 {code}"]


# Marks and signs


def test_marks_that_go_with_one_sign_each_decide_alone() -> None:
    rows = "2025-02-13,a,5.00,Debit\n2025-02-14,b,6.00,Debit\n2025-02-15,c,7.00,Debit\n2025-02-16,d,-20.00,Credit\n"
    reading = read(f"Date,Description,Amount,Debit/Credit\n{rows}")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "-6.00", "-7.00", "20.00"]
    assert reading.unproven == ()


@pytest.mark.parametrize(
    ("out", "into"), [("Direct debit", "Money in"), ("Ausgang", "Eingang"), ("支出", "收入"), ("Χρέωση", "Πίστωση")]
)
def test_marks_in_words(out: str, into: str) -> None:
    reading = read(f"Date,Description,Amount,Type\n2025-02-13,a,5.00,{out}\n2025-02-14,b,6.00,{into}\n")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "6.00"]


@pytest.mark.parametrize(
    ("header", "out", "into"),
    [("Cargo/Abono", "C", "A"), ("Debets/Kredīts", "D", "K"), ("Borç/Alacak", "B", "A")],
)
def test_marks_that_are_initials_of_their_header(header: str, out: str, into: str) -> None:
    reading = read(f"Date,Description,Amount,{header}\n2025-02-13,a,5.00,{out}\n2025-02-14,b,6.00,{into}\n")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "6.00"]


def test_a_debit_column_with_both_signs_is_the_amount() -> None:
    reading = read("Date,Description,Debit,Balance\n2025-02-13,a,-5.00,95.00\n2025-02-14,b,6.00,101.00\n")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "6.00"]


def test_a_debit_column_of_negative_amounts() -> None:
    reading = read("Date,Description,Debit,Credit\n2025-02-13,a,-5.00,\n2025-02-14,b,,6.00\n2025-02-15,c,-7.00,\n")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "6.00", "-7.00"]


def test_a_card_statement_is_told_by_its_payments_and_stays_an_assumption() -> None:
    rows = "2025-02-13,Shop,5.00\n2025-02-14,Shop,6.00\n2025-02-15,PAYMENT RECEIVED - THANK YOU,-20.00\n"
    reading = read(f"Date,Description,Amount\n{rows}")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "-6.00", "20.00"]
    assert [one.code for one in reading.unproven] == ["statement.sign_assumed"]


def test_a_balance_that_says_the_opposite_of_every_mark_wins_and_is_said() -> None:
    rows = "2025-02-13,a,5.00,C,95.00\n2025-02-14,b,6.00,D,101.00\n2025-02-15,c,7.00,C,94.00\n"
    reading = read(f"Date,Description,Amount,D/C,Balance\n{rows}")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "6.00", "-7.00"]
    assert [one.code for one in reading.unproven] == ["statement.debit_column_assumed"]


def test_a_rarer_sign_in_a_column_of_debits_is_unproven_without_a_balance() -> None:
    rows = "2025-02-13,a,5.00,\n2025-02-14,b,6.00,\n2025-02-15,c,-3.00,\n2025-02-16,d,,9.00\n"
    reading = read(f"Date,Description,Debit,Credit\n{rows}")
    assert [one.code for one in reading.unproven] == ["statement.debit_column_assumed"]
    settled = read(f"Date,Description,Debit,Credit\n{rows}", StatementProfile(debit_column=3, credit_column=4))
    assert [one.split()[0] for one in amounts(settled)] == ["-5.00", "-6.00", "3.00", "9.00"]
    assert settled.unproven == ()


@pytest.mark.parametrize("blank", ["-", "--", "NIL", "n/a"])
def test_what_stands_for_an_empty_cell_of_a_debit_or_credit(blank: str) -> None:
    rows = f"2025-02-13,a,5.00,{blank}\n2025-02-14,b,{blank},6.00\n2025-02-15,c,7.00,{blank}\n"
    reading = read(f"Date,Description,Debit,Credit\n{rows}")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "6.00", "-7.00"]
    assert reading.quarantined == ()


def test_a_row_without_impact_on_the_balance_is_no_booking() -> None:
    reading = read(
        "Date,Description,Gross,Balance Impact\n2025-02-13,a,-5.00,Debit\n2025-02-14,b,-5.00,Memo\n"
        "2025-02-15,c,9.00,Credit\n"
    )
    assert ([one.split()[0] for one in amounts(reading)], len(reading.quarantined)) == (["-5.00", "9.00"], 1)


# Fees


_FEES = (
    "Date,Description,Amount,Fee,Balance\n2025-02-13,a,-5.00,0.00,95.00\n2025-02-14,b,-6.00,{},{}\n"
    "2025-02-15,c,9.00,0.00,{}\n"
)


@pytest.mark.parametrize("fee", ["0.50", "-0.50"])
def test_a_fee_that_the_balance_counts_belongs_to_the_booking(fee: str) -> None:
    reading = read(_FEES.format(fee, "88.50", "97.50"))
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "-6.50", "9.00"]
    assert (reading.unproven, reading.notices) == ((), ())


def test_a_fee_that_the_balance_does_not_count_is_part_of_the_amount() -> None:
    reading = read(_FEES.format("0.50", "89.00", "98.00"))
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "-6.00", "9.00"]


def test_a_fee_without_a_balance_is_unproven() -> None:
    reading = read("Date,Description,Amount,Fee\n2025-02-13,a,-5.00,0.00\n2025-02-14,b,-6.00,0.50\n")
    assert "statement.amount_column_assumed" in {one.code for one in reading.unproven}


def test_the_net_amount_is_what_is_booked_where_it_is_amount_and_fee() -> None:
    reading = read("Date,Description,Gross,Fee,Net\n2025-02-13,a,10.00,-0.50,9.50\n2025-02-14,b,-6.00,0.00,-6.00\n")
    assert [one.split()[0] for one in amounts(reading)] == ["9.50", "-6.00"]
    assert "amount_column" not in chosen(reading)


# Several tables in one file

_TWO = (
    "Account currency: EUR\nDate,Description,Amount\n2025-02-13,a,-5.00\n2025-02-14,b,6.00\n\n"
    "Account currency: USD\n{}\n2025-02-13,{},{}\n2025-02-14,{},{}\n"
)


@pytest.mark.parametrize(
    "second",
    [("Date,Description,Amount", "c", "-7.00", "d", "8.00"), ("Date,Amount,Description", "-7.00", "c", "8.00", "d")],
)
def test_a_second_preamble_starts_a_table_with_its_own_currency_and_columns(second: tuple[str, ...]) -> None:
    reading = read(_TWO.format(*second))
    assert amounts(reading) == ["-5.00 EUR", "6.00 EUR", "-7.00 USD", "8.00 USD"]
    assert len({one.id for one in reading.statement.transactions}) == 4


def test_a_second_table_that_cannot_be_read_refuses_the_file() -> None:
    with pytest.raises(InputError):
        read(_TWO.format("Date,Description,Amount,Currency", "c", "x,USD", "d", "y,USD"))


def test_a_preamble_that_names_its_currency_without_a_word_for_it_starts_a_table() -> None:
    table = "Datum;Text;Betrag\n13.02.2025;a;-5,00\n"
    assert amounts(read(f"Konto 1;EUR\n{table}\nKonto 2;CHF\n{table}")) == ["-5.00 EUR", "-5.00 CHF"]


def test_a_preamble_with_another_account_does_not_lend_the_first_ones_currency() -> None:
    table = "Datum;Text;Betrag\n13.02.2025;a;-5,00\n"
    reading = read(f"Konto;12345678;Währung;EUR\n{table}\nKonto;87654321\n{table}")
    assert amounts(reading) == ["-5.00 EUR", "-5.00 XXX"]


def test_a_balance_that_says_the_opposite_of_debit_and_credit_columns_wins_and_is_said() -> None:
    rows = "2025-02-13,a,5.00,,105.00\n2025-02-14,b,,6.00,99.00\n2025-02-15,c,7.00,,106.00\n"
    reading = read(f"Date,Description,Debit,Credit,Balance\n{rows}")
    assert [one.split()[0] for one in amounts(reading)] == ["5.00", "-6.00", "7.00"]
    assert [one.code for one in reading.unproven] == ["statement.debit_column_assumed"]


def test_the_header_of_the_next_page_starts_no_table() -> None:
    page = "Date,Description,Amount\n2025-02-13,a,-5.00\n"
    assert len(read(page + "Page 2\n" + page).statement.transactions) == 2


# No header


def test_without_a_header_the_money_is_the_column_with_decimals_in_each_row() -> None:
    reading = read("1234,2025-02-13,Shop,5.00,71\n1234,2025-02-14,Pay,-6.00,82\n1234,2025-02-15,Pay,-9.00,35\n")
    assert [one.split()[0] for one in amounts(reading)] == ["5.00", "-6.00", "-9.00"]


def test_zeros_beside_a_number_that_never_changes_prove_nothing() -> None:
    reading = read("HIST,20250213,-5.00,Shop,1234,0\nHIST,20250214,6.00,Pay,1234,0\n")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "6.00"]


def test_an_empty_column_between_amount_and_balance_means_debit_credit_balance() -> None:
    reading = read("02/13/2025,Shop,5.00,,95.00\n")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00"]
    assert [one.code for one in reading.unproven] == ["statement.debit_column_assumed"]


def test_a_reading_that_leaves_rows_out_loses_against_one_that_reads_them_all() -> None:
    rows = "".join(
        f"2025-02-{day},Shop,{day}.50,{'' if day % 7 else '3.10'},{'3.20' if day % 2 else ''}\n"
        for day in range(10, 28)
    )
    assert len(read(rows).statement.transactions) == 18


# Dates


@pytest.mark.parametrize(
    "written",
    ["2025-Feb-3", "2025 Feb 3", "3 Feb 2025", "Feb 3, 2025", "2025年2月3日", "2025년 2월 3일", "3.2.2025 10.41.07",
     "2025-02-03T10:41:07.123+02:00", "2025-02-03 10:41:07 +0000 UTC", "2025-02-03 10:41:07 PST", "Mon, 03 Feb 2025",
     "3 de febrero de 2025", "3 helmi 2025", "45691"],
)  # fmt: skip
def test_dates_of_many_writings(written: str) -> None:
    text = f'Date,Description,Amount\n"{written}",Shop,-1.50\n'
    profile = StatementProfile(date_order="dmy") if written.startswith("3.2") else None
    assert days(read(text, profile)) == ["2025-02-03"]


def test_named_months_with_the_year_first_are_told_by_the_order_that_keeps_them_together() -> None:
    reading = read("Date,Description,Amount\n25-Jan-05,a,-1.00\n25-Jan-31,b,-2.00\n")
    assert days(reading) == ["2025-01-05", "2025-01-31"]


@pytest.mark.parametrize("before", ["", "Period 02/01/2025 - 02/28/2025\n"])
def test_a_dollar_proves_no_order_of_dates_and_a_day_above_12_does(before: str) -> None:
    reading = read(f'{before}Date,Description,Amount\n02/03/2025,Shop,"-$1.50"\n02/05/2025,Shop,"-$2.50"\n')
    assert ("date_order" in chosen(reading)) == (not before)
    assert not before or days(reading) == ["2025-02-03", "2025-02-05"]


def test_numbers_that_spreadsheets_store_dates_by_are_read_and_said() -> None:
    text = "Date,Description,Amount\n45691,Shop,-1.50\n45692,Shop,-2.50\n"
    assert chosen(read(text))["date_format"] == "serial"
    settled = read(text, StatementProfile(date_format="serial"))
    assert days(settled) == ["2025-02-03", "2025-02-04"]
    assert "date_format" not in chosen(settled)


def test_numbers_for_dates_in_a_workbook() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in (("Date", "Description", "Amount"), (45691, "Shop", -1.5), (45692, "Pay", 2.5)):
        book.active.append(row)
    book.save(file)
    assert days(read_statement("s.xlsx", file.getvalue())) == ["2025-02-03", "2025-02-04"]


# Encodings


@pytest.mark.parametrize(
    ("encoding", "header"),
    [("cp932", "日付,摘要,お支払金額,お預り金額"), ("cp1251", "Дата,Описание,Расход,Приход"),
     ("cp1253", "Ημερομηνία,Περιγραφή,Χρέωση,Πίστωση"), ("gb18030", "交易日期,摘要,支出,收入"),
     ("cp949", "거래일자,적요,출금액,입금액"), ("cp1255", "תאריך,תיאור,חובה,זכות"),
     ("cp1250", "Data księgowania,Tytuł,Obciążenia,Uznania")],
)  # fmt: skip
def test_the_encoding_is_the_one_in_which_the_header_has_words(encoding: str, header: str) -> None:
    reading = read(f"{header}\n2025-02-13,Shop,5.00,\n2025-02-14,Pay,,6.00\n", encoding=encoding)
    assert amounts(reading) == ["-5.00 XXX", "6.00 XXX"]
    assert chosen(reading)["encoding"] == encoding
    assert amounts(
        read(f"{header}\n2025-02-13,Shop,5.00,\n", StatementProfile(encoding=encoding), encoding=encoding)
    ) == ["-5.00 XXX"]


# Columns that are called what they are not


def test_a_column_that_is_called_an_amount_and_holds_none_refuses_the_file() -> None:
    with pytest.raises(InputError, match="amount_column"):
        read("Date,Description,Amount,Reference\n2025-02-13,Shop,n/a,740210\n2025-02-14,Pay,n/a,740227\n")


def test_a_column_that_is_called_a_date_and_holds_none_is_said() -> None:
    reading = read("Date,Value date,Description,Amount\n?,2025-02-13,Shop,-5.00\n?,2025-02-14,Pay,6.00\n")
    assert chosen(reading)["date_column"] == "2"


# Columns that hold something else than their header says


_BAD = ["", "###", "n/a", "99/99/9999", "pending", "USD"]


@pytest.mark.parametrize("bad", _BAD)
@pytest.mark.parametrize("names", [("datum verrichting", "Datum verrekening"), ("Buchungsdatum", "Buchungsdatum")])
def test_of_two_dates_alike_the_second_is_said_where_the_first_holds_none(names: tuple[str, str], bad: str) -> None:
    first, second = names
    reading = read(
        f"{first};{second};Text;Betrag\n{bad};14.02.2025;a;-1,00\n{bad};15.02.2025;b;-2,00\n{bad};16.02.2025;c;4,00\n"
    )
    assert days(reading) == ["2025-02-14", "2025-02-15", "2025-02-16"]
    said = next(one for one in reading.assumptions if one.field == "date_column")
    assert said.chosen == "2"
    assert first in said.why
    assert second in said.why


@pytest.mark.parametrize("bad", _BAD)
@pytest.mark.parametrize("name", ["Buchtag", "Ημ/νία"])
def test_a_value_date_is_said_where_the_day_of_booking_is_garbled(name: str, bad: str) -> None:
    reading = read(
        f"{name};Valuta;Text;Betrag\n{bad};14.02.2025;a;-1,00\n{bad};15.02.2025;b;-2,00\n{bad};16.02.2025;c;4,00\n"
    )
    assert chosen(reading)["date_column"] == "2"


def test_an_empty_column_of_dates_further_from_the_booking_leaves_nothing_open() -> None:
    reading = read("Booking date,Transaction date,Text,Amount\n2025-02-14,,a,-1.00\n2025-02-15,,b,2.00\n")
    assert "date_column" not in chosen(reading)


def test_a_garbled_column_of_currencies_is_said_where_another_is_taken() -> None:
    rows = "14.02.2025;-1,00;###;PLN\n15.02.2025;-2,00;###;USD\n16.02.2025;4,00;###;PLN\n"
    reading = read(f"Data;Kwota;Waluta;Waluta zlecenia\n{rows}")
    said = next(one for one in reading.assumptions if one.field == "currency_column")
    assert said.chosen == "4"
    assert "'Waluta'" in said.why
    assert "'Waluta zlecenia'" in said.why


def test_an_empty_column_of_currencies_beside_one_code_alone_leaves_nothing_open() -> None:
    reading = read("Date,Amount,Currency,Billing currency\n2025-02-14,-1.00,GBP,\n2025-02-15,2.00,GBP,\n")
    assert amounts(reading) == ["-1.00 GBP", "2.00 GBP"]
    assert "currency_column" not in chosen(reading)


def test_currencies_that_change_are_said_where_the_second_amount_is_empty() -> None:
    rows = "2025-02-14,a,,NOK,-1.00\n2025-02-15,b,,USD,-2.00\n2025-02-16,c,,NOK,4.00\n"
    assert "currency_column" in chosen(read(f"Date,Text,Original amount,Currency,Amount\n{rows}"))


@pytest.mark.parametrize("name", ["Currency Rate", "Currency Exchange Rate", "Valuta Date", "Fecha valuta"])
def test_a_rate_or_a_day_of_a_currency_names_no_currency(name: str) -> None:
    reading = read(f"Date,Text,Amount,{name}\n2025-02-14,a,-1.00,USD\n2025-02-15,b,-2.00,USD\n2025-02-16,c,4.00,USD\n")
    assert {one.amount.currency for one in reading.statement.transactions} == {"XXX"}


def test_a_posted_account_is_no_day_and_a_posted_currency_is_one() -> None:
    reading = read(
        "Posted Account,Posted Date,Text,Amount,Posted Currency\n7,2025-02-14,a,-1.00,EUR\n7,2025-02-15,b,2.00,EUR\n"
    )
    assert amounts(reading) == ["-1.00 EUR", "2.00 EUR"]
    assert "date_column" not in chosen(reading)


def test_a_turnover_beside_the_number_of_an_account_is_no_booking() -> None:
    rows = "".join(f"USD,2025-02-{day},Shop {day},Card,1.00,D\n" for day in range(13, 19))
    foot = "LT12,2025-02-18,,Apyvarta,1234.00,K\nLT12,2025-02-18,,galutinis likutis,99.00,K\n"
    reading = read(f"Zqx,Data,Gavėjas,Paaiškinimai,Suma,D/K\n{rows}{foot}")
    assert len(amounts(reading)) == 6


def test_a_balance_named_in_another_column_than_the_narration_is_no_booking() -> None:
    reading = read(
        "Buchungstag;Wert;Verwendungszweck;Soll;Haben;Währung\n###;14.02.2025;a;-1,00;;EUR\n###;15.02.2025;b;;2,00;EUR\n"
        "###;16.02.2025;c;-4,00;;EUR\nKontostand;16.02.2025;;;99,00;EUR\n"
    )
    assert amounts(reading) == ["-1.00 EUR", "2.00 EUR", "-4.00 EUR"]
    assert chosen(reading)["date_column"] == "2"


# What several readings leave open


def test_days_that_leave_their_order_open_still_tell_the_order_of_the_rows() -> None:
    rows = "03/02/2025,Shop,-5.00,100.00\n04/02/2025,Pay,20.00,95.00\n05/02/2025,Bar,-7.00,115.00\n"
    reading = read(f"Date,Description,Amount,Balance\n{rows}")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "20.00", "-7.00"]


def test_steps_of_the_balance_are_the_signs_where_the_words_beside_are_unknown() -> None:
    rows = "2025-02-13,Zap,5.00,95.00\n2025-02-14,Zop,20.00,115.00\n2025-02-15,Zap,7.00,108.00\n"
    reading = read(f"Date,Kind,Amount,Balance\n{rows}2025-02-16,Zap,1.50,106.50\n")
    assert [one.split()[0] for one in amounts(reading)] == ["-5.00", "20.00", "-7.00", "-1.50"]
    assert reading.unproven == ()


def test_a_salary_among_debits_alone_is_unproven() -> None:
    reading = read("Date,Description,Debit,Credit\n2025-02-13,Salary,900.00,\n2025-02-14,Rent,,500.00\n")
    assert [one.code for one in reading.unproven] == ["statement.debit_column_assumed"]


def test_debits_and_credits_that_nothing_proves_are_said() -> None:
    open_ = read("Date,Description,Debit,Credit\n2025-02-13,Shop,9.00,\n2025-02-14,Bar,,5.00\n")
    said = read("Date,Description,Paid out,Paid in\n2025-02-13,Shop,9.00,\n2025-02-14,Bar,,5.00\n")
    assert (len(open_.notices), said.notices) == (1, ())
