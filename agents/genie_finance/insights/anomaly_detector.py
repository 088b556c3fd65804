"""Anomaly detector: payments far above their own history, payments made twice, large payments to new payees."""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.insights import Anomalies, Anomaly, InsightTask
from genie_finance.contracts.statements import Statement, Transaction
from genie_finance.domain import categories
from genie_finance.domain.categories import Category, Kind, Necessity
from genie_finance.domain.spread import LogSpread, median_minor

THRESHOLD = 3.5
"""Robust standard deviations on the log scale above which an amount is unusual."""
FLOOR_OF_BILLS = 0.1
"""Least MAD of bills on the log scale: a constant bill must rise by 68 % before it is unusual."""
FLOOR_OF_SHOPS = 0.2
"""The same for shops, where every purchase is a new choice: 2.8 times the usual."""
FEWEST_OF_MERCHANT = 6
FEWEST_OF_CATEGORY = 10
DUPLICATE_DAYS = 3
MATERIAL = 0.25
"""Smallest duplicate to report, as a multiple of the median payment: two coffees are not reported."""
HISTORY_DAYS = 60
HISTORY_PAYMENTS = 20
"""Minimum history before a payment, in days and payments, for its payee to count as new."""
LARGE = 10.0
"""Multiple of the median payment from which a first payment to a payee is large."""
_COMMON = 0.95
"""Share of the earlier payments that it must exceed as well."""
_STAYS = 2
"""Number of later payments to a payee from which the first one is not an exception."""


@dataclass(frozen=True, slots=True)
class _Finding:
    anomaly: Anomaly
    strength: float
    """Ratio to the threshold, at least 1; findings are sorted by it."""


def detect_anomalies(statement: Statement) -> Anomalies:
    """Return unusual payments, most unusual first, with at most one finding each.

    Only spending is judged: transfers between own accounts and refunded purchases are left out. Every comparison is
    within one currency, and relative, so that the size of a currency's unit does not matter.
    """
    payments = sorted((t for t in statement.transactions if _is_payment(t)), key=lambda t: (t.date, t.line, t.id))
    by_currency: dict[str, list[Transaction]] = defaultdict(list)
    for payment in payments:
        by_currency[payment.amount.currency].append(payment)
    found: dict[str, _Finding] = {}
    for own in by_currency.values():
        for finding in (*_duplicates(own), *_unusual(own), *_first_large(own)):
            found.setdefault(finding.anomaly.transaction_id, finding)
    ordered = sorted(found.values(), key=lambda one: (-one.strength, one.anomaly.date, one.anomaly.transaction_id))
    return Anomalies(anomalies=tuple(one.anomaly for one in ordered), examined=len(payments))


def _is_payment(transaction: Transaction) -> bool:
    spending = categories.info(transaction.category).kind in {Kind.EXPENSE, Kind.UNKNOWN}
    return transaction.amount.minor < 0 and spending and transaction.nets_with is None


def _size(payment: Transaction) -> int:
    return -payment.amount.minor


def _anomaly(payment: Transaction, kind: str, score: float, reason: str) -> Anomaly:
    return Anomaly.model_validate(
        {
            "transaction_id": payment.id,
            "date": payment.date,
            "merchant": payment.merchant or f"unnamed ({payment.rail or 'unknown rail'})",
            "category": payment.category or Category.UNCATEGORISED.value,
            "amount": abs(payment.amount),
            "kind": kind,
            "score": round(score, 2),
            "reason": reason,
        }
    )


def _unusual(own: Sequence[Transaction]) -> Iterator[_Finding]:
    """Yield amounts far above those of the same merchant, or of the category if the merchant has few payments."""
    usual = median_minor([_size(payment) for payment in own]) if own else 0
    merchants: dict[str, list[Transaction]] = defaultdict(list)
    in_category: dict[str, list[Transaction]] = defaultdict(list)
    for payment in own:
        if payment.merchant:
            merchants[payment.merchant].append(payment)
        in_category[payment.category or Category.UNCATEGORISED].append(payment)
    for merchant, group in merchants.items():
        if len(group) >= FEWEST_OF_MERCHANT:
            yield from _beyond(group, group, usual, merchant)
    for category, group in in_category.items():
        if len(group) >= FEWEST_OF_CATEGORY and category != Category.UNCATEGORISED:
            little_known = [p for p in group if len(merchants.get(p.merchant or "", ())) < FEWEST_OF_MERCHANT]
            yield from _beyond(little_known, group, usual, categories.info(category).title)


def _beyond(candidates: Sequence[Transaction], group: Sequence[Transaction], usual: int, of: str) -> Iterator[_Finding]:
    sizes = [_size(payment) for payment in group]
    about = categories.info(group[0].category)
    bill = about.regular and about.necessity is not Necessity.FREE
    spread = LogSpread.of(sizes, floor=FLOOR_OF_BILLS if bill else FLOOR_OF_SHOPS)
    middle = median_minor(sizes)
    for payment in candidates:
        score = spread.score(_size(payment))
        if score > THRESHOLD and _size(payment) - middle >= usual:
            typical = payment.amount.model_copy(update={"minor": middle})
            reason = f"{abs(payment.amount)} against a median of {typical} over {len(group)} payments ({of})"
            yield _Finding(_anomaly(payment, "unusual_amount", score, reason), score / THRESHOLD)


def _duplicates(own: Sequence[Transaction]) -> Iterator[_Finding]:
    """Yield payments that repeat another of the same merchant and amount within days, unless that is a habit."""
    usual = median_minor([_size(payment) for payment in own]) if own else 0
    groups: dict[tuple[str, str, int], list[Transaction]] = defaultdict(list)
    for payment in own:
        if payment.merchant and payment.category != Category.CASH_WITHDRAWAL and _size(payment) >= MATERIAL * usual:
            groups[payment.account, payment.merchant, _size(payment)].append(payment)
    for group in groups.values():
        if len(group) < 2 or _is_habit(group):
            continue
        for earlier, later in itertools.pairwise(group):
            days = (later.date - earlier.date).days
            if days <= DUPLICATE_DAYS:
                when = "the same day as" if days == 0 else f"{days} day{'s' if days > 1 else ''} after"
                reason = f"{abs(later.amount)} to {later.merchant}, {when} an equal payment on {earlier.date}"
                yield _Finding(_anomaly(later, "duplicate", float(days), reason), 2.0 - days / (DUPLICATE_DAYS + 1))


def _is_habit(group: Sequence[Transaction]) -> bool:
    """Return True if repetitions within days are usual, such as a daily ticket or lunch at one price."""
    gaps = [(later.date - earlier.date).days for earlier, later in itertools.pairwise(group)]
    close = sum(gap <= DUPLICATE_DAYS for gap in gaps)
    weeks_long = group[-1].date - group[0].date >= timedelta(days=14)
    return weeks_long and close >= 2 and close * 4 >= len(gaps)


def _first_large(own: Sequence[Transaction]) -> Iterator[_Finding]:
    """Yield first payments to a payee that are far above earlier payments, if the history is long enough."""
    times: dict[str, int] = defaultdict(int)
    for payment in own:
        times[payment.merchant or ""] += 1
    seen: set[str] = set()
    before: list[int] = []  # sorted sizes of the payments so far
    for position, payment in enumerate(own):
        merchant = payment.merchant
        new = merchant is not None and merchant not in seen
        seen.add(merchant or "")
        enough = position >= HISTORY_PAYMENTS and (payment.date - own[0].date).days >= HISTORY_DAYS
        size = _size(payment)
        if new and enough and times[merchant or ""] <= _STAYS:
            multiple = size / median_minor(before)
            if multiple >= LARGE and bisect.bisect_left(before, size) >= _COMMON * position:
                reason = (
                    f"first payment to {merchant}: {abs(payment.amount)}, {multiple:.0f} times the median of the "
                    f"{position} payments before it"
                )
                yield _Finding(_anomaly(payment, "first_large_payee", multiple, reason), multiple / LARGE)
        bisect.insort(before, size)


@agent(
    id="anomaly_detector",
    capabilities=("anomalies.detect",),
    risk=Risk.LOW,
    tier=Tier.PRODUCTION,
    clearance="confidential",
    concurrency=4,
)
async def anomaly_detector(task: InsightTask) -> Anomalies:
    """Finds unusual amounts, double payments and large payments to new payees."""
    return detect_anomalies(task.statement)
