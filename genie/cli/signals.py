"""Ctrl-C and SIGTERM: the first signal requests an orderly end of a run, the second ends the process at once.

A signal never raises `KeyboardInterrupt` in a process of the command: an exception can be swallowed by a handler of an
agent, a destructor or an import hook. `docs/decisions/009-signal-handlers.md` explains why we use our own handlers.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from types import FrameType

INTERRUPTED = 130
"""Exit code of a process that a signal ended."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_CLEANUPS: list[Callable[[], object]] = []
_OWNER = os.getpid()


@contextlib.contextmanager
def cleaned_up(undo: Callable[[], object]) -> Iterator[None]:
    """Call ``undo`` when a signal ends the process inside the block; otherwise the block cleans up by itself."""
    _CLEANUPS.append(undo)
    try:
        yield
    finally:
        _CLEANUPS.remove(undo)


def end_at_once(_number: int = 0, _frame: FrameType | None = None) -> NoReturn:
    """Signal handler: undo partial work, stop worker processes, print one line, and end the process."""
    if os.getpid() == _OWNER:  # a forked worker must not remove the files of its parent
        for undo in reversed(tuple(_CLEANUPS)):
            with contextlib.suppress(Exception):
                undo()
        if "multiprocessing" in sys.modules:
            for child in sys.modules["multiprocessing"].active_children():
                child.kill()
        with contextlib.suppress(OSError):  # not through sys.stderr: the signal may have interrupted a write to it
            os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


def end_at_signals() -> None:
    """End this process at once on SIGINT or SIGTERM, except for a signal that the caller of the process ignores."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end_at_once)


class Interrupts:
    """The signals of one run: ``first`` waits for the first one, the second one ends the process.

    The handler runs in the main thread between two bytecodes, so it receives a signal even while an agent blocks the
    loop.
    """

    def __init__(self, waking: socket.socket, woken: socket.socket) -> None:
        self.count = 0
        self.number = 0
        """The first signal."""
        self.on_first: Callable[[], None] | None = None
        """Called by the signal handler at the first signal, so that a live view reacts while the loop is blocked."""
        self._waking = waking
        self._woken = woken

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Take one signal; called by the interpreter."""
        self.count += 1
        if self.count > 1:
            end_at_once()
        self.number = number
        self._waking.send(b"!")
        if self.on_first is not None:
            self.on_first()

    async def first(self) -> int:
        """Wait for the first signal; return its number."""
        import anyio  # noqa: PLC0415 - start-up: this module is imported before any command

        await anyio.wait_readable(self._woken)
        return self.number


@contextlib.contextmanager
def interrupts() -> Iterator[Interrupts | None]:
    """Receive SIGINT and SIGTERM until the block ends; None outside the main thread, where Python forbids it."""
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    import socket  # noqa: PLC0415 - as above

    ours, theirs = socket.socketpair()
    with ours, theirs:
        heard = Interrupts(theirs, ours)
        before = {number: signal.signal(number, heard.hear) for number in _SIGNALS}
        try:
            yield heard
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
