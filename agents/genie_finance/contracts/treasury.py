"""Payloads of the treasury family: value at risk, gaps, liquidity coverage, exchange rates."""

from __future__ import annotations

import datetime
import itertools
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.money import Currency, Money, MoneyBounds, one_currency
from genie_finance.contracts.research import RateOutlook, Region

SignedAmount = Annotated[Money, MoneyBounds(most=10**18)]
"""Up to 10^18 minor units, more than the balance sheet of any bank."""
Amount = Annotated[Money, MoneyBounds(most=10**18, least=0)]
"""At least 0."""
PositiveAmount = Annotated[Money, MoneyBounds(most=10**18, least=1)]
"""Above 0."""


def _upper(value: Any) -> Any:  # whatever JSON or a caller hands over
    return value.upper() if isinstance(value, str) else value


AnyCaseCurrency = Annotated[Currency, BeforeValidator(_upper)]
Return = Annotated[Decimal, Field(ge=-10, le=10, max_digits=30)]
"""Change of a value in one day as a fraction: 0.01 is one per cent."""
Returns = Annotated[tuple[Return, ...], Field(max_length=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Percent = Decimal
"""A percentage: 2.5 means two and a half per cent."""


# --- value at risk ---


class Position(Value):
    """A part of the portfolio with its own history."""

    name: Name
    value: SignedAmount
    """Negative for a short position."""
    daily_returns: Returns
    """Returns of the same days, in the same order, for every position."""


class VarRequest(Payload, topic="treasury.var_request", classification="confidential"):
    """How much may the portfolio lose in a number of days, at a confidence level?"""

    portfolio_value: PositiveAmount
    daily_returns: Returns = ()
    """Returns of the portfolio, oldest first; none if ``positions`` are given."""
    positions: Annotated[tuple[Position, ...], Field(max_length=200)] = ()
    """Instead of the portfolio's returns: then each position's share of the risk is stated. Their values must sum to
    the portfolio's value."""
    confidence_pct: Annotated[Decimal, Field(gt=50, lt=100)] = Decimal(95)
    """In per cent: 99 is exceeded on one day in a hundred."""
    horizon_days: Annotated[int, Field(ge=1, le=250)] = 1
    """Trading days."""
    deviation: Literal["population", "sample"] = "population"
    """Divides squared deviations by n (maximum likelihood) or by n - 1."""

    @model_validator(mode="after")
    def _one_history(self) -> Self:
        if self.positions and self.daily_returns:
            raise ValueError("give daily_returns or positions, not both")
        if self.positions:
            one_currency((self.portfolio_value, *(one.value for one in self.positions)))
            if sum(one.value.minor for one in self.positions) != self.portfolio_value.minor:
                raise ValueError("the values of the positions do not sum to portfolio_value")
            if len({len(one.daily_returns) for one in self.positions}) != 1:
                raise ValueError("every position needs returns of the same days")
            if len({one.name for one in self.positions}) != len(self.positions):
                raise ValueError("two positions have the same name")
        return self


class VarFigure(Value):
    """A loss, and the mean of the losses beyond it; 0 if the model shows a gain even in the tail."""

    var_pct: Percent
    """Value at risk as a percentage of the portfolio's value."""
    var: Money
    es_pct: Percent
    """Expected shortfall as a percentage of the portfolio's value."""
    es: Money


class ComponentVar(Value):
    """Contribution of one position to the parametric value at risk; all contributions sum to it."""

    name: str
    value: Money
    component_var: Money
    """Negative if the position lowers the portfolio's risk."""
    share_pct: Percent


class VarBacktest(Value):
    """How often losses exceeded the forecast from the preceding days, by historical simulation on a rolling window."""

    window: int
    """Number of returns in each forecast."""
    days: int
    exceptions: int
    expected: Decimal
    kupiec_lr: Decimal
    """Likelihood ratio of Kupiec's proportion of failures, chi-squared with one degree of freedom."""
    kupiec_p: Decimal
    christoffersen_lr: Decimal | None
    """Likelihood ratio of independence; None without exceptions."""
    christoffersen_p: Decimal | None
    rejected: bool
    """True if either test rejects the model at five per cent."""


class VarResult(Payload, topic="treasury.var", classification="confidential"):
    """Value at risk and expected shortfall, as positive losses."""

    portfolio_value: Money
    confidence_pct: Percent
    horizon_days: int
    observations: int
    historical: VarFigure
    parametric: VarFigure
    """Normal returns."""
    modified_var_pct: Percent
    """With skewness and kurtosis, after Cornish and Fisher."""
    modified_var: Money
    components: tuple[ComponentVar, ...]
    backtest: VarBacktest | None
    """None if the history is too short."""
    grounds: Grounds


# --- assets and liabilities by maturity ---


class BucketAmounts(Value):
    """Amounts by residual maturity; an empty bucket is 0, never omitted."""

    day_1_7: Amount
    day_8_14: Amount
    day_15_30: Amount
    day_31_90: Amount
    day_91_180: Amount
    day_181_365: Amount
    year_1_3: Amount
    year_3_5: Amount
    year_5_plus: Amount

    def amounts(self) -> tuple[Money, ...]:
        """Return the amounts from the shortest maturity to the longest."""
        return tuple(getattr(self, name) for name in BUCKETS)


BUCKETS = tuple(BucketAmounts.model_fields)
"""Names of the buckets, shortest first."""


class NextDay(Value):
    """The part of the first bucket that falls due on the next day."""

    assets: Amount
    liabilities: Amount


class Repricing(Value):
    """When rates of assets and liabilities are reset, as opposed to when they fall due."""

    assets: BucketAmounts
    liabilities: BucketAmounts


class Valuation(Value):
    """Inputs of present values."""

    flat_yield_pct: Annotated[Decimal, Field(ge=-5, le=50)]
    """One continuous yield for all maturities, in per cent a year."""
    last_bucket_years: Annotated[Decimal, Field(ge=5, le=50)]
    """Assumed maturity of amounts beyond five years."""


class AlmRequest(Payload, topic="treasury.alm_request", classification="confidential"):
    """In which buckets are liabilities due before assets, and what does a change of rates cost?"""

    as_of: datetime.date
    assets: BucketAmounts
    """Inflows by residual maturity."""
    liabilities: BucketAmounts
    """Outflows by residual maturity."""
    total_assets: PositiveAmount
    rate_shock_bp: Annotated[Decimal, Field(ge=-1000, le=1000)]
    """Parallel change of all rates, in basis points."""
    next_day: NextDay | None = None
    repricing: Repricing | None = None
    """None means that residual maturities are used, with a caveat."""
    internal_limit_pct_of_assets: Annotated[Decimal, Field(gt=0, le=100)] | None = None
    """The bank's own limit on any cumulative gap, as a percentage of total assets."""
    valuation: Valuation | None = None
    """If None, no change of economic value is computed."""

    @model_validator(mode="after")
    def _in_one_currency(self) -> Self:
        sides = [self.assets, self.liabilities]
        if self.repricing is not None:
            sides += [self.repricing.assets, self.repricing.liabilities]
        first = () if self.next_day is None else (self.next_day.assets, self.next_day.liabilities)
        one_currency((self.total_assets, *first, *(amount for side in sides for amount in side.amounts())))
        if self.next_day is not None and (
            self.next_day.assets.minor > self.assets.day_1_7.minor
            or self.next_day.liabilities.minor > self.liabilities.day_1_7.minor
        ):
            raise ValueError("next_day is part of day_1_7 and cannot exceed it")
        return self


class GapRow(Value):
    """One bucket of the statement of structural liquidity."""

    bucket: str
    assets: Money
    liabilities: Money
    gap: Money
    """Assets less liabilities."""
    cumulative: Money
    cumulative_pct_of_assets: Percent
    cumulative_pct_of_outflows: Percent | None
    """As a percentage of the cumulative liabilities; None if there are none."""
    limit_pct: Percent | None
    """Largest negative cumulative gap allowed by the rules, as a percentage of cumulative outflows; None if they set
    none."""
    breach: bool
    """True if the rules' limit or the bank's own is exceeded."""


class AlmResult(Payload, topic="treasury.alm", classification="confidential"):
    """Gaps by maturity, breaches of limits, and the effect of a change of rates on income and value."""

    as_of: datetime.date
    gaps: tuple[GapRow, ...]
    has_breach: bool | None
    """True if any limit is breached; None if no checked limit is breached but ``unchecked`` has others."""
    unchecked: tuple[Literal["next_day_limit"], ...] = ()
    """Limits of the rules that could not be checked."""
    nii_sensitivity: Money
    """Change of a year's net interest income: gap up to a year times the shock."""
    nii_sensitivity_time_weighted: Money
    """The same, if each gap reprices in the middle of its bucket and earns the shock for the rest of the year."""
    eve_change: Money | None
    """Change of the economic value of equity under the shock."""
    duration_assets_years: Decimal | None
    duration_liabilities_years: Decimal | None
    duration_gap_years: Decimal | None
    """Duration of assets minus that of liabilities multiplied by liabilities over assets."""
    grounds: Grounds


# --- liquidity coverage ---


class Hqla(Value):
    """Unencumbered liquid assets at market value, before haircuts."""

    level1_cash_govsec: Amount
    level2a_corp_bonds_aa_plus: Amount
    level2b_lower: Amount


class LcrOutflows(Value):
    """Balances that may run off within thirty days; an empty category is 0, never omitted."""

    stable_retail_deposits: Amount
    less_stable_retail_deposits: Amount
    operational_corporate_deposits: Amount
    non_operational_corporate_deposits: Amount
    unsecured_wholesale_funding: Amount
    undrawn_credit_commitments: Amount


class LcrInflows(Value):
    """Contractual inflows within thirty days, of performing assets only."""

    contractual_retail_inflows: Amount
    contractual_wholesale_inflows: Amount
    other_inflows: Amount


class LcrLine(Value):
    """A balance of a category that the rule table names."""

    category: Name
    amount: Amount


class LcrChange(Value):
    """A change of one category's balance."""

    category: Name
    change: SignedAmount


class LcrDay(Value):
    """Changes of balances on a future day, negative for decreases."""

    on: datetime.date
    level1: SignedAmount
    """Change of level 1 assets, such as cash paid out."""
    outflows: Annotated[tuple[LcrChange, ...], Field(max_length=100)] = ()
    inflows: Annotated[tuple[LcrChange, ...], Field(max_length=100)] = ()


class LcrRequest(Payload, topic="treasury.lcr_request", classification="confidential"):
    """Do liquid assets cover thirty days of stress, today and on future days?"""

    as_of: datetime.date
    hqla: Hqla
    outflows: LcrOutflows
    inflows: LcrInflows
    other_outflows: Annotated[tuple[LcrLine, ...], Field(max_length=100)]
    """Further categories of the rule table. It has no default: an unknown outflow is not 0."""
    other_inflows: Annotated[tuple[LcrLine, ...], Field(max_length=100)] = ()
    ahead: Annotated[tuple[LcrDay, ...], Field(max_length=366)] = ()
    """Days to project, in order; each change applies from its day on."""

    @model_validator(mode="after")
    def _days_follow(self) -> Self:
        days = (self.as_of, *(day.on for day in self.ahead))
        if any(later <= earlier for earlier, later in itertools.pairwise(days)):
            raise ValueError("future days must be in order and after as_of")
        return self


class LcrWeighted(Value):
    """One line of the computation."""

    side: Literal["outflow", "inflow"]
    category: str
    amount: Money
    factor_pct: Percent
    weighted: Money


class LcrProjection(Value):
    """The ratio on a future day."""

    on: datetime.date
    hqla: Money
    net_cash_outflow: Money
    lcr_pct: Percent
    compliant: bool


class LcrResult(Payload, topic="treasury.lcr", classification="confidential"):
    """The liquidity coverage ratio, line by line."""

    as_of: datetime.date
    hqla_after_haircut: Money
    """Before the caps on level 2."""
    cap_15_adjustment: Money
    """Deducted from level 2B, which is at most 15 per cent of the stock."""
    cap_40_adjustment: Money
    """Deducted from level 2, which is at most 40 per cent of the stock."""
    total_hqla: Money
    total_outflow: Money
    total_inflow: Money
    total_inflow_capped: Money
    net_cash_outflow: Money
    lcr_pct: Percent
    minimum_pct: Percent
    compliant: bool
    surplus: Money
    """Liquid assets above the minimum; negative for a shortage."""
    lines: tuple[LcrWeighted, ...]
    projection: tuple[LcrProjection, ...]
    first_shortfall: datetime.date | None
    """First day, today included, on which the ratio is below the minimum."""
    grounds: Grounds


# --- exchange rates ---


class QuotedRate(Value):
    """Units of a currency for one unit of the table's base."""

    currency: AnyCaseCurrency
    rate: Annotated[Decimal, Field(gt=0, le=Decimal(10) ** 9, max_digits=30)]


class FxTable(Value):
    """Rates of one day against one base currency; every other pair is computed from two of them."""

    base: AnyCaseCurrency
    on: datetime.date
    source: Annotated[str, Field(min_length=1, max_length=200)]
    rates: Annotated[tuple[QuotedRate, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [one.currency for one in self.rates]
        if len({*names}) != len(names) or self.base in names:
            raise ValueError("a currency is given twice, or is the base itself")
        return self


class ConvertCurrency(Payload, topic="treasury.convert_currency", classification="confidential"):
    """Convert an amount to another currency. An amount of one unit returns just the rate."""

    amount: SignedAmount
    to: AnyCaseCurrency
    as_of: datetime.date | None = None
    """None: today."""
    spread_pct: Annotated[Decimal, Field(ge=0, lt=50)] = Decimal(0)
    """Deducted from the middle rate, in percent: the dealer's margin."""
    rates: FxTable | None = None
    """The caller's own rates; None means those of the agent's port."""


class ConvertedAmount(Payload, topic="treasury.converted_amount", classification="confidential"):
    """An amount in two currencies."""

    amount: Money
    converted: Money
    rate: Decimal
    """Units of the target for one unit of the source, spread included; ten significant digits."""
    rates_on: datetime.date
    stale: bool
    grounds: Grounds


# --- the morning pack ---


class TreasuryDay(Value):
    """Inputs of the morning pack; None if unknown; the pack then lists the part as missing."""

    as_of: datetime.date
    region: Region
    """Central bank whose policy rates matter."""
    portfolio: VarRequest | None
    balance_sheet: AlmRequest | None
    liquidity: LcrRequest | None
    report_in: AnyCaseCurrency | None = None
    """Another currency in which the value at risk is also stated."""


class TreasuryQuestion(Payload, topic="treasury.pack_question", classification="confidential"):
    """What is the bank's position this morning?"""

    day: TreasuryDay


class TreasuryPack(Payload, topic="treasury.pack", classification="confidential"):
    """Market risk, liquidity, gaps and rates on one page, and missing parts."""

    as_of: datetime.date
    headline: str
    alerts: tuple[str, ...]
    """Breaches of limits."""
    var: VarResult | None
    lcr: LcrResult | None
    alm: AlmResult | None
    rates: RateOutlook | None
    var_converted: ConvertedAmount | None = None
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
