"""Habits: the usual amounts, places and devices of a sender."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from genie_finance.domain.robust import OUTLIER, modified_z, quantile
from genie_finance.fraud.moments import Booked

FEWEST = 10
"""Minimum number of earlier payments that make a habit."""
_FLOOR = 0.1
"""Minimum spread of log amounts, so that a tenth more than constant sums is not unusual."""
_LARGE = 0.9
_MOST = 200
"""Number of the latest payments that define a habit."""


@dataclass(slots=True)
class Sender:
    """Payments of one account, in one currency or in all of them, in order of time."""

    payments: list[Booked] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    minors: list[int] = field(default_factory=list)
    first_paid: dict[str, float] = field(default_factory=dict)
    """When each payee was first paid."""
    first_device: dict[str, float] = field(default_factory=dict)

    def add(self, one: Booked) -> None:
        """Add the next payment."""
        self.payments.append(one)
        self.starts.append(one.start)
        self.minors.append(one.transfer.amount.minor)
        if one.transfer.recipient is not None:
            self.first_paid.setdefault(one.transfer.recipient, one.start)
        if one.transfer.device_id is not None:
            self.first_device.setdefault(one.transfer.device_id, one.start)

    def before(self, one: Booked) -> Sequence[int]:
        """Return the amounts of the latest payments before another in minor units, oldest first.

        A day whose time is not known counts as its start.
        """
        at = bisect_left(self.starts, one.start)
        return self.minors[max(0, at - _MOST) : at]


def senders_of(transfers: Iterable[Booked]) -> Mapping[tuple[str, str], Sender]:
    """Return all payers, by account and currency."""
    found: defaultdict[tuple[str, str], Sender] = defaultdict(Sender)
    for one in transfers:
        if one.transfer.sender is not None:
            found[one.transfer.sender, one.transfer.amount.currency].add(one)
    return found


def payers_of(transfers: Iterable[Booked]) -> Mapping[str, Sender]:
    """Return the habits of every payer, by account. Places and devices are shared by all currencies."""
    found: defaultdict[str, Sender] = defaultdict(Sender)
    for one in transfers:
        if one.transfer.sender is not None:
            found[one.transfer.sender].add(one)
    return found


def novel_amount(minor: int, earlier: Sequence[int]) -> bool:
    """Return whether an amount is far above all earlier ones, on a logarithmic scale."""
    if minor <= max(earlier):
        return False
    return modified_z(math.log(minor), [math.log(one) for one in earlier], floor=_FLOOR) > OUTLIER


def large_amount(minor: int, earlier: Sequence[int]) -> bool:
    """Return whether an amount is above nine tenths of the earlier ones."""
    return minor > quantile(earlier, _LARGE)
