"""Working-capital forecaster: future cash, the largest need, and the part that a bank may finance."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.money import paise, rupees
from genie_finance.contracts.numbers import ZERO
from genie_finance.contracts.sme import WorkingCapitalForecast, WorkingCapitalRequest
from genie_finance.domain.rulebook import edition
from genie_finance.domain.time_value import growth
from genie_finance.lending.cash_ahead import Ahead, ahead, drawing_power
from genie_finance.lending.tables import SME_POLICY, TURNOVER_METHOD, TurnoverRules

ID = "working_capital_forecaster"
_LONG_CYCLE = 90
"""Days; the turnover method assumes a cycle of about three months."""
_SHORT_RUNWAY = 6


def forecast(request: WorkingCapitalRequest) -> WorkingCapitalForecast:
    """Return cash by month, the peak need, and the bank finance by turnover and by security.

    Cash conversion cycle = DSO + DIO - DPO, in days.

    Raises:
        InputError: No edition of the rules covers the day.
    """
    policy, turnover = edition(SME_POLICY, on=request.as_of), edition(TURNOVER_METHOD, on=request.as_of)
    shock = policy.rules.collection_shock_days
    found, later = ahead(request), ahead(request, later_days=shock)
    year = projected_turnover(request)
    applies = year * turnover.rules.bank_finance <= turnover.rules.most_limit
    power = drawing_power(
        request.opening_inventory.amount, request.opening_payables.amount, request.opening_receivables.amount,
        policy.rules,
    )  # fmt: skip
    cycle = request.dso_days + request.dio_days - request.dpo_days
    editions = (policy.said, turnover.said)
    return WorkingCapitalForecast(
        cash_conversion_cycle_days=cycle,
        forecast=found.months,
        runway_months=found.runway,
        peak_funding_need=paise(found.need),
        peak_month=found.month,
        stressed_funding_need=paise(later.need),
        turnover_limit=rupees(turnover_limit(year, turnover.rules)),
        turnover_margin=rupees(year * turnover.rules.margin),
        turnover_method_applies=applies,
        drawing_power=rupees(power),
        grounds=_grounds(request, found, later, cycle, editions),
    )


def projected_turnover(request: WorkingCapitalRequest) -> Decimal:
    """Return the turnover of the next twelve months, in rupees."""
    rate = request.monthly_growth_percent / 100
    return request.monthly_revenue.amount * sum((growth(rate, month) for month in range(12)), ZERO)


def turnover_limit(year: Decimal, rules: TurnoverRules) -> Decimal:
    """Return the bank finance by the turnover method, at most the largest limit of the method."""
    return min(year * rules.bank_finance, rules.most_limit)


def _reasons(request: WorkingCapitalRequest, found: Ahead, later: Ahead, cycle: int) -> Iterator[Reason]:
    if found.month is not None:
        text = f"Cash falls to {paise(found.need)} below 0 at its lowest, in month {found.month}."
        yield Reason(code="lending.funding_need", text=text)
    if found.runway is not None and found.runway < _SHORT_RUNWAY:
        yield Reason(code="lending.short_runway", text=f"Cash lasts {found.runway} whole months.")
    if cycle > _LONG_CYCLE:
        text = f"{cycle} days pass between paying suppliers and being paid, more than {_LONG_CYCLE}."
        yield Reason(code="lending.long_cycle", text=text)
    if later.need > found.need:
        text = f"If customers pay later by the policy's delay, {paise(later.need - found.need)} more is needed."
        yield Reason(code="lending.late_customers", text=text)
    if found.month is None and later.month is None:
        text = f"Cash stays at 0 or above through all {request.horizon_months} months."
        yield Reason(code="lending.no_need", text=text)


def _grounds(
    request: WorkingCapitalRequest, found: Ahead, later: Ahead, cycle: int, editions: tuple[RuleEdition, ...]
) -> Grounds:
    return Grounds(
        reasons=tuple(_reasons(request, found, later, cycle)) or (
            Reason(code="lending.cycle", text=f"The cash conversion cycle is {cycle} days."),
        ),
        inputs=tuple(
            Evidence(name=name, value=str(getattr(request, name))) for name in type(request).model_fields
        ),
        editions=editions,
        uncertainty="Assumes even growth without seasons, months of thirty days with evenly distributed sales and "
                    "purchases, and punctual payments. Tax, investment and new loans are not considered.",
        caveats=caveats_of(editions),
    )  # fmt: skip


@agent(
    id=ID,
    capabilities=("lending.forecast_working_capital",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("sme_policy", "working_capital_in"),
)
async def working_capital_forecaster(request: WorkingCapitalRequest) -> WorkingCapitalForecast:
    """Forecasts a business's cash by month, its largest need, and the part that a bank may finance."""
    return forecast(request)
