"""Patterns in an account's movements: many payers and payees within a week, many payments within an hour."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter

from genie_finance.fraud.flows import Account, regular_payers
from genie_finance.fraud.moments import DAY_S, Booked
from genie_finance.fraud.rings import LEAST_MINOR

_BURST, _BURST_S = 10, 3_600
_FAN, _FAN_S = 5, 7 * DAY_S


def fan(account: Account) -> list[Booked]:
    """Return the movements of the first week with at least five payers and five payees, empty if there is none.

    Regular payers and card payments do not count.
    """
    if min(len(account.incoming), len(account.outgoing)) < _FAN:
        return []
    known = regular_payers(account)
    rows = [(one, True) for one in account.incoming if one.transfer.sender and one.transfer.sender not in known]
    rows += [(one, False) for one in account.outgoing if one.transfer.recipient and one.transfer.channel != "card"]
    rows.sort(key=lambda row: (row[0].start, row[0].transfer.transaction_id))
    payers, payees = Counter[str](), Counter[str]()
    low = 0
    for high, (one, incoming) in enumerate(rows):
        _count(payers, payees, one, incoming=incoming, by=1)
        while rows[low][0].start < one.start - _FAN_S:
            _count(payers, payees, rows[low][0], incoming=rows[low][1], by=-1)
            low += 1
        if len(payers) >= _FAN and len(payees) >= _FAN:
            return [row for row, _ in rows[low : high + 1]]
    return []


def _count(payers: Counter[str], payees: Counter[str], one: Booked, *, incoming: bool, by: int) -> None:
    counts, party = (payers, one.transfer.sender) if incoming else (payees, one.transfer.recipient)
    if party is not None:
        counts[party] += by
        if not counts[party]:
            del counts[party]


def burst(account: Account) -> list[Booked]:
    """Return a receipt and the ten or more payments of the hour after it, empty if there were fewer."""
    payments = [one for one in account.outgoing if one.timed]
    moments = [one.start for one in payments]
    for one in account.incoming:
        if one.timed and one.transfer.amount.minor >= LEAST_MINOR:
            low, high = bisect_left(moments, one.start), bisect_right(moments, one.start + _BURST_S)
            if high - low >= _BURST:
                return [one, *payments[low:high]]
    return []
