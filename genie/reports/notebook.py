"""A payload in a notebook: its report, as the command prints it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from genie.reports.renderers import report_of
from genie.reports.terminal import report_lines

if TYPE_CHECKING:
    from genie.contracts.message import Payload

WIDTH = 110
"""Width of the report, in characters."""


def shown(payload: Payload) -> str:
    """Return the report of a payload as HTML; its text is escaped."""
    lines = "\n".join(report_lines(report_of(payload), width=WIDTH))
    return f'<pre style="white-space: pre-wrap; line-height: 1.25">{html.escape(lines)}</pre>'
