"""An approval request as a page for people: what is asked, why, who else decides, and the payload as a report."""

from __future__ import annotations

import shutil
from itertools import islice
from typing import TYPE_CHECKING, Any

from genie.cli.options.control import shown_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from genie.contracts.message import Payload
    from genie.contracts.rendering import Report

MOST_LINES = 80
"""Lines of a payload that are shown; ``--json`` has all of it."""


def described(found: Mapping[str, Any], payload: Payload | None = None) -> Iterator[str]:
    """Yield the lines of an approval request.

    Args:
        found: The request, with the fields of the payload as approvers may see them.
        payload: The payload itself, where this process has it.
    """
    from genie.reports.terminal import report_lines  # noqa: PLC0415 - start-up: rich is loaded where somebody is asked

    report = _report(found, payload)
    width = max(40, min(120, shutil.get_terminal_size((100, 24)).columns))
    # What is not shown is not laid out: a payload of a megabyte has a hundred thousand lines.
    shown = [] if report is None else list(islice(report_lines(report, width=width), MOST_LINES + 2))
    if report is not None and report.headline:
        yield from (shown.pop(0), "")
    yield f"{found['id']}: {found['state']}"
    yield f"what      {found['topic']} ({found['label']}) from {found['sender']} to {found['recipient']}"
    yield f"who       {found['requester']}, run {found['run_id']}"
    yield f"why       {found['reason']}"
    yield from (f"lacking   {one}" for one in found["lacking"])
    for vote in found["votes"]:
        said = "approved" if vote["approve"] else "denied"
        yield f"vote      {vote['by']} {said} {shown_time(vote['at'])}: {vote['reason']}"
    yield from (f"edited    by {edit['by']} {shown_time(edit['at'])}, was {edit['before']}" for edit in found["edits"])
    yield f"until     {shown_time(found['expires'])}"
    if report is None:
        yield f"withheld  {found['withheld']}"
    else:
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


def _report(found: Mapping[str, Any], payload: Payload | None) -> Report | None:
    from genie.reports.renderers import report_of, report_of_fields  # noqa: PLC0415 - as above

    if payload is not None:
        return report_of(payload)
    return None if found["payload"] is None else report_of_fields(found["topic"], found["payload"])
