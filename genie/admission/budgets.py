"""State of rates and budgets: token buckets by key, and what runs and tenants' days have left."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any

from genie.contracts.admission import Use, zone_of
from genie.contracts.limits import COST_DIGITS, EXACT
from genie.contracts.message import topic_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal

    from genie.backend.clock import Clock
    from genie.contracts.admission import Budget, Ledger, Rate
    from genie.contracts.limits import Estimate
    from genie.contracts.message import Envelope

MOST_KEYS = 65_536
"""Maximum number of buckets of one rate, or of accounts of one daily budget."""
ROOMY = 1_024
"""Number of buckets from which full ones are removed; a full bucket equals a new one."""
LOOK_S = 1.0
"""Seconds between two clean-ups, so that many new keys do not each pay for one."""

MESSAGES, COST, TOKENS = range(3)
UNITS = ("messages", "cost", "tokens")
SCALE = 10**COST_DIGITS


# --- rates ---


class Bucket:
    """Bucket of one key: tokens at a time on the loop's clock, below zero while deliveries wait for theirs."""

    __slots__ = ("at", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at


FREE = Bucket(math.inf, 0.0)
"""Replaces dimensions that a rate does not use."""
NONE = Bucket(-math.inf, 0.0)
"""Returned if no more buckets can be stored."""


class RateState:
    """State of one rate.

    Args:
        rule: The rate.
    """

    __slots__ = ("_look_at", "_parts", "_roomy", "buckets", "denials", "rule", "since", "waited")

    def __init__(self, rule: Rate) -> None:
        self.rule = rule
        self._parts = tuple(part in rule.per for part in ("tenant", "sender", "topic"))
        self.buckets: dict[object, Bucket] = {}
        self._roomy = ROOMY
        self._look_at = -math.inf
        self.since = -math.inf
        """Time from which buckets fill: an earlier process may have left them empty."""
        self.denials = 0
        self.waited = 0

    def bucket(self, message: Envelope[Any], agent: str | None, now: float) -> Bucket:
        """Return the bucket of a message, filled up to now.

        Args:
            message: The message.
            agent: Its recipient, if the rate has buckets per recipient.
            now: Time on the loop's clock.
        """
        rule, tenant = self.rule, message.headers.tenant
        if rule.tenants is not None and tenant not in rule.tenants:
            return FREE
        by_tenant, by_sender, by_topic = self._parts
        key = (
            tenant if by_tenant else None,
            message.sender if by_sender else None,
            topic_of(message.payload).name if by_topic else None,
            agent,
        )
        bucket = self.buckets.get(key)
        if bucket is None:
            return self._new(key, now)
        if bucket.at != now:
            tokens = bucket.tokens + (now - bucket.at) * rule.per_s
            bucket.tokens = tokens if tokens < rule.burst else float(rule.burst)
            bucket.at = now
        return bucket

    def _new(self, key: object, now: float) -> Bucket:
        buckets, rule = self.buckets, self.rule
        if len(buckets) >= self._roomy and now >= self._look_at:
            self._look_at = now + LOOK_S
            full = [
                one for one, bucket in buckets.items()
                if bucket.tokens + (now - bucket.at) * rule.per_s >= rule.burst
            ]  # fmt: skip
            for one in full:
                del buckets[one]
            # Next at twice the remaining number, so that the clean-up costs little per bucket.
            self._roomy = min(MOST_KEYS, max(ROOMY, 2 * len(buckets)))
        if len(buckets) >= MOST_KEYS:
            return NONE
        bucket = buckets[key] = Bucket(min(float(rule.burst), (now - self.since) * rule.per_s), now)
        return bucket


# --- budgets ---


class Account:
    """One unit of one budget for one run, or for one tenant's day: ``limit == left + reserved + spent``, each from 0.

    A cost is an integer in units of 1e-30, so that every sum is exact.
    """

    __slots__ = ("kind", "left", "limit", "owner", "spent", "state")

    def __init__(self, state: BudgetState, kind: int, limit: int, spent: int, owner: Owner | None) -> None:
        self.state = state
        self.kind = kind
        self.limit = limit
        self.spent = min(spent, limit)
        self.left = limit - self.spent
        """Amount neither spent nor reserved."""
        self.owner = owner
        """The tenant of the day, if a ledger stores it."""

    @property
    def reserved(self) -> int:
        """Amount that deliveries in flight may still spend."""
        return self.limit - self.left - self.spent

    def pay(self, reserved: int, used: int) -> int:
        """Take a used amount from a reservation, then from what is left; return the uncovered amount.

        The uncovered amount is not spent from this account; it is counted as overrun.
        """
        more = max(0, used - reserved)
        lacking = max(0, more - self.left)
        self.left -= more - lacking
        self.spent += used - lacking
        self.state.spent[self.kind] += used - lacking
        self.state.overrun[self.kind] += lacking
        if self.owner is not None:
            self.state.write(self.owner, self.kind, used)
        return lacking


Owner = tuple[str | None, datetime.date]
Accounts = tuple[Account, ...]
"""The accounts of one run, or of one tenant's day: one for each unit that the budget limits."""


class BudgetState:
    """State of one budget per run.

    Args:
        budget: The budget.
    """

    __slots__ = ("budget", "denials", "ended", "limits", "overrun", "spent")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.limits = tuple((UNITS.index(unit), scaled(unit, limit)) for unit, limit in budget.limits())
        self.spent = [0, 0, 0]
        self.overrun = [0, 0, 0]
        self.denials = [0, 0, 0]
        self.ended = 0
        """Number of runs whose wall time was used up."""

    def charges(self, own: Estimate | None) -> tuple[tuple[int, bool], ...]:
        """Return what a delivery reserves of each unit, and whether its agent declares that as an upper limit.

        Args:
            own: The estimate on the card of its recipient.
        """
        expected = self.budget.expected(own)
        known = expected is not None
        cost, tokens = (0, 0) if expected is None else (scaled("cost", expected.cost), expected.tokens)
        amounts = ((1, True), (cost, known), (tokens, known))
        return tuple(amounts[kind] for kind, _ in self.limits)

    def account(self, run: Any, _tenant: str | None, _now: float) -> Accounts | None:
        """Return the account of a message's deliveries; None if no more accounts can be stored."""
        accounts = run.budgets
        if accounts is None:
            accounts = run.budgets = {}
        account: Accounts | None = accounts.get(self)
        if account is None:
            account = accounts[self] = self._opened(None, Use())
        return account

    def spent_before(self, spent: list[int]) -> Accounts:
        """Restore the account of a run that has spent something in an earlier process."""
        return tuple(
            Account(self, kind, limit, used, None) for (kind, limit), used in zip(self.limits, spent, strict=True)
        )

    def accounts(self, runs: Iterable[Any]) -> list[Accounts]:
        """Return every existing account."""
        return [run.budgets[self] for run in runs if run.budgets is not None and self in run.budgets]

    def write(self, owner: Owner, kind: int, used: int) -> None:
        """Update the ledger; only daily budgets have one."""

    def _opened(self, owner: Owner | None, before: Use) -> Accounts:
        return tuple(
            Account(self, kind, limit, scaled(UNITS[kind], before[kind]), owner) for kind, limit in self.limits
        )


class DayBudgetState(BudgetState):
    """State of one budget per tenant and day.

    Args:
        budget: The budget.
        clock: The clock.
        ledger: Stores consumption beyond the life of the process.
        failed: Called with an exception of the ledger.
    """

    __slots__ = ("_accounts", "_clock", "_day", "_ends", "_failed", "_ledger", "_look_at", "_zone")

    def __init__(
        self, budget: Budget, clock: Clock, ledger: Ledger | None, failed: Callable[[Exception], None]
    ) -> None:
        super().__init__(budget)
        self._clock = clock
        self._ledger = ledger
        self._failed = failed
        self._zone = zone_of(budget.zone)
        self._accounts: dict[str | None, Accounts] = {}
        self._day = datetime.date.min
        self._look_at = -math.inf
        self._ends = -math.inf
        """End of the day, in seconds since the epoch."""

    def account(self, _run: Any, tenant: str | None, now: float) -> Accounts | None:
        """Return a tenant's account of today; None if there are too many, or its ledger cannot be read."""
        seconds = now + self._clock.offset
        if seconds >= self._ends:  # never back: a clock corrected to before midnight does not repeat a day
            self._turn(seconds)
        return self._accounts.get(tenant) or self._new(tenant, now)

    def accounts(self, _runs: Iterable[Any]) -> list[Accounts]:
        """Return every account of today."""
        return list(self._accounts.values())

    def _turn(self, seconds: float) -> None:
        """Begin a day; reservations of the previous day are settled there."""
        self._day = datetime.datetime.fromtimestamp(seconds, self._zone).date()
        after = datetime.datetime.combine(self._day + datetime.timedelta(days=1), datetime.time(), self._zone)
        self._ends = after.timestamp()
        self._accounts = {}

    def _new(self, tenant: str | None, now: float) -> Accounts | None:
        if len(self._accounts) >= MOST_KEYS and now >= self._look_at:
            self._look_at = now + LOOK_S
            untouched = [one for one, accounts in self._accounts.items() if all(p.left == p.limit for p in accounts)]
            for one in untouched:
                del self._accounts[one]
        if len(self._accounts) >= MOST_KEYS:
            return None
        if self._ledger is None:
            account = self._accounts[tenant] = self._opened(None, Use())
            return account
        try:
            before = self._ledger.used(self.budget.id, tenant, self._day)
        except Exception as error:  # noqa: BLE001 - whatever it raises: what is not known to be left is not given
            self._failed(error)
            return None
        account = self._accounts[tenant] = self._opened((tenant, self._day), before)
        return account

    def write(self, owner: Owner, kind: int, used: int) -> None:
        """Add to the ledger what was used."""
        if self._ledger is None:
            return
        tenant, day = owner
        use = Use(**{UNITS[kind]: shown(kind, used)})  # type: ignore[arg-type]  # a cost is a Decimal, the rest are ints
        try:
            self._ledger.add(self.budget.id, tenant, day, use)
        except Exception as error:  # noqa: BLE001 - whatever it raises: the budget goes on in memory
            self._failed(error)


def scaled(unit: str, amount: int | Decimal) -> int:
    """Convert an amount to the integer unit of accounts."""
    return int(amount) if unit != "cost" else int(EXACT.multiply(amount, SCALE))


def shown(kind: int, amount: int) -> int | Decimal:
    """Convert an amount of an account to decimal form."""
    if kind != COST:
        return amount
    return EXACT.divide(amount, SCALE)
