"""MT940: fields, reversals, years, balances, and what a bad line costs."""

from __future__ import annotations

import logging
from decimal import Decimal
from pathlib import Path

import pytest

from genie.errors import InputError
from genie_finance.insights.reader import read_statement

FORMS = Path(__file__).parents[2] / "data" / "forms"
LINE = ":61:2503010301D1,00NTRFNONREF//R{number}\n:86:Shop\n"


def mt940(*lines: str, opening: str = "C250228EUR10,00", closing: str = "C250331EUR9,00") -> bytes:
    return f":20:S\n:25:1/2\n:28C:1\n:60F:{opening}\n{''.join(lines)}:62F:{closing}\n-\n".encode()


def refusal(content: bytes) -> str:
    with pytest.raises(InputError) as refused:
        read_statement("bank.sta", content)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_two_statements_with_reversals_and_the_turn_of_the_year() -> None:
    reading = read_statement("girokonto.sta", (FORMS / "girokonto.sta").read_bytes())
    found = reading.statement.transactions
    # Out: 25.00 50.00 10.00 70.00, the third a reversed credit; in: 1850.50 and 5.00, a reversed debit.
    assert [str(t.amount.amount) for t in found] == ["-25.00", "1850.50", "-50.00", "-10.00", "5.00", "-70.00"]
    assert [t.date.isoformat() for t in found] == [
        "2024-12-31", "2024-12-30", "2025-01-03", "2025-01-03", "2025-01-04", "2025-01-06",
    ]  # fmt: skip
    assert [t.narration for t in found] == [
        "KARTENZAHLUNG SUPERMARKT NORD GMBH EINKAUF 31.12.FILIALE 77", "GEHALT WERK AG LOHN DEZEMBER", "Gebuehr Karte",
        "Storno einer Gutschrift", "J. Smit Terug januari", "LASTSCHRIFT STADTWERKE STROM",
    ]  # fmt: skip
    assert [t.reference for t in found] == ["REF0001", "REF0002", "", "REF0004", "REF0005", "REF0006"]
    assert [t.line for t in found] == [6, 9, 11, 13, 15, 23]
    assert (reading.form, reading.statement.account) == ("mt940", "37040044/0532013000")
    # 1000.00 + 1770.50 = 2770.50, and 2770.50 - 70.00 = 2700.50.
    assert (reading.notices, reading.assumptions, reading.quarantined) == ((), (), ())


def test_a_balance_that_does_not_follow_is_said_and_alters_nothing() -> None:
    reading = read_statement("a", mt940(LINE, closing="C250331EUR8,00"))
    assert [t.amount.amount for t in reading.statement.transactions] == [Decimal("-1.00")]
    assert any("come to 9.00: +1.00 too much" in notice for notice in reading.notices)


def test_a_statement_that_is_missing_between_two_is_said() -> None:
    reading = read_statement("a", mt940(LINE) + mt940(LINE, opening="C250401EUR7,00", closing="C250430EUR6,00"))
    assert any("a statement between them may be missing" in notice for notice in reading.notices)


def test_a_file_cut_off_before_its_closing_balance_says_so() -> None:
    content = mt940(LINE, LINE).partition(b":62F:")[0]
    assert any("not state both" in notice for notice in read_statement("a", content).notices)


def test_debits_below_zero_carry_their_balance() -> None:
    assert read_statement("a", mt940(LINE, opening="D250228EUR1,00", closing="D250331EUR2,00")).notices == ()


@pytest.mark.parametrize(
    "bad",
    [
        ":61:250230D1,00NTRFNONREF\n", ":61:2503010230D1,00NTRFNONREF\n", ":61:hello 4111\n", ":61:\n",
        ":61:2503010301D1,0,0NTRFNONREF\n", ":61:2503010301D,NTRFNONREF\n", ":61:2503010301D1,005NTRFNONREF\n",
        ":61:2503010301X1,00NTRFNONREF\n", ":61:" + "9" * 100_000 + "\n",
        ":61:2503010301D1,00NTRF" + "/" * 5_000 + "\n",
    ],
)  # fmt: skip
def test_a_bad_line_costs_itself_alone_and_nothing_is_logged(
    bad: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        reading = read_statement("a", mt940(LINE, bad + ":86:secret\n", LINE))
    assert len(reading.statement.transactions) == 2
    assert [row.line for row in reading.quarantined] == [7]
    assert "secret" not in reading.quarantined[0].reason
    assert "4111" not in reading.quarantined[0].reason
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


def test_a_file_name_in_the_content_opens_no_file() -> None:
    assert "without a statement line" in refusal(b":20:" + str(FORMS / "girokonto.sta").encode() + b"\n:25:1\n")


def test_long_details_and_many_lines_are_read_in_one_pass() -> None:
    details = ":86:" + "166?" + "?20x" * 200_000 + "\n"
    reading = read_statement("a", mt940(LINE, ":61:2503010301D1,00NTRFNONREF\n" + details))
    assert (len(reading.statement.transactions), len(reading.quarantined)) == (1, 1)


def test_more_bad_lines_than_good_refuse_the_file() -> None:
    assert "2 of 3" in refusal(mt940(LINE, ":61:x\n", ":61:y\n"))


def test_letters_of_the_west_are_read_and_said() -> None:
    reading = read_statement("a", mt940(":61:2503010301D1,00NTRFNONREF\n:86:B\xfccher\n").decode().encode("latin-1"))
    assert reading.statement.transactions[0].narration == "Bücher"
    assert [one.field for one in reading.assumptions] == ["encoding"]
