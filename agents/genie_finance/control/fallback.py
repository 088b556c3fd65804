"""Fallback: replaces an agent that failed or may not run, and states that there is no answer."""

from __future__ import annotations

import functools
import operator
from collections.abc import Awaitable

from genie.contracts.agent import FunctionAgent, agent
from genie.contracts.card import Risk, Tier
from genie.contracts.message import Payload, topic_of
from genie.errors import AgentDefinitionError
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.treasury import AlmRequest, AlmResult, LcrRequest, LcrResult, VarRequest, VarResult

StandIn = FunctionAgent[[Payload], Awaitable[InsufficientData]]


def fallback_for(primary: str, *, consumes: tuple[type[Payload], ...], produces: tuple[type[Payload], ...]) -> StandIn:
    """Return the fallback of an agent, ``PRIMARY_fallback``, with the primary's own types.

    It answers every question with ``InsufficientData``, which names the primary as missing. A pipeline names it
    as the ``fallback`` of the primary, and lists it. It subscribes to the same questions, so it also answers by itself.
    Callers should read answers by agent (``Each(InsufficientData)``): a reply of a fallback is recorded under the id of
    its primary.

    Raises:
        AgentDefinitionError: The primary never answers ``InsufficientData``, so no caller could expect it.
    """
    name = f"{primary}_fallback"
    if InsufficientData not in produces:
        raise AgentDefinitionError(f"agent {name!r}", f"{primary!r} never answers catalogue.insufficient_data")

    async def stand_in(question: Payload) -> InsufficientData:
        lack = Lack(
            what=primary,
            needed="the agent running again; until then, decide as if nothing were known",
            given="it failed or must not run; the record of the run has the reason",
        )
        return InsufficientData(agent=primary, question=topic_of(type(question)).name, missing=(lack,))

    # Its contract is that of the primary: consumed and produced types are read from here.
    stand_in.__annotations__ = {
        "question": functools.reduce(operator.or_, consumes),
        "return": functools.reduce(operator.or_, produces),
    }
    stand_in.__doc__ = f"Stands in for {primary}: reports a missing answer, which is not a favourable one."
    return agent(
        id=name,
        capabilities=("fallback",),
        risk=Risk.LOW,
        tier=Tier.BETA,
        clearance="confidential",
        concurrency=8,
    )(stand_in)


var_calculator_fallback = fallback_for("var_calculator", consumes=(VarRequest,), produces=(VarResult, InsufficientData))
alm_fallback = fallback_for("alm", consumes=(AlmRequest,), produces=(AlmResult, InsufficientData))
lcr_projector_fallback = fallback_for("lcr_projector", consumes=(LcrRequest,), produces=(LcrResult, InsufficientData))
