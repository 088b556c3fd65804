"""Rates and budgets as values: what is refused before anything runs."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.admission import Admission, Budget, Rate, zone_of
from genie.contracts.limits import EXACT, Estimate, exact_cost


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_s": 0},
        {"per_s": -1},
        {"per_s": float("nan")},
        {"per_s": float("inf")},
        {"per_s": 1, "burst": 0},
        {"per_s": 1, "wait_s": -1},
        {"per_s": 1, "wait_s": float("inf")},
        {"per_s": 1, "per": ("user",)},
        {"per_s": 1, "per": ("tenant", "tenant")},
        {"per_s": 1, "topics": frozenset()},
        {"per_s": 1, "agents": frozenset()},
    ],
)
def test_a_rate_that_is_none_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'r'"):
        Rate(id="r", **wrong)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "limits nothing"),
        ({"messages": 0}, "above 0"),
        ({"cost": -1}, "at least 0"),
        ({"cost": "nan"}, "finite"),
        ({"cost": "a lot"}, "must be a number"),
        ({"tokens": 0}, "above 0"),
        ({"wall_s": float("inf")}, "finite"),
        ({"wall_s": 1, "per": "tenant_day"}, "whole runs"),
        ({"wall_s": 1, "agents": frozenset({"a"})}, "whole runs"),
        ({"cost": 1, "zone": "Asia/Kolkata"}, "tenant_day"),
        ({"cost": 1, "per": "tenant_day", "zone": "Asia/Kolkatta"}, "did you mean 'Asia/Kolkata'"),
        ({"cost": 1, "per": "tenant_day", "zone": "../../etc/passwd"}, "IANA"),
        ({"cost": 1, "per": "tenant_day", "zone": "x" * 1_000}, "IANA"),
        ({"cost": 1, "tenants": frozenset()}, "covers nothing"),
    ],
)
def test_a_budget_that_is_none_is_refused_with_its_reason(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Budget(id="b", **wrong)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="'same'"):
        Admission(rates=(Rate(id="same", per_s=1),), budgets=(Budget(id="same", cost=1),))
    with pytest.raises(ValueError, match="needs an id"):
        Rate(id="", per_s=1)


def test_an_estimate_is_exact_and_not_negative() -> None:
    assert Estimate(0.1).cost == Decimal("0.1")
    for wrong in ("cost", "tokens"):
        with pytest.raises(ValueError, match=wrong):
            Estimate(**{wrong: -1})


def test_what_a_rule_covers() -> None:
    rule = Rate(id="r", per_s=1, topics=frozenset({"a.b", "c.*"}), agents=frozenset({"x"}))
    topics = ("a.b", "a.bc", "c.d", "c", "cd.e")
    covered = {(topic, name) for topic in topics for name in ("x", "y") if rule.covers(topic, name)}
    assert covered == {("a.b", "x"), ("c.d", "x")}


def test_utc_needs_no_list_of_zones() -> None:
    assert zone_of("UTC") is datetime.UTC


costs = st.one_of(
    st.floats(0, 1e15, allow_subnormal=False).filter(lambda cost: cost == 0 or cost > 1e-12),
    st.decimals(0, 10**15, places=30),
    st.integers(0, 10**15),
)


@given(st.lists(costs, max_size=50))
def test_costs_are_added_up_exactly_whatever_the_order(written: list[Any]) -> None:
    total = Decimal(0)
    for cost in written:
        total = EXACT.add(total, exact_cost(cost))
    backwards = Decimal(0)
    for cost in reversed(written):
        backwards = EXACT.add(backwards, exact_cost(cost))
    units = sum(int(EXACT.multiply(exact_cost(cost), 10**30)) for cost in written)
    assert total == backwards
    assert EXACT.multiply(total, 10**30) == units


@given(st.floats(1e-9, 1e14))
def test_a_float_is_the_number_that_is_written_for_it(cost: float) -> None:
    assert str(float(exact_cost(cost))) == str(cost)
