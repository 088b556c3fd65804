"""Several files as one statement: the account of each, and the bookings that occur in more than one of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from genie_finance.contracts.statements import Statement, StatementReading, Transaction
from genie_finance.insights.making import changed
from genie_finance.insights.reading.choices import Choices
from genie_finance.insights.reading.identity import identity

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Sequence

_ENOUGH_ALIKE = 5
"""Least number of bookings equal in date and amount that shows that two files are of one account."""
_ALIKE_PERCENT = 90
_DAYS_APART = 31
"""Difference between the periods of accounts that is not reported."""

_Key = tuple["datetime.date", int, str]


class Part(NamedTuple):
    """One file that was read."""

    name: str
    """Distinct among the files."""
    reading: StatementReading
    content: bytes


@dataclass(slots=True)
class _Share:
    """The bookings of one account in one file."""

    part: Part
    account: str
    transactions: list[Transaction]

    @property
    def first(self) -> datetime.date:
        return min(t.date for t in self.transactions)

    @property
    def last(self) -> datetime.date:
        return max(t.date for t in self.transactions)


def merged(parts: Sequence[Part]) -> StatementReading:
    """Return the readings of several files as one, file by file.

    Each account's bookings count once, regardless of the number of files that contain them. A booking is the same in
    two files of one account and form if the bank's reference and the amount are the same; without a reference, if date,
    amount and narration are. In files of two formats, date and amount are enough. Of equal bookings, as many count as
    the file with the most of them contains. Dropped bookings, and the account that was assumed for each file, are
    reported.
    """
    choices = Choices()
    shares = _shares(parts)
    _name_accounts(shares, choices)
    kept: dict[str, list[_Share]] = defaultdict(list)
    for share in shares:
        before = kept[_key_of(share.account)]
        same = [_drop_repeated(share, other) for other in before if other.part is not share.part]
        _say_repeated(share, [other for other in before if other.part is not share.part], same, choices)
        before.append(share)
    _say_periods(kept, choices)
    return _reading(parts, shares, choices)


def _key_of(account: str) -> str:
    return "".join(filter(str.isalnum, account)).upper()


def _shares(parts: Sequence[Part]) -> list[_Share]:
    found: list[_Share] = []
    for part in parts:
        accounts: dict[str, _Share] = {}
        spelt: dict[str, _Share] = {}
        for transaction in part.reading.statement.transactions:
            share = spelt.get(transaction.account)
            if share is None:
                share = accounts.setdefault(_key_of(transaction.account), _Share(part, transaction.account, []))
                spelt[transaction.account] = share
            share.transactions.append(transaction)
        found += accounts.values()
    return found


# Whose account


def _name_accounts(shares: list[_Share], choices: Choices) -> None:
    """Assign an account to shares that name none: that of a file with the same bookings, else a new one."""
    known = [share for share in shares if share.account]
    for share in shares:
        if share.account:
            continue
        twin = next((other for other in known if _is_same_account(share, other)), None)
        if twin is not None:
            share.account = twin.account
            choices.assume(
                "account", f"the one of {twin.part.name}",
                "the file names no account, and on the days that both cover it has the bookings of "
                f"{twin.part.name}", "account: NAME", file=share.part.name,
            )  # fmt: skip
        else:
            share.account = share.part.name
            choices.assume(
                "account", "one of its own",
                "the file names no account; movements between it and the others count as transfers where they match",
                "account: NAME", file=share.part.name,
            )  # fmt: skip
        known.append(share)


def _is_same_account(share: _Share, other: _Share) -> bool:
    if share.part is other.part:
        return False
    if share.part.content == other.part.content:
        return True
    mine, others = _keys_within(share, other), _keys_within(other, share)
    alike = (mine & others).total()
    return alike >= _ENOUGH_ALIKE and alike * 100 >= _ALIKE_PERCENT * max(mine.total(), others.total())


def _keys_within(share: _Share, other: _Share) -> Counter[_Key]:
    start, end = max(share.first, other.first), min(share.last, other.last)
    return Counter(_key(t) for t in share.transactions if start <= t.date <= end)


def _key(transaction: Transaction) -> _Key:
    return transaction.date, transaction.amount.minor, transaction.amount.currency


# Bookings in more than one file


def _drop_repeated(share: _Share, other: _Share) -> int:
    """Remove bookings that an earlier file of the account contains too; return how many."""
    one_form = share.part.reading.form == other.part.reading.form
    loose = _repeated(share.transactions) | _repeated(other.transactions)

    def mark(transaction: Transaction) -> object:
        if not one_form:
            return _key(transaction)
        if transaction.reference and transaction.reference not in loose:
            return transaction.reference, transaction.amount.minor, transaction.amount.currency
        return *_key(transaction), transaction.narration.casefold()

    left = Counter(map(mark, other.transactions))
    stays = []
    for transaction in share.transactions:
        same = mark(transaction)
        if left[same]:
            left[same] -= 1
        else:
            stays.append(transaction)
    dropped = len(share.transactions) - len(stays)
    share.transactions = stays
    return dropped


def _repeated(transactions: Iterable[Transaction]) -> frozenset[str]:
    """Return the references that a file uses more than once, which therefore do not identify a booking."""
    counts = Counter(transaction.reference for transaction in transactions)
    return frozenset(reference for reference, count in counts.items() if count > 1)


def _say_repeated(share: _Share, before: list[_Share], dropped: list[int], choices: Choices) -> None:
    for other, count in zip(before, dropped, strict=True):
        if count:
            choices.notice(f"{share.part.name}: {count} bookings are also in {other.part.name} and are counted once")


def _say_periods(kept: dict[str, list[_Share]], choices: Choices) -> None:
    """Report accounts that cover different periods: the totals of a month that one of them lacks are too low."""
    periods = []
    for shares in kept.values():
        dates = [t.date for share in shares for t in share.transactions]
        if dates:
            periods.append((min(dates), max(dates), shares[0].part.name))
    if len(periods) < 2:
        return
    starts, ends = [start for start, _, _ in periods], [end for _, end, _ in periods]
    if (max(starts) - min(starts)).days > _DAYS_APART or (max(ends) - min(ends)).days > _DAYS_APART:
        told = "; ".join(f"{name} {start} to {end}" for start, end, name in periods[:10])
        choices.notice(f"the accounts cover different periods, so their months are not comparable: {told}")


# The whole


def _reading(parts: Sequence[Part], shares: list[_Share], choices: Choices) -> StatementReading:
    seen: dict[str, int] = {}
    spelt: dict[str, str] = {}
    shares_of = Counter(_key_of(share.account) for share in shares)
    transactions: list[Transaction] = []
    for share in shares:
        account = spelt.setdefault(_key_of(share.account), share.account)
        # An account that stands in one file, under one name, has its ids already.
        has_ids = shares_of[_key_of(account)] == 1 and all(one.account == account for one in share.transactions)
        for one in share.transactions:
            if has_ids and one.file == share.part.name:  # as readers of tables leave it: nothing is to be changed
                transactions.append(one)
                continue
            id_ = one.id if has_ids else identity(account, one.date, one.narration, one.amount, seen)
            transactions.append(changed(one, {"id": id_, "account": account, "file": share.part.name}))
    only = next(iter(spelt.values())) if len(spelt) == 1 else ""
    return StatementReading(
        statement=Statement(account=only, transactions=tuple(transactions)),
        assumptions=(
            *(one.model_copy(update={"file": part.name}) for part in parts for one in part.reading.assumptions),
            *choices.assumptions,
        ),
        unproven=tuple(one.model_copy(update={"file": part.name}) for part in parts for one in part.reading.unproven),
        notices=(*(f"{part.name}: {one}" for part in parts for one in part.reading.notices), *choices.notices),
        quarantined=tuple(
            one.model_copy(update={"file": part.name}) for part in parts for one in part.reading.quarantined
        ),
    )
