"""Port of an account aggregator, and the shipped offline implementation with an invented customer.

An adapter for a real one implements ``AccountAggregator``: it calls the aggregator's consent and data interfaces with
the company's own credentials, checks the signature of the artefact, decrypts the data, and returns both as these
classes.
"""

from __future__ import annotations

import datetime
import functools
import json
from importlib import resources
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from genie_finance.contracts.consent import ConsentArtefact


class AggregatorData(NamedTuple):
    """Answer of an aggregator to a request for data."""

    state: Literal["ready", "pending", "no_data"]
    content: bytes
    """JSON: a list of transactions in ReBIT's schema of deposits; empty unless ready."""


@runtime_checkable
class AccountAggregator(Protocol):
    """Consents and data of an account aggregator."""

    async def consent(self, consent_id: str) -> ConsentArtefact | None:
        """Return the present state of a consent, None if the id is unknown."""
        ...

    async def fetch(
        self, artefact: ConsentArtefact, account: str, start: datetime.date, end: datetime.date
    ) -> AggregatorData:
        """Return the transactions of an account from one day to another, both included."""
        ...


@functools.cache
def _fixture() -> dict[str, Any]:  # a file that ships with the package
    text = resources.files("genie_finance.insights").joinpath("data/aggregator.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


class OfflineAggregator:
    """An aggregator of one invented customer, for trials and tests; it reaches no network."""

    async def consent(self, consent_id: str) -> ConsentArtefact | None:
        """Return a consent of the fixture."""
        held = _fixture()["consents"].get(consent_id)
        return None if held is None else ConsentArtefact.model_validate_json(json.dumps(held))

    async def fetch(
        self, artefact: ConsentArtefact, account: str, start: datetime.date, end: datetime.date
    ) -> AggregatorData:
        """Return the fixture's transactions of an account and of those days."""
        covered = any(one.link_ref_number == account for one in artefact.accounts)
        held = _fixture()["transactions"].get(account) if covered else None
        if held is None:
            return AggregatorData("no_data", b"")
        within = [one for one in held if start.isoformat() <= one["valueDate"] <= end.isoformat()]
        return AggregatorData("ready", json.dumps(within).encode()) if within else AggregatorData("no_data", b"")
