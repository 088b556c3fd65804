"""Debt optimizer: the order of repaying debts, with time, cost and alternatives."""

from __future__ import annotations

from collections.abc import Iterator

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.lending import Debt, DebtPayoffPlan, DebtPayoffRequest, Payoff, PayoffMonth, PayoffResult
from genie_finance.contracts.money import paise
from genie_finance.domain.time_value import amortise, monthly_rate, rounded_minor
from genie_finance.lending.payoff import MOST_MONTHS, Course, course, interest_of_a_month, ranked

ID = "debt_optimizer"


def optimise(request: DebtPayoffRequest) -> DebtPayoffPlan:
    """Return the chosen strategy month by month, with alternatives at the same budget."""
    debts, extra = request.debts, request.extra_per_month.minor
    budget = sum(debt.minimum_payment.minor for debt in debts) + extra
    courses = {
        "avalanche": course(debts, ranked(debts, snowball=False), extra),
        "snowball": course(debts, ranked(debts, snowball=True), extra),
    }
    chosen = courses[request.strategy]
    results = (
        *(_result(name, courses[name]) for name in ("avalanche", "snowball")),
        _result("minimums_only", course(debts, ranked(debts, snowball=False), 0, rolls=False)),
        *_consolidation(request, budget),
    )
    return DebtPayoffPlan(
        strategy=request.strategy,
        feasible=chosen.feasible,
        monthly_budget=paise(budget),
        months=len(chosen.months) if chosen.feasible else None,
        total_interest=paise(chosen.interest) if chosen.feasible else None,
        order=tuple(
            Payoff(
                name=debts[end.position].name, position=end.position + 1, month=end.month, interest=paise(end.interest)
            )
            for end in chosen.ended
        ),
        schedule=tuple(
            PayoffMonth(
                month=month.number,
                interest=paise(month.interest),
                payment=paise(month.payment),
                balance=paise(month.balance),
            )
            for month in chosen.months
        ),
        alternatives=results,
        least_budget=None if chosen.feasible else paise(interest_of_a_month(debts)),
        grounds=_grounds(request, results, chosen),
    )


def _result(name: str, found: Course) -> PayoffResult:
    return PayoffResult.model_validate(
        {
            "strategy": name,
            "feasible": found.feasible,
            "months": len(found.months) if found.feasible else None,
            "total_interest": paise(found.interest) if found.feasible else None,
        }
    )


def _consolidation(request: DebtPayoffRequest, budget: int) -> Iterator[PayoffResult]:
    """Yield the cost of one loan that replaces all debts, if the same budget repays it."""
    offer = request.consolidation
    if offer is None:
        return
    principal = sum(debt.balance.minor for debt in request.debts) + offer.fees.minor
    rate = monthly_rate(offer.annual_rate_percent)
    if budget <= rounded_minor(principal * rate):
        yield PayoffResult(strategy="consolidation", feasible=False, months=None, total_interest=None)
        return
    months, interest = 0, 0
    for row in amortise(principal, rate, budget):
        months, interest = row.period, interest + row.interest
        if months == MOST_MONTHS:
            yield PayoffResult(strategy="consolidation", feasible=False, months=None, total_interest=None)
            return
    yield PayoffResult(
        strategy="consolidation", feasible=True, months=months, total_interest=paise(interest + offer.fees.minor)
    )


def _grows(debt: Debt) -> bool:
    return debt.minimum_payment.minor <= rounded_minor(debt.balance.minor * monthly_rate(debt.annual_rate_percent))


def _grounds(request: DebtPayoffRequest, results: tuple[PayoffResult, ...], chosen: Course) -> Grounds:
    reasons = []
    if not chosen.feasible:
        interest = paise(interest_of_a_month(request.debts))
        text = f"At this budget the debts are never repaid: a month's interest is {interest}."
        reasons.append(Reason(code="lending.never_repaid", text=text))
    avalanche, snowball = results[0], results[1]
    if avalanche.total_interest is not None and snowball.total_interest is not None:
        less = snowball.total_interest - avalanche.total_interest
        text = (
            f"Paying the highest rate first saves {less} of interest compared with paying the smallest balance first."
        )
        reasons.append(Reason(code="lending.avalanche_saves", text=text))
    reasons += [
        Reason(
            code="lending.minimum_too_small",
            text=f"{debt.name}: its minimum of {debt.minimum_payment} does not exceed its interest, so with it alone "
            "the debt grows.",
        )
        for debt in request.debts
        if _grows(debt)
    ]
    given = (
        *(
            Evidence(
                name=f"debts.{at}.{debt.name}",
                value=f"{debt.balance} at {debt.annual_rate_percent} %, minimum {debt.minimum_payment}",
            )
            for at, debt in enumerate(request.debts, start=1)
        ),
        Evidence(name="extra_per_month", value=str(request.extra_per_month)),
        Evidence(name="strategy", value=request.strategy),
    )
    return Grounds(
        reasons=tuple(reasons), inputs=given, editions=(),
        uncertainty="Assumes constant rates and minimums, no new borrowing and monthly interest. Prepayment charges "
                    "and temporary low rates are not considered.",
    )  # fmt: skip


@agent(
    id=ID,
    capabilities=("lending.plan_payoff",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    executor="thread",  # fifty debts over decades take most of a second
    concurrency=2,
)
def debt_optimizer(request: DebtPayoffRequest) -> DebtPayoffPlan:
    """Plans how to pay debts off: avalanche or snowball with roll-over, month by month, and the alternatives."""
    return optimise(request)
