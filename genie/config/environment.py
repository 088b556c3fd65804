"""Hides values that files took from the environment: everything that a command prints has ``${NAME}`` instead.

``SourceMap.hide`` does the same for problems of one file, whose values are known by their place.
"""

from __future__ import annotations

import contextlib
import os.path
import re
from collections.abc import Iterator

from genie.config.source_map import CUT, without

_MOST = 1_000
"""Maximum number of values that are remembered."""
_LEAST = 4
"""Minimum length of values that are hidden: a shorter one may be any word or number."""
_given: dict[str, str] | None = None


@contextlib.contextmanager
def remembering() -> Iterator[None]:
    """Remember what files take from the environment, until the command ends."""
    global _given  # noqa: PLW0603 - the output belongs to the process, whichever thread prints it
    before, _given = _given, {}
    try:
        yield
    finally:
        _given = before


def remember(name: str, value: str) -> None:
    """Note a value that a file took from a variable."""
    if _given is None or len(value) < _LEAST:
        return
    for form in {value, os.path.normpath(value), repr(value)[1:-1]}:  # as paths and errors show it
        if len(form) >= _LEAST:
            _given[form] = f"${{{name}}}"
    while len(_given) > _MOST:
        del _given[next(iter(_given))]


def hidden(text: str) -> str:
    """Return text for people, with the variable in place of each value that a file took from it."""
    for value, written in sorted(
        (_given or {}).items(), key=lambda pair: -len(pair[0])
    ):  # one may be a part of another
        if len(value) >= CUT:
            text = without(text, value, written)
        elif value in text:
            text = re.sub(rf"(?<![^\W_]){re.escape(value)}(?![^\W_])", lambda _, name=written: name, text)  # type: ignore[misc]  # bound now
    return text
