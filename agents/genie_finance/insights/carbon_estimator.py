"""Carbon estimator: emissions of a period's spending with a range, and the savings with the largest effect."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, NamedTuple

from pydantic import Field

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, unverified
from genie_finance.contracts.household import CarbonCategory, CarbonFootprint, CarbonRequest, CarbonSuggestion
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import INR, Money, rounded_money
from genie_finance.contracts.numbers import shown_percent
from genie_finance.domain import categories
from genie_finance.domain.months import is_last_day, month_of, shift
from genie_finance.domain.rulebook import Edition, Rules, Table, edition
from genie_finance.insights.ledger import Entry, entries
from genie_finance.insights.movements import transactions

ID = "carbon_estimator"
_LESS = Decimal("0.2")
_MOST_SUGGESTIONS = 3
_Positive = Annotated[Decimal, Field(gt=0)]


class Physical(Rules):
    """A good sold by the unit."""

    category: str
    unit: str
    price: _Positive
    """Rupees per unit."""
    kg_per_unit: _Positive
    low: _Positive
    high: _Positive


class Spend(Rules):
    """Spending of one category."""

    category: str
    factor: Annotated[Decimal, Field(ge=0)]
    """Kilograms per rupee."""
    low: _Positive
    high: _Positive


class CarbonRules(Rules):
    """Factors of one edition."""

    physical: tuple[Physical, ...]
    spend: tuple[Spend, ...]
    average: _Positive
    average_low: _Positive
    average_high: _Positive


CURRENT = Table("carbon_in", CarbonRules)
LEGACY = Table("carbon_legacy", CarbonRules)


class _Factor(NamedTuple):
    kg: Decimal
    """Kilograms per rupee."""
    low: Decimal
    high: Decimal
    price: Decimal | None
    unit: str


def footprint(request: CarbonRequest) -> CarbonFootprint | InsufficientData:
    """Return the emissions of a period's spending; transfers, investments and income count as zero.

    Raises:
        InputError: No edition of the factors covers the first day of spending, or the last.
    """
    spent = [entry for entry in entries(transactions(request.transactions)) if entry.spending]
    if not spent:
        lack = Lack(what="transactions", needed="at least one payment that is not a transfer")
        return InsufficientData(agent=ID, question="carbon footprint", missing=(lack,))
    refunded = {name for name, paise in _by_category(spent).items() if paise <= 0}  # what came back emitted nothing
    spent = [entry for entry in spent if entry.category not in refunded]
    if not spent:
        lack = Lack(what="transactions", needed="spending above refunds in at least one category")
        return InsufficientData(agent=ID, question="carbon footprint", missing=(lack,))
    end = max(entry.transaction.date for entry in spent)
    covered = max(request.as_of or end, end)
    first = min(entry.transaction.date for entry in spent)
    table = CURRENT if request.factors == "current" else LEGACY
    begun, rules = edition(table, on=first), edition(table, on=covered)
    factors = _factors(rules)
    by_month: defaultdict[str, Decimal] = defaultdict(Decimal)
    by_category = _by_category(spent)
    for entry in spent:
        by_month[entry.month] += _rupees(entry.spent) * _factor(factors, rules, entry.category).kg
    months = (covered.year - first.year) * 12 + covered.month - first.month + 1
    known = {name: _factor(factors, rules, name) for name in by_category}
    kg = {name: _rupees(paise) * known[name].kg for name, paise in by_category.items()}
    total = sum(kg.values(), Decimal(0))
    ranked = sorted(kg, key=lambda name: (-kg[name], name))
    unfactored = sum(paise for name, paise in by_category.items() if name not in factors)
    return CarbonFootprint(
        months=months,
        total_kg_co2e=_shown(total),
        low_kg_co2e=_shown(sum((kg[name] * known[name].low for name in kg), Decimal(0))),
        high_kg_co2e=_shown(sum((kg[name] * known[name].high for name in kg), Decimal(0))),
        by_category=tuple(_line(name, by_category[name], kg[name], total, known[name]) for name in ranked),
        suggestions=tuple(
            _suggestion(name, by_category[name], kg[name], months) for name in ranked if kg[name] > 0
        )[:_MOST_SUGGESTIONS],
        month_over_month_percent=_change(by_month, covered),
        unfactored=Money(minor=unfactored, currency=INR),
        grounds=_grounds(request, (begun, rules), spent, end, unfactored),
    )  # fmt: skip


def _by_category(spent: Iterable[Entry]) -> Mapping[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for entry in spent:
        found[entry.category] += entry.spent
    return found


def _factors(rules: Edition[CarbonRules]) -> dict[str, _Factor]:
    by_spend = {one.category: _Factor(one.factor, one.low, one.high, None, "") for one in rules.rules.spend}
    by_unit = {
        one.category: _Factor(one.kg_per_unit / one.price, one.low, one.high, one.price, one.unit)
        for one in rules.rules.physical
    }
    return by_spend | by_unit


def _factor(factors: dict[str, _Factor], rules: Edition[CarbonRules], category: str) -> _Factor:
    some = rules.rules
    return factors.get(category) or _Factor(some.average, some.average_low, some.average_high, None, "")


def _rupees(paise: int) -> Decimal:
    return Decimal(paise) / 100


def _shown(kg: Decimal) -> str:
    return str(kg.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def _line(name: str, paise: int, kg: Decimal, total: Decimal, factor: _Factor) -> CarbonCategory:
    units = None if factor.price is None else (_rupees(paise) / factor.price).quantize(Decimal("0.1"))
    return CarbonCategory(
        category=name,
        spent=Money(minor=paise, currency=INR),
        kg_co2e=_shown(kg),
        low=_shown(kg * factor.low),
        high=_shown(kg * factor.high),
        share_percent=shown_percent(kg, total),
        quantity=None if units is None else f"{units} {factor.unit}",
    )


def _suggestion(name: str, paise: int, kg: Decimal, months: int) -> CarbonSuggestion:
    target = rounded_money(_rupees(paise) / months * (1 - _LESS), INR)
    return CarbonSuggestion(
        category=name,
        monthly_target=target,
        kg_saved_per_year=_shown(kg / months * 12 * _LESS),
        action=f"{categories.info(name).title}: a fifth less is {target} a month.",
    )


def _change(by_month: dict[str, Decimal], covered: datetime.date) -> str | None:
    """Return the change of the last completed month from the one before it, if both have spending."""
    last = month_of(covered) if is_last_day(covered) or month_of(covered) in by_month else shift(month_of(covered), -1)
    before = by_month.get(shift(last, -1), Decimal(0))
    if last not in by_month or before <= 0:
        return None
    return shown_percent(by_month[last] - before, before)


def _grounds(
    request: CarbonRequest,
    held: tuple[Edition[CarbonRules], Edition[CarbonRules]],
    spent: list[Entry],
    end: datetime.date,
    unfactored: int,
) -> Grounds:
    begun, rules = held
    reasons = [Reason(code="carbon.spend", text=f"Spending of {len(spent)} payments times factors by category.")]
    if unfactored:
        text = f"{rounded_money(_rupees(unfactored), INR)} of it has no factor of its own; the average is used."
        reasons.append(Reason(code="carbon.average", text=text))
    caveats = [*unverified((rules.said,))]
    if begun != rules:
        caveats.append(f"The period starts under {begun.said.id}; {rules.said.id} is used for all of it.")
    if not is_last_day(request.as_of or end):
        caveats.append("The last month may be only partly covered, so its change compares booked spending only.")
    inputs = (
        Evidence(name="transactions", value=str(len(request.transactions))),
        Evidence(name="factors", value=request.factors),
    )
    return Grounds(
        reasons=tuple(reasons),
        inputs=inputs,
        editions=(rules.said,),
        uncertainty="An estimate from prices and averages; the range comes from the factors and is not a probability.",
        caveats=tuple(caveats),
    )


@agent(
    id=ID,
    capabilities=("carbon.estimate",),
    risk=Risk.LOW,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("carbon_in", "carbon_legacy"),
)
async def carbon_estimator(request: CarbonRequest) -> CarbonFootprint | InsufficientData:
    """Estimates the greenhouse gas emissions of a period's spending by category, with a range."""
    return footprint(request)
