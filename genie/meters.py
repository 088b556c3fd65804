"""Rates and budgets at work: token buckets by key, and what runs and tenants' days have left of a budget."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any

from genie.admission import Use, zone_of
from genie.limits import COST_DIGITS, EXACT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal

    from genie.admission import Budget, Ledger, Rate
    from genie.limits import Estimate
    from genie.message import Message

MOST_KEYS = 65_536
"""Buckets of one rate, or accounts of one budget of a day, that are kept at once."""
ROOMY = 1_024
"""Buckets from which full ones are looked for; a full bucket is the same as none."""

MESSAGES, COST, TOKENS = range(3)
UNITS = ("messages", "cost", "tokens")
SCALE = 10**COST_DIGITS


# --- rates ---


class Bucket:
    """What one key may still do: tokens at a time on the loop's clock, below zero while deliveries wait for theirs."""

    __slots__ = ("at", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at


class Meter:
    """One rate at work.

    Args:
        rule: The rate.
    """

    __slots__ = ("_roomy", "buckets", "burst", "denied", "per_s", "rule", "tenants", "wait_s", "waited")

    def __init__(self, rule: Rate) -> None:
        self.rule = rule
        self.per_s = rule.per_s
        self.burst = float(rule.burst)
        self.wait_s = rule.wait_s
        self.tenants = rule.tenants
        self.buckets: dict[object, Bucket] = {}
        self._roomy = ROOMY
        self.denied = 0
        self.waited = 0

    def key(self, topic: str, agent: str) -> Callable[[Message[Any]], object]:
        """Return what picks the bucket of a message from one topic to one agent."""
        named = {"topic": topic, "agent": agent}
        fixed = tuple(named[part] for part in self.rule.per if part in named)
        tenant, sender = "tenant" in self.rule.per, "sender" in self.rule.per
        if tenant and sender:
            return lambda message: (message.headers.tenant, message.sender, fixed)
        if tenant:
            return lambda message: (message.headers.tenant, fixed)
        if sender:
            return lambda message: (message.sender, fixed)
        return lambda _message: fixed

    def new(self, key: object, now: float) -> Bucket | None:
        """Return a full bucket for a key that has none; None when too many others are being filled."""
        buckets = self.buckets
        if len(buckets) >= self._roomy:
            for idle in [one for one, bucket in buckets.items() if self._full(bucket, now)]:
                del buckets[idle]
            # At twice what is left, so that looking costs little a bucket.
            self._roomy = min(MOST_KEYS, max(ROOMY, 2 * len(buckets)))
            if len(buckets) >= MOST_KEYS:
                return None
        bucket = buckets[key] = Bucket(self.burst, now)
        return bucket

    def _full(self, bucket: Bucket, now: float) -> bool:
        return bucket.tokens + (now - bucket.at) * self.per_s >= self.burst


# --- budgets ---


class Purse:
    """One unit of one budget for one run, or for one tenant's day: ``limit == left + reserved + spent``, each from 0.

    A cost is a whole number of its thirtieth decimal, so that every sum is exact.
    """

    __slots__ = ("kind", "left", "limit", "owner", "reserved", "spent", "till")

    def __init__(self, till: Till, kind: int, limit: int, spent: int, owner: Owner | None) -> None:
        self.till = till
        self.kind = kind
        self.limit = limit
        self.spent = min(spent, limit)
        self.left = limit - self.spent
        self.reserved = 0
        self.owner = owner
        """Whose day it is, where a ledger keeps it."""

    def pay(self, part: Reserved, used: int) -> bool:
        """Take what was used from a reservation, then from what is left; False when that is not enough.

        What goes beyond is no spending of this purse, which has no more to give; it is counted as overrun.
        """
        own: int = min(part[1], used)
        part[1] -= own
        self.reserved -= own
        beyond = used - own - self.left
        if beyond > 0:
            self.till.overrun[self.kind] += beyond
            spent, self.left = own + self.left, 0
        else:
            spent = used
            self.left -= used - own
        self.spent += spent
        self.till.spent[self.kind] += spent
        if self.owner is not None:
            self.till.write(self.owner, self.kind, used)
        return beyond <= 0


Owner = tuple[str | None, datetime.date]
Reserved = list[Any]
"""A purse, and what of it is still reserved for one delivery."""
Account = tuple[Purse, ...]
"""The purses of one run, or of one tenant's day: one for each unit that the budget limits."""
Tolls = tuple[tuple[int, bool], ...]
"""For each of them what a delivery reserves, and whether its agent says that it needs no more than that."""


class Till:
    """One budget of runs at work.

    Args:
        budget: The budget.
    """

    __slots__ = ("budget", "denied", "ended", "limits", "overrun", "spent", "tenants")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.tenants = budget.tenants
        self.limits = tuple((UNITS.index(unit), scaled(unit, limit)) for unit, limit in budget.limits())
        self.spent = [0, 0, 0]
        self.overrun = [0, 0, 0]
        self.denied = [0, 0, 0]
        self.ended = 0
        """Runs whose wall time was used up."""

    def tolls(self, own: Estimate | None) -> Tolls:
        """Return what a delivery reserves of each unit.

        Args:
            own: The estimate on the card of its recipient.
        """
        expected = self.budget.expected(own)
        known = expected is not None
        cost, tokens = (0, 0) if expected is None else (scaled("cost", expected.cost), expected.tokens)
        amounts = ((1, True), (cost, known), (tokens, known))
        return tuple(amounts[kind] for kind, _ in self.limits)

    def account(self, run: Any, _tenant: str | None) -> Account | None:
        """Return the account that a delivery pays from; None when there can be no more of them."""
        accounts = run.budgets
        if accounts is None:
            accounts = run.budgets = {}
        account: Account | None = accounts.get(self)
        if account is None:
            account = accounts[self] = self._opened(None, Use())
        return account

    def accounts(self, runs: Iterable[Any]) -> list[Account]:
        """Return every account there is now."""
        return [run.budgets[self] for run in runs if run.budgets is not None and self in run.budgets]

    def write(self, owner: Owner, kind: int, used: int) -> None:
        """Tell the ledger; only days have one."""

    def _opened(self, owner: Owner | None, before: Use) -> Account:
        return tuple(Purse(self, kind, limit, scaled(UNITS[kind], before[kind]), owner) for kind, limit in self.limits)


class DayTill(Till):
    """One budget of tenants' days at work.

    Args:
        budget: The budget.
        seconds: The wall clock, in seconds since the epoch.
        ledger: Keeps what was used beyond the life of the process.
        failed: Told what a ledger raised.
    """

    __slots__ = ("_accounts", "_day", "_ends", "_failed", "_ledger", "_seconds", "_zone")

    def __init__(
        self, budget: Budget, seconds: Callable[[], float], ledger: Ledger | None, failed: Callable[[Exception], None]
    ) -> None:
        super().__init__(budget)
        self._seconds = seconds
        self._ledger = ledger
        self._failed = failed
        self._zone = zone_of(budget.zone)
        self._accounts: dict[str | None, Account] = {}
        self._day = datetime.date.min
        self._ends = -math.inf
        """When the day ends, in seconds since the epoch."""

    def account(self, _run: Any, tenant: str | None) -> Account | None:
        """Return a tenant's account of today; None when too many have one, or its ledger cannot be read."""
        seconds = self._seconds()
        if seconds >= self._ends:  # never back: a clock that is corrected over midnight does not give a day twice
            self._turn(seconds)
        return self._accounts.get(tenant) or self._new(tenant)

    def accounts(self, _runs: Iterable[Any]) -> list[Account]:
        """Return every account of today."""
        return list(self._accounts.values())

    def _turn(self, seconds: float) -> None:
        """Begin a day; what is reserved in the one before is settled there."""
        self._day = datetime.datetime.fromtimestamp(seconds, self._zone).date()
        after = datetime.datetime.combine(self._day + datetime.timedelta(days=1), datetime.time(), self._zone)
        self._ends = after.timestamp()
        self._accounts = {}

    def _new(self, tenant: str | None) -> Account | None:
        if len(self._accounts) >= MOST_KEYS:
            untouched = [one for one, purses in self._accounts.items() if all(p.left == p.limit for p in purses)]
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
        """Tell the ledger what was used."""
        if self._ledger is None:
            return
        tenant, day = owner
        use = Use(**{UNITS[kind]: shown(kind, used)})  # type: ignore[arg-type]  # a cost is a Decimal, the rest are ints
        try:
            self._ledger.add(self.budget.id, tenant, day, use)
        except Exception as error:  # noqa: BLE001 - whatever it raises: the budget goes on in memory
            self._failed(error)


def scaled(unit: str, amount: int | Decimal) -> int:
    """Return an amount as the whole number that purses count in."""
    return int(amount) if unit != "cost" else int(EXACT.multiply(amount, SCALE))


def shown(kind: int, amount: int) -> int | Decimal:
    """Return an amount of a purse as people write it."""
    if kind != COST:
        return amount
    return EXACT.divide(amount, SCALE)
