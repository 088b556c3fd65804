"""Payloads of the investing family on plans: allocation, lump sum or instalments, goals, dividends.

Holdings, funds and options are in ``genie_finance.contracts.markets``. Rates are fractions a year (0.12 is 12 percent)
unless a name says percent. A plain number or text is an amount in rupees; ``{"amount": …, "currency": …}`` can be in
any currency.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.money import Money, MoneyBounds

MOST_PATHS = 100_000
MOST_MONTHS = 720
MOST_MINOR = 10**16
"""Largest amount of the family, in minor units."""
SignedAmount = Annotated[Money, MoneyBounds(most=MOST_MINOR)]
Amount = Annotated[Money, MoneyBounds(most=MOST_MINOR, least=0)]
"""At least 0."""
PaidAmount = Annotated[Money, MoneyBounds(most=MOST_MINOR, least=1)]
"""Above 0."""
AnnualRate = Annotated[Decimal, Field(ge=Decimal("-0.5"), le=1, max_digits=20)]
"""Fraction a year, -0.5 to 1; 12 percent is 0.12; 12 is rejected."""
Fraction = Annotated[Decimal, Field(ge=0, le=1, max_digits=20)]
"""0 to 1."""
Weight = Annotated[Decimal, Field(ge=0, le=1)]
"""Fraction of a whole, 0 to 1."""
Price = Annotated[Decimal, Field(gt=0, le=Decimal(10) ** 12, max_digits=24)]
"""Price of one unit, in the question's currency; additional decimals are kept."""


def currencies(value: object) -> Iterator[str]:
    """Yield the currency of every amount in a value, at any depth."""
    if isinstance(value, Money):
        yield value.currency
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from currencies(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from currencies(item)


class OneCurrency(Value):
    """A value whose amounts all have the same currency; nothing is converted."""

    @model_validator(mode="after")
    def _is_of_one_currency(self) -> Self:
        found = sorted(set(currencies(self)))
        if len(found) > 1:
            raise ValueError(f"amounts must be in one currency, not in {', '.join(found)}")
        return self


AssetClass = Literal["equity", "debt", "gold", "cash"]
ASSET_CLASSES: tuple[AssetClass, ...] = ("equity", "debt", "gold", "cash")
RiskTolerance = Literal["conservative", "moderate", "aggressive"]
Compounding = Literal["monthly", "annually", "continuously"]
"""Conversion of an expected annual return to a month: a twelfth of it, its twelfth root, or ``exp`` of a twelfth."""
Timing = Literal["end", "start"]
"""A contribution is paid at the start or the end of its month."""


class Holdings(OneCurrency):
    """Holdings of each asset class; a class without holdings is 0, never omitted."""

    equity: Amount
    debt: Amount
    gold: Amount
    cash: Amount


class AssetAllocationRequest(OneCurrency, Payload, topic="investing.allocation_request", classification="confidential"):
    """How should money be allocated to asset classes, and which trades are needed?"""

    as_of: datetime.date
    """Day whose edition of the allocation rules is used."""
    age: Annotated[int, Field(ge=18, le=120)]
    """Years completed."""
    horizon_years: Annotated[int, Field(ge=0, le=80)]
    """Years until the money is needed."""
    risk_tolerance: RiskTolerance
    current: Holdings
    new_money: Amount | None = None
    """New money besides the holdings; it is invested before anything is sold."""


class AssetWeight(Value):
    """One asset class in an allocation."""

    asset: AssetClass
    target: Weight
    current: Weight | None
    """None if nothing is held."""
    drift: Decimal | None
    """Current weight minus target, after new money is invested."""
    band: Weight
    """Maximum drift; beyond it, the class is out of balance."""
    delta: SignedAmount
    """Amount to buy, negative to sell, including new money."""
    action: Literal["buy", "sell", "hold"]


class AssetAllocationPlan(Payload, topic="investing.allocation_plan", classification="confidential"):
    """Target weights, and the trades to reach them, which add up to the new money."""

    rebalance: bool
    """True if a class is out of its band after the new money is invested; otherwise nothing is sold."""
    assets: tuple[AssetWeight, ...]
    total: Amount
    """Holdings and new money."""
    grounds: Grounds


class MarketAssumption(Value):
    """Assumed returns: lognormal, independent from month to month."""

    expected_annual_return: AnnualRate
    annual_volatility: Fraction
    """Standard deviation of a year's logarithmic return."""
    compounding: Compounding = "monthly"


class Simulated(OneCurrency):
    """Common fields of questions answered by simulation."""

    horizon_months: Annotated[int, Field(ge=1, le=MOST_MONTHS)]
    expected_annual_return: AnnualRate
    annual_volatility: Fraction
    """Standard deviation of a year's logarithmic return."""
    compounding: Compounding = "monthly"
    paths: Annotated[int, Field(ge=100, le=MOST_PATHS)] = 10_000
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 42
    """The same question with the same seed has the same answer."""


class SipLumpsumRequest(Simulated, Payload, topic="investing.sip_lumpsum_request", classification="confidential"):
    """Invest an amount at once, or in equal monthly instalments?"""

    amount: PaidAmount
    instalments: Annotated[int, Field(ge=1, le=MOST_MONTHS)] = 12
    """Number of monthly parts of the amount. Parts beyond the horizon stay in cash."""
    timing: Timing = "end"
    waiting_cash_annual_return: Annotated[Decimal, Field(ge=0, le=1, max_digits=20)] = Decimal(0)
    """Return of cash that is not yet invested, with the same compounding; 0 means none."""


class Outcomes(Value):
    """Distribution of a value at the end of the horizon, over simulated paths."""

    mean: Amount
    p10: Amount
    p50: Amount
    p90: Amount
    worst_twentieth: Amount
    """Mean of the worst 5 percent of paths: expected shortfall at 95 percent, as a value."""


class SipLumpsumResult(Payload, topic="investing.sip_lumpsum_result", classification="confidential"):
    """Comparison of the two on the same simulated paths."""

    lumpsum: Outcomes
    sip: Outcomes
    lumpsum_win_probability: Fraction
    """Share of paths on which the lump sum ends higher; a tie counts as half."""
    win_interval: tuple[Fraction, Fraction]
    """95 % confidence interval of that share, from the number of paths (Wilson)."""
    lumpsum_expected_regret: Amount
    """Mean over all paths of the advantage of the instalments, 0 if they have none."""
    sip_expected_regret: Amount
    """Mean over all paths of the advantage of the lump sum, 0 if it has none."""
    uninvested: Amount
    """Cash at the end of the horizon, with interest."""
    recommendation: Literal["lumpsum", "sip", "toss_up"]
    grounds: Grounds


class GoalRequest(Simulated, Payload, topic="investing.goal_request", classification="confidential"):
    """Will savings reach a target, and how much must be saved?"""

    current_corpus: Amount
    monthly_contribution: Amount
    target_corpus: PaidAmount
    """In money of the horizon's end, or with inflation in today's money."""
    annual_inflation: AnnualRate = Decimal(0)
    """Raises the target by ``(1 + i)^(months/12)``; 0 means that the target is in money of its date."""
    contribution_growth_annual: AnnualRate = Decimal(0)
    """Step-up of the contribution after every twelve months."""
    timing: Timing = "end"
    wanted_probability: Annotated[Decimal, Field(gt=0, lt=1, max_digits=10)] = Decimal("0.8")
    """Probability with which the required contribution reaches the target."""


class GoalPlan(Payload, topic="investing.goal_plan", classification="confidential"):
    """Whether a goal is reachable, and the contributions that reach it."""

    target_at_end: Amount
    """In money of the horizon's end."""
    success_probability: Fraction
    success_interval: tuple[Fraction, Fraction]
    """95 % confidence interval, from the number of paths (Wilson); its width is never 0."""
    corpus: Outcomes
    required_monthly: Amount
    """First month's contribution that reaches the target if every month returns exactly the expected value."""
    required_monthly_at_p50: Amount
    """Contribution that reaches it on half of the paths."""
    required_monthly_for_wanted: Amount
    """Contribution that reaches it with the required probability."""
    shortfall_monthly: Amount
    """Amount by which the contribution is below the one for the required probability."""
    on_track: bool
    """True if the success probability is at least the required one."""
    grounds: Grounds


class DividendRequest(Payload, topic="investing.dividend_request", classification="confidential"):
    """How much are a share's dividends, paid out or reinvested?"""

    starts_on: datetime.date
    """Day of the first year's start: its edition of the rules on tax deducted at source is used."""
    shares: Annotated[Decimal, Field(gt=0, le=10**9, max_digits=24)]
    current_price: Price
    dividend_per_share: Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 9, max_digits=24)]
    """Of the first year, in rupees like the price."""
    dividend_growth_annual: AnnualRate
    price_appreciation_annual: AnnualRate
    horizon_years: Annotated[int, Field(ge=1, le=60)]
    tax_rate_percent: Annotated[Decimal, Field(ge=0, le=100, max_digits=10)]
    """The holder's marginal rate on dividends with surcharge and cess, 0 to 100; tax deducted at source is part of
    it."""
    reinvest_dividends: bool
    payments_per_year: Literal[1, 2, 4, 12] = 1
    whole_shares: bool = False
    """Only whole shares are bought; the remainder waits in cash."""


class DividendYear(Value):
    """One year of a projection; rupees."""

    year: Annotated[int, Field(ge=1)]
    shares: Decimal
    """At the year's end."""
    dividend_per_share: Decimal
    dividend_gross: Amount
    tax: Amount
    deducted_at_source: Amount
    """Tax withheld by the company: a credit against the tax, refunded if higher."""
    dividend_net: Amount
    price: Decimal
    """At the year's end."""
    holding_value: Amount
    cash: Amount
    """Cash too low for a whole share."""


class DividendProjection(Payload, topic="investing.dividend_projection", classification="confidential"):
    """A projection of dividends, year by year."""

    schedule: tuple[DividendYear, ...]
    total_dividend_net: Amount
    terminal_value: Amount
    """Value of the shares at the end, without cash."""
    yield_on_cost_percent: Decimal
    """Last year's net dividend divided by the cost of the first shares."""
    yield_on_capital_percent: Decimal
    """The same, divided by all money invested, including reinvested dividends."""
    irr_percent: Decimal | None
    """Annual rate of return after tax on dividends, before tax on gains; None if there is none."""
    terminal_value_without_growth: Amount
    """Value without growth of price and dividend."""
    total_dividend_net_without_growth: Amount
    grounds: Grounds


class Investor(OneCurrency):
    """The person of the plan; fields as in the separate questions."""

    age: Annotated[int, Field(ge=18, le=120)]
    risk_tolerance: RiskTolerance
    current: Holdings
    monthly_contribution: Amount
    lump_sum: Amount
    """Amount available to invest now; 0 if none."""


class Goal(Value):
    """What the money is for."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    target_corpus: PaidAmount
    horizon_months: Annotated[int, Field(ge=1, le=MOST_MONTHS)]
    annual_inflation: AnnualRate
    contribution_growth_annual: AnnualRate
    wanted_probability: Annotated[Decimal, Field(gt=0, lt=1, max_digits=10)]


class ClassAssumption(MarketAssumption):
    """Assumed returns of an asset class. Assumptions come from the caller; no agent has its own."""

    asset: AssetClass


class Correlation(Value):
    """Correlation of the monthly returns of two asset classes."""

    between: tuple[AssetClass, AssetClass]
    value: Annotated[Decimal, Field(ge=-1, le=1, max_digits=10)]


class InvestingCase(OneCurrency):
    """All inputs of an investing plan."""

    as_of: datetime.date
    investor: Investor
    goal: Goal
    assumptions: Annotated[tuple[ClassAssumption, ...], Field(max_length=4)]
    """One for each asset class that the plan may contain."""
    correlations: Annotated[tuple[Correlation, ...], Field(max_length=6)]
    """One for every two classes; there are no defaults."""
    source: Annotated[str, Field(min_length=1, max_length=300)]
    """Source of the assumptions."""
    paths: Annotated[int, Field(ge=100, le=MOST_PATHS)] = 10_000
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 42

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if len({one.asset for one in self.assumptions}) < len(self.assumptions):
            raise ValueError("an asset class has two assumptions")
        if len({frozenset(one.between) for one in self.correlations}) < len(self.correlations):
            raise ValueError("two asset classes have more than one correlation")
        if any(one.between[0] == one.between[1] for one in self.correlations):
            raise ValueError("a correlation is between two asset classes")
        if len({one.compounding for one in self.assumptions}) > 1:
            raise ValueError("all assumptions must have the same compounding")
        return self


class InvestingQuestion(Payload, topic="investing.question", classification="confidential"):
    """How should this money be invested for this goal?"""

    case: InvestingCase


class InvestingPlan(Payload, topic="investing.plan", classification="confidential"):
    """A goal on one page: allocation, possible outcomes, how to invest available money, and missing parts."""

    headline: str
    goal: str
    allocation: AssetAllocationPlan | None
    expected_annual_return: Decimal | None
    """Volatility of the target allocation, from the assumptions."""
    annual_volatility: Decimal | None
    plan: GoalPlan | None
    lump_sum: SipLumpsumResult | None
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
    caveats: tuple[str, ...] = ()
