"""Harvesting losses: the catalogue's figures kept or corrected, and what must always hold."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.tax import HarvestPlan, HarvestRequest
from genie_finance.tax.tax_harvester import harvest, is_long

AS_OF = "2026-01-10"
SHORT, LONG = "2025-10-29", "2023-05-02"


def lot(loss: int, bought: str, symbol: str = "ABC", units: int = 100, **more: Any) -> dict[str, Any]:
    """A lot of 100 units at 1,000 rupees that cost so much more."""
    return {"symbol": symbol, "units": units, "cost": 100_000 + loss, "price": 1_000, "bought": bought, **more}


def request(*lots: dict[str, Any], short: int = 0, long: int = 0, as_of: str = AS_OF) -> HarvestRequest:
    return HarvestRequest.model_validate(
        {"as_of": as_of, "lots": lots, "realised_short": short, "realised_long": long}
    )  # fmt: skip


def planned(*lots: dict[str, Any], **gains: Any) -> HarvestPlan:
    found = harvest(request(*lots, **gains))
    assert isinstance(found, HarvestPlan)
    return found


def test_a_short_loss_saves_a_fifth_of_it() -> None:
    """Kept: 10,000; the cess comes on top of it."""
    found = planned(lot(50_000, SHORT), short=100_000)
    assert (found.saves_before_cess.amount, found.saves.amount) == (10_000, 10_400)
    assert found.open_short_gains.amount == 50_000


def test_a_long_loss_saves_an_eighth_beyond_the_exemption() -> None:
    """Kept: 12,500."""
    assert planned(lot(100_000, LONG), long=225_000).saves_before_cess.amount == 12_500


def test_two_losses_do_not_reduce_one_gain_twice() -> None:
    """Corrected: 25,000 were said, because the short-term and the long-term budget both held the same gain."""
    found = planned(lot(100_000, SHORT, "S"), lot(100_000, LONG, "L"), long=225_000)
    assert found.saves_before_cess.amount == 12_500
    assert [one.symbol for one in found.harvests] == ["L"]


def test_only_as_many_units_are_sold_as_are_needed() -> None:
    found = planned(lot(100_000, SHORT), short=30_500)
    assert [(one.units, one.loss.amount) for one in found.harvests] == [(31, 31_000)]
    assert found.saves_before_cess.amount == 6_100


def test_worked_examples_from_outside() -> None:
    """thefinq.com: 100 shares from 5,000 down to 4,000 save 20,000 on a short-term gain of a lakh. htsyndication.com
    (Mint, 88688529): a loss of 75,000 takes the whole tax on a long-term gain of two lakh."""
    fallen = {"symbol": "X", "units": 100, "cost": 500_000, "price": 4_000, "bought": SHORT}
    assert planned(fallen, short=100_000).saves_before_cess.amount == 20_000
    found = planned(lot(75_000, LONG), long=200_000)
    assert (found.saves_before_cess.amount, found.open_long_gains.amount) == (9_375, 0)


@pytest.mark.parametrize(("sold", "long"), [("2026-05-02", False), ("2026-05-03", True)])
def test_more_than_twelve_months_are_long(sold: str, long: bool) -> None:
    """365 days were taken to be long; the law says more than twelve months."""
    assert is_long(datetime.date(2025, 5, 2), datetime.date.fromisoformat(sold), 12) is long


def test_what_was_bought_before_february_2018_counts_at_its_price_of_then() -> None:
    """Section 55(2)(ac): the higher of cost and the lower of that price and today's."""
    old = "2016-03-01"
    assert planned(lot(-60_000, old, price_on_31_january_2018=1_200), long=300_000).harvests == ()
    found = planned(lot(50_000, old), long=300_000)
    assert found.harvests == ()
    assert len(found.skipped) == 1


def test_units_of_a_fund_have_three_decimals_and_their_value_four() -> None:
    """Was refused: whole units and paise alone were taken. 1,234.567 units from 1,50,000 down to 98.7654 each."""
    fund = {"symbol": "FUND", "units": 1234.567, "cost": 150_000, "price": 98.7654, "bought": SHORT}
    found = planned(fund, short=100_000)
    (sold,) = found.harvests
    assert (str(sold.units), str(sold.loss.amount)) == ("1234.567", "28067.50")  # 1,50,000 - 1,21,932.5035
    assert str(found.saves_before_cess.amount) == "5613.50"
    (part,) = planned(fund, short=10_000).harvests
    assert str(part.units) == "439.857"  # 10,000 / 28,067.4965 of them, up to the next thousandth


@pytest.mark.parametrize("wrong", [{"units": 0}, {"units": 1.0001}, {"price": 1.00001}, {"price": -1}, {"units": "x"}])
def test_units_and_prices_beyond_what_is_traded_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        request({**lot(1, SHORT), **wrong})


def test_a_gain_within_the_exemption_is_left_alone() -> None:
    found = planned(lot(100_000, LONG), long=100_000)
    assert (found.harvests, found.unused_exemption.amount) == ((), 25_000)


def test_before_23_july_2024_losses_save_less() -> None:
    assert planned(lot(50_000, "2024-06-03"), short=100_000, as_of="2024-07-22").saves_before_cess.amount == 7_500
    assert planned(lot(50_000, "2024-06-03"), short=100_000, as_of="2024-07-23").saves_before_cess.amount == 10_000


def test_a_lot_from_tomorrow_is_asked_about() -> None:
    assert isinstance(harvest(request(lot(1, "2026-01-11"))), InsufficientData)


losses = st.lists(
    st.tuples(st.integers(-50_000, 300_000), st.sampled_from([SHORT, LONG]), st.sampled_from("ABC")),
    max_size=6,
    unique=True,
)
gains = st.integers(-100_000, 900_000)


@given(losses, gains, gains)
def test_what_is_saved_is_what_is_no_longer_taxed(held: list[tuple[int, str, str]], short: int, long: int) -> None:
    lots = [lot(*one) for one in held]
    before, after = planned(short=short, long=long), planned(*lots, short=short, long=long)
    less_short = before.open_short_gains.minor - after.open_short_gains.minor
    less_long = before.open_long_gains.minor - after.open_long_gains.minor
    assert less_short >= 0
    assert less_long >= 0
    assert abs(after.saves_before_cess.minor * 1000 - (less_short * 200 + less_long * 125)) <= 1000
    assert less_short + less_long <= sum(one.loss.minor for one in after.harvests)


@given(losses, gains, gains)
def test_order_of_lots_does_not_matter(held: list[tuple[int, str, str]], short: int, long: int) -> None:
    lots = [lot(*one) for one in held]
    one, other = planned(*lots, short=short, long=long), planned(*lots[::-1], short=short, long=long)
    assert one.model_dump(exclude={"grounds"}) == other.model_dump(exclude={"grounds"})


@given(losses, losses, gains, gains)
def test_another_lot_never_saves_less(
    held: list[tuple[int, str, str]], more: list[tuple[int, str, str]], short: int, long: int
) -> None:
    some = planned(*(lot(*one) for one in held), short=short, long=long)
    every = planned(*(lot(*one) for one in dict.fromkeys(held + more)), short=short, long=long)
    assert every.saves.minor >= some.saves.minor
