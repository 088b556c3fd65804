"""Household desk: emergency fund and carbon footprint from statements and a few facts, with the missing data."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.contracts.message import topic_of
from genie.errors import InputError
from genie_finance.contracts.household import (
    MOST_MOVEMENTS,
    CarbonFootprint,
    CarbonRequest,
    EmergencyFundPlan,
    EmergencyFundRequest,
    Household,
    HouseholdPlan,
    HouseholdQuestion,
    Movement,
)
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.money import INR
from genie_finance.contracts.statements import CategorisedStatement, StatementReading, StatementReceived, Transaction
from genie_finance.domain.asking import Desk
from genie_finance.insights import received

READING = (StatementReading, CategorisedStatement)
DESK = Desk(
    id="household_desk",
    asks={
        StatementReceived: READING,
        EmergencyFundRequest: (EmergencyFundPlan, InsufficientData),
        CarbonRequest: (CarbonFootprint, InsufficientData),
    },
    within_s=20.0,
)
_READING_S = 30.0
_MOST_NAMED = 500


@agent(
    id=DESK.id,
    capabilities=("household.plan",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=8,
    asks=DESK.asks,
)
async def household_desk(question: HouseholdQuestion, context: Context) -> HouseholdPlan:
    """Plans a household's emergency fund and estimates its carbon footprint from its bank statements.

    Raises:
        InputError: No statement could be read, or they have too many movements.
    """
    statements = StatementReceived(files=question.files)
    reading, read = await received.read(context, statements, READING, within_s=_READING_S)
    categorised, asking = read.get(CategorisedStatement), DESK.open(context)
    fund, carbon, others = None, None, frozenset[str]()
    if categorised is None:
        for part in (EmergencyFundPlan, CarbonFootprint):
            asking.lost(part, f"not asked: {topic_of(CategorisedStatement).name} is missing")
    else:
        found = categorised.statement.transactions
        counted = [one for one in found if one.amount.currency == INR]
        others = frozenset(one.amount.currency for one in found) - {INR}
        if len(counted) > MOST_MOVEMENTS:
            raise InputError("statements", f"have more than {MOST_MOVEMENTS:,} movements", "give fewer years")
        movements = tuple(_movements(counted))
        fund = await asking.ask(_funding(question.household, movements), EmergencyFundPlan)
        carbon = await asking.ask(
            CarbonRequest(transactions=movements, factors=question.household.factors), CarbonFootprint
        )  # fmt: skip
    return HouseholdPlan(
        headline=_headline(fund, carbon),
        emergency_fund=fund,
        carbon=carbon,
        other_currencies=tuple(sorted(others)),
        quarantined=reading.quarantined[:_MOST_NAMED],
        unread=reading.unread,
        insufficient=asking.insufficient,
        missing=asking.missing,
    )


def _movements(transactions: Iterable[Transaction]) -> Iterable[Movement]:
    """Yield movements; a refund keeps the category of its payment, so that it does not count as income."""
    by_id = {one.id: one for one in transactions}
    for one in transactions:
        bought = by_id.get(one.nets_with or "")
        category = bought.category if bought is not None and one.amount.minor > 0 else one.category
        yield Movement(date=one.date, amount=one.amount, description=one.narration[:500], category=category)


def _funding(household: Household, movements: tuple[Movement, ...]) -> EmergencyFundRequest:
    return EmergencyFundRequest(transactions=movements, **household.model_dump(exclude={"factors"}))


def _headline(fund: EmergencyFundPlan | None, carbon: CarbonFootprint | None) -> str:
    said = []
    if fund is not None:
        said.append(f"Keep {fund.target}, {fund.coverage_months} months of expenses; {fund.gap} is missing")
        if fund.months_to_target:
            said[-1] += f", {fund.months_to_target} months at {fund.suggested_monthly_saving} per month"
    if carbon is not None:
        said.append(
            f"The spending of {carbon.months} months corresponds to {Decimal(carbon.total_kg_co2e):,} kg "
            f"of CO2 equivalents ({Decimal(carbon.low_kg_co2e):,} to {Decimal(carbon.high_kg_co2e):,})"
        )
    return ". ".join(said) + "." if said else "Nothing can be stated; what is missing is listed below."
