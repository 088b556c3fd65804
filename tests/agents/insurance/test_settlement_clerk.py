"""Settlements: an order becomes what it says, and an order that contradicts itself becomes nothing."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from genie.errors import InputError
from genie_finance.contracts.claims import Settlement, SettlementOrder
from genie_finance.insurance.settlement_clerk import settle

DAY = datetime.date(2026, 9, 1)


def settled(**change: Any) -> Settlement:
    order = {
        "case_id": "C-1", "policy_number": "P-1", "kind": "claim", "action": "approve_partial", "asked": 50_000,
        "payable": 40_500, "itemised": True, "reasons": (), **change,
    }  # fmt: skip
    return settle(SettlementOrder.model_validate(order), DAY)


@pytest.mark.parametrize(
    ("change", "outcome", "payable"),
    [
        ({}, "to_be_paid", 40_500),
        ({"kind": "preauth"}, "authorised", 40_500),
        ({"action": "refer"}, "under_review", 0),
        ({"action": "deny", "payable": 0}, "denied", 0),
        ({"action": "nothing_payable", "payable": 0}, "nothing_payable", 0),
    ],
)
def test_an_order_becomes_what_it_says(change: dict[str, Any], outcome: str, payable: int) -> None:
    found = settled(**change)
    assert (found.outcome, found.payable.amount, found.settled_on) == (outcome, payable, DAY)


@pytest.mark.parametrize("change", [{"payable": 50_001}, {"action": "deny"}, {"action": "nothing_payable"}])
def test_an_order_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="payable"):
        settled(**change)
