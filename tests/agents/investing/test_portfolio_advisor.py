"""Portfolios: typed holdings, published returns, numpy-financial's, concentration, drift, and what is not known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.contracts.agent import Binding
from genie.contracts.card import Caller
from genie.runtime.runtime import Runtime
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.markets import HoldingsRequest, PortfolioRequest, PortfolioReview
from genie_finance.investing.brokerage import Brokerage, SampleBroker
from genie_finance.investing.holdings_fetcher import holdings_fetcher
from genie_finance.investing.portfolio_advisor import portfolio_advisor, review


def holding(symbol: str = "RELIANCE", quantity: Any = 10, price: Any = 100, **fields: Any) -> dict[str, Any]:
    return {"symbol": symbol, "asset": "equity", "quantity": quantity, "price": price, "cost": None, **fields}


def asked(*holdings: dict[str, Any], targets: Any = (), **fields: Any) -> PortfolioRequest:
    plain = {"provider": "test", "as_of": "2026-01-01", "cash": 0, "holdings": holdings}
    return PortfolioRequest.model_validate({"snapshot": {**plain, **fields}, "targets": targets})


def reviewed(*holdings: dict[str, Any], **fields: Any) -> PortfolioReview:
    found = review(asked(*holdings, **fields))
    assert isinstance(found, PortfolioReview)
    return found


def lacking(found: PortfolioReview) -> set[str]:
    return {one.what for one in found.lacking}


def test_the_catalogues_holdings_are_typed_and_weighed() -> None:
    """It passed RELIANCE:10 and NIFTY:1 on as the broker's raw text, and gave no advice."""
    found = reviewed(holding(price=1_400), holding("NIFTY", 1, 26_000, cost=20_000))
    assert found.value.amount == 40_000
    assert [(one.symbol, one.weight) for one in found.positions] == [
        ("NIFTY", Decimal("0.65")), ("RELIANCE", Decimal("0.35")),
    ]  # fmt: skip
    assert (found.positions[0].gain_percent, found.positions[1].gain_percent) == (30, None)
    assert found.gain is not None
    assert found.gain.amount == 6_000
    assert "holdings.RELIANCE.cost" in lacking(found)


def test_the_time_weighted_return_is_the_published_one() -> None:
    # analystforum.com/t/geometric-return/97779: quarters of 2.4/2.2, 2.6/2.8, 3.2/2.4 and 4.1/4.2 are 31.85 percent.
    marks = [
        ("2025-01-01", "2.0", "0.2"), ("2025-04-01", "2.4", "0.4"), ("2025-07-01", "2.6", "-0.2"),
        ("2025-10-01", "3.2", "1.0"),
    ]  # fmt: skip
    rows = [{"on": day, "value": value, "flow": flow} for day, value, flow in marks]
    assert reviewed(holding(quantity=1, price="4.1"), valuations=rows).twr_percent == Decimal("31.85")


def test_the_money_weighted_return_is_that_of_numpy_financial() -> None:
    # numpy-financial 1.0.0: irr([-50000, 700, 756, 816.48, 881.7984, 64766.420397]); years of 365 days.
    days = ["2019-01-02", "2020-01-02", "2021-01-01", "2022-01-01", "2023-01-01"]
    amounts = ["50000", "-700", "-756", "-816.48", "-881.80"]
    flows = [{"on": day, "amount": amount} for day, amount in zip(days, amounts, strict=True)]
    found = reviewed(holding(quantity=1, price="64766.42"), flows=flows, as_of="2024-01-01")
    assert found.xirr_percent == Decimal("6.48")


def test_concentration_is_the_sum_of_squared_weights() -> None:
    found = reviewed(
        holding("A", 1, 50, issuer="one", sector="banks"), holding("B", 1, 30, issuer="one", sector="banks"),
        holding("C", 1, 20, issuer="two"),
    )  # fmt: skip
    by = {one.by: one for one in found.concentration}
    assert by["holding"].herfindahl == Decimal("0.38")  # 0.25 + 0.09 + 0.04
    assert by["holding"].effective_number == Decimal("2.6316")
    assert (by["issuer"].herfindahl, by["issuer"].largest) == (Decimal("0.68"), "one")
    assert (by["sector"].largest_weight, by["sector"].unknown_weight) == (Decimal("0.8"), Decimal("0.2"))
    assert "investing.concentrated_issuer" in {one.code for one in found.grounds.reasons}


def test_without_a_target_nothing_is_said_to_be_on_it() -> None:
    many = [holding(f"S{number}", 1, 1, issuer=f"I{number}", sector=f"B{number}") for number in range(10)]
    assert "there is no target" in reviewed(*many).grounds.reasons[0].text
    on_it = reviewed(*many, targets=[{"asset": "equity", "weight": 1}])
    assert "off its target" in on_it.grounds.reasons[0].text


def test_drift_says_what_to_trade() -> None:
    targets = [{"asset": "equity", "weight": "0.6"}, {"asset": "debt", "weight": "0.4"}]
    found = reviewed(holding(quantity=1, price=800), cash=200, targets=targets)
    assert [(one.asset, one.drift, one.delta.amount) for one in found.drifts] == [
        ("equity", Decimal("0.2"), -200), ("debt", Decimal("-0.4"), 400), ("cash", Decimal("0.2"), -200),
    ]  # fmt: skip


def test_a_holding_without_a_price_leaves_no_return_standing() -> None:
    flows = [{"on": "2025-01-01", "amount": 900}]
    found = reviewed(holding(), holding("OLDCO", price=None), flows=flows)
    assert found.xirr_percent is None
    assert "holdings.OLDCO.price" in lacking(found)
    assert reviewed(holding(), flows=flows).xirr_percent == Decimal("11.11")


def test_several_returns_that_fit_are_named_and_none_is_stated() -> None:
    """Was: one of them, by chance. -1,000, +2,300 and -1,320 have the rates of 10 and 20 percent."""
    days = ("2023-12-31", "2024-12-30")
    flows = [{"on": day, "amount": amount} for day, amount in zip(days, ("1000", "-2300"), strict=True)]
    assert reviewed(holding(quantity=1, price=1), flows=flows).xirr_percent is not None
    flows.append({"on": "2025-12-30", "amount": "1321"})
    found = reviewed(holding(quantity=1, price=1), flows=flows)
    assert found.xirr_percent is None
    assert len(found.xirr_candidates) > 1
    assert any("Several" in caveat for caveat in found.grounds.caveats)


def test_a_return_beyond_belief_is_none() -> None:
    rows = [{"on": "2025-12-31", "value": "0", "flow": "0.01"}]
    found = reviewed(holding(quantity=1, price=10**9), valuations=rows, flows=[{"on": "2025-12-31", "amount": "0.01"}])
    assert (found.xirr_percent, found.twr_percent) == (None, None)
    assert {"flows", "valuations"} <= lacking(found)


def test_nothing_held_is_too_little() -> None:
    for request in (asked(), asked(holding(price=None)), asked(cash=500)):
        assert isinstance(review(request), InsufficientData)


@pytest.mark.parametrize(
    "fields",
    [
        {"targets": [{"asset": "equity", "weight": "0.5"}]},
        {"targets": [{"asset": "equity", "weight": "0.5"}, {"asset": "equity", "weight": "0.5"}]},
        {"flows": [{"on": "2027-01-01", "amount": 5}]},
        {"valuations": [{"on": "2025-02-01", "value": 1, "flow": 0}, {"on": "2025-01-01", "value": 1, "flow": 0}]},
        {"cash": {"amount": "1", "currency": "USD"}, "flows": [{"on": "2025-01-01", "amount": 5}]},
        {"cash": -5},
    ],
)
def test_what_contradicts_itself_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asked(holding(), **fields)


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 10**6), st.decimals(Decimal("0.01"), 10**5, places=2)), min_size=1, max_size=8
    ),
    cash=st.integers(0, 10**6), data=st.data(),
)  # fmt: skip
def test_parts_are_the_whole_in_any_order(rows: list[tuple[int, Decimal]], cash: int, data: Any) -> None:
    holdings = [holding(f"S{number}", quantity, price) for number, (quantity, price) in enumerate(rows)]
    found = reviewed(*holdings, cash=cash)
    assert sum(one.value.minor for one in found.positions) + cash * 100 == found.value.minor
    assert reviewed(*data.draw(st.permutations(holdings)), cash=cash) == found
    by = {one.by: one for one in found.concentration}
    assert Decimal(1) / len(rows) - Decimal("0.001") <= by["holding"].herfindahl <= 1
    assert by["issuer"].herfindahl == by["holding"].herfindahl  # nothing is known of issuers, so each is one


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("account", "user", "known"), [("DEMO01", "local", True), ("DEMO01", "eve", False), ("DEMO99", "local", False)]
)
async def test_a_broker_is_asked_for_the_callers_own_account(account: str, user: str, known: bool) -> None:
    fetcher = Binding(agent=holdings_fetcher, card=holdings_fetcher.card, ports={Brokerage: SampleBroker()})
    question, expected = HoldingsRequest(account=account), (PortfolioReview, InsufficientData)
    async with Runtime([fetcher, portfolio_advisor]) as runtime:
        found = await runtime.gather(question, expect=expected, need=1, caller=Caller(user=user))
    came, refused = found.get(PortfolioReview), found.get(InsufficientData)
    assert (came is not None, refused is not None) == (known, not known)
    if came is not None:
        assert came.provider == "sample broker"
        assert "holdings.OLDCO.price" in lacking(came)
