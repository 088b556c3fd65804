"""Redress: when the ombudsman accepts a complaint, and the customer's liability for an unauthorised payment."""

from __future__ import annotations

import datetime
from decimal import Decimal

from genie_finance.contracts.complaints import ComplaintFiled, LiabilityView, Nature, OmbudsmanView
from genie_finance.contracts.money import Money
from genie_finance.service.tables import BankDays, LiabilityRules, OmbudsmanRules

_EPOCH = datetime.date(1, 1, 1)  # a Monday
_SATURDAY = 5


def working_days(start: datetime.date, end: datetime.date, days: BankDays) -> int:
    """Return the working days of banks after a day up to another; Sundays and free Saturdays do not count."""
    return max(_until(end, days) - _until(start, days), 0)


def _until(day: datetime.date, days: BankDays) -> int:
    """Return the working days from the first day of the calendar up to a day, without iterating over them."""
    weeks, rest = divmod((day - _EPOCH).days + 1, 7)
    months = (day.year - 1) * 12 + day.month - 1
    first = (_SATURDAY - day.replace(day=1).weekday()) % 7 + 1
    gone = sum(first + (nth - 1) * 7 <= day.day for nth in days.saturdays_off)
    return weeks * 6 + min(rest, 6) - months * len(days.saturdays_off) - gone


def is_working(day: datetime.date, days: BankDays) -> bool:
    """Return whether banks work on a day."""
    if day.weekday() == _SATURDAY:
        return (day.day - 1) // 7 + 1 not in days.saturdays_off
    return day.weekday() < _SATURDAY


def working_day_after(start: datetime.date, count: int, days: BankDays) -> datetime.date:
    """Return the day after which so many working days have passed."""
    end = start
    while count > 0:
        end += datetime.timedelta(days=1)
        count -= is_working(end, days)
    return end


def ombudsman(
    complaint: ComplaintFiled, *, named: bool, as_of: datetime.date, rules: OmbudsmanRules, doubt: str
) -> OmbudsmanView:
    """Return whether a complaint may go to the ombudsman on a day.

    The bank must be asked first: the window opens after its reply, or when the waiting period ends without one.

    Args:
        complaint: The complaint, and the bank's reply.
        named: Whether the text names the deficiency.
        as_of: Day of the question.
        rules: The scheme of that day.
        doubt: Why the scheme's figures cannot be relied on; empty if they were checked.
    """
    wait, window = datetime.timedelta(days=rules.wait_days), datetime.timedelta(days=rules.window_days)
    replied = complaint.replied_on
    if replied is not None and replied <= complaint.received_on + wait:
        first, last = replied, replied + window
        said = f"The bank replied on {replied}"
    else:
        first = complaint.received_on + wait + datetime.timedelta(days=1)
        last = complaint.received_on + wait + window
        said = f"The bank has until {complaint.received_on + wait} to reply"
    eligible: bool | None = first <= as_of <= last
    if complaint.received_on > as_of or (replied is not None and not complaint.received_on <= replied <= as_of):
        eligible, said = None, f"{said}; these dates are contradictory on {as_of}, so a person must check them."
    elif doubt:
        eligible, said = None, f"{said}; whether the ombudsman accepts it is unknown: {doubt}."
    elif as_of < first:
        said += f"; the ombudsman accepts no complaint before {first}."
    elif as_of > last:
        said += f"; the ombudsman accepts no complaint after {last}."
    elif not named:
        eligible, said = None, f"{said}; a person must name the deficiency of the service."
    elif replied is not None and complaint.rejected is None:
        eligible, said = None, f"{said}; whether the customer got what was requested is unknown."
    elif replied is not None and complaint.rejected is False:
        eligible, said = None, f"{said} and granted the request; only dissatisfied customers can proceed."
    else:
        said += f"; the complaint can be filed until {last}."
    return OmbudsmanView(
        eligible=eligible,
        from_day=first,
        until_day=last,
        compensation_limit=_rupees(rules.compensation),
        distress_limit=_rupees(rules.distress),
        reason=said,
    )


def liability(
    complaint: ComplaintFiled, nature: Nature, *, as_of: datetime.date, rules: LiabilityRules, days: BankDays
) -> LiabilityView | None:
    """Return the customer's share of an unauthorised transaction; None for other complaints.

    It applies to a loss that is neither the customer's nor the bank's fault. A customer who gave away a password bears
    the loss until the report, and no customer bears a loss that the bank caused: a person must establish the cause.
    """
    if nature != "unauthorised_transaction":
        return None
    reported = complaint.reported_on or complaint.received_on
    credit = working_day_after(reported, rules.credit_working_days, days)
    resolution = reported + datetime.timedelta(days=rules.resolution_days)
    reason = ""
    if complaint.occurred_on is None:
        reason = "The day of the transaction is unknown, so the delay of the report is unknown."
    elif not complaint.occurred_on <= reported <= as_of:
        reason = f"The dates are contradictory: transaction {complaint.occurred_on}, report {reported}, as of {as_of}."
    if complaint.occurred_on is None or reason:
        return LiabilityView(
            delay_working_days=None,
            bears="undetermined",
            most=None,
            reason=reason,
            credit_due=credit,
            resolution_due=resolution,
        )
    working = working_days(complaint.occurred_on, reported, days)
    delay = working if rules.days_are_working else max((reported - complaint.occurred_on).days, 0)
    unit = "working days" if rules.days_are_working else "days"
    if delay <= rules.nothing_up_to:
        return LiabilityView(
            delay_working_days=working,
            bears="nothing",
            most=_rupees(Decimal(0)),
            reason=f"Reported after {delay} {unit}; up to {rules.nothing_up_to} the customer bears nothing.",
            credit_due=credit,
            resolution_due=resolution,
        )
    if delay <= rules.limited_up_to:
        limit = getattr(rules.limits, complaint.account_kind or "other")
        whose = (
            "for this kind of account"
            if complaint.account_kind
            else "that is the highest, as the kind of account is unknown"
        )
        return LiabilityView(
            delay_working_days=working,
            bears="limited",
            most=_rupees(limit if complaint.amount is None else min(limit, complaint.amount.amount)),
            reason=f"Reported after {delay} {unit}: at most the amount, and at most the limit {whose}, {limit:,} "
            "rupees.",
            credit_due=credit,
            resolution_due=resolution,
        )
    reason = f"Reported after {delay} {unit}: the bank's own policy decides the customer's share."
    return LiabilityView(
        delay_working_days=working,
        bears="by_policy",
        most=None,
        reason=reason,
        credit_due=credit,
        resolution_due=resolution,
    )


def _rupees(amount: Decimal) -> Money:
    return Money.of(amount, "INR")
