"""Settlement clerk: turns an approved order into a settlement; a held order does not reach it."""

from __future__ import annotations

import datetime

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.errors import InputError
from genie_finance.contracts.claims import Settlement, SettlementOrder


def settle(order: SettlementOrder, on: datetime.date) -> Settlement:
    """Return the settlement of an order.

    Raises:
        InputError: The order pays more than requested, or contradicts its action.
    """
    if order.payable.minor > order.asked.minor:
        raise InputError("payable", f"{order.payable} is more than the requested {order.asked}", "correct the order")
    pays = order.action in {"approve", "approve_partial"}
    if not pays and order.action != "refer" and order.payable.minor:
        raise InputError("payable", f"{order.action} pays nothing, but {order.payable} is payable", "correct the order")
    outcome, text = _outcome(order, pays=pays)
    return Settlement.model_validate(
        {
            "case_id": order.case_id, "kind": order.kind, "outcome": outcome,
            "payable": order.payable if pays else 0, "settled_on": on, "text": text,
        }
    )  # fmt: skip


def _outcome(order: SettlementOrder, *, pays: bool) -> tuple[str, str]:
    if pays and order.kind == "preauth":
        return "authorised", f"Cashless treatment is authorised up to {order.payable} of {order.asked}."
    if pays:
        return "to_be_paid", f"{order.payable} of {order.asked} are to be paid."
    if order.action == "refer":
        return "under_review", f"Under review: {order.payable} would be paid."
    if order.action == "deny":
        return "denied", "Denied; the reasons go to the policyholder with the clause of the policy."
    return "nothing_payable", "Covered, but nothing is payable."


@agent(
    id="settlement_clerk",
    capabilities=("insurance.settle",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
)
async def settlement_clerk(order: SettlementOrder, context: Context) -> Settlement:
    """Settles a case as ordered; the pipeline decides which orders people must approve first."""
    return settle(order, context.now().date())
