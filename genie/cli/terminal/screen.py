"""The terminal: its width and colours, and writing to it. Files and pipes get plain text."""

from __future__ import annotations

import os
import shutil
import sys
from typing import IO, TYPE_CHECKING

import click

from genie.cli.terminal.layout import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.cli.terminal.layout import Part
    from genie.contracts.rendering import Report

_LEAST, _MOST = 40, 160
"""Narrowest and widest layout, in columns, whatever the terminal reports."""


def is_terminal(stream: IO[str]) -> bool:
    """Return True when a stream is a terminal."""
    return stream.isatty()


def has_colour(stream: IO[str]) -> bool:
    """Return True when a stream is a terminal with colour and cursor movement.

    A non-empty ``NO_COLOR`` (https://no-color.org) and ``TERM=dumb`` turn both off.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "").lower() in {"dumb", "unknown"}:
        return False
    return is_terminal(stream)


def is_live() -> bool:
    """Return True when both output streams are terminals with colour, so that a live view disturbs nobody."""
    return has_colour(sys.stdout) and has_colour(sys.stderr)


def show_cursor() -> None:
    """Show the cursor after a signal; not through the buffer of stderr, which the signal may have interrupted."""
    os.write(2, b"\x1b[?25h\r\n")


def clear_line() -> None:
    """Erase the progress line after a signal; not through the buffer, as above."""
    os.write(2, b"\r\x1b[K")


def show(parts: Iterable[Part]) -> None:
    """Write parts to standard output, within the width of a terminal; a file or pipe has no limit."""
    width = width_of(sys.stdout)
    colour = has_colour(sys.stdout)
    for line in laid_out(parts, width=width, colour=colour):
        click.echo(line, color=colour)


def show_report(report: Report) -> None:
    """Write a report to standard output, within the width of a terminal, or as wide as it is."""
    from genie.reports.terminal import report_lines  # noqa: PLC0415 - start-up: rich is loaded where a report is shown

    colour = has_colour(sys.stdout)
    for line in report_lines(report, width=width_of(sys.stdout), colour=colour):
        click.echo(line, color=colour)


def width_of(stream: IO[str]) -> int | None:
    """Return the columns of a terminal within its bounds; None for a file or a pipe."""
    return _width() if is_terminal(stream) else None


def _width() -> int:
    return max(_LEAST, min(_MOST, shutil.get_terminal_size((80, 24)).columns))
