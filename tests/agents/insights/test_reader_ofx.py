"""OFX of both versions: what the files hold, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from genie.errors import InputError
from genie_finance.contracts.statements import StatementProfile
from genie_finance.insights.reader import read_statement

FORMS = Path(__file__).parents[2] / "data" / "forms"
HEAD = b"OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\n\n"
ONE = "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20250301<TRNAMT>{amount}<FITID>1<NAME>{name}{more}</STMTTRN>"


def ofx(*bookings: str, currency: str = "EUR") -> bytes:
    text = f"<OFX><STMTRS><CURDEF>{currency}<BANKTRANLIST>{''.join(bookings)}</BANKTRANLIST></STMTRS></OFX>"
    return HEAD + text.encode("cp1252")


def booking(amount: str = "-1.00", name: str = "Shop", more: str = "") -> str:
    return ONE.format(amount=amount, name=name, more=more)


def refusal(content: bytes) -> str:
    with pytest.raises(InputError) as refused:
        read_statement("bank.qfx", content)
    said = str(refused.value)
    assert "\n" not in said
    return said


def test_version_1_with_values_left_open_and_empty_ones() -> None:
    reading = read_statement("checking.ofx", (FORMS / "checking.ofx").read_bytes())
    found = reading.statement.transactions
    # In: 2450.00; out: 54.20 800 60.00 300.00 4.50.
    assert sum(t.amount.amount for t in found if t.amount.minor > 0) == Decimal("2450.00")
    assert sum(t.amount.amount for t in found if t.amount.minor < 0) == Decimal("-1218.70")
    assert [t.date.isoformat()[5:] for t in found] == ["03-01", "03-03", "03-05", "03-10", "03-12", "03-31"]
    assert [t.narration for t in found] == [
        "ACME PAYROLL SALARY MARCH", "CAFÉ DE LA GARE", "check 1207", "ATM 33 HIGH ST", "TRANSFER TO SAVINGS TO 0099",
        "MONTHLY FEE B&O & CO",
    ]  # fmt: skip
    assert [t.line for t in found] == [17, 25, 33, 41, 48, 56]
    assert (reading.form, reading.statement.account, {t.amount.currency for t in found}) == ("ofx", "0012", {"USD"})
    assert [t.rail for t in found] == [None, None, "check", "cash", "transfer", None]
    assert (reading.assumptions, reading.quarantined) == ((), ())
    assert len(reading.notices) == 1
    assert "2025-03-31 is 5,231.30" in reading.notices[0]


def test_version_2_with_sections_references_and_another_currency() -> None:
    reading = read_statement("card.ofx", (FORMS / "card.ofx").read_bytes())
    found = reading.statement.transactions
    assert reading.statement.account == "card ending 0042"
    assert [(str(t.amount), t.narration) for t in found] == [
        ("-19.90 EUR", "Büro & Co Papier <A4>"),
        ("-7.00 EUR", "Kiosk"),
        ("19.90 EUR", "Büro & Co Gutschrift"),
        ("-12.50 USD", "Diner"),
    ]
    assert [(row.line, "date" in row.reason, "digits" in row.reason) for row in reading.quarantined] == [
        (17, True, False),
        (18, False, True),
    ]


def test_an_empty_value_without_an_end_tag_swallows_nothing() -> None:
    reading = read_statement("a", ofx(booking(more="<MEMO>"), booking("-2.00", "Second", "<MEMO><CHECKNUM>7")))
    assert [(str(t.amount.amount), t.narration) for t in reading.statement.transactions] == [
        ("-1.00", "Shop"),
        ("-2.00", "Second"),
    ]


def test_tags_in_lower_case_are_read() -> None:
    assert len(read_statement("a", ofx(booking()).lower()).statement.transactions) == 1


def test_the_declared_encoding_is_taken_and_one_that_does_not_fit_is_said() -> None:
    assert read_statement("a", ofx(booking(name="Café €"))).statement.transactions[0].narration == "Café €"
    wrong = ofx(booking(name="Café")).replace(b"USASCII\nCHARSET:1252", b"UTF-8\nCHARSET:NONE")
    reading = read_statement("a", wrong)
    assert reading.statement.transactions[0].narration == "Café"
    assert [one.field for one in reading.assumptions] == ["encoding"]


def test_the_account_of_a_profile_comes_first() -> None:
    reading = read_statement("a", ofx(booking()), StatementProfile(account="household"))
    assert {t.account for t in reading.statement.transactions} == {"household"}


def test_a_sign_against_its_type_is_said_and_taken() -> None:
    reading = read_statement("a", ofx(booking("1.00")))
    assert reading.statement.transactions[0].amount.minor == 100
    assert any("contradicts" in notice for notice in reading.notices)


@pytest.mark.parametrize(
    ("amount", "read"),
    [("+1", "1.00"), ("-,5", "-0.50"), ("1.5", "1.50"), ("1,234.00", None), ("1e5", None), ("NaN", None), ("", None),
     ("²", None), ("9" * 50, None)],
)  # fmt: skip
def test_amounts_are_digits_with_one_mark(amount: str, read: str | None) -> None:
    reading = read_statement("a", ofx(booking(), booking(), booking(amount)))
    found = [str(t.amount.amount) for t in reading.statement.transactions[2:]]
    assert found == ([] if read is None else [read])
    assert len(reading.quarantined) == (read is None)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"OFXHEADER:100\n", "no <OFX> element"),
        (HEAD + b"<OFX></OFX>", "without a bank or card statement"),
        (HEAD + b"<OFX><STATUS><CODE>15500<SEVERITY>ERROR</STATUS></OFX>", "error code 15500"),
        (ofx(), "no transactions"),
        (ofx(booking())[:-30], "cut off"),
        (ofx(booking())[:-2], "cut off"),
        (ofx(booking(more="</BANKTRANLIST></NOPE>")), "not open"),
        (ofx("<!ENTITY a 'b'>" + booking()), "declares"),
        (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaa'>]>" + ofx(booking())[len(HEAD) :], "declares"),
        (ofx("<A>" * 100 + booking()), "deep"),
        (ofx(booking("x"), booking("x"), booking()), "2 of 3"),
        (ofx(booking(name="<![CDATA[x")), "cut off"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(content: bytes, says: str) -> None:
    assert says in refusal(content)


def test_entities_are_text_and_expand_to_nothing() -> None:
    reading = read_statement("a", ofx(booking(name="a&b &lol; &#65; &#x41; &#0;")))
    assert reading.statement.transactions[0].narration == "a&b &lol; A &#x41; &#0;"


def test_a_text_that_is_too_long_costs_its_booking_alone() -> None:
    reading = read_statement("a", ofx(booking(), booking("-2.00", name="x" * 1_000_000)))
    assert (len(reading.statement.transactions), len(reading.quarantined)) == (1, 1)
    assert "1,000,000" in reading.quarantined[0].reason


@pytest.mark.parametrize("piece", ["<A><![CDATA[", "<A>&", "<<<<", "<MEMO>", "</", "<A/>"])
def test_endless_repetition_is_read_or_refused_in_one_pass(piece: str) -> None:
    content = ofx(piece * 200_000 + booking())
    try:
        read_statement("a", content)
    except InputError as refused:
        assert "\n" not in str(refused)  # noqa: PT017 - either way is right, as long as it ends


def test_refusals_do_not_repeat_what_the_file_says() -> None:
    assert "4111" not in refusal(ofx(booking("x4111", "4111")))


def test_a_repeated_fitid_of_the_same_amount_is_one_booking() -> None:
    reading = read_statement(
        "a", ofx(booking(), booking("-2.00").replace("<FITID>1", "<FITID>2"), booking(name="Other"))
    )
    assert [t.amount.amount for t in reading.statement.transactions] == [Decimal("-1.00"), Decimal("-2.00")]
    assert len(reading.notices) == 2  # that of the balances as well


def test_a_fitid_that_the_bank_uses_for_several_amounts_drops_nothing() -> None:
    reading = read_statement("a", ofx(booking(), booking("-2.00"), booking()))
    assert len(reading.statement.transactions) == 3
    assert any("FITID" in notice for notice in reading.notices)


def test_bookings_that_state_no_fitid_are_never_one() -> None:
    nameless = booking().replace("<FITID>1", "")
    assert len(read_statement("a", ofx(nameless, nameless)).statement.transactions) == 2
