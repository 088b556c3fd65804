"""Where a label may fall: asked of the policies once for each agent and payload class, never for a message.

A label falls only where the sender's card says so and a policy permits it. A policy that has a say has a method
``permits(downgrade)``; where several have one, all must agree, and where none has, no label falls.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol, runtime_checkable

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.message import Payload, topic_of
from genie.policy.policy import Environment, Policy


class Downgrade(NamedTuple):
    """A label that an agent's output is to leave with, lower than the highest that the agent has read."""

    agent: AgentCard
    payload: type[Payload]
    read: Classification
    to: Classification
    environment: Environment


@runtime_checkable
class Permitting(Protocol):
    """A policy that has a say in declassification. Pure, like its judges."""

    def permits(self, downgrade: Downgrade) -> bool:
        """Return True where the label may fall that far."""
        ...


def labels_sent(
    policies: Iterable[Policy], sender: AgentCard, payload: type[Payload], environment: Environment
) -> tuple[Classification, ...]:
    """Return with which label an output leaves, for each level that its sender can have read.

    It falls as far as the card says and every policy with a say permits; never below the label of the payload's class.
    A policy that raises does not permit.
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
