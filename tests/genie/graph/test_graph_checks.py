"""The graph's checks: each rule refuses what it is there for, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

import pytest
from pydantic import BaseModel

from genie.contracts.agent import Agent, Binding, Handlers, Join, agent, handles
from genie.contracts.card import AgentCard, Tier
from genie.contracts.classification import Classification
from genie.contracts.gather import Each
from genie.contracts.limits import Mailbox, Overflow
from genie.contracts.message import Payload
from genie.graph.checks import check
from genie.graph.model import Graph
from genie.policy.policy import Environment


class Question(Payload, topic="shop.question"):
    text: str = ""


class Prices(Payload, topic="shop.prices"):
    text: str = ""


class Stock(Payload, topic="shop.stock"):
    text: str = ""


class Answer(Payload, topic="shop.answer"):
    prices: Prices | None = None
    stocks: tuple[Stock, ...] = ()


class Strict(Payload, topic="shop.strict"):
    prices: Prices
    note: str


class Secret(Payload, topic="shop.secret", classification="restricted"):
    text: str = ""


class Doing:
    """An agent that is nothing but its card."""

    def __init__(self, card: AgentCard) -> None:
        self.card = card

    async def handle(self, message: object, context: object) -> None:
        raise NotImplementedError


@agent(id="pricer", tier="production")
async def pricer(question: Question) -> Prices:
    """Price."""
    return Prices()


@agent(id="stocker")
async def stocker(question: Question) -> Stock:
    """Count."""
    return Stock()


@agent(id="clerk")
async def clerk(prices: Prices) -> Answer:
    """Answer."""
    return Answer()


def bound(*agents: Agent | AgentCard) -> tuple[Binding, ...]:
    made = (one if not isinstance(one, AgentCard) else Doing(one) for one in agents)
    return tuple(Binding(agent=one, card=one.card) for one in made)


def card(name: str, takes: Iterable[type[Payload]], gives: Iterable[type[Payload]] = (), **more: Any) -> AgentCard:
    return AgentCard(id=name, consumes=tuple(takes), produces=tuple(gives), **more)


def graph(*agents: Agent | AgentCard, **more: Any) -> Graph:
    return Graph(**{"bindings": bound(*agents), "entry": Question, "answer": Answer, **more})


def problems(found: Graph, *, complete: bool = True) -> list[tuple[tuple[str | int, ...], str]]:
    return [(problem.path, problem.text) for problem in check(found, complete=complete).problems]


def only(found: Graph) -> tuple[tuple[str | int, ...], str]:
    (problem,) = problems(found)
    return problem


def test_a_sound_pipeline_has_neither_problems_nor_warnings() -> None:
    assert check(graph(pricer, clerk)) == ((), ())


# --- producers and consumers ---


def test_a_topic_that_nobody_produces_is_named_with_its_consumer() -> None:
    path, text = only(graph(pricer, clerk, card("auditor", [Stock])))
    assert path == ("agents", 2)
    assert "'auditor'" in text
    assert "shop.stock" in text


def test_a_topic_of_another_class_by_the_same_name_is_told_apart() -> None:
    other = type("Copy", (Payload,), {"__module__": __name__}, topic="shop.prices")
    found = problems(graph(pricer, clerk, card("auditor", [other])))
    assert any("another payload class" in text for path, text in found if path == ("agents", 2))


def test_a_topic_that_nobody_takes_is_refused_unless_it_is_the_output_or_unused() -> None:
    path, text = only(graph(pricer, clerk, stocker))
    assert path == ("agents", 2)
    assert "shop.stock" in text
    assert problems(graph(pricer, clerk, stocker, unused=frozenset({Stock}))) == []


def test_a_question_that_nobody_consumes_is_refused() -> None:
    assert ("input",) in [path for path, _ in problems(graph(clerk, card("giver", [Stock], [Prices])))]


def test_an_output_that_cannot_follow_is_refused() -> None:
    found = problems(graph(pricer, card("end", [Prices])))
    assert [path for path, _ in found] == [("output",)]


def test_an_agent_that_the_question_does_not_lead_to_is_refused() -> None:
    island = (card("left", [Stock], [Secret]), card("right", [Secret], [Stock], clearance=Classification.RESTRICTED))
    found = problems(
        graph(
            pricer,
            clerk,
            *island,
            cycles=(("left", "right"),),
        )
    )
    assert any("can never run" in text for _, text in found)


def test_what_an_absent_agent_could_put_right_is_not_told_of_an_incomplete_graph() -> None:
    assert problems(graph(clerk, card("auditor", [Stock])), complete=False) == []


# --- questions ---


def test_a_question_that_nobody_here_answers_is_refused() -> None:
    asker = card("desk", [Question], [Answer], asks={Prices: (Stock,)})
    path, text = only(graph(asker, card("pricing", [Prices])))
    assert path == ("agents", 0)
    assert "shop.stock" in text


def test_an_answer_may_come_by_way_of_others() -> None:
    asker = card("desk", [Question], [Answer], asks={Prices: (Stock,)})
    chain = (card("first", [Prices], [Strict]), card("second", [Strict], [Stock]))
    assert problems(graph(asker, *chain)) == []


def test_an_asked_type_that_nobody_consumes_is_refused() -> None:
    path, text = only(
        graph(card("desk", [Question], [Answer], asks={Prices: (Stock,)}), card("x", [Question], [Stock]))
    )
    assert path == ("agents", 0)
    assert "asks shop.prices" in text


def test_each_needs_a_subscriber_that_produces_the_answer_itself() -> None:
    asker = card("desk", [Question], [Answer], asks={Prices: (Each(Stock),)})
    assert problems(graph(asker, card("one", [Prices], [Stock]))) == []
    by_way = graph(asker, card("first", [Prices], [Strict]), card("second", [Strict], [Stock]))
    assert "shop.stock" in only(by_way)[1]
    elsewhere = card("desk", [Question], [Answer], asks={Prices: (Each(Stock, of=Strict),)})
    assert problems(graph(elsewhere, *[binding.card for binding in by_way.bindings[1:]])) == []


# --- cycles ---


def test_an_undeclared_cycle_is_named_in_its_order() -> None:
    ring = (card("a", [Question, Stock], [Prices]), card("b", [Prices], [Stock, Answer]))
    path, text = only(graph(*ring))
    assert path == ("agents", 0)
    assert "a -> b -> a" in text
    assert problems(graph(*ring, cycles=(("b", "a"),))) == []


def test_an_agent_that_takes_what_it_gives_goes_round_alone() -> None:
    assert "a -> a" in only(graph(card("a", [Question, Prices], [Prices, Answer])))[1]


def test_an_answer_to_a_question_is_no_cycle() -> None:
    assert (
        problems(graph(card("desk", [Question], [Answer], asks={Prices: (Stock,)}), card("b", [Prices], [Stock]))) == []
    )


def test_a_cycle_through_a_join_is_found() -> None:
    ring = (card("a", [Question, Answer], [Prices]),)
    join = Join(id="joined", into=Answer, parts={"prices": Prices})
    assert "a -> joined -> a" in only(graph(*ring, joins=(join,)))[1]


def test_a_declared_cycle_names_agents_that_are_here_and_go_round() -> None:
    found = check(graph(pricer, clerk, cycles=(("pricer", "clark"),)))
    assert [(problem.path, "did you mean 'clerk'" in problem.text) for problem in found.problems] == [
        (("cycles", 0), True)
    ]
    assert [warning.path for warning in check(graph(pricer, clerk, cycles=(("pricer", "clerk"),))).warnings] == [
        ("cycles", 0)
    ]


# --- environment, fallbacks, bindings ---


@pytest.mark.parametrize("tier", [Tier.SKETCH, Tier.PROTOTYPE])
def test_production_refuses_early_tiers(tier: Tier) -> None:
    early = card("early", [Prices], [Answer], tier=tier)
    assert only(graph(pricer, early, environment=Environment("production")))[0] == ("agents", 1)
    assert problems(graph(pricer, early, environment=Environment("staging"))) == []
    beta = replace(early, tier=Tier.BETA)
    assert problems(graph(pricer, beta, environment=Environment("production"))) == []


def test_a_fallback_is_here_and_consumes_the_same() -> None:
    path, text = only(graph(pricer, card("end", [Prices], [Answer], fallback="prizer")))
    assert path == ("agents", 1, "fallback")
    assert "did you mean 'pricer'" in text
    path, text = only(graph(pricer, card("end", [Prices], [Answer], fallback="pricer")))
    assert path == ("agents", 1, "fallback")
    assert "shop.prices" in text
    assert problems(graph(pricer, clerk, card("end", [Prices], [Answer], fallback="clerk"))) == []


def test_fallbacks_do_not_go_round() -> None:
    ends = (card("one", [Prices], [Answer], fallback="two"), card("two", [Prices], [Answer], fallback="one"))
    assert "one -> two -> one" in only(graph(pricer, *ends))[1]


def test_a_fallback_that_does_not_answer_the_same_is_warned_of() -> None:
    silent = card("silent", [Prices])
    (warning,) = check(graph(pricer, card("end", [Prices], [Answer], fallback="silent"), silent)).warnings
    assert warning.path == ("agents", 1, "fallback")


class Port(Protocol):
    pass


class Other(Protocol):
    pass


class Options(BaseModel):
    size: int = 1


def test_settings_and_ports_are_bound_where_they_are_declared_and_nowhere_else() -> None:
    needing = replace(clerk.card, settings=Options, ports=(Port,))
    binding = Binding(agent=clerk, card=needing)
    found = problems(Graph(bindings=(*bound(pricer), binding), entry=Question, answer=Answer))
    assert [path for path, _ in found] == [("agents", 1, "settings"), ("agents", 1, "ports")]
    given = Binding(agent=clerk, card=clerk.card, settings=Options(), ports={Other: object()})
    found = problems(Graph(bindings=(*bound(pricer), given), entry=Question, answer=Answer))
    assert [path for path, _ in found] == [("agents", 1, "settings"), ("agents", 1, "ports")]
    right = Binding(agent=clerk, card=needing, settings=Options(), ports={Port: object()})
    assert problems(Graph(bindings=(*bound(pricer), right), entry=Question, answer=Answer)) == []


def test_ids_are_unique_among_agents_and_joins() -> None:
    join = Join(id="clerk", into=Answer, parts={"prices": Prices})
    assert [path for path, _ in problems(graph(pricer, clerk, clerk, joins=(join,)))] == [
        ("agents", 2, "id"),
        ("joins", 0, "id"),
    ]


class Keeper(Handlers, id="keeper"):
    """Keeps."""

    def __init__(self) -> None:
        self.seen = 0

    @handles
    async def keep(self, prices: Prices) -> Answer:
        """Keep."""
        return Answer()


class Plain(Handlers, id="plain"):
    """Keeps nothing."""

    @handles
    async def answer(self, prices: Prices) -> Answer:
        """Answer."""
        return Answer()


def test_an_agent_that_keeps_state_is_warned_of() -> None:
    (warning,) = check(graph(pricer, Keeper())).warnings
    assert warning.path == ("agents", 1)
    assert check(graph(pricer, Plain())).warnings == ()


def test_one_object_may_not_be_two_agents() -> None:
    keeper = Keeper()
    twice = (*bound(pricer, keeper), Binding(agent=keeper, card=replace(keeper.card, id="other")))
    found = problems(Graph(bindings=twice, entry=Question, answer=Answer))
    assert [path for path, _ in found] == [("agents", 2)]
    same_function = (*bound(pricer, clerk), Binding(agent=clerk, card=replace(clerk.card, id="other")))
    assert problems(Graph(bindings=same_function, entry=Question, answer=Answer)) == []


def test_mailboxes_that_may_wait_for_one_another_are_warned_of() -> None:
    ring = (card("a", [Question, Stock], [Prices]), card("b", [Prices], [Stock, Answer]))
    (warning,) = (
        problem for problem in check(graph(*ring, cycles=(("a", "b"),))).warnings if "mailboxes" in problem.text
    )
    assert "a -> b -> a" in warning.text
    shedding = replace(ring[0], mailbox=Mailbox(overflow=Overflow.SHED_OLDEST))
    found = check(graph(shedding, ring[1], cycles=(("a", "b"),)))
    assert not any("wait" in problem.text for problem in found.warnings)


# --- joins ---


def joined(**more: Any) -> Graph:
    values: dict[str, Any] = {"id": "joined", "into": Answer, "parts": {"prices": Prices, "stocks": Stock}}
    return graph(pricer, stocker, joins=(Join(**{**values, **more}),))


def test_a_join_takes_parts_into_fields_and_tuples_of_them() -> None:
    assert problems(joined()) == []
    assert problems(joined(partial="publish")) == []
    assert problems(joined(need=3)) == []  # the tuple takes one from each producer


@pytest.mark.parametrize(
    ("more", "place", "word"),
    [
        ({"parts": {"price": Prices, "stocks": Stock}}, ("parts", "price"), "did you mean 'prices'"),
        ({"parts": {"prices": Stock, "stocks": Stock}}, ("parts", "prices"), "cannot hold"),
        ({"parts": {"prices": Prices}, "need": 2}, ("need",), "2 of 1"),
        ({"parts": {"prices": Prices, "stocks": Stock}, "into": Strict}, ("parts", "stocks"), "no field"),
    ],
)
def test_a_join_that_cannot_be_filled_is_refused(more: dict[str, Any], place: tuple[str, ...], word: str) -> None:
    found = problems(joined(**more))
    assert any(path == ("joins", 0, *place) and word in text for path, text in found)


def test_a_join_fills_every_field_that_is_needed_and_leaves_out_only_those_with_defaults() -> None:
    end = card("end", [Strict], [Answer])
    join = Join(id="joined", into=Strict, parts={"prices": Prices})
    found = problems(graph(pricer, end, joins=(join,)))
    assert [(path, "note" in text) for path, text in found] == [(("joins", 0, "parts"), True)]
    found = problems(graph(pricer, end, joins=(replace(join, partial="publish"),)))
    assert (("joins", 0, "parts", "prices")) in [path for path, _ in found]


def test_a_join_waits_only_for_what_can_come() -> None:
    found = problems(graph(pricer, joins=(Join(id="joined", into=Answer, parts={"prices": Prices, "stocks": Stock}),)))
    assert [path for path, _ in found] == [("joins", 0, "parts", "stocks")]


def test_what_a_join_makes_is_taken() -> None:
    join = Join(id="joined", into=Strict, parts={"prices": Prices})
    found = problems(graph(pricer, clerk, joins=(join,)))
    assert ("joins", 0, "into") in [path for path, _ in found]
