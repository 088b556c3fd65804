"""Agents bound one by one."""

from __future__ import annotations

from typing import Any

from genie.config.plugins import Plugins
from genie.config.resolver import Resolver
from genie.config.schema import AgentSection
from genie.config.validation import validated
from genie.config.yaml import load_text
from genie.contracts.agent import Handlers, agent, handles
from genie.contracts.classification import Classification
from genie.contracts.gather import Each
from genie.contracts.message import Payload


class Ask(Payload, topic="resolver.ask"):
    text: str = ""


class Note(Payload, topic="resolver.note"):
    text: str = ""


class Second(Payload, topic="resolver.note", version=2):
    text: str = ""


@agent(id="asker", asks={Ask: Each(Note)}, publishes=(Second,), clearance="confidential")
async def asker(ask: Ask) -> None:
    """Ask."""


@agent(id="bound", tenants=frozenset({"acme", "globex"}))
async def bound(ask: Ask) -> None:
    """Work for two tenants."""


class Keeper(Handlers, id="keeper"):
    """Keep."""

    @handles
    async def keep(self, note: Note) -> None:
        """Keep."""


def assembled(text: str) -> Resolver:
    document = load_text(text, name="f", environ={})
    resolver = Resolver(document, Plugins(agents={"asker": asker, "bound": bound, "keeper": Keeper}))
    sections: Any = document.at(("agents",))
    for position in range(len(sections)):
        section = validated(AgentSection, document, ("agents", position)).value
        resolver.agent(position, section)
    return resolver


def test_a_class_that_is_bound_twice_makes_two_objects() -> None:
    found = assembled("agents: [{id: keeper}, {id: other, use: keeper}]").bindings
    assert [binding.card.id for binding in found] == ["keeper", "other"]
    assert found[0].agent is not found[1].agent


def test_positions_are_those_of_the_file_when_an_agent_is_not_found() -> None:
    found = assembled("agents: [{id: nobody}, {id: asker}]")
    assert (found.positions, found.complete) == ([("agents", 1)], False)
    assert [problem.path for problem in found.problems] == [("agents", 0)]


def test_clearance_is_lowered_but_never_raised() -> None:
    lowered = assembled("agents: [{id: asker, clearance: public}]")
    assert lowered.bindings[0].card.clearance is Classification.PUBLIC
    raised = assembled("agents: [{id: asker, clearance: restricted}]")
    assert [problem.path for problem in raised.problems] == [("agents", 0, "clearance")]


def test_a_file_may_place_an_agent_and_give_it_tenants_but_no_more_than_its_card_has() -> None:
    placed = assembled("agents: [{id: asker, region: eu, tenants: [acme]}]").bindings[0].card
    assert (placed.region, placed.tenants) == ("eu", frozenset({"acme"}))
    assert assembled("agents: [{id: bound, tenants: [acme]}]").problems == []
    [problem] = assembled("agents: [{id: bound, tenants: [acme, other]}]").problems
    assert problem.path == ("agents", 0, "tenants")
    assert "works only for acme, globex" in problem.text
    [bound] = assembled("agents: [{id: bound}]").bindings
    assert bound.card.tenants == {"acme", "globex"}


def test_null_takes_a_cards_timeout_and_fallback_away() -> None:
    card = assembled("agents: [{id: asker, timeout_s: null, fallback: null}]").bindings[0].card
    assert (card.timeout_s, card.fallback) == (None, None)


def test_topics_are_all_that_cards_name_and_versions_tell_them_apart() -> None:
    found = assembled("agents: [{id: asker}]")
    topics = found.topics()
    assert topics.find(("x",), "resolver.ask") is Ask
    assert topics.find(("x",), "resolver.note@1") is Note
    assert topics.find(("x",), "resolver.note@2") is Second
    assert found.problems == []
    assert topics.find(("x",), "resolver.note") is None
    assert "resolver.note@2" in found.problems[0].text
