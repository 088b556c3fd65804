"""Liquidity coverage: the catalogue's figures corrected, a bank's own disclosure, the best stock by search, laws."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.treasury import Hqla, LcrInflows, LcrOutflows, LcrRequest, LcrResult
from genie_finance.domain.rulebook import editions
from genie_finance.treasury.lcr_projector import coverage
from genie_finance.treasury.liquidity import stock
from genie_finance.treasury.tables import LCR

DAY = "2025-11-03"
amounts = st.integers(0, 10**9)


def asked(hqla: Any, outflows: Any, inflows: Any = (0, 0, 0), **more: Any) -> LcrRequest:
    parts = {"hqla": (Hqla, hqla), "outflows": (LcrOutflows, outflows), "inflows": (LcrInflows, inflows)}
    named = {name: dict(zip(model.model_fields, given, strict=True)) for name, (model, given) in parts.items()}
    return LcrRequest.model_validate({"as_of": DAY, "other_outflows": (), **named, **more})


def computed(*parts: Any, **more: Any) -> LcrResult:
    found = coverage(asked(*parts, **more))
    assert isinstance(found, LcrResult)
    return found


def test_inflows_count_up_to_three_quarters_of_outflows() -> None:
    found = computed((10**10, 0, 0), (5 * 10**9, 2 * 10**9, 0, 0, 0, 0), (10**9, 0, 0))
    assert (found.total_outflow.amount, found.total_inflow_capped.amount) == (450_000_000, 337_500_000)
    assert found.lcr_pct == Decimal("8888.89")


def test_level_2a_alone_is_no_stock() -> None:
    """The reference took the cap of the sum before it: 34."""
    found = computed((0, 100, 0), (1000, 0, 0, 0, 0, 0))
    assert (found.total_hqla.amount, found.lcr_pct, found.compliant) == (0, 0, False)


def test_both_caps_are_of_what_is_left() -> None:
    """The reference has a stock of 194 and a ratio of 102.11, compliant."""
    found = computed((100, 100, 100), (1000, 500, 100, 100, 100, 100), (50, 50, 50))
    assert (found.cap_15_adjustment.amount, found.cap_40_adjustment.amount) == (25, Decimal("43.33"))
    assert found.total_hqla.amount == Decimal("166.67")
    assert found.net_cash_outflow.amount == 190
    assert (found.lcr_pct, found.compliant) == (Decimal("87.72"), False)
    assert found.grounds.reasons[0].code == "treasury.lcr_breach"


def test_nothing_at_all_is_no_compliance() -> None:
    """The reference answers 999 per cent, compliant."""
    found = coverage(asked((0, 0, 0), (0,) * 6))
    assert isinstance(found, InsufficientData)


@pytest.mark.parametrize(
    ("category", "balance", "weighted"),
    # A bank's disclosure for March 2020, annual report 2019-20, page 256 (online.flipbuilder.com/kfsl/felo), thousands.
    [
        ("stable_retail_deposits", 19_579_454, 978_973),
        ("less_stable_retail_deposits", 23_318_344, 2_331_834),
        ("other_legal_entity_funding", 9_703_666, 9_703_666),
    ],
)
def test_weights_as_a_bank_discloses_them(category: str, balance: int, weighted: int) -> None:
    core = {name: balance if name == category else 0 for name in LcrOutflows.model_fields}
    others = [] if category in core else [{"category": category, "amount": balance}]
    found = computed((1, 0, 0), core.values(), other_outflows=others)
    assert abs(found.total_outflow.amount - weighted) < 1


@given(level1=amounts, level2a=amounts, level2b=amounts)
def test_the_stock_is_the_largest_that_the_caps_allow(level1: int, level2a: int, level2b: int) -> None:
    """scipy 1.17.1, linprog: the most of each level under b <= 15 % and a + b <= 40 % of the stock."""
    optimize = pytest.importorskip("scipy.optimize")
    rules = editions(LCR)[0].rules
    held = stock(Decimal(level1), Decimal(level2a), Decimal(level2b), rules)
    most = [level1, level2a * 0.85, level2b * 0.5]
    within = [[-0.15, -0.15, 0.85], [-0.4, 0.6, 0.6]]
    best = optimize.linprog([-1] * 3, A_ub=within, b_ub=[0, 0], bounds=[(0, one) for one in most])
    assert float(held.total) == pytest.approx(-best.fun, rel=1e-6, abs=1e-3)


def test_digital_deposits_run_off_faster_from_april_2026_on() -> None:
    line = [{"category": "stable_retail_deposits_digital", "amount": 1000}]
    found = computed((100, 0, 0), (0,) * 6, other_outflows=line, as_of="2026-04-01")
    assert found.total_outflow.amount == 75
    with pytest.raises(InputError, match="did you mean 'stable_retail_deposits'"):
        coverage(asked((100, 0, 0), (0,) * 6, other_outflows=line, as_of="2026-03-31"))


def test_an_unverified_edition_and_categories_left_out_are_said() -> None:
    caveats = computed((100, 0, 0), (100, 0, 0, 0, 1, 0)).grounds.caveats
    assert any("is not verified" in one for one in caveats)
    assert any("unsecured wholesale funding is a convention" in one for one in caveats)
    assert any("net derivative outflows" in one for one in caveats)


def test_the_days_ahead_start_from_the_day_before() -> None:
    ahead = [
        {"on": "2025-11-04", "level1": -40},
        {"on": "2025-11-05", "level1": -30, "outflows": [{"category": "stable_retail_deposits", "change": -400}]},
    ]
    found = computed((100, 0, 0), (1000, 0, 0, 0, 0, 0), ahead=ahead)
    assert [one.lcr_pct for one in found.projection] == [120, 100]
    assert found.first_shortfall is None
    worse = computed((100, 0, 0), (1000, 0, 0, 0, 0, 0), ahead=[{**ahead[0], "level1": -51}])
    assert worse.first_shortfall == datetime.date(2025, 11, 4)
    assert "treasury.lcr_ahead" in {one.code for one in worse.grounds.reasons}


def test_the_ratio_is_judged_before_it_is_rounded() -> None:
    found = computed((4_999_999, 0, 0), (100_000_000, 0, 0, 0, 0, 0))
    assert (found.lcr_pct, found.compliant) == (100, False)


@pytest.mark.parametrize(
    "more",
    [
        {"other_outflows": [{"category": "stable_retail_deposits", "amount": 1}]},
        {"other_outflows": [{"category": "net_derivative_outflow", "amount": 1}]},
        {"other_outflows": [{"category": "net_derivative_outflows", "amount": {"amount": 1, "currency": "USD"}}]},
        {"ahead": [{"on": "2025-11-04", "level1": -101}]},
        {"ahead": [{"on": "2031-11-04", "level1": 0}]},
    ],
)
def test_what_cannot_be_computed_is_an_error_that_says_what(more: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        coverage(asked((100, 0, 0), (1000, 0, 0, 0, 0, 0), **more))


@pytest.mark.parametrize("days", [("2025-11-03",), ("2025-11-05", "2025-11-04")])
def test_days_ahead_come_in_order(days: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="in order"):
        asked((1, 0, 0), (1,) * 6, ahead=[{"on": day, "level1": 0} for day in days])


def test_later_editions_know_every_category_of_earlier_ones() -> None:
    earlier, later = (edition.rules for edition in editions(LCR))
    for side in ("outflows", "inflows"):
        assert {one.category for one in getattr(earlier, side)} <= {one.category for one in getattr(later, side)}


@given(held=st.tuples(amounts, amounts, amounts), owed=st.lists(amounts, min_size=6, max_size=6), due=amounts)
def test_more_assets_never_hurt_and_parts_are_the_whole(held: tuple[int, ...], owed: list[int], due: int) -> None:
    if not any(owed):
        return
    one = computed(held, owed, (due, 0, 0))
    more = computed((held[0] + 1000, *held[1:]), owed, (due, 0, 0))
    assert more.total_hqla.minor > one.total_hqla.minor
    assert more.lcr_pct >= one.lcr_pct
    outflows = [line.weighted.minor for line in one.lines if line.side == "outflow"]
    assert abs(sum(outflows) - one.total_outflow.minor) <= len(outflows)
    assert one.net_cash_outflow.minor * 4 >= one.total_outflow.minor - 4
    assert one.compliant == (one.surplus.minor >= 0)
