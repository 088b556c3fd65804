"""Hierarchical router: sends a sentence to the agent for such questions, or asks back if unsure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.contracts.gather import Gathered
from genie.contracts.message import Payload
from genie.contracts.model_call import ModelFailed, ModelReply, ModelRequest
from genie_finance.contracts.control import RouteAnswer, RouteRequest, RouteScore
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.research import (
    ExplainFinance,
    FinanceExplanation,
    MacroBrief,
    MacroContextRequest,
    RateOutlook,
    RateOutlookRequest,
)
from genie_finance.contracts.treasury import ConvertCurrency, ConvertedAmount
from genie_finance.control.likeness import Route, ranked, routes
from genie_finance.control.slots import fill
from genie_finance.domain.choosing import ModelSettings, choose

ID = "hierarchical_router"
CLEAR = Decimal("0.35")
"""Similarity below which no route fits."""
MARGIN = Decimal("0.05")
"""Minimum lead of the best route over the next."""
_SHOWN = 3
BY_MODEL = "A model chose the route of the question."
_WITHIN_S = 10.0
ASKS: Mapping[type[Payload], tuple[type[Payload], ...]] = MappingProxyType(
    {
        ExplainFinance: (FinanceExplanation,),
        RateOutlookRequest: (RateOutlook, InsufficientData),
        MacroContextRequest: (MacroBrief, InsufficientData),
        ConvertCurrency: (ConvertedAmount, InsufficientData),
    }
)
ASKS_WITH_MODEL: dict[type[Payload], tuple[type[Payload], ...]] = {**ASKS, ModelRequest: (ModelReply, ModelFailed)}


def chosen(scores: tuple[RouteScore, ...]) -> str | None:
    """Return the route that clearly fits best; None if none fits, or two fit about equally."""
    best, *others = scores
    if best.score < CLEAR or (others and best.score - others[0].score < MARGIN):
        return None
    return best.route


@agent(
    id=ID,
    capabilities=("hierarchical_supervise", "route.question"),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=ASKS,
)
async def hierarchical_router(request: RouteRequest, context: Context) -> RouteAnswer:
    """Routes a sentence to the agent that answers such questions; asks back when the route or a detail is missing."""
    scores = ranked(request.text, routes())
    return await _routed(request, context, scores, chosen(scores))


@agent(
    id="hierarchical_router_with_model",
    capabilities=("hierarchical_supervise", "route.question"),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    settings=ModelSettings,
    asks=ASKS_WITH_MODEL,
)
async def hierarchical_router_with_model(request: RouteRequest, context: Context) -> RouteAnswer:
    """Routes a sentence by rules; asks a model for the route if the rules are not sure, and reports that."""
    scores = ranked(request.text, routes())
    name = chosen(scores)
    if name is not None:
        return await _routed(request, context, scores, name)
    told = {one.route: one.exemplars[0] for one in routes()}
    name = await choose(context, context.settings.model, "the destination of a question", request.text, told)
    found = await _routed(request, context, scores, name)
    return found if name is None else found.model_copy(update={"text": f"{found.text} {BY_MODEL}"})


async def _routed(
    request: RouteRequest, context: Context, scores: tuple[RouteScore, ...], name: str | None
) -> RouteAnswer:
    if name is None:
        near = ", ".join(one.route.replace("_", " ") for one in scores[:_SHOWN] if one.score)
        hint = f"Nearest: {near}." if near else f"Routes: {', '.join(one.route.replace('_', ' ') for one in routes())}."
        return _answer("clarify", None, scores, f"The question is unclear. {hint} Please rephrase it.")
    route = next(one for one in routes() if one.route == name)
    if route.needs is not None:
        return _answer("needs_input", route, scores, f"This requires more than a sentence: {route.needs}.")
    question, lacking = fill(name, request.text)
    if question is None:
        return _answer("clarify", route, scores, f"Please add {lacking}.")
    came = await context.gather(question, expect=ASKS[type(question)], need=1, within_s=_WITHIN_S)
    return _told(route, scores, came)


def _told(route: Route, scores: tuple[RouteScore, ...], came: Gathered) -> RouteAnswer:
    explained = came.get(FinanceExplanation)
    if explained is not None:
        return _answer("answered" if explained.found else "no_answer", route, scores, explained.text)
    stated = came.get(RateOutlook) or came.get(MacroBrief)
    if stated is not None:
        return _answer("answered", route, scores, stated.text)
    converted = came.get(ConvertedAmount)
    if converted is not None:
        text = f"{converted.amount} are {converted.converted} at {converted.rate}, rates of {converted.rates_on}."
        return _answer("answered", route, scores, text + (" The rates are stale." if converted.stale else ""))
    lacking = came.get(InsufficientData)
    if lacking is not None:
        needed = "; ".join(f"{one.what}: {one.needed} (given: {one.given})" for one in lacking.missing)
        return _answer("no_answer", route, scores, f"Too little is known. {needed}.")
    reasons = "; ".join(sorted({one.reason for one in came.missing.values()})) or "nothing came"
    return _answer("no_answer", route, scores, f"There is no answer: {reasons}.")


def _answer(status: str, route: Route | None, scores: tuple[RouteScore, ...], text: str) -> RouteAnswer:
    return RouteAnswer.model_validate(
        {
            "status": status,
            "route": None if route is None else route.route,
            "topic": None if route is None else route.topic,
            "scores": scores[:_SHOWN],
            "text": text,
        }
    )
