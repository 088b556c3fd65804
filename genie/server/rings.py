"""The latest events, numbered, for any number of readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

E = TypeVar("E")
MOST_SHOWN = 256
"""Number of events of one ring whose encoded form is cached."""


class Ring(Generic[E]):
    """The latest events, numbered from 1, for any number of readers.

    The ring of one run contains only its facts: with references to the run, a dropped run would wait for the cycle
    collector.

    Args:
        most: Minimum number of stored events; at most twice as many are stored.
    """

    __slots__ = ("_gone", "_most", "_shown", "kept", "readers", "told")

    def __init__(self, most: int) -> None:
        self.kept: list[E] = []
        self._most = most
        self._gone = 0
        self.readers: dict[Any, None] | None = None
        self._shown: dict[tuple[object, int], bytes] | None = None
        self.told: Callable[[Ring[Any]], None] | None = None
        """Called with this ring when its readers have new events."""

    @property
    def last(self) -> int:
        """Number of the latest event."""
        return self._gone + len(self.kept)

    @property
    def first(self) -> int:
        """Number of the earliest stored event; the next number if there is none."""
        return self._gone + 1

    def append(self, fact: E) -> None:
        """Store an event, and wake the readers."""
        self.kept.append(fact)
        if len(self.kept) >= 2 * self._most:
            self.drop(self._most)
        if self.readers and self.told is not None:
            self.told(self)

    def drop(self, count: int) -> None:
        """Drop the oldest events."""
        del self.kept[:count]
        self._gone += count

    def wake(self) -> None:
        """Wake the readers."""
        if self.readers and self.told is not None:
            self.told(self)

    def shown(self, form: object, number: int, made: Callable[[], bytes]) -> bytes:
        """Return an event in the encoding of a stream; it is encoded once for all readers of that kind."""
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
        """Return the stored events after a number, oldest first."""
        return self.kept[max(0, number - self._gone) :]
