"""CAMT.053: entries, balances, and XML that means harm."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from genie.errors import InputError
from genie_finance.contracts.statements import StatementProfile
from genie_finance.insights.reader import read_statement

KONTO = (Path(__file__).parents[2] / "data" / "forms" / "konto.xml").read_text(encoding="utf-8")
OPENING = '<?xml version="1.0" encoding="UTF-8"?>'


def read(text: str, profile: StatementProfile | None = None):
    return read_statement("konto.csv", text.encode(), profile)


def refusal(content: bytes) -> str:
    with pytest.raises(InputError) as refused:
        read_statement("konto.xml", content)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_entries_with_a_reversal_and_a_collective_booking() -> None:
    reading = read(KONTO)
    found = reading.statement.transactions
    # In: 750.00 30.00; out: 120.45 100.00 40.00; 500.00 + 519.55 = 1019.55, as the closing balance says.
    assert [str(t.amount) for t in found] == ["750.00 CHF", "-120.45 CHF", "-100.00 CHF", "30.00 CHF", "-40.00 CHF"]
    assert [t.date.day for t in found] == [3, 10, 12, 14, 20]
    assert [t.narration for t in found] == [
        "Muster AG Rechnung 17 & 18", "Löwen Apotheke Bezug vom 9.2.", "Anna Beispiel Rückzahlung",
        "Laden Storno Belastung", "Sammelauftrag",
    ]  # fmt: skip
    assert [t.reference for t in found] == ["R-1", "R-2", "R-3", "R-4", ""]
    assert [t.line for t in found] == [11, 24, 37, 50, 63]
    assert [t.rail for t in found] == ["sepa", "card", "sepa", "sepa", None]
    assert (reading.form, reading.statement.account) == ("camt", "CH9300762011623852957")
    assert reading.notices == ("line 63: a collective booking counts as one movement",)
    assert (reading.assumptions, reading.quarantined) == ((), ())


def test_a_missing_entry_shows_in_the_count_and_in_the_balance() -> None:
    start, end = KONTO.index("      <Ntry>"), KONTO.index("</Ntry>") + 7
    notices = read(KONTO[:start] + KONTO[end:]).notices
    assert any("differs from the entries" in notice for notice in notices)
    assert any("come to 269.55: -750.00 too much" in notice for notice in notices)


def test_entries_that_are_not_booked_are_left_out_and_said() -> None:
    reading = read(KONTO.replace("<Sts>BOOK</Sts>", "<Sts>PDNG</Sts>", 1))
    assert len(reading.statement.transactions) == 4
    assert any("not booked" in notice for notice in reading.notices)


def test_the_day_report_is_read_with_a_warning() -> None:
    reading = read(KONTO.replace("camt.053", "camt.052").replace("Stmt>", "Rpt>"))
    assert len(reading.statement.transactions) == 5
    assert any("CAMT.052" in notice for notice in reading.notices)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<Amt Ccy="CHF">120.45</Amt>', '<Amt Ccy="CHF">120,45,1</Amt>'),
        ('<Amt Ccy="CHF">120.45</Amt>', '<Amt Ccy="CHF">-120.45</Amt>'),
        ('<Amt Ccy="CHF">120.45</Amt>', '<Amt Ccy="CHF">120.451</Amt>'),
        ('<Amt Ccy="CHF">120.45</Amt>', '<Amt Ccy="4111">120.45</Amt>'),
        ("<CdtDbtInd>DBIT</CdtDbtInd>", "<CdtDbtInd>?</CdtDbtInd>"),
        ("<BookgDt><Dt>2025-02-10</Dt></BookgDt>", "<BookgDt><Dt>2025-02-30</Dt></BookgDt>"),
    ],
)
def test_a_bad_entry_costs_itself_alone(old: str, new: str) -> None:
    assert old in KONTO
    reading = read(KONTO.replace(old, new, 1))
    assert len(reading.statement.transactions) == 4
    assert [row.line for row in reading.quarantined] == [24]
    assert "4111" not in reading.quarantined[0].reason
    assert any("1 of them not read" in notice for notice in reading.notices)


def test_without_a_booking_date_the_value_date_is_taken_and_said() -> None:
    reading = read(KONTO.replace("<BookgDt><Dt>2025-02-10</Dt></BookgDt>", ""))
    assert reading.statement.transactions[1].date.day == 10
    assert any("value date is taken" in notice for notice in reading.notices)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f'{OPENING}<!DOCTYPE lolz [<!ENTITY l0 "lol">{LAUGHS}]><Document>&l11;</Document>', "declares"),
        (f'{OPENING}<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]><Document>&x;</Document>', "declares"),
        (f'{OPENING}<!DOCTYPE Document SYSTEM "http://localhost/x.dtd"><Document/>', "declares"),
        ("<!DOCTYPE Document><Document/>", "declares"),
        (KONTO[: len(KONTO) // 2], "not well-formed"),
        (KONTO.replace("<Stmt>", "<Stmt>" + "<a>" * 200), "deep"),
        (KONTO.replace("<Id>S1</Id>", "<a/>" * 300_000), "endless"),
        (KONTO.replace("camt.053", "pain.001"), "(pain.001.001.02), not a CAMT.053"),
        (f"{OPENING}<rss/>", "XML file, not a CAMT.053"),
        (KONTO.replace("Ntry>", "Other>"), "no transactions"),
        (KONTO.replace('encoding="UTF-8"', 'encoding="nonsense"'), "encoding"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_no_statement_or_means_harm_is_refused_in_one_line(content: str, says: str) -> None:
    assert says in refusal(content.encode())


def test_letters_in_another_encoding_than_declared_need_a_profile() -> None:
    wrong = KONTO.encode("cp1252")
    assert "`encoding:`" in refusal(wrong)
    reading = read_statement("konto.xml", wrong, StatementProfile(encoding="latin-1"))
    assert reading.statement.transactions[1].narration.startswith("Löwen")


def test_utf_16_is_read_as_it_declares_itself() -> None:
    content = KONTO.replace("UTF-8", "UTF-16").encode("utf-16")
    assert len(read_statement("konto.xml", content).statement.transactions) == 5


def test_a_text_that_never_ends_costs_its_entry_alone() -> None:
    reading = read(KONTO.replace("Bezug vom 9.2.", "x " * 1_000_000))
    assert (len(reading.statement.transactions), len(reading.quarantined)) == (4, 1)


def test_amounts_are_exact() -> None:
    reading = read(KONTO.replace("750.00", "123456789012345.67"))
    assert reading.statement.transactions[0].amount.amount == Decimal("123456789012345.67")
