"""What people write: handlers whose annotations are the contract, and cards that hold only what makes sense."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from genie.contracts.agent import Agent, Handlers, agent, handles, read_signature
from genie.contracts.card import Caller, make_card
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.gather import Each, Gathered, Missing
from genie.contracts.message import Payload
from genie.errors import AgentDefinitionError, PartMissingError


class Question(Payload, topic="page.question"):
    text: str


class Answer(Payload, topic="page.answer"):
    text: str


class Other(Payload, topic="page.other"):
    text: str


async def one(question: Question) -> Answer: ...
async def none(question: Question) -> None: ...
async def either(question: Question | Other, context: Context) -> Answer | None: ...
async def several(question: Question) -> tuple[Answer, Other]: ...
async def many(question: Question) -> tuple[Answer, ...]: ...
async def stream(question: Question) -> AsyncIterator[Answer | Other]:
    yield Answer(text="")


@pytest.mark.parametrize(
    ("function", "consumes", "produces", "takes_context", "streams"),
    [
        (one, (Question,), (Answer,), False, False),
        (none, (Question,), (), False, False),
        (either, (Question, Other), (Answer,), True, False),
        (several, (Question,), (Answer, Other), False, False),
        (many, (Question,), (Answer,), False, False),
        (stream, (Question,), (Answer, Other), False, True),
    ],
)
def test_annotations_are_the_contract(
    function: Any, consumes: Any, produces: Any, takes_context: bool, streams: bool
) -> None:
    read = read_signature(function, method=False, names={}, context=Context)
    assert (read.consumes, read.produces, read.takes_context, read.streams) == (
        consumes,
        produces,
        takes_context,
        streams,
    )


def not_async(question: Question) -> Answer: ...
async def no_annotation(question) -> Answer: ...
async def no_return(question: Question): ...
async def no_payload(question: str) -> Answer: ...
async def no_payload_back(question: Question) -> str: ...
async def any_payload(question: Payload) -> Answer: ...
async def nothing() -> Answer: ...
async def too_many(question: Question, context: Context, more: int) -> Answer: ...
async def no_context(question: Question, context: str) -> Answer: ...
async def with_default(question: Question, context: Context = None) -> Answer: ...  # type: ignore[assignment]  # wrong on purpose
async def unknown_name(question: Nowhere) -> Answer: ...  # type: ignore[name-defined]  # noqa: F821 - wrong on purpose


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (not_async, "async def"), (no_annotation, "no annotation"), (no_return, "no return annotation"),
        (no_payload, "not a Payload"), (no_payload_back, "not a Payload"), (any_payload, "not a Payload"),
        (nothing, "one payload"), (too_many, "one payload"), (no_context, "annotated `Context`"),
        (with_default, "one payload"), (unknown_name, "cannot be resolved"),
    ],
)  # fmt: skip
def test_a_handler_that_makes_no_contract_is_refused_by_name(function: Any, problem: str) -> None:
    with pytest.raises(AgentDefinitionError, match=problem) as caught:
        agent("wrong")(function)
    assert function.__name__ in str(caught.value)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"id": "Upper"}, "lower-case"), ({"id": "a b"}, "lower-case"), ({"id": ""}, "lower-case"),
        ({"id": "a\n"}, "lower-case"), ({"concurrency": 0}, "at least 1"), ({"timeout_s": 0}, "above 0"),
        ({"timeout_s": float("nan")}, "above 0"), ({"fallback": "a"}, "its own fallback"),
        ({"clearance": "cosmic"}, "cosmic"), ({"declassifies": {Answer: "cosmic"}}, "cosmic"),
    ],
)  # fmt: skip
def test_a_card_holds_only_what_makes_sense(options: dict[str, Any], problem: str) -> None:
    given = {"id": "a", **options}
    with pytest.raises(AgentDefinitionError, match=problem):
        make_card(given.pop("id"), consumes=(Question,), produces=(), doc=None, **given)


def test_a_card_reads_its_function() -> None:
    @agent("tax.estimator_2", clearance="restricted", asks={Question: Answer})
    async def estimator(question: Question) -> Answer:
        """Estimates a tax.

        More of it.
        """
        return Answer(text="")

    card = estimator.card
    assert (card.id, card.name, card.description) == ("tax.estimator_2", "tax estimator 2", "Estimates a tax.")
    assert card.clearance is Classification.RESTRICTED
    assert card.asks == {Question: (Answer,)}
    assert card.sends == {Answer, Question}
    assert isinstance(estimator, Agent)


def test_a_class_has_a_handler_for_each_payload() -> None:
    class Desk(Handlers, id="desk"):
        @handles
        async def on_question(self, question: Question) -> Answer:
            return Answer(text=question.text)

        @handles
        async def on_other(self, other: Other, context: Context) -> None: ...

    assert set(Desk.card.consumes) == {Question, Other}
    assert Desk.card.produces == (Answer,)


def test_a_class_without_or_with_two_handlers_for_a_payload_is_refused() -> None:
    with pytest.raises(AgentDefinitionError, match="two handlers for Question"):

        class Twice(Handlers, id="twice"):
            @handles
            async def first(self, question: Question) -> None: ...
            @handles
            async def second(self, question: Question) -> None: ...

    with pytest.raises(AgentDefinitionError, match="consumes nothing"):

        class Empty(Handlers, id="empty"):
            """Handles nothing."""


def test_what_was_gathered_is_typed_and_what_is_missing_says_why() -> None:
    each = Each(Other)
    views = Gathered(
        "r", {Answer: Answer(text="a")}, {each: {"x": Other(text="o")}},
        {"slow": Missing("page.question", "slow", "late")},
    )  # fmt: skip
    assert views[Answer] == Answer(text="a")
    assert views[each] == {"x": Other(text="o")}
    assert views.get(Question) is None
    assert not views.complete
    with pytest.raises(PartMissingError, match="late"):
        views[Question]
    with pytest.raises(KeyError, match=r"page\.other is not an expected part"):
        views[Other]


def test_a_callers_card_carries_what_policies_read() -> None:
    caller = Caller(user="ann", roles=frozenset({"clerk"}), tenant="north", clearance=Classification.INTERNAL)
    card, headers = caller.card(), caller.headers()
    assert (card.clearance, card.tenants, card.roles) == (Classification.INTERNAL, frozenset({"north"}), caller.roles)
    assert (headers.tenant, headers.user, headers.roles) == ("north", "ann", caller.roles)
    assert Caller().card().tenants is None


def test_a_caller_takes_the_word_of_a_clearance_and_any_set_of_words() -> None:
    caller: Any = Caller(clearance="restricted", roles=["clerk"], consent={"marketing"})  # type: ignore[arg-type]  # on purpose
    assert caller == Caller(
        clearance=Classification.RESTRICTED, roles=frozenset({"clerk"}), consent=frozenset({"marketing"})
    )


@pytest.mark.parametrize(
    ("given", "error"),
    [({"clearance": "high"}, ValueError), ({"clearance": 3}, TypeError), ({"clearance": None}, TypeError),
     ({"roles": "clerk"}, TypeError), ({"consent": "marketing"}, TypeError)],
)  # fmt: skip
def test_a_caller_refuses_what_is_no_clearance_and_no_set(given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Caller(**given)
