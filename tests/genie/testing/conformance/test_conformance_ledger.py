"""The suite of ledgers of budgets: ours passes, and each check catches a ledger that breaks it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from genie.contracts.admission import Use
from genie.testing import MemoryLedger
from genie.testing.conformance import LedgerUnderTest, check_ledger
from genie.testing.conformance.ledger import CHECKS

if TYPE_CHECKING:
    import datetime
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio


def ledgers(kind: type[MemoryLedger], *, kept: bool = True) -> Any:
    @asynccontextmanager
    async def make() -> AsyncIterator[LedgerUnderTest]:
        ledger = kind()
        yield LedgerUnderTest(ledger, lambda: ledger if kept else kind())

    return make


async def test_the_ledger_in_memory_passes() -> None:
    await check_ledger(ledgers(MemoryLedger))


class Charging(MemoryLedger):
    def used(self, budget: str, tenant: str | None, day: datetime.date) -> Use:
        return super().used(budget, tenant, day) if (budget, tenant, day) in self._uses else Use(1)


class Replacing(MemoryLedger):
    def add(self, budget: str, tenant: str | None, day: datetime.date, use: Use) -> None:
        self._uses[budget, tenant, day] = use


class Rounding(MemoryLedger):
    def add(self, budget: str, tenant: str | None, day: datetime.date, use: Use) -> None:
        cost = float(self.used(budget, tenant, day).cost) + float(use.cost)
        super().add(budget, tenant, day, use)
        self._uses[budget, tenant, day] = self._uses[budget, tenant, day]._replace(cost=Decimal(cost))


class Confusing(MemoryLedger):
    def used(self, budget: str, tenant: str | None, day: datetime.date) -> Use:
        return super().used(budget, tenant or None, day)

    def add(self, budget: str, tenant: str | None, day: datetime.date, use: Use) -> None:
        super().add(budget, tenant or None, day, use)


class Forgetful(MemoryLedger):
    """The next process finds an empty ledger."""


BROKEN = {
    "starts_at_nothing": Charging,
    "adds_up": Replacing,
    "adds_costs_exactly": Rounding,
    "keeps_accounts_apart": Confusing,
    "keeps_what_was_used": Forgetful,
}


@pytest.mark.parametrize(("check", "broken"), BROKEN.items(), ids=BROKEN)
async def test_a_broken_ledger_is_caught(check: str, broken: type[MemoryLedger], caught: Any) -> None:
    assert await caught(check_ledger(ledgers(broken, kept=broken is not Forgetful))) == check


def test_every_check_has_a_double_that_it_catches() -> None:
    assert [check.__name__ for check in CHECKS] == list(BROKEN)
