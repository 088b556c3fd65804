"""Adviser: answers where spending is above its own history, by how much and how surely. No model, only figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.insights import Advice, AdviceItem, InsightTask
from genie_finance.domain import categories
from genie_finance.domain.spread import median_minor
from genie_finance.insights.analyser import BASELINE_MONTHS
from genie_finance.insights.comparison import LEAST_RISE, Comparison, Line, compare_months, line_of
from genie_finance.insights.focus import Focus, focus_of
from genie_finance.insights.ledger import Entry, entries

MOST_ITEMS = 5
"""Items per currency when the question names nothing in particular."""
CAN_BE_ASKED = (
    "It can be asked where spending is above the usual: as a whole, on a category such as groceries, or at a merchant "
    'of the statement; compared with the usual month or, with "than last month", with the month before.'
)
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
        return Advice(answer=_not_understood(focus.asked_instead), items=())
    months = compare_months(task.analysis, against_previous=focus.against_previous)
    if isinstance(months, str):
        return Advice(answer=months, items=())
    if focus.month not in {None, months.latest[5:]}:
        return Advice(
            answer=f"The question names another month than the latest complete one, {months.latest}, the only month "
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
        answers.append(_answer(whole, rose, months, focus))
        over = _listed_items(rose) if focus.general else rose
        items += [_item(line, months) for line in over]
    if not answers:
        return Advice(answer=f"The statement holds no spending on {focus.label}.", items=())
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


def _not_understood(instead: str) -> str:
    """Return the answer to a question that is not about spending above the usual."""
    if instead:
        return (
            f"The question is about {instead}. The report has figures on that, and no answer in words. {CAN_BE_ASKED}"
        )
    return f"The question was not understood. {CAN_BE_ASKED}"


def _answer(whole: Line, over: Sequence[Line], months: Comparison, focus: Focus) -> str:
    if focus.general:
        return _general_answer(whole.currency, over, months)
    spent, usual = whole.money(whole.latest), whole.money(whole.baseline)
    compared = f"the same as {months.words}"
    if whole.over:
        direction = "more" if whole.over > 0 else "less"
        compared = f"{whole.money(abs(whole.over))} {direction} than {usual} ({months.words})"
    rose = f" Within that, {_listed([line.title for line in over[:3]])} rose." if over and whole.over <= 0 else ""
    return f"On {whole.title} {spent} was spent in {months.latest}, {compared}.{rose}"


def _general_answer(currency: str, over: Sequence[Line], months: Comparison) -> str:
    if not over:
        return f"In {months.latest} no category in {currency} is notably above its baseline ({months.words})."
    clear = [line for line in over if line.confidence != "low"]
    named = [
        f"{line.title} ({line.money(line.over)} above {line.money(line.baseline)})" for line in (clear or over)[:3]
    ]
    baseline = f"The baseline is {months.baseline_words}."
    if clear:
        larger, rest = _left_out(over, clear[:3])
        rose = f"spending rose most on {_listed(named)}."
        told = f"{larger} Apart from that, {rose}" if larger else rose
        return f"In {months.latest} {told}{rest} {baseline}"
    return (
        f"In {months.latest} nothing in {currency} stands out from how much the months before differed; "
        f"the largest rise was {named[0]}. {baseline}"
    )


def _left_out(over: Sequence[Line], named: Sequence[Line]) -> tuple[str, str]:
    """Return the sentence on rises that the answer does not name: the largest one, and the number of others."""
    rest = [line for line in over if line not in named]
    if not rest:
        return "", ""
    largest = max(rest, key=lambda line: line.over)
    if largest.over <= max(line.over for line in named):
        return "", f" {_more(len(rest))} rose, by less."
    why = "it is not a monthly cost" if largest.occasional else "the months before differed as much"
    if largest.fixed:
        why = "a contract or the law sets it"
    told = f"the largest rise is {largest.title} ({largest.money(largest.over)}); {why}."
    return told, "" if len(rest) == 1 else f" {_more(len(rest) - 1)} rose."


def _more(count: int) -> str:
    return "1 category more" if count == 1 else f"{count} categories more"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _item(line: Line, months: Comparison) -> AdviceItem:
    share = f", {line.over * 100 // line.baseline} % more" if line.baseline > 0 else ""
    sentences = [
        f"{line.money(line.latest)} in {months.latest} against {line.money(line.baseline)} ({months.words}): "
        f"{line.money(line.over)} above{share}."
    ]
    if months.against_previous and len(months.before) >= BASELINE_MONTHS:
        sentences.append(f"The median of all {len(months.before)} is {line.money(median_minor(line.before))}.")
    if line.occasional:
        none = sum(amount == 0 for amount in line.before)
        sentences.append(f"{none} of those months had no such payment, so it is not a monthly cost.")
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
        confidence=line.confidence,
    )


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
