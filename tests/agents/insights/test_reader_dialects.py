"""How banks of many countries write statements, and what each of the reader's choices rests on."""

from __future__ import annotations

import pytest

from genie.contracts.classification import Classification
from genie.errors import InputError
from genie_finance.contracts.statements import StatementProfile, StatementReading, StatementReceived
from genie_finance.insights.reader import read_statement, statement_reader


def read(text: str, profile: StatementProfile | None = None, *, encoding: str = "utf-8") -> StatementReading:
    return read_statement("statement.csv", text.encode(encoding), profile)


def rows(reading: StatementReading) -> list[tuple[str, str, str]]:
    return [
        (each.date.isoformat(), each.narration, f"{each.amount.amount} {each.amount.currency}")
        for each in reading.statement.transactions
    ]


def chosen(reading: StatementReading) -> dict[str, str]:
    return {assumption.field: assumption.chosen for assumption in reading.assumptions}


INDIAN = """HDFC BANK Ltd.
Account Currency: INR
Statement From : 01/04/25 To: 30/04/25

Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance
01/04/25,UPI-SHOP,0000123,01/04/25,"1,250.00",,"98,750.00"
13/04/25,NEFT CR SALARY,0000124,13/04/25,,"1,00,000.00","1,98,750.00"
********,,,,,,
STATEMENT SUMMARY :-,,,,,,
Opening Balance,Dr Count,Cr Count,Debits,Credits,Closing Bal,
"1,00,000.00",1,1,"1,250.00","1,00,000.00","1,98,750.00",
Generated On: 01-May-2025,,,,,,
"""


def test_indian_statement_between_rubbish_and_summary() -> None:
    reading = read(INDIAN)
    assert rows(reading) == [
        ("2025-04-01", "UPI-SHOP", "-1250.00 INR"), ("2025-04-13", "NEFT CR SALARY", "100000.00 INR"),
    ]  # fmt: skip
    # Two dates with two-digit years are too few to rule out that the year stands first.
    assert (chosen(reading), reading.quarantined) == ({"date_order": "dmy"}, ())
    said = " ".join(reading.notices)
    assert all(f"{line}" in said for line in (1, 2, 3, 8, 9, 10, 11, 12))


def test_serial_number_and_zeroes_beside_the_amount_are_not_taken_for_money() -> None:
    reading = read(
        "S No.,Value Date,Transaction Date,Cheque Number,Transaction Remarks,Withdrawal Amount (INR ),"
        "Deposit Amount (INR ),Balance (INR )\n"
        "1,01/04/2025,02/04/2025,-,UPI/abc,100.0,0.0,900.0\n2,15/04/2025,15/04/2025,-,UPI/def,0.0,50.0,950.0\n"
    )
    assert rows(reading) == [("2025-04-02", "UPI/abc", "-100.00 INR"), ("2025-04-15", "UPI/def", "50.00 INR")]
    assert reading.assumptions == ()


LANGUAGES = {
    "en": (
        "Date,Description,Money out,Money in,Balance\n13/02/2025,Shop,45.50,,954.50\n14/02/2025,Pay,,1000,1954.50\n",
        {"currency"},
    ),
    "de": (
        "Buchungstag;Verwendungszweck;Soll;Haben;Saldo;Währung\n"
        "13.02.2025;Shop;45,50;;954,50;EUR\n"
        "14.02.2025;Pay;;1.000,00;1.954,50;EUR\n",
        set(),
    ),
    "fr": (
        "Date;Libellé;Débit euros;Crédit euros\n13/02/2025;Shop;45,50;\n14/02/2025;Pay;;1 000,00\n",
        set(),
    ),
    "nl": (
        '"Datum","Naam / Omschrijving","Af Bij","Bedrag (EUR)"\n'
        '"20250213","Shop","Af","45,50"\n'
        '"20250214","Pay","Bij","1000,00"\n',
        set(),
    ),
    "pt": (
        "Data;Descrição;Débito;Crédito;Saldo\n13-02-2025;Shop;45,50;;954,50\n14-02-2025;Pay;;1.000,00;1.954,50\n",
        {"currency"},
    ),
    "es": (
        "Fecha;Concepto;Importe;Saldo\n13/02/2025;Shop;-45,50 €;954,50 €\n14/02/2025;Pay;1.000,00 €;1.954,50 €\n",
        set(),
    ),
    "it": (
        "Data contabile;Data valuta;Descrizione;Addebiti;Accrediti\n"
        "13/02/2025;13/02/2025;Shop;45,50;\n"
        "14/02/2025;14/02/2025;Pay;;1.000,00\n",
        {"currency"},
    ),
    "da": (
        "Dato;Tekst;Beløb;Saldo;Valuta\n13-02-2025;Shop;-45,50;954,50;DKK\n14-02-2025;Pay;1.000,00;1.954,50;DKK\n",
        set(),
    ),
    "no": (
        "Bokført dato;Forklaring;Ut av konto;Inn på konto\n13.02.2025;Shop;45,50;\n14.02.2025;Pay;;1000,00\n",
        {"currency"},
    ),
    "sv": (
        "Bokföringsdag;Beskrivning;Belopp;Saldo\n2025-02-13;Shop;-45,50;954,50\n2025-02-14;Pay;1 000,00;1 954,50\n",
        {"currency"},
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_headers_in_ten_languages(language: str) -> None:
    text, open_fields = LANGUAGES[language]
    reading = read(text)
    assert [(date, narration, amount.split()[0]) for date, narration, amount in rows(reading)] == [
        ("2025-02-13", "Shop", "-45.50"), ("2025-02-14", "Pay", "1000.00"),
    ]  # fmt: skip
    assert set(chosen(reading)) == open_fields


AMOUNTS = {
    "-$76.00": "-76.00 XXX",
    "$-76.00": "-76.00 XXX",
    "(1,234.50)": "-1234.50 XXX",
    "1,234.50-": "-1234.50 XXX",
    "£500.00": "500.00 GBP",
    "1234.37 EUR": "1234.37 EUR",
    "EUR 1234.37": "1234.37 EUR",
    "₹1,00,000.00": "100000.00 INR",
    "Rs.500.50": "500.50 INR",
    "Rs. 1,500.50": "1500.50 INR",
    "1'234.50": "1234.50 XXX",
    "1 234.50": "1234.50 XXX",
    "1\u202f234.50": "1234.50 XXX",
    "\u221212.50": "-12.50 XXX",
    "100.00 Dr": "-100.00 XXX",
    "100.00CR": "100.00 XXX",
    "+5.5": "5.50 XXX",
    "\u0663\u066b\u0665\u0660": "3.50 XXX",
    "12.50 (Dr)": "-12.50 XXX",
    ".50": "0.50 XXX",
    '"=""12.50"""': "12.50 XXX",
}


@pytest.mark.parametrize("written", AMOUNTS)
def test_amounts_as_banks_write_them(written: str) -> None:
    cell = written if written.startswith('"') else f'"{written}"'
    reading = read(f"Date,Description,Amount\n2025-02-13,Shop,{cell}\n")
    assert [amount for _, _, amount in rows(reading)] == [AMOUNTS[written]]


@pytest.mark.parametrize(
    "written",
    [
        "12,34,567.0.0",
        "1,23",
        "12.50.00",
        "--5",
        "(5",
        "5)",
        "1 2",
        "T1",
        "5 apples",
        "=1+1",
        "1,2345.00",
        "1.0000000000000000001",
    ],
)
def test_what_is_no_amount_is_quarantined(written: str) -> None:
    good = "".join(f"2025-02-{day},Shop,-1.50\n" for day in range(13, 19))
    reading = read(f'Date,Description,Amount\n{good}2025-02-20,Bad,"{written}"\n')
    assert [(row.line, len(rows(reading))) for row in reading.quarantined] == [(8, 6)]


DATES = {
    "13/02/2025": "2025-02-13",
    "02/13/2025": "2025-02-13",
    "13.2.2025": "2025-02-13",
    "25.2.99": "1999-02-25",
    "2025-02-13": "2025-02-13",
    "2025/02/13": "2025-02-13",
    "20250213": "2025-02-13",
    "20250213120000[0:GMT]": "2025-02-13",
    "20250213120000.000[-5:EST]": "2025-02-13",
    "2025-02-13T10:11:12Z": "2025-02-13",
    "13/02/2025 10:11": "2025-02-13",
    "13 Feb 2025": "2025-02-13",
    "13-Feb-25": "2025-02-13",
    "Feb 13, 2025": "2025-02-13",
    "13. Februar 2025": "2025-02-13",
    "13 févr. 2025": "2025-02-13",
    "13 août 2025": "2025-08-13",
    "13 mrt 2025": "2025-03-13",
    "13 okt 2025": "2025-10-13",
    "13 dez 2025": "2025-12-13",
    "13 ene 2025": "2025-01-13",
    "13 maggio 2025": "2025-05-13",
}


@pytest.mark.parametrize("written", DATES)
def test_dates_as_banks_write_them(written: str) -> None:
    reading = read(f'Date,Description,Amount\n"{written}",Shop,-1.50\n')
    assert [date for date, _, _ in rows(reading)] == [DATES[written]]
    assert "date_order" not in chosen(reading)


def test_days_up_to_twelve_leave_the_order_open_and_a_profile_settles_it() -> None:
    text = "Date,Description,Amount\n01/02/2025,Shop,-1.50\n03/02/2025,Shop,-2.50\n"
    reading = read(text)
    (order,) = (a for a in reading.assumptions if a.field == "date_order")
    assert (order.chosen, order.settle_with) == ("dmy", "date_order: dmy")
    settled = read(text, StatementProfile(date_order="mdy"))
    assert [date for date, _, _ in rows(settled)] == ["2025-01-02", "2025-03-02"]
    assert "date_order" not in chosen(settled)


def test_dates_in_sequence_in_one_order_alone_settle_it() -> None:
    months = ("01/05/2025", "02/03/2025", "03/11/2025", "04/02/2025", "05/09/2025")
    text = "Date,Description,Amount\n" + "".join(f"{day},Shop,-1.50\n" for day in months)
    reading = read(text)
    assert rows(reading)[0][0] == "2025-01-05"
    assert "date_order" not in chosen(reading)


def test_two_digit_years_that_would_scatter_a_statement_over_decades_are_days() -> None:
    text = "Date,Description,Amount\n" + "".join(f"{day:02}/04/25,Shop,-1.50\n" for day in (1, 5, 9, 13, 17))
    reading = read(text)
    assert rows(reading)[0][0] == "2025-04-01"
    assert "date_order" not in chosen(reading)


def test_a_group_of_three_digits_is_thousands_by_assumption_and_by_evidence() -> None:
    head = "Date,Description,Amount,Balance\n2025-02-13,Start,500,500\n"
    alone = read('Date,Description,Amount\n2025-02-13,Shop,"-1,234"\n')
    assert [amount for _, _, amount in rows(alone)] == ["-1234.00 XXX"]
    assert chosen(alone)["decimal_mark"] == "."
    chained = read(head + '2025-02-14,Pay,"1,234","1,734"\n2025-02-15,Shop,-4,1730\n')
    assert [amount for _, _, amount in rows(chained)] == ["500.00 XXX", "1234.00 XXX", "-4.00 XXX"]
    assert "decimal_mark" not in chosen(chained)


def test_the_balance_tells_that_a_positive_amount_is_a_debit() -> None:
    reading = read("Date,Description,Amount,Balance\n2025-02-13,Shop,5.00,95.00\n2025-02-14,Pay,-20.00,115.00\n")
    assert [amount for _, _, amount in rows(reading)] == ["-5.00 XXX", "20.00 XXX"]
    assert "positive_is" not in chosen(reading)


def test_a_mark_on_credits_alone_makes_the_rest_debits_by_assumption() -> None:
    reading = read('Date,Details,Amount\n13 Apr 2025,Shop,"1,250.00"\n15 Apr 2025,Payment,"5,000.00 CR"\n')
    assert [amount for _, _, amount in rows(reading)] == ["-1250.00 XXX", "5000.00 XXX"]
    assert chosen(reading)["positive_is"] == "debit"


def test_a_mark_that_says_neither_quarantines_its_row() -> None:
    reading = read(
        "Tran Date;Particulars;Amount(INR);DR/CR\n13-04-2025;a;100.00;DR\n15-04-2025;b;50.00;CR\n16-04-2025;c;7.00;XX\n"
    )
    assert [amount for _, _, amount in rows(reading)] == ["-100.00 INR", "50.00 INR"]
    assert [row.line for row in reading.quarantined] == [4]


def test_currencies_are_kept_per_row_with_their_own_digits() -> None:
    reading = read(
        "Date,Description,Amount,Currency\n13/02/2025,a,-20.00,EUR\n14/02/2025,b,30.00,USD\n15/02/2025,c,3000,JPY\n"
        "15/02/2025,d,30.50,JPY\n16/02/2025,e,3,QQQ\n"
    )
    assert [amount for _, _, amount in rows(reading)] == ["-20.00 EUR", "30.00 USD", "3000 JPY"]
    assert [row.line for row in reading.quarantined] == [5, 6]


@pytest.mark.parametrize("strange", [("BTC", "USDT"), ("BTC", "EUR", "BTC", "BTC")])
def test_currencies_of_which_most_are_none_are_never_added_up(strange: tuple[str, ...]) -> None:
    """The header says that the column tells currencies; that its cells are no codes does not make them all one."""
    lines = "".join(f"{day}/02/2025,a,-{day}.00,{code}\n" for day, code in enumerate(strange, 13))
    with pytest.raises(InputError, match="ISO 4217"):
        read(f"Date,Description,Amount,Currency\n{lines}")
    lines += "".join(f"{day}/03/2025,b,-1.00,EUR\n" for day in range(10, 30))
    reading = read(f"Date,Description,Amount,Currency\n{lines}")
    assert {amount.split()[1] for _, _, amount in rows(reading)} == {"EUR"}
    assert [row.line - 2 for row in reading.quarantined] == [at for at, code in enumerate(strange) if code != "EUR"]


def test_profile_currency_overrides_the_row_and_says_so() -> None:
    reading = read(
        "Date,Description,Amount,Currency\n13/02/2025,a,-20.00,EUR\n14/02/2025,b,30.00,USD\n",
        StatementProfile(currency="EUR"),
    )
    assert [amount for _, _, amount in rows(reading)] == ["-20.00 EUR", "30.00 EUR"]
    assert any(notice.startswith("line 3:") for notice in reading.notices)


@pytest.mark.parametrize("sign", ["$", "kr", "¥"])
def test_a_sign_that_currencies_share_is_an_assumption(sign: str) -> None:
    reading = read(f'Date,Description,Amount\n2025-02-13,Shop,"-15 {sign}"\n')
    assert "currency" in chosen(reading)


def test_opening_closing_and_total_rows_are_no_transactions() -> None:
    reading = read(
        "Date,Description,Debit,Credit,Balance\n01/02/2025,Opening Balance as on 01/02/2025,,,100.00\n"
        "13/02/2025,Previous balance payment,20.00,,80.00\n14/02/2025,TOTAL STATION,,30.00,110.00\n"
        ",Total,20.00,30.00,\n28/02/2025,Closing balance,,,110.00\n"
    )
    assert [narration for _, narration, _ in rows(reading)] == ["Previous balance payment", "TOTAL STATION"]
    assert [notice.split(" holds")[0] for notice in reading.notices] == ["line 2", "line 5", "line 6"]
    assert reading.quarantined == ()


def test_a_broken_balance_is_a_notice_and_changes_no_amount() -> None:
    reading = read(
        "Date,Description,Debit,Credit,Balance\n"
        "13/02/2025,a,20.00,,80.00\n14/02/2025,b,,30.00,999.00\n15/02/2025,c,1.00,,998.00\n"
    )
    assert [amount for _, _, amount in rows(reading)] == ["-20.00 XXX", "30.00 XXX", "-1.00 XXX"]
    assert ["line 3" in notice for notice in reading.notices] == [True]


def test_a_balance_printed_once_a_day_is_followed_over_the_rows_between() -> None:
    reading = read(
        "Date,Description,Debit,Credit,Balance\n"
        "13/02/2025,a,20.00,,80.00\n14/02/2025,b,,30.00,\n14/02/2025,c,5.00,,105.00\n"
    )
    assert reading.notices == ()


def test_headerless_debit_and_credit_without_balance_is_an_assumption_that_a_profile_settles() -> None:
    text = "2025-02-13,Shop,1.00,\n2025-02-14,Pay,,2.00\n"
    (assumption,) = (a for a in read(text).assumptions if a.field == "debit_column")
    assert assumption.settle_with == "debit_column: 3"
    settled = read(text, StatementProfile(debit_column=4, credit_column=3))
    assert [amount for _, _, amount in rows(settled)] == ["1.00 XXX", "-2.00 XXX"]
    assert "debit_column" not in chosen(settled)


def test_every_assumption_but_the_currency_is_settled_by_the_line_that_it_names() -> None:
    text = "01-02-2025;Shop;03-02-2025;1.234;9.999\n05-02-2025;Pay;05-02-2025;2.345;8.888\n"
    profile: dict[str, object] = {"currency": "EUR"}
    first = read(text, StatementProfile.model_validate(profile))
    assert {"date_order", "decimal_mark", "date_column", "amount_column", "positive_is"} <= chosen(first).keys()
    for assumption in first.assumptions:
        field, value = assumption.settle_with.split(": ")
        profile[field] = int(value) if value.isdigit() else value.strip('"')
    again = read(text, StatementProfile.model_validate(profile))
    assert again.assumptions == ()
    assert rows(again) == rows(first)


def test_a_second_column_that_is_called_an_amount_is_told() -> None:
    lines = "2025-01-02,Coffee,-3.50,{}\n2025-01-03,Wages,2000.00,2350.00\n"
    header = "Date,Description,Amount,Amount\n"
    assert "amount_column" in chosen(read(header + lines.format("-4.10")))
    assert "amount_column" not in chosen(read(header + lines.format("-3.50").replace("2350", "2000")))


@pytest.mark.parametrize("other", ["Local Amount", "Original amount", "Foreign Amount", "Transaction Amount"])
@pytest.mark.parametrize("first", [True, False])
def test_the_amount_of_the_transaction_in_another_currency_is_not_the_amount(other: str, *, first: bool) -> None:
    names, cells = ("Amount", other), (("-3.50", "-4.10"), ("2000.00", "2350.00"))
    order = slice(None) if first else slice(None, None, -1)
    lines = "".join(f"2025-01-0{day},x,{','.join(pair[order])}\n" for day, pair in enumerate(cells, 2))
    reading = read(f"Date,Description,{','.join(names[order])}\n{lines}")
    assert [amount.split()[0] for _, _, amount in rows(reading)] == ["-3.50", "2000.00"]
    assert "amount_column" not in chosen(reading)


def test_profile_names_columns_of_an_unknown_header_below_other_lines() -> None:
    text = "Report;of;things\nwann;wer;wieviel\n13.02.2025;Shop;-5,00\n"
    profile = StatementProfile(date_column="wann", narration_columns=("wer",), amount_column="wieviel", currency="EUR")
    assert rows(read(text, profile)) == [("2025-02-13", "Shop", "-5.00 EUR")]


def test_profile_date_format_reads_what_is_not_recognised() -> None:
    text = "Date,Description,Amount\n2025|13|02,Shop,-5.00\n2025|14|02,Pay,6.00\n"
    with pytest.raises(InputError):
        read(text)
    settled = read(text, StatementProfile(date_format="%Y|%d|%m"))
    assert [date for date, _, _ in rows(settled)] == ["2025-02-13", "2025-02-14"]


def test_profile_skips_rows_and_denies_a_header() -> None:
    text = "Date,Amount\n2025-02-12,Old,-1.00\n2025-02-13,Shop,-5.00\n"
    reading = read(text, StatementProfile(skip_rows=2, header=False))
    assert [(t.line, t.narration) for t in reading.statement.transactions] == [(3, "Shop")]


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (StatementProfile(amount_column="Amout"), "did you mean 'Amount'"),
        (StatementProfile(amount_column=9), "3 columns"),
        (StatementProfile(amount_column=0), "3 columns"),
        (StatementProfile(date_column="Datte"), "did you mean 'Date'"),
        (StatementProfile(encoding="latin-2x"), "encoding"),
        (StatementProfile(encoding="idna"), "encoding"),
        (StatementProfile(encoding="unicode_escape"), "encoding"),
        (StatementProfile(encoding="ascii", header=True), "ascii"),
    ],
)
def test_a_profile_that_does_not_fit_is_refused_in_words(profile: StatementProfile, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read("Date,Description,Amount\n2025-02-13,Café,-5.00\n", profile)
    assert said in str(refused.value)


def test_names_without_a_header_ask_for_positions() -> None:
    with pytest.raises(InputError) as refused:
        read("2025-02-13,Shop,-5.00\n", StatementProfile(amount_column="Amount"))
    assert "position" in str(refused.value)


def test_ids_are_stable_and_tell_equal_movements_apart() -> None:
    text = "Date,Description,Amount\n2025-02-13,Shop,-5.00\n2025-02-13,Shop,-5.00\n2025-02-14,Shop,-5.00\n"
    ids = [t.id for t in read(text).statement.transactions]
    assert len(set(ids)) == 3
    assert ids == [t.id for t in read(text.replace(",", ";")).statement.transactions]
    assert set(ids).isdisjoint(t.id for t in read(text, StatementProfile(account="other")).statement.transactions)
    assert all(identity.isalpha() for identity in ids)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding: str) -> None:
    reading = read("Date;Libellé;Montant\n13/02/2025;Café;-5,00\n", StatementProfile(currency="EUR"), encoding=encoding)
    assert rows(reading) == [("2025-02-13", "Café", "-5.00 EUR")]
    assert ("encoding" in chosen(reading)) == (encoding in {"latin-1", "cp1252"})


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_counted_as_lines(ending: str) -> None:
    lines = ("Date,Description,Amount", '2025-02-13,"Shop', 'round the corner",-5.00', "2025-02-14,Pay,6.00", "")
    reading = read(ending.join(lines))
    assert [(t.line, t.narration) for t in reading.statement.transactions] == [(2, "Shop round the corner"), (4, "Pay")]


@pytest.mark.anyio
async def test_the_agent_answers_with_a_reading() -> None:
    received = StatementReceived(filename="s.csv", content=b"Date,Description,Amount\n2025-02-13,Shop,-5.00\n")
    reading = await statement_reader(received)
    assert len(reading.statement.transactions) == 1
    card = statement_reader.card
    assert (card.id, card.capabilities, card.clearance) == (
        "statement_reader", ("statement.read",), Classification.RESTRICTED,
    )  # fmt: skip
    assert (card.consumes, card.produces) == ((StatementReceived,), (StatementReading,))
