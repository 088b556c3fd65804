"""A committee's decision: the catalogue's figures kept or corrected, decisions as published, what is never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie import Runtime
from genie.testing import Probe, settled
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.research import MpcSignal, MpcSummaryRequest, RepriceRequested
from genie_finance.research.mpc_research import mpc_research, reprice, signal

rates = st.decimals(0, 20, places=2)


def asked(before: dict[str, Any] | None, now: dict[str, Any]) -> MpcSummaryRequest:
    base = {"meeting_date": "2025-02-07", "repo_rate_pct": "6.50", "stance": "neutral"}
    later = {**base, "meeting_date": "2025-04-09"}
    return MpcSummaryRequest.model_validate(
        {"previous": None if before is None else {**base, **before}, "current": {**later, **now}}
    )


def told(before: dict[str, Any], now: dict[str, Any]) -> MpcSignal:
    found = signal(asked(before, now))
    assert isinstance(found, MpcSignal)
    return found


def test_a_rise_with_a_tighter_stance_surprises() -> None:
    found = told({}, {"repo_rate_pct": 6.75, "stance": "withdrawal_of_accommodation", "consensus_repo_change_bps": 0})
    assert (found.repo_change_bps, found.stance_shift) == (25, "tightening")
    assert (found.surprise, found.hawkishness_delta) == ("hawkish_surprise", "more_hawkish")


def test_revisions_are_rounded_not_cut_off() -> None:
    """The reference has 29 for 4.5 to 4.8: a float, cut off."""
    found = told(
        {"cpi_projection_pct": 4.5, "gdp_projection_pct": 6.8}, {"cpi_projection_pct": 4.8, "gdp_projection_pct": 6.6}
    )
    assert (found.cpi_revision_bps, found.gdp_revision_bps) == (30, -20)


def test_the_decision_of_april_2025() -> None:
    """business-standard.com 125040900306: a cut by 25, stance to accommodative, CPI 4.2 to 4.0, GDP 6.7 to 6.5."""
    before = {
        "repo_rate_pct": 6.25,
        "sdf_rate_pct": 6,
        "msf_rate_pct": 6.5,
        "cpi_projection_pct": 4.2,
        "gdp_projection_pct": 6.7,
    }
    now = {
        "repo_rate_pct": 6,
        "sdf_rate_pct": 5.75,
        "msf_rate_pct": 6.25,
        "cpi_projection_pct": 4,
        "gdp_projection_pct": 6.5,
    }
    found = told(before, {**now, "stance": "accommodative"})
    assert (found.repo_change_bps, found.stance_shift, found.corridor_bps) == (-25, "easing", 50)
    assert (found.cpi_revision_bps, found.gdp_revision_bps) == (-20, -20)
    assert found.hawkishness_delta == "more_dovish"


def test_the_decision_of_december_2025() -> None:
    """wellworthgroup.co 1659433: a unanimous cut from 5.50 to 5.25, stance kept neutral."""
    found = told({"repo_rate_pct": 5.5}, {"repo_rate_pct": 5.25, "vote_for": 6, "vote_against": 0})
    assert (found.repo_change_bps, found.stance_shift, found.hawkishness_delta) == (-25, "unchanged", "more_dovish")


def test_a_cut_is_not_hawkish_because_inflation_is_seen_higher() -> None:
    found = told({"cpi_projection_pct": 4}, {"repo_rate_pct": 6.25, "cpi_projection_pct": 4.3})
    assert found.hawkishness_delta == "more_dovish"


def test_without_a_consensus_nothing_surprises_and_without_a_previous_nothing_is_compared() -> None:
    """The reference takes a missing consensus, and a missing previous rate, for 0: a hike of 675 basis points."""
    found = told({}, {"repo_rate_pct": 6.75})
    assert (found.surprise, found.surprise_bps) == (None, None)
    assert any("consensus" in caveat for caveat in found.grounds.caveats)
    assert isinstance(signal(asked(None, {"repo_rate_pct": 6.75})), InsufficientData)


@pytest.mark.parametrize(
    ("consensus", "surprise"), [(-25, "in_line"), (-10, "in_line"), (-9, "dovish_surprise"), (-41, "hawkish_surprise")]
)
def test_surprise_is_more_than_fifteen_basis_points(consensus: int, surprise: str) -> None:
    assert told({}, {"repo_rate_pct": 6.25, "consensus_repo_change_bps": consensus}).surprise == surprise


def test_votes_count_only_where_it_is_known_what_they_wanted() -> None:
    split = {"vote_for": 4, "vote_against": 2}
    assert {one.name for one in told({}, split).parts} == {"repo", "stance"}
    votes = {one.name: one.score for one in told({}, {**split, "dissent_towards": "lower"}).parts}
    assert votes["votes"] == Decimal("-0.333")


@pytest.mark.anyio
async def test_whoever_prices_by_the_rate_is_told_when_it_moves() -> None:
    probe = Probe(RepriceRequested)
    async with Runtime([mpc_research, probe]) as runtime:
        await runtime.ask(asked({}, {"repo_rate_pct": 6.25}), MpcSignal)
        await runtime.ask(asked({}, {}), MpcSignal)
        await settled(runtime)
        assert [one.change_bps for one in probe.payloads(RepriceRequested)] == [-25]


@given(before=rates, now=rates, stance=st.sampled_from(("accommodative", "neutral", "withdrawal_of_accommodation")))
def test_the_way_back_is_the_opposite(before: Decimal, now: Decimal, stance: str) -> None:
    there = told({"repo_rate_pct": before}, {"repo_rate_pct": now, "stance": stance})
    back = told({"repo_rate_pct": now, "stance": stance}, {"repo_rate_pct": before})
    assert there.repo_change_bps == -back.repo_change_bps
    assert there.hawkishness == -back.hawkishness
    assert -1 <= there.hawkishness <= 1
    assert (reprice(asked({"repo_rate_pct": before}, {"repo_rate_pct": now})) is None) == (before == now)
