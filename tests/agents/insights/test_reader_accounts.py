"""Several files as one statement: accounts, bookings that stand twice, transfers between them, and what is said."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.statements import StatementFile, StatementProfile, StatementReading, StatementReceived
from genie_finance.insights.categoriser import CategoriserSettings, categorise
from genie_finance.insights.keywords import keyword_table
from genie_finance.insights.merchants import merchant_master
from genie_finance.insights.normaliser import normalise
from genie_finance.insights.reader import read_files, read_statement

SAMPLES = Path(__file__).parents[3] / "config" / "statements"
Row = tuple[str, str, str]
MARCH: tuple[Row, ...] = tuple((f"2025-03-{day:02}", f"Shop {day}", f"-{day}.50") for day in range(1, 21))


def csv(rows: Iterable[Row], account: str = "") -> bytes:
    head = "Date,Description,Amount,Currency" + (",Account" if account else "")
    tail = f",{account}" if account else ""
    return "\n".join([head, *(f"{date},{text},{amount},EUR{tail}" for date, text, amount in rows), ""]).encode()


def ofx(rows: Iterable[Row], account: str = "", *, refs: str = "R") -> bytes:
    booked = "".join(
        f"<STMTTRN><DTPOSTED>{date.replace('-', '')}<TRNAMT>{amount}<FITID>{refs}{number}<NAME>{text.upper()}</STMTTRN>"
        for number, (date, text, amount) in enumerate(rows)
    )
    return (
        "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><STMTRS><CURDEF>EUR"
        f"<BANKACCTFROM><ACCTID>{account}</BANKACCTFROM><BANKTRANLIST>{booked}</BANKTRANLIST></STMTRS></OFX>"
    ).encode()


def read(**contents: bytes) -> StatementReading:
    return read_files([StatementFile(filename=name, content=content) for name, content in contents.items()])


def amounts(reading: StatementReading) -> list[tuple[str, str]]:
    return sorted((t.date.isoformat(), str(t.amount.amount)) for t in reading.statement.transactions)


def rows(expected: Iterable[Row]) -> list[tuple[str, str]]:
    return sorted((date, amount) for date, _, amount in expected)


def whose(reading: StatementReading) -> list[tuple[str, str]]:
    return [(one.file, one.chosen) for one in reading.assumptions if one.field == "account"]


def said(reading: StatementReading, word: str) -> list[str]:
    return [notice for notice in reading.notices if word in notice]


def test_one_file_reads_as_it_does_alone() -> None:
    content = csv(MARCH)
    assert read(a=content) == read_statement("a", content)


def test_two_accounts_stay_apart_and_each_transaction_names_its_file() -> None:
    reading = read(a=csv(MARCH, "AB 12"), b=csv(MARCH, "CD 34"))
    assert amounts(reading) == rows([*MARCH, *MARCH])
    assert {(t.account, t.file) for t in reading.statement.transactions} == {("AB 12", "a"), ("CD 34", "b")}
    assert len({t.id for t in reading.statement.transactions}) == 40
    assert (reading.statement.account, reading.form, whose(reading), reading.notices) == ("", None, [], ())


def test_exports_of_one_account_that_overlap_count_each_booking_once() -> None:
    reading = read(first=csv(MARCH[:15], "AB 12"), second=csv(MARCH[10:], "ab-12"))
    assert amounts(reading) == rows(MARCH)
    assert reading.statement.account == "AB 12"
    assert said(reading, "counted once") == ["second: 5 bookings are also in first and are counted once"]


def test_equal_bookings_count_as_often_as_the_file_with_the_most_has_them() -> None:
    twice = [*MARCH, MARCH[0]]
    assert amounts(read(a=csv(twice, "x"), b=csv(MARCH, "x"))) == rows(twice)
    assert amounts(read(a=csv(MARCH, "x"), b=csv(twice, "x"), c=csv(twice, "x"))) == rows(twice)


def test_the_banks_references_tell_equal_bookings_apart() -> None:
    day = [("2025-03-31", "Coffee", "-3.00")]
    assert amounts(read(a=ofx(day, "x", refs="A"), b=ofx(day, "x", refs="B"))) == rows(day * 2)
    assert amounts(read(a=ofx(day, "x", refs="A"), b=ofx(day, "x", refs="A"))) == rows(day)


def test_two_forms_of_one_account_meet_on_date_and_amount() -> None:
    reading = read(a=csv(MARCH, "AB12"), b=ofx(MARCH, "AB12"))
    assert amounts(reading) == rows(MARCH)
    assert said(reading, "counted once") == ["b: 20 bookings are also in a and are counted once"]


def test_a_file_without_account_joins_the_one_with_the_same_bookings_and_says_so() -> None:
    reading = read(a=ofx(MARCH, "AB12"), b=csv(MARCH[8:]))
    assert amounts(reading) == rows(MARCH)
    assert whose(reading) == [("b", "the one of a")]


def test_the_same_file_twice_counts_once_however_short() -> None:
    assert amounts(read(a=csv(MARCH[:2]), b=csv(MARCH[:2]))) == rows(MARCH[:2])


def test_files_without_account_that_share_little_are_accounts_of_their_own_and_say_so() -> None:
    reading = read(a=csv(MARCH), b=csv([*MARCH[:3], ("2025-03-09", "Other", "-77.00")]))
    assert len(reading.statement.transactions) == 24
    assert whose(reading) == [("a", "one of its own"), ("b", "one of its own")]
    assert {t.account for t in reading.statement.transactions} == {"a", "b"}


def test_a_profile_that_names_the_account_settles_it() -> None:
    household = StatementProfile(account="household")
    files = [StatementFile(filename=name, content=csv(part), profile=household) for name, part in
             (("jan", MARCH[:12]), ("feb", MARCH[9:]))]  # fmt: skip
    reading = read_files(files)
    assert (amounts(reading), whose(reading)) == (rows(MARCH), [])


def test_what_is_said_of_a_file_names_it() -> None:
    bad = csv([*MARCH[:3], ("2025-13-01", "x", "-1.00")], "x") + b"\n"
    reading = read(a=csv(MARCH, "y"), b=b"my bank\n" + bad.replace(b",EUR", b"").replace(b",Currency", b""))
    assert [(row.file, row.line) for row in reading.quarantined] == [("b", 6)]
    assert ("b", "currency") in {(one.file, one.field) for one in reading.assumptions}
    assert said(reading, "b: line 1 before the header")


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read() -> None:
    reading = read(a=csv(MARCH), b=b"%PDF-1.7", c=b"")
    assert amounts(reading) == rows(MARCH)
    assert [(one.file, one.reason[:8]) for one in reading.unread] == [("b", "is a PDF"), ("c", "is empty")]


def test_when_no_file_can_be_read_the_first_reason_is_given() -> None:
    with pytest.raises(InputError, match=r"^a: is a PDF.*nor can the other 1 be read"):
        read(a=b"%PDF-1.7", b=b"")


def test_files_of_one_name_are_told_apart() -> None:
    files = [StatementFile(filename="x.csv", content=content) for content in (csv(MARCH, "1"), b"", csv(MARCH, "2"))]
    reading = read_files(files)
    assert {t.file for t in reading.statement.transactions} == {"x.csv", "x.csv (3)"}
    assert [one.file for one in reading.unread] == ["x.csv (2)"]


def test_accounts_with_different_periods_are_said() -> None:
    later = [("2025-09-01", "x", "-1.00"), ("2025-09-02", "y", "-1.00")]
    assert said(read(a=csv(MARCH, "1"), b=csv(later, "2")), "different periods")


def test_currencies_are_never_added_up_or_taken_for_one_another() -> None:
    dollars = csv(MARCH, "x").replace(b"EUR", b"USD")
    assert len(read(a=csv(MARCH, "x"), b=dollars).statement.transactions) == 40


def test_transfers_between_the_sample_accounts_cancel() -> None:
    names = ("sample.csv", "sample-savings.ofx")
    reading = read_files([StatementFile(filename=n, content=(SAMPLES / n).read_bytes()) for n in names])
    book = categorise(
        normalise(reading.statement, merchant_master()), settings=CategoriserSettings(), master=merchant_master(),
        keywords=keyword_table(),
    ).statement  # fmt: skip
    by_id = {t.id: t for t in book.transactions}
    moved = [t for t in book.transactions if t.nets_with and by_id[t.nets_with].file != t.file]
    assert len(moved) == 24
    assert sum(t.amount.amount for t in moved) == 0
    assert {abs(t.amount.amount) for t in moved} == {Decimal("40000.00")}
    assert all(by_id[t.nets_with or ""].nets_with == t.id for t in moved)


def test_a_payload_holds_one_file_or_several() -> None:
    one = StatementReceived(filename="a", content=b"x")
    several = StatementReceived(files=(StatementFile(filename="a", content=b"x"),))
    assert one.received() == several.received()
    for wrong in ({}, {"filename": "a", "content": b"x", "files": several.files}):
        with pytest.raises(ValueError, match="one file"):
            StatementReceived(**wrong)


days = st.integers(0, 27).map(lambda day: (datetime.date(2025, 3, 1) + datetime.timedelta(days=day)).isoformat())
bookings = st.lists(
    st.tuples(days, st.just("Shop"), st.sampled_from(["-1.00", "-2.00", "5.00"])), min_size=1, max_size=30
)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(bookings, st.data())
def test_however_an_account_is_cut_into_overlapping_exports_it_counts_once(
    book: list[Row], data: st.DataObject
) -> None:
    """Cut by day, since a bank exports whole days."""
    book.sort()
    ends = sorted(data.draw(st.lists(st.integers(1, 31), min_size=1, max_size=3)))
    starts = [0, *(data.draw(st.integers(0, end + 1)) for end in ends)]
    parts = [
        [row for row in book if start <= int(row[0][-2:]) <= end]
        for start, end in zip(starts, [*ends, 31], strict=True)
    ]
    files = {f"f{number}": csv(part, "x") for number, part in enumerate(parts) if part}
    reading = read(**files)
    assert amounts(reading) == rows(book)
    assert len({t.id for t in reading.statement.transactions}) == len(book)
