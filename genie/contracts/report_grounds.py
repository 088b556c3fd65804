"""The basis of an answer, as cards of a report: reasons, inputs, rule editions, limits."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from genie.contracts.message import Value
from genie.contracts.rendering import Card, Column, Facts, Paragraph, Section, Table
from genie.contracts.report_parts import card, day_of, lines, section, with_months, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHECKED = {"text": "the law was read", "secondary": "two pages agree", "unverified": "not verified"}
_CODE = re.compile(r"[a-z]{1,40}(?:_[a-z]{1,40}){1,8}")
_FRACTION = re.compile(r"-?0\.[0-9]{1,12}")
_SHARES = {"growth", "inflation", "probability", "return", "share", "volatility", "weight", "yield"}
"""Words in the name of a fraction, which is shown in percent. A "rate" may also be an exchange rate."""
_UNITS = {"bp", "pct", "percent"}
"""Words in the name of a number that has its unit."""
_COUNT = re.compile(r"[1-9][0-9]{4,14}")
"""Minimum number of digits that are grouped; four digits may be a year."""
_CODES = {"account", "code", "id", "mobile", "number", "phone", "pin", "pincode", "postcode", "reference", "zip"}
"""Words in the name of digits that are not a count."""
_GROUNDS = {"reasons", "inputs", "editions", "uncertainty", "caveats"}
"""Fields that state what an answer is based on."""


def is_grounds(value: object) -> bool:
    """Return whether a value states what an answer is based on: reasons, inputs, rule editions, limits."""
    return isinstance(value, Value) and set(type(value).model_fields) == _GROUNDS


def grounds(value: object, title: str = "") -> Iterator[Card]:
    """Yield the basis of an answer; a terminal names a rule edition by id and section, a page in full."""
    if not is_grounds(value) or not isinstance(value, Value):
        return
    told = value.model_dump()
    before = f"{title}: " if title else ""
    inputs = tuple(
        (words_of(one["name"].replace(".", " ")), _input(one["name"], str(one["value"]))) for one in told["inputs"]
    )
    rules = tuple(
        (one["id"], one["section"], one["source"], f"{_CHECKED[one['verification']]}, {day_of(one['looked_at'])}")
        for one in told["editions"]
    )
    limits = (str(told["uncertainty"]), *map(str, told["caveats"]))
    columns = (Column("rule and its date"), Column("section"), Column("source", only="page"), Column("checked"))
    found = (
        card(f"{before}why" if title else "Why", lines(str(reason["text"]) for reason in told["reasons"]), wide=True),
        Card(f"{before}inputs" if title else "Inputs", (Paragraph("; ".join(map(": ".join, inputs))),), only="terminal")
        if inputs
        else None,
        Card(f"{before}inputs" if title else "Inputs", (Facts(inputs),), only="page") if inputs else None,
        Card(f"{before}rules" if title else "Rules", (Table("Rules", columns, rules),), wide=True) if rules else None,
        card(f"{before}limits" if title else "Limits", lines(limits), wide=True),
    )
    yield from (one for one in found if one is not None)


def _input(name: str, text: str) -> str:
    if _CODE.fullmatch(text):
        return words_of(text)
    words = set(re.split(r"[._]", name))
    if _FRACTION.fullmatch(text) and words & _SHARES and not words & _UNITS:
        return f"{100 * Decimal(text):.2f} %"
    if _COUNT.fullmatch(text) and not words & _CODES:
        return f"{int(text):,}"
    return {"true": "yes", "false": "no"}.get(text.lower(), with_months(text))


def basis(*found: tuple[str, object]) -> Section | None:
    """Return the basis of each part of an answer, under the name of the part."""
    cards = [one for title, value in found for one in grounds(value, title)]
    return section("What this is based on", *cards)
