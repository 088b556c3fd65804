"""Deliveries and answers that wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from genie.account import Delivery, Scope
    from genie.alarm import Entry
    from genie.message import Message
    from genie.policy import Decision


@dataclass(slots=True, eq=False)
class Held:
    """One delivery or answer under decision."""

    id: str
    message: Message[Any]
    recipient: str
    decision: Decision
    delivery: Delivery | None
    """None for an answer on its way to its asker."""
    agent: str
    """Whose answer it is; the recipient's id for a delivery."""
    expiry: Entry | None = None

    @property
    def reason(self) -> str:
        """Why it is held."""
        return self.decision.summary


class Holds:
    """What is held now, by id."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def add(self, held: Held) -> None:
        """Park one."""
        self._held[held.id] = held

    def pop(self, hold_id: str) -> Held | None:
        """Remove and return one; None if it is not held (any more)."""
        held = self._held.pop(hold_id, None)
        if held is not None and held.expiry is not None:
            held.expiry.cancel()
        return held

    def take(self, belongs: Callable[[Held], bool]) -> list[Held]:
        """Remove and return those that ``belongs`` picks."""
        taken = [held for held in self._held.values() if belongs(held)]
        for held in taken:
            self.pop(held.id)
        return taken

    def all(self) -> tuple[Held, ...]:
        """Return everything held, oldest first."""
        return tuple(self._held.values())

    def deliveries(self) -> Iterator[Delivery]:
        """Yield the held deliveries."""
        for held in self._held.values():
            if held.delivery is not None:
                yield held.delivery

    def answers(self, scope: Scope) -> Iterator[Held]:
        """Yield the held answers of a scope."""
        for held in self._held.values():
            if held.delivery is None and held.message.scope is scope:
                yield held

    def of(self, belongs: Callable[[Scope], bool]) -> tuple[Held, ...]:
        """Return what is held in some scopes."""
        return tuple(held for held in self._held.values() if belongs(held.message.scope))
