"""Labels along the graph: who may not read what can reach it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from genie.contracts.agent import Binding, Join
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.message import Message, Payload
from genie.graph.labels import label_problems
from genie.graph.model import Graph
from tests.genie.policies_for_tests import PERMITS


class Question(Payload, topic="labels.question"):
    text: str = ""


class Prices(Payload, topic="labels.prices"):
    text: str = ""


class Answer(Payload, topic="labels.answer"):
    text: str = ""


class Secret(Payload, topic="labels.secret", classification="restricted"):
    text: str = ""


class Doing:
    """An agent that is nothing but its card."""

    def __init__(self, card: AgentCard) -> None:
        self.card = card

    async def handle(self, message: Message[Any], context: Context) -> object:
        raise NotImplementedError


def card(name: str, takes: list[type[Payload]], gives: list[type[Payload]], **more: Any) -> AgentCard:
    return AgentCard(id=name, consumes=tuple(takes), produces=tuple(gives), **more)


def graph(*cards: AgentCard, **more: Any) -> Graph:
    bindings = tuple(Binding(agent=Doing(card), card=card) for card in cards)
    return Graph(**{"bindings": bindings, "entry": Question, "answer": Answer, **more})


def problems(found: Graph) -> list[tuple[tuple[str | int, ...], str]]:
    return [(problem.path, problem.text) for problem in label_problems(found)]


def only(found: Graph) -> tuple[tuple[str | int, ...], str]:
    (problem,) = problems(found)
    return problem


def test_a_recipient_is_covered_by_a_clearance_as_high_as_the_label() -> None:
    high = {"clearance": Classification.RESTRICTED}
    cards = (card("maker", [Question], [Secret], **high), card("reader", [Secret], [Answer], **high))
    assert problems(graph(*cards, caller=Caller(clearance=Classification.RESTRICTED))) == []


def test_a_recipient_below_the_label_of_what_it_consumes_is_refused() -> None:
    maker = card("maker", [Question], [Secret], clearance=Classification.RESTRICTED)
    path, text = only(graph(maker, card("reader", [Secret], [Answer])))
    assert path == ("agents", 1, "clearance")
    assert "internal" in text
    assert "restricted" in text


def test_labels_follow_what_was_read_through_agents_that_declare_less() -> None:
    high = {"clearance": Classification.RESTRICTED}
    agents = (
        card("maker", [Question], [Secret], **high),
        card("middle", [Secret], [Prices], **high),
        card("reader", [Prices], [Answer]),
    )
    path, text = only(graph(*agents, caller=Caller(clearance=Classification.RESTRICTED)))
    assert path == ("agents", 2, "clearance")
    assert "from middle" in text


def test_a_card_that_declassifies_lowers_the_label_but_not_below_the_class() -> None:
    high = {"clearance": Classification.RESTRICTED}
    maker = card("maker", [Question], [Secret], **high)
    reader = card("reader", [Prices], [Answer])
    lowered = card("middle", [Secret], [Prices], declassifies={Prices: Classification.PUBLIC}, **high)
    assert problems(graph(maker, lowered, reader, policies=(PERMITS,))) == []
    assert "no policy permits middle to declassify it" in only(graph(maker, lowered, reader))[1]
    not_below = card("middle", [Question], [Secret], declassifies={Secret: Classification.PUBLIC}, **high)
    assert problems(graph(not_below, card("end", [Secret], [Answer])))


def test_answers_that_are_asked_for_raise_labels_and_need_clearance() -> None:
    high = {"clearance": Classification.RESTRICTED}
    giver = card("giver", [Prices], [Secret], **high)
    asker = card("desk", [Question], [Answer], asks={Prices: (Secret,)})
    path, text = only(graph(asker, giver))
    assert path == ("agents", 0, "clearance")
    assert "asks for" in text
    path, text = only(graph(replace(asker, **high), giver))  # type: ignore[arg-type]  # one field
    assert path == ("caller", "clearance")
    assert "restricted" in text


def test_what_a_recipient_is_denied_is_not_carried_on() -> None:
    maker = card("maker", [Question], [Secret], clearance=Classification.RESTRICTED)
    found = problems(graph(maker, card("low", [Secret], [Prices]), card("reader", [Prices], [Answer])))
    assert [path for path, _ in found] == [("agents", 1, "clearance")]


def test_a_join_carries_the_highest_label_of_its_parts() -> None:
    class Whole(Payload, topic="labels.whole"):
        secret: Secret | None = None

    maker = card("maker", [Question], [Secret], clearance=Classification.RESTRICTED)
    join = Join(id="joined", into=Whole, parts={"secret": Secret})
    path, _ = only(graph(maker, card("reader", [Whole], [Answer]), joins=(join,)))
    assert path == ("agents", 1, "clearance")
    low = replace(join, clearance=Classification.INTERNAL)
    assert [path for path, _ in problems(graph(maker, card("reader", [Whole], [Answer]), joins=(low,)))] == [
        ("joins", 0, "clearance")
    ]
