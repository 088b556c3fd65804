from collections import Counter

import pytest

from genie_finance.insights.comparison import Comparison, Line, compare_months


def line(latest, before, category="food.cafes"):
    return Line("Cafes", category, "EUR", latest, sorted(before)[len(before) // 2], tuple(before), Counter())


@pytest.mark.parametrize(
    ("latest", "confidence"),
    [
        # Median 100, MAD 10, so one robust standard deviation is 14.826.
        (10_000 + 4_500, "high"),
        (10_000 + 4_400, "medium"),
        (10_000 + 2_300, "medium"),
        (10_000 + 2_200, "low"),
    ],
)
def test_confidence_is_how_far_the_rise_stands_out(latest, confidence):
    assert line(latest, [8_000, 9_000, 10_000, 11_000, 12_000]).confidence == confidence


def test_an_unchanging_history_has_a_noise_of_a_twentieth():
    assert line(10_000 + 1_500, [10_000] * 5).confidence == "high"
    assert line(10_000 + 1_499, [10_000] * 5).confidence == "medium"
    assert line(10_000 + 749, [10_000] * 5).confidence == "low"


def test_a_cost_that_is_not_monthly_tells_little():
    occasional = line(90_000, [0, 0, 0, 50_000])
    assert occasional.occasional
    assert occasional.confidence == "low"


def test_two_months_tell_little():
    assert line(90_000, [100, 100]).confidence == "low"


def test_the_baseline_is_the_median_or_the_month_before():
    assert Comparison("2025-05", ("2025-02", "2025-03", "2025-04"), against_previous=False).baseline([1, 9, 5]) == 5
    assert Comparison("2025-05", ("2025-03", "2025-04"), against_previous=True).baseline([1, 9]) == 9


def test_months_to_compare_or_the_reason_why_not(task, row):
    def analysis(first, last):
        between = [f"2025-{n:02d}-15" for n in range(1, 6) if first < f"2025-{n:02d}-15" < last]
        return task([row(day, "-1", category="food.cafes") for day in (first, *between, last)]).analysis

    whole = compare_months(analysis("2025-01-01", "2025-05-31"), against_previous=False)
    assert (whole.latest, whole.before) == ("2025-05", ("2025-01", "2025-02", "2025-03", "2025-04"))
    assert isinstance(compare_months(analysis("2025-01-10", "2025-01-20"), against_previous=False), str)
    assert isinstance(compare_months(analysis("2025-03-01", "2025-05-31"), against_previous=False), str)
    short = compare_months(analysis("2025-04-01", "2025-05-31"), against_previous=True)
    assert (short.latest, short.before) == ("2025-05", ("2025-04",))
    assert isinstance(compare_months(analysis("2025-04-10", "2025-05-31"), against_previous=True), str)
