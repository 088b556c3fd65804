"""Logs for people or for machines, with run and agent in each line and never a payload.

What a handler logs through ``context.logger`` names its run and agent; so do the bus's own lines. Objects that may
contain personal data (payloads, messages, exceptions) are logged by name, never by content.
"""

from __future__ import annotations

import datetime
import json
import logging
import sys
import unicodedata
from collections.abc import Callable, Mapping
from typing import IO, Final

from pydantic import BaseModel

from genie.contracts.message import Message, Payload, topic_of
from genie.errors.tracebacks import place_of

LEVELS: Final = ("debug", "info", "warning", "error", "critical")
FORMATS: Final = ("pretty", "json")
MOST_CHARACTERS = 4_000
"""Maximum length of one message; the rest is truncated."""
DEBUG_LOGGER = "genie.debug"
"""Logger for failures in developer form: tracebacks over several lines. Only a runtime with ``debug`` uses it."""
MOST_OF_A_FAILURE = 30_000
"""Maximum length of a message of that logger."""
OURS = ("genie", "genie_finance")
_STEERING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


class _StandardError(logging.StreamHandler[IO[str]]):
    """Writes to the present standard error, which a live view may replace."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stderr
        super().emit(record)


def configure(
    *, level: str, form: str, stream: IO[str] | None = None, hide: Callable[[str], str] | None = None
) -> None:
    """Write the logs of this process to a stream, and nowhere else.

    Other libraries are logged from ``warning`` on, whatever the level: below that some log whole addresses and headers,
    including secrets.

    Args:
        level: One of ``LEVELS``.
        form: One of ``FORMATS``.
        stream: Output stream; standard error by default.
        hide: Returns a line without confidential parts; unchanged by default.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    handler: logging.Handler = _StandardError() if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(hide) if form == "json" else Pretty(hide))
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(number)


class _Named(logging.Formatter):
    """Common part of both forms: the message, its context, without personal data."""

    def __init__(self, hide: Callable[[str], str] | None = None) -> None:
        super().__init__()
        self._hide = hide

    def said(self, record: logging.LogRecord) -> str:
        """Return the message with objects replaced by their names."""
        text, arguments = str(_named(record.msg)), record.args
        try:
            if isinstance(arguments, tuple) and arguments:
                text %= tuple(_named(part) for part in arguments)
            elif isinstance(arguments, Mapping):
                text %= {name: _named(part) for name, part in arguments.items()}
        except (TypeError, ValueError, KeyError):
            pass  # a wrong format string must not interrupt the program; the bare text is logged
        text = text if self._hide is None else self._hide(text)
        most = MOST_OF_A_FAILURE if record.name == DEBUG_LOGGER else MOST_CHARACTERS
        return text if len(text) <= most else f"{text[:most]} (cut)"

    @staticmethod
    def about(record: logging.LogRecord) -> dict[str, str]:
        """Return the run and the agent of a line, and the exception, if any."""
        found = {key: str(value) for key in ("run_id", "agent") if (value := getattr(record, key, None)) is not None}
        if record.exc_info and record.exc_info[1] is not None:
            found["error"] = place_of(record.exc_info[1])
        return found


class JsonLines(_Named):
    """One JSON object a line: ``at``, ``level``, ``logger``, ``message``, ``run_id``, ``agent``, ``error``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; it is ASCII, so nothing in it can end it or steer a terminal."""
        at = datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": self.said(record)}
        return json.dumps(line | self.about(record), separators=(",", ":"))


class Pretty(_Named):
    """One line for people: time of day, level, message, and its context in brackets.

    Failures in developer form have several lines.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without characters that could break it or steer a terminal."""
        at = datetime.datetime.fromtimestamp(record.created, datetime.UTC).strftime("%H:%M:%S.%f")[:-3]
        about = " ".join(f"{key}={value}" for key, value in self.about(record).items())
        said, *more = self.said(record).split("\n") if record.name == DEBUG_LOGGER else (self.said(record),)
        line = f"{at} {record.levelname.lower():<8} {record.name}: {said}{f' [{about}]' if about else ''}"
        return "\n".join(_steady(one) for one in (line, *(f"  {one}" for one in more)))


def _steady(line: str) -> str:
    """Return a line without characters that could break it or steer a terminal."""
    return "".join("�" if unicodedata.category(char) in _STEERING else char for char in line)


def _named(value: object) -> object:
    """Return the loggable form of an argument of a log call."""
    match value:
        case Message():
            return value  # its own text form contains no payload
        case Payload():
            return f"<{topic_of(value).name}>"
        case BaseModel():
            return f"<{type(value).__name__}>"
        case BaseException():
            return place_of(value)
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case tuple() | list() | set() | frozenset() | dict():
            return f"<{type(value).__name__} of {len(value)}>"  # whatever they contain
        case _:
            return value
