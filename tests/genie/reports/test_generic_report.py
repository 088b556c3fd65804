"""Any payload for people: fields in order, grounds as sentences, tuples of values as tables."""

from __future__ import annotations

import datetime

from genie.contracts.message import Payload, Value
from genie.reports.generic import generic_report
from genie.reports.html.page import Page, whole_page
from genie.reports.terminal import report_lines
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, unverified
from genie_finance.contracts.money import Money


class Month(Value):
    month: str
    amount: Money


class Category(Value):
    name: str
    months: tuple[Month, ...]
    ids: tuple[str, ...]


class Totals(Payload, topic="sheet.totals"):
    amount: tuple[Money, ...]
    categories: tuple[Category, ...]


class Judged(Payload, topic="sheet.judged"):
    verdict: str
    grounds: Grounds


def test_grounds_are_reasons_inputs_editions_and_limits() -> None:
    day = datetime.date(2026, 4, 1)
    edition = RuleEdition(
        id="toll@2026-04-01", table="toll", effective_from=day, effective_to=day, source="a long source",
        section="1(2)", verification="unverified", looked_at=day, note="rates were not read",
    )  # fmt: skip
    grounds = Grounds(
        reasons=(Reason(code="toll.due", text="It is due."),),
        inputs=(Evidence(name="axles", value="2"), Evidence(name="day", value="today")),
        editions=(edition,),
        uncertainty="None.",
        caveats=unverified((edition,)),
    )
    report = generic_report(Judged(verdict="due", grounds=grounds))
    assert list(report_lines(report)) == [
        "verdict: due",
        "Why:",
        "  - It is due.",
        "Inputs:",
        "  axles: 2; day: today",
        "Rules:",
        "rule and its date  section  checked",
        "────────────────────────────────────────────────────",
        "toll@2026-04-01    1(2)     not verified, 1 Apr 2026",
        "Limits:",
        "  - None.",
        "  - Rests on rules that are unverified. toll@2026-04-01 is not verified: rates were not read.",
    ]
    page = whole_page(Page(title="A toll", sections=report.sections))
    assert "It is due." in page
    assert "a long source" in page, "a page has room for the source of a rule"


def test_amounts_read_as_amounts_and_what_a_cell_cannot_hold_is_counted() -> None:
    """Was: an amount as a table of its minor units, and a year of months as the text of twelve objects in a cell."""
    money = Money(minor=123_456, currency="INR")
    rent = Category(
        name="rent",
        months=tuple(Month(month=f"2026-{at:02}", amount=money) for at in range(1, 13)),
        ids=tuple(f"t{at}" for at in range(9)),
    )
    text = list(report_lines(generic_report(Totals(amount=(money,), categories=(rent,)))))
    assert text[0] == "amount: 1,234.56 INR"
    assert text[-1].split("  ") == ["rent", "12 entries", "t0, t1, t2, t3, t4, t5, … (9 in all)"]


def test_sentences_stand_each_on_its_own_line() -> None:
    """Was: joined by commas, so that one sentence ran into the next."""

    class Told(Payload, topic="sheet.told"):
        steps: tuple[str, ...]
        flags: tuple[str, ...]

    told = Told(steps=("Ask the bank.", "Then, in time, wait."), flags=("a", "b"))
    assert list(report_lines(generic_report(told))) == [
        "steps:",
        "  - Ask the bank.",
        "  - Then, in time, wait.",
        "flags: a, b",
    ]


class Deep(Value):
    name: str
    inner: Deep | None = None


class Nested(Payload, topic="sheet.nested"):
    first: str
    deep: Deep
    last: bool = True


def nested(levels: int) -> Nested:
    deep = Deep(name=f"level {levels}")
    for level in range(levels - 1, 0, -1):
        deep = Deep(name=f"level {level}", inner=deep)
    return Nested(first="a", deep=deep)


def test_fields_keep_their_order_and_values_are_indented() -> None:
    assert list(report_lines(generic_report(nested(2)))) == [
        "first: a",
        "deep:",
        "  name: level 1",
        "  inner:",
        "    name: level 2",
        "last: yes",
    ]


def test_nothing_is_lost_below_the_deepest_level() -> None:
    report = generic_report(nested(12))
    text = "\n".join(report_lines(report))
    page = whole_page(Page(title="Deep", sections=report.sections))
    for level in range(1, 13):
        assert f"level {level}" in text
        assert f"level {level}" in page


def test_a_long_table_counts_the_rows_that_it_leaves_out() -> None:
    class Many(Payload, topic="sheet.many"):
        rows: tuple[Category, ...]

    row = Category(name="rent", months=(), ids=())
    lines = list(report_lines(generic_report(Many(rows=(row,) * 1_000))))
    assert len(lines) < 40
    assert lines[-1].startswith("and 976 more")
