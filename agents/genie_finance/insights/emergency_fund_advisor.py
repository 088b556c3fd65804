"""Emergency fund advisor: how many months of expenses to keep, the gap, and the time to close it by saving."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from statistics import fmean, pstdev
from typing import NamedTuple

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.household import EmergencyFundPlan, EmergencyFundRequest
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import INR, Money
from genie_finance.domain import categories
from genie_finance.domain.categories import Necessity
from genie_finance.domain.months import complete_months, month_of
from genie_finance.domain.spread import median_minor
from genie_finance.insights.ledger import Entry, entries
from genie_finance.insights.movements import transactions

ID = "emergency_fund_advisor"
FEWEST_MONTHS = 3
WITH_DEPENDENTS, VARIABLE, STABLE = 9, 6, 3
"""Months of expenses to keep, by financial planners' convention."""
VARIABLE_FROM = 0.25
"""Standard deviation of the months' income over its mean, above which an income counts as variable."""
_MOST_MONTHS = 1_200
_KNOWN_SHARE = 2
"""Minimum share of categorised expenses for estimating the essential ones."""


class _Months(NamedTuple):
    names: tuple[str, ...]
    whole: bool
    """True if they are known to be fully covered."""
    expense: tuple[int, ...]
    income: tuple[int, ...]
    essential: tuple[int, ...] | None


def advise(request: EmergencyFundRequest) -> EmergencyFundPlan | InsufficientData:
    """Return the fund's target, the gap and the months to it.

    The target is a number of months, nine with dependants, six with a variable income, else three, times the median
    monthly expense. Reserves and savings grow by a twelfth of the yearly yield a month.
    """
    months = _months(entries(transactions(request.transactions)))
    if len(months.names) < FEWEST_MONTHS or median_minor(months.expense) <= 0:
        spent = sum(1 for amount in months.expense if amount > 0)
        lack = Lack(what="transactions", needed=f"{FEWEST_MONTHS} months with expenses", given=f"{spent} months")
        return InsufficientData(agent=ID, question="emergency fund", missing=(lack,))
    if request.income_profile is None and sum(amount > 0 for amount in months.income) < FEWEST_MONTHS:
        lack = Lack(what="income_profile", needed="stable or variable, since fewer than 3 months show income")
        return InsufficientData(agent=ID, question="emergency fund", missing=(lack,))
    varies = _varies(months.income)
    profile = request.income_profile or ("variable" if varies >= VARIABLE_FROM else "stable")
    coverage = WITH_DEPENDENTS if request.has_dependents else VARIABLE if profile == "variable" else STABLE
    expense, income = median_minor(months.expense), median_minor(months.income)
    target, reserves = expense * coverage, request.liquid_reserves.minor
    saving = _saving(request, income, expense)
    return EmergencyFundPlan(
        months_of_history=len(months.names),
        median_monthly_expense=_money(expense),
        essential_monthly_expense=None if months.essential is None else _money(median_minor(months.essential)),
        median_monthly_income=_money(income),
        coverage_months=coverage,
        target=_money(target),
        gap=_money(max(0, target - reserves)),
        covered_months=str((Decimal(reserves) / max(expense, 1)).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)),
        suggested_monthly_saving=None if saving is None else _money(saving),
        months_to_target=months_to(target, reserves, saving, request.yield_percent),
        grounds=_grounds(request, months, profile, varies, saving),
    )


def months_to(target: int, reserves: int, saving: int | None, yield_percent: Decimal) -> int | None:
    """Return the number of whole months until reserves and monthly savings reach a target.

    With a yield it is the least n with ``R (1+r)^n + s ((1+r)^n - 1) / r >= T``; without, ``ceil((T - R) / s)``. None
    if that takes more than a hundred years.
    """
    if reserves >= target:
        return 0
    saved = saving or 0
    if not yield_percent:
        needed = -(-(target - reserves) // saved) if saved else None
        return needed if needed is not None and needed <= _MOST_MONTHS else None
    with localcontext(prec=40):
        rate, fund = yield_percent / 1200, Decimal(reserves)
        for month in range(1, _MOST_MONTHS + 1):
            fund += fund * rate + saved
            if fund >= target:
                return month
    return None


def _money(minor: int) -> Money:
    return Money(minor=minor, currency=INR)


def _months(counted: Sequence[Entry]) -> _Months:
    expense: Counter[str] = Counter()
    income: Counter[str] = Counter()
    essential: Counter[str] = Counter()
    known = 0
    for entry in counted:
        if not entry.spending:
            income[entry.month] += entry.transaction.amount.minor
            continue
        expense[entry.month] += entry.spent
        about = categories.info(entry.category)
        known += entry.spent if about.category != categories.Category.UNCATEGORISED else 0
        if about.necessity is not Necessity.FREE:
            essential[entry.month] += entry.spent
    booked = {month_of(entry.transaction.date) for entry in counted}
    days = [entry.transaction.date for entry in counted]
    whole = sorted(complete_months(min(days), max(days), booked)) if days else []
    used = whole if len(whole) >= FEWEST_MONTHS else sorted(booked)
    return _Months(
        names=tuple(used),
        whole=used is whole,
        expense=_of(expense, used),
        income=_of(income, used),
        essential=_of(essential, used) if known * _KNOWN_SHARE >= expense.total() > 0 else None,
    )


def _of(amounts: Counter[str], months: Iterable[str]) -> tuple[int, ...]:
    return tuple(amounts[month] for month in months)


def _varies(income: Sequence[int]) -> float:
    mean = fmean(income)
    return pstdev(income) / mean if mean > 0 else 0.0


def _saving(request: EmergencyFundRequest, income: int, expense: int) -> int | None:
    if request.monthly_saving is not None:
        return request.monthly_saving.minor
    half = (income - expense) // 2
    return half if half > 0 else None


def _grounds(
    request: EmergencyFundRequest, months: _Months, profile: str, varies: float, saving: int | None
) -> Grounds:
    why = "dependants" if request.has_dependents else f"a {profile} income"
    reasons = [Reason(code="fund.coverage", text=f"{len(months.names)} months of history; coverage for {why}.")]
    if request.income_profile is None and not request.has_dependents:
        text = f"Monthly income varies by {varies:.0%} of its mean; from {VARIABLE_FROM:.0%} on it counts as variable."
        reasons.append(Reason(code="fund.income", text=text))
    if saving is None:
        reasons.append(Reason(code="fund.no_surplus", text="The months leave no surplus, so no saving is suggested."))
    elif request.monthly_saving is None:
        reasons.append(Reason(code="fund.saving", text="The saving is half of the median surplus."))
    caveats = ["Months of coverage are a convention; insurance, notice periods and other assets are not considered."]
    if not months.whole:
        caveats.append("Fewer than three months are fully covered, so partial months count as full ones.")
    inputs = (
        Evidence(name="liquid_reserves", value=str(request.liquid_reserves)),
        Evidence(name="has_dependents", value=str(request.has_dependents).lower()),
        Evidence(name="income_profile", value=request.income_profile or "not given"),
        Evidence(name="months", value=f"{months.names[0]} to {months.names[-1]}"),
    )
    return Grounds(
        reasons=tuple(reasons),
        inputs=inputs,
        editions=(),
        uncertainty="Accurate if the months are typical: one expensive month hardly changes a median, and a new rent "
        "changes it late.",
        caveats=tuple(caveats),
    )


@agent(
    id=ID,
    capabilities=("emergency_fund.advise",),
    risk=Risk.LOW,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
)
async def emergency_fund_advisor(request: EmergencyFundRequest) -> EmergencyFundPlan | InsufficientData:
    """Recommends the size of an emergency fund, names the missing data, and states when a saving rate reaches it."""
    return advise(request)
