"""Recurring payments: the cadence of a series of dates, and the next due date."""

from __future__ import annotations

import datetime
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import mode
from typing import Literal, NamedTuple

from genie_finance.contracts.statements import Transaction
from genie_finance.domain import narrations
from genie_finance.domain.months import add_months, is_last_day

CadenceName = Literal["weekly", "fortnightly", "monthly", "quarterly", "yearly"]


class Cadence(NamedTuple):
    """A frequency, with the range of gaps between two bookings."""

    name: CadenceName
    shortest: int
    """In days; bookings shift by weekends, holidays and lengths of months."""
    longest: int
    per_year: int
    days: int
    """Days until the next charge; 0 if ``months`` applies."""
    months: int
    grace: int
    """Days that a charge may be late before the series counts as stopped."""


CADENCES = (
    Cadence("weekly", 6, 8, 52, 7, 0, 4),
    Cadence("fortnightly", 12, 16, 26, 14, 0, 6),
    Cadence("monthly", 25, 36, 12, 0, 1, 10),
    Cadence("quarterly", 82, 100, 4, 0, 3, 21),
    Cadence("yearly", 350, 380, 1, 0, 12, 45),
)

FEWEST = 3
"""Minimum charges of a series; two for a yearly one, since few statements contain three."""
FEWEST_YEARLY = 2
STEP = 10
"""Percent by which a charge may differ from the one before without counting as a change of price."""
_LARGEST_STEP = 100
_LARGEST_STEP_OF_TWO = 25
_DUPLICATE_DAYS = 3
_MOVED_DAYS = 4
"""Days by which a weekend with a holiday shifts a booking."""


class Series(NamedTuple):
    """Charges, or receipts, of one party at a cadence, oldest first."""

    party: str
    named: bool
    """True if the party is a merchant; otherwise the series only shares its wording."""
    cadence: Cadence
    charges: tuple[Transaction, ...]

    @property
    def last(self) -> Transaction:
        """The latest charge."""
        return self.charges[-1]

    @property
    def is_fixed(self) -> bool:
        """True if the amount is constant except for rare price changes.

        A bill by use is regular too, but its amount is as uncertain as other spending.
        """
        amounts = [charge.amount.minor for charge in self.charges]
        changes = sum(earlier != later for earlier, later in itertools.pairwise(amounts))
        return changes <= max(1, len(amounts) // 6)

    def due(self) -> Iterator[datetime.date]:
        """Yield the days on which further charges are due, without end; monthly ones keep the intended day."""
        meant, day = self._meant()
        count = 0
        while True:
            count += 1
            try:
                if self.cadence.months:
                    yield add_months(meant, self.cadence.months * count, day=day)
                else:
                    yield meant + datetime.timedelta(days=self.cadence.days * count)
            except OverflowError:
                yield datetime.date.max

    def _meant(self) -> tuple[datetime.date, int]:
        """Return the day on which the latest charge was due, and the intended day of the month.

        The intended day is that of at least half of the charges, so that a weekend that shifted the latest one does not
        shift the next; for a charge on a month's last day it is the latest day seen.
        """
        last = self.last.date
        days = [charge.date.day for charge in self.charges]
        usual = mode(days)
        if not self.cadence.months:
            return last, last.day
        if 2 * days.count(usual) >= len(days):
            near = min((add_months(last, by, day=usual) for by in (-1, 0, 1)), key=lambda date: abs((date - last).days))
            if abs((near - last).days) <= _MOVED_DAYS:
                return near, usual
        cut_short = is_last_day(last) and max(days) - last.day <= _MOVED_DAYS
        return last, max(days) if cut_short else last.day

    def is_active(self, on: datetime.date) -> bool:
        """Return False when the next charge is overdue by more than the cadence's grace."""
        return (on - next(self.due())).days <= self.cadence.grace


def find_series(transactions: Sequence[Transaction]) -> tuple[Series, ...]:
    """Return the series among transactions, in the order of their party and first charge.

    Money in and out, currencies and parties are separated. The charges of a party are split by amount if together they
    have no cadence. Amounts may change only rarely: monthly purchases with a different amount each time are not a
    series.
    """
    groups: dict[tuple[str, bool, bool, str], list[Transaction]] = defaultdict(list)
    for transaction in transactions:
        if transaction.amount.minor and transaction.nets_with is None:
            named = transaction.merchant is not None
            party = transaction.merchant or _wording(transaction.narration)
            if party:
                groups[party, named, transaction.amount.minor > 0, transaction.amount.currency].append(transaction)
    found = []
    for (party, named, _, _), group in sorted(groups.items(), key=lambda item: item[0]):
        if len(group) >= FEWEST_YEARLY:
            group.sort(key=lambda charge: (charge.date, charge.line, charge.id))
            found += [Series(party, named, cadence, charges) for cadence, charges in _take_apart(group)]
    return tuple(found)


def _wording(narration: str) -> str:
    return " ".join(word for word in narrations.words(narration) if not any(c.isdigit() for c in word))


def _take_apart(group: list[Transaction]) -> list[tuple[Cadence, tuple[Transaction, ...]]]:
    whole = _as_series(group)
    if whole:
        return [whole]
    found = []
    for cluster in _by_amount(group, STEP):
        series = _as_series(cluster, fewest=FEWEST)
        if series:
            found.append(series)
        elif len(cluster) >= 2 * FEWEST:
            found += [exact for same in _by_amount(cluster, 0) if (exact := _as_series(same, fewest=FEWEST))]
    return sorted(found, key=lambda item: (item[1][0].date, item[1][0].line))


def _by_amount(group: list[Transaction], percent: int) -> list[list[Transaction]]:
    """Split charges, sorted by amount, where the next is higher by more than some percent."""
    clusters: list[list[Transaction]] = []
    for charge in sorted(group, key=lambda one: (abs(one.amount.minor), one.date, one.line, one.id)):
        size = abs(charge.amount.minor)
        if clusters and size * 100 <= abs(clusters[-1][-1].amount.minor) * (100 + percent):
            clusters[-1].append(charge)
        else:
            clusters.append([charge])
    return [sorted(cluster, key=lambda one: (one.date, one.line, one.id)) for cluster in clusters]


def _as_series(
    charges: list[Transaction], *, fewest: int = FEWEST_YEARLY
) -> tuple[Cadence, tuple[Transaction, ...]] | None:
    kept = charges[:1]
    for charge in charges[1:]:
        twice = charge.amount == kept[-1].amount and (charge.date - kept[-1].date).days <= _DUPLICATE_DAYS
        if not twice:
            kept.append(charge)
    gaps = [(later.date - earlier.date).days for earlier, later in itertools.pairwise(kept)]
    for cadence in CADENCES:
        enough = len(kept) >= (max(fewest, FEWEST_YEARLY) if cadence.name == "yearly" else FEWEST)
        if enough and _fits(gaps, cadence) and _is_steady([abs(charge.amount.minor) for charge in kept]):
            return cadence, tuple(kept)
    return None


def _fits(gaps: Sequence[int], cadence: Cadence) -> bool:
    """Return True if each gap is one period; one in four may be two periods, for an omitted charge."""
    skipped = 0
    for gap in gaps:
        if cadence.shortest <= gap <= cadence.longest:
            continue
        if not 2 * cadence.shortest <= gap <= 2 * cadence.longest:
            return False
        skipped += 1
    return skipped * 4 <= len(gaps)


def _is_steady(amounts: Sequence[int]) -> bool:
    """Return True if the amount changes rarely: once, or once in six charges, and at most by a factor of two.

    Two charges may differ by at most a quarter, since two purchases a year apart are not yet a series.
    """
    largest = _LARGEST_STEP if len(amounts) >= FEWEST else _LARGEST_STEP_OF_TWO
    steps = 0
    for earlier, later in itertools.pairwise(amounts):
        low, high = min(earlier, later), max(earlier, later)
        if high * 100 > low * (100 + largest):
            return False
        steps += high * 100 > low * (100 + STEP)
    return steps <= max(1, len(amounts) // 6)
