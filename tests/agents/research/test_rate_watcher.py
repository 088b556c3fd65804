"""Policy rates: as published, on the day asked for and never later; unknown regions and days are said to be."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.research import RateOutlook, RateOutlookRequest
from genie_finance.domain.rulebook import editions
from genie_finance.research.rate_watcher import outlook
from genie_finance.research.tables import POLICY_RATES

TODAY = datetime.date(2026, 1, 15)


def asked(region: str, day: str | None = None, **more: Any) -> RateOutlook | InsufficientData:
    return outlook(RateOutlookRequest.model_validate({"region": region, "as_of": day, **more}), TODAY)


def told(region: str, day: str | None = None, **more: Any) -> RateOutlook:
    found = asked(region, day, **more)
    assert isinstance(found, RateOutlook)
    return found


@pytest.mark.parametrize(
    ("day", "repo", "sdf", "msf"),
    # itiger.com 2557329347 (August 2025), indiatoday.in 2863965 (6 February 2026), business-standard.com 125040900306.
    [
        ("2025-08-06", "5.50", "5.25", "5.75"),
        ("2026-02-06", "5.25", "5.00", "5.50"),
        ("2025-04-09", "6.00", "5.75", "6.25"),
    ],
)
def test_rates_as_the_press_reported_them(day: str, repo: str, sdf: str, msf: str) -> None:
    found = told("in", day)
    rates = {one.name: one.pct for one in found.rates}
    assert (rates["repo"], rates["sdf"], rates["msf"]) == (Decimal(repo), Decimal(sdf), Decimal(msf))
    assert found.corridor_bps == 50


@pytest.mark.parametrize(
    ("region", "day", "main"),
    # federalreserve.gov (Fed Explained), bsi.si (ECB interest rates): dates of effect.
    [
        ("us", "2023-07-26", "5.25"),
        ("us", "2023-07-27", "5.50"),
        ("ea", "2024-06-11", "4.00"),
        ("ea", "2024-06-12", "3.75"),
    ],
)
def test_a_change_holds_from_its_day_of_effect_on(region: str, day: str, main: str) -> None:
    assert told(region, day).main_pct == Decimal(main)


def test_the_federal_reserve_is_named_for_the_us() -> None:
    assert "Federal Reserve" in told("us").text


def test_an_unknown_region_is_not_answered_with_india() -> None:
    """The reference answers every region that it does not know with India's rates."""
    found = asked("jp")
    assert isinstance(found, InsufficientData)
    assert "in, us, ea" in found.missing[0].needed


def test_steps_and_a_years_change() -> None:
    found = told("in")
    assert [step.change_bps for step in found.steps] == [-25, -50, -25, -25]
    assert (found.last_change_bps, found.change_12_months_bps) == (-25, -125)
    assert found.in_force_since == datetime.date(2025, 12, 5)
    assert told("in", "2024-06-01").last_change_bps is None


def test_days_before_the_first_decision_have_no_rate() -> None:
    found = asked("in", "2023-02-07")
    assert isinstance(found, InsufficientData)
    assert "2023-02-08 to 2026-07-31" in found.missing[0].given


@pytest.mark.parametrize("region", POLICY_RATES)
def test_beyond_the_next_meeting_the_last_known_rates_are_given_with_their_day_and_are_stale(region: str) -> None:
    """Was: no rate at all for the day of the question."""
    last = editions(POLICY_RATES[region])[-1].said.effective_to
    covered, beyond = told(region, str(last)), told(region, "2026-11-22")
    assert (covered.stale, covered.known_until) == (False, last)
    assert (beyond.stale, beyond.known_until, beyond.main_pct) == (True, last, covered.main_pct)
    assert [reason.code for reason in beyond.grounds.reasons] == ["research.policy_rate_stale"]
    assert str(last) in beyond.text


def test_the_askers_decisions_carry_on_and_say_so() -> None:
    newer = [{"effective_from": "2026-04-08", "rates": [{"name": "repo", "pct": 5.5}], "source": "desk"}]
    found = told("in", "2026-05-01", decisions=newer)
    assert (found.main_pct, found.last_change_bps, found.corridor_bps) == (Decimal("5.5"), 25, None)
    assert any("caller" in caveat for caveat in found.grounds.caveats)
    assert not found.stale
    assert told("in", "2026-01-15", decisions=newer).main_pct == Decimal("5.25")


def test_unread_editions_are_said() -> None:
    assert any("not verified" in caveat for caveat in told("us", "2024-10-01").grounds.caveats)


def test_swaps_imply_forward_rates_and_without_them_nothing_is_said() -> None:
    curve = [{"months": 6, "rate_pct": 5.1}, {"months": 3, "rate_pct": 5.2}]
    found = told("in", ois_curve=curve)
    assert [(one.from_months, one.to_months, one.rate_pct) for one in found.implied] == [
        (0, 3, Decimal("5.2")),
        (3, 6, 5),
    ]
    assert [one.change_bps for one in found.implied] == [-5, -25]
    assert told("in").implied == ()


@pytest.mark.parametrize("region", POLICY_RATES)
def test_tables_have_no_gaps_and_name_rates_that_are_there(region: str) -> None:
    found = editions(POLICY_RATES[region])
    for one in found:
        names = {rate.name for rate in one.rules.rates}
        assert {one.rules.main, one.rules.floor, one.rules.ceiling} <= names
        assert one.rules.region == region
    days = [(one.said.effective_to, other.said.effective_from) for one, other in zip(found, found[1:], strict=False)]
    assert all(start - end == datetime.timedelta(days=1) for end, start in days)


@given(day=st.dates(datetime.date(2023, 2, 8), datetime.date(2026, 1, 28)), region=st.sampled_from(("in", "us", "ea")))
def test_steps_lead_to_the_rate_and_none_is_later_than_the_day(day: datetime.date, region: str) -> None:
    found = told(region, day.isoformat())
    assert all(step.on <= day for step in found.steps)
    assert not found.steps or found.steps[0].to_pct == found.main_pct
    assert all(later.from_pct == earlier.to_pct for later, earlier in zip(found.steps, found.steps[1:], strict=False))
