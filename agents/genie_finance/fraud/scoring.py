"""Score cards: expert points, added up and capped, and labels that missing data cannot improve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from genie_finance.contracts.fraud import Level, Severity, Signal

NONE = Decimal(0)
MOST = Decimal(1)
MOST_NAMED = 50
"""Maximum transactions that one signal names."""
METHOD = (
    "Points are expert judgements, not measurements: they rank cases and are not a probability of fraud. A finding is "
    "a reason for review, not a proof."
)
_RANK: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2}


@dataclass(frozen=True, slots=True)
class Bands:
    """Minimum scores of the labels medium and high."""

    medium: Decimal
    high: Decimal

    def label(self, score: Decimal, worst: Decimal) -> Level:
        """Return the label of a score.

        Args:
            score: Points of the findings.
            worst: Points if every check that lacked data had a finding.
        """
        if score >= self.high:
            return "high"
        if score >= self.medium:
            return "medium"
        return "undetermined" if worst >= self.medium else "low"


CARD = Bands(Decimal("0.4"), Decimal("0.7"))
"""The family's usual bands."""


def added(weights: Iterable[Decimal]) -> Decimal:
    """Return the sum of points, at most 1."""
    return min(sum(weights, NONE), MOST)


def worst_first(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """Return signals by severity and weight, then in an order that does not depend on the input's."""
    return tuple(
        sorted(
            signals,
            key=lambda one: (
                _RANK[one.severity], -one.weight, one.pattern, one.account_id or "", one.transaction_ids, one.reason,
            ),
        )
    )  # fmt: skip
