"""Adviser: answers where spending is above its own history, by how much and how surely. No model, only figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from agents.contracts.insights import Advice, AdviceItem, InsightTask
from agents.contracts.money import Money
from agents.domain import categories
from agents.domain.categories import Necessity
from agents.domain.months import shift
from agents.domain.spread import MAD_TO_SIGMA, median_minor
from agents.insights.analyser import BASELINE_MONTHS
from agents.insights.focus import Focus, focus_of
from agents.insights.ledger import Entry, entries
from genie.protocol import Risk, Tier, agent

MOST_ITEMS = 5
"""Items per currency when the question names nothing in particular."""
_LEAST_RISE = 5
"""Percent above the baseline from which a rise is worth a word."""
_LEAST_SHARE = 1
"""Percent of the month's spending that a rise must reach when all spending is asked about."""
_HIGH, _MEDIUM = 3.0, 1.5
"""Robust standard deviations of the months before, above which a rise is called sure, or likely."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Spending on one thing in one currency, month by month."""

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
        return self.latest - self.baseline

    @property
    def fixed(self) -> bool:
        return self.category is not None and categories.info(self.category).necessity is Necessity.FIXED

    def money(self, minor: int) -> Money:
        return Money(minor=minor, currency=self.currency)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Which months are compared."""

    latest: str
    before: tuple[str, ...]
    against_previous: bool

    def baseline(self, before: Sequence[int]) -> int:
        return before[-1] if self.against_previous else median_minor(before)

    @property
    def baseline_words(self) -> str:
        """How a sentence explains the baseline."""
        return f"what was spent {self.words}" if self.against_previous else self.words

    @property
    def words(self) -> str:
        """How a sentence names the baseline."""
        if self.against_previous:
            return f"in {self.before[-1]}"
        return f"the median of the {len(self.before)} complete months before"


def advise(task: InsightTask) -> Advice:
    """Return the answer to where spending is too high, with its evidence.

    Compared is the latest complete month with the median of the complete months before it, or with the month before
    when the question asks for that. Without enough months there is no advice, and the answer says so.
    """
    merchants = {t.merchant for t in task.statement.transactions if t.merchant}
    focus = focus_of(task.question, merchants)
    months = _months(task, focus)
    if isinstance(months, str):
        return Advice(answer=months, items=())
    counted = [entry for entry in entries(task.statement.transactions) if entry.spending]
    answers, items = [], []
    for total in sorted(task.analysis.totals, key=lambda t: (-t.transactions, t.currency)):
        own = [entry for entry in counted if entry.currency == total.currency and _is_asked(entry, focus)]
        if not own:
            continue
        lines = _lines(own, total.currency, months, focus)
        whole = _line(focus.label, None, own, total.currency, months)
        over = _ranked(lines, whole, focus)
        answers.append(_answer(whole, over, months, focus))
        items += [_item(line, months) for line in over]
    if not answers:
        return Advice(answer=f"The statement holds no spending on {focus.label}.", items=())
    return Advice(answer=" ".join(answers), items=tuple(items))


def _months(task: InsightTask, focus: Focus) -> _Comparison | str:
    """Return the months to compare, or the sentence that says why there are none."""
    latest = task.analysis.latest_month
    if latest is None:
        return "Overspending cannot be judged: the statement covers no calendar month completely."
    complete = sorted({m.month for m in task.analysis.months if m.complete and m.month < latest})
    if focus.against_previous:
        if shift(latest, -1) not in complete:
            return f"{latest} cannot be compared with the month before: the statement does not cover it completely."
        return _Comparison(latest, tuple(complete), against_previous=True)
    if len(complete) < BASELINE_MONTHS:
        return (
            f"Overspending cannot be judged yet: a baseline needs {BASELINE_MONTHS} complete months before {latest}, "
            f"and the statement has {len(complete)}."
        )
    return _Comparison(latest, tuple(complete), against_previous=False)


def _is_asked(entry: Entry, focus: Focus) -> bool:
    if focus.merchants:
        return entry.transaction.merchant in focus.merchants
    return not focus.categories or entry.category in focus.categories


def _lines(own: Iterable[Entry], currency: str, months: _Comparison, focus: Focus) -> list[_Line]:
    groups: dict[str, list[Entry]] = {}
    for entry in own:
        key = (entry.transaction.merchant or "") if focus.merchants else entry.category
        groups.setdefault(key, []).append(entry)
    return [
        _line(key, group[0].category, group, currency, months)
        if focus.merchants
        else _line(categories.info(key).title, key, group, currency, months)
        for key, group in sorted(groups.items())
    ]


def _line(title: str, category: str | None, own: Iterable[Entry], currency: str, months: _Comparison) -> _Line:
    by_month: Counter[str] = Counter()
    drivers: Counter[str] = Counter()
    for entry in own:
        by_month[entry.month] += entry.spent
        if entry.month == months.latest and entry.transaction.merchant:
            drivers[entry.transaction.merchant] += entry.spent
    before = tuple(by_month[month] for month in months.before)
    return _Line(title, category, currency, by_month[months.latest], months.baseline(before), before, drivers)


def _ranked(lines: Iterable[_Line], whole: _Line, focus: Focus) -> list[_Line]:
    """Return what rose, what can be changed before what a contract or the law sets, the largest rise first."""
    over = [
        line
        for line in lines
        if line.over > 0
        and line.over * 100 >= _LEAST_RISE * line.baseline
        and (not focus.general or line.over * 100 >= _LEAST_SHARE * whole.latest)
    ]
    over.sort(key=lambda line: (line.fixed, -line.over, line.title))
    return over[:MOST_ITEMS] if focus.general else over


def _answer(whole: _Line, over: Sequence[_Line], months: _Comparison, focus: Focus) -> str:
    if focus.general:
        if not over:
            return f"In {months.latest} no category in {whole.currency} is notably above its baseline ({months.words})."
        named = [f"{line.title} ({line.money(line.over)} above {line.money(line.baseline)})" for line in over[:3]]
        return f"In {months.latest} spending rose most on {_listed(named)}. The baseline is {months.baseline_words}."
    spent, usual = whole.money(whole.latest), whole.money(whole.baseline)
    compared = f"the same as {months.words}"
    if whole.over:
        direction = "more" if whole.over > 0 else "less"
        compared = f"{whole.money(abs(whole.over))} {direction} than {usual} ({months.words})"
    rose = f" Within that, {_listed([line.title for line in over[:3]])} rose." if over and whole.over <= 0 else ""
    return f"On {whole.title} {spent} was spent in {months.latest}, {compared}.{rose}"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _item(line: _Line, months: _Comparison) -> AdviceItem:
    share = f", {line.over * 100 // line.baseline} % more" if line.baseline > 0 else ""
    sentences = [
        f"{line.money(line.latest)} in {months.latest} against {line.money(line.baseline)} ({months.words}): "
        f"{line.money(line.over)} above{share}."
    ]
    if months.against_previous and len(months.before) >= BASELINE_MONTHS:
        sentences.append(f"The median of all {len(months.before)} is {line.money(median_minor(line.before))}.")
    none = sum(amount == 0 for amount in line.before)
    if 2 * none >= len(line.before):
        sentences.append(f"{none} of those months had no such payment, so it is no monthly cost.")
    elif len(line.before) >= BASELINE_MONTHS:
        low, high = line.money(min(line.before)), line.money(max(line.before))
        sentences.append(f"Those months lay between {low} and {high}.")
    drivers = sorted(line.drivers.items(), key=lambda item: (-item[1], item[0]))[:2]
    if drivers and not (len(drivers) == 1 and drivers[0][0] == line.title):
        sentences.append("Largest: " + ", ".join(f"{name} {line.money(minor)}" for name, minor in drivers) + ".")
    if line.fixed:
        sentences.append("A contract or the law sets this amount: check that the rise is right.")
    return AdviceItem(
        title=f"{line.title} rose" if line.fixed else f"{line.title} above its baseline",
        category=line.category,
        over_by=line.money(line.over),
        baseline=line.money(line.baseline),
        rationale=" ".join(sentences),
        confidence=_confidence(line),
    )


def _confidence(line: _Line) -> Literal["high", "medium", "low"]:
    """Return how far the rise stands out from the months before; a cost that is not monthly never does."""
    if len(line.before) < BASELINE_MONTHS or 2 * sum(amount == 0 for amount in line.before) >= len(line.before):
        return "low"
    middle = median(line.before)
    mad = median(abs(amount - middle) for amount in line.before)
    usual_noise = max(MAD_TO_SIGMA * mad, abs(middle) * _LEAST_RISE / 100)
    score = (line.latest - middle) / usual_noise
    return "high" if score >= _HIGH else "medium" if score >= _MEDIUM else "low"


@agent(
    id="adviser",
    capabilities=("spending.advise",),
    risk=Risk.MEDIUM,
    tier=Tier.PRODUCTION,
    clearance="confidential",
    concurrency=4,
)
async def adviser(task: InsightTask) -> Advice:
    """Says where spending is above its own history, by how much and how sure that is."""
    return advise(task)
