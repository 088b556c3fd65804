"""Fallbacks: of their primary's types, in its place, with no promise."""

from __future__ import annotations

import importlib

import pytest

from genie import Runtime, agent
from genie.contracts.gather import Each
from genie.contracts.message import topic_of
from genie.errors import AgentDefinitionError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.treasury import LcrRequest, LcrResult, VarRequest, VarResult
from genie_finance.control.fallback import fallback_for
from genie_finance.index import AGENTS
from genie_finance.treasury.var_calculator import var_calculator

STAND_INS = sorted(name for name in AGENTS if name.endswith("_fallback"))
QUESTION = VarRequest.model_validate({"portfolio_value": 100, "daily_returns": [0.01, -0.01] * 5})
LACK: Each[InsufficientData] = Each(InsufficientData)


def card_of(name: str):  # type: ignore[no-untyped-def]  # an agent's card, found by name
    module, _, attribute = AGENTS[name].partition(":")
    return getattr(importlib.import_module(module), attribute).card


@pytest.mark.parametrize("name", STAND_INS)
def test_a_stand_in_has_its_primarys_types_and_may_read_what_it_may(name: str) -> None:
    own, primary = card_of(name), card_of(name.removesuffix("_fallback"))
    assert own.consumes == primary.consumes
    assert set(own.produces) == set(primary.produces)
    assert own.clearance >= primary.clearance
    assert all(topic_of(kind).classification <= own.clearance for kind in own.consumes)


def test_a_primary_that_never_says_what_it_lacks_has_no_stand_in() -> None:
    with pytest.raises(AgentDefinitionError, match="never answers"):
        fallback_for("lcr_projector", consumes=(LcrRequest,), produces=(LcrResult,))


@pytest.mark.anyio
async def test_it_answers_under_the_id_of_the_one_that_failed() -> None:
    @agent("var_calculator", clearance="confidential", fallback="var_calculator_fallback")
    async def broken(request: VarRequest) -> VarResult | InsufficientData:
        raise ArithmeticError(str(request.confidence_pct))

    spare = fallback_for("var_calculator", consumes=(VarRequest,), produces=(VarResult, InsufficientData))
    async with Runtime([broken, spare]) as runtime:
        views = await runtime.gather(QUESTION, expect=(VarResult, LACK))
        lack = views[LACK]["var_calculator"]
        assert views.get(VarResult) is None
        assert (lack.agent, lack.question) == ("var_calculator", "treasury.var_request")
        assert "review" not in lack.missing[0].needed


@pytest.mark.anyio
async def test_beside_a_working_primary_its_answer_is_told_apart() -> None:
    spare = fallback_for("var_calculator", consumes=(VarRequest,), produces=(VarResult, InsufficientData))
    async with Runtime([var_calculator, spare]) as runtime:
        views = await runtime.gather(QUESTION, expect=(VarResult, LACK))
        assert views[VarResult].observations == 10
        assert "var_calculator" not in views[LACK]
