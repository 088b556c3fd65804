"""The latest events, numbered, for any number of readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

E = TypeVar("E")
MOST_SHOWN = 256
"""Events of one ring that are kept as they are sent."""


class Ring(Generic[E]):
    """The latest events, numbered from 1, for any number of readers.

    The ring of one run has its facts alone: with the run beside each, a run that is forgotten would wait for the cycle
    collector.

    Args:
        most: How many are kept at least; at most twice as many.
    """

    __slots__ = ("_gone", "_most", "_shown", "kept", "readers", "told")

    def __init__(self, most: int) -> None:
        self.kept: list[E] = []
        self._most = most
        self._gone = 0
        self.readers: dict[Any, None] | None = None
        self._shown: dict[tuple[object, int], bytes] | None = None
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

    def shown(self, form: object, number: int, made: Callable[[], bytes]) -> bytes:
        """Return an event as one form of stream sends it; it is made once for all that read it so."""
        shown = self._shown
        if shown is None:
            shown = self._shown = {}
        found = shown.get((form, number))
        if found is None:
            if len(shown) >= MOST_SHOWN:
                shown.clear()
            found = shown[form, number] = made()
        return found

    def after(self, number: int) -> list[E]:
        """Return the events that are kept after a number, oldest first."""
        return self.kept[max(0, number - self._gone) :]
