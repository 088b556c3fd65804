"""Parses OFX mark-up into a tree: SGML of version 1, which may omit end tags of values, and XML of version 2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genie.errors import InputError
from genie_finance.insights.reading.nodes import MAX_DEPTH, Node

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_TAG = 1_000
_LONGEST_REFERENCE = 10
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'", "nbsp": " "}
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
# What nearly all of a file is, in one step. Each part excludes the character that ends it, so matching is linear; the
# text must end where a tag surely starts.
_PLAIN = re.compile(r"<(/?[A-Za-z][A-Za-z0-9._]{0,60})>([^<&]{0,200})(?=<[/A-Za-z])")
MAX_TAGS = 1_000_000
"""End tags included; fifty thousand transactions in XML have about as many."""


def sgml_tree(name: str, text: str) -> Node:
    """Return the tree of a text; its root is an unnamed element.

    An element without an end tag is a value, and what follows belongs to its parent, as in SGML. Only predefined
    entities are resolved, so nothing expands.

    Raises:
        InputError: It declares a document type, is cut off, closes what is not open, or nests deeper than any OFX file.
    """
    if text.count("<") > MAX_TAGS:
        raise InputError(name, f"has more than {MAX_TAGS:,} tags, which is the limit", "export a shorter period")
    return _Tree(name).built(_tokens(name, text))


class _Tree:
    def __init__(self, name: str) -> None:
        self._name = name
        self._root = Node("", 1)
        self._open = [self._root]
        self._last = ""
        """Tag of the last value, whose end tag may follow."""

    def built(self, tokens: Iterator[tuple[str, str, int]]) -> Node:
        for tag, text, line in tokens:
            if tag.startswith("/"):
                self._end(tag[1:], line)
            else:
                self._start(tag, text, line)
        if unclosed := [node for node in self._open[1:] if node.children]:
            first = unclosed[-1]
            raise InputError(
                self._name, f"is cut off: it ends inside <{first.tag[:40]}> of line {first.line}", "export it again"
            )  # fmt: skip
        return self._root

    def _start(self, tag: str, text: str, line: int) -> None:
        closed = tag.endswith("/")
        node = Node(tag.rstrip("/"), line, text)
        self._open[-1].add(node)
        self._last = node.tag if text else ""
        if text or closed:
            return
        if len(self._open) > MAX_DEPTH:
            raise InputError(self._name, f"nests elements more than {MAX_DEPTH} deep in line {line}")
        self._open.append(node)

    def _end(self, tag: str, line: int) -> None:
        if tag == self._last:
            self._last = ""
            return
        at = next((at for at in range(len(self._open) - 1, 0, -1) if self._open[at].tag == tag), 0)
        if not at:
            raise InputError(self._name, f"closes </{tag[:40]}> in line {line}, which is not open", "export it again")
        for depth in range(len(self._open) - 1, at, -1):
            # Never closed, so it was an empty value, and what came after it is its parent's.
            node = self._open.pop()
            for child in node.children:
                self._open[depth - 1].add(child)
            node.children = ()
        self._open.pop()
        self._last = ""


def _tokens(name: str, text: str) -> Iterator[tuple[str, str, int]]:
    """Yield tag, the text right after it, and its line; an end tag starts with a slash, an empty one ends in it."""
    at, counted, line = 0, 0, 1
    while True:
        plain = _PLAIN.match(text, at)
        if plain is not None:
            line += text.count("\n", counted, at)
            counted, at = at, plain.end()
            yield plain[1].upper(), plain[2].strip(), line
            continue
        at = _next_markup(text, at)
        if at < 0:
            return
        line += text.count("\n", counted, at)
        counted = at
        if text.startswith("<!--", at):
            at = _after(name, text, "-->", at, line)
            continue
        if text.startswith(_CDATA, at):
            at = _after(name, text, _CDATA_END, at, line)  # without a tag before it, the text belongs to no element
            continue
        if text.startswith("<!", at):
            raise InputError(
                name, f"declares a document type or entities in line {line}, which no OFX file does", "export it again"
            )
        end = text.find(">", at, at + _LONGEST_TAG)
        if end < 0:
            raise InputError(name, f"is cut off: a tag in line {line} does not end", "export it again")
        if text.startswith("<?", at):
            at = end + 1
            continue
        inner = text[at + 1 : end]
        tag = inner.split(None, 1)[0].rstrip("/").upper()
        if inner.endswith("/") and tag:
            tag += "/"
        value, at = ("", end + 1) if tag.startswith("/") else _value(name, text, end + 1, line)
        yield tag, value, line


def _next_markup(text: str, at: int) -> int:
    """Return where the next tag starts, -1 if none does; a ``<`` before anything else is text."""
    while (at := text.find("<", at)) >= 0:
        after = text[at + 1 : at + 2]
        if after and (after in "/!?" or (after.isascii() and after.isalpha())):
            return at
        at += 1
    return -1


def _after(name: str, text: str, end: str, at: int, line: int) -> int:
    found = text.find(end, at)
    if found < 0:
        raise InputError(name, f"is cut off: the element opened in line {line} is not closed", "export it again")
    return found + len(end)


def _value(name: str, text: str, at: int, line: int) -> tuple[str, int]:
    """Return the text that starts here, references resolved, and where the next tag starts."""
    parts = []
    while True:
        end = _next_markup(text, at)
        parts.append(_resolved(text[at:] if end < 0 else text[at:end]))
        if end < 0 or not text.startswith(_CDATA, end):
            return "".join(parts).strip(), len(text) if end < 0 else end
        at = _after(name, text, _CDATA_END, end, line)
        parts.append(text[end + len(_CDATA) : at - len(_CDATA_END)])


def _resolved(text: str) -> str:
    if "&" not in text:
        return text
    first, *rest = text.split("&")
    return first + "".join(map(_reference, rest))


def _reference(text: str) -> str:
    """Return the text after an ampersand with its reference resolved; an ampersand alone is kept."""
    named, semicolon, after = text.partition(";")
    if semicolon and len(named) <= _LONGEST_REFERENCE:
        if named.lower() in _ENTITIES:
            return _ENTITIES[named.lower()] + after
        digits = named[1:]
        if named.startswith("#") and digits.isascii() and digits.isdigit() and 31 < int(digits) < 0x110000:
            return chr(int(digits)) + after
    return "&" + text
