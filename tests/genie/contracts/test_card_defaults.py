"""Cards: what nobody states is the least favourable, a typo is suggested, and a port must be bound."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from genie import Handlers, Payload, PolicySet, Risk, Runtime, Tier, agent, handles
from genie.contracts.agent import Binding
from genie.contracts.card import CardOptions
from genie.errors import AgentDefinitionError, PayloadDefinitionError, RunStalled
from genie.graph.checks import check
from genie.graph.model import Graph
from genie.policies.clearance import Clearance
from tests.genie.policies_for_tests import Answer, Question


class Secret(Payload, topic="cards.secret", classification="restricted"):
    """What nobody may read without a clearance."""


class Store(Protocol):
    """A port."""

    def keep(self, text: str) -> None: ...


async def answer(question: Question) -> Answer:
    return Answer()


def test_an_agent_that_says_nothing_is_a_risky_sketch() -> None:
    @agent("silent")
    async def silent(question: Question) -> Answer:
        return Answer()

    assert (silent.card.risk, silent.card.tier) == (Risk.HIGH, Tier.SKETCH)


def test_words_are_read_as_what_they_name() -> None:
    @agent("worded", risk="low", tier="beta")
    async def worded(question: Question) -> Answer:
        return Answer()

    assert (worded.card.risk, worded.card.tier) == (Risk.LOW, Tier.BETA)


@pytest.mark.parametrize(
    ("options", "near"),
    [({"clearence": "public"}, "clearance"), ({"risk": "hgih"}, "high"), ({"tier": "prodction"}, "production"),
     ({"concurency": 2}, "concurrency")],
)  # fmt: skip
def test_a_typo_is_suggested(options: dict[str, Any], near: str) -> None:
    with pytest.raises(AgentDefinitionError, match=f"did you mean '{near}'"):

        @agent("wrong", **options)
        async def wrong(question: Question) -> Answer:
            return Answer()

    with pytest.raises(AgentDefinitionError, match=f"did you mean '{near}'"):

        class Wrong(Handlers, id="wrong", **options):
            @handles
            async def on(self, question: Question) -> Answer:
                return Answer()


@agent("keeper", ports=(Store,))
async def keeper(question: Question) -> Answer:
    return Answer()


@pytest.mark.anyio
async def test_a_port_that_nobody_bound_is_found_when_the_runtime_opens() -> None:
    with pytest.raises(AgentDefinitionError, match="port Store is not bound"):
        async with Runtime([keeper]):
            pass


@pytest.mark.anyio
async def test_a_library_that_is_missing_is_found_before_anything_runs() -> None:
    @agent("reckoner", libraries={"json": "nothing", "no_such_library.part": "reckoning[fast]"})
    async def reckoner(question: Question) -> Answer:
        return Answer()

    with pytest.raises(AgentDefinitionError, match=r"no_such_library\.part, .*; install reckoning\[fast\]"):
        async with Runtime([reckoner]):
            pass
    problems = check(
        Graph(bindings=(Binding(agent=reckoner, card=reckoner.card),), entry=Question, answer=Answer)
    ).problems
    assert [problem.text for problem in problems if "no_such_library" in problem.text]


@pytest.mark.anyio
async def test_a_bound_port_opens() -> None:
    class Kept:
        def keep(self, text: str) -> None:
            """Nothing."""

    async with Runtime([Binding(agent=keeper, card=keeper.card, ports={Store: Kept()})]) as runtime:
        assert await runtime.ask(Question(), Answer) == Answer()


@pytest.mark.anyio
@pytest.mark.parametrize("policies", [[Clearance()], (Clearance(),), PolicySet((Clearance(),))])
async def test_policies_are_a_set_or_a_list(policies: Any) -> None:
    @agent("unasked", clearance="public")
    async def unasked(secret: Secret) -> Answer:
        return Answer()

    async with Runtime([unasked]) as later, Runtime([unasked], policies=policies) as runtime:
        assert await later.ask(Secret(), Answer) == Answer()
        later.operations.replace_policies(policies)
        for judged in (later, runtime):
            with pytest.raises(RunStalled, match="clearance"):
                await judged.ask(Secret(), Answer)


@pytest.mark.parametrize("policies", [Clearance(), "clearance", ["clearance"], [Clearance], 1])
def test_what_is_no_policy_is_refused(policies: Any) -> None:
    with pytest.raises(TypeError, match="polic"):
        Runtime(policies=policies)


WRONG = (1, -1.5, "text", b"x", object(), int, [1], (1,), {1: 2}, True)
TAKES_ANY = {"risk", "tier", "clearance", "estimate"}
"""Options with a check of their own."""


@pytest.mark.parametrize("option", sorted(set(CardOptions.__annotations__) - TAKES_ANY))
def test_an_option_of_a_wrong_type_is_refused_by_its_name(option: str) -> None:
    """Otherwise it fails in the first delivery, far from the line that is wrong."""
    told: list[str] = []
    for wrong in WRONG:
        try:
            agent("typed", **{option: wrong})(answer)
        except AgentDefinitionError as error:
            told.append(str(error))
    assert len(told) >= 6
    assert all(option in one for one in told)
    assert not any(word in one for one in told for word in ("not supported between", "object has no"))


@pytest.mark.parametrize("wrong", [{Question: int}, {Question: (Answer, 3)}, {int: Answer}])
def test_questions_map_payload_classes_to_payload_classes(wrong: Any) -> None:
    with pytest.raises(AgentDefinitionError, match="asks"):
        agent("asker", asks=wrong)(answer)


def test_a_decorator_without_parentheses_is_refused_where_it_stands() -> None:
    bare: Any = agent
    with pytest.raises(AgentDefinitionError, match=r"@agent\('name'\)"):
        bare(answer)
    with pytest.raises(AgentDefinitionError, match="cpu"):
        bare("typed", executor="cpu")
    with pytest.raises(AgentDefinitionError, match="the class Question"):
        bare("typed")(Question)
    with pytest.raises(AgentDefinitionError, match=r"@agent\('name'\)"):
        Runtime([answer])  # type: ignore[list-item]  # the very thing that is to be refused


@pytest.mark.parametrize("keyword", ["clasification", "topik", "versoin"])
def test_a_misspelt_class_argument_of_a_payload_is_suggested(keyword: str) -> None:
    meant = {"clasification": "classification", "topik": "topic", "versoin": "version"}[keyword]
    with pytest.raises(PayloadDefinitionError, match=f"did you mean '{meant}'"):
        type("Misspelt", (Payload,), {}, **{keyword: "cards.misspelt"})


@pytest.mark.parametrize("given", [{"topic": 3}, {"topic": "cards.wrong", "version": "x"}])
def test_a_class_argument_of_a_wrong_type_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(PayloadDefinitionError, match=list(given)[-1]):
        type("Wrong", (Payload,), {}, **given)


@pytest.mark.parametrize("wrong", ["clearance", ("clearance",), (Clearance,), 3])
def test_a_set_of_policies_refuses_what_is_none(wrong: Any) -> None:
    with pytest.raises(TypeError, match="policies"):
        PolicySet(wrong)
