"""Label flow: the highest label of the messages that can reach each recipient.

An agent's output has at least the highest label of its inputs, including the answers that it asked for. Only the card's
``declassifies``, where a policy permits it, lowers a label, and never below the label of the payload class. A recipient
is denied every message above its clearance, so such a message does not raise the labels of its output.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.gather import Each
from genie.contracts.message import topic_of
from genie.graph.model import Graph, KeyPath, Problem, name_of
from genie.graph.reachability import PayloadType
from genie.policy.declassification import labels_sent
from genie.policy.placing import Placing


@dataclass(frozen=True, slots=True)
class _Recipient:
    """An agent or join: its clearance, its inputs and its outputs."""

    id: str
    path: KeyPath
    clearance: Classification
    reads: tuple[PayloadType, ...]
    answers: tuple[PayloadType, ...]
    gives: tuple[PayloadType, ...]
    sent: Mapping[PayloadType, tuple[Classification, ...]] = field(default_factory=dict)
    """Declassified outputs -> the label of the output, by the highest level read."""
    kept: tuple[PayloadType, ...] = ()
    """Outputs whose card would declassify further than the policies permit."""


def label_problems(graph: Graph) -> Iterator[Problem]:
    """Yield the recipients, the caller included, whose clearance is below a label that can reach them."""
    readers = _readers(graph)
    carried = _carried(readers)

    def reason(kind: PayloadType, clearance: Classification) -> str | None:
        level = max((label for (_, given), label in carried.items() if given == kind), default=_declared(kind))
        if level <= clearance:
            return None
        if _declared(kind) > clearance:
            return f"{name_of(kind)} is {level.label}"
        sources = [giver for (giver, given), label in carried.items() if given == kind and label > clearance]
        held = ", ".join(reader.id for reader in readers if reader.id in sources and kind in reader.kept)
        why = f"; no policy permits {held} to declassify it; permit it under `declassification`" if held else ""
        return f"{name_of(kind)} can be labelled {level.label} (from {', '.join(sources)}){why}"

    for reader in readers:
        for kind in (*reader.reads, *reader.answers):
            why = reason(kind, reader.clearance)
            if why is not None:
                who = f"{'agent' if reader.path[0] == 'agents' else 'join'} {reader.id!r}"
                what = "asks for" if kind not in reader.reads else "consumes"
                yield Problem(
                    (*reader.path, "clearance"),
                    f"{who} {what} a topic above its clearance: it has {reader.clearance.label}, {why}",
                )
        yield from _misplaced(graph, reader, carried)
    why = reason(graph.answer, graph.caller.clearance)
    if why is not None:
        text = f"the answer is above the caller's clearance: it has {graph.caller.clearance.label}, {why}"
        yield Problem(("caller", "clearance"), text)


def _misplaced(
    graph: Graph, reader: _Recipient, carried: Mapping[tuple[str, PayloadType], Classification]
) -> Iterator[Problem]:
    """Yield agents whose region may not receive a topic that they consume, if the region of the data is known."""
    card = next((card for card in graph.cards if card.id == reader.id), None)
    for policy in graph.policies:
        if policy.name in graph.shadow:
            continue
        most = policy.most(card, graph.caller.region) if card is not None and isinstance(policy, Placing) else None
        if card is None or most is None:
            continue
        for kind in reader.reads:
            label = max((label for (_, given), label in carried.items() if given == kind), default=_declared(kind))
            if min(label, reader.clearance) > most:  # the clearance check reports what is above it
                where = "no region" if card.region is None else f"region {card.region!r}"
                yield Problem(
                    (*reader.path, "region"),
                    f"agent {card.id!r} is in {where}, where {policy.name} allows at most {most.label} data, and "
                    f"{name_of(kind)} can be labelled {label.label}; place it elsewhere, or add a transfer",
                )


def _declared(kind: PayloadType) -> Classification:
    return topic_of(kind).classification


def _readers(graph: Graph) -> list[_Recipient]:
    found = [_agent(card, ("agents", at), graph) for at, card in enumerate(graph.cards)]
    for at, join in enumerate(graph.joins):
        parts = tuple(dict.fromkeys(join.parts.values()))
        found.append(_Recipient(join.id, ("joins", at), join.clearance, parts, (), (join.into,)))
    return found


def _agent(card: AgentCard, path: KeyPath, graph: Graph) -> _Recipient:
    asked = (part for parts in card.asks.values() for part in parts)
    answers = dict.fromkeys(part.payload if isinstance(part, Each) else part for part in asked)
    gives = tuple(dict.fromkeys((*card.produces, *card.publishes, *card.asks)))
    only_asked = tuple(kind for kind in answers if kind not in card.consumes)
    sent = {kind: labels_sent(graph.policies, card, kind, graph.environment) for kind in card.declassifies}
    kept = tuple(kind for kind, levels in sent.items() if levels[-1] > max(_declared(kind), card.declassifies[kind]))
    return _Recipient(card.id, path, card.clearance, card.consumes, only_asked, gives, sent, kept)


def _carried(readers: list[_Recipient]) -> dict[tuple[str, PayloadType], Classification]:
    """Return the highest label of each output of each agent and join."""
    carried: dict[tuple[str, PayloadType], Classification] = {}
    highest: dict[PayloadType, Classification] = {}
    concerned: dict[PayloadType, list[_Recipient]] = {}
    for reader in readers:
        for kind in (*reader.reads, *reader.answers):
            concerned.setdefault(kind, []).append(reader)
    waiting = deque(readers)
    while waiting:
        reader = waiting.popleft()
        read = max(
            (min(highest.get(kind, _declared(kind)), reader.clearance) for kind in (*reader.reads, *reader.answers)),
            default=Classification.PUBLIC,
        )
        for kind in reader.gives:
            label = reader.sent[kind][read] if kind in reader.sent else max(_declared(kind), read)
            if label > carried.get((reader.id, kind), Classification.PUBLIC):
                carried[reader.id, kind] = label
            if label > highest.get(kind, _declared(kind)):
                highest[kind] = label  # labels only rise, and there are four, so this ends
                waiting.extend(concerned.get(kind, ()))
    return carried
