"""Adviser: answers where spending is above its own history, by how much and how surely, by arithmetic alone."""

from __future__ import annotations

from collections.abc import Iterable

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.insights import Advice, InsightTask
from genie_finance.domain import categories
from genie_finance.insights.advice_words import CAN_BE_ASKED, answer_of, item_of, not_understood
from genie_finance.insights.comparison import LEAST_RISE, Comparison, Line, compare_months, line_of
from genie_finance.insights.focus import Focus, focus_of
from genie_finance.insights.ledger import Entry, entries

MOST_ITEMS = 5
"""Items per currency when the question names nothing in particular."""
_LEAST_SHARE = 1
"""Percent of the month's spending that a rise must reach in an answer about all spending."""


def advise(task: InsightTask) -> Advice:
    """Return where spending is too high, with the evidence.

    The latest complete month is compared with the median of the complete months before it, or with the month before if
    the question asks for that. With too few months the answer says that no advice is possible.
    """
    merchants = {t.merchant for t in task.statement.transactions if t.merchant}
    focus = focus_of(task.question, merchants)
    if focus.asked_instead is not None:
        return Advice(answer=not_understood(focus.asked_instead), items=())
    months = compare_months(task.analysis, against_previous=focus.against_previous)
    if isinstance(months, str):
        return Advice(answer=months, items=())
    if focus.month not in {None, months.latest[5:]} or focus.year not in {None, months.latest[:4]}:
        return Advice(
            answer=f"The question names another period than the latest complete month, {months.latest}, the only one "
            f"that is compared. The figures of every month are in the report. {CAN_BE_ASKED}",
            items=(),
        )
    counted = [entry for entry in entries(task.statement.transactions) if entry.spending]
    answers, items = [], []
    for total in sorted(task.analysis.totals, key=lambda t: (-t.transactions, t.currency)):
        own = [entry for entry in counted if entry.currency == total.currency and _is_asked(entry, focus)]
        if not own:
            continue
        lines = _lines(own, total.currency, months, focus)
        whole = line_of(focus.label, None, own, total.currency, months)
        rose = _ranked(lines, whole, focus)
        answers.append(answer_of(whole, rose, months, focus, task.analysis))
        over = _listed_items(rose) if focus.general else rose
        items += [item_of(line, months) for line in over]
    if not answers:
        return Advice(answer=f"The statement has no spending on {focus.label}.", items=())
    return Advice(answer=" ".join(answers), items=tuple(items))


def _is_asked(entry: Entry, focus: Focus) -> bool:
    if focus.merchants:
        return entry.transaction.merchant in focus.merchants
    return not focus.categories or entry.category in focus.categories


def _lines(own: Iterable[Entry], currency: str, months: Comparison, focus: Focus) -> list[Line]:
    groups: dict[str, list[Entry]] = {}
    for entry in own:
        key = (entry.transaction.merchant or "") if focus.merchants else entry.category
        groups.setdefault(key, []).append(entry)
    return [
        line_of(key, group[0].category, group, currency, months)
        if focus.merchants
        else line_of(categories.info(key).title, key, group, currency, months)
        for key, group in sorted(groups.items())
    ]


def _ranked(lines: Iterable[Line], whole: Line, focus: Focus) -> list[Line]:
    """Return the rises: changeable costs first, then those that stand out, then the largest."""
    over = [
        line
        for line in lines
        if line.over > 0
        and line.over * 100 >= LEAST_RISE * line.baseline
        and (not focus.general or line.over * 100 >= _LEAST_SHARE * whole.latest)
    ]
    over.sort(key=lambda line: (line.fixed, line.confidence == "low", -line.over, line.title))
    return over


def _listed_items(over: list[Line]) -> list[Line]:
    """Return the first ``MOST_ITEMS``, with the largest rise among them."""
    kept = over[:MOST_ITEMS]
    largest = max(over, key=lambda line: line.over, default=None)
    return kept if largest is None or largest in kept else [*kept[:-1], largest]


@agent(
    id="adviser",
    capabilities=("spending.advise",),
    risk=Risk.MEDIUM,
    tier=Tier.PRODUCTION,
    clearance="confidential",
    concurrency=4,
)
async def adviser(task: InsightTask) -> Advice:
    """Names spending that is above its own history, with the excess and the confidence."""
    return advise(task)
