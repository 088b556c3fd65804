"""A pipeline as a drawing: layers from the caller's question to its answer, and a place for each node.

It uses a layered graph layout: ranks by longest path without the edges that close a cycle, then sweeps that move each
node to the mean row of its neighbours. It takes well below a millisecond for a dozen agents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from genie.graph.model import CALLER, name_of
from genie.server.messages import Json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import ASGIApp

    from genie.graph.model import Graph
    from genie.server.server import Call

SWEEPS = 6
WIDE = 228
"""Width of a layer, in drawing units."""
HIGH = 64
"""Height of a row, in drawing units."""


class Edge(NamedTuple):
    """Messages of some topics from one node to another."""

    source: str
    target: str
    topics: tuple[str, ...]


async def show_topology(call: Call) -> ASGIApp:
    """Show the graph of a pipeline with the position of each node."""
    return Json(drawing(call.server.host(call.path("id")).pipeline.graph))


def drawing(graph: Graph) -> dict[str, Any]:
    """Return the nodes of a pipeline with positions, and its edges, as JSON values."""
    titles = {card.id: card.name or card.id for card in graph.cards}
    joins = set(graph.join_ids)
    edges = edges_of(graph)
    places = layout((CALLER, *titles, *graph.join_ids), [(edge.source, edge.target) for edge in edges])
    return {
        "nodes": [
            {
                "id": node, "title": titles.get(node, "caller" if node == CALLER else node),
                "kind": "caller" if node == CALLER else "join" if node in joins else "agent",
                "x": layer * WIDE, "y": row * HIGH,
            }
            for node, (layer, row) in places.items()
        ],
        "edges": [{"source": one.source, "target": one.target, "topics": list(one.topics)} for one in edges],
        "answer": name_of(graph.answer),
    }  # fmt: skip


def edges_of(graph: Graph) -> list[Edge]:
    """Return who sends what to whom, including the caller."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for kind, givers in graph.givers.items():
        for giver in givers:
            for taker in graph.takers.get(kind, ()):
                if taker != giver:
                    found.setdefault((giver, taker), {})[name_of(kind)] = None
    for giver in graph.givers.get(graph.answer, ()):
        if giver != CALLER:
            found.setdefault((giver, CALLER), {})[name_of(graph.answer)] = None
    return [Edge(source, target, tuple(topics)) for (source, target), topics in found.items()]


def layout(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, tuple[int, float]]:
    """Return the layer and the row of each node.

    Args:
        nodes: Ids; the first is alone in the first layer.
        edges: Pairs of ids.
    """
    forward = _acyclic(nodes, edges)
    ranks = _ranks(nodes, forward)
    layers: dict[int, list[str]] = {}
    for node in nodes:
        layers.setdefault(ranks[node], []).append(node)
    before: dict[str, list[str]] = {node: [] for node in nodes}
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in forward:
        before[target].append(source)
        after[source].append(target)
    rows = {node: float(row) for layer in layers.values() for row, node in enumerate(layer)}
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for rank in sorted(layers, reverse=not down):
            layers[rank].sort(key=lambda node: _middle(before[node] if down else after[node], rows, rows[node]))
            rows.update({node: float(row) for row, node in enumerate(layers[rank])})
    highest = max(map(len, layers.values()), default=1)
    return {
        node: (rank, row + (highest - len(layer)) / 2) for rank, layer in layers.items()
        for row, node in enumerate(layer)
    }  # fmt: skip


def _acyclic(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the edges without those that close a cycle."""
    targets: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        targets[source].append(target)
    state: dict[str, int] = {}
    kept: list[tuple[str, str]] = []
    for start in nodes:
        if start in state:
            continue
        state[start] = 1
        stack = [(start, iter(targets[start]))]
        while stack:
            node, rest = stack[-1]
            reached = next(rest, None)
            if reached is None:
                state[node] = 2
                stack.pop()
                continue
            if state.get(reached) == 1:
                continue
            kept.append((node, reached))
            if reached not in state:
                state[reached] = 1
                stack.append((reached, iter(targets[reached])))
    return kept


def _ranks(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return the longest path to each node from a node without incoming edges."""
    targets: dict[str, list[str]] = {node: [] for node in nodes}
    open_edges = dict.fromkeys(nodes, 0)
    for source, target in edges:
        targets[source].append(target)
        open_edges[target] += 1
    ranks = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not open_edges[node]]
    for node in ready:
        for target in targets[node]:
            ranks[target] = max(ranks[target], ranks[node] + 1)
            open_edges[target] -= 1
            if not open_edges[target]:
                ready.append(target)
    return ranks


def _middle(neighbours: Sequence[str], rows: Mapping[str, float], own: float) -> float:
    """Return the mean row of the neighbours; a node without any keeps its row."""
    return sum(rows[one] for one in neighbours) / len(neighbours) if neighbours else own
