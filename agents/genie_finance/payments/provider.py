"""The port of the provider that carries payments out, and a simulated provider.

An adapter to a real provider sends ``idempotency_key`` as the provider's own idempotency key, answers ``find`` from the
provider's status call, and raises ``ProviderError`` if it does not know whether the provider has the order.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib import resources
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from genie.errors import GenieError
from genie_finance.contracts.payments import PaymentOrder, Rail
from genie_finance.payments.ledger import Key

ReceiptState = Literal["submitted", "settled", "failed", "returned"]


class ProviderError(GenieError):
    """The provider did not answer, so it is unknown whether it has the order."""

    code = "provider"
    detail: str

    def __str__(self) -> str:
        return f"the payment provider did not answer ({self.detail}); ask for the order's status, do not send it again"


class Receipt(NamedTuple):
    """The provider's answer for an order."""

    state: ReceiptState
    reference: str
    detail: str


@runtime_checkable
class PaymentProvider(Protocol):
    """Port of a provider that carries payments out."""

    async def submit(self, key: Key, order: PaymentOrder, rail: Rail) -> Receipt:
        """Carry an order out; the same key again is the same payment.

        Raises:
            ProviderError: It did not answer.
        """
        ...

    async def find(self, key: Key) -> Receipt | None:
        """Return the state of an order, None if the provider never received it.

        Raises:
            ProviderError: It did not answer.
        """
        ...


class SimulatedProvider:
    """Settles every order except for the beneficiaries in ``data/provider.json``. No money moves."""

    def __init__(self) -> None:
        self._receipts: dict[Key, Receipt] = {}

    async def submit(self, key: Key, order: PaymentOrder, rail: Rail) -> Receipt:
        """Answer as the fixture specifies; a NEFT order is only submitted, since its batch follows later."""
        if key not in self._receipts:
            said = _fixture().get(order.beneficiary_vpa or order.beneficiary_account or "")
            if said == "no_answer":
                raise ProviderError(detail="simulated")
            state: ReceiptState = "submitted" if rail == "neft" else "settled"
            detail = "simulated"
            if said is not None:
                state, detail = "failed", said
            self._receipts[key] = Receipt(state, _reference(key, rail), detail)
        return self._receipts[key]

    async def find(self, key: Key) -> Receipt | None:
        """Return the state of an order."""
        return self._receipts.get(key)


def _reference(key: Key, rail: Rail) -> str:
    """Return a reference, marked as simulated, that is always the same for one order."""
    digest = hashlib.sha256("\x1f".join((*key, rail)).encode()).hexdigest()
    return f"SIM-{rail.upper()}-{digest[:12]}"


@lru_cache(maxsize=1)
def _fixture() -> dict[str, str]:
    """Return beneficiary -> reason for which a payment to it fails, or ``no_answer``."""
    content = resources.files("genie_finance").joinpath("payments/data/provider.json").read_text("utf-8")
    found: dict[str, str] = json.loads(content)["beneficiaries"]
    return found
