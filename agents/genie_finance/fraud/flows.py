"""Flows: the fraction of receipts that an account soon passed on; each rupee counts once."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from genie_finance.fraud.moments import Booked

PASS_WINDOW_S = 24 * 3600
"""Maximum time between a receipt and a payment that passes it on."""
_REGULAR_MONTHS = 3
"""Calendar months from which a payer counts as regular, such as an employer: not the start of a pass-through."""


@dataclass(slots=True)
class Account:
    """Incoming and outgoing money of an account, in order of time, in one currency."""

    id: str
    currency: str
    incoming: list[Booked] = field(default_factory=list)
    outgoing: list[Booked] = field(default_factory=list)

    @property
    def received_minor(self) -> int:
        """Sum of all receipts, in minor units."""
        return sum(one.transfer.amount.minor for one in self.incoming)


@dataclass(frozen=True, slots=True)
class Passed:
    """A receipt, and the payments that passed it on within the window."""

    received: Booked
    minor: int
    """Part of the receipt that was passed on; never more than the receipt."""
    onward: tuple[Booked, ...]
    """The payments that passed it on, in order of time."""

    @property
    def share(self) -> float:
        """Fraction of the receipt that was passed on, 0 to 1."""
        return self.minor / self.received.transfer.amount.minor


def accounts_of(transfers: Iterable[Booked]) -> Mapping[tuple[str, str], Account]:
    """Return every account by its id and currency; transfers to oneself are left out."""
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
    """Return an account's large movements without card payments, which excludes everyday spending."""

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
    """Return the receipts that were partly passed on, first in, first out.

    A payment uses the oldest money within the window, so no rupee is passed on twice. The money of regular payers is
    used up in the same order, but never counts as passed on. If only the day is known, a receipt may precede any
    payment of its day, and the window extends to the end of the day.

    Args:
        account: In order of time.
        window_s: Maximum seconds between receipt and payment.
        regular: True uses up money of regular payers in order; False ignores it, as if it were saved.
    """
    queue: deque[list[int]] = deque()  # place among the receipts, remaining amount
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
