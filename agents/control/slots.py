"""Slots: what a sentence says of the fields that a question needs; what it does not say is named, never guessed."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from pydantic import ValidationError

from agents.contracts.research import ExplainFinance, MacroContextRequest, RateOutlookRequest
from agents.contracts.treasury import ConvertCurrency
from genie.message import Payload

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
_TOKEN = re.compile(r"\d[\d,]{0,24}(?:\.\d{1,8})?|[^\W\d_]+|[$€£¥₹]")


class Filled(NamedTuple):
    """A question, or why there is none."""

    question: Payload | None
    lacking: str = ""


def fill(route: str, text: str) -> Filled:
    """Return the question of a route that a text asks, as far as it says enough."""
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
    amounts = [one.replace(",", "") for one in words if one[0].isdigit()]
    currencies = [found for one in words if (found := _currency(one))]
    if len(amounts) != 1 or len(currencies) != 2:
        return Filled(None, "one amount and two currencies, such as: convert 100 USD to INR")
    try:
        amount = {"amount": str(Decimal(amounts[0])), "currency": currencies[0]}
        return Filled(ConvertCurrency.model_validate({"amount": amount, "to": currencies[1]}))
    except (ValidationError, InvalidOperation):
        return Filled(None, f"an amount with no more digits after the point than {currencies[0]} has")


def _currency(word: str) -> str | None:
    return word.upper() if word.upper() in _CODES else _CURRENCIES.get(word)
