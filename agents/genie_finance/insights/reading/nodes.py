"""A parsed SGML or XML file as a tree with line numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 64
"""Maximum depth of elements; statements need about a dozen levels."""
MAX_NODES = 200_000
"""Maximum elements in memory, if entries are freed as they are read."""


class Node:
    """One element.

    Attributes:
        tag: Name without namespace; OFX tags are in upper case.
        line: Line on which it starts, from 1.
        text: Its text, if it has no elements.
        unit: The currency attribute of an amount, else empty.
        children: Its elements, in order.
    """

    __slots__ = ("children", "line", "tag", "text", "unit")

    def __init__(self, tag: str, line: int, text: str = "", unit: str = "") -> None:
        self.tag = tag
        self.line = line
        self.text = text
        self.unit = unit
        self.children: list[Node] | tuple[()] = ()

    def add(self, child: Node) -> None:
        """Append an element to the existing ones."""
        if isinstance(self.children, tuple):
            self.children = [child]
        else:
            self.children.append(child)

    def drop_last(self) -> None:
        """Let the last element go."""
        if not isinstance(self.children, tuple):
            self.children.pop()

    def every(self, *path: str) -> Iterator[Node]:
        """Yield the elements at a path below this one, in order."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.tag == path[0]:
                yield from child.every(*path[1:])

    def first(self, *path: str) -> Node | None:
        """Return the first element at a path, or None."""
        return next(self.every(*path), None)

    def value(self, *path: str) -> str:
        """Return the text at a path, stripped; empty if there is none."""
        if len(path) == 1:
            for child in self.children:
                if child.tag == path[0]:
                    return child.text.strip()
            return ""
        found = self.first(*path)
        return "" if found is None else found.text.strip()

    def below(self, *tags: str) -> Iterator[Node]:
        """Yield every element with these tags at any depth, in order; not those inside a yielded one."""
        for child in self.children:
            if child.tag in tags:
                yield child
            elif child.children:
                yield from child.below(*tags)
