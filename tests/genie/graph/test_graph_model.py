"""Who gives, who takes, and the rings in between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.agent import Binding, Join, agent
from genie.contracts.message import Payload
from genie.graph.model import CALLER, Graph, name_of
from genie.graph.reachability import components, cycle_in


class Start(Payload, topic="graph.start"):
    text: str = ""


class Part(Payload, topic="graph.part"):
    text: str = ""


class End(Payload, topic="graph.end"):
    part: Part | None = None


class Later(Payload, topic="graph.end", version=2):
    text: str = ""


@agent(id="first", publishes=(Later,))
async def first(start: Start) -> Part:
    """First."""
    return Part()


GRAPH = Graph(
    bindings=(Binding(agent=first, card=first.card),),
    joins=(Join(id="joined", into=End, parts={"part": Part}),),
    entry=Start,
    answer=End,
)


def test_givers_and_takers_are_agents_joins_and_the_caller() -> None:
    assert GRAPH.givers == {Start: (CALLER,), Part: ("first",), Later: ("first",), End: ("joined",)}
    assert GRAPH.takers == {Start: ("first",), Part: ("joined",)}
    assert GRAPH.edges == {"first": ("joined",), "joined": ()}
    assert GRAPH.reachable == {Start, Part, Later, End}


def test_a_topic_is_named_with_its_version_beyond_the_first() -> None:
    assert [name_of(End), name_of(Later)] == ["graph.end", "graph.end@2"]


NODES = st.sampled_from("abcdef")


@given(st.dictionaries(NODES, st.lists(NODES, max_size=3).map(tuple), max_size=6))
def test_a_ring_is_a_way_round_inside_its_component_if_there_is_one(edges: dict[str, tuple[str, ...]]) -> None:
    for component in components(edges):
        ring = cycle_in(component, edges)
        assert set(ring) <= set(component)
        assert len(set(ring)) == len(ring)
        assert all(after in edges[node] for node, after in zip(ring, (*ring[1:], *ring[:1]), strict=True))
        goes_round = len(component) > 1 or component[0] in edges.get(component[0], ())
        assert bool(ring) == goes_round
