"""A statement written in any dialect reads back as it was, or the reader says what it had to choose."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie_finance.contracts.statements import StatementReading
from genie_finance.insights.reader import read_statement

DATE_FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d", "%d %b %Y", "%d-%b-%y", "%B %d, %Y",
    "%d/%m/%y", "%m/%d/%y", "%y-%m-%d", "%Y%m%d120000[0:GMT]", "%d/%m/%Y %H:%M",
)  # fmt: skip
HEADERS = {
    "date": "Date",
    "narration": "Narration",
    "amount": "Amount",
    "debit": "Withdrawal Amt.",
    "credit": "Deposit Amt.",
    "mark": "Dr/Cr",
    "balance": "Closing Balance",
    "currency": "Currency",
}
MARKS = (("D", "C"), ("Af", "Bij"), ("debit", "credit"), ("DR", "CR"), ("S", "H"))


@dataclass(frozen=True)
class Movement:
    date: datetime.date
    narration: str
    amount: Decimal


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    decimal_mark: str
    grouping: str
    whole: bool
    """Leave out a fraction of zeroes."""
    date_format: str
    sign: str
    marks: tuple[str, str]
    columns: tuple[str, ...]
    header: bool
    encoding: str
    ending: str
    newest_first: bool


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    sign = draw(st.sampled_from(["minus", "trailing", "parentheses", "opposite", "mark", "pair"]))
    money = ("debit", "credit") if sign == "pair" else ("amount", "mark") if sign == "mark" else ("amount",)
    extra = draw(st.sets(st.sampled_from(["balance", "currency"])))
    columns = draw(st.permutations(["date", "narration", *money, *sorted(extra)]))
    decimal_mark = draw(st.sampled_from([".", ","]))
    return Dialect(
        delimiter=draw(st.sampled_from([",", ";", "\t", "|"])),
        decimal_mark=decimal_mark,
        grouping=draw(st.sampled_from(["", "'", " ", "\u00a0", "," if decimal_mark == "." else "."])),
        whole=draw(st.booleans()),
        date_format=draw(st.sampled_from(DATE_FORMATS)),
        sign=sign,
        marks=draw(st.sampled_from(MARKS)),
        columns=tuple(columns),
        header=draw(st.booleans()),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        ending=draw(st.sampled_from(["\n", "\r\n"])),
        newest_first=draw(st.booleans()),
    )


movements = st.lists(
    st.builds(
        Movement,
        date=st.dates(datetime.date(2023, 11, 1), datetime.date(2024, 12, 31)),
        narration=st.text(alphabet="abc é,;|\"'=-0123\n", max_size=30).map(lambda text: f"Shop {text}"),
        amount=st.integers(-5_000_00, 5_000_00).filter(bool).map(lambda minor: Decimal(minor).scaleb(-2)),
    ),
    min_size=1,
    max_size=12,
)


def number(value: Decimal, dialect: Dialect) -> str:
    whole, _, fraction = f"{abs(value):.2f}".partition(".")
    groups = f"{int(whole):,}".replace(",", dialect.grouping)
    return groups if dialect.whole and fraction == "00" else f"{groups}{dialect.decimal_mark}{fraction}"


def money_cells(value: Decimal, dialect: Dialect) -> dict[str, str]:
    written, out = number(value, dialect), value < 0
    if dialect.sign == "pair":
        return {"debit": written if out else "", "credit": "" if out else written}
    if dialect.sign == "mark":
        return {"amount": written, "mark": dialect.marks[0 if out else 1]}
    minus = out != (dialect.sign == "opposite")
    shape = {"trailing": "{}-", "parentheses": "({})"}.get(dialect.sign, "-{}")
    return {"amount": shape.format(written) if minus else written}


def write(statement: Sequence[Movement], dialect: Dialect) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator=dialect.ending)
    if dialect.header:
        writer.writerow([HEADERS[column] for column in dialect.columns])
    balance, lines = Decimal("100000.00"), []
    for movement in statement:
        balance += movement.amount
        cells = {
            "date": movement.date.strftime(dialect.date_format), "narration": movement.narration, "currency": "EUR",
            "balance": number(balance, dialect), **money_cells(movement.amount, dialect),
        }  # fmt: skip
        lines.append([cells[column] for column in dialect.columns])
    writer.writerows(reversed(lines) if dialect.newest_first else lines)
    return text.getvalue().encode(dialect.encoding)


def ordered(statement: Sequence[Movement]) -> list[Movement]:
    return sorted(statement, key=lambda movement: movement.date)


def chosen(reading: StatementReading) -> set[str]:
    return {assumption.field for assumption in reading.assumptions}


@pytest.mark.slow
@settings(max_examples=200, derandomize=True, deadline=None)
@given(movements.map(ordered), dialects())
def test_a_statement_in_any_dialect_reads_back_or_says_what_it_assumed(
    statement: list[Movement], dialect: Dialect
) -> None:
    content = write(statement, dialect)
    reading = read_statement("statement.csv", content)
    expected = statement[::-1] if dialect.newest_first else statement
    found = reading.statement.transactions
    assert reading.quarantined == ()
    assert len(found) == len(expected)
    assert [t.narration for t in found] == [" ".join(m.narration.split()) for m in expected]
    if "date_order" not in chosen(reading):
        assert [t.date for t in found] == [m.date for m in expected]
    open_money = chosen(reading) & {"decimal_mark", "amount_column", "debit_column", "positive_is"}
    if not open_money:
        assert [t.amount.amount for t in found] == [m.amount for m in expected]
    elif open_money == {"positive_is"}:
        assert [abs(t.amount.amount) for t in found] == [abs(m.amount) for m in expected]
    assert {t.amount.currency for t in found} == {"EUR" if "currency" in dialect.columns else "XXX"}


@settings(max_examples=60, derandomize=True, deadline=None)
@given(movements.map(ordered), dialects())
def test_reading_is_repeatable_and_ids_are_distinct(statement: list[Movement], dialect: Dialect) -> None:
    content = write(statement, dialect)
    first = read_statement("statement.csv", content)
    assert read_statement("another name.csv", content) == first
    assert len({t.id for t in first.statement.transactions}) == len(statement)
