"""What is known of the terminal, and writing to it: colour and movement only where a person watches and wants them."""

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

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "magenta": "35", "cyan": "36"}
_LEAST, _MOST = 40, 160
"""Columns between which a report is laid out, whatever the terminal says it has."""


def is_terminal(stream: IO[str]) -> bool:
    """Return True when a stream is a terminal."""
    return stream.isatty()


def has_colour(stream: IO[str]) -> bool:
    """Return True when a stream is a terminal that moves and colours, and nobody forbids it.

    ``NO_COLOR`` with any value but an empty one forbids it (https://no-color.org), so does ``TERM=dumb``.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "").lower() in {"dumb", "unknown"}:
        return False
    return is_terminal(stream)


def is_live() -> bool:
    """Return True when a picture that moves would disturb nobody: both streams are a terminal with colour."""
    return has_colour(sys.stdout) and has_colour(sys.stderr)


def show(parts: Iterable[Part]) -> None:
    """Write parts to standard output, within the width of a terminal, or as wide as they are."""
    width = _width() if is_terminal(sys.stdout) else None
    colour = has_colour(sys.stdout)
    for line in laid_out(parts, width=width, paint=_painted if colour else None):
        click.echo(line, color=colour)


def show_report(report: Report) -> None:
    """Write a report to standard output, within the width of a terminal, or as wide as it is."""
    from genie.reports.terminal import report_lines  # noqa: PLC0415 - start-up: rich is loaded where a report is shown

    colour = has_colour(sys.stdout)
    for line in report_lines(report, width=_width() if is_terminal(sys.stdout) else None, colour=colour):
        click.echo(line, color=colour)


def _width() -> int:
    return max(_LEAST, min(_MOST, shutil.get_terminal_size((80, 24)).columns))


def _painted(text: str, style: str) -> str:
    return f"\x1b[{';'.join(_CODES[word] for word in style.split())}m{text}\x1b[0m"
