"""Strict YAML: what a person reads is what the program gets, and every value knows its line.

PyYAML's safe parser delivers events; everything after that is decided here. Only ``true`` and ``false`` are booleans
and only ``null``, ``~`` and nothing at all are null; numbers are written as in JSON. So ``NO``, ``12:30``, ``017``,
``0x1F``, ``1_000`` and ``2024-01-31`` stay text. Keys are unique text. Tags, directives, merge keys and a second
document are refused; size, depth, aliases and what they expand to are bounded. ``${NAME}`` and ``${NAME:-default}`` in
a string value are filled in from the environment; errors show such values as they were written.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from genie.config.source_map import SourceMap, brief, quoted, suggestion
from genie.errors import ConfigError
from genie.graph.model import KeyPath

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_ALIASES = 100
MAX_VALUES = 100_000
"""Values that a document may hold once its aliases are expanded."""
_MAX_DIGITS = 400
_MAX_PROBLEMS = 50

_PARSER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)(\}?)")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?\Z", re.DOTALL)


def load_file(path: Path, *, environ: Mapping[str, str]) -> SourceMap:
    """Read and load a file.

    Raises:
        ConfigError: It cannot be read, is too large, or is not of the dialect; one line a problem.
    """
    name = str(path)
    try:
        if not path.is_file():
            raise ConfigError((f"{name}: {_absent(path)}",))
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is malformed"
        raise ConfigError((f"{name}: cannot be read: {reason.lower()}",)) from None
    return load_bytes(content, name=name, environ=environ)


def _absent(path: Path) -> str:
    if path.exists():
        return "is no file"
    near: list[str] = []
    with contextlib.suppress(OSError):
        near = sorted(other.name for other in path.parent.iterdir() if other.suffix in {".yaml", ".yml"})
    return f"there is no such file{suggestion(path.name, near)}"


def load_bytes(content: bytes, *, name: str, environ: Mapping[str, str]) -> SourceMap:
    """Load UTF-8 text.

    Raises:
        ConfigError: It is too large, no text, or not of the dialect.
    """
    if len(content) > MAX_BYTES:
        raise ConfigError((f"{name}: is larger than {MAX_BYTES:,} bytes, the most that is read",))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError((f"{name}:{line}: is not UTF-8 text; save it as UTF-8",)) from None
    return load_text(text, name=name, environ=environ)


def load_text(text: str, *, name: str, environ: Mapping[str, str]) -> SourceMap:
    """Load text.

    Args:
        text: One YAML document.
        name: What errors call it.
        environ: Where ``${NAME}`` is looked up.

    Raises:
        ConfigError: The text is not of the dialect; every problem that does not hide the rest is listed.
    """
    return _Reader(name, environ).read(text)


class _Stop(Exception):  # noqa: N818 - ends the reading after a problem was noted; never leaves this module
    """Nothing after this problem can be read."""


@dataclass(slots=True)
class _Node:
    """A composed value. An alias is the same node again, so nothing is expanded before it is known to be small."""

    line: int
    value: object = None
    """Scalar, list of nodes, or dict of key -> (line of the key, node)."""
    text: bool = False
    """A string, in which the environment may be named."""
    size: int = 1
    height: int = 1
    anchor: str | None = None
    key: tuple[str | None, int] | None = None
    """Of an open mapping: the key whose value comes next; None as text where the key was refused."""


class _Reader:
    def __init__(self, name: str, environ: Mapping[str, str]) -> None:
        self._name = name
        self._environ = environ
        self._problems: list[str] = []
        self._anchors: dict[str, _Node | None] = {}
        self._aliases = 0
        self._lines: dict[KeyPath, int] = {}
        self._written: dict[KeyPath, str] = {}
        self._filled_in = 0

    def read(self, text: str) -> SourceMap:
        value: object = None
        with contextlib.suppress(_Stop):
            if len(text) > MAX_BYTES:
                self._stop(1, f"is larger than {MAX_BYTES:,} characters, the most that is read")
            odd = _UNPRINTABLE.search(text)
            if odd is not None:
                line = text.count("\n", 0, odd.start()) + 1
                self._stop(line, f"holds the character U+{ord(odd[0]):04X}, which YAML text may not hold")
            root = self._parse(text)
            self._lines[()] = 1
            value = None if root is None else self._build(root, ())
        if self._problems:
            raise ConfigError(tuple(dict.fromkeys(self._problems)))
        return SourceMap(self._name, value, self._lines, self._written)

    def _note(self, line: int, problem: str) -> None:
        self._problems.append(f"{self._name}:{line}: {problem}")
        if len(self._problems) >= _MAX_PROBLEMS:
            raise _Stop

    def _stop(self, line: int, problem: str) -> None:
        self._note(line, problem)
        raise _Stop

    # --- events to nodes ---

    def _parse(self, text: str) -> _Node | None:
        try:
            return self._compose(yaml.parse(text, Loader=_PARSER))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if mark is not None and mark.line >= len(text.splitlines()) and error.context_mark is not None:
                mark = error.context_mark  # never closed: where it was opened says more than where the text ends
            line = 1 if mark is None else min(mark.line + 1, max(1, len(text.splitlines())))
            self._stop(line, _syntax(text, error, mark))
        except yaml.YAMLError:
            self._stop(1, "is not valid YAML")
        raise AssertionError  # both branches above stop

    def _compose(self, events: Iterator[yaml.Event]) -> _Node | None:
        root: _Node | None = None
        stack: list[_Node] = []
        documents = 0
        for event in events:
            line = _line(event)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(line, "starts a second document; one a file")
                if event.version or event.tags:
                    self._note(line, "directives (%) are not part of this dialect; remove it")
            elif isinstance(event, yaml.CollectionEndEvent):
                node = stack.pop()
                self._anchor(node)
                root = self._place(node, stack) or root
            elif isinstance(event, yaml.CollectionStartEvent):
                self._tagged(event, line)
                node = _Node(line, {} if isinstance(event, yaml.MappingStartEvent) else [], anchor=event.anchor)
                if event.anchor is not None:
                    self._anchors[event.anchor] = None  # open: an alias to it would contain itself
                stack.append(node)
                if len(stack) > MAX_DEPTH:
                    self._stop(line, f"is nested deeper than {MAX_DEPTH} levels")
            elif isinstance(event, yaml.NodeEvent):
                node = self._alias(event, line, stack) if isinstance(event, yaml.AliasEvent) else self._scalar(event)
                root = self._place(node, stack) or root
        return root

    def _tagged(self, event: yaml.CollectionStartEvent | yaml.ScalarEvent, line: int) -> None:
        if event.tag is not None:
            self._note(line, "has a tag (!); values have no tags here: remove it, or quote the text")

    def _scalar(self, event: yaml.NodeEvent) -> _Node:
        if not isinstance(event, yaml.ScalarEvent):
            raise TypeError(type(event))  # the events of a node are aliases, scalars and collections
        line = _line(event)
        self._tagged(event, line)
        text: str = event.value
        if _SURROGATE.search(text):  # an escape; libyaml refuses it itself
            self._note(line, "holds half a character (a lone surrogate)")
        node = _Node(line, text, anchor=event.anchor)
        if event.implicit[0]:  # plain: neither quoted nor a block
            node.value = self._plain(text, line)
        node.text = isinstance(node.value, str)
        self._anchor(node)
        return node

    def _plain(self, text: str, line: int) -> object:
        if text in _WORDS:
            return _WORDS[text]
        number = _NUMBER.match(text)
        if number is None:
            return text
        if len(text) > _MAX_DIGITS:
            self._note(line, f"is a number of more than {_MAX_DIGITS} digits; quote it if it is text")
            return None
        if number[1] is None and number[2] is None:
            return int(text)
        value = float(text)
        if math.isinf(value):
            self._note(line, "is a number too large to be kept; quote it if it is text")
        return value

    def _anchor(self, node: _Node) -> None:
        if node.anchor is not None:
            self._anchors[node.anchor] = node

    def _alias(self, event: yaml.AliasEvent, line: int, stack: list[_Node]) -> _Node:
        name = str(event.anchor)
        if name not in self._anchors:
            known = [anchor for anchor, node in self._anchors.items() if node is not None]
            self._note(
                line, f"alias *{brief(name)} names no anchor above it{suggestion(name, known)}; quote it if it is text"
            )
            return _Node(line)
        node = self._anchors[name]
        if node is None:
            self._stop(line, f"alias *{brief(name)} contains itself")
            raise AssertionError
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            self._stop(line, f"has more than {MAX_ALIASES} aliases")
        if len(stack) + node.height - 1 > MAX_DEPTH:
            self._stop(line, f"alias *{brief(name)} nests deeper than {MAX_DEPTH} levels")
        return node

    def _place(self, node: _Node, stack: list[_Node]) -> _Node | None:
        """Put a finished node where it belongs; return it when it is the document's root."""
        if not stack:
            return node
        parent = stack[-1]
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)
        if sum(part.size for part in stack) > MAX_VALUES:
            self._stop(node.line, f"holds more than {MAX_VALUES:,} values, its aliases expanded")
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif isinstance(parent.value, dict):
            if parent.key is None:
                parent.key = (self._key(node, parent.value), node.line)
            else:
                name, line = parent.key
                parent.key = None
                if name is not None:
                    parent.value[name] = (line, node)
        return None

    def _key(self, node: _Node, taken: dict[str, tuple[int, _Node]]) -> str | None:
        if not isinstance(node.value, str):
            shown = "a collection" if isinstance(node.value, list | dict) else quoted(node.value)
            self._note(node.line, f"has {shown} for a key; keys are text: quote it")
            return None
        if node.value == "<<":
            self._note(node.line, "merge keys (<<) are not part of this dialect; write the keys out")
            return None
        if node.value in taken:
            first = taken[node.value][0]
            self._note(node.line, f"key {quoted(node.value)} is given twice; it stands on line {first} already")
            return None
        return node.value

    # --- nodes to values ---

    def _build(self, node: _Node, path: KeyPath) -> object:
        if isinstance(node.value, list):
            for position, item in enumerate(node.value):
                self._lines[*path, position] = item.line
            return [self._build(item, (*path, position)) for position, item in enumerate(node.value)]
        if isinstance(node.value, dict):
            for name, (line, _) in node.value.items():
                self._lines[*path, name] = line
            return {name: self._build(item, (*path, name)) for name, (_, item) in node.value.items()}
        if node.text and "${" in str(node.value):
            return self._filled(str(node.value), node.line, path)
        return node.value

    def _filled(self, text: str, line: int, path: KeyPath) -> str:
        parts: list[str] = []
        end = 0
        for found in _REFERENCE.finditer(text):
            value = "${" if found[0] == "$${" else self._variable(found, text, line, path)
            parts += [text[end : found.start()], value]
            end = found.end()
            self._count(len(parts[-1]) + len(parts[-2]), line)
        parts.append(text[end:])
        self._count(len(parts[-1]), line)
        return "".join(parts)

    def _count(self, length: int, line: int) -> None:
        self._filled_in += length
        if self._filled_in > MAX_BYTES:
            self._stop(line, f"holds more than {MAX_BYTES:,} characters with the environment filled in")

    def _variable(self, found: re.Match[str], text: str, line: int, path: KeyPath) -> str:
        name = _NAME.match(found[1])
        if name is None or not found[2]:
            self._note(line, "has a ${ that is no ${NAME} or ${NAME:-default}; write $${ for the characters themselves")
            return ""
        value = self._environ.get(name[1])
        if value or (value is not None and name[2] is None):
            self._written[path] = text
            if _UNPRINTABLE.search(value):
                self._note(line, f"${{{brief(name[1])}}} holds characters that text may not hold")
            return value
        if name[2] is None:
            example = f"${{{brief(name[1])}:-...}}"
            self._note(line, f"the environment has no {quoted(name[1])}; set it, or give a default as in {example}")
        return name[2] or ""


def _line(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1


def _syntax(text: str, error: yaml.MarkedYAMLError, mark: yaml.Mark | None) -> str:
    """Return PyYAML's finding as one line, with the cure where the character at the mark tells it."""
    problem = (error.problem or error.context or "the text cannot be parsed").replace("\n", " ")
    lines = text.split("\n")
    at = ""
    if mark is not None and mark.line < len(lines):
        at = lines[mark.line][mark.column : mark.column + 1]
    if at == "\t":
        return "is not valid YAML: a tab cannot indent; use spaces"
    if at and at in "@`%*&!|>":
        return f"is not valid YAML: {problem}; quote text that starts with {at}"
    return f"is not valid YAML: {problem}"
