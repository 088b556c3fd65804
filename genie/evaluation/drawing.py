"""The report of a suite: variants side by side, then failures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genie.contracts.rendering import (
    Card,
    Cell,
    Column,
    Lines,
    Notice,
    Paragraph,
    Report,
    Section,
    Table,
    Text,
    counted,
)
from genie.reports.html.page import Badge, Page, whole_page

if TYPE_CHECKING:
    from genie.contracts.rendering import Block
    from genie.evaluation.results import Outcome, Variant

SCRIPTED = "scripted"
MOST_FAILED = 200
NOTE = (
    "Scripted models gave these answers, without a network: the figures show that the suite works, and say nothing "
    "about a real model. Name a real one under `variants:`; docs/evaluation.md shows how."
)


def report(outcome: Outcome, worse: list[str]) -> Report:
    """Return the report of a suite's results."""
    sections = [Section("Variants", (Card("", (_variants(outcome),), wide=True),), vital=True)]
    failed = tuple(_failed(outcome))
    if failed:
        columns = (Column("question", whole=True), Column("variant"), Column("what did not hold"))
        sections.append(
            Section("Failed answers", (Card("", (Table("Failed", columns, failed), *_more(outcome)), wide=True),))
        )
    lead: list[Block] = []
    if any(SCRIPTED in model for one in outcome.variants for model in one.models):
        lead.append(Notice(NOTE))
    for title, lines in (("Below the least", outcome.short()), ("Worse than the baseline", worse)):
        if lines:
            lead.append(Notice(title, (Lines(tuple(lines)),)))
    return Report(tuple(sections), _headline(outcome, worse), lead=tuple(lead), rows=MOST_FAILED)


def _headline(outcome: Outcome, worse: list[str]) -> str:
    passed, count = sum(one.passed for one in outcome.variants), sum(len(one.answers) for one in outcome.variants)
    what = "The suite passes" if not (outcome.short() or worse) else "The suite fails"
    return f"{what}: {passed:,} of {counted(count, 'answer')} hold."


def _variants(outcome: Outcome) -> Table:
    columns = (
        Column("variant", whole=True), Column("model"), Column("prompt"), Column("passed", number=True),
        Column("95 % interval", number=True), Column("right calls", number=True),
        Column("injections held", number=True),
        Column("cost", number=True), Column("tokens", number=True), Column("median s", number=True),
    )  # fmt: skip
    return Table("Variants", columns, tuple(_row(one) for one in outcome.variants))


def _row(one: Variant) -> tuple[Cell, ...]:
    accuracy, held, cost = one.tool_accuracy, one.injections, one.cost
    all_passed = one.passed == len(one.answers)
    return (
        one.id, ", ".join(one.models) or "unknown", ", ".join(one.prompts) or None,
        Text(f"{one.passed} of {len(one.answers)}", "good" if all_passed else "bad"),
        f"{one.interval.low:.0%} to {one.interval.high:.0%}", None if accuracy is None else f"{accuracy:.0%}",
        None if held is None else Text(f"{held[0]} of {held[1]}", "good" if held[0] == held[1] else "bad"),
        "unknown" if cost is None else f"{cost.normalize():f}" if cost else "0",
        "unknown" if one.tokens is None else f"{one.tokens:,}", f"{one.median_s:.3f}",
    )  # fmt: skip


def _failed(outcome: Outcome) -> Iterator[tuple[Cell, ...]]:
    left = MOST_FAILED
    for variant in outcome.variants:
        for one in variant.answers:
            if one.passed or left == 0:
                continue
            left -= 1
            wrong = [f"{found.check}: {found.detail}" if found.detail else found.check
                     for found in one.findings if not found.holds]  # fmt: skip
            yield one.question, variant.id, "; ".join(wrong) or "it has no requirements"


def _more(outcome: Outcome) -> tuple[Paragraph, ...]:
    count = sum(not one.passed for variant in outcome.variants for one in variant.answers)
    return (Paragraph(f"{count - MOST_FAILED:,} more", "note"),) if count > MOST_FAILED else ()


def page(outcome: Outcome, worse: list[str]) -> str:
    """Return the report as a page that loads nothing."""
    found = report(outcome, worse)
    bad = bool(outcome.short() or worse)
    return whole_page(
        Page(
            title=outcome.title or outcome.suite, badge=Badge("Fails", "broken") if bad else Badge("Passes", "holds"),
            standing=(f"questions {outcome.digest}",), head=(Paragraph(found.headline, "answer"), *found.lead),
            sections=found.sections,
        )
    )  # fmt: skip
