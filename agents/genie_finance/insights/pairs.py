"""Finds movements that cancel each other: both legs of a transfer between own accounts, a refund and its purchase."""

from __future__ import annotations

import datetime
import itertools
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from genie_finance.contracts.statements import Transaction
from genie_finance.domain import categories, narrations
from genie_finance.domain.categories import Category, Kind
from genie_finance.domain.narrations import Rail
from genie_finance.domain.proceeds import unearned

TRANSFER_DAYS = 3
"""Maximum duration of a transfer between two banks, weekend included."""
REFUND_DAYS = 90
"""Longest time between a purchase and its refund."""
_LOOK_BACK = 50
"""Maximum number of candidates for one movement, so that many equal ones cost no more."""

BANK_RAILS = frozenset(
    {Rail.TRANSFER, Rail.NEFT, Rail.IMPS, Rail.RTGS, Rail.UPI, Rail.SEPA, Rail.STANDING_ORDER, Rail.WIRE, Rail.PIX}
)
"""Rails over which people move their own money."""
_ACCOUNTS = frozenset(
    [
        "account",
        "accounts",
        "acct",
        "ac",
        "bank",
        "ca",
        "cc",
        "checking",
        "chequing",
        "chk",
        "current",
        "deposit",
        "ft",
        "girokonto",
        "konto",
        "main",
        "mob",
        "sav",
        "saving",
        "savings",
        "sb",
        "sparkonto",
        "tagesgeld",
        "tpft",
        "tpt",
    ]
)
"""Words of a payee that mean an account, a bank's form or a bank, not a person."""
_OPEN = frozenset({Category.UNCATEGORISED, Category.PEOPLE_PAYMENTS, Category.DEBT_CARD_BILL})


def says_refund(transaction: Transaction) -> bool:
    """Return True for a shop's refund: the text says so, or it was paid to a card."""
    if transaction.amount.minor <= 0:
        return False
    return transaction.rail == Rail.CARD or narrations.says_refund(transaction.narration)


def in_order(transactions: Sequence[Transaction]) -> Sequence[int]:
    """Return positions by date, money out before money in on one day, independent of the order in the file."""
    keys = [(one.date, one.amount.minor > 0, one.line, one.id) for one in transactions]
    return sorted(range(len(transactions)), key=keys.__getitem__)


def transfers(transactions: Sequence[Transaction], order: Sequence[int] | None = None) -> Mapping[int, int]:
    """Return the positions of the legs of transfers between own accounts, each leg -> the other.

    Both legs are in the statement, in different accounts, of the same amount, at most ``TRANSFER_DAYS`` apart; neither
    is known to be anything else, they do not name different parties, and at least one used a rail for transfers or is
    called a transfer.

    Args:
        transactions: Transactions that are categorised one by one.
        order: Result of ``in_order``, if it is known.
    """
    waiting: dict[tuple[str, int], deque[int]] = defaultdict(deque)
    legs: dict[int, int] = {}
    minors = [one.amount.minor for one in transactions]
    both_ways = moved_both_ways(minors)
    for at in in_order(transactions) if order is None else order:
        if abs(minors[at]) not in both_ways:
            continue
        one = transactions[at]
        if not _may_be_transfer(one):
            continue
        opposite = waiting[one.amount.currency, -one.amount.minor]
        _drop_old(opposite, transactions, one.date, TRANSFER_DAYS)
        partner = next(
            (
                other
                for other in itertools.islice(opposite, _LOOK_BACK)
                if transactions[other].account != one.account
                and (_is_moved(one) or _is_moved(transactions[other]))
                and not name_two_parties(one, transactions[other])
            ),
            None,
        )
        if partner is None:
            waiting[one.amount.currency, one.amount.minor].append(at)
        else:
            opposite.remove(partner)
            legs[at], legs[partner] = partner, at
    return legs


def moved_both_ways(minors: Sequence[int]) -> frozenset[int]:
    """Return the positive amounts that went both in and out; nothing else can be a transfer."""
    moved = frozenset(minors)
    return frozenset(minor for minor in moved if minor > 0 and -minor in moved)


def _may_be_transfer(transaction: Transaction) -> bool:
    return transaction.category in _OPEN or categories.info(transaction.category).kind is Kind.TRANSFER


def _is_moved(transaction: Transaction) -> bool:
    return categories.info(transaction.category).kind is Kind.TRANSFER or transaction.rail in BANK_RAILS


def name_two_parties(one: Transaction, other: Transaction) -> bool:
    """Return whether two bookings name different parties: then they are not two legs of one transfer.

    A name is the same with its words in another order, with some of them left out, or replaced by initials. If a
    booking names nobody, or says that it is the holder's own transfer, the result is False.
    """
    first, second = _party(one), _party(other)
    if not first or not second or "own_transfer" in (unearned(one.narration), unearned(other.narration)):
        return False
    return not (_within(first, second) or _within(second, first))


def _within(shorter: frozenset[str], longer: frozenset[str]) -> bool:
    """Return whether every word of a name is in another one, or is the initial of one of its words."""
    whole = [word for word in shorter if len(word) > 1]
    initials = {word[0] for word in longer}
    return bool(whole) and longer.issuperset(whole) and all(word in initials for word in shorter.difference(whole))


def _party(transaction: Transaction) -> frozenset[str]:
    payee = transaction.merchant or narrations.read(transaction.narration).payee
    return frozenset(
        word
        for word in narrations.words(payee)
        if word not in _ACCOUNTS and not narrations.is_tail(word) and not narrations.is_bank(word)
    )


def _drop_old(queue: deque[int], transactions: Sequence[Transaction], date: datetime.date, days: int) -> None:
    while queue and (date - transactions[queue[0]].date).days > days:
        queue.popleft()


def refunds(
    transactions: Sequence[Transaction], *, skip: Mapping[int, int], order: Sequence[int] | None = None
) -> Mapping[int, int]:
    """Return the positions of refunds -> the purchase that each refunds, wholly or in part.

    A refund follows its purchase from the same merchant within ``REFUND_DAYS``. With the same amount, a merchant of an
    expense category or the same narration is enough; with a smaller amount, the text or the card rail must show that it
    is a refund.

    Args:
        transactions: Transactions that are categorised one by one.
        skip: Positions that are legs of transfers.
        order: Result of ``in_order``, if it is known.
    """
    back = _may_take_back(transactions, skip)
    if not back:
        return {}
    came = frozenset(transactions[at].amount.minor for at in back)
    purchases = {key: _Purchases(transactions, came) for key in back.values()}
    found: dict[int, int] = {}
    for at in in_order(transactions) if order is None else order:
        one = transactions[at]
        if at in back:
            partner = purchases[back[at]].take(one)
            if partner is not None:
                found[at] = partner
        elif one.amount.minor < 0 and at not in skip and _is_spending(one):
            made = purchases.get(_counterparty(one))
            if made is not None:
                made.add(at)
    return found


_Counterparty = tuple[str, str, str]
"""An account, a currency, and the other party."""


def _may_take_back(transactions: Sequence[Transaction], skip: Mapping[int, int]) -> dict[int, _Counterparty]:
    """Return positions of money in that can be a refund: the text says so, or the same amount went out."""
    out = frozenset(-one.amount.minor for one in transactions)
    return {
        at: _counterparty(one)
        for at, one in enumerate(transactions)
        if one.amount.minor > 0 and at not in skip and _is_spending(one)
        and (one.amount.minor in out or says_refund(one))
    }  # fmt: skip


def _is_spending(transaction: Transaction) -> bool:
    kind = categories.info(transaction.category).kind
    return kind is not Kind.TRANSFER and kind is not Kind.INCOME


def _counterparty(transaction: Transaction) -> _Counterparty:
    return transaction.account, transaction.amount.currency, _payee(transaction)


def _payee(transaction: Transaction) -> str:
    return transaction.merchant or " ".join(narrations.words(transaction.narration))


class _Purchases:
    """Purchases from one payee in order of time; a refund belongs to one of the latest ``_LOOK_BACK``.

    Those of a refund's amount are found by index, since few receipts from a payee are refunds.

    Args:
        transactions: The list that positions refer to.
        came: Amounts that came in; only purchases of these are kept by amount.
    """

    def __init__(self, transactions: Sequence[Transaction], came: frozenset[int]) -> None:
        self._transactions = transactions
        self._came = came
        self._in_order: list[int] = []
        self._by_amount: defaultdict[int, list[int]] = defaultdict(list)
        """Places in ``_in_order``, by the positive amount."""
        self._taken: set[int] = set()

    def add(self, at: int) -> None:
        """Add the position of a purchase that is not earlier than the existing ones."""
        amount = -self._transactions[at].amount.minor
        if amount in self._came:
            self._by_amount[amount].append(len(self._in_order))
        self._in_order.append(at)

    def take(self, refund: Transaction) -> int | None:
        """Return the position of the purchase of a refund, or None; each purchase is used only once."""
        place = self._place(refund)
        if place is None:
            return None
        self._taken.add(place)
        return self._in_order[place]

    def _place(self, refund: Transaction) -> int | None:
        same = self._by_amount.get(refund.amount.minor, ())
        said = says_refund(refund)
        for place in self._open(reversed(same), refund.date):
            purchase = self._transactions[self._in_order[place]]
            if said or _is_shop(purchase) or purchase.narration == refund.narration:
                return place
        if not said:
            return None
        latest_first = range(len(self._in_order) - 1, -1, -1)
        dearer = (
            place
            for place in self._open(latest_first, refund.date)
            if -self._transactions[self._in_order[place]].amount.minor > refund.amount.minor
        )
        return next(dearer, None)

    def _open(self, latest_first: Iterable[int], date: datetime.date) -> Iterator[int]:
        """Yield the purchases that can still be refunded on a day."""
        for place in latest_first:
            days = (date - self._transactions[self._in_order[place]].date).days
            if place < len(self._in_order) - _LOOK_BACK or days > REFUND_DAYS:
                return
            if place not in self._taken:
                yield place


def _is_shop(purchase: Transaction) -> bool:
    return categories.info(purchase.category).kind is Kind.EXPENSE and purchase.category not in _OPEN
