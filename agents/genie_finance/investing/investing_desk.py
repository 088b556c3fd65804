"""Investing desk: plans a goal with the agents of the family, on one page with the missing data."""

from __future__ import annotations

from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.investing import (
    AssetAllocationPlan,
    AssetAllocationRequest,
    GoalPlan,
    GoalRequest,
    InvestingCase,
    InvestingPlan,
    InvestingQuestion,
    SipLumpsumRequest,
    SipLumpsumResult,
)
from genie_finance.contracts.numbers import percent, rounded
from genie_finance.domain.asking import Desk
from genie_finance.domain.monte_carlo import MONTHS
from genie_finance.investing.blend import Blend, blend, lacking

DESK = Desk(
    id="investing_desk",
    asks={
        AssetAllocationRequest: (AssetAllocationPlan,),
        GoalRequest: (GoalPlan,),
        SipLumpsumRequest: (SipLumpsumResult,),
    },
    within_s=20.0,
)


@agent(
    id=DESK.id,
    capabilities=("investing.plan",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=DESK.asks,
)
async def investing_desk(question: InvestingQuestion, context: Context) -> InvestingPlan:
    """Plans investing for a goal: allocation, probability of reaching it, savings, and how to invest available money.

    Raises:
        InputError: The correlations contradict each other.
    """
    case = question.case
    asking = DESK.open(context)
    allocation = await asking.ask(allocating(case), AssetAllocationPlan)
    mixed, plan, lump = None, None, None
    if allocation is None:
        asking.lost(GoalPlan, "not asked: the allocation is missing")
    else:
        weights = {one.asset: one.target for one in allocation.assets}
        lacks = lacking(case, weights)
        if lacks:
            asking.lacks(DESK.lacking("return of the allocation", *lacks))
            asking.lost(GoalPlan, "not asked: assumptions are missing")
        else:
            mixed = blend(weights, case.assumptions, case.correlations)
            plan = await asking.ask(planning(case, mixed), GoalPlan)
            if case.investor.lump_sum.minor:
                lump = await asking.ask(comparing(case, mixed), SipLumpsumResult)
    return InvestingPlan(
        headline=_headline(case, plan, lump),
        goal=case.goal.name,
        allocation=allocation,
        expected_annual_return=None if mixed is None else rounded(mixed.expected, 6),
        annual_volatility=None if mixed is None else rounded(mixed.volatility, 6),
        plan=plan,
        lump_sum=lump,
        insufficient=asking.insufficient,
        missing=asking.missing,
        caveats=(
            f"Expected returns, volatilities and correlations are assumptions: {case.source}",
            "The allocation is constant; with a shorter horizon, a new plan will contain less equity.",
        ),
    )


def allocating(case: InvestingCase) -> AssetAllocationRequest:
    """Return the question for the allocation; a horizon counts in whole years, rounded down."""
    investor = case.investor
    return AssetAllocationRequest(
        as_of=case.as_of,
        age=investor.age,
        horizon_years=case.goal.horizon_months // MONTHS,
        risk_tolerance=investor.risk_tolerance,
        current=investor.current,
        new_money=investor.lump_sum if investor.lump_sum.minor else None,
    )


def planning(case: InvestingCase, mixed: Blend) -> GoalRequest:
    """Return the question for the goal; available money counts as invested."""
    investor, goal, held = case.investor, case.goal, case.investor.current
    return GoalRequest(
        current_corpus=held.equity + held.debt + held.gold + held.cash + investor.lump_sum,
        monthly_contribution=investor.monthly_contribution,
        target_corpus=goal.target_corpus,
        horizon_months=goal.horizon_months,
        expected_annual_return=rounded(mixed.expected, 6),
        annual_volatility=rounded(mixed.volatility, 6),
        compounding=case.assumptions[0].compounding,
        annual_inflation=goal.annual_inflation,
        contribution_growth_annual=goal.contribution_growth_annual,
        wanted_probability=goal.wanted_probability,
        paths=case.paths,
        seed=case.seed,
    )


def comparing(case: InvestingCase, mixed: Blend) -> SipLumpsumRequest:
    """Return the question of lump sum or twelve instalments; uninvested cash earns the assumed return of cash."""
    cash = [one.expected_annual_return for one in case.assumptions if one.asset == "cash"]
    return SipLumpsumRequest(
        amount=case.investor.lump_sum,
        horizon_months=case.goal.horizon_months,
        expected_annual_return=rounded(mixed.expected, 6),
        annual_volatility=rounded(mixed.volatility, 6),
        compounding=case.assumptions[0].compounding,
        waiting_cash_annual_return=max(cash[0], Decimal(0)) if cash else Decimal(0),
        paths=case.paths,
        seed=case.seed,
    )


def _headline(case: InvestingCase, plan: GoalPlan | None, lump: SipLumpsumResult | None) -> str:
    if plan is None:
        return f"{case.goal.name}: its probability of success is unknown; the missing data is listed below."
    said = (
        f"{case.goal.name}: {percent(plan.success_probability)} of simulated paths reach {plan.target_at_end} in "
        f"{case.goal.horizon_months} months. "
    )
    if plan.on_track:
        said += f"That is at least the required {percent(case.goal.wanted_probability)}."
    else:
        said += f"For {percent(case.goal.wanted_probability)} save {plan.required_monthly_for_wanted} a month,"
        said += f" {plan.shortfall_monthly} more than now."
    if lump is not None:
        advice = {"lumpsum": "at once", "sip": "in instalments", "toss_up": "either way"}[lump.recommendation]
        said += f" Invest the {case.investor.lump_sum} {advice}."
    return said
