"""A pipeline as a graph of topics, computed from the cards alone.

Takers of a topic are the agents that consume it and the joins that have it as a part. Givers are the agents that
return, publish or ask it, the joins that create it, and, for its question, the caller.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from genie.contracts.agent import Binding, Join
from genie.contracts.card import AgentCard, Caller
from genie.contracts.message import topic_of
from genie.graph.reachability import PayloadType, follow
from genie.policy.policy import Environment, Policy

KeyPath = tuple[str | int, ...]
"""Path of a value in a pipeline file: keys and positions, for example ``("agents", 3, "timeout_s")``."""

CALLER = "(caller)"
"""The caller's node in the graph; it is not a valid agent id."""


class Problem(NamedTuple):
    """A problem, and its path in the pipeline file."""

    path: KeyPath
    text: str


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Agents and joins of one pipeline, from the caller's question to its answer."""

    bindings: tuple[Binding, ...]
    joins: tuple[Join, ...] = ()
    entry: PayloadType
    """The payload type of the caller's question."""
    answer: PayloadType
    """The payload type of the answer."""
    caller: Caller = field(default_factory=Caller)
    environment: Environment = field(default_factory=Environment)
    policies: tuple[Policy, ...] = ()
    shadow: frozenset[str] = frozenset()
    """Names of policies that deny nothing."""
    cycles: tuple[tuple[str, ...], ...] = ()
    """Declared cycles: sets of ids among which messages may circulate."""
    unused: frozenset[PayloadType] = frozenset()
    """Topics that may lack a giver or a taker in this pipeline."""

    @cached_property
    def cards(self) -> tuple[AgentCard, ...]:
        """The agents' cards, in order."""
        return tuple(binding.card for binding in self.bindings)

    @cached_property
    def following(self) -> dict[PayloadType, frozenset[PayloadType]]:
        """Type -> every type that can follow from it."""
        return follow(self.cards, self.joins)

    @cached_property
    def reachable(self) -> frozenset[PayloadType]:
        """Every type that can follow from the caller's question, including the question."""
        return self.following.get(self.entry, frozenset()) | {self.entry}

    @cached_property
    def givers(self) -> dict[PayloadType, tuple[str, ...]]:
        """Type -> ids of the agents and joins that send it, and the caller."""
        found: dict[PayloadType, list[str]] = {self.entry: [CALLER]}
        for card in self.cards:
            for kind in dict.fromkeys((*card.produces, *card.publishes, *card.asks)):
                found.setdefault(kind, []).append(card.id)
        for join in self.joins:
            found.setdefault(join.into, []).append(join.id)
        return {kind: tuple(ids) for kind, ids in found.items()}

    @cached_property
    def takers(self) -> dict[PayloadType, tuple[str, ...]]:
        """Type -> ids of the agents and joins that receive it."""
        found: dict[PayloadType, list[str]] = {}
        for card in self.cards:
            for kind in card.consumes:
                found.setdefault(kind, []).append(card.id)
        for join in self.joins:
            for kind in dict.fromkeys(join.parts.values()):
                found.setdefault(kind, []).append(join.id)
        return {kind: tuple(ids) for kind, ids in found.items()}

    @cached_property
    def edges(self) -> dict[str, tuple[str, ...]]:
        """Id of an agent or join -> ids of the agents and joins that receive its messages."""
        found: dict[str, dict[str, None]] = {node: {} for node in (*(card.id for card in self.cards), *self.join_ids)}
        for kind, givers in self.givers.items():
            for giver in givers:
                if giver in found:
                    found[giver].update(dict.fromkeys(self.takers.get(kind, ())))
        return {node: tuple(targets) for node, targets in found.items()}

    @cached_property
    def join_ids(self) -> tuple[str, ...]:
        """The joins' ids, in order."""
        return tuple(join.id for join in self.joins)


def name_of(kind: PayloadType) -> str:
    """Return a topic's name, with its version unless that is 1."""
    topic = topic_of(kind)
    return topic.name if topic.version == 1 else f"{topic.name}@{topic.version}"
