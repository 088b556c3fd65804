"""Pages for people: the answer of a run with its charts, and held payloads, as the reader may see them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import anyio
from pydantic import ValidationError
from starlette.responses import Response

from genie.contracts.message import topic_of
from genie.server.asking import named_run
from genie.server.governing import found_hold
from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from genie.contracts.rendering import Report
    from genie.server.server import Call

MOST_NAMED = 50
"""Number of masked places that are named."""


async def show_report(call: Call) -> ASGIApp:
    """Show the answer of a run as a page; it may be shown in a frame of this origin, where its scripts are isolated."""
    run = await named_run(call)
    if run.answer is None or not run.read_by(call.who):
        raise Problem("not_found", "the run has no answer that the caller may read")
    pipeline, answer = call.server.host(run.pipeline).pipeline, run.answer

    def report() -> Report:
        from genie.reports.renderers import report_of, report_of_fields  # noqa: PLC0415 - start-up: for readers

        try:
            return report_of(pipeline.answer.model_validate(answer))
        except ValidationError:  # a masked field, or one that the renderer does not know
            return report_of_fields(topic_of(pipeline.answer).name, answer)

    return await _shown(partial(_page, pipeline.title, report, run.notices, run.at))


async def show_held(call: Call) -> ASGIApp:
    """Show a held payload as a page, as its approver may see it."""
    hosted, held = found_hold(call, call.path("id"))
    seen = hosted.runtime.approvals.view(held.id, call.who.caller.clearance)
    if seen.payload is None:
        raise Problem("not_found", "the caller may not see what is held")
    payload, masked = seen.payload, sorted(".".join(map(str, path)) for path in seen.masked)
    notices = (f"Masked for you: {', '.join(masked[:MOST_NAMED])}",) if masked else ()

    def report() -> Report:
        from genie.reports.renderers import report_of  # noqa: PLC0415 - as above

        return report_of(payload)

    return await _shown(partial(_page, hosted.pipeline.title, report, notices, held.request.opened))


async def _shown(make: Callable[[], tuple[str, str]]) -> ASGIApp:
    html, policy = await anyio.to_thread.run_sync(make)
    policy = f"{policy}; sandbox allow-scripts allow-popups; frame-ancestors 'self'"
    headers = {"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}
    return Response(html, media_type="text/html", headers=headers)


def _page(title: str, make: Callable[[], Report], notices: tuple[str, ...], at: float) -> tuple[str, str]:
    """Return a page, and the content policy under which only its own scripts run."""
    from genie.contracts.rendering import Notice, Paragraph  # noqa: PLC0415 - start-up: for those who read reports
    from genie.reports.html.page import Page, policy_of_pages, whole_page  # noqa: PLC0415 - as above

    report = make()
    head = (
        *map(Notice, notices),
        *([Paragraph(report.question, "question")] if report.question else ()),
        *([Paragraph(report.headline, "answer")] if report.headline else ()),
    )
    shown = Page(
        title=title, head=head, lead=report.lead, sections=report.sections, more="the run has all fields",
        at=datetime.fromtimestamp(at, UTC),
    )  # fmt: skip
    return whole_page(shown), policy_of_pages()
