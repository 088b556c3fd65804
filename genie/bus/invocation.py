"""How an agent's handlers are called: worked out once at registration, from what kind of agent it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.bus.mailbox import Lane
from genie.contracts.agent import FunctionAgent, Handlers
from genie.contracts.card import AgentCard
from genie.contracts.signature import unfit
from genie.errors import AgentDefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.contracts.message import Payload
    from genie.contracts.ports.executor import Executor, Job

Call = tuple["Callable[..., Any]", int, bool]
"""The handler, what it is called with (``Lane.PAYLOAD`` and so on), and whether its outcome can differ."""


def misplaced(agent: object, card: AgentCard) -> str | None:
    """Return why an agent cannot run where its card says, with what to do about it; None when it can."""
    if isinstance(agent, FunctionAgent):
        return unfit(agent.function, agent.signature, card.executor, card)
    if card.executor == "loop":
        return None
    return f"executor {card.executor} is for functions made agents; this one runs on the loop"


def job_of(agent: object, card: AgentCard, executor: Executor) -> Job:
    """Return how an agent that does not run on the loop is called.

    Raises:
        AgentDefinitionError: It is no plain function, or cannot run there.
    """
    problem = misplaced(agent, card)
    if problem is not None or not isinstance(agent, FunctionAgent):
        raise AgentDefinitionError(f"agent {card.id!r}", problem or "is no function")
    return executor.job(card.executor, card.id, agent.function, agent.signature, card.concurrency)


def calls_of(agent: object, card: AgentCard, job: Job | None = None) -> Mapping[type[Payload], Call]:
    """Return for each payload class that an agent consumes how it is handled; by its job, if it has one.

    ``branches`` is True when a handling need not bring what its card can send: several types, nothing, a stream,
    something published or asked on the way, or a handler of a third party, of which nothing is known.
    """
    sends_more = bool(card.publishes or card.asks)
    if isinstance(agent, FunctionAgent):
        signature = agent.signature
        wants = Lane.CONTEXT if signature.takes_context else Lane.PAYLOAD
        branches = sends_more or (bool(card.produces) and not signature.certain)
        if job is None and signature.plain:
            raise AgentDefinitionError(f"agent {card.id!r}", misplaced(agent, card) or "")
        return dict.fromkeys(card.consumes, (agent.function if job is None else job.call, wants, branches))
    if isinstance(agent, Handlers):
        return {
            kind: (getattr(agent, name), Lane.CONTEXT if signature.takes_context else Lane.PAYLOAD,
                   sends_more or (bool(card.produces) and not signature.certain))
            for kind, (name, signature) in agent.handlers.items()
        }  # fmt: skip
    handle: Any = getattr(agent, "handle")  # noqa: B009 - a third party's object, known by its protocol only
    return dict.fromkeys(card.consumes, (handle, Lane.MESSAGE, bool(card.sends)))
