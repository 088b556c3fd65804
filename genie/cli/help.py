"""The epilog of a command's help: examples and exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PROMPT = "$ "
USUAL: Mapping[int, str] = {0: "done", 2: "wrong usage, or input that cannot be used", 130: "interrupted"}


def manual(*examples: tuple[str, str], exits: Mapping[int, str] = USUAL, notes: str = "") -> str:
    """Return an epilog for click.

    Args:
        examples: Purpose and command line of each example; a test runs them.
        exits: Exit code -> meaning.
        notes: A paragraph before the examples.
    """
    lines = [line for about, command in examples for line in (f"  # {about}", f"  {PROMPT}{command}")]
    told = [f"  {code:<4} {when}" for code, when in exits.items()]
    parts = ["\b\nExamples:\n" + "\n".join(lines), "\b\nExit codes:\n" + "\n".join(told)]
    return "\n\n".join([notes, *parts] if notes else parts)
