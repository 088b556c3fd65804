"""How an agent's handlers are called: worked out once at registration, from what kind of agent it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.mailbox import Lane
from genie.protocol import AgentCard, FunctionAgent, Handlers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.message import Payload

Call = tuple["Callable[..., Any]", int, bool]
"""The handler, what it is called with (``Lane.PAYLOAD`` and so on), and whether its outcome can differ."""


def calls_of(agent: object, card: AgentCard) -> Mapping[type[Payload], Call]:
    """Return for each payload class that an agent consumes how it is handled.

    ``branches`` is True when a handling need not bring what its card can send: several types, nothing, a stream,
    something published or asked on the way, or a handler of a third party, of which nothing is known.
    """
    sends_more = bool(card.publishes or card.asks)
    if isinstance(agent, FunctionAgent):
        signature = agent.signature
        wants = Lane.CONTEXT if signature.takes_context else Lane.PAYLOAD
        branches = sends_more or (bool(card.produces) and not signature.certain)
        return dict.fromkeys(card.consumes, (agent.function, wants, branches))
    if isinstance(agent, Handlers):
        return {
            kind: (getattr(agent, name), Lane.CONTEXT if signature.takes_context else Lane.PAYLOAD,
                   sends_more or (bool(card.produces) and not signature.certain))
            for kind, (name, signature) in agent.handlers.items()
        }  # fmt: skip
    handle: Any = getattr(agent, "handle")  # noqa: B009 - a third party's object, known by its protocol only
    return dict.fromkeys(card.consumes, (handle, Lane.MESSAGE, bool(card.sends)))
