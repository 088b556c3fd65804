"""Dividend planner: the dividends of a share year by year, paid out or reinvested."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal, localcontext

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, unverified
from genie_finance.contracts.investing import DividendProjection, DividendRequest, DividendYear
from genie_finance.contracts.money import INR
from genie_finance.contracts.numbers import percent, rounded
from genie_finance.domain.rulebook import Edition, edition
from genie_finance.domain.time_value import effective_annual_rate, growth, irr
from genie_finance.investing.amounts import money
from genie_finance.investing.tables import DIVIDEND_TDS, DividendTdsRules

_ZERO = Decimal(0)
_ONE = Decimal(1)
_DIGITS = 34
"""Precision of numbers of shares, which are not rounded between years."""


@dataclass(slots=True)
class _Run:
    """State of a projection; rupees."""

    shares: Decimal
    cash: Decimal = _ZERO
    net: Decimal = _ZERO
    last_net: Decimal = _ZERO
    reinvested: Decimal = _ZERO
    value: Decimal = _ZERO
    flows: list[Decimal] = field(default_factory=list)
    """Cash flows of the holder, payment by payment."""
    years: list[DividendYear] = field(default_factory=list)


def project(request: DividendRequest) -> DividendProjection:
    """Return the projection.

    Each payment is the year's dividend over the number of payments; reinvested dividends buy at the price of that day.
    It grows smoothly, so with one payment it is the price at the year's end.

    Raises:
        InputError: No edition of the rules on tax deducted at source covers the start, or an amount exceeds the limit
            of answers.
    """
    found = edition(DIVIDEND_TDS, on=request.starts_on)
    with localcontext() as numbers:
        numbers.prec = _DIGITS
        run = _run(request, found.rules)
        still = _run(request.model_copy(update=dict.fromkeys(_GROWTH, _ZERO)), found.rules)
        cost = request.shares * request.current_price
        flows = [*run.flows[:-1], run.flows[-1] + run.value + run.cash]
        rate = irr(flows)
        return DividendProjection(
            schedule=tuple(run.years),
            total_dividend_net=money(run.net, INR),
            terminal_value=money(run.value, INR),
            yield_on_cost_percent=rounded(run.last_net / cost * 100, 2),
            yield_on_capital_percent=rounded(run.last_net / (cost + run.reinvested) * 100, 2),
            irr_percent=None
            if rate is None
            else rounded(effective_annual_rate(rate, request.payments_per_year) * 100, 2),
            terminal_value_without_growth=money(still.value, INR),
            total_dividend_net_without_growth=money(still.net, INR),
            grounds=_grounds(request, run, found),
        )


_GROWTH = ("dividend_growth_annual", "price_appreciation_annual")


def _run(request: DividendRequest, rules: DividendTdsRules) -> _Run:
    run = _Run(shares=request.shares, flows=[-request.shares * request.current_price])
    for year in range(1, request.horizon_years + 1):
        _year(run, request, rules, year)
    return run


def _year(run: _Run, request: DividendRequest, rules: DividendTdsRules, year: int) -> None:
    dividend = request.dividend_per_share * growth(request.dividend_growth_annual, year - 1)
    rate, gross, net = request.tax_rate_percent / 100, _ZERO, _ZERO
    for payment in range(1, request.payments_per_year + 1):
        received = run.shares * dividend / request.payments_per_year
        kept = received * (1 - rate)
        gross, net = gross + received, net + kept
        if request.reinvest_dividends:
            _reinvest(run, kept, _price(request, year - 1, payment), whole=request.whole_shares)
        run.flows.append(_ZERO if request.reinvest_dividends else kept)
    price = _price(request, year - 1, request.payments_per_year)
    run.value, run.net, run.last_net = run.shares * price, run.net + net, net
    tax = gross - net
    deducted = gross * rules.rate if gross > rules.threshold else _ZERO
    run.years.append(
        DividendYear(
            year=year,
            shares=rounded(run.shares, 4),
            dividend_per_share=rounded(dividend, 4),
            dividend_gross=money(gross, INR),
            tax=money(tax, INR),
            deducted_at_source=money(deducted, INR),
            dividend_net=money(net, INR),
            price=rounded(price, 4),
            holding_value=money(run.value, INR),
            cash=money(run.cash, INR),
        )
    )


def _price(request: DividendRequest, years: int, payment: int) -> Decimal:
    """Return the price after whole years and a number of payments in the next year."""
    factor = _ONE + request.price_appreciation_annual
    part = Decimal(payment) / request.payments_per_year
    return (
        request.current_price
        * growth(request.price_appreciation_annual, years)
        * (factor if part == 1 else factor**part)
    )


def _reinvest(run: _Run, amount: Decimal, price: Decimal, *, whole: bool) -> None:
    run.cash += amount
    bought = run.cash / price
    if whole:
        bought = bought.to_integral_value(ROUND_FLOOR)
    run.shares += bought
    spent = bought * price if whole else run.cash
    run.cash -= spent
    run.reinvested += spent


def _grounds(request: DividendRequest, run: _Run, found: Edition[DividendTdsRules]) -> Grounds:
    cost = request.shares * request.current_price
    first, last = run.years[0], run.years[-1]
    text = (
        f"{money(cost, INR)} yields {first.dividend_net} after tax in the first year and {last.dividend_net} in year "
        f"{last.year}, {percent(run.last_net / cost)} of the cost of the first shares."
    )
    reasons = [Reason(code="investing.dividends", text=text)]
    if first.deducted_at_source.minor:
        text = f"The company withholds {first.deducted_at_source} in year 1, a credit against the tax of {first.tax}."
        reasons.append(Reason(code="investing.deducted_at_source", text=text))
    given = tuple(Evidence(name=name, value=str(getattr(request, name))) for name in type(request).model_fields)
    return Grounds(
        reasons=tuple(reasons),
        inputs=given,
        editions=(found.said,),
        uncertainty="Constant growth is an assumption, since dividends can be cut and prices can fall; the result "
        "without growth is also shown. Tax on gains, charges and the limit on interest set-off are not "
        "considered.",
        caveats=(
            *unverified((found.said,)),
            f"{found.said.id} is applied to every year; tax beyond the deduction is assumed to be paid from the "
            "dividend.",
        ),
    )


@agent(
    id="dividend_planner",
    capabilities=("investing.plan_dividends",),
    risk=Risk.LOW,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("dividend_tds_in",),
    libraries={"pyxirr": "genie-bus[catalogue]"},
)
async def dividend_planner(request: DividendRequest) -> DividendProjection:
    """Projects the dividends of a holding year by year, with tax, reinvestment, yield on cost and rate of return."""
    return project(request)
