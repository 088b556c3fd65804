"""Which data may go to which region: policies are asked once for each agent, before anything runs."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification


@runtime_checkable
class Placing(Protocol):
    """A policy that limits which data a recipient's region may receive. Like its judges, it is pure."""

    name: str

    def most(self, recipient: AgentCard, home: str | None) -> Classification | None:
        """Return the highest label of a region's data that a recipient may receive; None if it cannot say.

        Args:
            recipient: Its card.
            home: Region of the data, if known.
        """
        ...
