"""Start and end of a process of the command: the garbage collector, streams, signals, and a full standard output."""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import io
import os
import sys
import time
from typing import TYPE_CHECKING

import click

from genie.cli.signals import end_at_signals

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSED_PIPE = 141
"""Exit code when the reader of standard output has closed it: 128 and SIGPIPE."""
_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Errors of a write to a full disk, or to a closed terminal."""
_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


_began: float | None = None


def running_s() -> float:
    """Return for how long the command of this process has been running; 0 in a program that calls it."""
    return 0.0 if _began is None else time.monotonic() - _began


@contextlib.contextmanager
def process() -> Iterator[None]:
    """Prepare this process for one command, and exit with 2 when standard output cannot be written."""
    # Most objects live as long as the process. Collecting them takes a sixth of a short run's time.
    gc.set_threshold(200_000, 20, 100)
    atexit.register(gc.freeze)
    global _began  # noqa: PLW0603 - one command a process
    _began = time.monotonic()
    _open_closed_streams()
    end_at_signals()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for characters that the encoding cannot represent
    try:
        with quiet_pipe():
            try:
                yield
            finally:
                sys.stdout.flush()
    except OSError as error:
        if not of_stdout(error):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter flushes the buffer when it ends
        with contextlib.suppress(OSError):  # stderr may be on the same full disk
            click.echo(f"standard output: cannot be written ({error.strerror})", err=True)
        raise SystemExit(2) from None


def of_stdout(error: OSError) -> bool:
    """Return True for a failed write to standard output; errors of files that are opened by name have the name."""
    return error.filename is None and error.errno in _UNWRITABLE


@contextlib.contextmanager
def quiet_pipe() -> Iterator[None]:
    """Exit with 141 and without a message when the reader of the output has closed it, like a shell for SIGPIPE."""
    try:
        yield
    except BrokenPipeError:
        for number in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)  # the interpreter flushes the buffers when it ends
        raise SystemExit(CLOSED_PIPE) from None


def _open_closed_streams() -> None:
    """Open /dev/null for each stream that the caller closed (``>&-``).

    Otherwise the next file would get its descriptor.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for good
