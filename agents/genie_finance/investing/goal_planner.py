"""Goal planner: the probability that savings reach a target, and the contribution for a required probability."""

from __future__ import annotations

from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Grounds, Reason
from genie_finance.contracts.investing import GoalPlan, GoalRequest
from genie_finance.contracts.money import Money
from genie_finance.contracts.numbers import as_decimal, percent, rounded
from genie_finance.domain.monte_carlo import MONTHS, Paths, simulate, wilson
from genie_finance.domain.time_value import growth
from genie_finance.investing.amounts import money
from genie_finance.investing.simulation import UNCERTAINTY, half_minor, inputs, market, outcomes

_ZERO = Decimal(0)


def plan(request: GoalRequest) -> GoalPlan:
    """Return a goal's probability and the required contributions.

    Wealth at the end is linear in the contribution, so the contribution for one path is exact; the required one is
    their quantile, confirmed on the same paths.

    Raises:
        InputError: The final value of the corpus exceeds the limit of answers.
    """
    currency = request.target_corpus.currency
    shares = contributions(request)
    target = target_at_end(request)
    found = simulate(
        market(request), [float(one) for one in shares], paths=request.paths, seed=request.seed, timing=request.timing
    )
    wealth = float(request.current_corpus.amount) * found.of_corpus
    wealth = wealth + float(request.monthly_contribution.amount) * found.of_contributions
    reached = int((wealth >= float(target.amount) - half_minor(currency)).sum())
    success, wanted = rounded(reached / request.paths, 4), request.wanted_probability
    low, high = wilson(reached, request.paths)
    needed = needs(request, target, found, float(wanted))
    answer = GoalPlan(
        target_at_end=target,
        success_probability=success,
        success_interval=(rounded(low, 4), rounded(high, 4)),
        corpus=outcomes(wealth, currency),
        required_monthly=money(required(request, target, shares), currency),
        required_monthly_at_p50=money(needs(request, target, found, 0.5), currency, up=True),
        required_monthly_for_wanted=money(needed, currency, up=True),
        shortfall_monthly=money(max(needed - float(request.monthly_contribution.amount), 0.0), currency, up=True),
        on_track=Decimal(reached) / request.paths >= wanted,
        grounds=Grounds(
            reasons=(), inputs=inputs(request), editions=(), uncertainty=UNCERTAINTY, caveats=_caveats(request)
        ),
    )
    return answer.model_copy(
        update={"grounds": answer.grounds.model_copy(update={"reasons": _reasons(request, answer)})}
    )


def target_at_end(request: GoalRequest) -> Money:
    """Return the target in the money of the horizon's end."""
    years = Decimal(request.horizon_months) / MONTHS
    return money(request.target_corpus.amount * (1 + request.annual_inflation) ** years, request.target_corpus.currency)


def contributions(request: GoalRequest) -> tuple[Decimal, ...]:
    """Return each month's contribution as a multiple of the first."""
    step = request.contribution_growth_annual
    return tuple(growth(step, month // MONTHS) for month in range(request.horizon_months))


def required(request: GoalRequest, target: Money, shares: tuple[Decimal, ...]) -> Decimal:
    """Return the first contribution that reaches the target if every month has the expected return, at least 0.

    ``(T - C m^n) / sum(s_k m^(n-k))``: without step-up the payment of an annuity.
    """
    rate = monthly_rate(request)
    months = request.horizon_months
    later = 0 if request.timing == "start" else 1
    worth = sum((share * growth(rate, months - later - month) for month, share in enumerate(shares)), _ZERO)
    return max((target.amount - request.current_corpus.amount * growth(rate, months)) / worth, _ZERO)


def monthly_rate(request: GoalRequest) -> Decimal:
    """Return the expected return of a month."""
    if request.compounding == "monthly":
        return request.expected_annual_return / MONTHS
    return as_decimal(market(request).growth) - 1


def needs(request: GoalRequest, target: Money, found: Paths, probability: float) -> float:
    """Return the lowest contribution with which that share of the paths reaches the target, at least 0."""
    import numpy as np  # noqa: PLC0415 - heavy, and only simulations need it

    each = (float(target.amount) - float(request.current_corpus.amount) * found.of_corpus) / found.of_contributions
    return max(float(np.quantile(each, probability, method="inverted_cdf")), 0.0)


def _caveats(request: GoalRequest) -> tuple[str, ...]:
    if request.annual_inflation:
        return ()
    return ("No inflation was given: the target is assumed to be in money of the target date, not of today.",)


def _reasons(request: GoalRequest, answer: GoalPlan) -> tuple[Reason, ...]:
    wanted = percent(request.wanted_probability)
    code = "investing.on_track" if answer.on_track else "investing.off_track"
    low, high = answer.success_interval
    share = (
        f"{percent(answer.success_probability)} of {request.paths:,} paths reach {answer.target_at_end} (interval "
        f"{percent(low)} to {percent(high)}); {wanted} is required."
    )
    needed = (
        f"A first contribution of {answer.required_monthly_for_wanted} a month reaches it on {wanted} of the paths; "
        f"with the expected return in every month, {answer.required_monthly} is enough."
    )
    texts = [(code, share), ("investing.required", needed)]
    if answer.target_at_end != request.target_corpus:
        text = f"With inflation, {request.target_corpus} of today corresponds to {answer.target_at_end} then."
        texts.append(("investing.inflation", text))
    return tuple(Reason(code=one, text=text) for one, text in texts)


@agent(
    id="goal_planner",
    capabilities=("investing.plan_goal",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=2,
    executor="thread",
    libraries={"numpy": "genie-bus[catalogue]"},
)
def goal_planner(request: GoalRequest) -> GoalPlan:
    """Computes the probability that savings reach a target, and the contribution for a required probability."""
    return plan(request)
