"""The page of a run: the answer, of any payload class, and its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.rendering import Lines, Notice, Paragraph
from genie.reports.html.page import Badge, Page, stamp, whole_page
from genie.reports.html.provenance import provenance
from genie.reports.renderers import report_of
from genie.reports.run_story import run_sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.config.pipeline import Pipeline
    from genie.contracts.card import Caller
    from genie.contracts.rendering import Block, Report, Section
    from genie.reports.html.witness import Witness
    from genie.runtime.report import Outcome

_SIGNS = {"complete": "✓", "partial": "◐", "held": "‖"}


def run_page(outcome: Outcome, *, pipeline: Pipeline, caller: Caller, witness: Witness) -> str:
    """Return the page of a run.

    Args:
        outcome: The run, with its answer as the caller may see it.
        pipeline: The pipeline.
        caller: The caller, for whom the answer was judged.
        witness: The decisions of the policies.
    """
    panel = provenance(
        outcome, agents=[binding.card.id for binding in pipeline.bindings], policies=pipeline.policies, caller=caller,
        witness=witness,
    )  # fmt: skip
    report = None if outcome.answer is None else report_of(outcome.answer)
    asked = [report_of(payload) for payload in outcome.held] if report is None else []
    status = outcome.status.value
    return whole_page(
        Page(
            title=pipeline.title,
            badge=Badge(status, status, _SIGNS.get(status, "✕")),
            standing=(*([stamp(outcome.at)] if outcome.at else []), outcome.run_id),
            head=tuple(_head(outcome, report, asked)),
            lead=() if report is None else report.lead,
            sections=(*(one for shown in (report, *asked) if shown for one in shown.sections), panel, *_story(witness)),
            at=outcome.at,
        )
    )


def _story(witness: Witness) -> tuple[Section, ...]:
    return run_sections(witness.run) if witness.run.steps else ()


def _head(outcome: Outcome, report: Report | None, asked: list[Report]) -> Iterator[Block]:
    yield from map(Notice, outcome.notices)
    if report is None:
        yield Paragraph(f"There is no answer: the run {_ended(outcome)}.", "answer")
        yield from (Paragraph(one.headline, "question") for one in asked if one.headline)
    else:
        if report.question:
            yield Paragraph(report.question, "question")
        if report.headline:
            yield Paragraph(report.headline, "answer")
        missing = outcome.missing()
        if missing:
            lines = Lines(tuple(f"{agent}: {reason}" for agent, reason in missing))
            yield Notice("Some parts are missing. This page shows the rest:", (lines,))
    yield from map(Notice, outcome.reasons)


def _ended(outcome: Outcome) -> str:
    return "waits for a person's decision" if outcome.status.value == "held" else f"was {outcome.status.value}"
