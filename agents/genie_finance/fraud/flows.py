"""Flows: the share of receipts that an account passed on at once; each rupee counts once."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from genie_finance.fraud.moments import Booked

PASS_WINDOW_S = 24 * 3600
"""Within which money that arrived has to leave again to count as passed on."""
_REGULAR_MONTHS = 3
"""A payer of so many calendar months is an employer, a tenant, a family: known, and not the start of a pass-through."""


@dataclass(slots=True)
class Account:
    """What came into an account and what left it, in order of time, in one currency."""

    id: str
    currency: str
    incoming: list[Booked] = field(default_factory=list)
    outgoing: list[Booked] = field(default_factory=list)

    @property
    def received_minor(self) -> int:
        """Everything that came in, in minor units."""
        return sum(one.transfer.amount.minor for one in self.incoming)


@dataclass(frozen=True, slots=True)
class Passed:
    """A receipt and what left again within the window."""

    received: Booked
    minor: int
    """Of the receipt, passed on; never more than it."""
    onward: tuple[Booked, ...]
    """The payments that took it, in order of time."""

    @property
    def share(self) -> float:
        """Part of the receipt that was passed on, 0 to 1."""
        return self.minor / self.received.transfer.amount.minor


def accounts_of(transfers: Iterable[Booked]) -> Mapping[tuple[str, str], Account]:
    """Return every account by its id and currency; a transfer to oneself is none."""
    found: dict[tuple[str, str], Account] = {}
    for one in transfers:
        transfer = one.transfer
        if transfer.sender == transfer.recipient:
            continue
        currency = transfer.amount.currency
        for id_, incoming in ((transfer.sender, False), (transfer.recipient, True)):
            if id_ is None:
                continue
            account = found.get((id_, currency))
            if account is None:
                account = found[id_, currency] = Account(id_, currency)
            (account.incoming if incoming else account.outgoing).append(one)
    return found


def wholesale(account: Account, *, least_minor: int) -> Account:
    """Return an account's large movements alone, without card payments: what it moves, not what it lives on."""

    def large(one: Booked) -> bool:
        return one.transfer.amount.minor >= least_minor and one.transfer.channel != "card"

    return Account(
        account.id, account.currency, list(filter(large, account.incoming)), list(filter(large, account.outgoing))
    )


def regular_payers(account: Account) -> frozenset[str]:
    """Return payers who paid in at least three calendar months."""
    payers = {one.transfer.sender for one in account.incoming}
    if len(account.incoming) - len(payers) < _REGULAR_MONTHS - 1:  # nobody paid so often, as with nearly every account
        return frozenset()
    months: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for one in account.incoming:
        if one.transfer.sender is not None:
            months[one.transfer.sender].add((one.day.year, one.day.month))
    return frozenset(payer for payer, seen in months.items() if len(seen) >= _REGULAR_MONTHS)


def passed_on(account: Account, *, window_s: float = PASS_WINDOW_S, regular: bool = True) -> tuple[Passed, ...]:
    """Return the receipts of which something was passed on, first in, first out.

    A payment takes the oldest money that is still within the window, so no rupee is passed on twice. Money of regular
    payers is spent by the same rule, but is none that was passed on. Where only the day is known, money may
    have come before any payment of its day, and the window reaches to the day's end.

    Args:
        account: In order of time.
        window_s: Seconds between receipt and payment, at most.
        regular: Money of regular payers is spent in its turn; False leaves it aside, as if it were saved.
    """
    queue: deque[list[int]] = deque()  # place among the receipts, what is left of it
    taken: defaultdict[int, int] = defaultdict(int)
    onward: defaultdict[int, list[Booked]] = defaultdict(list)
    aside = frozenset[str]() if regular else regular_payers(account)
    receipts = [one for one in account.incoming if one.transfer.sender not in aside] if aside else account.incoming
    place = 0
    for payment in account.outgoing:
        while place < len(receipts) and receipts[place].start <= payment.end:
            queue.append([place, receipts[place].transfer.amount.minor])
            place += 1
        while queue and receipts[queue[0][0]].end + window_s < payment.start:
            queue.popleft()
        left = payment.transfer.amount.minor
        while queue and left:
            part = min(left, queue[0][1])
            taken[queue[0][0]] += part
            onward[queue[0][0]].append(payment)
            queue[0][1] -= part
            left -= part
            if not queue[0][1]:
                queue.popleft()
    known = regular_payers(account) if regular and taken else frozenset[str]()
    return tuple(
        Passed(receipts[at], minor, tuple(onward[at]))
        for at, minor in sorted(taken.items())
        if receipts[at].transfer.sender not in known
    )
