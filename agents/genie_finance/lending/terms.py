"""Terms of a business loan: price by score, amount by turnover and debt service, cost with fees."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from genie_finance.contracts.numbers import ZERO
from genie_finance.contracts.sme import CashflowScore, SmeApplication, SmeOfferRequest
from genie_finance.domain.time_value import (
    amortise,
    annuity_present_value,
    instalment,
    irr,
    monthly_rate,
    rounded_minor,
)
from genie_finance.lending.guarantee import fee_percent, uncovered
from genie_finance.lending.scorecard import HIGHEST, LOWEST
from genie_finance.lending.tables import GuaranteeRules, SmePolicyRules, TurnoverRules

_STEP = Decimal(1000)
"""Amounts are offered in whole thousands, unless the requested amount is within the limits."""


class Bound(NamedTuple):
    """One limit of an amount, in rupees."""

    name: str
    most: Decimal


def rate_percent(score: CashflowScore, policy: SmePolicyRules, *, guaranteed: bool) -> Decimal:
    """Return the price: base plus spread (full at a score of 300, none at 900) minus discount."""
    quality = (Decimal(score.score) - LOWEST) / (HIGHEST - LOWEST)
    discount = policy.guarantee_discount_percent if guaranteed else ZERO
    return policy.base_rate_percent + policy.risk_spread_percent * (1 - quality) - discount


def seen_turnover(application: SmeApplication, score: CashflowScore) -> Decimal:
    """Return the yearly turnover that counts: the lower of the declared one and the credits."""
    return min(application.annual_turnover.amount, score.monthly_inflow.amount * 12)


def sales_bounds(request: SmeOfferRequest, policy: SmePolicyRules, turnover: TurnoverRules) -> list[Bound]:
    """Return the amount that the application and its turnover allow, without regard to debt service."""
    application = request.application
    bounds = [Bound("requested", application.requested_amount.amount)]
    if application.facility == "term_loan":
        bounds.append(Bound("turnover_share", seen_turnover(application, request.score) * policy.turnover_share))
    else:
        declared = min(application.projected_turnover.amount * turnover.bank_finance, turnover.most_limit)
        bounds.append(Bound("projected_turnover", declared))
        if request.working_capital is not None:
            bounds.append(Bound("turnover_method", request.working_capital.turnover_limit.amount))
    return bounds


def cash_before_service(score: CashflowScore) -> Decimal:
    """Return a month's surplus before instalments."""
    return score.monthly_inflow.amount - score.monthly_outflow.amount + score.monthly_obligations.amount


def service_bound(request: SmeOfferRequest, percent: Decimal, policy: SmePolicyRules) -> Bound:
    """Return the amount whose instalments, with existing ones, the cash flow covers by the policy's ratio."""
    free = cash_before_service(request.score) / policy.least_dscr - request.score.monthly_obligations.amount
    rate = monthly_rate(percent)
    if request.application.facility == "term_loan":
        factor = annuity_present_value(rate, request.application.requested_tenor_months)
    else:
        factor = 1 / rate if rate else Decimal(10) ** 6
    return Bound("debt_service", max(free, ZERO) * factor)


def offered(bounds: list[Bound]) -> Decimal:
    """Return the amount to offer: the lowest limit, in whole thousands unless it is the requested amount."""
    tightest = min(bounds, key=lambda bound: bound.most)
    if tightest.name == "requested":
        return tightest.most
    return (tightest.most / _STEP).to_integral_value(ROUND_FLOOR) * _STEP


def emi(amount: Decimal, percent: Decimal, application: SmeApplication) -> int:
    """Return paise a month: the level instalment of a term loan, or a month's interest at full use."""
    rate = monthly_rate(percent)
    exact = instalment(amount, rate, application.requested_tenor_months) if application.facility == "term_loan" else (
        amount * rate
    )  # fmt: skip
    return rounded_minor(exact * 100)


def apr_percent(
    amount: Decimal, percent: Decimal, application: SmeApplication, policy: SmePolicyRules, fund: GuaranteeRules | None
) -> Decimal | None:
    """Return the annual percentage rate of a term loan with processing and guarantee fees: 12 times the monthly IRR.

    The guarantee's fee is paid at the start of each year on the outstanding amount without collateral.
    """
    if application.facility != "term_loan" or not amount:
        return None
    months, principal = application.requested_tenor_months, rounded_minor(amount * 100)
    rows = list(amortise(principal, monthly_rate(percent), emi(amount, percent, application), periods=months))
    flows = [principal * (1 - policy.processing_fee), *(Decimal(-row.payment) for row in rows)]
    if fund is not None:
        share = uncovered(application, amount) / amount
        yearly = fee_percent(uncovered(application, amount), fund) / 100 * share
        for start in range(0, len(rows), 12):
            flows[start] -= rows[start].opening * yearly
    found = irr([-flow for flow in flows])
    return None if found is None else found * 1200
