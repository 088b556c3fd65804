"""Discounting: the catalogue's figures kept and corrected, an exhaustive search and a solver as oracles, laws."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.invoices import InvoiceDiscountPlan, InvoiceDiscountRequest
from genie_finance.payments.cover import Item, cheapest
from genie_finance.payments.invoice_discounter import plan

AAA = {"id": "aaa", "counterparty": "A", "counterparty_rating": "AAA", "face_value": 500_000, "due_on": "2026-06-30"}
BBB = {"id": "bbb", "counterparty": "B", "counterparty_rating": "BBB", "face_value": 500_000, "due_on": "2026-06-30"}


def planned(*invoices: dict[str, Any], target: int = 500_000, **more: Any) -> InvoiceDiscountPlan:
    request = {"invoices": invoices, "target_cash": target, "as_of_date": "2026-05-01", "annualised_rate_bp": 950}
    found = plan(InvoiceDiscountRequest.model_validate({**request, **more}))
    assert isinstance(found, InvoiceDiscountPlan)
    return found


# --- the catalogue's vectors, kept or corrected ---


def test_the_catalogues_figures() -> None:
    found = planned(AAA, BBB)
    first, second = found.selected
    assert (first.discount_cost.amount, first.net_cash.amount) == (Decimal("7808.22"), Decimal("492191.78"))
    assert (first.effective_apr_pct, first.days_to_maturity) == ("9.65", 60)
    assert (second.discount_cost.amount, second.effective_apr_pct) == (Decimal("11712.33"), "14.59")
    assert found.total_net_cash.amount == Decimal("980479.45")
    assert found.unfunded_gap.minor == 0


def test_an_invoice_whose_discount_eats_it_is_left_out() -> None:
    """The earlier system gave it a rate of 0 %, and so chose it first: 2,192 days, unrated, net -14,104.11."""
    found = planned(
        {"id": "far", "counterparty": "C", "face_value": 100_000, "due_on": "2032-05-01"}, AAA, target=400_000
    )
    assert [line.invoice_id for line in found.selected] == ["aaa"]
    assert [one.invoice_id for one in found.excluded] == ["far"]


def test_what_is_due_is_collected_and_not_discounted() -> None:
    due = {**AAA, "id": "due", "due_on": "2026-05-01"}
    assert "collected" in planned(due, BBB).excluded[0].reason


def test_without_invoices_there_is_no_plan() -> None:
    request = {"invoices": [], "target_cash": 1, "as_of_date": "2026-05-01", "annualised_rate_bp": 950}
    assert isinstance(plan(InvoiceDiscountRequest.model_validate(request)), InsufficientData)


def test_a_target_is_not_overshot_where_fewer_invoices_do() -> None:
    """Taking the cheapest rate first, as before, would sell three invoices for what one raises."""
    small = [{**AAA, "id": f"s{n}", "face_value": 100_000} for n in range(3)]
    large = {**AAA, "id": "large", "counterparty_rating": "AA", "face_value": 420_000}
    found = planned(*small, large, target=400_000)
    assert [line.invoice_id for line in found.selected] == ["large"]


def test_what_all_of_it_leaves_open_is_said() -> None:
    found = planned(AAA, target=1_000_000)
    assert found.unfunded_gap.amount == Decimal("507808.22")
    assert "less than needed" in found.note


def test_advance_and_fee_are_taken_off() -> None:
    line = planned(AAA, target=100_000, advance_percent=80, fee_percent="0.5").selected[0]
    assert (line.advance.amount, line.fee.amount) == (400_000, 2_000)
    assert line.discount_cost.amount == Decimal("6246.58")
    assert line.net_cash == line.advance - line.discount_cost - line.fee


def test_what_costs_more_than_the_overdraft_is_marked() -> None:
    found = planned(AAA, BBB, target=900_000, overdraft_rate_percent=12)
    assert [line.dearer_than_overdraft for line in found.selected] == [False, True]


# --- oracles ---

books = st.lists(st.tuples(st.integers(1, 1_000), st.integers(0, 300)), min_size=1, max_size=9)


@given(books, st.integers(1, 4_000))
def test_no_choice_of_whole_items_is_cheaper(pairs: list[tuple[int, int]], target: int) -> None:
    items = [Item(*pair) for pair in pairs]
    best = min(
        (
            (sum(items[at].cost for at in chosen), sum(items[at].yields for at in chosen))
            for size in range(len(items) + 1)
            for chosen in itertools.combinations(range(len(items)), size)
            if sum(items[at].yields for at in chosen) >= target
        ),
        default=None,
    )
    found = cheapest(items, target)
    if best is None:
        assert found is None
        return
    assert found is not None
    assert found.optimal
    assert (sum(items[at].cost for at in found.chosen), sum(items[at].yields for at in found.chosen)) == best


@pytest.mark.parametrize("seed", range(3))
def test_a_solver_finds_the_same_cost(seed: int) -> None:
    # scipy 1.17.1, optimize.milp (HiGHS).
    rng = np.random.default_rng(seed)
    yields, cost = rng.integers(10_000, 900_000, 40), rng.integers(100, 40_000, 40)
    target = int(yields.sum() // 3)
    solved = milp(cost, integrality=np.ones(40), bounds=Bounds(0, 1), constraints=LinearConstraint(yields, lb=target))
    found = cheapest([Item(int(y), int(c)) for y, c in zip(yields, cost, strict=True)], target)
    assert found is not None
    assert found.optimal
    assert sum(int(cost[at]) for at in found.chosen) == round(solved.fun)


# --- laws ---


@given(st.permutations([AAA, BBB, {**AAA, "id": "c", "face_value": 300_000}, {**BBB, "id": "d", "face_value": 90_000}]))
def test_the_order_of_the_invoices_does_not_matter(invoices: list[dict[str, Any]]) -> None:
    assert planned(*invoices, target=600_000) == planned(
        *sorted(invoices, key=lambda one: str(one["id"])), target=600_000
    )


@given(st.integers(1, 300), st.integers(1, 5_000))
def test_net_and_cost_are_the_advance(days_and: int, rate: int) -> None:
    line = planned({**AAA, "due_on": f"2026-{5 + days_and // 50:02}-28"}, target=1, annualised_rate_bp=rate).selected[0]
    assert line.net_cash + line.discount_cost + line.fee == line.advance
    assert Decimal(line.effective_apr_pct) >= Decimal(rate) / 100  # deducted in advance, so never less
