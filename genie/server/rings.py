"""The latest events, numbered, for any number of readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

E = TypeVar("E")
MOST_BODIES = 256
"""Events of one ring that are kept as they are sent."""


class Ring(Generic[E]):
    """The latest events, numbered from 1, for any number of readers.

    The ring of one run has its facts alone: with the run beside each, a run that is forgotten would wait for the cycle
    collector.

    Args:
        most: How many are kept at least; at most twice as many.
    """

    __slots__ = ("_bodies", "_gone", "_most", "kept", "readers", "told")

    def __init__(self, most: int) -> None:
        self.kept: list[E] = []
        self._most = most
        self._gone = 0
        self.readers: dict[Any, None] | None = None
        self._bodies: dict[int, bytes] | None = None
        self.told: Callable[[Ring[Any]], None] | None = None
        """Called with this ring when its readers have something to read."""

    @property
    def last(self) -> int:
        """Number of the latest event."""
        return self._gone + len(self.kept)

    @property
    def first(self) -> int:
        """Number of the earliest event that is kept; the next number where none is."""
        return self._gone + 1

    def append(self, fact: E) -> None:
        """Keep an event, and wake the readers."""
        self.kept.append(fact)
        if len(self.kept) >= 2 * self._most:
            self.drop(self._most)
        if self.readers and self.told is not None:
            self.told(self)

    def drop(self, count: int) -> None:
        """Forget the oldest."""
        del self.kept[:count]
        self._gone += count

    def wake(self) -> None:
        """Let the readers look again."""
        if self.readers and self.told is not None:
            self.told(self)

    def body(self, number: int, encoded: Callable[[], bytes]) -> bytes:
        """Return an event as JSON; it is encoded once for all that read it."""
        bodies = self._bodies
        if bodies is None:
            bodies = self._bodies = {}
        found = bodies.get(number)
        if found is None:
            if len(bodies) >= MOST_BODIES:
                bodies.clear()
            found = bodies[number] = encoded()
        return found

    def after(self, number: int) -> list[E]:
        """Return the events that are kept after a number, oldest first."""
        return self.kept[max(0, number - self._gone) :]
