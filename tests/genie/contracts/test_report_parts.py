"""Fields of a payload as people read them: amounts, dates, codes, shares; and nothing where there is nothing."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genie.contracts.message import Value
from genie.contracts.rendering import Facts, Table, Tile
from genie.contracts.report_grounds import grounds
from genie.contracts.report_parts import (
    IST,
    F,
    Series,
    bars,
    card,
    chart,
    counted,
    dated,
    facts,
    moment_of,
    rows,
    section,
    sections,
    text_of,
    tiles,
    with_months,
)
from genie_finance.contracts.grounds import Evidence, Grounds
from genie_finance.contracts.money import Money


class Part(Value):
    state: Literal["on_hold", "paid"] = "on_hold"
    code: str = "on_hold"
    share: str = "0.125"
    amount: Money | None = None
    names: tuple[str, ...] = ()
    on: datetime.date | None = None
    at: datetime.datetime | None = None
    count: int = 0
    month: str = "2026-04"


NOON = datetime.datetime(2026, 4, 5, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (F("state"), Part(), "on hold"),
        (F("code"), Part(), "on_hold"),
        (F("code", unit="words"), Part(), "on hold"),
        (F("code", words={"on_hold": "waits"}), Part(), "waits"),
        (F("code", words=str.upper), Part(), "ON_HOLD"),
        (F("share", unit="share"), Part(), "12.5 %"),
        (F("share", unit="%"), Part(share="1234.50"), "1,234.50 %"),
        (F("share", unit="%"), Part(share="none"), "none %"),
        (F("amount"), Part(amount=Money.of("1234567.5", "INR")), "1,234,567.50 INR"),
        (F("amount"), Part(), ""),
        (F("names"), Part(names=("a", "b")), "a, b"),
        (F("names"), Part(), ""),
        (F("on"), Part(on=NOON.date()), "5 Apr 2026"),
        (F("at"), Part(at=NOON), "5 Apr 2026, 12:00 UTC"),
        (F("at", unit="IST"), Part(at=NOON), "5 Apr 2026, 17:30 IST"),
        (F("month", unit="month"), Part(), "Apr 2026"),
        (F("count", unit="days"), Part(count=1), "1 day"),
        (F("count", unit="days"), Part(count=1000), "1,000 days"),
        (F("amount.amount"), Part(amount=Money.of("5", "INR")), "5.00"),
        (F("missing.amount"), Part(), ""),
    ],
)
def test_a_field_reads_as_people_write_it(field: F, value: Part, shown: str) -> None:
    assert field.text(value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("due by 2026-04-05.", "due by 5 Apr 2026."),
        ("rule@2026-04-05 holds", "rule@2026-04-05 holds"),
        ("PP-2026-04-05", "PP-2026-04-05"),
        ("2026-13-05", "2026-13-05"),
    ],
)
def test_dates_in_a_sentence_are_worded_and_those_in_identifiers_are_not(text: str, shown: str) -> None:
    assert dated(text) == shown


def test_months_in_a_sentence_are_worded_where_they_are_asked_for() -> None:
    assert with_months("In 2026-10 against 2026-09-30") == "In Oct 2026 against 30 Sep 2026"
    assert dated("tax year 2009-10") == "tax year 2009-10"


@pytest.mark.parametrize("text", ["1e999999999", "1e-999999999", "nan", "inf", "9" * 10_000])
def test_a_text_that_is_too_large_a_number_is_not_written_out(text: str) -> None:
    for unit in ("share", "%", "days"):
        assert len(F("share", unit=unit).text(Part(share=text))) <= len(text) + 6
    found = chart("x", "X", [Part(share=text)] * 2, Series(F("code"), (F("share"),)))
    assert found is not None
    assert found.chart is not None
    assert found.chart.data["bars"] == [["share", [None, None]]]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_whole_number_of_thousands_of_digits_is_described(sign: int) -> None:
    assert text_of(sign * 10**5_000) == "a number of 16,610 bits"
    assert counted(sign * 10**5_000, "days") == "a number of 16,610 bits days"


@given(st.text(max_size=60))
@example("1000000000000000000000000")
def test_any_text_is_shown(text: str) -> None:
    part = Part(share=text, code=text, month=text)
    shown = {unit: F("share", unit=unit).text(part) for unit in ("", "share", "%", "month", "words", "text", "IST")}
    assert shown["text"] == text
    assert all(bool(one.strip()) or not text.strip() for one in shown.values())
    assert (dated(text) == text) or any(character.isdigit() for character in text)
    assert (with_months(text) == text) or any(character.isdigit() for character in text)
    found = bars("x", "X", [part, part], F("code"), F("share", unit="share"))
    assert found is None or found.chart is None or len(found.chart.data["names"]) == 2


def test_what_is_empty_is_left_out() -> None:
    part = Part()
    assert facts(None, F("state")) is None
    assert facts(part, F("amount"), F("on")) is None
    assert facts(part, F("amount"), F("state")) == Facts((("state", "on hold"),))
    assert rows("none", (), F("state")) is None
    assert card("c", None, rows("none", (), F("state"))) is None
    assert section("s", None) is None
    assert sections(None, section("s", None)) == ()
    table = rows("t", (part, Part(names=("x",))), F("names"), F("amount"))
    assert isinstance(table, Table)
    assert [column.title for column in table.columns] == ["names"]


def test_one_currency_is_said_above_its_column_and_beside_a_large_figure() -> None:
    rupees = Part(amount=Money.of("1500", "INR"))
    table = rows("t", (rupees, Part()), F("amount"))
    assert table is not None
    assert table.columns[0].title == "amount, INR"
    assert [None if cell is None else cell.text for (cell,) in table.rows] == ["1,500.00", None]  # type: ignore[union-attr]  # texts
    mixed = rows("t", (rupees, Part(amount=Money.of("1", "USD"))), F("amount"))
    assert mixed is not None
    assert mixed.columns[0].title == "amount"
    found = tiles(rupees, F("amount", "Paid"))
    assert found is not None
    assert found.tiles == (Tile("Paid", "1,500.00", unit="INR"),)


def test_amounts_of_a_chart_are_exact() -> None:
    values = [Part(amount=Money.of("0.10", "INR")), Part(amount=Money.of("-3", "INR"))]
    found = chart("x", "X", values, Series(F("code"), (F("amount"),)))
    assert found is not None
    assert found.chart is not None
    assert found.chart.data["bars"] == [["amount", ["0.10", "-3.00"]]]
    assert found.chart.data["unit"] == "INR"
    assert bars("x", "X", values, F("code"), F("amount")).chart is None, "level bars show no negative amounts"  # type: ignore[union-attr]  # a figure


def test_a_time_at_the_end_of_the_calendar_is_shown() -> None:
    last = datetime.datetime.max.replace(tzinfo=datetime.UTC)
    assert moment_of(last, IST).startswith("31 Dec 9999")


def test_decimals_keep_their_digits() -> None:
    assert text_of(Decimal("1234.500")) == "1,234.500"


def test_inputs_of_grounds_are_shown_as_people_read_them() -> None:
    given = {
        "annual_volatility": "0.128410", "paths": "10000", "policy_number": "20240815", "resident": "true",
        "as_of": "2026-01-15", "risk": "very_high", "price": "0.5", "alternative_return_percent": "0.75",
        "exchange_rate": "0.0119", "made": "2019", "pincode": "560001",
    }  # fmt: skip
    found = Grounds(
        reasons=(), inputs=tuple(Evidence(name=name, value=value) for name, value in given.items()), editions=(),
        uncertainty="none",
    )  # fmt: skip
    (inputs,) = [part for one in grounds(found) for part in one.blocks if isinstance(part, Facts)]
    shown = ["12.84 %", "10,000", "20240815", "yes", "15 Jan 2026", "very high", "0.5", "0.75", "0.0119"]
    shown += ["2019", "560001"]
    assert [value for _, value in inputs.pairs] == shown
