"""A value that was read from a file, with the line of each part and the form that errors may show."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from genie.errors import did_you_mean
from genie.graph.model import KeyPath

_SHOWN = 60
_LAST = 1 << 60
CUT = 12
"""Number of characters that identify an environment value inside words, and in a shortened error."""
_TELLING = 4
"""Length below which environment values are hidden only as whole words: they may be parts of ordinary words."""


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The value of a document (JSON-like: dicts with text keys, lists, scalars) and the place of each part."""

    name: str
    """The name in errors: the path as given."""
    value: object = field(repr=False)
    lines: Mapping[KeyPath, int] = field(repr=False)
    """Line of each value, from 1; for a value in a mapping, the line of its key."""
    written: Mapping[KeyPath, str] = field(default_factory=dict, repr=False)
    """The text in the file of each value that contains an environment variable."""
    overrides: Mapping[KeyPath, str] = field(default_factory=dict, repr=False)
    """Key of the ``--set`` that gave a value; such a value has no line."""

    def where(self, path: KeyPath) -> str:
        """Return ``file:line`` of the value, or of the nearest enclosing value."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.overrides:
                return f"--set {self.overrides[path[:end]]}"
            if path[:end] in self.lines:
                return f"{self.name}:{self.lines[path[:end]]}"
        return self.name

    def order(self, path: KeyPath) -> int:
        """Return the line for sorting problems; overrides come after the file."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.overrides:
                return _LAST
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 0

    def at(self, path: KeyPath) -> object:
        """Return the value at a path, None if there is no value."""
        value = self.value
        for part in path:
            value = value[part] if holds(value, part) else None  # type: ignore[index]  # it holds that part
        return value

    def source(self, path: KeyPath) -> str | None:
        """Return the text in the file of an environment value at, above or below a path; None if there is none."""
        for at, text in self.written.items():
            end = min(len(at), len(path))
            if at[:end] == path[:end]:
                return text
        return None

    def hide(self, text: str) -> str:
        """Return text with every environment value replaced by the text in the file."""
        given = [(value, written) for at, written in self.written.items() for value in _texts(self.at(at))]
        for value, written in sorted(given, key=lambda pair: -len(pair[0])):  # one value may be a part of another
            for form in dict.fromkeys((value, repr(value)[1:-1])):
                if len(form) >= _TELLING:
                    text = without(text, form, written)
                elif form and form in text:
                    text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", lambda _: written, text)  # noqa: B023 - called at once
        return text

    def show(self, path: KeyPath) -> str:
        """Return a value for an error: shortened, and as in the file if the environment gave it."""
        value = self.at(path)
        if isinstance(value, dict | list):
            return "a mapping" if isinstance(value, dict) else "a list"
        written = self.source(path)
        return quoted(value) if written is None else brief(written)


def _texts(value: object) -> Iterator[str]:
    """Yield a text, or the text from which a check has made a mapping or a list."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value:
            yield from _texts(part)


def without(text: str, value: str, written: str) -> str:
    """Return text with a value, and its beginnings in a shortened error, replaced."""
    least = min(len(value), CUT)
    pieces: list[str] = []
    at = 0
    while (start := text.find(value[:least], at)) >= 0:
        pieces += [text[at:start], written]
        pairs = zip(value, text[start:], strict=False)
        at = start + sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    return "".join((*pieces, text[at:]))


def holds(value: object, part: str | int) -> bool:
    """Return True if a mapping has that key, or a list that position."""
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def quoted(value: object) -> str:
    """Return a scalar for an error: text in quotes, other scalars as in YAML, shortened."""
    if isinstance(value, str):
        return repr(brief(value))
    return {"True": "true", "False": "false", "None": "null"}.get(repr(value), brief(repr(value)))


def brief(text: str) -> str:
    """Return text shortened to a limit that keeps an error on one line."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ``did_you_mean``; nothing for a word that is too long to compare quickly."""
    return did_you_mean(word, known) if len(word) <= _SHOWN else ""
