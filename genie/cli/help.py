"""The help of a command: its epilog with examples and exit codes, and the list of a group's subcommands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

PROMPT = "$ "
_LONGEST = 500
"""Characters of a summary that are shown."""
USUAL: Mapping[int, str] = {0: "done", 2: "wrong usage, or input that cannot be used", 130: "interrupted"}


class Subcommands(click.Group):
    """A group whose help has the whole first sentence of each subcommand; click truncates it to the line width."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, one.get_short_help_str(_LONGEST)) for name, one in found if one is not None and not one.hidden]
            )


def manual(*examples: tuple[str, str], exits: Mapping[int, str] = USUAL, notes: str = "") -> str:
    """Return an epilog for click.

    Args:
        examples: Purpose and command line of each example; a test runs them.
        exits: Exit code -> meaning.
        notes: A paragraph before the examples.
    """
    lines = [line for about, command in examples for line in (f"  # {about}", f"  {PROMPT}{command}")]
    told = [f"  {code:<4} {when}" for code, when in sorted(exits.items())]
    parts = ["\b\nExamples:\n" + "\n".join(lines), "\b\nExit codes:\n" + "\n".join(told)]
    return "\n\n".join([notes, *parts] if notes else parts)
