"""A marked-up file as a tree that knows its lines, whether it was SGML or XML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 64
"""Elements inside one another; statements need a dozen."""
MAX_NODES = 200_000
"""Elements held at one time."""


@dataclass(slots=True)
class Node:
    """One element."""

    tag: str
    """Without namespace; OFX tags in upper case."""
    line: int
    """Line on which it starts, from 1."""
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

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
        found = self.first(*path)
        return "" if found is None else found.text.strip()

    def below(self, *tags: str) -> Iterator[Node]:
        """Yield every element of these tags anywhere below, in order; not those inside one that was yielded."""
        for child in self.children:
            if child.tag in tags:
                yield child
            else:
                yield from child.below(*tags)
