"""Graph walks over the cards: which payload types can follow from which, components, cycles."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

from genie.contracts.agent import Join
from genie.contracts.card import AgentCard
from genie.contracts.message import Payload

Node = TypeVar("Node", bound=Hashable)
PayloadType = type[Payload]


def components(successors: Mapping[Node, Collection[Node]]) -> list[tuple[Node, ...]]:
    """Return the strongly connected components of a graph, each after the components it leads to.

    Source: R. Tarjan, Depth-first search and linear graph algorithms, 1972. There is no recursion, so a chain of a
    thousand agents cannot exceed the recursion limit.
    """
    number: dict[Node, int] = {}
    low: dict[Node, int] = {}
    waiting: list[Node] = []
    placed: set[Node] = set()
    found: list[tuple[Node, ...]] = []
    for root in successors:
        if root in number:
            continue
        number[root] = low[root] = len(number)
        waiting.append(root)
        path = [(root, iter(successors[root]))]
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == number[node]:
                    start = waiting.index(node)
                    found.append(tuple(waiting[start:]))
                    placed.update(waiting[start:])
                    del waiting[start:]
            elif following not in number:
                number[following] = low[following] = len(number)
                waiting.append(following)
                path.append((following, iter(successors.get(following, ()))))
            elif following not in placed:
                low[node] = min(low[node], number[following])
    return found


def cycle_in(component: tuple[str, ...], edges: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return a shortest cycle of a component, from its first member in the edges' order; empty if there is none."""
    inside = set(component)
    start = next((node for node in edges if node in inside), "")  # a component of one node may have no edges
    back: dict[str, str] = {}
    wave = [start]
    while wave:
        following: list[str] = []
        for node in wave:
            for target in edges.get(node, ()):
                if target == start:
                    ring = [node]
                    while ring[-1] != start:
                        ring.append(back[ring[-1]])
                    return tuple(reversed(ring))
                if target in inside and target not in back:
                    back[target] = node
                    following.append(target)
        wave = following
    return ()


def follow(cards: Iterable[AgentCard], joins: Iterable[Join] = ()) -> dict[PayloadType, frozenset[PayloadType]]:
    """Return, for every type, all types that can follow from the delivery of a message of that type.

    An agent may send everything that its card, or the card of its fallback, returns, publishes or asks. A join may send
    its ``into`` as soon as one of its parts is delivered, so the result never omits a type that may still come.
    """
    cards = tuple(cards)
    sent = _sent(cards)
    direct: dict[PayloadType, dict[PayloadType, None]] = {}
    for card in cards:
        for kind in card.consumes:
            direct.setdefault(kind, {}).update(dict.fromkeys(sent[card.id]))
    for join in joins:
        for kind in join.parts.values():
            direct.setdefault(kind, {})[join.into] = None
    for kind in [kind for kinds in direct.values() for kind in kinds]:
        direct.setdefault(kind, {})
    bits = {kind: 1 << place for place, kind in enumerate(direct)}
    masks: dict[PayloadType, int] = {}
    for component in components(direct):
        mask = 0
        for kind in component:
            for following in direct[kind]:
                mask |= bits[following] | masks.get(following, 0)
        masks.update(dict.fromkeys(component, mask))
    sets = {mask: frozenset(kind for kind, bit in bits.items() if mask & bit) for mask in set(masks.values())}
    return {kind: sets[mask] for kind, mask in masks.items()}


def reach(cards: Iterable[AgentCard], joins: Iterable[Join] = ()) -> dict[str, frozenset[PayloadType]]:
    """Return, for every agent and join, all types that can follow from a delivery to it.

    Args:
        cards: Every agent of the pipeline or runtime.
        joins: Its joins.

    Returns:
        Id -> types, including the types that it sends. A type that it consumes is included only if a cycle leads back.
    """
    cards, joins = tuple(cards), tuple(joins)
    following = follow(cards, joins)
    made: dict[tuple[PayloadType, ...], frozenset[PayloadType]] = {}
    result: dict[str, frozenset[PayloadType]] = {}
    for name, kinds in (*_sent(cards).items(), *((join.id, (join.into,)) for join in joins)):
        if kinds not in made:
            made[kinds] = frozenset(kinds).union(*(following.get(kind, frozenset()) for kind in kinds))
        result[name] = made[kinds]
    return result


def _sent(cards: tuple[AgentCard, ...]) -> dict[str, tuple[PayloadType, ...]]:
    """Return the types that each agent, or a fallback in its place, may send; the order is deterministic."""
    by_id = {card.id: card for card in cards}
    sent: dict[str, tuple[PayloadType, ...]] = {}
    for card in cards:
        chain: dict[str, AgentCard] = {}
        stand_in: AgentCard | None = card
        while stand_in is not None and stand_in.id not in chain:
            chain[stand_in.id] = stand_in
            stand_in = by_id.get(stand_in.fallback or "")
        kinds = (kind for link in chain.values() for kind in (*link.produces, *link.publishes, *link.asks))
        sent[card.id] = tuple(dict.fromkeys(kinds))
    return sent
