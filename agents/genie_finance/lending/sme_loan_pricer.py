"""Business-loan pricer: amount, price and cost of a loan in principle, or the reasons against one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.errors import InputError
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.lending import Check
from genie_finance.contracts.money import paise, rupees
from genie_finance.contracts.numbers import ZERO, rounded, shown
from genie_finance.contracts.sme import LIMIT_NAMES, AmountLimit, SmeLoanOffer, SmeOfferRequest
from genie_finance.domain.rulebook import edition
from genie_finance.lending.guarantee import fee_percent, obstacles, uncovered
from genie_finance.lending.scorecard import HIGHEST, LOWEST
from genie_finance.lending.tables import GUARANTEE, SME_POLICY, TURNOVER_METHOD, GuaranteeRules, SmePolicyRules
from genie_finance.lending.terms import (
    Bound,
    apr_percent,
    cash_before_service,
    emi,
    offered,
    rate_percent,
    sales_bounds,
    service_bound,
)

ID = "sme_loan_pricer"


class _Terms(NamedTuple):
    amount: Decimal
    percent: Decimal
    emi: int
    fund: GuaranteeRules | None
    """None if the loan is not guaranteed."""


def price(request: SmeOfferRequest) -> SmeLoanOffer | InsufficientData:
    """Return the terms of a loan in principle, or a decline with its reasons.

    Raises:
        InputError: No edition of the rules covers the day, or the score is invalid.
    """
    application, score = request.application, request.score
    _check_score(score.score)
    if application.facility == "working_capital" and request.working_capital is None:
        lack = Lack(what="working_capital", needed="a forecast of the business's working capital")
        return InsufficientData(agent=ID, question="terms of a working-capital limit", missing=(lack,))
    if score.applicant_id != application.borrower_id:
        lack = Lack(what="score", needed=f"of {application.borrower_id}", given=f"of {score.applicant_id}")
        return InsufficientData(agent=ID, question="terms of a loan", missing=(lack,))
    day = application.as_of
    policy, turnover = edition(SME_POLICY, on=day), edition(TURNOVER_METHOD, on=day)
    fund = edition(GUARANTEE, on=day)
    bounds = sales_bounds(request, policy.rules, turnover.rules)
    # Debt service is computed at the price without the discount, so that a guarantee never makes the loan larger.
    bounds.append(service_bound(request, rate_percent(score, policy.rules, guaranteed=False), policy.rules))
    amount = offered(bounds)
    hindered = tuple(obstacles(application, amount, fund.rules)) if amount else ("nothing can be offered",)
    percent = rounded(rate_percent(score, policy.rules, guaranteed=not hindered), 2)
    monthly = emi(amount, percent, application) if amount else 0
    terms = _Terms(amount, percent, monthly, None if hindered else fund.rules)
    checks = tuple(_checks(request, terms, policy.rules))
    editions = (policy.said, fund.said, *((turnover.said,) if application.facility == "working_capital" else ()))
    grounds = _grounds(request, (checks, bounds, hindered), editions)
    if all(check.passed for check in checks):
        return _offer(request, terms, policy.rules, checks, bounds, grounds)
    return SmeLoanOffer(
        borrower_id=application.borrower_id, recommendation="decline", amount=rupees(ZERO),
        tenor_months=application.requested_tenor_months, annual_rate_percent=None, emi=rupees(ZERO), dscr=None,
        guarantee_eligible=not hindered, guarantee_fee_first_year=rupees(ZERO), apr_percent=None,
        processing_fee=rupees(ZERO), checks=checks, limits=_limits(bounds), grounds=grounds,
    )  # fmt: skip


def _check_score(text: str) -> None:
    try:
        within = LOWEST <= Decimal(text) <= HIGHEST
    except InvalidOperation:
        within = False
    if not within:
        raise InputError("score.score", f"is not a score from {LOWEST} to {HIGHEST}", "take the underwriter's")


def _offer(
    request: SmeOfferRequest, terms: _Terms, policy: SmePolicyRules, checks: tuple[Check, ...], bounds: list[Bound],
    grounds: Grounds,
) -> SmeLoanOffer:  # fmt: skip
    application = request.application
    open_part = uncovered(application, terms.amount)
    fee = open_part * fee_percent(open_part, terms.fund) / 100 if terms.fund is not None else ZERO
    apr = apr_percent(terms.amount, terms.percent, application, policy, terms.fund)
    dscr = _dscr(request, terms.emi)
    return SmeLoanOffer(
        borrower_id=application.borrower_id,
        recommendation="in_principle",
        amount=rupees(terms.amount),
        tenor_months=application.requested_tenor_months,
        annual_rate_percent=shown(terms.percent),
        emi=paise(terms.emi),
        dscr=None if dscr is None else shown(dscr),
        guarantee_eligible=terms.fund is not None,
        guarantee_fee_first_year=rupees(fee),
        apr_percent=None if apr is None else shown(apr),
        processing_fee=rupees(terms.amount * policy.processing_fee),
        checks=checks,
        limits=_limits(bounds),
        grounds=grounds,
    )


def _dscr(request: SmeOfferRequest, monthly: int) -> Decimal | None:
    """Return the debt service coverage ratio, None if no debt service is due."""
    due = request.score.monthly_obligations.amount + paise(monthly).amount
    return cash_before_service(request.score) / due if due else None


def _limits(bounds: list[Bound]) -> tuple[AmountLimit, ...]:
    tight_first = sorted(bounds, key=lambda bound: bound.most)
    return tuple(AmountLimit.model_validate({"name": one.name, "most": rupees(one.most)}) for one in tight_first)


def _checks(request: SmeOfferRequest, terms: _Terms, policy: SmePolicyRules) -> Iterator[Check]:
    application, score = request.application, request.score

    def check(name: str, value: str, limit: str, *, passed: bool) -> Check:
        return Check(name=name, passed=passed, value=value, limit=limit, basis="policy")

    yield check(
        "score", score.score, f"at least {policy.least_score}", passed=Decimal(score.score) >= policy.least_score
    )
    yield check(
        "gst_filing", "regular" if application.gst_filing_regular else "not regular", "every return filed in time",
        passed=application.gst_filing_regular,
    )  # fmt: skip
    banked = score.monthly_inflow.amount * 12 / application.annual_turnover.amount
    yield check(
        "banked_turnover", f"{shown(banked * 100)} %", f"at least {policy.least_banked_share:.0%} of the declared "
                                                       "turnover",
        passed=banked >= policy.least_banked_share,
    )  # fmt: skip
    dscr = _dscr(request, terms.emi)
    yield check(
        "debt_service", "no surplus for it" if dscr is None or not terms.amount else f"{shown(dscr)} times",
        f"at least {policy.least_dscr} times", passed=bool(terms.amount) and dscr is not None,
    )  # fmt: skip


def _grounds(
    request: SmeOfferRequest,
    found: tuple[tuple[Check, ...], list[Bound], tuple[str, ...]],
    editions: tuple[RuleEdition, ...],
) -> Grounds:
    checks, bounds, hindered = found
    tightest = min(bounds, key=lambda bound: bound.most)
    reasons = [
        Reason(code=f"lending.{one.name}_failed", text=f"{one.name}: {one.value}; required: {one.limit}.")
        for one in checks
        if not one.passed
    ]
    reasons.append(
        Reason(
            code="lending.amount", text=f"The lowest limit is {rupees(tightest.most)}: {LIMIT_NAMES[tightest.name]}."
        )
    )
    text = f"Not guaranteed by the fund: {'; '.join(hindered)}." if hindered else "The fund may guarantee it."
    reasons.append(Reason(code="lending.no_guarantee" if hindered else "lending.guarantee", text=text))
    application, score = request.application, request.score
    given = tuple(Evidence(name=name, value=str(getattr(application, name))) for name in type(application).model_fields)
    return Grounds(
        reasons=tuple(reasons),
        inputs=(
            *given,
            Evidence(name="score", value=f"{score.score} ({score.grade}) on {score.months} months"),
            Evidence(name="monthly_inflow", value=str(score.monthly_inflow)),
            Evidence(name="monthly_outflow", value=str(score.monthly_outflow)),
            Evidence(name="monthly_obligations", value=str(score.monthly_obligations)),
        ),
        editions=editions,
        uncertainty="In principle, on declared figures and statements: returns, registration, credit bureau, title and "
        "use of the money must still be verified. The past cash flow is assumed for the tenor. "
        "Money in the accounts contains goods and services tax, declared turnover does not.",
        caveats=caveats_of(editions),
    )


@agent(
    id=ID,
    capabilities=("lending.price_business_loan",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("cgtmse_in", "sme_policy", "working_capital_in"),
    libraries={"pyxirr": "genie-bus[catalogue]"},
)
async def sme_loan_pricer(request: SmeOfferRequest) -> SmeLoanOffer | InsufficientData:
    """Prices a business loan by score, turnover, debt service and guarantee, or states the reasons against one."""
    return price(request)
