"""Monthly reports under the PMLA: cash, cross-border wires, receipts of non-profit organisations."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from genie_finance.contracts.fraud import AccountOwner, ReportDue
from genie_finance.contracts.money import Money, minor_units
from genie_finance.domain.rulebook import Edition, edition
from genie_finance.fraud.moments import Booked
from genie_finance.fraud.tables import PMLA, PmlaRules


@dataclass(frozen=True, slots=True)
class Owners:
    """Account -> customer; an account without a named customer is its own customer."""

    by_account: Mapping[str, AccountOwner]

    def customer(self, account_id: str) -> str:
        """Return the customer of an account."""
        owner = self.by_account.get(account_id)
        return account_id if owner is None else owner.customer_id

    def non_profit(self, account_id: str) -> bool | None:
        """Return whether the account belongs to a non-profit organisation; None if unknown."""
        owner = self.by_account.get(account_id)
        return None if owner is None else owner.is_non_profit


def month_of(day: datetime.date) -> datetime.date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def due_of(month: datetime.date, rules: PmlaRules) -> datetime.date:
    """Return the last day for a month's reports."""
    following = datetime.date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return following.replace(day=rules.due_day)


def reports_due(transfers: Sequence[Booked], owners: Owners) -> tuple[ReportDue, ...]:
    """Return reports by month, kind and customer.

    Raises:
        InputError: No edition of the rules covers a transfer.
    """
    found: list[ReportDue] = []
    months: defaultdict[datetime.date, list[Booked]] = defaultdict(list)
    for one in transfers:
        months[month_of(one.day)].append(one)
    for month, rows in sorted(months.items()):
        rules = edition(PMLA, on=month)
        own = [one for one in rows if one.transfer.amount.currency == rules.rules.currency]
        found += _cash(own, owners, month, rules)
        found += _single(own, owners, month, rules)
    return tuple(sorted(found, key=lambda one: (one.month, one.kind, one.customer_id, one.clause)))


def _cash(
    rows: Iterable[Booked], owners: Owners, month: datetime.date, found: Edition[PmlaRules]
) -> Iterator[ReportDue]:
    """Cash in and cash out are added up separately; small amounts count, but are not named.

    Source: rule 3(1)(A) and (B); for sums and details RBI's circulars of 2008, as the table names them.
    """
    rules = found.rules
    limit, named = (minor_units(amount, rules.currency) for amount in (rules.cash_month, rules.cash_detail_from))
    groups: defaultdict[tuple[str, bool], list[Booked]] = defaultdict(list)
    for one in rows:
        if one.transfer.channel != "cash":
            continue
        if one.transfer.recipient is not None:
            groups[owners.customer(one.transfer.recipient), True].append(one)
        if one.transfer.sender is not None:
            groups[owners.customer(one.transfer.sender), False].append(one)
    for (customer, deposits), cash in groups.items():
        total = sum(one.transfer.amount.minor for one in cash)
        if total <= limit:
            continue
        single = any(one.transfer.amount.minor > limit for one in cash)
        clause = f"rule 3(1)({'A' if single else 'B'}): cash {'deposits' if deposits else 'withdrawals'} of the month"
        shown = [one for one in cash if one.transfer.amount.minor >= named] or cash
        yield _report("CTR", customer, month, shown, total, clause, rules)


def _single(
    rows: Iterable[Booked], owners: Owners, month: datetime.date, found: Edition[PmlaRules]
) -> Iterator[ReportDue]:
    rules = found.rules
    wire, gift = (minor_units(amount, rules.currency) for amount in (rules.cross_border, rules.non_profit))
    groups: defaultdict[tuple[str, str], list[Booked]] = defaultdict(list)
    for one in rows:
        transfer = one.transfer
        countries = (transfer.sender_country, transfer.recipient_country)
        if None not in countries and transfer.channel != "cash" and transfer.amount.minor > wire:
            party = transfer.sender if countries[0] == rules.home else transfer.recipient
            if (countries[0] == rules.home) != (countries[1] == rules.home) and party is not None:
                groups["CBWTR", owners.customer(party)].append(one)
        if transfer.recipient is not None and owners.non_profit(transfer.recipient) and transfer.amount.minor > gift:
            groups["NTR", owners.customer(transfer.recipient)].append(one)
    for (kind, customer), found_rows in groups.items():
        total = sum(one.transfer.amount.minor for one in found_rows)
        clause = "rule 3(1)(E): wires across the border" if kind == "CBWTR" else "rule 3(1)(BA): receipts"
        yield _report(kind, customer, month, found_rows, total, clause, rules)


def _report(
    kind: str,
    customer: str,
    month: datetime.date,
    rows: Iterable[Booked],
    total_minor: int,
    clause: str,
    rules: PmlaRules,
) -> ReportDue:
    return ReportDue.model_validate(
        {
            "kind": kind,
            "customer_id": customer,
            "month": month,
            "due": due_of(month, rules),
            "amount": Money(minor=total_minor, currency=rules.currency),
            "transaction_ids": tuple(one.transfer.transaction_id for one in rows),
            "clause": clause,
        }
    )
