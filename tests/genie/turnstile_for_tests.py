"""What the tests of rates and budgets share."""

from __future__ import annotations

from typing import Any

from genie.contracts.admission import Admission, Budget, Rate
from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.errors import RunStalled
from tests.genie.policies_for_tests import Answer, Question

ACME, OTHER = Caller(tenant="acme"), Caller(tenant="other")


def budgets(*rules: Budget, **options: Any) -> Admission:
    return Admission(budgets=rules, **options)


def rates(*rules: Rate) -> Admission:
    return Admission(rates=rules)


def costly(cost: Any = "0.5", tokens: int = 0, id: str = "costly", **options: Any) -> Any:
    """Return an agent that charges as soon as it is asked."""

    @agent(id, **options)
    async def charging(question: Question, context: Context) -> Answer:
        context.charge(cost=cost, tokens=tokens)
        return Answer(text=id, number=question.number)

    return charging


async def asked(runtime: Any, caller: Caller | None = None, **options: Any) -> str:
    """Return how a question ended: ``ok``, or the reason."""
    try:
        await runtime.ask(Question(), Answer, caller=caller, **options)
    except RunStalled as error:
        return "; ".join(error.reasons)
    return "ok"


def assert_nothing_is_reserved(runtime: Any) -> None:
    told = runtime.statistics().budgets
    assert [place for place, one in told.items() if one.reserved] == []
    assert runtime._life.parts.admission.reservations == {}
    assert runtime.bus.pending.of("rate") == ()
