"""Look-ups over cards: which agents there are, what they can do, and what can follow from a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.errors import DuplicateAgentError, UnknownAgentError
from genie.graph.reachability import reach

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.contracts.agent import Join
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Payload


class Registry:
    """The cards in force, in the order of registration."""

    def __init__(self) -> None:
        self._cards: dict[str, AgentCard] = {}
        self._reach: Mapping[str, frozenset[type[Payload]]] | None = None
        self._joins: tuple[Join, ...] = ()

    def add(self, card: AgentCard) -> None:
        """Register a card.

        Raises:
            DuplicateAgentError: Its id is taken.
        """
        if card.id in self._cards:
            raise DuplicateAgentError(agent=card.id)
        self._cards[card.id] = card
        self._reach = None

    def join(self, join: Join) -> None:
        """Register a declared join."""
        self._joins = (*self._joins, join)
        self._reach = None

    def remove(self, agent: str) -> None:
        """Forget a card.

        Raises:
            UnknownAgentError: There is none.
        """
        self.card(agent)
        del self._cards[agent]
        self._reach = None

    def card(self, agent: str) -> AgentCard:
        """Return the card of an agent.

        Raises:
            UnknownAgentError: There is none.
        """
        card = self._cards.get(agent)
        if card is None:
            raise UnknownAgentError(agent=agent, known=tuple(self._cards))
        return card

    def replace(self, card: AgentCard) -> None:
        """Replace the card with the same id."""
        self._cards[card.id] = card
        self._reach = None

    def __contains__(self, agent: str) -> bool:
        return agent in self._cards

    def cards(self) -> tuple[AgentCard, ...]:
        """Return all cards in the order of registration."""
        return tuple(self._cards.values())

    def capable(self, capability: str) -> tuple[AgentCard, ...]:
        """Return the cards that name a capability, in the order of registration."""
        return tuple(card for card in self._cards.values() if capability in card.capabilities)

    def reach(self, agent: str) -> frozenset[type[Payload]]:
        """Return every type that can follow from a delivery to an agent; empty for an unknown agent."""
        if self._reach is None:
            self._reach = reach(self._cards.values(), self._joins)
        return self._reach.get(agent, frozenset())

    def cycle(self, agent: str) -> tuple[str, ...]:
        """Return the shortest cycle from an agent back to itself through the outputs of cards and joins.

        Empty if there is none.
        """
        sends = {card.id: card.sends for card in self._cards.values()}
        takes = {card.id: frozenset(card.consumes) for card in self._cards.values()}
        for join in self._joins:
            sends[join.id] = frozenset((join.into,))
            takes[join.id] = frozenset(join.parts.values())
        ways: list[tuple[str, ...]] = [(agent,)] if agent in sends else []
        seen: set[str] = set()
        for way in ways:  # grows during the walk, so that shorter paths come first
            for other, taken in takes.items():
                if sends[way[-1]] & taken:
                    if other == agent:
                        return (*way, agent)
                    if other not in seen:
                        seen.add(other)
                        ways.append((*way, other))
        return ()
