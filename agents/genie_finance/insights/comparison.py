"""Comparison of a spending with the months before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Literal, NamedTuple

from genie_finance.contracts.insights import SpendingAnalysis
from genie_finance.contracts.money import Money
from genie_finance.domain import categories
from genie_finance.domain.categories import Necessity
from genie_finance.domain.months import shift
from genie_finance.domain.spread import MAD_TO_SIGMA, median_minor
from genie_finance.insights.analyser import BASELINE_MONTHS
from genie_finance.insights.ledger import Entry

LEAST_RISE = 5
"""Least rise above the baseline to mention, in percent."""
_HIGH, _MEDIUM = 3.0, 1.5
"""Robust standard deviations of the months before, above which a rise is called sure, or likely."""


class Line(NamedTuple):
    """Spending by month on one subject in one currency."""

    title: str
    category: str | None
    currency: str
    latest: int
    baseline: int
    before: tuple[int, ...]
    """Minor units in the complete months before the latest, oldest first."""
    drivers: Counter[str]
    """Spent in the latest month, by merchant."""

    @property
    def over(self) -> int:
        """Minor units above the baseline; negative below it."""
        return self.latest - self.baseline

    @property
    def fixed(self) -> bool:
        """True when a contract or the law sets the amount."""
        return self.category is not None and categories.info(self.category).necessity is Necessity.FIXED

    @property
    def occasional(self) -> bool:
        """True if at least half of the months before had no such payment, so it is not a monthly cost."""
        return 2 * sum(amount == 0 for amount in self.before) >= len(self.before)

    @property
    def confidence(self) -> Literal["high", "medium", "low"]:
        """How strongly the latest month stands out; few months, or a cost that is not monthly, are weak evidence."""
        if len(self.before) < BASELINE_MONTHS or self.occasional:
            return "low"
        middle = median(self.before)
        mad = median(abs(amount - middle) for amount in self.before)
        # Never 0: a MAD and a median of 0 would mean mostly empty months, which are occasional.
        noise = max(MAD_TO_SIGMA * mad, abs(middle) * LEAST_RISE / 100)
        score = (self.latest - middle) / noise
        return "high" if score >= _HIGH else "medium" if score >= _MEDIUM else "low"

    def money(self, minor: int) -> Money:
        """Return minor units as money of the line's currency."""
        return Money(minor=minor, currency=self.currency)


class Comparison(NamedTuple):
    """The months to compare."""

    latest: str
    before: tuple[str, ...]
    against_previous: bool

    def baseline(self, before: Sequence[int]) -> int:
        """Return the baseline of amounts in the months before."""
        return before[-1] if self.against_previous else median_minor(before)

    @property
    def baseline_words(self) -> str:
        """Wording of the baseline for a sentence."""
        return f"what was spent {self.words}" if self.against_previous else self.words

    @property
    def words(self) -> str:
        """Name of the baseline for a sentence."""
        if self.against_previous:
            return f"in {self.before[-1]}"
        return f"the median of the {len(self.before)} complete months before"


def compare_months(analysis: SpendingAnalysis, *, against_previous: bool) -> Comparison | str:
    """Return the months to compare, or the sentence that says why there are none."""
    latest = analysis.latest_month
    if latest is None:
        return "Overspending cannot be judged: the statement covers no calendar month completely."
    complete = sorted({m.month for m in analysis.months if m.complete and m.month < latest})
    if against_previous:
        if shift(latest, -1) not in complete:
            return f"{latest} cannot be compared with the month before: the statement does not cover it completely."
        return Comparison(latest, tuple(complete), against_previous=True)
    if len(complete) < BASELINE_MONTHS:
        return (
            f"Overspending cannot be judged yet: a baseline needs {BASELINE_MONTHS} complete months before {latest}, "
            f"and the statement has {len(complete)}."
        )
    return Comparison(latest, tuple(complete), against_previous=False)


def line_of(title: str, category: str | None, own: Iterable[Entry], currency: str, months: Comparison) -> Line:
    """Return the spending of some entries of one currency, month by month."""
    by_month: Counter[str] = Counter()
    drivers: Counter[str] = Counter()
    for entry in own:
        by_month[entry.month] += entry.spent
        if entry.month == months.latest and entry.transaction.merchant:
            drivers[entry.transaction.merchant] += entry.spent
    before = tuple(by_month[month] for month in months.before)
    return Line(title, category, currency, by_month[months.latest], months.baseline(before), before, drivers)
