"""Bounds and waiting rules as plain values: mailboxes, retries, restarts, runs. No clock, no I/O."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from genie.errors import shown_number

if TYPE_CHECKING:
    import random

KEY_KEPT_S = 86_400.0
"""Seconds for which an idempotency key is kept after its run."""


def exact_seconds(given: object) -> float:
    """Return an int or a float as a plain float, since subclasses may override comparison; NaN for anything else."""
    try:
        return float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else math.nan
    except OverflowError:
        return math.nan


def _whole(least: int, **given: object) -> None:
    for name, value in given.items():
        if type(value) is not int or value < least:
            raise ValueError(f"{name} must be a whole number from {least}, not {shown_number(value)}")


def _number(least: int, **given: object) -> None:
    for name, value in given.items():
        if not exact_seconds(value) >= least:  # NaN fails the comparison
            raise ValueError(f"{name} must be a number from {least}, not {shown_number(value)}")


class Overflow(enum.StrEnum):
    """What happens to a message for a full mailbox."""

    BLOCK = "block"
    """The publisher waits, up to ``Mailbox.block_s``; then the delivery ends ``dead_lettered(overflow)``."""
    SHED_OLDEST = "shed_oldest"
    """The oldest waiting delivery ends ``dead_lettered(overflow)``."""
    SHED_NEWEST = "shed_newest"
    """The new delivery ends ``dead_lettered(overflow)``."""
    REJECT = "reject"
    """Like ``shed_newest``, but the publisher gets ``MailboxFullError``."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Capacity of one agent's queue, and what happens when it is full."""

    capacity: int = 1024
    """Deliveries that may wait, at least 1; deliveries being handled do not count."""
    overflow: Overflow = Overflow.BLOCK
    block_s: float = 5.0
    """Longest wait of a publisher under ``block``, in seconds."""

    def __post_init__(self) -> None:
        _whole(1, capacity=self.capacity)
        _number(0, block_s=self.block_s)


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed handling is tried again, and after which waits.

    The wait before attempt n+1 is drawn at random from half to all of ``first_s * factor ** (n - 1)``, at most
    ``longest_s``: the jitter spreads the retries of simultaneous failures.
    """

    attempts: int = 1
    """Total number of attempts, at least 1; 1 means no retry."""
    first_s: float = 0.05
    factor: float = 2.0
    longest_s: float = 5.0

    def __post_init__(self) -> None:
        _whole(1, attempts=self.attempts)
        _number(0, first_s=self.first_s, longest_s=self.longest_s)
        _number(1, factor=self.factor)

    def wait_s(self, attempt: int, random_source: random.Random) -> float:
        """Return the seconds to wait after ``attempt`` (from 1) failed."""
        # Beyond sixty doublings the power would overflow; the longest wait is reached long before.
        step: float = self.first_s * float(self.factor) ** min(attempt - 1, 60)
        return min(self.longest_s, step) * (0.5 + random_source.random() / 2)


NO_RETRY = Retry()


@dataclass(frozen=True, slots=True)
class RestartBudget:
    """Failures that an agent may have within a time window before it is quarantined."""

    failures: int = 0
    """Failures allowed within the window; 0 means no limit."""
    within_s: float = 60.0

    def __post_init__(self) -> None:
        _whole(0, failures=self.failures)
        _number(0, within_s=self.within_s)


@dataclass(frozen=True, slots=True)
class RunLimits:
    """Limits of every run, and of the number of runs."""

    max_runs: int = 10_000
    """Runs in flight; another is refused with ``TooManyRunsError``."""
    max_hops: int = 64
    """Messages in a chain of causes; a longer chain is treated as a loop."""
    max_messages: int = 100_000
    """Messages that one run may publish. One handling may publish three quarters of them, so that some remain for
    others."""
    deadline_s: float | None = None
    """Seconds that a run may take if its caller sets no deadline."""
    hold_s: float = 86_400.0
    """Seconds that a held delivery waits for its decision before it ends ``expired``."""
    dead_letters: int = 1_000
    """Dead letters kept for inspection and redrive; older ones are dropped, but stay in the counts."""
    deaths: int = 2
    """With a log: processes that may die while they handle one delivery, before it is ``dead_lettered(poison)``. 0: no
    limit."""

    def __post_init__(self) -> None:
        _whole(0, max_hops=self.max_hops, dead_letters=self.dead_letters, deaths=self.deaths)
        _whole(1, max_runs=self.max_runs, max_messages=self.max_messages)
        _number(0, hold_s=self.hold_s, **({} if self.deadline_s is None else {"deadline_s": self.deadline_s}))

    @property
    def most_of_one(self) -> int:
        """Messages that one handling may publish, so that a flooding agent cannot use up its run's messages."""
        return self.max_messages - self.max_messages // 4


# --- what handlers use ---

Cost = Decimal | int | float | str
"""An amount in the operator's own unit; a float counts as its shortest decimal form, so 0.1 is exactly 0.1."""
COST_DIGITS = 30
"""Decimal places that a cost may have."""
MOST_COST = 10**15
EXACT = Context(prec=100)
"""Decimal context for adding costs: wide enough that nothing is rounded, whatever context a handler sets."""


def exact_cost(cost: Cost) -> Decimal:
    """Return a cost as an exact decimal.

    Raises:
        ValueError: It is not a finite number from 0 to 10**15 with at most 30 decimals.
    """
    try:
        exact = Decimal(cost if isinstance(cost, Decimal) else str(cost))  # a plain Decimal, not a subclass
    except InvalidOperation:
        raise ValueError(f"a cost must be a number, not {str(cost)[:50]!r}") from None
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or not 0 <= exact <= MOST_COST:
        raise ValueError(f"cost and tokens must be finite and at least 0, and a cost at most {MOST_COST:,}")
    if exponent < -COST_DIGITS:
        raise ValueError(f"a cost has at most {COST_DIGITS} decimals; round it first")
    return exact


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected consumption of one handling; budgets reserve it while the delivery is in flight."""

    cost: Decimal = Decimal(0)
    """In the operator's own unit; given as a ``Decimal``, an int, text, or a float, which counts as it is written."""
    tokens: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "cost", exact_cost(self.cost))
        _whole(0, tokens=self.tokens)


Estimator = Callable[[Any], Estimate]
"""A pure function of a payload that returns the most that handling it can use. If it raises, the delivery is denied."""
