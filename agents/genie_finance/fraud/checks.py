"""Checks of one transfer: each finds a signal, finds nothing, or names the missing data."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from genie_finance.contracts.fraud import Severity, Signal
from genie_finance.fraud.habits import FEWEST, Sender, large_amount, novel_amount
from genie_finance.fraud.moments import Booked
from genie_finance.fraud.scoring import MOST_NAMED
from genie_finance.fraud.travel import located, too_fast

WEIGHTS: Mapping[str, tuple[Severity, Decimal]] = MappingProxyType(
    {
        "velocity_burst": ("high", Decimal("0.7")),
        "impossible_travel": ("high", Decimal("0.7")),
        "after_hours_large_debit": ("medium", Decimal("0.4")),
        "high_risk_category": ("medium", Decimal("0.4")),
        "amount_novelty": ("medium", Decimal("0.3")),
        "new_payee_large": ("medium", Decimal("0.3")),
        "unknown_device": ("medium", Decimal("0.3")),
    }
)
"""Severity and points of each pattern."""
_BURST, _BURST_S = 5, 300
_BATCHED = frozenset(("neft", "rtgs", "cheque", "wire", "internal"))
"""Payroll and supplier channels, in which many payments at once are usual; a burst there is not a signal."""
_MOST_KMH = 900.0
_LARGE_MINOR = 50_000_00
_NIGHT_ENDS = 5
_RISKY = (
    "crypto", "cryptocurrency", "bitcoin", "gambling", "betting", "casino", "lottery", "forex", "gift card",
    "gift cards", "prepaid top", "prepaid top up",
)  # fmt: skip
_ALIKE = 84.0
"""Similarity in percent from which a word counts as a misspelt risky purchase."""


def signal(pattern: str, one: Booked, text: str, rows: Sequence[Booked] = ()) -> Signal:
    """Result of a check of a transfer."""
    severity, weight = WEIGHTS[pattern]
    ids = tuple(row.transfer.transaction_id for row in rows[:MOST_NAMED] or (one,))
    return Signal(
        pattern=pattern, severity=severity, weight=weight, reason=text, account_id=one.transfer.sender,
        transaction_ids=ids,
    )  # fmt: skip


def bursts(sender: Sender) -> Mapping[str, tuple[Booked, ...]]:
    """Return transfers of bursts, by id: at least five payments within five minutes, both ends included.

    Every burst counts, not only the first; overlapping windows are merged. Payments without a time, and those of
    channels with usual batches, do not count.
    """
    timed = [one for one in sender.payments if one.timed and one.transfer.channel not in _BATCHED]
    spans: list[tuple[int, int]] = []
    low = 0
    for high, one in enumerate(timed):
        while timed[low].start < one.start - _BURST_S:
            low += 1
        if high - low + 1 < _BURST:
            continue
        if spans and low <= spans[-1][1]:
            spans[-1] = (spans[-1][0], high)
        else:
            spans.append((low, high))
    windows = (tuple(timed[low : high + 1]) for low, high in spans)
    return {row.transfer.transaction_id: window for window in windows for row in window}


def journeys(sender: Sender) -> Mapping[str, tuple[Booked, Booked]]:
    """Return pairs of payments that are too far apart for the time between them, by the id of the later one."""
    rows = [one for one in sender.payments if one.timed and located(one.transfer.place)]
    found: dict[str, tuple[Booked, Booked]] = {}
    for first, second in itertools.pairwise(rows):
        if journey(first, second):
            found[second.transfer.transaction_id] = (first, second)
    return found


def journey(first: Booked, second: Booked) -> str:
    """Return why two payments cannot be made by the same person, empty if they can."""
    start, end = located(first.transfer.place), located(second.transfer.place)
    if start is None or end is None:
        return ""
    return too_fast(start, end, second.start - first.start, most_kmh=_MOST_KMH)


def at_night(one: Booked) -> Signal | str:
    """Check large payments between midnight and five, or return the missing data."""
    if one.transfer.amount.currency != "INR":
        return "amounts in rupees"
    if one.transfer.amount.minor < _LARGE_MINOR:
        return ""
    if one.hour is None:
        return "the time of day"
    if one.hour >= _NIGHT_ENDS:
        return ""
    text = f"{one.transfer.amount} left at {one.hour:02} o'clock at night."
    return signal("after_hours_large_debit", one, text)


def by_category(one: Booked) -> Signal | str:
    """Check the purchase, or return the missing data."""
    category = one.transfer.category
    if category is None:
        return "what was bought"
    if not _is_risky(category.strip().lower()):
        return ""
    return signal("high_risk_category", one, f"{one.transfer.amount} for {category.strip().lower()}.")


@functools.lru_cache(maxsize=4_096)
def _is_risky(category: str) -> bool:
    from rapidfuzz import fuzz  # noqa: PLC0415 - needed by payments with a category alone

    words = "".join(char if char.isalnum() else " " for char in category).split()
    phrases = {" ".join(words[at : at + size]) for size in (1, 2, 3) for at in range(len(words) - size + 1)}
    return any(fuzz.ratio(phrase, risky) >= _ALIKE for phrase in phrases for risky in _RISKY)


def by_habit(one: Booked, sender: Sender) -> Iterator[tuple[str, Signal | str]]:
    """Compare amount and payee with the sender's earlier payments, or return the missing data."""
    earlier = sender.before(one)
    if len(earlier) < FEWEST:
        needs = f"{FEWEST} earlier payments of the sender"
        yield "amount_novelty", needs
        yield "new_payee_large", needs
        return
    amount = one.transfer.amount
    if novel_amount(amount.minor, earlier):
        yield "amount_novelty", signal("amount_novelty", one, f"{amount} is far above all {len(earlier)} before it.")
    payee = one.transfer.recipient
    if payee is None and large_amount(amount.minor, earlier):
        yield "new_payee_large", "who was paid"
    elif payee is not None and sender.first_paid[payee] >= one.start and large_amount(amount.minor, earlier):
        text = f"{amount} to a new payee, above nine tenths of the earlier payments."
        yield "new_payee_large", signal("new_payee_large", one, text)


def by_device(one: Booked, sender: Sender, known: frozenset[str] | None) -> Signal | str:
    """Check the device, or return the missing data."""
    device = one.transfer.device_id
    if device is None:
        return "the device"
    if known is None:
        first_of_all = next(iter(sender.first_device.values()))  # devices are recorded in order of time
        if first_of_all >= one.start:
            return "devices that the sender used before"
        seen = sender.first_device[device] < one.start
    else:
        seen = device in known
    return "" if seen else signal("unknown_device", one, "Made on a new device.")
