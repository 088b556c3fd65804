"""An approval request as a page for people: what is asked, why, who else decides, and the payload as a report."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from genie.cli.options.control import shown_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from genie.contracts.message import Payload
    from genie.contracts.rendering import Report

MOST_LINES = 80
"""Lines of a payload that are shown; ``--json`` has all of it."""


def described(found: Mapping[str, Any], payload: Payload | None = None, *, width: int | None = None) -> Iterator[str]:
    """Yield the lines of an approval request.

    Args:
        found: The request, with the fields of the payload as approvers may see them.
        payload: The payload itself, where this process has it.
        width: Columns of the terminal; None where no terminal bounds a line.
    """
    from genie.reports.terminal import report_lines  # noqa: PLC0415 - start-up: rich is loaded where somebody is asked

    report = _report(found, payload)
    if report is not None and report.headline:
        yield from (*_within(" ".join(report.headline.split()), width), "")
        report = replace(report, headline="")
    for name, text in _facts(found):
        yield from _within(f"{name:<10}{text}" if name else text, width)
    if report is None:
        yield from _within(f"withheld  {found['withheld']}", width)
    else:
        # Only visible lines are formatted: a payload of a megabyte has a hundred thousand lines.
        shown = list(islice(report_lines(report, width=width), MOST_LINES + 2))
        if shown and shown[0]:
            yield ""
        yield from shown[:MOST_LINES]
        if len(shown) > MOST_LINES:
            yield "... and more; --json has everything"
        if found["masked"]:
            yield ""
        yield from (f"masked    {path}" for path in found["masked"])
    yield ""
    yield f"payload   sha256 {found['payload_sha256']}"


def _facts(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "", f"{found['id']}: {found['state']}"
    yield "what", f"{found['topic']} ({found['label']}) from {found['sender']} to {found['recipient']}"
    yield "who", f"{found['requester']}, run {found['run_id']}"
    yield "why", found["reason"]
    yield from (("lacking", one) for one in found["lacking"])
    for vote in found["votes"]:
        said = "approved" if vote["approve"] else "denied"
        yield "vote", f"{vote['by']} {said} {shown_time(vote['at'])}: {vote['reason']}"
    for edit in found["edits"]:
        yield "edited", f"by {edit['by']} {shown_time(edit['at'])}, was {edit['before']}"
    yield "until", shown_time(found["expires"])


def _within(text: str, width: int | None) -> list[str]:
    """Return a line wrapped to a terminal; continuation lines are indented below the text."""
    if width is None or len(text) <= width:
        return [text]
    indent = " " * 10 if text[8:10] == "  " else ""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _report(found: Mapping[str, Any], payload: Payload | None) -> Report | None:
    from genie.reports.renderers import report_of, report_of_fields  # noqa: PLC0415 - as above

    if payload is not None:
        return report_of(payload)
    return None if found["payload"] is None else report_of_fields(found["topic"], found["payload"])
