"""Log lines of the library itself. A log handler is an observer: if it raises, only its line is lost."""

from __future__ import annotations

import sys
from contextlib import suppress

from genie.errors.genie_error import class_name


def log(logger: str, level: str, text: str, **extra: object) -> None:
    """Write a line to a log; write to stderr if a filter or a handler of the program raises."""
    import logging  # noqa: PLC0415 - start-up: only what goes wrong is logged

    try:
        number = logging.getLevelNamesMapping()[level]
        logging.getLogger(logger).log(number, "%s", text, extra=extra, stacklevel=2)
    except BaseException as error:  # noqa: BLE001 - an observer cannot stop a delivery
        with suppress(OSError, ValueError, AttributeError):  # stderr may be closed, or missing
            sys.stderr.write(f"{text}\nthe log {logger} raised {class_name(error)}\n")
