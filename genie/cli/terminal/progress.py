"""Progress on stderr, for work that takes longer than two seconds: one line that is rewritten, or periodic lines."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from genie.cli.signals import cleaned_up
from genie.cli.start import running_s
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.screen import clear_line, has_colour, is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_FIRST_S = 2.0
_AT_ONCE_S = 0.01
_EVERY_S = 1.0
_EVERY_LINE_S = 10.0
"""Seconds between two lines, on a terminal that cannot erase lines."""


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done and for how long, where stderr is a terminal; yield what changes the text.

    A timer signal writes the line, not a thread: a simulation allows no threads, and no clock but its own.
    """
    rewrites = has_colour(sys.stderr)
    every_s = _EVERY_S if rewrites else _EVERY_LINE_S
    begun = running_s()  # a slow start counts, too
    text, seconds = what, max(_FIRST_S, begun) - every_s

    def tell(new: str) -> None:
        nonlocal text
        text = new

    def tick(_number: int, _frame: FrameType | None) -> None:
        nonlocal seconds
        seconds += every_s
        line = f"{plain(text)}, {seconds:.0f} s"
        with contextlib.suppress(OSError):
            os.write(2, (f"\r\x1b[K{line}" if rewrites else f"{line}\n").encode(errors="replace"))

    timed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not timed or not is_terminal(sys.stderr):
        yield tell
        return
    before = signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, max(_AT_ONCE_S, _FIRST_S - begun), every_s)
    try:
        with cleaned_up(clear_line) if rewrites else contextlib.nullcontext():
            yield tell
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if rewrites and seconds >= _FIRST_S:
            clear_line()
