"""Benefit of a hospital stay under a health plan: room limits, deductions, package, shares, sum insured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from genie_finance.contracts.insurance import AmountLine, BillEstimate, BillLine, HealthPlan, Preauth
from genie_finance.contracts.money import Money
from genie_finance.insurance.grounding import ZERO, line, total
from genie_finance.insurance.procedures import names
from genie_finance.insurance.tables import HealthRules


def available(plan: HealthPlan) -> Decimal:
    """Return the remaining sum insured with its bonus, in rupees."""
    return max(plan.sum_insured.amount + plan.bonus.amount - plan.paid_this_year.amount, ZERO)


def asked(preauth: Preauth) -> Decimal:
    """Return the hospital's charges, in rupees."""
    if preauth.bill:
        return sum((one.amount.amount for one in preauth.bill), ZERO)
    return preauth.estimate.total.amount if preauth.estimate is not None else ZERO


def room_ratio(bill: Iterable[BillLine], limit: Money | None) -> Decimal:
    """Return the allowed share of the room's rent: 1 within the limit; several rooms are weighted by their days."""
    rooms = [one for one in bill if one.category == "room" and one.amount.minor]
    rent = sum((one.amount.amount for one in rooms), ZERO)
    if limit is None or not rooms:
        return Decimal(1)
    return sum((min(one.amount.amount, limit.amount * (one.days or 0)) for one in rooms), ZERO) / rent


def bill_deductions(bill: tuple[BillLine, ...], plan: HealthPlan, *, bills_by_room: bool) -> list[AmountLine]:
    """Return the deductions from an itemised bill.

    Rent counts up to its daily limit. If the hospital charges by room, charges that depend on the room are reduced in
    the ratio of limit to rent; pharmacy, consumables, implants, diagnostics and intensive care are never reduced.
    Source: IRDAI/HLT/REG/CIR/151/06/2020.
    """
    found: list[AmountLine] = []
    ratio = room_ratio(bill, plan.room_limit_per_day)
    for one in bill:
        limit = plan.room_limit_per_day if one.category == "room" else plan.icu_limit_per_day
        if one.category in {"room", "icu"} and limit is not None:
            over = one.amount.amount - limit.amount * (one.days or 0)
            if over > ZERO:
                found.append(line(f"{one.category}_limit", f"{one.text}: above {limit} a day", -over))
        elif one.category == "associated" and bills_by_room and ratio < 1 and one.amount.minor:
            text = f"{one.text}: {ratio * 100:.2f} per cent, as for the room's rent"
            found.append(line("proportionate", text, -one.amount.amount * (1 - ratio)))
        elif one.category == "non_payable" and one.amount.minor:
            found.append(line("non_payable", f"{one.text}: not payable", -one.amount.amount))
    return found


def estimate_deductions(
    estimate: BillEstimate, plan: HealthPlan, rules: HealthRules, *, bills_by_room: bool
) -> list[AmountLine]:
    """Return the deductions from a total without lines, by an old convention that is not a rule.

    Deducted are the rent above its limit, and the same proportion of a fixed share of the total. The excess of the room
    counts twice, to the patient's disadvantage, so a person must review it.
    """
    found: list[AmountLine] = []
    for name, rent, days, limit in (
        ("room", estimate.room_per_day.amount, estimate.room_days, plan.room_limit_per_day),
        ("icu", estimate.icu_per_day.amount, estimate.icu_days, plan.icu_limit_per_day),
    ):
        if limit is None or rent <= limit.amount:
            continue
        over = rent - limit.amount
        found.append(line(f"{name}_limit", f"rent above {limit} a day, {days} days", -over * days))
        if name == "room" and bills_by_room:
            share = rules.estimate_share * estimate.total.amount * over / rent
            found.append(
                line(
                    "proportionate", f"{rules.estimate_share * 100:.0f} per cent of the sum depends on the room", -share
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class Sharing:
    """The shares of each party in an admissible amount, in rupees."""

    deductible: Decimal
    copay_percent: Decimal
    left: Decimal
    """Of the sum insured and its bonus."""
    limit: Decimal | None = None
    """The sub-limit of the peril; None if it has none."""
    limits_loss: bool = False
    """True if the sub-limit applies before deductible and co-payment, False if after them."""
    limit_text: str = ""


def shares(admissible: Decimal, plan: HealthPlan, procedure: str, sharing: Sharing) -> list[AmountLine]:
    """Return the deductions for package, deductible, co-payment, sub-limit and sum insured, in this order.

    A sub-limit on the loss is applied before the deductible.
    """
    found: list[AmountLine] = []

    def now() -> Decimal:
        return max(admissible + total(found), ZERO)

    def cap(most: Decimal | None, code: str, text: str) -> None:
        if most is not None and now() > most:
            found.append(line(code, text, most - now()))

    packages = [one.most.amount for one in plan.packages if names(one.procedure, procedure)]
    cap(min(packages, default=None), "package", f"above the package for {procedure}")
    if sharing.limits_loss:
        cap(sharing.limit, "sub_limit", sharing.limit_text)
    if sharing.deductible and now():
        found.append(line("deductible", "deductible", -min(sharing.deductible, now())))
    if sharing.copay_percent and now():
        text = f"co-payment of {sharing.copay_percent} per cent"
        found.append(line("copayment", text, -now() * sharing.copay_percent / 100))
    if not sharing.limits_loss:
        cap(sharing.limit, "sub_limit", sharing.limit_text)
    cap(sharing.left, "sum_insured", "above the remaining sum insured")
    return found
