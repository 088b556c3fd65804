"""Matching of one applicant's movements: duplicate bookings, and the two legs of a transfer.

Nothing is deleted: a link states what was matched and why. Every search examines a bounded number of candidates.
"""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from genie_finance.contracts.statements import Transaction
from genie_finance.domain import categories, narrations
from genie_finance.domain.categories import Kind
from genie_finance.insights.pairs import BANK_RAILS, TRANSFER_DAYS, moved_both_ways, name_two_parties

_LOOK_BACK = 50
_REFERENCE_DIGITS = 6
_RETURN_DAYS = 7
_MOVES = frozenset({"self", "own", "transfer", "trf", "tfr", "xfer", "sweep", "ft"})


class Pair(NamedTuple):
    """Positions of two movements, and the evidence that they match."""

    first: int
    second: int
    why: str


def duplicates(transactions: Sequence[Transaction]) -> tuple[Pair, ...]:
    """Return rows that are the same booking as an earlier one.

    Account, day, amount, wording and reference are the same, and so is the balance if both have one: after two equal
    payments of one day, the balances differ. A monthly payment differs in its day.
    """
    first: dict[tuple[object, ...], int] = {}
    found = []
    for at, one in enumerate(transactions):
        wording = " ".join(narrations.words(one.narration))
        balance = None if one.balance is None else one.balance.minor
        key = (one.account, one.date, one.amount.minor, one.amount.currency, wording, one.reference, balance)
        if key in first:
            why = "same account, day, amount and wording"
            found.append(Pair(first[key], at, why + (", reference or balance" if one.reference or balance else "")))
        else:
            first[key] = at
    return tuple(found)


def transfers(transactions: Sequence[Transaction], *, skip: Mapping[int, object]) -> tuple[Pair, ...]:
    """Return the legs of transfers between accounts of the applicant, money out first.

    The amounts are equal, the accounts differ, the days are at most ``TRANSFER_DAYS`` apart, and there is evidence
    beside the amount: a common reference of six digits or more that is not the date, the same wording, or a word or
    rail for transfers in both, without different parties. Better evidence is matched first, then the nearer days.

    Args:
        transactions: In any order.
        skip: Positions that are already matched.
    """
    waiting: dict[tuple[str, int], deque[int]] = defaultdict(deque)
    minors = [one.amount.minor for one in transactions]
    both_ways = moved_both_ways(minors)
    order = sorted(
        (at for at, minor in enumerate(minors) if abs(minor) in both_ways and at not in skip),
        key=lambda at: (transactions[at].date, transactions[at].line, transactions[at].id),
    )
    candidates: list[tuple[int, int, int, int, str]] = []
    for at in order:
        one = transactions[at]
        opposite = waiting[one.amount.currency, -one.amount.minor]
        while opposite and (one.date - transactions[opposite[0]].date).days > TRANSFER_DAYS:
            opposite.popleft()
        for other in itertools.islice(reversed(opposite), _LOOK_BACK):
            strength, why = _evidence(one, transactions[other])
            if strength:
                days = (one.date - transactions[other].date).days
                candidates.append((-strength, days, other, at, why))
        waiting[one.amount.currency, one.amount.minor].append(at)
    taken: set[int] = set()
    found = []
    for _, _, earlier, later, why in sorted(candidates):
        if earlier in taken or later in taken:
            continue
        taken |= {earlier, later}
        out, came = (earlier, later) if transactions[earlier].amount.minor < 0 else (later, earlier)
        found.append(Pair(out, came, why))
    return tuple(sorted(found))


def _evidence(one: Transaction, other: Transaction) -> tuple[int, str]:
    if one.account == other.account:
        return 0, ""
    if _references(one) & _references(other):
        return 3, "same amount and reference in two accounts"
    ours, theirs = narrations.words(one.narration), narrations.words(other.narration)
    if ours and ours == theirs:
        return 2, "same amount and wording in two accounts"
    if _moves(one, ours) and _moves(other, theirs) and not name_two_parties(one, other):
        return 1, "same amount in two accounts, both by transfer"
    return 0, ""


def _references(one: Transaction) -> frozenset[str]:
    words = narrations.words(f"{one.reference} {one.narration}")
    return frozenset(
        word for word in words if sum(c.isdigit() for c in word) >= _REFERENCE_DIGITS and not _is_day(word)
    )


def _is_day(word: str) -> bool:
    """Return whether a number may be a date, which is no evidence, since bookings of one day share it."""
    if not word.isdecimal() or len(word) not in {6, 8}:
        return False
    return any(1 <= int(month) <= 12 and 1 <= int(day) <= 31 for month, day in (
        (word[-4:-2], word[-2:]), (word[2:4], word[:2]), (word[:2], word[2:4]),
    ))  # fmt: skip


def _moves(one: Transaction, words: Sequence[str]) -> bool:
    return categories.info(one.category).kind is Kind.TRANSFER or one.rail in BANK_RAILS or not _MOVES.isdisjoint(words)


def reversals(
    transactions: Sequence[Transaction], whose: Mapping[int, str], *, skip: Mapping[int, object]
) -> tuple[Pair, ...]:
    """Return each returned payment with the booking that it reverses: same account and amount, at most a week apart.

    Args:
        transactions: In any order.
        whose: Positions whose text says that a payment was returned.
        skip: Positions that are already matched.
    """
    booked: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    amounts = {(transactions[at].account, -transactions[at].amount.minor) for at in whose}
    for at, one in enumerate(transactions):
        if at not in skip and at not in whose and (one.account, one.amount.minor) in amounts:
            booked[one.account, one.amount.currency, one.amount.minor].append(at)
    found = []
    for at in sorted(whose, key=lambda at: (transactions[at].date, at)):
        one = transactions[at]
        if at in skip:
            continue
        before = booked[one.account, one.amount.currency, -one.amount.minor]
        near = [
            (days, other)
            for other in before[-_LOOK_BACK:]
            if 0 <= (days := (one.date - transactions[other].date).days) <= _RETURN_DAYS
        ]
        if near:
            other = min(near)[1]
            before.remove(other)
            found.append(Pair(other, at, "came back unpaid"))
    return tuple(found)
