"""Who is there and who can do what; no id twice."""

from __future__ import annotations

import pytest

from genie.errors import DuplicateAgentError, UnknownAgentError
from genie.message import Payload
from genie.protocol import AgentCard, make_card
from genie.registry import Registry


class Question(Payload, topic="page.question"):
    text: str


class Answer(Payload, topic="page.answer"):
    text: str


def card(name: str, *capabilities: str) -> AgentCard:
    return make_card(name, consumes=(Question,), produces=(Answer,), doc=None, capabilities=capabilities)


def test_cards_are_found_by_id_and_capability_in_order() -> None:
    registry = Registry()
    cards = [card("b", "tax"), card("a", "tax", "text"), card("c")]
    for one in cards:
        registry.add(one)
    assert registry.cards() == tuple(cards)
    assert registry.card("a") is cards[1]
    assert registry.capable("tax") == (cards[0], cards[1])
    assert registry.capable("nothing") == ()


def test_an_id_is_registered_once_until_it_is_removed() -> None:
    registry = Registry()
    registry.add(card("a"))
    with pytest.raises(DuplicateAgentError, match="'a'"):
        registry.add(card("a", "other"))
    registry.remove("a")
    registry.add(card("a", "other"))
    assert registry.capable("other")


def test_an_unknown_id_gets_a_hint() -> None:
    registry = Registry()
    registry.add(card("forecaster"))
    for call in (registry.card, registry.remove):
        with pytest.raises(UnknownAgentError, match="did you mean 'forecaster'"):
            call("forcaster")
