"""What was read from a file: a value, the line of each part of it, and how errors may speak of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from genie.errors import did_you_mean
from genie.graph.model import KeyPath

_SHOWN = 60
_LAST = 1 << 60
_TELLING = 4
"""A shorter value cannot be told from the rest of a text."""


@dataclass(frozen=True, slots=True)
class SourceMap:
    """A document's value (JSON-like: dicts with text keys, lists, scalars) and where each part of it was written."""

    name: str
    """What errors call it; the path as it was given."""
    value: object = field(repr=False)
    lines: Mapping[KeyPath, int] = field(repr=False)
    """Line of each value, from 1: of its key in a mapping, of itself in a list."""
    written: Mapping[KeyPath, str] = field(default_factory=dict, repr=False)
    """The text as written, of each value that the environment had a part in."""
    overrides: Mapping[KeyPath, str] = field(default_factory=dict, repr=False)
    """Key of the ``--set`` that gave a value, instead of a line."""

    def where(self, path: KeyPath) -> str:
        """Return ``file:line`` of the value, or of the nearest one that encloses it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.overrides:
                return f"--set {self.overrides[path[:end]]}"
            if path[:end] in self.lines:
                return f"{self.name}:{self.lines[path[:end]]}"
        return self.name

    def order(self, path: KeyPath) -> int:
        """Return the line by which problems are listed; overrides come after the file."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.overrides:
                return _LAST
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 0

    def at(self, path: KeyPath) -> object:
        """Return the value at a path, None where there is none."""
        value = self.value
        for part in path:
            value = value[part] if holds(value, part) else None  # type: ignore[index]  # it holds that part
        return value

    def source(self, path: KeyPath) -> str | None:
        """Return as it was written what the environment gave at, above or beneath a path, None if it gave nothing."""
        for at, text in self.written.items():
            end = min(len(at), len(path))
            if at[:end] == path[:end]:
                return text
        return None

    def hide(self, text: str) -> str:
        """Return text with every value that the environment gave replaced by what was written."""
        for at, written in self.written.items():
            value = self.at(at)
            for form in (value, repr(value)[1:-1]) if isinstance(value, str) and len(value) >= _TELLING else ():
                text = text.replace(form, written)
        return text

    def show(self, path: KeyPath) -> str:
        """Return a value as an error may quote it: short, and as written where the environment gave it."""
        value = self.at(path)
        if isinstance(value, dict | list):
            return "a mapping" if isinstance(value, dict) else "a list"
        written = self.source(path)
        return quoted(value) if written is None else brief(written)


def holds(value: object, part: str | int) -> bool:
    """Return True when a mapping has that key, or a list that position."""
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def quoted(value: object) -> str:
    """Return a scalar as an error may quote it: text in quotes, the rest as YAML writes it, never long."""
    if isinstance(value, str):
        return repr(brief(value))
    return {"True": "true", "False": "false", "None": "null"}.get(repr(value), brief(repr(value)))


def brief(text: str) -> str:
    """Return text cut to the length of a line's end."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ``did_you_mean``, or nothing for a word so long that comparing it would take its time."""
    return did_you_mean(word, known) if len(word) <= _SHOWN else ""
