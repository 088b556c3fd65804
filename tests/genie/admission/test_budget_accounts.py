"""What runs and tenants' days have left of a budget: midnights, ledgers, wall time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import anyio
import pytest

from genie.contracts.admission import Budget, Ledger, Use
from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.limits import Estimate
from genie.errors import RunExpiredError
from genie.policy.policy import PolicySet
from tests.genie.policies_for_tests import Answer, Gate, Question, answerer, denying, gated, holding, running, turns
from tests.genie.turnstile_for_tests import ACME, OTHER, asked, assert_nothing_is_reserved, budgets, costly

pytestmark = pytest.mark.anyio


# --- days and tenants ---


async def test_a_day_begins_at_midnight_in_its_zone_and_each_tenant_has_its_own() -> None:
    """00:00 in Kolkata is 18:30 UTC the day before."""
    budget = Budget(id="day", per="tenant_day", zone="Asia/Kolkata", messages=1)
    evening = 18 * 3600 + 1800 - 10.0
    async with running(answerer, admission=budgets(budget), wall=evening) as runtime:
        assert [await asked(runtime, caller) == "ok" for caller in (ACME, ACME, OTHER)] == [True, False, True]
        await anyio.sleep(9)
        assert await asked(runtime, ACME) != "ok"
        await anyio.sleep(1)
        assert [await asked(runtime, ACME) == "ok" for _ in range(2)] == [True, False]
        assert runtime.statistics().budgets["day", "messages"].spent == 3


async def test_what_is_reserved_over_midnight_belongs_to_the_day_that_admitted_it() -> None:
    gate = Gate()

    @agent("late", estimate=Estimate("0.5"))
    async def late(question: Question, context: Context) -> Answer:
        await gate.wait()
        context.charge(cost="0.5")
        return Answer()

    async with running(
        late, admission=budgets(Budget(id="day", per="tenant_day", cost=1)), wall=86_400 - 5.0
    ) as runtime:
        run = runtime.start(Question(), Answer)
        await gate.reached.wait()
        await anyio.sleep(10)
        again = runtime.start(Question(), Answer)
        await turns()
        assert runtime.statistics().budgets["day", "cost"].least_left == Decimal("0.5")
        gate.open.set()
        await run.result()
        await again.result()
        assert runtime.statistics().budgets["day", "cost"].least_left == Decimal("0.5")
        assert_nothing_is_reserved(runtime)


async def test_accounts_of_a_day_are_bounded_and_an_untouched_one_is_the_same_as_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What no more account can be kept for is denied, not let through uncounted."""
    monkeypatch.setattr("genie.admission.budgets.MOST_KEYS", 3)
    refused = denying("answerer", Question)
    budget = Budget(id="day", per="tenant_day", messages=1)
    async with running(answerer, policies=refused, admission=budgets(budget)) as runtime:
        for number in range(3):
            assert "not for you" in await asked(runtime, Caller(tenant=f"denied-{number}"))
        runtime.operations.replace_policies(PolicySet())
        for number in range(3):
            assert await asked(runtime, Caller(tenant=f"crowd-{number}")) == "ok"
        assert "budget day: no more accounts can be kept" in await asked(runtime, ACME)
        await anyio.sleep(86_400)
        assert await asked(runtime, ACME) == "ok"


async def test_a_clock_that_is_set_back_over_midnight_gives_no_second_budget() -> None:
    async with running(
        answerer, admission=budgets(Budget(id="day", per="tenant_day", messages=1)), wall=86_400 + 5.0
    ) as runtime:
        assert await asked(runtime) == "ok"
        runtime.bus.clock.offset -= 3_600
        assert "budget day" in await asked(runtime)
        runtime.bus.clock.offset += 3_600
        assert "budget day" in await asked(runtime)


class Book(Ledger):
    """A ledger in memory that may break."""

    def __init__(self) -> None:
        self.kept: dict[Any, list[Use]] = {}
        self.broken = False

    def used(self, budget: str, tenant: str | None, day: Any) -> Use:
        if self.broken:
            raise OSError
        parts = self.kept.get((budget, tenant, str(day)), [])
        return Use(*(sum(column[1:], start=column[0]) for column in zip(Use(), *parts, strict=True)))

    def add(self, budget: str, tenant: str | None, day: Any, use: Use) -> None:
        if self.broken:
            raise OSError
        self.kept.setdefault((budget, tenant, str(day)), []).append(use)


async def test_a_ledger_carries_a_days_budget_into_the_next_process() -> None:
    book = Book()
    admission = budgets(Budget(id="day", per="tenant_day", cost=1, messages=10), ledger=book)
    for _ in range(2):
        async with running(costly("0.4"), admission=admission, wall=0.0) as runtime:
            assert await asked(runtime, ACME) == "ok"
    async with running(costly("0.4"), admission=admission, wall=0.0) as runtime:
        assert "used more cost than is left" in await asked(runtime, ACME)
        assert await asked(runtime, OTHER) == "ok"
    assert list(book.kept) == [("day", "acme", "1970-01-01"), ("day", "other", "1970-01-01")]


async def test_a_ledger_that_cannot_be_read_denies_and_one_that_cannot_be_written_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    book = Book()
    admission = budgets(Budget(id="day", per="tenant_day", cost=1), ledger=book)
    async with running(costly("0.4"), admission=admission) as runtime:
        book.broken = True
        assert "its ledger cannot be read" in await asked(runtime)
        book.broken = False
        assert await asked(runtime) == "ok"
        book.broken = True
        caplog.clear()
        assert await asked(runtime) == "ok"
        assert "ledger failed: OSError" in caplog.text
        assert runtime.statistics().budgets["day", "cost"].spent == Decimal("0.8")
        assert_nothing_is_reserved(runtime)


# --- wall time ---


async def test_wall_time_ends_a_run_and_is_named_as_its_budget() -> None:
    gate = Gate()
    admission = budgets(Budget(id="quick", wall_s=30), Budget(id="slower", wall_s=60))
    async with running(gated(gate), admission=admission) as runtime:
        run = runtime.start(Question(), Answer)
        with pytest.raises(RunExpiredError, match="budget quick: more than 30 s in one run"):
            await run.result()
        assert anyio.current_time() == pytest.approx(30)
        await run.settled()
        assert [str(one) for one in run.failures()] == ["expired(budget quick: more than 30 s in one run)"]
        told = runtime.statistics().budgets
        assert (told["quick", "wall_s"].denied, told["slower", "wall_s"].denied) == (1, 0)
        short = runtime.start(Question(), Answer, deadline_s=5)
        with pytest.raises(RunExpiredError, match="passed its deadline"):
            await short.result()
        assert runtime.statistics().budgets["quick", "wall_s"].denied == 1


async def test_wall_time_does_not_run_while_a_person_decides() -> None:
    admission = budgets(Budget(id="quick", wall_s=30))
    async with running(answerer, policies=holding("answerer", Question), admission=admission) as runtime:
        run = runtime.start(Question(), Answer)
        await anyio.sleep(1_000)
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        assert await run.result() == Answer(text="?")
