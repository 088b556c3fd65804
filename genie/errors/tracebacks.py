"""Where an exception was raised: the author's own line, the traceback for developers, the cause of a failed run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from genie.errors.genie_error import GenieError, class_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_MACHINERY = (
    "genie.backend.", "genie.bus.", "genie.contracts.agent", "genie.edges.executors.", "genie.execution.",
    "genie.runtime.",
)  # fmt: skip
"""Modules between the event loop and a handler."""
_RELAY = "genie.edges.executors."
"""Re-raises what a handler raised in a process or thread; its own lines are of no use to the author."""
LONGEST_TRACEBACK = 20_000
"""Maximum length of a displayed traceback, in characters."""
MOST_OF_GROUP = 3
"""Number of exceptions of a group that are named."""
MOST_NESTED = 3
"""Levels of groups in a group whose exceptions are named: an agent may nest groups thousands deep."""


def place_of(error: BaseException) -> str:
    """Describe an exception by class and line in the author's code, never by its text, which may quote a payload.

    For a group, the first exceptions are named too: the group's line is where they were collected, not raised.
    """
    return _place(error, None)


def _place(error: BaseException, package: str | None, depth: int = 0) -> str:
    own = _own_frame(error, package)
    said = class_name(error) if own is None else f"{class_name(error)} at {_module(own)}:{own.tb_lineno}"
    if not isinstance(error, BaseExceptionGroup) or depth == MOST_NESTED:
        return said
    package = package or (None if own is None else _package(own))
    inner = dict.fromkeys(_place(one, package, depth + 1) for one in error.exceptions[:MOST_OF_GROUP])
    more = len(error.exceptions) - MOST_OF_GROUP
    return f"{said} ({'; '.join(inner)}{f'; {more} more' if more > 0 else ''})"


def traceback_of(error: BaseException) -> str:
    """Describe an exception with its text: the author's line first, then the traceback. For developers only."""
    import traceback  # noqa: PLC0415 - start-up: for those who debug

    start, own = error.__traceback__, _own_frame(error)
    while own is not None and start is not None and _module(start).startswith(_MACHINERY) and start is not own:
        start = start.tb_next
    whole = traceback.TracebackException(type(error), error, start, compact=True)
    lines = list(whole.format_exception_only())
    if own is not None:
        lines += traceback.StackSummary.extract([(own.tb_frame, own.tb_lineno)]).format()
        lines += whole.format()
    text = "".join(lines).rstrip("\n")
    return text if len(text) <= LONGEST_TRACEBACK else f"{text[:LONGEST_TRACEBACK]} ... ({len(text):,} characters)"


def cause_among(kept: Iterable[tuple[str, BaseException]], agent: str | None = None) -> BaseException | None:
    """Return the exceptions of a run that explain a missing part: those of one agent, or all; None if there are none.

    Args:
        kept: Exceptions with the agents that raised them, oldest first.
        agent: The agent to blame, where one is known.
    """
    kept = tuple(kept)
    errors = [error for name, error in kept if name == agent] or [error for _, error in kept]
    if len(errors) > 1:
        return BaseExceptionGroup("what the agents of the run raised", errors)
    return errors[0] if errors else None


def _own_frame(error: BaseException, package: str | None = None) -> TracebackType | None:
    """Return the innermost frame of the author's package, which is the package that this library called.

    Args:
        error: The exception.
        package: The author's package, if known; the traceback of a member of a group starts in the frames of a task
            group.
    """
    frames: list[TracebackType] = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    theirs = next((_package(frame) for frame in frames if not _module(frame).startswith(_MACHINERY)), None)
    if package is not None and any(_package(frame) == package for frame in frames):
        theirs = package
    if theirs is None and frames and (isinstance(error, GenieError) or _module(frames[-1]).startswith(_RELAY)):
        return None  # the bus uses it to report what a handler did
    return next((frame for frame in reversed(frames) if theirs in {None, _package(frame)}), None)


def _module(frame: TracebackType) -> str:
    name = frame.tb_frame.f_globals.get("__name__")
    return name if type(name) is str and name in sys.modules else "?"  # executed code may set any module name


def _package(frame: TracebackType) -> str:
    parts = _module(frame).split(".")
    return ".".join(parts[:2] if parts[0] == "genie" else parts[:1])
