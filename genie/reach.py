"""What can follow from what: the types that a message may still bring about, read off the cards alone."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

from genie.message import Payload
from genie.protocol import AgentCard, Join

Node = TypeVar("Node", bound=Hashable)
Kind = type[Payload]


def components(successors: Mapping[Node, Collection[Node]]) -> list[tuple[Node, ...]]:
    """Return the strongly connected components of a graph, each after those it leads to.

    Source: R. Tarjan, Depth-first search and linear graph algorithms, 1972; without recursion, so that a chain of a
    thousand agents is no deeper than one of three.
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


def follow(cards: Iterable[AgentCard], joins: Iterable[Join] = ()) -> dict[Kind, frozenset[Kind]]:
    """Return, for every type named, all the types that can follow when a message of it is delivered.

    A type follows when whoever takes it may send it: agents all that their cards return, publish or ask, a join its
    ``into``; and what follows from that. A join counts as soon as one of its parts is there, so nothing that may still
    come is left out.
    """
    direct: dict[Kind, dict[Kind, None]] = {}
    for card in cards:
        for kind in card.consumes:
            direct.setdefault(kind, {}).update(dict.fromkeys(_sent(card)))
    for join in joins:
        for kind in join.parts.values():
            direct.setdefault(kind, {})[join.into] = None
    for kind in [kind for sent in direct.values() for kind in sent]:
        direct.setdefault(kind, {})
    bits = {kind: 1 << place for place, kind in enumerate(direct)}
    masks: dict[Kind, int] = {}
    for component in components(direct):
        mask = 0
        for kind in component:
            for sent in direct[kind]:
                mask |= bits[sent] | masks.get(sent, 0)
        masks.update(dict.fromkeys(component, mask))
    sets = {mask: frozenset(kind for kind, bit in bits.items() if mask & bit) for mask in set(masks.values())}
    return {kind: sets[mask] for kind, mask in masks.items()}


def reach(cards: Iterable[AgentCard], joins: Iterable[Join] = ()) -> dict[str, frozenset[Kind]]:
    """Return, for every agent, all the types that can follow from a delivery to it.

    Args:
        cards: Every agent of the pipeline or runtime.
        joins: Its joins.

    Returns:
        Agent id -> types; those that it sends itself included, those that it consumes only where they come round again.
    """
    cards = tuple(cards)
    following = follow(cards, joins)
    made: dict[frozenset[Kind], frozenset[Kind]] = {}
    result: dict[str, frozenset[Kind]] = {}
    for card in cards:
        sent = frozenset(_sent(card))
        if sent not in made:
            made[sent] = sent.union(*(following.get(kind, frozenset()) for kind in sent))
        result[card.id] = made[sent]
    return result


def _sent(card: AgentCard) -> tuple[Kind, ...]:
    """Return what may leave the agent, in the card's order, so that graphs come out the same every time."""
    return tuple(dict.fromkeys((*card.produces, *card.publishes, *card.asks)))
