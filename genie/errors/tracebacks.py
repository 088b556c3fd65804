"""Where an exception was raised: the author's own line, the traceback for developers, and the cause of a failed run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from genie.errors.genie_error import class_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_MACHINERY = (
    "genie.backend.", "genie.bus.", "genie.contracts.agent", "genie.edges.executors.", "genie.execution.",
    "genie.runtime.",
)  # fmt: skip
"""Modules that stand between the loop and a handler."""
LONGEST_TRACEBACK = 20_000
"""Characters of a traceback that are shown."""


def place_of(error: BaseException) -> str:
    """Return an exception as its class and its author's line; never its text, which may quote a payload."""
    own = _own_frame(error)
    return class_name(error) if own is None else f"{class_name(error)} at {_module(own)}:{own.tb_lineno}"


def traceback_of(error: BaseException) -> str:
    """Return an exception with its text: the author's own line first, then the traceback. For developers alone."""
    import traceback  # noqa: PLC0415 - start-up: for those who debug

    start, own = error.__traceback__, _own_frame(error)
    while own is not None and start is not None and _module(start).startswith(_MACHINERY) and start is not own:
        start = start.tb_next
    whole = traceback.TracebackException(type(error), error, start, compact=True)
    lines = list(whole.format_exception_only())
    if own is not None:
        lines += traceback.StackSummary.extract([(own.tb_frame, own.tb_lineno)]).format()
    text = "".join([*lines, *whole.format()]).rstrip("\n")
    return text if len(text) <= LONGEST_TRACEBACK else f"{text[:LONGEST_TRACEBACK]} ... ({len(text):,} characters)"


def cause_among(kept: Iterable[tuple[str, BaseException]], agent: str | None = None) -> BaseException | None:
    """Return the cause of what is missing among the exceptions of a run: those of one agent, or all; None without.

    Args:
        kept: Exceptions with the agents that raised them, oldest first.
        agent: The agent to blame, where one is known.
    """
    kept = tuple(kept)
    errors = [error for name, error in kept if name == agent] or [error for _, error in kept]
    if len(errors) > 1:
        return BaseExceptionGroup("what the agents of the run raised", errors)
    return errors[0] if errors else None


def _own_frame(error: BaseException) -> TracebackType | None:
    """Return the innermost frame of the author: of the package that the machinery of this library has called."""
    frames: list[TracebackType] = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    theirs = next((_package(frame) for frame in frames if not _module(frame).startswith(_MACHINERY)), None)
    return next((frame for frame in reversed(frames) if theirs in {None, _package(frame)}), None)


def _module(frame: TracebackType) -> str:
    name = frame.tb_frame.f_globals.get("__name__")
    return name if type(name) is str and name in sys.modules else "?"  # executed code may call its module anything


def _package(frame: TracebackType) -> str:
    parts = _module(frame).split(".")
    return ".".join(parts[:2] if parts[0] == "genie" else parts[:1])
