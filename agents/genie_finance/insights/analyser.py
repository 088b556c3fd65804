"""Analyser: spending per month and category, compared with each category's own history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.errors import InputError
from genie_finance.contracts.insights import (
    CategoryMonth,
    CategorySpend,
    CurrencyTotal,
    MonthTotal,
    Period,
    SpendingAnalysis,
)
from genie_finance.contracts.money import Money
from genie_finance.contracts.statements import CategorisedStatement, Statement, Transaction
from genie_finance.domain import months as calendar_months
from genie_finance.domain.categories import Category
from genie_finance.domain.spread import median_minor
from genie_finance.insights.ledger import Entry, entries

BASELINE_MONTHS = 3
"""Complete months that a baseline needs at least; the median of two is only their mean."""


@dataclass(frozen=True, slots=True)
class _Months:
    covered: tuple[str, ...]
    complete: frozenset[str]
    latest: str | None
    """The latest complete month."""
    before: tuple[str, ...]
    """The complete months before it."""
    empty: int
    """Months within the period that have no booking."""


def analyse(statement: Statement) -> SpendingAnalysis:
    """Return income and spending per month, currency and category.

    Totals count every transaction. Months and categories leave out transfers between own accounts, and subtract a
    refund from its purchase. Currencies are never added up. The order is fixed: currency, then month, or the dearest
    category first.

    Raises:
        InputError: The statement holds no transactions.
    """
    transactions = statement.transactions
    if not transactions:
        raise InputError("statement", "holds no transactions", "check the quarantined rows and the profile")
    period = Period(start=min(t.date for t in transactions), end=max(t.date for t in transactions))
    booked = {calendar_months.month_of(t.date) for t in transactions}
    covered = calendar_months.covered_months(period.start, period.end, booked)
    complete = calendar_months.complete_months(period.start, period.end, booked)
    latest = max(complete, default=None)
    before = tuple(month for month in covered if month in complete and latest is not None and month < latest)
    months = _Months(covered, complete, latest, before, len(set(covered) - booked))
    counted = entries(transactions)
    return SpendingAnalysis(
        period=period,
        totals=_totals(transactions),
        months=_month_totals(counted, sorted({t.amount.currency for t in transactions}), months),
        by_category=_by_category(counted, months),
        latest_month=latest,
        notices=_notices(transactions, months),
    )


def _totals(transactions: Sequence[Transaction]) -> tuple[CurrencyTotal, ...]:
    count: Counter[str] = Counter()
    debits: Counter[str] = Counter()
    credits_: Counter[str] = Counter()
    for transaction in transactions:
        amount = transaction.amount
        count[amount.currency] += 1
        (debits if amount.minor < 0 else credits_)[amount.currency] += abs(amount.minor)
    return tuple(
        CurrencyTotal(
            currency=currency,
            transactions=count[currency],
            debits=Money(minor=debits[currency], currency=currency),
            credits=Money(minor=credits_[currency], currency=currency),
        )
        for currency in sorted(count)
    )


def _month_totals(counted: Sequence[Entry], currencies: Sequence[str], months: _Months) -> tuple[MonthTotal, ...]:
    income: Counter[tuple[str, str]] = Counter()
    expense: Counter[tuple[str, str]] = Counter()
    for entry in counted:
        if entry.spending:
            expense[entry.currency, entry.month] += entry.spent
        else:
            income[entry.currency, entry.month] += entry.transaction.amount.minor
    return tuple(
        MonthTotal(
            month=month,
            currency=currency,
            income=Money(minor=income[currency, month], currency=currency),
            expense=Money(minor=expense[currency, month], currency=currency),
            net=Money(minor=income[currency, month] - expense[currency, month], currency=currency),
            complete=month in months.complete,
        )
        for currency in currencies
        for month in months.covered
    )


def _by_category(counted: Sequence[Entry], months: _Months) -> tuple[CategorySpend, ...]:
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    counts: Counter[tuple[str, str]] = Counter()
    for entry in counted:
        if entry.spending:
            sums[entry.currency, entry.category][entry.month] += entry.spent
            counts[entry.currency, entry.category] += 1
    spends = [
        _spend(category, currency, by_month, counts[currency, category], months)
        for (currency, category), by_month in sums.items()
    ]
    return tuple(sorted(spends, key=lambda spend: (spend.currency, -spend.total.minor, spend.category)))


def _spend(category: str, currency: str, by_month: Counter[str], count: int, months: _Months) -> CategorySpend:
    latest = by_month[months.latest] if months.latest else 0
    baseline = median_minor([by_month[m] for m in months.before]) if len(months.before) >= BASELINE_MONTHS else None
    return CategorySpend(
        category=category,
        currency=currency,
        total=Money(minor=by_month.total(), currency=currency),
        count=count,
        latest=Money(minor=latest, currency=currency),
        baseline=None if baseline is None else Money(minor=baseline, currency=currency),
        change=None if baseline is None else Money(minor=latest - baseline, currency=currency),
        months=tuple(
            CategoryMonth(month=month, amount=Money(minor=by_month[month], currency=currency))
            for month in months.covered
        ),
    )


def _notices(transactions: Sequence[Transaction], months: _Months) -> tuple[str, ...]:
    notices = []
    if months.latest is None:
        notices.append("No calendar month is covered completely, so no month is compared with another.")
    elif len(months.before) < BASELINE_MONTHS:
        notices.append(
            f"No category is compared with its history: a baseline needs {BASELINE_MONTHS} complete months before "
            f"{months.latest}, and the statement has {len(months.before)}."
        )
    if months.empty:
        notices.append(
            f"Months within the period without any booking: {months.empty}; they count as gaps in the file and are "
            f"not compared."
        )
    unsure = sum(transaction.category in {None, Category.UNCATEGORISED} for transaction in transactions)
    if unsure:
        notices.append(
            f"{unsure} of {len(transactions)} transactions have no sure category and are counted as "
            f"'{Category.UNCATEGORISED}'; overrides in the pipeline file can categorise them."
        )
    return tuple(notices)


@agent(
    id="analyser",
    capabilities=("spending.analyse",),
    risk=Risk.LOW,
    tier=Tier.PRODUCTION,
    clearance="confidential",
    concurrency=4,
)
async def analyser(categorised: CategorisedStatement) -> SpendingAnalysis:
    """Sums up spending per month and category, each against the median of its months before."""
    return analyse(categorised.statement)
