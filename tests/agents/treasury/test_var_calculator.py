"""Value at risk: the catalogue's figures kept or corrected, what scipy and numpy say, and laws."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.treasury import VarRequest, VarResult
from genie_finance.treasury.backtest import christoffersen, exceptions, kupiec
from genie_finance.treasury.returns import Moments, historical, modified, parametric
from genie_finance.treasury.var_calculator import value_at_risk

EIGHT = (-0.05, -0.03, -0.02, -0.01, 0, 0.01, 0.02, 0.03)
returns = st.lists(st.decimals(-1, 1, places=4), min_size=5, max_size=60)


def drawn(count: int, seed: int = 3) -> list[float]:
    generator = random.Random(seed)
    return [generator.gauss(0.0003, 0.012) for _ in range(count)]


def computed(daily: Any, value: Any = 100_000, **more: Any) -> VarResult:
    found = value_at_risk(VarRequest.model_validate({"portfolio_value": value, "daily_returns": daily, **more}))
    assert isinstance(found, VarResult)
    return found


def test_the_catalogues_case_is_kept() -> None:
    """The reference rounds the quantile to 1.645, which is 4732.36 and 5774.09; unrounded it is 1.64485."""
    found = computed(EIGHT)
    assert (found.historical.var.amount, found.historical.es.amount) == (5000, 5000)
    assert (found.parametric.var.amount, found.parametric.es.amount) == (Decimal("4731.99"), Decimal("5775.33"))
    moments = Moments.of(EIGHT, "population")
    assert round((1.645 * moments.deviation - moments.mean) * 100_000, 2) == 4732.36


def test_eighty_per_cent_has_a_quantile_and_the_mean_grows_with_the_days() -> None:
    """The reference took 0 for the quantile below 90 per cent, and scaled the mean by the root: 1976.42."""
    found = computed(EIGHT, confidence_pct=80, horizon_days=10)
    moments = Moments.of(EIGHT, "population")
    expected = 0.8416212335729143 * moments.deviation * math.sqrt(10) - moments.mean * 10
    assert found.parametric.var.amount == round(Decimal(expected * 100_000), 2)


def test_alternating_returns_have_the_normal_quantile_times_one_per_cent() -> None:
    found = computed([0.01, -0.01] * 50)
    assert found.parametric.var_pct == Decimal("1.6449")


def test_without_drift_sixteen_days_are_four_times_one_day() -> None:
    one, sixteen = (computed([0.01, -0.01] * 50, horizon_days=days) for days in (1, 16))
    assert abs(sixteen.parametric.var.minor - 4 * one.parametric.var.minor) <= 4
    assert sixteen.historical.var == one.historical.var.scaled(Decimal(4))


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_returns_are_no_small_risk(count: int) -> None:
    found = value_at_risk(VarRequest.model_validate({"portfolio_value": 1, "daily_returns": [0.01] * count}))
    assert isinstance(found, InsufficientData)
    assert found.missing[0].given == str(count)


# --- what others compute: numpy 2.4.6 and scipy 1.17.1 ---


@pytest.mark.parametrize(("confidence", "count"), [(90, 37), (95, 100), (97.5, 501), (99, 250)])
def test_numpy_and_scipy_say_the_same(confidence: float, count: int) -> None:
    np, stats = pytest.importorskip("numpy"), pytest.importorskip("scipy.stats")
    daily, alpha = drawn(count), 1 - confidence / 100
    tail = historical(daily, alpha, 1)
    assert tail.var == pytest.approx(-np.quantile(daily, alpha - 1e-12, method="inverted_cdf"))
    moments = Moments.of(daily, "sample")
    assert moments.deviation == pytest.approx(np.std(daily, ddof=1))
    assert (moments.skewness, moments.kurtosis) == pytest.approx((stats.skew(daily), stats.kurtosis(daily)))
    normal = parametric(moments, alpha, 1)
    assert normal.var == pytest.approx(-stats.norm.ppf(alpha, moments.mean, moments.deviation))
    z = stats.norm.ppf(alpha)
    assert normal.es == pytest.approx(stats.norm.pdf(z) / alpha * moments.deviation - moments.mean)


def test_kupiec_as_scipy_has_the_distribution() -> None:
    """Ten exceptions in 250 days at one per cent: 12.96, as Jorion's and Kupiec's tables round it."""
    stats = pytest.importorskip("scipy.stats")
    found = kupiec(250, 10, 0.01)
    assert found.ratio == pytest.approx(12.955491)
    assert found.p == pytest.approx(stats.chi2.sf(found.ratio, 1))


def test_exceptions_that_cluster_are_told_from_those_that_do_not() -> None:
    apart = [day % 20 == 0 for day in range(200)]
    together = [day < 10 for day in range(200)]
    assert (christoffersen(apart) or kupiec(1, 0, 0.5)).p > 0.05
    clustered = christoffersen(together)
    assert clustered is not None
    assert clustered.p < 0.001
    assert christoffersen([False] * 100) is None


def test_a_rolling_window_sees_only_the_days_before() -> None:
    daily = [0.001 * (day % 7 - 3) for day in range(300)]
    daily[280] = -0.5
    assert [at for at, hit in enumerate(exceptions(daily, 0.01)) if hit] == [30]


def test_a_backtest_comes_with_a_year_and_a_hundred_days() -> None:
    assert computed(drawn(349)).backtest is None
    tested = computed(drawn(350)).backtest
    assert tested is not None
    assert (tested.window, tested.days, tested.expected) == (250, 100, 5)


def test_skewness_and_fat_tails_make_the_modified_figure_larger() -> None:
    daily = [*drawn(200), -0.09, -0.08]
    moments = Moments.of(daily, "population")
    assert modified(moments, 0.01, 1) > parametric(moments, 0.01, 1).var
    even = Moments(0.0, 0.01, 0.0, 0.0)
    assert modified(even, 0.05, 9) == pytest.approx(parametric(even, 0.05, 9).var)


# --- positions ---


def held(**values: int) -> dict[str, Any]:
    histories = {name: drawn(60, seed) for seed, name in enumerate(values)}
    positions = [{"name": name, "value": value, "daily_returns": histories[name]} for name, value in values.items()]
    return {"portfolio_value": sum(values.values()), "positions": positions}


@pytest.mark.parametrize("more", [{}, {"horizon_days": 10, "deviation": "sample", "confidence_pct": 99}])
def test_components_add_up_to_the_whole(more: dict[str, Any]) -> None:
    request = VarRequest.model_validate({**held(bonds=700_000, shares=400_000, hedge=-100_000), **more})
    found = value_at_risk(request)
    assert isinstance(found, VarResult)
    assert sum(one.component_var.minor for one in found.components) == found.parametric.var.minor
    assert abs(sum(one.share_pct for one in found.components) - 100) < Decimal("0.001")


def test_positions_are_the_portfolio_of_their_weighted_returns() -> None:
    request = VarRequest.model_validate(held(bonds=600_000, shares=400_000))
    found = value_at_risk(request)
    mixed = [
        0.6 * float(one) + 0.4 * float(other)
        for one, other in zip(*(position.daily_returns for position in request.positions), strict=True)
    ]
    assert isinstance(found, VarResult)
    assert found.parametric.var_pct == computed(mixed, 1_000_000).parametric.var_pct


@pytest.mark.parametrize(
    "wrong",
    [
        {"portfolio_value": 0, "daily_returns": EIGHT},
        {"portfolio_value": 1, "daily_returns": EIGHT, "confidence_pct": 0.95},
        {"portfolio_value": 1, "daily_returns": EIGHT, "confidence_pct": 100},
        {"portfolio_value": 1, "daily_returns": EIGHT, "horizon_days": 0},
        {"portfolio_value": 1, "daily_returns": ["NaN"] * 8},
        {"daily_returns": EIGHT},
        *(
            {"portfolio_value": odd, "daily_returns": EIGHT}
            for odd in ("abc", "1e999999", "NaN", "Infinity", True, 1.001)
        ),
        {**held(one=10, other=5), "portfolio_value": 14},
        {**held(one=10, other=5), "daily_returns": EIGHT},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        VarRequest.model_validate(wrong)


# --- laws ---


@given(daily=returns, value=st.integers(1, 10**9), factor=st.integers(2, 1000))
def test_the_loss_scales_with_the_portfolio(daily: list[Decimal], value: int, factor: int) -> None:
    small, large = computed(daily, value), computed(daily, value * factor)
    for name in ("historical", "parametric"):
        one, many = getattr(small, name), getattr(large, name)
        assert one.var_pct == many.var_pct
        assert abs(many.var.minor - one.var.minor * factor) <= factor


@given(daily=returns, confidence=st.integers(51, 98))
def test_more_confidence_is_no_smaller_loss_and_the_shortfall_none_either(
    daily: list[Decimal], confidence: int
) -> None:
    low, high = computed(daily, confidence_pct=confidence), computed(daily, confidence_pct=confidence + 1)
    for name in ("historical", "parametric"):
        assert getattr(low, name).var.minor <= getattr(high, name).var.minor
        assert 0 <= getattr(low, name).var.minor <= getattr(low, name).es.minor


@given(daily=returns, seed=st.integers(0, 99))
def test_the_order_of_days_does_not_matter(daily: list[Decimal], seed: int) -> None:
    mixed = list(daily)
    random.Random(seed).shuffle(mixed)
    one, other = computed(daily), computed(mixed)
    assert (one.historical, one.parametric, one.modified_var) == (
        other.historical,
        other.parametric,
        other.modified_var,
    )


@given(daily=returns, confidence=st.decimals(51, 99, places=2), more=st.decimals(0, Decimal("0.99"), places=4))
def test_more_confidence_is_no_smaller_modified_loss(daily: list[Decimal], confidence: Decimal, more: Decimal) -> None:
    """Beyond where the expansion holds its quantile turns back: at 99.99999 percent it said a loss of 0."""
    low, high = (computed(daily, confidence_pct=one) for one in (confidence, confidence + more))
    assert low.modified_var.amount <= high.modified_var.amount


def test_where_the_expansion_does_not_hold_the_answer_says_so() -> None:
    daily = [0.01, -0.02, 0.015, -0.005, 0.003, 0.02, -0.01]
    found = computed(daily, 100, confidence_pct="99.99999")
    assert found.modified_var.amount >= computed(daily, 100, confidence_pct=95).modified_var.amount > 0
    assert any("Cornish" in caveat for caveat in found.grounds.caveats)
    assert not any("Cornish" in caveat for caveat in computed(drawn(500), confidence_pct=99).grounds.caveats)


def test_a_confidence_that_leaves_no_tail_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="confidence_pct"):
        computed(EIGHT, confidence_pct="99." + "9" * 30)
