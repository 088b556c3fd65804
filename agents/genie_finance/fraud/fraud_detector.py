"""Fraud detector: transfers that the account holder may not have made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.fraud import FraudCheck, FraudVerdict, Signal, Unchecked
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.fraud.checks import (
    WEIGHTS,
    at_night,
    bursts,
    by_category,
    by_device,
    by_habit,
    journey,
    journeys,
    signal,
)
from genie_finance.fraud.habits import payers_of, senders_of
from genie_finance.fraud.moments import Booked, booked
from genie_finance.fraud.scoring import CARD, METHOD, NONE, added, worst_first

ID = "fraud_detector"
_QUESTION = "transfers that the account holder may not have made"


def detect(check: FraudCheck) -> FraudVerdict | InsufficientData:
    """Return the anomalies of the transfers, or the missing data.

    Raises:
        InputError: The time zone is unknown, or two transfers have one id.
    """
    transfers = booked(check.transfers, check.timezone)
    asked = check.candidates
    wanted = None if asked is None else frozenset(asked)
    candidates = [
        one
        for one in transfers
        if one.transfer.sender is not None and (wanted is None or one.transfer.transaction_id in wanted)
    ]
    lacks = _lacks(candidates, wanted)
    if lacks:
        return InsufficientData(agent=ID, question=_QUESTION, missing=lacks)
    known = check.known_devices
    judging = _Judging(transfers, None if known is None else frozenset(known))
    for one in candidates:
        judging.judge(one)
    return FraudVerdict(
        examined=len(candidates),
        score=judging.score,
        label=CARD.label(judging.score, judging.worst),
        signals=worst_first(judging.signals),
        unchecked=tuple(judging.unchecked()),
        grounds=_grounds(check, candidates, judging.signals),
    )


def _lacks(candidates: Sequence[Booked], wanted: frozenset[str] | None) -> tuple[Lack, ...]:
    if wanted is None or not wanted:
        if candidates and wanted is None:
            return ()
        return (Lack(what="transfers", needed="at least one payment of an account"),)
    unseen = sorted(wanted - {one.transfer.transaction_id for one in candidates})
    return tuple(Lack(what=f"transfer {id_}", needed="the payment itself, with its sender") for id_ in unseen[:20])


class _Judging:
    """Transfers judged one by one, with the results."""

    def __init__(self, transfers: Sequence[Booked], known: frozenset[str] | None) -> None:
        self._senders, self._payers = senders_of(transfers), payers_of(transfers)
        self._known = known
        self._bursts = {id_: rows for one in self._payers.values() for id_, rows in bursts(one).items()}
        self._journeys = {id_: pair for one in self._payers.values() for id_, pair in journeys(one).items()}
        self._needs: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._said = set[str]()
        self.signals: list[Signal] = []
        self.score = self.worst = NONE

    def judge(self, one: Booked) -> None:
        """Apply every check to one transfer."""
        found: list[Decimal] = []
        lacking: list[Decimal] = []
        for pattern, result in self._checked(one):
            if isinstance(result, Signal):
                found.append(result.weight)
                self._keep(result)
            elif result:
                self._needs[pattern, result] += 1
                lacking.append(WEIGHTS[pattern][1])
        if found or lacking:
            score = added(found)
            self.score = max(self.score, score)
            self.worst = max(self.worst, added((score, *lacking)))

    def _keep(self, result: Signal) -> None:
        """Store a signal; a burst is one signal, however many transfers it has."""
        if result.pattern != "velocity_burst":
            self.signals.append(result)
        elif not self._said.issuperset(result.transaction_ids):
            self._said.update(result.transaction_ids)
            self.signals.append(result)

    def _checked(self, one: Booked) -> Iterator[tuple[str, Signal | str]]:
        transfer = one.transfer
        sender = self._senders[transfer.sender or "", transfer.amount.currency]
        rows = self._bursts.get(transfer.transaction_id)
        if rows is not None:
            yield (
                "velocity_burst",
                signal("velocity_burst", one, f"{len(rows)} payments within five minutes of each other.", rows),
            )
        elif not one.timed:
            yield "velocity_burst", "the time of day"
        pair = self._journeys.get(transfer.transaction_id)
        if pair is not None:
            yield "impossible_travel", signal("impossible_travel", one, f"{journey(*pair)} between two payments.", pair)
        elif transfer.channel == "card" and (transfer.place is None or not one.timed):
            yield "impossible_travel", "place and time of card payments"
        yield "after_hours_large_debit", at_night(one)
        yield "high_risk_category", by_category(one)
        yield from by_habit(one, sender)
        yield "unknown_device", by_device(one, self._payers[transfer.sender or ""], self._known)

    def unchecked(self) -> Iterable[Unchecked]:
        """Return the data that checks lacked, and the number of these checks."""
        for (pattern, needs), count in sorted(self._needs.items()):
            yield Unchecked(check=pattern, needs=f"{needs} ({count:,} transfers)")


def _grounds(check: FraudCheck, candidates: Sequence[Booked], signals: Sequence[Signal]) -> Grounds:
    counted = Counter(one.pattern for one in signals)
    reasons = tuple(
        Reason(code=f"fraud.{pattern}", text=f"{pattern.replace('_', ' ').capitalize()}: {count:,}.")
        for pattern, count in sorted(counted.items())
    ) or (Reason(code="fraud.no_pattern", text=f"The checks found nothing unusual in {len(candidates):,} payments."),)
    inputs = (
        Evidence(name="transfers", value=f"{len(check.transfers):,}"),
        Evidence(name="payments judged", value=f"{len(candidates):,}"),
        Evidence(name="timezone", value=check.timezone),
    )
    return Grounds(reasons=reasons, inputs=inputs, editions=(), uncertainty=METHOD)


@agent(
    id=ID,
    executor="thread",
    capabilities=("fraud.detect_transfers",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=4,
)
def fraud_detector(check: FraudCheck) -> FraudVerdict | InsufficientData:
    """Finds unusual payments: bursts, impossible travel, night, risky purchases, new amounts, payees and devices."""
    return detect(check)
