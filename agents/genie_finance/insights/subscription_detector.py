"""Subscription detector: regular charges, their yearly cost, and the next due date."""

from __future__ import annotations

import datetime
from statistics import median_low

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.insights import InsightTask, Subscription, Subscriptions
from genie_finance.contracts.money import Money
from genie_finance.contracts.statements import Statement
from genie_finance.domain import categories
from genie_finance.domain.categories import Necessity
from genie_finance.insights.recurrence import Series, find_series


def detect_subscriptions(statement: Statement, *, on: datetime.date) -> Subscriptions:
    """Return the regular charges of named merchants, by currency and then by yearly cost, highest first.

    Recurring payments that are not subscriptions are left out: rent, loans, wages, taxes, transfers, cash, groceries
    and meals.

    Args:
        statement: Categorised transactions.
        on: The day as of which a charge is overdue; the end of the statement, never today.
    """
    charges = [
        transaction
        for transaction in statement.transactions
        if transaction.amount.minor < 0 and transaction.merchant and categories.info(transaction.category).regular
    ]
    found = [_subscription(series, on) for series in find_series(charges) if _is_contract(series)]
    return Subscriptions(
        subscriptions=tuple(
            sorted(found, key=lambda one: (one.yearly.currency, -one.yearly.minor, one.merchant, one.last))
        )
    )


def _is_contract(series: Series) -> bool:
    """Return False for regular purchases in a shop: only services such as energy are billed by use."""
    by_use = categories.info(series.last.category).necessity is not Necessity.FREE
    return by_use or series.is_fixed


def _subscription(series: Series, on: datetime.date) -> Subscription:
    price = abs(series.last.amount)
    return Subscription(
        merchant=series.party,
        cadence=series.cadence.name,
        amount=price,
        occurrences=len(series.charges),
        yearly=Money(minor=price.minor * series.cadence.per_year, currency=price.currency),
        last=series.last.date,
        next_due=next(series.due()),
        price_change=_price_change(series),
        active=series.is_active(on),
    )


def _price_change(series: Series) -> Money | None:
    """Return the latest charge minus the price before it changed; None if there was no constant price.

    A bill by use varies, which is not a price change: more than half of the earlier charges must be equal.
    """
    amounts = [-charge.amount.minor for charge in series.charges]
    earlier = list(amounts)
    while earlier and earlier[-1] == amounts[-1]:
        earlier.pop()
    if not earlier:
        return None
    usual = median_low(earlier)
    if 2 * earlier.count(usual) <= len(earlier) or usual == amounts[-1]:
        return None
    return Money(minor=amounts[-1] - usual, currency=series.last.amount.currency)


@agent(
    id="subscription_detector",
    capabilities=("subscriptions.detect",),
    risk=Risk.LOW,
    tier=Tier.PRODUCTION,
    clearance="confidential",
    concurrency=4,
)
async def subscription_detector(task: InsightTask) -> Subscriptions:
    """Finds regular charges: cadence, yearly cost, price changes, next due date."""
    return detect_subscriptions(task.statement, on=task.analysis.period.end)
