"""One line of progress on stderr, for work that takes longer than two seconds."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from genie.cli.signals import cleaned_up
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.screen import clear_line, has_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_FIRST_S = 2.0
_EVERY_S = 1.0


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done and for how long, where stderr is a terminal; yield what changes the text.

    A timer signal writes the line, not a thread: a simulation allows no threads, and no clock but its own.
    """
    text, seconds = what, _FIRST_S - _EVERY_S

    def tell(new: str) -> None:
        nonlocal text
        text = new

    def tick(_number: int, _frame: FrameType | None) -> None:
        nonlocal seconds
        seconds += _EVERY_S
        with contextlib.suppress(OSError):
            os.write(2, f"\r\x1b[K{plain(text)}, {seconds:.0f} s".encode(errors="replace"))

    timed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not timed or not has_colour(sys.stderr):
        yield tell
        return
    before = signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, _FIRST_S, _EVERY_S)
    try:
        with cleaned_up(clear_line):
            yield tell
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if seconds >= _FIRST_S:
            clear_line()
