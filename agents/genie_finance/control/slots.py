"""Slots: fills the fields of a question from a sentence; a missing field is named, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from pydantic import ValidationError

from genie.contracts.message import Payload
from genie_finance.contracts.research import ExplainFinance, MacroContextRequest, RateOutlookRequest
from genie_finance.contracts.treasury import ConvertCurrency

_REGIONS = {
    "india": "in", "indian": "in", "rbi": "in", "repo": "in", "rupee": "in", "us": "us", "usa": "us", "fed": "us",
    "fomc": "us", "america": "us", "american": "us", "federal": "us", "euro": "ea", "eurozone": "ea", "ecb": "ea",
    "europe": "ea", "european": "ea", "japan": "jp", "boj": "jp", "uk": "gb", "britain": "gb", "china": "cn",
}  # fmt: skip
_CURRENCIES = {
    "rupee": "INR", "rupees": "INR", "rs": "INR", "₹": "INR", "dollar": "USD", "dollars": "USD", "$": "USD",
    "euro": "EUR", "euros": "EUR", "€": "EUR", "pound": "GBP", "pounds": "GBP", "£": "GBP", "yen": "JPY", "¥": "JPY",
}  # fmt: skip
_CODES = frozenset(
    (
        "USD", "EUR", "INR", "GBP", "JPY", "CHF", "AUD", "CAD", "CNY", "HKD", "SGD", "NZD", "SEK", "NOK", "DKK", "PLN",
        "CZK", "ZAR", "KRW", "THB", "MYR", "IDR", "PHP", "BRL", "MXN", "TRY", "ISK",
    )
)  # fmt: skip
_SIZES = {
    "hundred": 2, "k": 3, "thousand": 3, "lakh": 5, "lakhs": 5, "lac": 5, "lacs": 5, "m": 6, "mn": 6, "million": 6,
    "millions": 6, "cr": 7, "crore": 7, "crores": 7, "bn": 9, "billion": 9, "billions": 9,
}  # fmt: skip
"""Powers of ten that may follow a number."""
_WHOSE = {
    ("us", "USD"): "USD", ("american", "USD"): "USD", ("indian", "INR"): "INR", ("british", "GBP"): "GBP",
    ("canadian", "USD"): "CAD", ("australian", "USD"): "AUD", ("singapore", "USD"): "SGD", ("kong", "USD"): "HKD",
    ("zealand", "USD"): "NZD", ("japanese", "JPY"): "JPY",
}  # fmt: skip
"""(Word before a currency's name, usual currency of the name) -> the intended currency."""
_OWNERS = frozenset(("hong", "new", *(word for word, _ in _WHOSE)))
_LINKS = frozenset(
    (
        "to", "in", "into", "for", "of", "the", "as", "and", "from", "many", "much", "convert", "change", "exchange",
        "is", "are", "get", "buy", "sell", "my", "worth", "with", "between",
    )
)  # fmt: skip
"""Words before a currency's name that do not change it; after any other it may be another country's currency."""
_TOKEN = re.compile(r"(?:(?<!\S)-)?\d[\d,]{0,24}(?:\.\d{1,8})?|[^\W\d_]+|[$€£¥₹]")
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{2,3}){0,8},\d{3}(?:\.\d+)?")
"""Commas between thousands, or lakhs; never a decimal comma."""


class Filled(NamedTuple):
    """A question, or the reason why there is none."""

    question: Payload | None
    lacking: str = ""


def fill(route: str, text: str) -> Filled:
    """Return the question of a route in a text, as far as the text states it."""
    if route == "explain":
        return Filled(ExplainFinance(question=text[:2_000]))
    if route == "convert_currency":
        return _conversion(text)
    regions = list(dict.fromkeys(_REGIONS[one] for one in _words(text) if one in _REGIONS))
    if len(regions) != 1:
        return Filled(None, "one country or currency area, such as India, the US or the euro area")
    kind = RateOutlookRequest if route == "policy_rates" else MacroContextRequest
    return Filled(kind(region=regions[0]))


def _words(text: str) -> list[str]:
    return [one.casefold() for one in _TOKEN.findall(text)]


def _conversion(text: str) -> Filled:
    words = _words(text)
    amounts = [at for at, one in enumerate(words) if one[-1].isdigit()]
    named = {at: _currency(words, at) for at, one in enumerate(words) if _alone(one)}
    source = _source(words, amounts[0], named) if len(amounts) == 1 else None
    if len(named) != 2 or source is None or None in named.values():
        return Filled(None, "one amount and two currencies, such as: convert 100 USD to INR")
    to = next(code for at, code in named.items() if at != source)
    try:
        amount = {"amount": str(_number(words, amounts[0])), "currency": named[source]}
        return Filled(ConvertCurrency.model_validate({"amount": amount, "to": to}))
    except (ValidationError, InvalidOperation):
        return Filled(None, f"an amount with no more decimals than {named[source]} has")


def _number(words: list[str], at: int) -> Decimal:
    """Return a number with the powers of ten after it: ``5 lakh`` is 500,000.

    Raises:
        InvalidOperation: The commas are not thousands separators.
    """
    if "," in words[at] and not _GROUPED.fullmatch(words[at]):
        raise InvalidOperation
    return Decimal(words[at].replace(",", "")).scaleb(sum(_SIZES[one] for one in words[at + 1 : _after(words, at)]))


def _after(words: list[str], at: int) -> int:
    """Return the position after a number and its powers of ten."""
    at += 1
    while at < len(words) and words[at] in _SIZES:
        at += 1
    return at


def _source(words: list[str], amount: int, named: Mapping[int, str | None]) -> int | None:
    """Return the position of the amount's currency: a sign before it, else the next word, else the word before."""
    if amount - 1 in named and not words[amount - 1].isalpha():
        return amount - 1
    at = _after(words, amount)
    while at < len(words) and words[at] in _OWNERS:
        at += 1
    return at if at in named else (amount - 1 if amount - 1 in named else None)


def _currency(words: list[str], at: int) -> str | None:
    """Return the currency that a word names, None if the word before makes it an unknown one."""
    found, before = _alone(words[at]), words[at - 1] if at else ""
    if words[at].upper() in _CODES or not before.isalpha() or before in _LINKS or before in _SIZES:
        return found
    return _WHOSE.get((before, found or ""))


def _alone(word: str) -> str | None:
    return word.upper() if word.upper() in _CODES else _CURRENCIES.get(word)
