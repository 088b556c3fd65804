"""Checks a model's reading of a receipt: the model names lines and words; code reads the values from them."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from genie_finance.contracts.money import Money, exponent
from genie_finance.contracts.receipts import MOST_LINES, Link, Problem, Receipt, ReceiptAmount
from genie_finance.insights.reading.amounts import amount_text
from genie_finance.insights.reading.currencies import CODES, currency_of, is_shared
from genie_finance.insights.reading.dates import date_readings

_LONGEST = 200
"""Maximum characters of one value that a model names."""
# Possessive, and never from within a number: of "13.5%" no part is an amount, and a long run of digits is read once.
_NUMBER = re.compile(r"(?<![0-9.,'\u2019])[-\u2212]?[0-9][0-9.,'\u2019]*+-?+(?! ?%)")
_FRACTION = re.compile(r"[.,][0-9]{2,3}-?$", re.ASCII)
_TOTAL = re.compile(r"\b(?:grand total|total|amount due|to pay|summe|gesamt|montant|importe|totale)\b", re.IGNORECASE)
_PART = re.compile(r"\bsub|\bnet\b|\bbefore\b|\bzwischen", re.IGNORECASE)
_TAX = re.compile(r"\b(?:tax|vat|[cisu]?gst|mwst|ust|tva|iva|moms|btw)\b", re.IGNORECASE)
_INCLUDED = re.compile(
    r"\b(?:incl?|included|including|inclusive|inkl|inclus|of which|davon|enthalten)\b", re.IGNORECASE
)
_MONEY_OF = re.compile(r"\b([A-Z]{3}) ?[0-9]|[0-9] ?([A-Z]{3})\b|([€£₹])", re.ASCII)


class SaidLink(BaseModel):
    """A line of the receipt, and words of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    line: int
    text: str


class SaidAmount(SaidLink):
    """An amount with its description."""

    name: str


class Said(BaseModel):
    """A model's reading of a receipt, which is not trusted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    merchant: SaidLink | None
    date: SaidLink | None
    currency: SaidLink | None
    lines: list[SaidAmount]
    taxes: list[SaidAmount]
    total: SaidAmount | None


class SaidOfPicture(Said):
    """A model's reading of a picture, with its lines, of which it is the only source."""

    transcript: Annotated[list[Annotated[str, Field(max_length=1_000)]], Field(max_length=MOST_LINES)]


class Plausible(NamedTuple):
    """Facts from the caller that the receipt does not contain."""

    as_of: datetime.date
    max_age_days: int
    currency: str | None
    """The currency of an ambiguous sign, such as ``$``."""
    day_first: bool | None
    """For a date such as 03/04/2026; None: a person decides."""


class Found(NamedTuple):
    """Result of the checks."""

    receipt: Receipt | None
    refused: tuple[Problem, ...]
    """The model named something that is not on the receipt."""
    missing: tuple[str, ...]
    """Fields that the model named no line for."""
    problems: tuple[Problem, ...]
    """True if a person must check it."""


def examined(said: Said, lines: list[str], told: Plausible) -> Found:
    """Read the values from the lines that a model names, and check them.

    Args:
        said: By the model.
        lines: Of the receipt.
        told: What is known beside it.
    """
    unlinked = _unlinked(said, lines)
    if unlinked:
        return Found(None, unlinked, (), ())
    named = ("merchant", "date", "currency", "total")
    missing = [name for name in named if getattr(said, name) is None] + ([] if said.lines else ["lines"])
    if said.merchant is None or said.date is None or said.currency is None or said.total is None or missing:
        return Found(None, (), tuple(missing), ())
    problems: list[Problem] = []
    currency = _currency(said.currency.text, lines, told, problems)
    date = _date(said.date.text, told, problems)
    if currency is None or date is None:
        return Found(None, (), (), tuple(problems))
    amounts = [_amount(one, currency, problems) for one in (*said.lines, *said.taxes, said.total)]
    read = [one for one in amounts if one is not None]
    if len(read) < len(amounts):
        return Found(None, (), (), tuple(problems))
    cut = len(said.lines)
    bought, taxes, total = read[:cut], read[cut:-1], read[-1]
    if said.merchant.line >= min(one.link.line for one in bought):
        problems.append(
            Problem(code="merchant_below_lines", text="The merchant's name is below an item of the receipt.")
        )
    tax = sum(one.amount.minor for one in taxes)
    included = _included(bought, taxes, total, lines)
    _add_up(bought, tax, total, problems, included=included)
    _named(taxes, total, lines, currency, problems)
    receipt = Receipt(
        merchant=said.merchant.text, merchant_link=_link(said.merchant), date=date, date_link=_link(said.date),
        currency=currency, currency_link=_link(said.currency), lines=tuple(bought), taxes=tuple(taxes),
        tax=Money(minor=tax, currency=currency), tax_included=included, total=total,
    )  # fmt: skip
    return Found(receipt, (), (), tuple(problems))


def _link(said: SaidLink) -> Link:
    return Link(line=said.line, text=said.text)


def _unlinked(said: Said, lines: list[str]) -> tuple[Problem, ...]:
    """Return one problem for each value that is not in its line."""
    used = [one.line for one in (*said.lines, *said.taxes, said.total) if one is not None]
    if len(set(used)) < len(used):  # before any line is searched: what a model says is as long as it likes
        return (Problem(code="line_used_twice", text="A line of the receipt is counted twice."),)
    found: list[Problem] = []
    amounts = [*(("line", one) for one in said.lines), *(("tax", one) for one in said.taxes), ("total", said.total)]
    for what, one in (("merchant", said.merchant), ("date", said.date), ("currency", said.currency), *amounts):
        if one is None:
            continue
        line = lines[one.line - 1] if 1 <= one.line <= len(lines) else ""
        if not _has(line, one.text) or (isinstance(one, SaidAmount) and not _has_amount(line, one)):
            found.append(Problem(code=f"unlinked_{what}", text=f"Line {one.line} does not have the {what} as read."))
    return tuple(found)


def _has(line: str, text: str) -> bool:
    """True if the words are in the line as a whole."""
    if not text.strip() or len(text) > _LONGEST:
        return False
    before = r"(?<!\w)" if text[0].isalnum() else ""
    after = r"(?!\w)" if text[-1].isalnum() else ""
    if text.isalpha():  # "Rs120", "120EUR": a currency may touch its number
        before, after = r"(?<![^\W\d_])", r"(?![^\W\d_])"
    return re.search(f"{before}{re.escape(text)}{after}", line) is not None


def _has_amount(line: str, one: SaidAmount) -> bool:
    return one.text in _numbers(line) and (not one.name or _has(line, one.name))


def _numbers(line: str) -> list[str]:
    return [found.rstrip(".,") for found in _NUMBER.findall(line)]


def _amount(one: SaidAmount, currency: str, problems: list[Problem]) -> ReceiptAmount | None:
    read = amount_text(one.text)
    digits = exponent(currency)
    values: set[Decimal] = set()
    for value in () if read is None else (read.signed("."), read.signed(",")):
        if value is not None and Decimal(value).as_tuple().exponent in range(-digits, 1):
            values.add(value)
    if len(values) != 1:
        problems.append(Problem(code="unreadable_amount", text=f"The amount in line {one.line} is ambiguous."))
        return None
    return ReceiptAmount(name=one.name, amount=Money.of(values.pop(), currency), link=_link(one))


def _currency(text: str, lines: list[str], told: Plausible, problems: list[Problem]) -> str | None:
    sign = text.strip(" .")
    found = told.currency if is_shared(sign) else currency_of(sign)
    if found not in CODES:
        problems.append(Problem(code="unknown_currency", text="The currency of the receipt is not certain."))
        return None
    others = {currency_of(next(filter(None, one))) for line in lines for one in _MONEY_OF.findall(line)} - {None, found}
    if others:
        problems.append(Problem(code="several_currencies", text="The receipt has amounts in several currencies."))
    return found


def _date(text: str, told: Plausible, problems: list[Problem]) -> datetime.date | None:
    readings = date_readings(text.strip())
    dates = set() if readings is None else {one for one in readings if one is not None}
    if readings is not None and len(dates) > 1 and told.day_first is not None:
        chosen = readings[0 if told.day_first else 1]
        dates = set() if chosen is None else {chosen}
    if len(dates) != 1:
        problems.append(Problem(code="ambiguous_date", text="The date is ambiguous."))
        return None
    date = dates.pop()
    if not datetime.timedelta(0) <= told.as_of - date <= datetime.timedelta(days=told.max_age_days):
        problems.append(Problem(code="implausible_date", text=f"The date {date} is in the future or too long ago."))
    return date


def _included(
    bought: list[ReceiptAmount], taxes: list[ReceiptAmount], total: ReceiptAmount, lines: list[str]
) -> bool:  # fmt: skip
    """True if the lines add up to the total, and each tax line says that prices include the tax."""
    alone = sum(one.amount.minor for one in bought) == total.amount.minor
    return bool(taxes) and alone and all(_INCLUDED.search(lines[one.link.line - 1]) for one in taxes)


def _add_up(
    bought: list[ReceiptAmount], tax: int, total: ReceiptAmount, problems: list[Problem], *, included: bool
) -> None:  # fmt: skip
    added = sum(one.amount.minor for one in bought) + (0 if included else tax)
    if added != total.amount.minor:
        money = Money(minor=added, currency=total.amount.currency)
        problems.append(Problem(code="sum_differs", text=f"Lines and tax are {money}; the total is {total.amount}."))
    if total.amount.minor <= 0 or tax < 0:
        problems.append(Problem(code="not_positive", text="The total or the tax is not above zero."))


def _named(
    taxes: list[ReceiptAmount], total: ReceiptAmount, lines: list[str], currency: str, problems: list[Problem]
) -> None:  # fmt: skip
    """Check that the receipt labels the total and the taxes, and that no other line has such a label."""
    at, taxed = total.link.line, {one.link.line for one in taxes}
    if not _TOTAL.search(lines[at - 1]) or _PART.search(lines[at - 1]):
        problems.append(Problem(code="total_not_named", text=f"Line {at} is not labelled as the total."))
    if not all(_TAX.search(lines[one - 1]) for one in taxed):
        problems.append(Problem(code="tax_not_named", text="A line that was read as a tax is not labelled as one."))
    for number, line in enumerate(lines, start=1):
        amounts = [one for one in _numbers(line) if _FRACTION.search(one) or not exponent(currency)]
        if number == at or number in taxed or not amounts:
            continue
        if _TOTAL.search(line) and not _PART.search(line) and total.link.text not in amounts:
            problems.append(Problem(code="several_totals", text=f"Line {number} names another total."))
        elif _TAX.search(line) and not _TOTAL.search(line) and not _PART.search(line):
            problems.append(Problem(code="tax_left_out", text=f"Line {number} names a tax that was not read."))
