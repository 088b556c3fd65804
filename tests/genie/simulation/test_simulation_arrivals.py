"""Arrivals: as often as asked for, at the hours asked for, the same for the same seed."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from genie.errors import InputError
from genie.simulation.arrivals import Arrival, arrivals, read_trace
from genie.simulation.schema import ScenarioSection


def section(duration: float, *given: dict[str, object], **more: object) -> ScenarioSection:
    return ScenarioSection.model_validate({
        "version": 1, "id": "x", "pipeline": "p", "duration": duration, "start": datetime(2026, 1, 5, tzinfo=UTC),
        "workload": {"arrivals": given, **more},
    })  # fmt: skip


def drawn(found: ScenarioSection, seed: int = 1) -> list[Arrival]:
    return list(arrivals(found, seed, {}))


@pytest.mark.parametrize("rhythm", ["even", "daily", "weekly", "business"])
def test_a_rhythm_keeps_the_rate(rhythm: str) -> None:
    weeks = 28 * 86_400
    found = drawn(section(weeks, {"poisson": 10, "rhythm": rhythm}))
    assert len(found) == pytest.approx(10 * 24 * 28, rel=0.05)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert [one.number for one in found] == list(range(1, len(found) + 1))


def test_business_is_quiet_at_night_and_on_sundays() -> None:
    found = drawn(section(14 * 86_400, {"poisson": 10, "rhythm": "business"}))
    hours = {int(one.at / 3600) % 24 for one in found}
    days = {int(one.at / 86_400) % 7 for one in found}
    assert hours == set(range(8, 18))
    assert days == set(range(5))


def test_bursts_come_again_and_streams_add_up() -> None:
    found = drawn(section(10_000, {"burst": 50, "from": 100, "over": 60, "again": 3600}, {"every": 1000}))
    assert Counter(int(one.at // 3600) for one in found) == {0: 54, 1: 54, 2: 52}
    assert all(100 <= one.at % 3600 <= 160 for one in found if one.at % 1000)


def test_seeds_differ_and_repeat() -> None:
    one = section(86_400, {"poisson": 5}, population={"size": 50})
    assert drawn(one, 1) == drawn(one, 1)
    assert drawn(one, 1) != drawn(one, 2)


def test_questions_come_by_weight() -> None:
    found = drawn(section(86_400, {"every": 10}, questions=[{"weight": 3}, {"weight": 1}]))
    counts = Counter(one.question for one in found)
    assert counts[0] / counts[1] == pytest.approx(3, rel=0.1)


def test_no_more_than_the_most() -> None:
    assert len(drawn(section(86_400, {"every": 1}, most=7))) == 7


def test_a_trace_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "trace.csv"
    file.write_text("at,customer,question\n1h,3,0\n5,,\n")
    trace = read_trace(file, 1)
    assert trace.rows == ((5.0, None, None), (3600.0, 3, 0))
    found = list(arrivals(section(86_400, {"trace": "trace.csv"}), 1, {0: trace}))
    assert [one.at for one in found] == [5.0, 3600.0]
    assert found[1].customer == 3


@pytest.mark.parametrize("text", ["when\n1\n", "at\nsoon\n", "at,question\n1,9\n", "at\n-1\n", "at,customer\n1,-2\n"])
def test_a_bad_trace_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "trace.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=r"trace\.csv"):
        read_trace(file, 1)
    assert list(itertools.islice(text, 1))
