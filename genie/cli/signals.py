"""Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends at once, whatever runs."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import queue
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import anyio

from genie.cli.files import drop_growing
from genie.runtime.report import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_UNWINDING_S = 1.0
"""What a second signal leaves for closing files; an agent that will not stop does not get longer."""
_SHOW_CURSOR = "\x1b[?25h"


class Interrupts:
    """Signals of one run; ``first`` waits for one, the second raises ``KeyboardInterrupt`` where the program is.

    A handler of Python's own hears a second Ctrl-C even while an agent blocks the loop, which a task cannot.
    """

    def __init__(self, waking: socket.socket, woken: socket.socket) -> None:
        self.count = 0
        self.told: Callable[[], None] | None = None
        """Called at the first signal, from the handler itself: a picture can say so even while the loop is blocked."""
        self._waking = waking
        self._woken = woken

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        """Take one signal; called by the interpreter.

        Raises:
            KeyboardInterrupt: It is not the first.
        """
        self.count += 1
        if self.count == 1:
            self._waking.send(b"!")
            if self.told is not None:
                self.told()
            return
        logging.getLogger("asyncio").disabled = True  # it would report every task that is torn down
        watchdog = threading.Timer(_UNWINDING_S, _leave)
        watchdog.daemon = True
        watchdog.start()
        raise KeyboardInterrupt

    async def first(self) -> None:
        """Wait for the first signal."""
        await anyio.wait_readable(self._woken)


@contextlib.contextmanager
def interrupts() -> Iterator[Interrupts | None]:
    """Receive SIGINT and SIGTERM until the block ends; None outside the main thread, which alone can."""
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        heard = Interrupts(theirs, ours)
        before = {number: signal.signal(number, heard.hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield heard
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


P = ParamSpec("P")
R = TypeVar("R")


def interruptible(work: Callable[P, R]) -> Callable[P, R]:
    """Let Ctrl-C end work that computes: between two steps of a simulation, and after a second in any case.

    ``KeyboardInterrupt`` may arise inside a finaliser or an agent that swallows it. So a simulation raises it itself,
    and a thread ends the process if that takes too long.
    """

    @functools.wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if threading.current_thread() is not threading.main_thread():
            return work(*args, **kwargs)
        from genie.simulation.event_loop import interrupt  # noqa: PLC0415 - start-up: for those that simulate

        heard: list[int] = []
        told: queue.SimpleQueue[None] = queue.SimpleQueue()  # the one queue that a signal handler may put to

        def watch() -> None:
            told.get()
            try:
                told.get(timeout=_UNWINDING_S)
            except queue.Empty:
                _leave()

        def hear(number: int, _frame: FrameType | None) -> None:
            heard.append(number)
            if len(heard) == 1:
                told.put(None)
                if interrupt():
                    return
            raise KeyboardInterrupt

        threading.Thread(target=watch, daemon=True).start()
        before = signal.signal(signal.SIGINT, hear)
        try:
            return work(*args, **kwargs)
        finally:
            signal.signal(signal.SIGINT, before)
            for _ in range(2):
                told.put(None)

    return run


def _leave() -> None:
    """End the process while something in it refuses to; the main thread has told of it if it came that far."""
    if threading.main_thread().is_alive():
        _tell()
    drop_growing()
    os._exit(INTERRUPTED)


def _tell() -> None:
    stream = sys.__stderr__  # a live view has put itself into the place of the other
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):
            stream.write(f"{_SHOW_CURSOR}\r\n" if stream.isatty() else "")
            stream.write("interrupted\n")
            stream.flush()
