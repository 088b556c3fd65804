"""Payloads of the investing family on instruments: funds, options, and the holdings of a portfolio.

Amounts and rates are as in ``genie_finance.contracts.investing``; prices of one unit are decimals in the question's
currency.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import Lack
from genie_finance.contracts.investing import (
    Amount,
    AnnualRate,
    AssetClass,
    Fraction,
    OneCurrency,
    Price,
    SignedAmount,
    Weight,
)
from genie_finance.contracts.money import Currency

Name = Annotated[str, Field(min_length=1, max_length=120)]
Symbol = Annotated[str, Field(min_length=1, max_length=64)]
PeriodReturn = Annotated[Decimal, Field(ge=Decimal("-0.9999"), le=10, max_digits=20)]
"""Return of one month, as a fraction."""
Returns = Annotated[tuple[PeriodReturn, ...], Field(max_length=720)]
"""Months in order, earliest first."""
MOST_HOLDINGS = 5_000

# --- funds ---

FundClass = Literal["equity", "hybrid", "debt"]


class Fund(Value):
    """A fund from its fact sheet. Unknown values are omitted and earn no points."""

    scheme: Name
    category: Name
    fund_class: FundClass = "equity"
    """Class whose scale is used; the scale of equity requires the highest returns."""
    nav: Price | None = None
    aum_crore: Annotated[Decimal, Field(ge=0, le=10**9)] | None = None
    expense_ratio: Annotated[Decimal, Field(ge=0, le=Decimal("0.1"))] | None = None
    """Fraction a year: 1.5 percent is 0.015."""
    three_year_cagr: AnnualRate | None = None
    five_year_cagr: AnnualRate | None = None
    std_dev: Annotated[Decimal, Field(ge=Decimal("0.0001"), le=2)] | None = None
    """Standard deviation of a year's return, as a fraction."""
    neg_quarters_last_5yr: Annotated[int, Field(ge=0, le=20)] | None = None
    """Number of loss quarters among twenty."""
    monthly_returns: Returns = ()
    """With twelve values or more, ratios of periodic returns are computed."""
    benchmark_monthly_returns: Returns = ()
    """Of the total return index, for the same months."""

    @model_validator(mode="after")
    def _months_match(self) -> Self:
        if self.benchmark_monthly_returns and len(self.benchmark_monthly_returns) != len(self.monthly_returns):
            raise ValueError("the benchmark must have as many months as the fund")
        return self


class FundFilter(Value):
    """Criteria for a fund; a limit of None is not checked.

    A fund with an unknown value does not meet its criterion.
    """

    category: Name | None = None
    min_aum_crore: Annotated[Decimal, Field(ge=0)] | None = None
    max_expense_ratio: Fraction | None = None
    min_three_year_cagr: AnnualRate | None = None


class FundScreenRequest(Payload, topic="investing.fund_screen_request", classification="internal"):
    """Which of these funds meet a filter, and in what order?"""

    as_of: datetime.date
    funds: Annotated[tuple[Fund, ...], Field(max_length=MOST_HOLDINGS)]
    risk_free_rate: AnnualRate
    """Fraction a year, for the ratio of Sharpe."""
    filter: FundFilter = FundFilter()

    @model_validator(mode="after")
    def _schemes_differ(self) -> Self:
        if len({fund.scheme for fund in self.funds}) < len(self.funds):
            raise ValueError("a scheme is listed twice")
        return self


class FundRatios(Value):
    """Of periodic returns, over the months given; fractions."""

    months: int
    annualised_return: Decimal
    """Geometric."""
    annualised_volatility: Decimal
    sharpe: Decimal | None
    """Mean monthly return above the risk-free one, over its standard deviation, times the root of 12."""
    sortino: Decimal | None
    """The same over the downside deviation, which counts every month; None if no month was below."""
    max_drawdown: Decimal
    """Deepest fall below an earlier peak, 0 or negative."""
    downside_capture: Decimal | None
    """Geometric annual return divided by the benchmark's, over months in which the benchmark lost; None without such
    months."""
    tracking_error: Decimal | None
    """Annual standard deviation of the difference to the benchmark."""


class RankedFund(Value):
    """A fund that meets the filter, and its score."""

    rank: int
    """From 1; funds with the same score have the same rank."""
    scheme: str
    category: str
    score: Decimal
    """0 to 100, on the scale of its class."""
    sharpe: Decimal
    """Five-year return above the risk-free rate, divided by the standard deviation: from annual figures, so only
    comparable among similar funds."""
    percentile_in_category: Decimal | None
    """Fraction of the category's other ranked funds with a lower score, ties count as half; None if there are too
    few."""
    ratios: FundRatios | None
    reason: str


class UnrankedFund(Value):
    """A fund without a score."""

    scheme: str
    why: Literal["filtered_out", "insufficient_data"]
    reason: str
    missing: tuple[str, ...] = ()
    """Names of unknown fields."""


class FundScreenResults(Payload, topic="investing.fund_screen_results", classification="internal"):
    """Funds by score, best first."""

    ranked: tuple[RankedFund, ...]
    unranked: tuple[UnrankedFund, ...]
    filtered_out: int
    grounds: Grounds


# --- options ---

_TICK = Decimal("0.0001")
OptionPrice = Annotated[Decimal, Field(ge=_TICK, le=Decimal(10) ** 9, max_digits=24)]
"""Price of one unit, in the question's currency."""
OptionSide = Literal["call", "put"]
Position = Literal["long", "short"]


class Leg(Value):
    """One option of a strategy; all of them expire together."""

    side: OptionSide
    position: Position
    strike: OptionPrice
    lots: Annotated[int, Field(ge=1, le=10_000)] = 1
    premium: OptionPrice | None = None
    """Paid or received for one unit; without it the theoretical price is taken."""


class OptionRequest(Payload, topic="investing.option_request", classification="internal"):
    """What is an option, or a strategy of several, worth, and what are its possible profit and loss?"""

    legs: Annotated[tuple[Leg, ...], Field(min_length=1, max_length=8)]
    underlying_price: OptionPrice
    underlying: Literal["spot", "future"] = "spot"
    """With ``future`` the price is that of the future to the same expiry (Black 76), and there is no yield."""
    days_to_expiry: Annotated[Decimal, Field(ge=_TICK, le=3_650)]
    """Calendar days; a year has 365."""
    implied_volatility_pct: Annotated[Decimal, Field(ge=Decimal("0.01"), le=500)] | None = None
    """Percent a year; None means solved from the premium of each leg."""
    risk_free_rate_pct: Annotated[Decimal, Field(ge=-10, le=100)]
    """Percent a year, compounded continuously."""
    dividend_yield_pct: Annotated[Decimal, Field(ge=-10, le=100)] = Decimal(0)
    """Percent a year, compounded continuously."""
    lot_size: Annotated[int, Field(ge=1, le=10**6)]
    """Units in a lot."""
    currency: Currency = "INR"

    @model_validator(mode="after")
    def _a_future_yields_nothing(self) -> Self:
        if self.underlying == "future" and self.dividend_yield_pct:
            raise ValueError("an option on a future has no dividend yield")
        return self


class Greeks(Value):
    """Sensitivities of a price; per unit of the underlying, for a long option or the strategy as held."""

    delta: Decimal
    gamma: Decimal
    theta_per_day: Decimal
    """Change for one calendar day less."""
    vega_per_1pct: Decimal
    """Change for one percentage point more volatility."""
    rho_per_1pct: Decimal
    """Change for one percentage point more interest."""


class PricedLeg(Value):
    """One leg, priced."""

    side: OptionSide
    position: Position
    strike: Decimal
    lots: int
    theoretical_price: Decimal
    """Of one unit."""
    implied_volatility_pct: Decimal
    """Volatility used for pricing: given, or solved from the premium."""
    premium: Decimal
    """Price of one unit, the basis of profit and loss."""
    greeks: Greeks
    """Sensitivities of one long unit."""


class PayoffPoint(Value):
    """Profit or loss at expiry."""

    price: Decimal
    """Of the underlying."""
    pnl: SignedAmount
    """Profit or loss of the whole strategy."""


class OptionExplanation(Payload, topic="investing.option_explanation", classification="internal"):
    """A strategy in figures; profit and loss are at expiry, before charges and taxes."""

    legs: tuple[PricedLeg, ...]
    greeks: Greeks
    """Of the whole strategy: summed over legs, lots and units, shorts negative."""
    net_premium: SignedAmount
    """Premium paid; negative if received."""
    breakevens: tuple[Decimal, ...]
    """Break-even prices of the underlying."""
    max_profit: SignedAmount | None
    """None: unlimited."""
    max_loss: SignedAmount | None
    """Maximum loss, as 0 or a negative amount unless every outcome is a profit; None if unlimited."""
    probability_of_profit: Fraction
    """Under the lognormal distribution that the price itself implies (risk-neutral)."""
    payoff: tuple[PayoffPoint, ...]
    narrative: str
    grounds: Grounds


# --- holdings ---


class Holding(Value):
    """A position as a broker reports it."""

    symbol: Symbol
    asset: AssetClass
    sector: Name | None = None
    issuer: Name | None = None
    quantity: Annotated[Decimal, Field(gt=0, le=10**12, max_digits=24)]
    cost: Amount | None
    """Total cost; None if the broker does not know it."""
    price: Price | None
    """Last price of one unit; None if there is none."""


class CashFlow(Value):
    """Money into the portfolio (positive), or out of it (negative)."""

    on: datetime.date
    amount: SignedAmount


class Valuation(Value):
    """Value of the portfolio at the end of a day, before that day's flows."""

    on: datetime.date
    value: Amount
    flow: SignedAmount
    """Flow of the day, positive into the portfolio; 0 if none."""


class TargetWeight(Value):
    """A target for an asset class."""

    asset: AssetClass
    weight: Weight


class Snapshot(OneCurrency):
    """A portfolio on a day, as typed values without raw text of a broker."""

    provider: Name
    """Source of the data."""
    as_of: datetime.date
    holdings: Annotated[tuple[Holding, ...], Field(max_length=MOST_HOLDINGS)]
    cash: Amount
    flows: Annotated[tuple[CashFlow, ...], Field(max_length=10_000)] = ()
    """Since the start, for the money-weighted return; empty if unknown."""
    valuations: Annotated[tuple[Valuation, ...], Field(max_length=10_000)] = ()
    """In order of days, for the time-weighted return; empty if unknown."""

    @model_validator(mode="after")
    def _days_are_in_order(self) -> Self:
        days = [one.on for one in self.valuations]
        if days != sorted(set(days)):
            raise ValueError("valuations must be in order of days, one a day")
        if any(day > self.as_of for day in (*days, *(flow.on for flow in self.flows))):
            raise ValueError("flows and valuations must not be after the day of the snapshot")
        return self


class Targeted(Value):
    """A question with target weights."""

    targets: Annotated[tuple[TargetWeight, ...], Field(max_length=4)] = ()
    """The weights add up to 1; empty without a target."""

    @model_validator(mode="after")
    def _targets_are_whole(self) -> Self:
        if len({one.asset for one in self.targets}) < len(self.targets):
            raise ValueError("an asset class has two targets")
        if self.targets and sum(one.weight for one in self.targets) != 1:
            raise ValueError("targets must add up to 1")
        return self


class HoldingsRequest(Targeted, Payload, topic="investing.holdings_request", classification="confidential"):
    """Fetch an account's holdings from the broker, and review them."""

    account: Symbol
    """The broker's name for it; the broker decides who may see it."""


class PortfolioRequest(Targeted, Payload, topic="investing.portfolio_request", classification="confidential"):
    """What are this portfolio's holdings, concentration, returns, and deviations from target?"""

    snapshot: Snapshot


class HeldPosition(Value):
    """One holding in a review."""

    symbol: str
    value: Amount
    weight: Weight
    gain: SignedAmount | None
    """Value minus cost; None if the cost is unknown."""
    gain_percent: Decimal | None


class Concentration(Value):
    """Concentration of the portfolio."""

    by: Literal["holding", "issuer", "sector", "asset"]
    herfindahl: Decimal
    """Sum of squared weights, 0 to 1."""
    effective_number: Decimal
    """Its inverse: the number of equal holdings with the same concentration."""
    largest: str
    largest_weight: Weight
    unknown_weight: Weight
    """Number of holdings without an issuer; each of them counts as its own issuer."""


class Drift(Value):
    """An asset class against its target."""

    asset: AssetClass
    weight: Weight
    target: Weight
    drift: Decimal
    """Weight less target."""
    delta: SignedAmount
    """Amount to buy, negative to sell."""


class PortfolioReview(Payload, topic="investing.portfolio_review", classification="confidential"):
    """A portfolio on one page."""

    provider: str
    as_of: datetime.date
    value: Amount
    """Holdings with a price, and cash."""
    positions: tuple[HeldPosition, ...]
    """Largest first."""
    concentration: tuple[Concentration, ...]
    drifts: tuple[Drift, ...]
    gain: SignedAmount | None
    """Unrealised gain of holdings with price and cost; None if there are none."""
    xirr_percent: Decimal | None
    """Money-weighted yearly return; None if flows are unknown, if there is none, or if several rates fit."""
    xirr_candidates: tuple[Decimal, ...] = ()
    """All rates that fit, if there are several: money was withdrawn and paid in again."""
    twr_percent: Decimal | None
    """Time-weighted return over the whole period, yearly if that exceeds a year; None if valuations are unknown."""
    lacking: tuple[Lack, ...]
    """Unknown data, and the figures omitted because of it."""
    grounds: Grounds
