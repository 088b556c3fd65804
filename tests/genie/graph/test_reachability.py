"""What can follow from what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.agent import Join
from genie.contracts.card import AgentCard
from genie.contracts.message import Payload
from genie.graph.reachability import components, follow, reach

KINDS = [type(f"Kind{n}", (Payload,), {"__module__": __name__}, topic=f"reach.kind{n}") for n in range(8)]
A, B, C, D, E, F, G, H = KINDS


class Both(Payload, topic="reach.both"):
    a: A | None = None  # type: ignore[valid-type]  # made in a loop
    b: B | None = None  # type: ignore[valid-type]  # made in a loop


def card(name: str, takes: list[type[Payload]], gives: list[type[Payload]], **more: object) -> AgentCard:
    return AgentCard(id=name, consumes=tuple(takes), produces=tuple(gives), **more)  # type: ignore[arg-type]  # by name


def test_all_that_an_agent_sends_and_all_that_follows_from_it_is_reached() -> None:
    cards = [
        card("one", [A], [B], publishes=(C,)),
        card("two", [B], [], asks={D: (E,)}),
        card("three", [D], [E]),
        card("four", [F], [G]),
    ]
    found = reach(cards)
    assert found == {
        "one": {B, C, D, E},
        "two": {D, E},
        "three": {E},
        "four": {G},
    }


def test_a_join_is_passed_as_soon_as_one_part_can_come() -> None:
    cards = [card("one", [C], [A]), card("two", [Both], [D])]
    join = Join(id="both", into=Both, parts={"a": A, "b": B})
    assert reach(cards, [join]) == {"one": {A, Both, D}, "two": {D}, "both": {Both, D}}


def test_a_fallback_stands_in_for_the_agent() -> None:
    cards = [card("one", [A], [B], fallback="two"), card("two", [C], [D], fallback="one"), card("three", [D], [E])]
    assert reach(cards) == {"one": {B, D, E}, "two": {B, D, E}, "three": {E}}


def test_a_cycle_reaches_itself() -> None:
    cards = [card("one", [A], [B]), card("two", [B], [A])]
    assert reach(cards) == {"one": {A, B}, "two": {A, B}}


def test_a_chain_of_a_thousand_agents_needs_no_deep_stack() -> None:
    chain = [type(f"Link{n}", (Payload,), {"__module__": __name__}, topic=f"chain.l{n}") for n in range(1001)]
    found = reach([card(f"a{n}", [chain[n]], [chain[n + 1]]) for n in range(1000)])
    assert len(found["a0"]) == 1000
    assert found["a999"] == {chain[1000]}


EDGES = st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=3), max_size=8)


TAKES = st.sets(st.sampled_from(KINDS), min_size=1, max_size=3)
GIVES = st.sets(st.sampled_from(KINDS), max_size=3)
Drawn = list[tuple[set[type[Payload]], set[type[Payload]]]]


@given(st.lists(st.tuples(TAKES, GIVES), max_size=8))
def test_reach_is_what_walking_the_cards_step_by_step_finds(drawn: Drawn) -> None:
    cards = [card(f"a{n}", list(takes), list(gives)) for n, (takes, gives) in enumerate(drawn)]
    found = reach(cards)
    following = follow(cards)
    for start in cards:
        seen: set[type[Payload]] = set()
        new = set(start.sends)
        while new:
            seen |= new
            new = {kind for other in cards if seen & set(other.consumes) for kind in other.sends} - seen
        assert found[start.id] == seen
        assert all(following[kind] >= start.sends for kind in start.consumes)


@given(EDGES)
def test_components_are_the_sets_that_lead_to_one_another_sinks_first(edges: dict[int, list[int]]) -> None:
    def leads(start: int) -> set[int]:
        seen: set[int] = set()
        new = set(edges.get(start, []))
        while new:
            seen |= new
            new = {after for node in new for after in edges.get(node, [])} - seen
        return seen

    found = components(edges)
    place = {node: at for at, component in enumerate(found) for node in component}
    for node, at in place.items():
        assert set(found[at]) == {node} | {other for other in leads(node) if node in leads(other)}
        assert all(place[other] <= at for other in leads(node))
