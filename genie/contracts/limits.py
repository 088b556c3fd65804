"""Bounds and waiting rules as plain values: mailboxes, retries, restarts, runs. No clock, no I/O."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

KEY_KEPT_S = 86_400.0
"""Seconds for which an idempotency key is kept after its run."""


class Overflow(enum.StrEnum):
    """What happens to a message that meets a full mailbox."""

    BLOCK = "block"
    """The publisher waits, up to ``Mailbox.block_s``; then the delivery ends ``dead_lettered(overflow)``."""
    SHED_OLDEST = "shed_oldest"
    """The oldest waiting delivery ends ``dead_lettered(overflow)``."""
    SHED_NEWEST = "shed_newest"
    """The new delivery ends ``dead_lettered(overflow)``."""
    REJECT = "reject"
    """Like ``shed_newest``, and the publisher gets ``MailboxFullError``."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Bound of one agent's queue and what happens at it."""

    capacity: int = 1024
    """Deliveries that may wait, at least 1; those being handled do not count."""
    overflow: Overflow = Overflow.BLOCK
    block_s: float = 5.0
    """Longest wait of a publisher under ``block``, in seconds."""

    def __post_init__(self) -> None:
        if self.capacity < 1:
            raise ValueError(f"a mailbox holds at least 1 message, not {self.capacity}")
        if not self.block_s >= 0:
            raise ValueError(f"block_s must be at least 0 seconds, not {self.block_s}")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed handling is tried again, and how long between.

    The wait before attempt n+1 is drawn between half and the whole of ``first_s * factor ** (n - 1)``, at most
    ``longest_s``: jitter keeps a crowd of failures from coming back at once.
    """

    attempts: int = 1
    """Handlings in all, at least 1; 1 means no retry."""
    first_s: float = 0.05
    factor: float = 2.0
    longest_s: float = 5.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"a delivery is handled at least once, not {self.attempts} times")
        if not (self.first_s >= 0 and self.longest_s >= 0 and self.factor >= 1):  # not a number fits none of these
            raise ValueError("first_s and longest_s must be at least 0, factor at least 1")

    def wait_s(self, attempt: int, random_source: random.Random) -> float:
        """Return the seconds to wait after ``attempt`` (from 1) failed."""
        # Past sixty doublings the power would overflow; the longest wait has long been reached.
        step: float = self.first_s * float(self.factor) ** min(attempt - 1, 60)
        return min(self.longest_s, step) * (0.5 + random_source.random() / 2)


NO_RETRY = Retry()


@dataclass(frozen=True, slots=True)
class RestartBudget:
    """How many failures an agent may have within a window before it is quarantined."""

    failures: int = 0
    """Failures allowed within the window; 0 means no bound."""
    within_s: float = 60.0


@dataclass(frozen=True, slots=True)
class RunLimits:
    """Bounds of every run, and of how many there may be."""

    max_runs: int = 10_000
    """Runs in flight; one more is refused with ``TooManyRunsError``."""
    max_hops: int = 64
    """Messages in a chain of causes; a longer chain is a loop."""
    max_messages: int = 100_000
    """Messages that one run may publish, and three quarters of them one handling: the rest is kept for the others."""
    deadline_s: float | None = None
    """Seconds a run may take when its caller names no deadline."""
    hold_s: float = 86_400.0
    """Seconds a held delivery waits for its decision before it ends ``expired``."""
    dead_letters: int = 1_000
    """Dead letters kept for inspection and redriving; older ones are dropped, their counts stay."""
    deaths: int = 2
    """With a log: processes that may die with one delivery at work; then it is ``dead_lettered(poison)``. 0: never."""

    @property
    def most_of_one(self) -> int:
        """Messages that one handling may publish, so that an agent that floods does not cost its run the answer."""
        return self.max_messages - self.max_messages // 4


# --- what handlers use ---

Cost = Decimal | int | float | str
"""An amount in the operator's own unit; a float means the shortest decimal that is written for it, so 0.1 is 0.1."""
COST_DIGITS = 30
"""Decimals that a cost may have."""
MOST_COST = 10**15
EXACT = Context(prec=100)
"""In which costs are added up: wide enough that nothing is ever rounded, whatever the context of a handler says."""


def exact_seconds(given: object) -> float:
    """Return an int or a float as a plain float, since subclasses may override comparison; NaN for anything else."""
    try:
        return float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else math.nan
    except OverflowError:
        return math.nan


def exact_cost(cost: Cost) -> Decimal:
    """Return a cost as it is written.

    Raises:
        ValueError: It is not a finite number from 0 to 10**15 with at most 30 decimals.
    """
    try:
        exact = Decimal(cost if isinstance(cost, Decimal) else str(cost))  # a plain Decimal, not a subclass
    except InvalidOperation:
        raise ValueError(f"a cost is a number, not {str(cost)[:50]!r}") from None
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or not 0 <= exact <= MOST_COST:
        raise ValueError(f"cost and tokens are finite numbers from 0, a cost at most {MOST_COST:,}")
    if exponent < -COST_DIGITS:
        raise ValueError(f"a cost has at most {COST_DIGITS} decimals; round it first")
    return exact


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one handling of an agent is expected to use; budgets keep that much free for it while it is on its way."""

    cost: Decimal = Decimal(0)
    """In the operator's own unit; given as a ``Decimal``, an int, text, or a float, which counts as it is written."""
    tokens: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "cost", exact_cost(self.cost))
        if self.tokens < 0:
            raise ValueError(f"an estimate has tokens from 0, not {self.tokens}")


Estimator = Callable[[Any], Estimate]
"""A pure function of a payload: what handling it can use at most. Where it raises, the delivery is denied."""
