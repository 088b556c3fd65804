"""The suite of the budgets' ``Ledger`` port: what tenants have used in a day, beyond the life of a process."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.admission import Use
from genie.testing.conformance.suite import Make, expect, run_checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.admission import Ledger

DAY = datetime.date(2024, 2, 29)


class LedgerUnderTest(NamedTuple):
    """A fresh ledger, and the same one as a later process finds it."""

    ledger: Ledger
    reopen: Callable[[], Ledger]
    """Returns the ledger over the same store, as another process would open it."""


async def check_ledger(make: Make[LedgerUnderTest]) -> None:
    """Run every check of the port.

    Raises:
        NonconformanceError: A check failed.
    """
    await run_checks("ledger", make, CHECKS)


async def starts_at_nothing(made: LedgerUnderTest) -> None:
    """A budget that nobody has used has used nothing."""
    expect(made.ledger.used("daily", "acme", DAY) == Use(), "an unused budget to have used nothing")


async def adds_up(made: LedgerUnderTest) -> None:
    """Uses of one budget, tenant and day are added, each unit by itself."""
    for use in (Use(messages=1), Use(tokens=7), Use(messages=2, cost=Decimal("0.5")), Use()):
        made.ledger.add("daily", "acme", DAY, use)
    expect(made.ledger.used("daily", "acme", DAY) == Use(3, Decimal("0.5"), 7), "the sum of all uses, unit by unit")


async def adds_costs_exactly(made: LedgerUnderTest) -> None:
    """Costs are decimals of any length, without rounding."""
    parts = (Decimal("0.1"), Decimal("0.2"), Decimal("1000000000000000.000000001"))
    for cost in parts:
        made.ledger.add("daily", "acme", DAY, Use(cost=cost))
    cost = made.ledger.used("daily", "acme", DAY).cost
    expect(type(cost) is Decimal and cost == Decimal("1000000000000000.300000001"), "exact decimal costs")


async def keeps_accounts_apart(made: LedgerUnderTest) -> None:
    """Each budget, tenant and day has an account of its own; no tenant is not a tenant of an empty name."""
    keys = [
        ("daily", "acme", DAY),
        ("other", "acme", DAY),
        ("daily", "ACME", DAY),
        ("daily", "", DAY),
        ("daily", None, DAY),
        ("daily", "None", DAY),
        ("daily", "a'; DROP TABLE x; --\n\u202e", DAY),
        ("daily", "acme", DAY + datetime.timedelta(days=1)),
    ]
    for messages, (budget, tenant, day) in enumerate(keys, 1):
        made.ledger.add(budget, tenant, day, Use(messages=messages))
    found = [made.ledger.used(budget, tenant, day).messages for budget, tenant, day in keys]
    expect(found == list(range(1, len(keys) + 1)), "an account for each budget, tenant (or none) and day")


async def keeps_what_was_used(made: LedgerUnderTest) -> None:
    """A later process finds what an earlier one has used."""
    use = Use(2, Decimal("0.25"), 9)
    made.ledger.add("daily", "acme", DAY, use)
    expect(made.reopen().used("daily", "acme", DAY) == use, "what was used to be there for the next process")


CHECKS = (starts_at_nothing, adds_up, adds_costs_exactly, keeps_accounts_apart, keeps_what_was_used)
