"""The ledger: one entry a key, one claim an entry, and a day's limit that two orders at once cannot pass."""

from __future__ import annotations

import datetime
from typing import Any

import anyio
import pytest

from genie_finance.contracts.payment_books import BookEntry
from genie_finance.contracts.payments import PaymentOrder
from genie_finance.payments.ledger import Key, MemoryLedger, PaymentLedger, counts
from genie_finance.payments.provider import PaymentProvider, ProviderError, SimulatedProvider

NOW = datetime.datetime(2025, 10, 9, 10, 0, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(hours=25)
START = NOW.replace(hour=0)
KEY = Key("t1", "p1", "k1")

pytestmark = pytest.mark.anyio


def entry(key: Key = KEY, **more: Any) -> BookEntry:
    return BookEntry.model_validate(
        {"payer_id": key.payer_id, "idempotency_key": key.idempotency_key, "fingerprint": "a" * 64,
         "payer_account": "002301567890", "beneficiary": "b", "purpose": "person", "amount": 600, "rail": "upi",
         "opened_at": NOW, "lapses_at": NOW + datetime.timedelta(hours=24), **more}
    )  # fmt: skip


async def test_the_same_key_again_is_the_same_entry() -> None:
    ledger = MemoryLedger()
    assert isinstance(ledger, PaymentLedger)
    first = await ledger.open(KEY, entry(), most_minor=10**9, since=START)
    again = await ledger.open(KEY, entry(fingerprint="b" * 64), most_minor=10**9, since=START)
    assert first == (True, entry())
    assert again == (False, entry())
    assert await ledger.find(Key("t2", "p1", "k1")) is None


async def test_two_orders_at_once_cannot_pass_the_limit_together() -> None:
    ledger = MemoryLedger()
    came: list[tuple[bool, BookEntry | None]] = []

    async def order(name: str) -> None:
        key = KEY._replace(idempotency_key=name)
        came.append(await ledger.open(key, entry(key), most_minor=100_000, since=START))

    async with anyio.create_task_group() as tasks:
        for name in ("k1", "k2"):
            tasks.start_soon(order, name)
    assert sorted(new for new, _ in came) == [False, True]
    assert (False, None) in came


async def test_an_entry_is_claimed_once_and_for_its_own_order_alone() -> None:
    ledger = MemoryLedger()
    await ledger.open(KEY, entry(), most_minor=10**9, since=START)
    assert (await ledger.claim(KEY, "b" * 64, NOW))[0] is False
    assert (await ledger.claim(KEY, "a" * 64, NOW))[0] is True
    assert (await ledger.claim(KEY, "a" * 64, NOW))[0] is False


async def test_an_entry_that_nobody_approved_lapses_and_its_key_may_be_used_again() -> None:
    ledger = MemoryLedger()
    await ledger.open(KEY, entry(), most_minor=10**9, since=START)
    assert (await ledger.claim(KEY, "a" * 64, LATER))[0] is False
    assert not counts(entry(), LATER)
    fresh = entry(opened_at=LATER, lapses_at=LATER + datetime.timedelta(hours=24))
    assert await ledger.open(KEY, fresh, most_minor=10**9, since=START) == (True, fresh)


@pytest.mark.parametrize(
    ("state", "spent"), [("settled", True), ("unknown", True), ("failed", False), ("returned", False)]
)
async def test_what_failed_does_not_count_and_what_is_not_known_does(state: Any, spent: bool) -> None:
    ledger = MemoryLedger()
    await ledger.open(KEY, entry(), most_minor=10**9, since=START)
    kept = await ledger.keep(KEY, state, "r1", "said")
    assert kept is not None
    assert counts(kept, LATER) is spent


async def test_what_is_final_stays_as_it_is() -> None:
    ledger = MemoryLedger()
    await ledger.open(KEY, entry(), most_minor=10**9, since=START)
    await ledger.keep(KEY, "settled", "r1", "said")
    kept = await ledger.keep(KEY, "failed", "r2", "said otherwise")
    assert kept is not None
    assert (kept.state, kept.reference) == ("settled", "r1")
    assert await ledger.keep(Key("t", "p", "no"), "settled", None, "") is None


async def test_the_simulated_provider_pays_a_key_once_and_says_so_of_itself() -> None:
    provider = SimulatedProvider()
    assert isinstance(provider, PaymentProvider)
    order = PaymentOrder.model_validate(
        {"idempotency_key": "k1", "payer_id": "p1", "payer_account": "1", "beneficiary_name": "Asha Rao", "amount": 5,
         "beneficiary_vpa": "asha@okaxis", "purpose": "person", "urgency": "now", "is_trusted_beneficiary": True}
    )  # fmt: skip
    first = await provider.submit(KEY, order, "upi")
    assert first == await provider.submit(KEY, order, "upi") == await provider.find(KEY)
    assert first.reference.startswith("SIM-UPI-")
    closed = order.model_copy(update={"beneficiary_vpa": "closed@simbank"})
    assert (await provider.submit(KEY._replace(idempotency_key="k2"), closed, "upi")).state == "failed"
    with pytest.raises(ProviderError):
        silent = order.model_copy(update={"beneficiary_vpa": "silent@simbank"})
        await provider.submit(KEY._replace(idempotency_key="k3"), silent, "upi")
