"""The page of a run: the answer, whatever payload it is, and how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.cli.terminal.json_text import as_wire
from genie.reports.html.frame import stamp, whole_page
from genie.reports.html.markup import DASH, NOTHING, Markup, tag
from genie.reports.html.parts import Section, block, card, facts, lines, notice, table
from genie.reports.html.provenance import provenance, standing
from genie.runtime.report import in_own_currency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.config.pipeline import Pipeline
    from genie.contracts.card import Caller
    from genie.contracts.message import Payload
    from genie.reports.html.witness import Witness
    from genie.runtime.report import Outcome

_LONG = 200
"""Characters from which an answer is set in smaller type."""
_DEEPEST = 6
"""Levels of an answer that are laid out; what lies below is written as text."""


def run_page(outcome: Outcome, *, pipeline: Pipeline, caller: Caller, witness: Witness) -> str:
    """Return the page of a run.

    Args:
        outcome: The run, with its answer as the caller may see it.
        pipeline: What ran.
        caller: Who asked, as the answer was judged for.
        witness: What governance decided.
    """
    from genie_finance.contracts.insights import Report  # noqa: PLC0415 - only when there is something to show

    panel = provenance(
        outcome, agents=[binding.card.id for binding in pipeline.bindings], policies=pipeline.policies, caller=caller,
        witness=witness,
    )  # fmt: skip
    answer = outcome.answer
    if isinstance(answer, Report):
        from genie.reports.html.finance import report_sections  # noqa: PLC0415 - as above

        sections = report_sections(answer, _head(outcome, pipeline.title, answer.question, answer.answer))
    else:
        said = "" if answer is not None else f"There is no answer: the run {_ended(outcome)}."
        sections = [Section(_head(outcome, pipeline.title, "", said), vital=True)]
        if answer is not None:
            sections.append(_payload(answer))
    return whole_page(pipeline.title, [*sections, panel], at=outcome.at)


def _ended(outcome: Outcome) -> str:
    return "waits for a person's decision" if outcome.status.value == "held" else f"was {outcome.status.value}"


def _head(outcome: Outcome, title: str, question: str, answer: str) -> Markup:
    line = (standing(outcome), *([tag("span", stamp(outcome.at))] if outcome.at else []), tag("span", outcome.run_id))
    missing = outcome.missing() if outcome.answer is not None else ()
    return tag(
        "header",
        tag("p", *line, class_="standing"),
        tag("h1", title),
        *(notice(text) for text in outcome.notices),
        tag("p", question, class_="question") if question else NOTHING,
        tag("p", answer, class_="answer" if len(answer) < _LONG else "answer long") if answer else NOTHING,
        notice(
            "Not everything came. What this page shows rests on the rest:",
            lines(f"{agent}: {reason}" for agent, reason in missing),
        ) if missing else NOTHING,
        *(notice(reason) for reason in outcome.reasons),
    )  # fmt: skip


def _payload(answer: Payload) -> Section:
    """Return any payload as names with values, lists and tables."""
    values = in_own_currency(as_wire(answer))
    flat, deep = _parted(values)
    cards = [card("The answer", facts((_named(name), _text(value)) for name, value in flat), wide=True)] if flat else []
    cards += [part for name, value in deep for part in _deep(_named(name), value, 1)]
    return Section(block("Answer", tag("div", *cards, class_="grid loose")))


def _parted(values: dict[str, Any]) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    flat = [(name, value) for name, value in values.items() if not _is_deep(value)]
    return flat, [(name, value) for name, value in values.items() if _is_deep(value)]


def _is_deep(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, (dict, list)) for item in value) or len(value) > 8
    return isinstance(value, dict) and set(value) not in ({"amount", "currency"}, {"bytes", "sha256"})


def _deep(name: str, value: Any, depth: int) -> Iterator[Markup]:
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        yield card(name, _table(name, value), wide=True)
    elif isinstance(value, list):
        yield card(name, lines(map(_text, value)))
    elif depth >= _DEEPEST:
        yield card(name, tag("p", _text(value)))
    else:
        flat, deep = _parted(value)
        if flat:
            yield card(name, facts((_named(key), _text(item)) for key, item in flat))
        for key, item in deep:
            yield from _deep(f"{name}: {_named(key)}", item, depth + 1)


def _table(name: str, rows: list[dict[str, Any]]) -> Markup:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    numbers = [key for key in columns if all(_is_number(row.get(key)) for row in rows)]
    shown = ([None if row.get(key) is None else _text(row[key]) for key in columns] for row in rows)
    return table(name, [_named(key) for key in columns], shown, numbers=map(_named, numbers))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) or (
        isinstance(value, dict) and set(value) == {"amount", "currency"}
    )  # fmt: skip


def _text(value: Any) -> str:
    match value:
        case None:
            return DASH
        case bool():
            return "yes" if value else "no"
        case {"amount": amount, "currency": currency, **rest} if not rest:
            return f"{amount} {currency}"
        case {"bytes": size, "sha256": digest, **rest} if not rest:
            return f"{size:,} bytes, SHA-256 {digest}"
        case dict():
            return "; ".join(f"{_named(name)}: {_text(item)}" for name, item in value.items())
        case list():
            return ", ".join(map(_text, value)) or DASH
        case _:
            return str(value)


def _named(name: str) -> str:
    return name.replace("_", " ")
