"""Which outputs may be declassified.

Policies are asked once for each agent and payload class, never for a message. A label falls only if the sender's card
declares it and a policy permits it. Policies that decide this have a method ``permits(downgrade)``; if several have
one, all must agree, and if none has, no label falls.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol, runtime_checkable

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.message import Payload, topic_of
from genie.policy.policy import Environment, Policy


class Downgrade(NamedTuple):
    """A requested label of an agent's output, lower than the highest label that the agent has read."""

    agent: AgentCard
    payload: type[Payload]
    read: Classification
    to: Classification
    environment: Environment


@runtime_checkable
class Permitting(Protocol):
    """A policy that decides about declassification. Like its judges, it is pure."""

    def permits(self, downgrade: Downgrade) -> bool:
        """Return True if the label may fall that far."""
        ...


def labels_sent(
    policies: Iterable[Policy], sender: AgentCard, payload: type[Payload], environment: Environment
) -> tuple[Classification, ...]:
    """Return the label of an output for each level that its sender can have read.

    It falls as far as the card declares and every deciding policy permits, never below the label of the payload class.
    A policy that raises does not permit it.
    """
    own = topic_of(payload).classification
    asked = [policy for policy in policies if isinstance(policy, Permitting)]
    lowest = sender.declassifies.get(payload)

    def sent(read: Classification) -> Classification:
        if lowest is None or not asked:
            return max(own, read)
        for to in Classification:
            if max(own, lowest) <= to < read:
                downgrade = Downgrade(sender, payload, read, to, environment)
                if all(_permits(policy, downgrade) for policy in asked):
                    return to
        return max(own, read)

    return tuple(sent(read) for read in Classification)


def _permits(policy: Permitting, downgrade: Downgrade) -> bool:
    try:
        return policy.permits(downgrade) is True
    except BaseException:  # noqa: BLE001 - fail closed
        return False
