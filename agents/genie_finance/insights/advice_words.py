"""Sentences of the adviser: notable rises with their amounts, and what the answer omits."""

from __future__ import annotations

from collections.abc import Sequence

from genie_finance.contracts.insights import AdviceItem, MonthTotal, SpendingAnalysis
from genie_finance.contracts.money import UNKNOWN_CURRENCY, Money
from genie_finance.domain.spread import median_minor
from genie_finance.insights.analyser import BASELINE_MONTHS
from genie_finance.insights.comparison import Comparison, Line
from genie_finance.insights.focus import Focus

CAN_BE_ASKED = (
    "You can ask where spending is above the usual: in all, on a category such as groceries, or at a merchant "
    'of the statement; compared with the usual month or, with "than last month", with the month before.'
)
_LEAST_CHANGE = 20
"""Minimum difference between income and its usual amount, in percent, that an answer mentions."""


def not_understood(instead: str) -> str:
    """Return the answer to a question that is not about spending above the usual."""
    if instead:
        return f"The question is about {instead}. The report has figures on it, but no answer in words. {CAN_BE_ASKED}"
    return f"The question was not understood. {CAN_BE_ASKED}"


def answer_of(whole: Line, over: Sequence[Line], months: Comparison, focus: Focus, analysis: SpendingAnalysis) -> str:
    """Return the answer in one currency.

    Args:
        whole: All spending that is asked about.
        over: Rises, as the advice lists them.
        months: Which months are compared.
        focus: Subject of the question.
        analysis: The months of the statement.
    """
    if focus.general:
        own = [month for month in analysis.months if month.currency == whole.currency]
        return " ".join((_general_answer(whole.currency, over, months), *_beside(whole, over, own, months)))
    spent, usual = whole.money(whole.latest), whole.money(whole.baseline)
    compared = f"the same as {months.words}"
    if whole.over:
        direction = "more" if whole.over > 0 else "less"
        compared = f"{whole.money(abs(whole.over))} {direction} than {usual} ({months.words})"
    rose = f" Within that, {_listed([line.title for line in over[:3]])} rose." if over and whole.over <= 0 else ""
    return f"On {whole.title} {spent} was spent in {months.latest}, {compared}.{rose}"


def _general_answer(currency: str, over: Sequence[Line], months: Comparison) -> str:
    if not over:
        named = "" if currency == UNKNOWN_CURRENCY else f" in {currency}"
        return f"In {months.latest} no category{named} is notably above its baseline ({months.words})."
    baseline = f"The baseline is {months.baseline_words}."
    clear = [line for line in over if line.confidence != "low"]
    if clear:
        larger, rest = _left_out(over, clear[:3])
        rose = f"spending rose most on {_listed([_risen(line) for line in clear[:3]])}."
        told = f"{larger} Apart from that, {rose}" if larger else rose
        return f"In {months.latest} {told}{rest} {baseline}"
    largest = max(over, key=lambda line: line.over)
    none = "no change is notable beside the variation of the months before"
    if largest.occasional or largest.fixed:
        return f"In {months.latest} {_largest(largest)} Apart from that, {none}. {baseline}"
    return f"In {months.latest} {none}; the largest rise was {_risen(largest)}. {baseline}"


def _risen(line: Line) -> str:
    return f"{line.title} ({line.money(line.over)} above {line.money(line.baseline)})"


def _beside(whole: Line, over: Sequence[Line], own: Sequence[MonthTotal], months: Comparison) -> list[str]:
    """Return remarks on what an answer about rises omits: lower spending, unusual income, an incomplete month."""
    told = []
    if not over and _differs(whole.latest, whole.baseline):
        told.append(
            f"Spending was {whole.money(whole.latest)} in all, {_usually(whole.money(whole.baseline), months)}."
        )
    incomes = {month.month: month.income for month in own}
    if months.latest in incomes:
        latest = incomes[months.latest]
        before = [incomes[month].minor if month in incomes else 0 for month in months.before]
        usual = latest.model_copy(update={"minor": months.baseline(before)})
        if _differs(latest.minor, usual.minor):
            told.append(f"Income was {latest}, {_usually(usual, months)}.")
    open_ = [month for month in own if month.month > months.latest and not month.complete]
    told += [f"{month.month} is not complete, so its spending of {month.expense} is not compared." for month in open_]
    return told


def _differs(latest: int, usual: int) -> bool:
    return abs(latest - usual) * 100 >= _LEAST_CHANGE * max(abs(usual), 1)


def _usually(usual: Money, months: Comparison) -> str:
    return f"after {usual} {months.words}" if months.against_previous else f"usually {usual}"


def _left_out(over: Sequence[Line], named: Sequence[Line]) -> tuple[str, str]:
    """Return a remark on rises that an answer does not name: the largest one, and the number of the others."""
    rest = [line for line in over if line not in named]
    if not rest:
        return "", ""
    largest = max(rest, key=lambda line: line.over)
    if largest.over <= max(line.over for line in named):
        return "", f" {_more(len(rest))} rose, by less."
    return _largest(largest), "" if len(rest) == 1 else f" {_more(len(rest) - 1)} rose."


def _largest(line: Line) -> str:
    why = "it is not a monthly cost" if line.occasional else "the months before varied as much"
    if line.fixed:
        why = "a contract or the law sets it"
    return f"the largest rise is {line.title} ({line.money(line.over)}); {why}."


def _more(count: int) -> str:
    return "1 category more" if count == 1 else f"{count} categories more"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def item_of(line: Line, months: Comparison) -> AdviceItem:
    """Return a rise as a piece of advice."""
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
        sentences.append(f"Those months were between {low} and {high}.")
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
