"""Rails for rupees: which can carry an order, which is chosen, and when the money should arrive."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import Field

from genie_finance.contracts.payments import PaymentOrder, Purpose, Rail, RailChoice
from genie_finance.domain.rulebook import Edition, Rules, Table, edition

Amount = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 12)]
Minutes = Annotated[int, Field(gt=0, le=1440)]


class RailRules(Rules):
    """One rail. All of them run round the clock, every day of the year."""

    least: Amount
    most: Amount | None = None
    """None if the rail has no limit; banks may have one."""
    batch_minutes: Minutes | None = None
    """Interval of settlements from midnight on; None if it settles at once."""
    credit_minutes: Minutes
    """Time from the settlement until the beneficiary has the money."""


class UpiRules(Rules):
    """UPI's limits for one purpose."""

    most: Amount
    most_in_day: Amount | None = None


class PaymentRules(Rules):
    """Rails and limits on the days of an edition."""

    rails: Mapping[Rail, RailRules]
    upi: Mapping[Purpose, UpiRules]


RAILS = Table("payment_rails_in", PaymentRules)
INDIA = datetime.timezone(datetime.timedelta(hours=5, minutes=30), "IST")
"""India has one time zone and no summer time."""


class Addresses(NamedTuple):
    """The well-formed addresses of the beneficiary."""

    vpa: bool
    account: bool


def in_force(now: datetime.datetime) -> Edition[PaymentRules]:
    """Return the rules of the current day in India.

    Raises:
        InputError: No edition covers the day.
    """
    return edition(RAILS, on=now.astimezone(INDIA).date())


def choices(
    order: PaymentOrder, addresses: Addresses, upi_today: Decimal, rules: PaymentRules
) -> tuple[RailChoice, ...]:
    """Return every rail with whether it can carry the order, in the order of preference.

    UPI first if there is an address for it; then RTGS, whose settlement is final; then IMPS and NEFT, for payments that
    are not urgent in reverse order.

    Args:
        order: The order to pay.
        addresses: Which addresses can be used.
        upi_today: Rupees that the payer has sent by UPI for this purpose today.
        rules: Limits in force.
    """
    quick: tuple[Rail, ...] = ("imps", "neft") if order.urgency != "any" else ("neft", "imps")
    return tuple(_choice(rail, order, addresses, upi_today, rules) for rail in ("upi", "rtgs", *quick))


def _choice(
    rail: Rail, order: PaymentOrder, addresses: Addresses, upi_today: Decimal, rules: PaymentRules
) -> RailChoice:
    amount, found = order.amount.amount, rules.rails[rail]
    if rail == "upi" and not addresses.vpa:
        return _no(rail, "there is no UPI address")
    if rail != "upi" and not addresses.account:
        return _no(rail, "there is no account with an IFSC")
    if amount < found.least:
        return _no(rail, f"its minimum is {found.least:,} rupees")
    if found.most is not None and amount > found.most:
        return _no(rail, f"its maximum is {found.most:,} rupees")
    if rail == "upi":
        limit = rules.upi[order.purpose]
        if amount > limit.most:
            return _no(rail, f"its maximum for the purpose {order.purpose} is {limit.most:,} rupees")
        if limit.most_in_day is not None and upi_today + amount > limit.most_in_day:
            return _no(rail, f"with {upi_today:,} rupees sent today it would exceed {limit.most_in_day:,} a day")
    return RailChoice(rail=rail, fits=True, reason="within its limits")


def _no(rail: Rail, reason: str) -> RailChoice:
    return RailChoice(rail=rail, fits=False, reason=reason)


def expected_by(rail: Rail, sent: datetime.datetime, rules: PaymentRules) -> datetime.datetime:
    """Return when the beneficiary should have the money of a payment sent at that moment, in Indian time."""
    found, local = rules.rails[rail], sent.astimezone(INDIA)
    settled = local
    if found.batch_minutes is not None:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        batch = datetime.timedelta(minutes=found.batch_minutes)
        settled = midnight + batch * ((local - midnight) // batch + 1)
    return settled + datetime.timedelta(minutes=found.credit_minutes)
