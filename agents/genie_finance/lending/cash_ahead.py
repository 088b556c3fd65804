"""Cash of a business month by month: sales, stock, suppliers and customers, each with a delay in days."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from genie_finance.contracts.money import paise
from genie_finance.contracts.numbers import ZERO
from genie_finance.contracts.sme import CashMonth, WorkingCapitalRequest
from genie_finance.domain.time_value import growth, rounded_minor
from genie_finance.lending.tables import SmePolicyRules

DAYS = 30
"""Days of a month in the computation of receivables and payables."""


class Ahead(NamedTuple):
    """A forecast, and its lowest point."""

    months: tuple[CashMonth, ...]
    runway: int | None
    need: int
    """Paise by which cash falls below 0 at its lowest point."""
    month: int | None


def ahead(request: WorkingCapitalRequest, *, later_days: int = 0) -> Ahead:
    """Return cash by month.

    A day's sales are paid ``dso_days`` later, so a month's are spread over two months; purchases likewise. Amounts
    outstanding at the start are paid evenly over the same days. Stock is kept at ``dio_days`` of the coming cost of
    sales: purchases are the cost of sales plus the required growth of stock; stock is never returned.

    Args:
        request: The business.
        later_days: Additional delay of customers' payments.
    """
    count, share = request.horizon_months, 1 - request.gross_margin_percent / 100
    grown = 1 + request.monthly_growth_percent / 100
    sales = [Decimal(request.monthly_revenue.minor) * growth(grown - 1, number) for number in range(count)]
    costs = [value * share for value in sales]
    bought, stocks = _purchases(costs, request, grown)
    collected = _paid(sales, Decimal(request.opening_receivables.minor), request.dso_days + later_days)
    settled = _paid(bought, Decimal(request.opening_payables.minor), request.dpo_days)
    spent = request.operating_costs_monthly.minor + request.debt_service_monthly.minor
    cash, months, lowest, at, runway = request.opening_cash.minor, [], 0, None, None
    owed_to, owed_by = Decimal(request.opening_receivables.minor), Decimal(request.opening_payables.minor)
    for number in range(count):
        owed_to += sales[number] - collected[number]
        owed_by += bought[number] - settled[number]
        into, out = rounded_minor(collected[number]), rounded_minor(settled[number])
        cash += into - out - spent
        if cash < 0 and runway is None:
            runway = number
        if cash < lowest:
            lowest, at = cash, number + 1
        months.append(
            CashMonth(
                month=number + 1,
                revenue=paise(rounded_minor(sales[number])),
                collected=paise(into),
                paid_suppliers=paise(out),
                paid_costs=paise(spent),
                net_cashflow=paise(into - out - spent),
                end_cash=paise(cash),
                receivables=paise(rounded_minor(max(owed_to, ZERO))),
                inventory=paise(rounded_minor(stocks[number])),
                payables=paise(rounded_minor(max(owed_by, ZERO))),
            )
        )
    return Ahead(tuple(months), runway, -lowest, at)


def _purchases(
    costs: Sequence[Decimal], request: WorkingCapitalRequest, grown: Decimal
) -> tuple[list[Decimal], list[Decimal]]:
    """Return the purchases of each month, and the stock at its end."""
    stock, bought, stocks = Decimal(request.opening_inventory.minor), [], []
    for cost in costs:
        wanted = max(cost * grown, ZERO) * request.dio_days / DAYS
        buys = max(cost + wanted - stock, ZERO)
        stock = stock + buys - cost
        bought.append(buys)
        stocks.append(max(stock, ZERO))
    return bought, stocks


def _paid(amounts: Sequence[Decimal], opening: Decimal, days: int) -> list[Decimal]:
    """Return the payments of each month for amounts that arise evenly and are paid after a number of days."""
    whole, rest = divmod(days, DAYS)
    part = Decimal(rest) / DAYS
    paid = [ZERO] * (len(amounts) + whole + 2)
    for number, amount in enumerate(amounts):
        paid[number + whole] += amount * (1 - part)
        paid[number + whole + 1] += amount * part
    if not days:
        paid[0] += opening
    else:
        each = opening * DAYS / days
        for number in range(whole):
            paid[number] += each
        paid[whole] += each * part
    return paid[: len(amounts)]


def drawing_power(stock: Decimal, creditors: Decimal, receivables: Decimal, policy: SmePolicyRules) -> Decimal:
    """Return the drawing power: paid stock and receivables, each less the bank's margin; at least 0.

    DP = (stock - creditors) (1 - margin on stock) + receivables (1 - margin on receivables). Creditors above the stock
    reduce the receivables, since unpaid goods are not security.
    """
    free = stock - creditors
    book = receivables + min(free, ZERO)
    return max(max(free, ZERO) * (1 - policy.stock_margin) + book * (1 - policy.receivables_margin), ZERO)
