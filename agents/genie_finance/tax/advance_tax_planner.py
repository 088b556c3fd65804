"""Advance tax planner: instalments by due date, and interest on short or late payments."""

from __future__ import annotations

from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.money import rupees
from genie_finance.contracts.tax import AdvanceTaxPlan, AdvanceTaxRequest, Instalment, year_end, year_start
from genie_finance.domain.rulebook import edition
from genie_finance.tax.instalments import default_interest, deferment_interest, known_by, paid_by
from genie_finance.tax.liability import ZERO, rounded
from genie_finance.tax.tables import ADVANCE_TAX, AdvanceTaxRules, DueDate


def plan(request: AdvanceTaxRequest) -> AdvanceTaxPlan:
    """Return the instalments of the year as of a day.

    A payment counts from its date, so one in September does not cover June's instalment. The remaining amount includes
    all payments.

    Raises:
        InputError: No edition of the rules covers the tax year.
    """
    start, end = year_start(request.tax_year), year_end(request.tax_year)
    found = edition(ADVANCE_TAX, on=start)
    rules = found.rules
    assessed = rounded(max(request.total_tax.amount - request.credits.amount, ZERO), rules.rounding)
    exempt = _exemption(request, assessed, rules)
    # Without a business nothing is declared under 44AD, whatever the asker says of all of it.
    dates = rules.presumptive if request.presumptive and request.has_business else rules.instalments
    schedule = () if exempt else tuple(_instalment(request, assessed, due, rules) for due in dates)
    deferred = sum((one.interest.amount for one in schedule), ZERO)
    # Section 234B asks who was liable to advance tax, so whoever was not owes none of it.
    default = (
        ZERO
        if exempt
        else default_interest(assessed, request.payments, (end, request.as_of), rules, first_owed=deferred)
    )
    return AdvanceTaxPlan(
        tax_year=request.tax_year,
        liable=exempt is None,
        assessed_tax=rupees(assessed),
        next_instalment=next((one for one in schedule if one.days_left >= 0), None),
        schedule=schedule,
        deferment_interest=rupees(deferred),
        default_interest=rupees(default),
        grounds=_grounds(request, schedule, exempt, found.said, (assessed, default)),
    )


def _exemption(request: AdvanceTaxRequest, assessed: Decimal, rules: AdvanceTaxRules) -> Reason | None:
    """Return why no advance tax is due, None if it is due."""
    if request.resident and request.age >= rules.senior_age and not request.has_business:
        text = (
            f"Residents of {rules.senior_age} and older without income from a business or profession pay no advance "
            "tax."
        )
        return Reason(code="tax.senior_exempt", text=text)
    if assessed < rules.threshold:
        text = f"The tax after credits, {rupees(assessed)}, is below {rupees(rules.threshold)}."
        return Reason(code="tax.below_threshold", text=text)
    return None


def _instalment(request: AdvanceTaxRequest, assessed: Decimal, due: DueDate, rules: AdvanceTaxRules) -> Instalment:
    end, day = year_end(request.tax_year), due.on(year_start(request.tax_year))
    # Nothing that is paid after the day of the question can be counted: it has not happened.
    made = tuple(one for one in request.payments if one.on <= request.as_of)
    base = known_by(assessed, request.late_income, made, (day, end))
    before = paid_by(request.payments, min(day, request.as_of))
    short, interest = deferment_interest(base, before, due, rules) if day < request.as_of else (ZERO, ZERO)
    required = base * due.share
    return Instalment(
        due=day,
        days_left=(day - request.as_of).days,
        required=rupees(required),
        paid_by_then=rupees(before),
        still_due=rupees(max(required - paid_by(request.payments, request.as_of), ZERO)),
        shortfall=rupees(short),
        interest=rupees(interest),
    )


def _grounds(
    request: AdvanceTaxRequest,
    schedule: tuple[Instalment, ...],
    exempt: Reason | None,
    said: RuleEdition,
    figures: tuple[Decimal, Decimal],
) -> Grounds:
    assessed, default = figures
    reasons = [exempt] if exempt else [
        Reason(code="tax.liable", text=f"After credits, {rupees(assessed)} of tax must be paid in advance.")
    ]  # fmt: skip
    reasons += [
        Reason(
            code="tax.instalment_short",
            text=f"By {one.due}, {one.shortfall} of {one.required} was unpaid: interest of {one.interest}.",
        )
        for one in schedule
        if one.interest.minor
    ]
    if default:
        end = year_end(request.tax_year)
        text = f"The tax paid by {end} is too low: interest of {rupees(default)} up to {request.as_of}."
        reasons.append(Reason(code="tax.year_short", text=text))
    given = (
        Evidence(name="total_tax", value=str(request.total_tax)),
        Evidence(name="credits", value=str(request.credits)),
        Evidence(name="as_of", value=str(request.as_of)),
        Evidence(name="has_business", value="yes" if request.has_business else "no"),
        Evidence(name="presumptive", value="yes" if request.presumptive else "no"),
        *(Evidence(name="payment", value=f"{one.on}: {one.amount}") for one in request.payments),
        *(Evidence(name="late_income", value=f"{one.on}: tax {one.tax}") for one in request.late_income),
    )
    uncertainty = (
        "As accurate as the estimate of the year's tax. Interest for filing late (section 234A) is not included; if a "
        "due date is a bank holiday, the next working day may apply."
    )
    return Grounds(
        reasons=tuple(reasons), inputs=given, editions=(said,), uncertainty=uncertainty,
        caveats=caveats_of((said,)),
    )  # fmt: skip


@agent(
    id="advance_tax_planner",
    capabilities=("tax.plan_advance",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("advance_tax_in",),
)
async def advance_tax_planner(request: AdvanceTaxRequest) -> AdvanceTaxPlan:
    """Plans advance tax in India: instalments by due date with interest under sections 234B and 234C."""
    return plan(request)
