"""A payload for people: what an answer rests on reads as sentences, and nothing of it is a table a screen wide."""

from __future__ import annotations

import datetime

from genie.cli.terminal.layout import laid_out
from genie.cli.terminal.sheet import render_payload
from genie.contracts.message import Payload, Value
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
        section="1(2)", verified=False, note="rates were not read",
    )  # fmt: skip
    grounds = Grounds(
        reasons=(Reason(code="toll.due", text="It is due."),),
        inputs=(Evidence(name="axles", value="2"), Evidence(name="day", value="today")),
        editions=(edition,),
        uncertainty="None.",
        caveats=unverified((edition,)),
    )
    text = list(laid_out(render_payload(Judged(verdict="due", grounds=grounds))))
    assert text == [
        "verdict: due",
        "why:",
        "  - It is due.",
        "rests on:",
        "  - axles 2; day today",
        "  - toll@2026-04-01: 1(2)",
        "limits:",
        "  - None.",
        "  - toll@2026-04-01 is not verified: rates were not read",
    ]


def test_amounts_read_as_amounts_and_what_a_cell_cannot_hold_is_counted() -> None:
    """Was: an amount as a table of its minor units, and a year of months as the text of twelve objects in a cell."""
    money = Money(minor=123_456, currency="INR")
    rent = Category(
        name="rent",
        months=tuple(Month(month=f"2026-{at:02}", amount=money) for at in range(1, 13)),
        ids=tuple(f"t{at}" for at in range(9)),
    )
    text = list(laid_out(render_payload(Totals(amount=(money,), categories=(rent,)))))
    assert text[0] == "amount: 1,234.56 INR"
    assert text[-1].split("  ") == ["rent", "12 entries", "t0, t1, t2, t3, t4, t5, … (9 in all)"]


def test_sentences_stand_each_on_its_own_line() -> None:
    """Was: joined by commas, so that one sentence ran into the next."""

    class Told(Payload, topic="sheet.told"):
        steps: tuple[str, ...]
        flags: tuple[str, ...]

    told = Told(steps=("Ask the bank.", "Then, in time, wait."), flags=("a", "b"))
    assert list(laid_out(render_payload(told))) == [
        "steps:",
        "  - Ask the bank.",
        "  - Then, in time, wait.",
        "flags: a, b",
    ]
