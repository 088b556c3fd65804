"""Gaps by maturity: the catalogue's figures corrected, tolerances as published, QuantLib's present values, laws."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.treasury import BUCKETS, AlmRequest, AlmResult
from genie_finance.domain.rulebook import editions
from genie_finance.treasury.alm import gaps
from genie_finance.treasury.tables import ALM

side = st.lists(st.integers(0, 10**9), min_size=9, max_size=9)


def asked(assets: Any, liabilities: Any, total: int = 1000, shock: int = 100, **more: Any) -> AlmRequest:
    named = [dict(zip(BUCKETS, one, strict=True)) for one in (assets, liabilities)]
    return AlmRequest.model_validate(
        {
            "as_of": "2025-11-03", "assets": named[0], "liabilities": named[1], "total_assets": total,
            "rate_shock_bp": shock, **more,
        }
    )  # fmt: skip


def computed(*sides: Any, **more: Any) -> AlmResult:
    found = gaps(asked(*sides, **more))
    assert isinstance(found, AlmResult)
    return found


def one(bucket: str, amount: int) -> list[int]:
    return [amount if name == bucket else 0 for name in BUCKETS]


def test_a_balanced_book_breaches_nothing() -> None:
    found = computed([100] * 9, [100] * 9)
    assert not found.has_breach
    assert [row.gap.minor for row in found.gaps] == [0] * 9


def test_all_liabilities_next_week_and_all_assets_in_five_years() -> None:
    """The reference printed -999.99, -99.9999 per cent and -9.99: its rounding moved negatives by a unit."""
    found = computed(one("year_5_plus", 1000), one("day_1_7", 1000), internal_limit_pct_of_assets=15)
    assert found.gaps[0].gap.amount == -1000
    assert [row.cumulative_pct_of_assets for row in found.gaps] == [-100] * 8 + [0]
    assert [row.breach for row in found.gaps] == [True] * 8 + [False]  # 15 per cent of assets, as the bank's own limit
    assert found.nii_sensitivity.amount == -10


def test_without_a_limit_of_its_own_only_the_rules_tolerances_are_breached() -> None:
    """The reference's 15 per cent of assets is no rule; the tolerances end with the third bucket."""
    found = computed(one("year_5_plus", 1000), one("day_1_7", 1000))
    assert [row.breach for row in found.gaps] == [True] * 3 + [False] * 6


@pytest.mark.parametrize(
    ("bucket", "limit"),
    # RBI/2007-2008/165 as financialexpress.com (232207) and bankpulse.ai state it.
    [("day_1_7", 10), ("day_8_14", 15), ("day_15_30", 20)],
)
def test_the_tolerances_as_published(bucket: str, limit: int) -> None:
    owed = one(bucket, 1000)
    at, beyond = (computed(one(bucket, 1000 - limit * 10 - more), owed) for more in (0, 1))
    assert not at.has_breach
    assert [row.bucket for row in beyond.gaps if row.breach] == [bucket]
    assert beyond.gaps[BUCKETS.index(bucket)].limit_pct == limit


def test_the_next_days_tolerance_is_five_per_cent_and_only_looked_at_where_it_is_known() -> None:
    sides = one("day_1_7", 1000), one("day_1_7", 1000)
    within = computed(*sides, next_day={"assets": 95, "liabilities": 100})
    beyond = computed(*sides, next_day={"assets": 94, "liabilities": 100})
    assert (within.has_breach, beyond.has_breach) == (False, True)
    assert beyond.grounds.reasons[0].code == "treasury.next_day_breach"
    unknown = computed(*sides)
    assert any("next day" in caveat for caveat in unknown.grounds.caveats)
    assert (unknown.has_breach, unknown.unchecked) == (None, ("next_day_limit",))  # was: no breach
    assert [reason.code for reason in unknown.grounds.reasons] == ["treasury.next_day_unknown"]
    assert within.unchecked == ()


@given(side, side)
def test_no_breach_is_never_said_of_a_limit_that_was_not_looked_at(assets: list[int], liabilities: list[int]) -> None:
    if any(assets) or any(liabilities):
        whole = max(sum(assets), 1)
        found = computed(assets, liabilities, total=whole)
        first = {"assets": 0, "liabilities": liabilities[0]}
        worst = computed(assets, liabilities, total=whole, next_day=first)
        assert found.has_breach is not False
        assert found.has_breach is None or worst.has_breach


def test_a_later_gap_earns_the_shock_for_less_of_the_year() -> None:
    early, late = (computed(one(name, 1000), [0] * 9) for name in ("day_1_7", "day_181_365"))
    assert early.nii_sensitivity == late.nii_sensitivity
    assert early.nii_sensitivity_time_weighted.amount == Decimal("9.90")  # 10 x (1 - 3.5/365)
    assert late.nii_sensitivity_time_weighted.amount == Decimal("2.53")  # 10 x (1 - 272.5/365)


def test_repricing_is_told_from_maturity() -> None:
    floating = {"assets": dict(zip(BUCKETS, one("day_1_7", 500), strict=True)),
                "liabilities": dict(zip(BUCKETS, one("year_3_5", 500), strict=True))}  # fmt: skip
    found = computed(one("year_5_plus", 500), one("year_3_5", 500), repricing=floating)
    assert found.nii_sensitivity.amount == 5
    assert found.gaps[0].assets.minor == 0


def test_present_values_and_durations_as_quantlib_has_them() -> None:
    """QuantLib 1.44: CashFlows.npv and .duration of the same flows at the same days, continuous, Actual/365."""
    assets = (100, 50, 70, 90, 120, 150, 300, 200, 400)
    owed = (150, 90, 80, 120, 110, 180, 350, 120, 100)
    valuation = {"flat_yield_pct": 6.5, "last_bucket_years": 9}
    found = computed(assets, owed, total=1480, shock=200, valuation=valuation)
    assert found.eve_change is not None
    assert found.eve_change.amount == Decimal("-30.06")
    assert (found.duration_assets_years, found.duration_liabilities_years) == (Decimal("2.7462"), Decimal("1.4347"))


def test_nothing_is_no_balanced_book() -> None:
    found = gaps(asked([0] * 9, [0] * 9))
    assert isinstance(found, InsufficientData)


def test_total_assets_are_required_as_no_share_can_be_told_without_them() -> None:
    with pytest.raises(ValueError, match="total_assets"):
        AlmRequest.model_validate({**asked([1] * 9, [1] * 9).model_dump(exclude={"total_assets"})})


@pytest.mark.parametrize(
    "more",
    [{"next_day": {"assets": 2, "liabilities": 0}}, {"total_assets": {"amount": "1", "currency": "USD"}}],
)
def test_what_contradicts_itself_is_refused(more: dict[str, Any]) -> None:
    given = asked([1] * 9, [1] * 9).model_dump()
    with pytest.raises(ValueError, match="day_1_7|INR, USD"):
        AlmRequest.model_validate({**given, **more})


def test_a_day_without_an_edition_is_an_error() -> None:
    with pytest.raises(InputError, match="no edition covers 2001-01-01"):
        gaps(asked([1] * 9, [1] * 9).model_copy(update={"as_of": datetime.date(2001, 1, 1)}))


def test_buckets_of_the_table_are_those_of_the_payload_and_leave_no_day_out() -> None:
    for edition in editions(ALM):
        buckets = edition.rules.buckets
        assert tuple(bucket.bucket for bucket in buckets) == BUCKETS
        assert [bucket.from_day - 1 for bucket in buckets[1:]] == [bucket.to_day for bucket in buckets[:-1]]


# --- laws ---


@given(assets=side, owed=side)
def test_the_gaps_add_up(assets: list[int], owed: list[int]) -> None:
    if not any((*assets, *owed)):
        return
    found = computed(assets, owed)
    assert sum(row.gap.minor for row in found.gaps) == found.gaps[-1].cumulative.minor
    assert found.gaps[-1].cumulative.amount == sum(assets) - sum(owed)


@given(assets=side, owed=side, shock=st.integers(1, 400))
def test_swapping_the_sides_or_the_shock_turns_the_sign(assets: list[int], owed: list[int], shock: int) -> None:
    if not any((*assets, *owed)):
        return
    there, back = computed(assets, owed, shock=shock), computed(owed, assets, shock=shock)
    down = computed(assets, owed, shock=-shock)
    assert there.nii_sensitivity == -back.nii_sensitivity == -down.nii_sensitivity
    assert there.nii_sensitivity_time_weighted == -back.nii_sensitivity_time_weighted
