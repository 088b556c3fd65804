"""Look-ups over cards: who can do what, and what can follow from a message."""

from __future__ import annotations

import pytest

from genie.contracts.agent import Join
from genie.contracts.card import AgentCard
from genie.contracts.message import Payload
from genie.errors import DuplicateAgentError, UnknownAgentError
from genie.graph.registry import Registry, reach
from tests.genie.policies_for_tests import Answer, Note, Opinion, Question


class Pair(Payload, topic="t.pair"):
    note: Note
    opinion: Opinion


def test_reach_is_the_closure_over_what_is_sent_and_who_consumes_it() -> None:
    cards = (
        AgentCard(id="a", consumes=(Question,), produces=(Note,)),
        AgentCard(id="b", consumes=(Note,), publishes=(Opinion,)),
        AgentCard(id="c", consumes=(Opinion,), asks={Answer: (Pair,)}),
        AgentCard(id="d", consumes=(Answer,)),
    )
    assert reach(cards) == {
        "a": frozenset({Note, Opinion, Answer}), "b": frozenset({Opinion, Answer}), "c": frozenset({Answer}),
        "d": frozenset(),
    }  # fmt: skip


def test_reach_goes_through_fallbacks_joins_and_cycles() -> None:
    cards = (
        AgentCard(id="a", consumes=(Question,), produces=(Note,), fallback="f"),
        AgentCard(id="f", consumes=(Question,), produces=(Opinion,)),
        AgentCard(id="p", consumes=(Pair,), produces=(Question,)),
    )
    join = Join(id="join", into=Pair, parts={"note": Note, "opinion": Opinion})
    found = reach(cards, (join,))
    assert found["a"] == found["f"] == found["p"] == frozenset({Note, Opinion, Pair, Question})
    assert found["join"] >= frozenset({Pair, Question})


def test_the_registry_follows_registration() -> None:
    registry = Registry()
    registry.add(AgentCard(id="a", consumes=(Question,), produces=(Note,), capabilities=("x",)))
    assert registry.reach("a") == frozenset({Note})
    registry.add(AgentCard(id="b", consumes=(Note,), produces=(Answer,), capabilities=("x", "y")))
    assert registry.reach("a") == frozenset({Note, Answer})
    assert [card.id for card in registry.capable("x")] == ["a", "b"]
    assert "b" in registry
    with pytest.raises(DuplicateAgentError):
        registry.add(AgentCard(id="a"))
    registry.remove("b")
    assert registry.reach("a") == frozenset({Note})
    assert registry.reach("b") == frozenset()
    assert "b" not in registry
    with pytest.raises(UnknownAgentError, match="did you mean 'a'"):
        Registry.card(registry, "aa")


def test_a_cycle_is_the_shortest_way_back() -> None:
    registry = Registry()
    registry.add(AgentCard(id="a", consumes=(Question, Opinion), produces=(Note,)))
    registry.add(AgentCard(id="b", consumes=(Note,), produces=(Answer,)))
    registry.add(AgentCard(id="c", consumes=(Answer,), produces=(Opinion,)))
    assert registry.cycle("a") == ("a", "b", "c", "a")
    registry.add(AgentCard(id="d", consumes=(Note,), produces=(Question,)))
    assert registry.cycle("a") == ("a", "d", "a")
    assert registry.cycle("b") == ("b", "c", "a", "b")
    assert registry.cycle("caller:local") == ()


def test_there_is_no_cycle_without_a_way_back() -> None:
    registry = Registry()
    registry.add(AgentCard(id="a", consumes=(Question,), produces=(Note,)))
    registry.add(AgentCard(id="b", consumes=(Note,), produces=(Answer,)))
    assert registry.cycle("a") == ()
