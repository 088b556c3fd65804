"""A strict subset of YAML without surprising types, in which every value keeps its line.

PyYAML's safe parser produces events; this module composes the values. Only ``true`` and ``false`` are booleans; only
``null``, ``~`` and an absent value are null; numbers are written as in JSON. So ``NO``, ``12:30``, ``017``, ``0x1F``,
``1_000`` and ``2024-01-31`` stay text. Keys are unique text. Tags, directives, merge keys and a second document are
errors. Size, depth, aliases and the expansion of aliases are bounded. ``${NAME}`` and ``${NAME:-default}`` in a string
value are replaced from the environment; errors show such values as they are written in the file.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from genie.config.environment import remember
from genie.config.source_map import SourceMap, brief, quoted, suggestion
from genie.errors import ConfigError
from genie.graph.model import KeyPath

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_ALIASES = 100
MAX_VALUES = 100_000
"""Limit of the values of a document after its aliases are expanded."""
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
        ConfigError: The file cannot be read, is too large, or is not valid strict YAML; one line for each problem.
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
        return "is not a regular file; check the path"
    near: list[str] = []
    with contextlib.suppress(OSError):
        near = sorted(other.name for other in path.parent.iterdir() if other.suffix in {".yaml", ".yml"})
    return f"there is no such file{suggestion(path.name, near)}"


def load_bytes(content: bytes, *, name: str, environ: Mapping[str, str]) -> SourceMap:
    """Load UTF-8 text.

    Raises:
        ConfigError: The content is too large, is not text, or is not valid strict YAML.
    """
    if len(content) > MAX_BYTES:
        raise ConfigError((f"{name}: is larger than {MAX_BYTES:,} bytes, the limit",))
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
        name: The document's name in errors.
        environ: The variables for ``${NAME}``.

    Raises:
        ConfigError: The text is not valid strict YAML; every problem that can be found in one pass is listed.
    """
    return _Reader(name, environ).read(text)


class _Stop(Exception):  # noqa: N818 - ends the reading after a problem was noted; never leaves this module
    """Ends the reading of a document."""


@dataclass(slots=True)
class _Node:
    """A composed value. An alias is a reference to its node, so the size is known before anything is expanded."""

    line: int
    value: object = None
    """Scalar, list of nodes, or dict of key -> (line of the key, node)."""
    text: bool = False
    """The value is a string, which may refer to the environment."""
    size: int = 1
    height: int = 1
    anchor: str | None = None
    key: tuple[str | None, int] | None = None
    """For an open mapping: the key of the next value and its line; None as the key if it is not valid."""


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
                self._stop(1, f"is larger than {MAX_BYTES:,} characters, the limit")
            odd = _UNPRINTABLE.search(text)
            if odd is not None:
                line = text.count("\n", 0, odd.start()) + 1
                self._stop(line, f"contains the character U+{ord(odd[0]):04X}, which is not allowed in YAML")
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
                mark = error.context_mark  # never closed: its opening helps more than the end of the text
            line = 1 if mark is None else min(mark.line + 1, max(1, len(text.splitlines())))
            self._stop(line, _syntax(text, error, mark))
        except yaml.YAMLError:
            self._stop(1, "is not valid YAML")
        raise AssertionError  # each of the branches above stops

    def _compose(self, events: Iterator[yaml.Event]) -> _Node | None:
        root: _Node | None = None
        stack: list[_Node] = []
        documents = 0
        for event in events:
            line = _line(event)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(line, "a second document starts here; a file holds one document")
                if event.version or event.tags:
                    self._note(line, "directives (%) are not supported; remove this one")
            elif isinstance(event, yaml.CollectionEndEvent):
                node = stack.pop()
                self._anchor(node)
                root = self._place(node, stack) or root
            elif isinstance(event, yaml.CollectionStartEvent):
                self._tagged(event, line)
                node = _Node(line, {} if isinstance(event, yaml.MappingStartEvent) else [], anchor=event.anchor)
                if event.anchor is not None:
                    self._anchors[event.anchor] = None  # still open: an alias to it would contain itself
                stack.append(node)
                if len(stack) > MAX_DEPTH:
                    self._stop(line, f"is nested deeper than {MAX_DEPTH} levels")
            elif isinstance(event, yaml.NodeEvent):
                node = self._alias(event, line, stack) if isinstance(event, yaml.AliasEvent) else self._scalar(event)
                root = self._place(node, stack) or root
        return root

    def _tagged(self, event: yaml.CollectionStartEvent | yaml.ScalarEvent, line: int) -> None:
        if event.tag is not None:
            self._note(line, "tags (!) are not supported; remove this one, or quote the text")

    def _scalar(self, event: yaml.NodeEvent) -> _Node:
        if not isinstance(event, yaml.ScalarEvent):
            raise TypeError(type(event))  # the events of a node are aliases, scalars and collections
        line = _line(event)
        self._tagged(event, line)
        text: str = event.value
        if _SURROGATE.search(text):  # from an escape; libyaml itself refuses it
            self._note(line, "contains a lone surrogate, which is half of a character")
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
            self._note(line, f"a number has more than {_MAX_DIGITS} digits; quote it if it is text")
            return None
        if number[1] is None and number[2] is None:
            return int(text)
        value = float(text)
        if math.isinf(value):
            self._note(line, "a number is too large for a float; quote it if it is text")
        return value

    def _anchor(self, node: _Node) -> None:
        if node.anchor is not None:
            self._anchors[node.anchor] = node

    def _alias(self, event: yaml.AliasEvent, line: int, stack: list[_Node]) -> _Node:
        name = str(event.anchor)
        if name not in self._anchors:
            known = [anchor for anchor, node in self._anchors.items() if node is not None]
            hint = f"{suggestion(name, known)}; quote it if it is text"
            self._note(line, f"alias *{brief(name)} refers to an anchor that is not above it{hint}")
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
        """Add a finished node to its parent; return it if it is the root of the document."""
        if not stack:
            return node
        parent = stack[-1]
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)
        if sum(part.size for part in stack) > MAX_VALUES:
            self._stop(node.line, f"contains more than {MAX_VALUES:,} values after aliases are expanded")
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
            self._note(node.line, f"{shown} is not a valid key, because keys are text; quote it")
            return None
        if node.value == "<<":
            self._note(node.line, "merge keys (<<) are not supported; write the keys out")
            return None
        if node.value in taken:
            first = taken[node.value][0]
            self._note(node.line, f"key {quoted(node.value)} is given twice; the first is on line {first}")
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
            self._stop(line, f"contains more than {MAX_BYTES:,} characters after the environment is filled in")

    def _variable(self, found: re.Match[str], text: str, line: int, path: KeyPath) -> str:
        name = _NAME.match(found[1])
        if name is None or not found[2]:
            self._note(line, "${ does not start a valid ${NAME} or ${NAME:-default}; write $${ for a literal ${")
            return ""
        value = self._environ.get(name[1])
        if value or (value is not None and name[2] is None):
            self._written[path] = text
            remember(name[1], value)
            if _UNPRINTABLE.search(value):
                self._note(line, f"${{{brief(name[1])}}} contains characters that are not allowed in YAML")
            return value
        if name[2] is None:
            example = f"${{{brief(name[1])}:-...}}"
            self._note(
                line,
                f"the environment variable {quoted(name[1])} is not set; set it, or write a default as in {example}",
            )
        return name[2] or ""


def _line(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1


_SYNTAX = (
    ("unexpected end of stream", "a quote is opened and not closed"),
    ("cannot start any token", "this character cannot begin a value"),
    ("mapping values are not allowed", "this line has a second ':', or the indentation is wrong; quote the text"),
    ("could not find expected ':'", "a ':' is missing after a key"),
    ("expected ',' or ']'", "a list is opened with '[' and not closed, or a ',' is missing"),
    ("expected ',' or '}'", "a mapping is opened with '{' and not closed, or a ',' is missing"),
    ("expected <block end>", "the indentation does not match the lines above"),
    ("did not find expected '-' indicator", "the indentation does not match the lines above"),
    ("block sequence entries are not allowed", "a list item '-' is not allowed here; put it on a line of its own"),
    ("expected key", "the indentation does not match the lines above"),
    ("block mapping", "the indentation does not match the lines above"),
    ("unknown escape character", "this escape is not allowed in double quotes; write '\\\\' for a backslash"),
    ("expected hexdecimal", "an escape in double quotes is not complete"),
    ("expected escape sequence", "an escape in double quotes is not complete"),
    ("undefined alias", "an alias (*name) has no anchor (&name)"),
    ("incompatible YAML document", "it requires a YAML version other than 1.1 or 1.2"),
    ("duplicate", "a property is given twice, but may be given only once"),
    ("directive", "a line that begins with '%' is not a valid directive"),
    ("document start", "text follows the end of the document"),
    ("tag", "a tag (!name) is not valid"),
    ("indentation", "the indentation is not valid"),
    ("alias", "an alias (*name) or anchor (&name) is not valid"),
)
"""PyYAML's message -> our message; the first match counts."""


def _syntax(text: str, error: yaml.MarkedYAMLError, mark: yaml.Mark | None) -> str:
    """Return PyYAML's error as one line, with a hint if the character at the mark suggests one."""
    said = (error.problem or error.context or "").replace("\n", " ")
    problem = next((ours for theirs, ours in _SYNTAX if theirs in said), "the text cannot be parsed here")
    lines = text.split("\n")
    at = ""
    if mark is not None and mark.line < len(lines):
        at = lines[mark.line][mark.column : mark.column + 1]
    if at == "\t":
        return "is not valid YAML: a tab cannot indent; use spaces"
    if at and at in "@`%*&!|>":
        return f"is not valid YAML: {problem}; quote text that starts with {at}"
    return f"is not valid YAML: {problem}"
