"""Options: the catalogue's figures kept or corrected, QuantLib's, and laws of prices and payoffs."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.markets import OptionExplanation, OptionRequest
from genie_finance.investing import black_scholes
from genie_finance.investing.black_scholes import Terms
from genie_finance.investing.options_explainer import explain


def leg(side: str = "call", strike: Any = 100, position: str = "long", **fields: Any) -> dict[str, Any]:
    return {"side": side, "strike": strike, "position": position, **fields}


def asked(*legs: dict[str, Any], **fields: Any) -> OptionRequest:
    plain = {
        "underlying_price": 100, "days_to_expiry": 30, "implied_volatility_pct": 25, "risk_free_rate_pct": 7,
        "lot_size": 100, "legs": legs,
    }  # fmt: skip
    return OptionRequest.model_validate({**plain, **fields})


def explained(*legs: dict[str, Any], **fields: Any) -> OptionExplanation:
    found = explain(asked(*legs, **fields))
    assert isinstance(found, OptionExplanation)
    return found


def test_the_catalogues_call() -> None:
    """Corrected: a loss of 314.65 and a theta of -0.0572, which its rounding of negative numbers cut by one unit."""
    found = explained(leg("call"))
    one = found.legs[0]
    assert round(one.theoretical_price, 2) == Decimal("3.15")
    assert [str(value) for _, value in one.greeks] == ["0.5462", "0.055288", "-0.0572", "0.1136", "0.0423"]
    assert found.breakevens == (Decimal("103.15"),)
    assert (found.payoff[0].price, found.payoff[0].pnl.amount) == (70, Decimal("-314.65"))
    assert (found.payoff[-1].price, found.payoff[-1].pnl.amount) == (130, Decimal("2685.35"))
    assert len(found.payoff) == 21
    assert (found.max_profit, str(found.max_loss)) == (None, "-314.65 INR")


def test_the_catalogues_put() -> None:
    """Corrected: its delta was -0.4537."""
    found = explained(leg("put"))
    assert round(found.legs[0].theoretical_price, 2) == Decimal("2.57")
    assert found.legs[0].greeks.delta == Decimal("-0.4538")
    assert found.breakevens == (Decimal("97.43"),)
    assert found.max_profit is not None
    parity = explained(leg("call")).legs[0].theoretical_price - found.legs[0].theoretical_price
    assert parity == pytest.approx(Decimal("0.5737"), abs=Decimal("0.0001"))


@pytest.mark.parametrize("side", ["", "CALL", "Put", None])
def test_a_side_is_one_of_two_words(side: Any) -> None:
    """In the catalogue "CALL" was priced as a call and paid off as a put."""
    with pytest.raises(ValidationError, match="side"):
        asked(leg(side))


@pytest.mark.parametrize("field", ["days_to_expiry", "underlying_price", "risk_free_rate_pct", "lot_size", "legs"])
def test_what_is_missing_is_no_zero(field: str) -> None:
    fields = asked(leg()).model_dump()
    del fields[field]
    with pytest.raises(ValidationError, match=field):
        OptionRequest.model_validate(fields)


def test_without_volatility_and_premium_there_is_no_value() -> None:
    found = explain(asked(leg(premium=3), leg("put"), implied_volatility_pct=None))
    assert isinstance(found, InsufficientData)
    assert [one.what for one in found.missing] == ["legs.1.premium"]


@pytest.mark.parametrize(
    ("side", "strike", "price", "greeks"),
    # QuantLib 1.44, BlackCalculator on 22,000 exp(0.053 T): 45 days, 14 percent, 6.5 percent, yield 1.2 percent.
    [
        ("call", 22_500, "280.3729", (0.381654, 0.000352, -5.745807, 29.420584, 10.006041)),
        ("put", 21_500, "179.2705", (-0.265534, 0.000303, -3.056812, 25.309232, -7.423185)),
    ],
)
def test_quantlib_says_the_same(side: str, strike: int, price: str, greeks: tuple[float, ...]) -> None:
    found = explained(
        leg(side, strike), underlying_price=22_000, days_to_expiry=45, implied_volatility_pct=14,
        risk_free_rate_pct="6.5", dividend_yield_pct="1.2",
    ).legs[0]  # fmt: skip
    assert found.theoretical_price == Decimal(price)
    assert [float(value) for _, value in found.greeks] == pytest.approx(greeks, abs=6e-5)


@pytest.mark.parametrize(("side", "expected"), [("call", "3.5178"), ("put", "1.5426")])
def test_on_a_future_it_is_black_76_as_in_quantlib(side: str, expected: str) -> None:
    # QuantLib 1.44, BlackCalculator: future 62, strike 60, 20 percent, 91.25 days, 5 percent.
    found = explained(
        leg(side, 60), underlying="future", underlying_price=62, days_to_expiry="91.25", implied_volatility_pct=20,
        risk_free_rate_pct=5,
    ).legs[0]  # fmt: skip
    assert found.theoretical_price == Decimal(expected)


def test_an_implied_volatility_is_that_of_quantlib() -> None:
    # QuantLib 1.44, blackFormulaImpliedStdDev of a call at 4.00, accuracy 1e-13.
    found = explained(leg(premium=4), implied_volatility_pct=None).legs[0]
    assert found.implied_volatility_pct == Decimal("32.5086")
    assert found.theoretical_price == 4


@pytest.mark.parametrize("premium", ["0.5", "100", "150"])
def test_a_premium_that_no_volatility_explains_is_refused_with_its_bounds(premium: str) -> None:
    with pytest.raises(InputError, match=r"above 0\.57\d+ and below 100"):
        explain(asked(leg(premium=premium), implied_volatility_pct=None))


def test_a_bull_call_spread_is_bounded_on_both_sides() -> None:
    found = explained(leg(premium=5), leg(strike=110, position="short", premium=2))
    assert (str(found.max_profit), str(found.max_loss)) == ("700.00 INR", "-300.00 INR")
    assert found.breakevens == (103,)
    assert found.net_premium.amount == 300
    assert found.narrative.startswith("A bull call spread")


def test_a_short_straddle_loses_without_limit_and_turns_twice() -> None:
    found = explained(leg(position="short", premium=4), leg("put", position="short", premium=3))
    assert found.max_loss is None
    assert str(found.max_profit) == "700.00 INR"
    assert found.breakevens == (93, 107)
    assert found.net_premium.amount == -700
    assert "short straddle" in found.narrative


def test_an_iron_condor_has_its_textbook_corners() -> None:
    found = explained(
        leg("put", 90, premium=1), leg("put", 95, "short", premium=2), leg("call", 105, "short", premium=2),
        leg("call", 110, premium=1),
    )  # fmt: skip
    assert (str(found.max_profit), str(found.max_loss)) == ("200.00 INR", "-300.00 INR")
    assert found.breakevens == (93, 107)


def test_chance_of_profit_is_that_of_ending_beyond_the_break_even() -> None:
    # scipy 1.17.1: 1 - norm.cdf((ln(103.146538 / 100) - (0.07 - 0.25**2 / 2) T) / (0.25 sqrt(T)))
    assert explained(leg()).probability_of_profit == Decimal("0.3491")


@pytest.mark.parametrize(
    "fields",
    [{"implied_volatility_pct": "1e-300"}, {"days_to_expiry": "1e-300"}, {"underlying_price": "1e-300"},
     {"underlying_price": "1e300"}, {"risk_free_rate_pct": "nan"}, {"days_to_expiry": 0}, {"lot_size": 0},
     {"underlying": "future", "dividend_yield_pct": 1}],
)  # fmt: skip
def test_what_cannot_be_priced_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asked(leg(), **fields)


@pytest.mark.parametrize("spot", ["0.0001", "1000000000"])
def test_the_ends_of_what_is_taken_are_priced(spot: str) -> None:
    extreme = {"underlying_price": spot, "implied_volatility_pct": "0.01", "days_to_expiry": "0.0001"}
    found = explained(leg("put", strike=spot, lots=10_000), lot_size=1, **extreme)
    assert found.legs[0].greeks.gamma > 0


sides = st.sampled_from(["call", "put"])
prices = st.floats(1, 1e5)


@given(
    spot=prices, strike=prices, days=st.floats(1, 3_650), rate=st.floats(-0.05, 0.3), yields=st.floats(-0.05, 0.3),
    volatility=st.floats(0.01, 2),
)  # fmt: skip
def test_call_less_put_is_forward_less_strike(
    spot: float, strike: float, days: float, rate: float, yields: float, volatility: float
) -> None:
    terms = Terms(spot, days / 365, rate, yields)
    call, put = (black_scholes.price(side, terms, strike, volatility) for side in ("call", "put"))
    difference = spot * math.exp(-yields * terms.years) - strike * math.exp(-rate * terms.years)
    assert call - put == pytest.approx(difference, abs=1e-9 * (spot + strike) * 10)
    for side, price in (("call", call), ("put", put)):
        low, high = black_scholes.bounds(side, terms, strike)  # type: ignore[arg-type]  # the two words
        assert low - 1e-6 * high <= price <= high + 1e-6 * high


@given(
    spot=st.floats(50, 150), strike=st.floats(50, 150), days=st.floats(7, 730), volatility=st.floats(0.05, 1.5),
    side=sides,
)  # fmt: skip
def test_a_volatility_comes_back_from_its_price(
    spot: float, strike: float, days: float, volatility: float, side: Any
) -> None:
    terms = Terms(spot, days / 365, 0.06, 0.01)
    assume(black_scholes.greeks(side, terms, strike, volatility).vega > 0.01)
    price = black_scholes.price(side, terms, strike, volatility)
    found = black_scholes.implied_volatility(side, terms, strike, price)
    assert found == pytest.approx(volatility, rel=1e-6)


legs = st.lists(
    st.builds(
        leg, sides, st.integers(60, 140), st.sampled_from(["long", "short"]),
        lots=st.integers(1, 3), premium=st.integers(1, 30),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@given(legs=legs)
def test_a_payoff_stays_within_its_extremes_and_is_nothing_at_its_break_evens(legs: list[dict[str, Any]]) -> None:
    found = explained(*legs)
    values = [point.pnl.amount for point in found.payoff]
    assert found.max_profit is None or max(values) <= found.max_profit.amount
    assert found.max_loss is None or min(values) >= found.max_loss.amount
    assert 0 <= found.probability_of_profit <= 1
    mirrored = explained(*({**one, "position": "short" if one["position"] == "long" else "long"} for one in legs))
    assert [point.pnl.amount for point in mirrored.payoff] == [-value for value in values]
    assert mirrored.breakevens == found.breakevens
    assert mirrored.net_premium.minor == -found.net_premium.minor
    assert explained(*reversed(legs)).payoff == found.payoff
    if found.max_profit is not None and found.max_profit.minor <= 0:
        assert found.probability_of_profit == 0
