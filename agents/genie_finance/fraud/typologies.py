"""Typologies of laundering for the principal officer, each with its transfers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from genie_finance.contracts.fraud import ScreeningHit, Severity, SuspicionDraft
from genie_finance.contracts.money import Money, minor_units
from genie_finance.domain.rulebook import edition
from genie_finance.fraud.circuits import circuits
from genie_finance.fraud.flows import accounts_of, passed_on
from genie_finance.fraud.moments import DAY_S, Booked
from genie_finance.fraud.reports import Owners
from genie_finance.fraud.rings import CURRENCY
from genie_finance.fraud.tables import CALL_FOR_ACTION, PMLA

JUST_BELOW = Decimal("0.8")
"""Share of the threshold above which cash counts as just below it."""
_DAYS_S = 7 * DAY_S
_FEWEST = 3
_ROUND_MINOR = 50_000_00
_RAPID_SHARE = 0.9


def structuring(transfers: Sequence[Booked], owners: Owners) -> Iterator[SuspicionDraft]:
    """Yield runs of at least three cash amounts of one customer and direction, each just below a threshold.

    Thresholds are that of the monthly report and, for deposits, that above which a tax number is required; the
    threshold itself counts as below. Three are within seven days, and overlapping runs are merged. Earlier and later
    transfers and their order do not matter.
    """
    groups: defaultdict[tuple[str, bool, Decimal], list[Booked]] = defaultdict(list)
    for one in transfers:
        if one.transfer.channel != "cash" or one.transfer.amount.currency != CURRENCY:
            continue
        rules, amount = edition(PMLA, on=one.day).rules, one.transfer.amount.amount
        for limit in (rules.cash_month, rules.deposit_with_pan):
            if not JUST_BELOW * limit <= amount <= limit:
                continue
            if one.transfer.recipient is not None:
                groups[owners.customer(one.transfer.recipient), True, limit].append(one)
            elif one.transfer.sender is not None and limit == rules.cash_month:
                groups[owners.customer(one.transfer.sender), False, limit].append(one)
    for (customer, deposit, limit), rows in sorted(groups.items()):
        reported = limit == edition(PMLA, on=rows[0].day).rules.cash_month
        for run in _runs(rows):
            kind = "deposits" if deposit else "withdrawals"
            law = "a report is due" if reported else "a tax number is required"
            text = (
                f"{len(run)} cash {kind} of customer {customer}, three or more within seven days, each between "
                f"{JUST_BELOW * 100:.0f} and 100 percent of the {limit:,} rupees above which {law}."
            )
            yield _draft("structuring", "high" if reported else "medium", (customer,), run, text)


def _runs(rows: Sequence[Booked]) -> Iterator[list[Booked]]:
    """Yield the runs with at least three within the window; overlapping windows are merged."""
    low, since, until = 0, 0, -1  # the run that grows is rows[since : until + 1]
    for high, one in enumerate(rows):
        while rows[low].start < one.start - _DAYS_S:
            low += 1
        if high - low + 1 < _FEWEST:
            continue
        if until >= 0 and low > until:
            yield list(rows[since : until + 1])
            until = -1
        since = low if until < 0 else since
        until = high
    if until >= 0:
        yield list(rows[since : until + 1])


def round_trips(transfers: Sequence[Booked], owners: Owners) -> Iterator[SuspicionDraft]:
    """Yield money that returned to its sender through at least two others."""
    own = [one for one in transfers if one.transfer.amount.currency == CURRENCY]
    for trip in circuits(own, least_minor=_ROUND_MINOR):
        customers = tuple(dict.fromkeys(owners.customer(account) for account in trip.accounts))
        if len(customers) > 1:
            text = f"Money of customer {customers[0]} returned through {len(trip.accounts) - 1} accounts."
            yield _draft("round_trip", "high", customers, trip.steps, text)


def rapid_movement(transfers: Sequence[Booked], owners: Owners) -> Iterator[SuspicionDraft]:
    """Yield accounts that passed on more than the cash threshold, nine tenths of each receipt within a day."""
    for (account_id, currency), account in sorted(accounts_of(transfers).items()):
        if currency != CURRENCY or not account.outgoing:
            continue
        passes = [one for one in passed_on(account) if one.share >= _RAPID_SHARE]
        total = sum(one.minor for one in passes)
        if passes and total > minor_units(edition(PMLA, on=passes[0].received.day).rules.cash_month, CURRENCY):
            rows = [row for one in passes for row in (one.received, *one.onward)]
            amount = Money(minor=total, currency=CURRENCY)
            text = f"{amount} left account {account_id} within a day of its receipt, from {len(passes)} receipts."
            yield _draft("rapid_movement", "medium", (owners.customer(account_id),), rows, text, amount=amount)


def high_risk_countries(transfers: Sequence[Booked], owners: Owners) -> Iterator[SuspicionDraft]:
    """Yield transfers to or from countries on the FATF's call for action of their day."""
    for one in transfers:
        countries = {one.transfer.sender_country, one.transfer.recipient_country} - {None}
        if not countries:
            continue
        listed = sorted(code for code in edition(CALL_FOR_ACTION, on=one.day).rules.countries if code in countries)
        if listed:
            known = [account for account in (one.transfer.sender, one.transfer.recipient) if account is not None]
            customers = tuple(owners.customer(account) for account in known)
            text = f"Money to or from {', '.join(listed)}, for which the FATF calls for action."
            yield _draft("high_risk_country", "high", customers, (one,), text)


def screening(hits: Sequence[ScreeningHit], transfers: Sequence[Booked], owners: Owners) -> Iterator[SuspicionDraft]:
    """Yield accounts whose names a screening found on a list, with their movements."""
    named = {hit.account_id for hit in hits}
    moved: defaultdict[str, list[Booked]] = defaultdict(list)
    for one in transfers:
        for account in {one.transfer.sender, one.transfer.recipient}:
            if account in named and account is not None:
                moved[account].append(one)
    for hit in sorted(hits, key=lambda one: (one.account_id, one.list_name)):
        rows = moved[hit.account_id]
        if rows:
            text = f"The name of account {hit.account_id} is on {hit.list_name} with a similarity of {hit.score}."
            own = [one for one in rows if one.transfer.amount.currency == CURRENCY]
            yield _draft("screening_hit", "high", (owners.customer(hit.account_id),), own or rows[:1], text)


def _draft(
    typology: str,
    severity: Severity,
    customers: tuple[str, ...],
    rows: Sequence[Booked],
    text: str,
    *,
    amount: Money | None = None,
) -> SuspicionDraft:
    unique = list({one.transfer.transaction_id: one for one in sorted(rows, key=_order)}.values())
    total = Money(
        minor=sum(one.transfer.amount.minor for one in unique), currency=unique[0].transfer.amount.currency
    )  # fmt: skip
    return SuspicionDraft(
        typology=typology,
        severity=severity,
        customer_ids=customers,
        transaction_ids=tuple(one.transfer.transaction_id for one in unique),
        amount=amount or total,
        first=unique[0].day,
        last=unique[-1].day,
        narrative=text,
    )


def _order(one: Booked) -> tuple[float, str]:
    return (one.start, one.transfer.transaction_id)
