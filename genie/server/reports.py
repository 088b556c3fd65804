"""The answer of a run as a page with its charts, for the person for whom it was judged."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import ValidationError
from starlette.responses import Response

from genie.contracts.message import topic_of
from genie.server.asking import named_run
from genie.server.problems import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from genie.config.pipeline import Pipeline
    from genie.server.server import Call


async def show_report(call: Call) -> ASGIApp:
    """Show the answer of a run as a page; it may stand in a frame of this origin, where its scripts reach nothing."""
    run = await named_run(call)
    if run.answer is None or not run.read_by(call.who):
        raise Problem("not_found", "the run has no answer that the caller may read")
    made = partial(_page, call.server.host(run.pipeline).pipeline, run.answer, run.notices, run.at)
    html, policy = await anyio.to_thread.run_sync(made)
    policy = f"{policy}; sandbox allow-scripts allow-popups; frame-ancestors 'self'"
    headers = {"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}
    return Response(html, media_type="text/html", headers=headers)


def _page(pipeline: Pipeline, answer: dict[str, Any], notices: tuple[str, ...], at: float) -> tuple[str, str]:
    """Return a page, and the policy under which its own scripts run alone."""
    from genie.contracts.rendering import Notice, Paragraph  # noqa: PLC0415 - start-up: for those who read reports
    from genie.reports.html.page import Page, policy_of_pages, whole_page  # noqa: PLC0415 - as above
    from genie.reports.renderers import report_of, report_of_fields  # noqa: PLC0415 - as above

    try:
        report = report_of(pipeline.answer.model_validate(answer))
    except ValidationError:  # a masked field, or one that a renderer has no name for
        report = report_of_fields(topic_of(pipeline.answer).name, answer)
    head = (
        *map(Notice, notices),
        *([Paragraph(report.question, "question")] if report.question else ()),
        *([Paragraph(report.headline, "answer")] if report.headline else ()),
    )
    shown = Page(
        title=pipeline.title, head=head, lead=report.lead, sections=report.sections, more="the run has all fields",
        at=datetime.fromtimestamp(at, UTC),
    )  # fmt: skip
    return whole_page(shown), policy_of_pages()
