"""A subscription: the route of one payload class to one agent, compiled for fast deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.inflight.accounting import OutcomeCounters

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Payload
    from genie.inflight.mailbox import Subscriber
    from genie.policy.evaluator import Evaluator

PAYLOAD, CONTEXT, MESSAGE = range(3)
"""Arguments of a handler: the payload, the payload and a context, or the message and a context."""


class Subscription:
    """The route of one payload class to one agent.

    Args:
        kind: The payload class.
        subscriber: The agent's mailbox.
        evaluator: The policies, compiled for this class and this recipient.
        key: The ordering key: a field's name, ``""`` for the run, None for no order.
        reach: Every payload class that can follow from a delivery here.
    """

    __slots__ = (
        "branches", "call", "counters", "ends", "evaluator", "key", "kind", "produced", "produces", "reach", "rules",
        "subscriber", "wants",
    )  # fmt: skip

    def __init__(
        self,
        kind: type[Payload],
        subscriber: Subscriber,
        evaluator: Evaluator,
        key: str | None,
        reach: frozenset[type[Payload]],
    ) -> None:
        self.kind = kind
        self.subscriber = subscriber
        self.counters = subscriber.counters
        self.ends = subscriber.ends.setdefault(kind, OutcomeCounters())
        self.evaluator = evaluator
        self.key = key
        self.reach = reach
        self.produces = subscriber.card.produces
        self.produced = next(iter(self.produces), None)
        """Class of its handler's usual output; the bus checks any other in detail."""
        self.rules: Any = None  # rates and budgets that cover it, once the admission controller has looked them up
        self.call: Callable[..., Any]  # an agent's own function
        self.wants: int
        self.branches: bool
        self.call, self.wants, self.branches = subscriber.calls[kind]
