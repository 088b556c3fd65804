"""Loan advisor: a loan's instalment, annual percentage rate and schedule, and whether policy allows it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.errors import InputError
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.lending import Check, LoanAdvice, LoanRequest, ScheduleRow
from genie_finance.contracts.money import Money, paise, rupees
from genie_finance.contracts.numbers import ZERO, shown
from genie_finance.domain.rulebook import edition
from genie_finance.domain.time_value import (
    Row,
    amortise,
    annuity_present_value,
    instalment,
    irr,
    monthly_rate,
    rounded_minor,
)
from genie_finance.lending.tables import HOUSING_LTV, LOAN_POLICY, HousingLtvRules, LoanPolicyRules

ID = "loan_advisor"


def advise(request: LoanRequest) -> LoanAdvice | InsufficientData:
    """Return a loan's cost and whether it is within policy.

    EMI = P r (1+r)^n / ((1+r)^n - 1), rounded half up to the paisa; monthly interest is rounded too, and the last
    instalment is the remainder. FOIR = (obligations + EMI) / net income.

    Raises:
        InputError: No edition of the rules covers the day, fees take the whole principal, or no instalment in whole
            paise repays the loan.
    """
    if lacking := tuple(_lacking(request)):
        return InsufficientData(agent=ID, question="whether the loan is within policy", missing=lacking)
    if request.fees is not None and request.fees.minor >= request.principal.minor:
        raise InputError(
            "fees", f"{request.fees} is not less than {request.principal}", "give the total of upfront payments"
        )
    policy = edition(LOAN_POLICY, on=request.as_of)
    housing = edition(HOUSING_LTV, on=request.as_of) if request.purpose == "home" else None
    emi = _emi(request, request.annual_rate_percent)
    rows = _rows(request, emi)
    stressed = _emi(request, request.annual_rate_percent + policy.rules.shock_percent)
    checks = tuple(_checks(request, (emi, stressed), policy.rules, None if housing is None else housing.rules))
    editions = (policy.said, *(() if housing is None else (housing.said,)))
    paid = sum(row.payment for row in rows)
    income = request.monthly_income.minor
    return LoanAdvice(
        emi=paise(emi),
        last_instalment=paise(rows[-1].payment),
        total_interest=paise(paid - request.principal.minor),
        total_payment=paise(paid),
        apr_percent=_apr(request, rows),
        foir_percent=shown(foir(request, emi) * 100),
        income_to_emi=shown(Decimal(income) / emi, 4),
        stressed_emi=paise(stressed),
        stressed_foir_percent=shown(foir(request, stressed) * 100),
        ltv_percent=None if housing is None else shown(_ltv(request) * 100),
        eligible=all(check.passed for check in checks),
        checks=checks,
        most_principal=_most_principal(request, policy.rules, None if housing is None else housing.rules),
        schedule=tuple(scheduled(row) for row in rows),
        grounds=_grounds(request, checks, editions),
    )


def _lacking(request: LoanRequest) -> Iterator[Lack]:
    if not request.monthly_income.minor:
        yield Lack(what="monthly_income", needed="a net income above 0", given="0")
    if request.purpose == "home" and request.property_value is None:
        yield Lack(what="property_value", needed="the home's value, without stamp duty and registration")


def _emi(request: LoanRequest, annual_percent: Decimal) -> int:
    exact = instalment(Decimal(request.principal.minor), monthly_rate(annual_percent), request.term_months)
    return max(rounded_minor(exact), 1)


def _rows(request: LoanRequest, emi: int) -> tuple[Row, ...]:
    rate = monthly_rate(request.annual_rate_percent)
    try:
        return tuple(amortise(request.principal.minor, rate, emi, periods=request.term_months))
    except ValueError:  # at a high rate over a long term, rounding leaves only the interest
        term = f"{request.annual_rate_percent} % over {request.term_months} months"
        raise InputError(
            "term_months", f"no instalment in whole paise repays it at {term}", "give a shorter term"
        ) from None


def foir(request: LoanRequest, emi: int) -> Decimal:
    """Return the share of income for fixed obligations including an instalment in paise."""
    return Decimal(request.existing_obligations.minor + emi) / request.monthly_income.minor


def _ltv(request: LoanRequest) -> Decimal:
    return request.principal.amount / request.property_value.amount if request.property_value else ZERO


def ltv_limit(principal: Decimal, rules: HousingLtvRules) -> Decimal:
    """Return the highest loan to value for a loan of that size in rupees."""
    return next(band.ltv for band in rules.bands if band.up_to is None or principal <= band.up_to)


def most_for_value(value: Decimal, rules: HousingLtvRules) -> Decimal:
    """Return the largest loan on a home of that value: a larger loan may be in a band with a lower limit."""
    most, below = ZERO, ZERO
    for band in rules.bands:
        found = value * band.ltv if band.up_to is None else min(value * band.ltv, band.up_to)
        if found > below or not below:
            most = max(most, found)
        below = band.up_to or below
    return most


def _checks(
    request: LoanRequest, emis: tuple[int, int], policy: LoanPolicyRules, housing: HousingLtvRules | None
) -> Iterator[Check]:
    for name, emi, limit in zip(
        ("foir", "stressed_foir"), emis, (policy.most_foir, policy.most_stressed_foir), strict=True
    ):
        share = foir(request, emi)
        yield Check(
            name=name, passed=share <= limit, value=f"{shown(share * 100)} %", limit=f"at most {limit:.0%}",
            basis="policy",
        )  # fmt: skip
    months = request.borrower_age * 12 + request.term_months
    yield Check(
        name="age_at_end", passed=months <= policy.most_age * 12, value=f"{shown(Decimal(months) / 12, 1)} years",
        limit=f"at most {policy.most_age} years", basis="policy",
    )  # fmt: skip
    if housing is not None:
        share, limit = _ltv(request), ltv_limit(request.principal.amount, housing)
        yield Check(
            name="ltv", passed=share <= limit, value=f"{shown(share * 100)} %", limit=f"at most {limit:.0%}",
            basis="law",
        )  # fmt: skip


def _most_principal(request: LoanRequest, policy: LoanPolicyRules, housing: HousingLtvRules | None) -> Money:
    if request.borrower_age * 12 + request.term_months > policy.most_age * 12:
        return rupees(ZERO)
    percent, income, owed = request.annual_rate_percent, request.monthly_income.amount, request.existing_obligations
    bounds = [
        max(income * share - owed.amount, ZERO)
        * annuity_present_value(monthly_rate(percent + shock), request.term_months)
        for share, shock in ((policy.most_foir, ZERO), (policy.most_stressed_foir, policy.shock_percent))
    ]
    if housing is not None and request.property_value is not None:
        bounds.append(most_for_value(request.property_value.amount, housing))
    return rupees(min(bounds).to_integral_value(ROUND_FLOOR))


def _apr(request: LoanRequest, rows: tuple[Row, ...]) -> str | None:
    if request.fees is None:
        return None
    # Of the payments as they are: at a high rate over many years the last one differs by more than some paise.
    net = Decimal(request.principal.minor - request.fees.minor)
    found = irr([-net, *(Decimal(row.payment) for row in rows)])
    return None if found is None else shown(found * 1200)


def scheduled(row: Row) -> ScheduleRow:
    """Return a row of a schedule in the form of answers."""
    return ScheduleRow(
        month=row.period, opening=paise(row.opening), interest=paise(row.interest), principal=paise(row.principal),
        payment=paise(row.payment), closing=paise(row.closing),
    )  # fmt: skip


def _grounds(request: LoanRequest, checks: tuple[Check, ...], editions: tuple[RuleEdition, ...]) -> Grounds:
    reasons = tuple(
        Reason(
            code=f"lending.{check.name}" if check.passed else f"lending.{check.name}_exceeded",
            text=f"{check.name}: {check.value}, {check.limit} by {'the rules' if check.basis == 'law' else 'policy'}.",
        )
        for check in checks
    )
    names = (
        "principal", "annual_rate_percent", "term_months", "purpose", "monthly_income", "existing_obligations",
        "borrower_age", "as_of", "fees", "property_value",
    )  # fmt: skip
    given = ((name, getattr(request, name)) for name in names)
    unknown = () if request.fees is not None else ("Fees are unknown, so there is no annual percentage rate.",)
    return Grounds(
        reasons=reasons,
        inputs=tuple(Evidence(name=name, value=str(value)) for name, value in given if value is not None),
        editions=editions,
        uncertainty="For a constant rate and punctual payments in arrears. Considers only income, obligations, age and "
        "value, not credit history, employment, title or insurance. A recommendation, not a sanction.",
        caveats=(*caveats_of(editions), *unknown),
    )


@agent(
    id=ID,
    capabilities=("lending.advise_loan",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("housing_ltv_in", "loan_policy"),
    libraries={"pyxirr": "genie-bus[catalogue]"},
)
async def loan_advisor(request: LoanRequest) -> LoanAdvice | InsufficientData:
    """Computes the cost of a loan (instalment, schedule, annual percentage rate) and checks it against policy."""
    return advise(request)
