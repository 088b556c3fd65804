"""Outcomes: how a delivery ends, why, and the counters that make up the account."""

from __future__ import annotations

import enum
import operator
from typing import NamedTuple


class Outcome(enum.StrEnum):
    """How a delivery ended. Each delivery ends in exactly one outcome."""

    HANDLED = "handled"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DEAD_LETTERED = "dead_lettered"


class Reason(NamedTuple):
    """Why a delivery ended, was parked or was refused.

    Programs compare ``code``. ``detail`` is for people; its wording may change in any release.
    """

    code: str
    """Stable label of at most 60 characters, for example ``overflow``, ``deadlock`` or ``policy``."""
    detail: str = ""
    """One sentence for people, written by this library. It names agents, policies and limits, never payload text."""
    said: str = ""
    """What an agent said about it, set only if everyone who asked may read it. Only they see it: journals, events, dead
    letters, logs and the audit trail never contain it."""

    def __str__(self) -> str:
        return self.detail or self.code

    @property
    def heard(self) -> str:
        """The text for those who asked."""
        return self.said or self.detail or self.code

    def amended(self, form: str) -> Reason:
        """Return the reason with more words; ``{}`` in ``form`` is replaced by the present detail."""
        return Reason(self.code, form.format(str(self)), self.said and form.format(self.said))


class Failure(NamedTuple):
    """A delivery or an answer that was not handled."""

    agent: str
    topic: str
    outcome: Outcome
    reason: Reason | None
    message: int
    """Id of the message."""
    instead_of: str
    """The agent that was asked: ``agent``, or the primary if ``agent`` is its fallback."""

    @property
    def code(self) -> str:
        """Code for programs: the outcome, the reason of a dead letter, or ``budget``."""
        reason = self.reason
        if reason is not None and (self.outcome is Outcome.DEAD_LETTERED or reason.code == "budget"):
            return reason.code
        return self.outcome.value

    def __str__(self) -> str:
        return f"{self.outcome}({self.reason.heard})" if self.reason is not None else str(self.outcome)


class Counts(NamedTuple):
    """Deliveries by outcome, and those in flight."""

    accepted: int = 0
    handled: int = 0
    denied: int = 0
    expired: int = 0
    cancelled: int = 0
    dead_lettered: int = 0
    in_flight: int = 0
    redacted: int = 0
    """Deliveries and answers whose recipient got a masked copy."""
    unrouted: int = 0
    """Payloads without a subscriber and without an asker."""
    late: int = 0
    """Answers that arrived after their scope was closed, or twice."""

    @property
    def balanced(self) -> bool:
        """The account invariant: every accepted delivery is in flight or has exactly one outcome."""
        ended = self.handled + self.denied + self.expired + self.cancelled + self.dead_lettered
        return self.accepted == ended + self.in_flight

    def __add__(self, other: Counts) -> Counts:  # type: ignore[override]  # adds counts, where tuples would be joined
        return Counts(*map(operator.add, self, other))
