"""Indicators: as the source has them, never before they were published, and unusual only against a history."""

from __future__ import annotations

import datetime
import statistics
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.research import MacroBrief, MacroContextRequest
from genie_finance.research.macro_research import brief, z_score

TODAY = datetime.date(2026, 11, 20)
values = st.lists(st.decimals(-50, 50, places=2), min_size=5, max_size=30)


def told(**asked: Any) -> MacroBrief:
    found = brief(MacroContextRequest.model_validate({"region": "in", **asked}), TODAY)
    assert isinstance(found, MacroBrief)
    return found


@pytest.mark.parametrize(
    ("indicator", "value", "change"),
    # RBI Annual Report 2025-26, rbi.org.in AnnualReportPublications 1474 and 1477.
    [("real GDP growth", "7.6", "0.5"), ("CPI inflation", "2.1", "-2.5"), ("WPI inflation", "0.7", "-1.6")],
)
def test_figures_of_the_central_banks_annual_report(indicator: str, value: str, change: str) -> None:
    found = {one.indicator: one for one in told().readings}[indicator]
    assert (found.period, found.value, found.change) == ("2025-26", Decimal(value), Decimal(change))


def test_money_grew_unusually_by_the_formula_of_the_standard_library() -> None:
    found = {one.indicator: one for one in told().readings}["broad money (M3)"]
    before = [9.2, 10.5, 8.9, 12.2, 8.8, 9.0, 11.6, 9.4]
    assert found.z_score is not None
    assert float(found.z_score) == pytest.approx((15.3 - statistics.mean(before)) / statistics.stdev(before), abs=0.005)
    assert found.unusual
    assert "broad money" in told().grounds.reasons[0].text


def test_india_is_named_and_no_other_region_gets_its_figures() -> None:
    """The reference answers nothing, and what it does not know, with India."""
    assert told(region="India").region == "in"
    for region in ("us", "jp"):
        assert isinstance(brief(MacroContextRequest(region=region), TODAY), InsufficientData)
    with pytest.raises(ValueError, match="region"):
        MacroContextRequest(region="")


def test_nothing_is_known_before_it_was_published() -> None:
    day = datetime.date(2026, 5, 28)
    found = brief(MacroContextRequest(region="in", as_of=day), TODAY)
    assert isinstance(found, InsufficientData)
    assert "2026-05-29" in found.missing[0].given


def test_the_askers_series_count_instead_and_say_so() -> None:
    series = {
        "indicator": "PMI", "unit": "points", "published": "2026-11-01", "source": "desk",
        "observations": [{"period": "2026-09", "value": 57.1}, {"period": "2026-10", "value": 58}],
    }  # fmt: skip
    found = told(region="us", series=[series])
    assert (found.readings[0].change, found.readings[0].z_score) == (Decimal("0.9"), None)
    assert any("caller" in caveat for caveat in found.grounds.caveats)
    series["observations"] = list(reversed(series["observations"]))
    with pytest.raises(ValueError, match="in order"):
        told(series=[series])


@given(before=values, shift=st.decimals(-9, 9, places=1), scale=st.integers(1, 9))
def test_a_score_does_not_depend_on_unit_or_origin(before: list[Decimal], shift: Decimal, scale: int) -> None:
    last = before.pop()
    one, other = z_score(last, before), z_score(last * scale + shift, [each * scale + shift for each in before])
    assert (one is None) == (other is None)
    assert one is None or other is None or abs(one - other) <= Decimal("0.01")
    assert one == z_score(last, sorted(before))


def test_values_that_are_worlds_apart_have_a_score_too() -> None:
    before = [Decimal("1.00000000000000000000001"), *[Decimal(1)] * 4]
    score = z_score(Decimal("9" * 24), before)
    assert score is not None
    assert score > 10**40
