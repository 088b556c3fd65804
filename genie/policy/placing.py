"""What may go where: asked of the policies once for each agent, before anything runs."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification


@runtime_checkable
class Placing(Protocol):
    """A policy that limits what may go to the region of a recipient. Pure, like its judges."""

    name: str

    def most(self, recipient: AgentCard, home: str | None) -> Classification | None:
        """Return the highest label that a recipient may be given of the data of a region; None where it cannot say.

        Args:
            recipient: Its card.
            home: Region of the data, where it is known.
        """
        ...
