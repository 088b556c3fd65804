"""Port to a broker, and the shipped offline broker with sample accounts."""

from __future__ import annotations

from importlib import resources
from typing import Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, TypeAdapter

from genie_finance.contracts.markets import Snapshot


@runtime_checkable
class Brokerage(Protocol):
    """Source of holdings. An adapter converts a broker's answer to typed values, or raises."""

    async def snapshot(self, account: str, user: str) -> Snapshot | None:
        """Return the holdings of an account; None if the broker does not know it or the user may not see it.

        Both cases return the same, so a caller does not learn whether another customer's account exists.

        Raises:
            EdgeError: The broker cannot be reached, or its answer cannot be used.
        """
        ...


class _Account(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str
    snapshot: Snapshot


class SampleBroker:
    """Implements ``Brokerage`` with the invented accounts in ``data/accounts.json``; nothing is fetched."""

    def __init__(self) -> None:
        content = resources.files("genie_finance.investing").joinpath("data/accounts.json").read_bytes()
        self._accounts = TypeAdapter(dict[str, _Account]).validate_json(content)

    async def snapshot(self, account: str, user: str) -> Snapshot | None:
        """Return a sample account's holdings; see ``Brokerage``."""
        found = self._accounts.get(account)
        return found.snapshot if found is not None and found.user == user else None
