"""Lump sum or instalments: the catalogue's figures kept or corrected, numpy-financial's and scipy's, and laws."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from genie_finance.contracts.investing import SipLumpsumRequest, SipLumpsumResult
from genie_finance.investing.sip_vs_lumpsum import compare

Sip = Callable[..., SipLumpsumRequest]


def middles(found: SipLumpsumResult) -> tuple[str, str]:
    return str(found.lumpsum.p50.amount), str(found.sip.p50.amount)


def test_the_catalogues_figures_without_volatility(sip: Sip) -> None:
    # numpy-financial 1.0.0 says the same: fv(.01, 60, 0, -1e6) and fv(.01, 12, -1e6 / 12, 0) * 1.01**48
    found = compare(sip())
    assert middles(found) == ("1816696.70", "1703921.84")
    assert (found.lumpsum_win_probability, found.recommendation) == (1, "lumpsum")
    assert found.sip_expected_regret.amount == Decimal("112774.86")
    assert found.lumpsum_expected_regret.minor == 0


def test_a_horizon_below_the_instalments_keeps_the_idle_cash(sip: Sip) -> None:
    """The catalogue lost it: 1,200,000 over six months at no return left 600,000."""
    found = compare(sip(amount=1_200_000, horizon_months=6, expected_annual_return=0))
    assert middles(found) == ("1200000.00", "1200000.00")
    assert found.uninvested.amount == 600_000
    assert found.recommendation == "toss_up"  # the catalogue's count of strict wins made a draw a win of the other
    assert found.lumpsum_win_probability == Decimal("0.5")
    assert any("beyond the horizon" in caveat for caveat in found.grounds.caveats)


def test_the_lump_sum_is_lognormal_and_never_below_nothing(sip: Sip) -> None:
    """The catalogue took arithmetic normal returns and called them lognormal; its median was 1,738,501.55."""
    found = compare(sip(annual_volatility="0.15", paths=50_000))
    # scipy 1.17.1, lognorm(s=0.15 * sqrt(5), scale=1e6 * exp(60 ln 1.01 - s^2 / 2))
    assert found.lumpsum.p50.amount == pytest.approx(Decimal("1717328.44"), rel=Decimal("0.01"))
    assert found.lumpsum.p10.amount == pytest.approx(Decimal("1117310.42"), rel=Decimal("0.01"))
    assert found.lumpsum.mean.amount == pytest.approx(Decimal("1816696.70"), rel=Decimal("0.01"))
    assert found.sip.mean.amount == pytest.approx(Decimal("1703921.84"), rel=Decimal("0.01"))
    wild = compare(sip(annual_volatility=1, horizon_months=120))
    assert wild.lumpsum.worst_twentieth.minor >= 0
    assert wild.sip.worst_twentieth.minor >= 0


def test_regret_is_a_mean_over_paths_and_not_a_difference_of_medians(sip: Sip) -> None:
    found = compare(sip(annual_volatility="0.2"))
    assert found.lumpsum_expected_regret.minor > 0
    difference = found.lumpsum.mean.amount - found.sip.mean.amount
    regrets = found.sip_expected_regret.amount - found.lumpsum_expected_regret.amount
    assert difference == pytest.approx(regrets, abs=Decimal("0.03"))


def test_waiting_cash_earns_what_is_said(sip: Sip) -> None:
    same = compare(sip(waiting_cash_annual_return="0.12"))
    assert middles(same) == ("1816696.70", "1816696.70")
    better = compare(sip(waiting_cash_annual_return="0.2", expected_annual_return="0.05"))
    assert better.recommendation == "sip"
    cut = compare(sip(horizon_months=6, waiting_cash_annual_return="0.12"))
    assert middles(cut)[0] == middles(cut)[1] == "1061520.15"
    assert "earn nothing" not in str(cut.grounds.caveats)
    assert "earn nothing" in str(compare(sip()).grounds.caveats)


@pytest.mark.parametrize("horizon", [4, 12, 30])
def test_paid_at_the_start_of_the_month_cash_at_the_same_rate_loses_nothing(sip: Sip, horizon: int) -> None:
    found = compare(sip(timing="start", horizon_months=horizon, waiting_cash_annual_return="0.12"))
    assert middles(found)[0] == middles(found)[1]


def test_one_instalment_at_the_start_is_the_lump_sum(sip: Sip) -> None:
    found = compare(sip(instalments=1, timing="start", annual_volatility="0.3"))
    assert found.lumpsum == found.sip
    assert found.recommendation == "toss_up"


@pytest.mark.parametrize("fields", [{"amount": 0}, {"horizon_months": 0}, {"expected_annual_return": 12}, {"paths": 1}])
def test_what_cannot_be_compared_is_refused(sip: Sip, fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        sip(**fields)


@settings(max_examples=40)
@given(
    amount=st.integers(1, 10**9), months=st.integers(1, 60), instalments=st.integers(1, 40),
    volatility=st.decimals(0, 1, places=2), cash=st.decimals(0, Decimal("0.2"), places=2),
    timing=st.sampled_from(["start", "end"]), seed=st.integers(0, 10**6),
)  # fmt: skip
def test_nothing_is_lost_on_the_way(
    amount: int, months: int, instalments: int, volatility: Decimal, cash: Decimal, timing: str, seed: int
) -> None:
    asked = {
        "amount": amount, "horizon_months": months, "instalments": instalments, "annual_volatility": volatility,
        "expected_annual_return": "0.08", "timing": timing, "seed": seed, "paths": 100,
        "waiting_cash_annual_return": cash,
    }  # fmt: skip
    found = compare(SipLumpsumRequest.model_validate(asked))
    assert compare(SipLumpsumRequest.model_validate(asked)) == found
    low, high = found.win_interval
    assert low <= found.lumpsum_win_probability <= high
    doubled = compare(SipLumpsumRequest.model_validate({**asked, "amount": 2 * amount}))
    assert doubled.sip.mean.amount == pytest.approx(2 * found.sip.mean.amount, abs=Decimal("0.02"))
    flat = compare(SipLumpsumRequest.model_validate({
        **asked, "expected_annual_return": 0, "annual_volatility": 0, "waiting_cash_annual_return": 0,
    }))  # fmt: skip
    assert flat.lumpsum.p50.amount == flat.sip.p50.amount == amount
