"""Who is there, who can do what, and what can follow from a message: look-ups over cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.errors import DuplicateAgentError, UnknownAgentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from genie.message import Payload
    from genie.protocol import AgentCard, Join


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

    def cards(self) -> tuple[AgentCard, ...]:
        """Return all cards in the order of registration."""
        return tuple(self._cards.values())

    def capable(self, capability: str) -> tuple[AgentCard, ...]:
        """Return the cards that name a capability, in the order of registration."""
        return tuple(card for card in self._cards.values() if capability in card.capabilities)

    def reach(self, agent: str) -> frozenset[type[Payload]]:
        """Return every type that can follow from a delivery to that agent; nothing for an unknown one."""
        if self._reach is None:
            self._reach = reach(self._cards.values(), self._joins)
        return self._reach.get(agent, frozenset())


def reach(cards: Iterable[AgentCard], joins: Iterable[Join] = ()) -> Mapping[str, frozenset[type[Payload]]]:
    """Return for each agent every payload class that can follow from a message to it.

    The transitive closure over what agents send and who consumes it, fallbacks included; sets are bit masks, so that
    250 agents take under a millisecond.
    """
    cards, joins = tuple(cards), tuple(joins)
    bits: dict[type[Payload], int] = {}

    def bit(kind: type[Payload]) -> int:
        return bits.setdefault(kind, 1 << len(bits))

    sends = {card.id: sum({bit(kind) for kind in card.sends}) for card in cards}
    consumers: dict[int, list[str]] = {}
    for card in cards:
        for kind in card.consumes:
            consumers.setdefault(bit(kind), []).append(card.id)
    for join in joins:
        sends[join.id] = bit(join.into)
        for kind in set(join.parts.values()):
            consumers.setdefault(bit(kind), []).append(join.id)
    after = {card.id: [card.fallback] if card.fallback in sends else [] for card in cards}
    reached = dict(sends)
    changed = True
    while changed:
        changed = False
        for agent, mask in reached.items():
            grown = mask
            for other in after.get(agent, ()):
                grown |= reached[other]
            rest = mask
            while rest:
                low = rest & -rest
                for other in consumers.get(low, ()):
                    grown |= reached[other]
                rest ^= low
            if grown != mask:
                reached[agent] = grown
                changed = True
    kinds = list(bits)
    return {
        agent: frozenset(kind for position, kind in enumerate(kinds) if mask >> position & 1)
        for agent, mask in reached.items()
    }
