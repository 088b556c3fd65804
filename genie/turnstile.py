"""Where deliveries pay: token buckets, and budgets that reserve before and settle after.

A delivery passes once, before it is judged for the first time; judging it again, retrying it or releasing it costs
nothing more. Everything runs on the loop's thread and nothing here waits, so that check and reservation are one step,
and no budget is overspent however many deliveries race.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.account import Outcome
from genie.errors import BudgetExceededError
from genie.message import topic_of
from genie.meters import COST, MESSAGES, UNITS, DayTill, Meter, Purse, Reserved, Till, Tolls, scaled, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from genie.account import Delivery, RunState
    from genie.admission import Admission
    from genie.alarm import Entry
    from genie.exchange import Exchange
    from genie.mailbox import Lane
    from genie.message import Message

DENIED = Outcome.DENIED
ENOUGH = 1 - 1e-9
"""A token, less what rounding may have taken from a bucket that has been filled again."""

_Rates = tuple[tuple[Meter, "Callable[[Message[Any]], object]"], ...]
_Budgets = tuple[tuple[Till, Tolls], ...]


class RateStatistics(NamedTuple):
    """One rate's counters."""

    denied: int
    waited: int
    """Deliveries that waited for their turn, those that still do included."""
    buckets: int
    """Keys whose bucket is not known to be full."""


class BudgetStatistics(NamedTuple):
    """One unit of one budget, over all its runs or tenants."""

    limit: int | float | Decimal
    """Of one run, or one tenant's day."""
    spent: int | Decimal
    """Since the runtime was opened."""
    reserved: int | Decimal
    """For deliveries in flight."""
    least_left: int | float | Decimal
    """What the run or tenant with the least has left now; the limit when there is none."""
    overrun: int | Decimal
    """Charged beyond the limit: used, but nowhere left to be taken from."""
    denied: int
    """Deliveries that were denied; for ``wall_s`` runs that were ended."""


class Turnstile:
    """The admission rules of one runtime at work.

    Args:
        bus: The bus.
        admission: The rules.
    """

    def __init__(self, bus: Exchange, admission: Admission) -> None:
        self._bus = bus
        self._now = bus.now
        self._meters = tuple(Meter(rate) for rate in admission.rates)
        seconds = bus.clock.seconds
        self._tills = tuple(
            Till(budget) if budget.per == "run" else DayTill(budget, seconds, admission.ledger, self._ledger_failed)
            for budget in admission.budgets
        )
        self._walls = {
            f"budget {till.budget.id}: more than {till.budget.wall_s:g} s in one run": till
            for till in self._tills
            if till.budget.wall_s is not None
        }
        self._reserved: dict[Delivery, list[Reserved]] = {}
        self.waiting: dict[Delivery, Entry] = {}
        """Deliveries that wait for their turn under a rate."""

    # --- before a delivery is judged ---

    def admit(  # noqa: C901 - the hot path: each call more costs a tenth of what it may
        self, delivery: Delivery
    ) -> bool:
        """Let a delivery pass once and for all; False when it has ended, or waits for its turn."""
        tolls = delivery.lane.tolls
        if tolls is None:
            tolls = delivery.lane.tolls = self._tolls(delivery.lane)
        rates, budgets = tolls
        message = delivery.message
        tenant = message.headers.tenant
        wait_s = 0.0
        slowest: Meter | None = None
        passed = []
        if rates:
            now = self._now()
            for meter, key_of in rates:
                if meter.tenants is not None and tenant not in meter.tenants:
                    continue
                key = key_of(message)
                bucket = meter.buckets.get(key) or meter.new(key, now)
                if bucket is None:
                    return self._over_rate(delivery, meter, "too many others are over it already")
                tokens = bucket.tokens + (now - bucket.at) * meter.per_s
                if tokens > meter.burst:  # noqa: PLR1730 - min() of two numbers costs four times as much
                    tokens = meter.burst
                bucket.tokens, bucket.at = tokens, now
                if tokens < ENOUGH:
                    short_s = (1 - tokens) / meter.per_s
                    if short_s > meter.wait_s:
                        return self._over_rate(delivery, meter)
                    if short_s > wait_s:
                        wait_s, slowest = short_s, meter
                passed.append(bucket)
        if budgets and not self._reserve(delivery, budgets, tenant):
            return False
        for bucket in passed:  # all or none: a delivery that one rule denies costs nothing of the others
            bucket.tokens -= 1.0
        if slowest is not None:
            self._wait(delivery, slowest, wait_s)
            return False
        return True

    def _tolls(self, lane: Lane) -> tuple[_Rates, _Budgets]:
        card, topic = lane.subscriber.card, topic_of(lane.kind).name
        rates = tuple((meter, meter.key(topic, card.id)) for meter in self._meters if meter.rule.covers(topic, card.id))
        budgets = tuple(
            (till, till.tolls(card.estimate))
            for till in self._tills
            if till.limits and till.budget.covers(topic, card.id)
        )
        return rates, budgets

    def _reserve(self, delivery: Delivery, budgets: _Budgets, tenant: str | None) -> bool:
        run = delivery.message.scope.run
        reserved: list[Reserved] = []
        for till, tolls in budgets:
            if till.tenants is not None and tenant not in till.tenants:
                continue
            account = till.account(run, tenant)
            if account is None:
                _give_back(reserved)
                till.denied[till.limits[0][0]] += 1
                reason = f"budget {till.budget.id}: no more accounts can be kept, or its ledger cannot be read"
                return self._deny(delivery, "budget", till.budget.id, reason)
            for purse, (amount, known) in zip(account, tolls, strict=True):
                left = purse.left
                if amount > left or (not left and not known):
                    _give_back(reserved)
                    till.denied[purse.kind] += 1
                    return self._deny(delivery, "budget", till.budget.id, _used_up(purse))
                purse.left = left - amount
                purse.reserved += amount
                reserved.append([purse, amount])
        if reserved:
            self._reserved[delivery] = reserved
        return True

    def _over_rate(self, delivery: Delivery, meter: Meter, why: str = "") -> bool:
        meter.denied += 1
        reason = f"rate {meter.rule.id}: {why}" if why else str(meter.rule)
        return self._deny(delivery, "rate", meter.rule.id, reason)

    def _deny(self, delivery: Delivery, code: str, rule: str, reason: str) -> bool:
        bus, message = self._bus, delivery.message
        subject = f"{topic_of(message.payload).name} -> {delivery.lane.subscriber.card.id}"
        bus.governed(
            "verdict", subject, by="supervisor", reason=reason, message=message,
            detail={"verdict": "deny", "code": code, "rule": rule},
        )  # fmt: skip
        bus.settle(delivery, DENIED, reason)
        return False

    # --- waiting for a rate ---

    def _wait(self, delivery: Delivery, meter: Meter, wait_s: float) -> None:
        meter.waited += 1
        self.waiting[delivery] = self._bus.alarm.at(self._now() + wait_s, lambda: self._due(delivery))
        agent = delivery.lane.subscriber.card.id
        self._bus.tell(delivery.message, "timed", agent, f"rate {meter.rule.id}: in {wait_s:.3f} s")

    def _due(self, delivery: Delivery) -> None:
        del self.waiting[delivery]
        if self._bus.judge_again(delivery):
            self._bus.enqueue(delivery)

    def take(self, belongs: Callable[[Delivery], bool]) -> list[Delivery]:
        """Remove and return the waiting deliveries that ``belongs`` picks; their tokens are gone."""
        taken = [delivery for delivery in self.waiting if belongs(delivery)]
        for delivery in taken:
            self.waiting.pop(delivery).cancel()
        return taken

    # --- after it ---

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """Return what is still reserved for a delivery; its message counts unless it was denied."""
        reserved = self._reserved.pop(delivery, None)
        if reserved is None:
            return
        for part in reserved:
            purse, rest = part
            if not rest:
                continue
            if purse.kind == MESSAGES and outcome is not DENIED:
                purse.pay(part, rest)
            else:
                purse.reserved -= rest
                purse.left += rest

    def ran(self, delivery: Delivery) -> None:
        """A handling of it has failed: its message counts, whatever comes of it."""
        for part in self._reserved.get(delivery, ()):
            if part[0].kind == MESSAGES and part[1]:
                part[0].pay(part, part[1])

    def charge(self, delivery: Delivery, cost: Decimal, tokens: int) -> None:
        """Take what a handler has used: from what is reserved for it first, then from what is left.

        Raises:
            BudgetExceededError: A budget has not that much left; it has nothing left now.
        """
        reserved = self._reserved.get(delivery)
        if reserved is None:  # its delivery has ended
            reserved = self._afterwards(delivery)
        used = (0, scaled("cost", cost), tokens)
        short: Purse | None = None
        for part in reserved:
            purse: Purse = part[0]
            if used[purse.kind] and not purse.pay(part, used[purse.kind]):
                short = short or purse
        if short is not None:
            limit = shown(short.kind, short.limit)
            raise BudgetExceededError(
                agent=delivery.lane.subscriber.card.id,
                limit=limit if isinstance(limit, int) else f"{limit:f}",
                budget=short.till.budget.id,
                unit=UNITS[short.kind],
            )

    def _afterwards(self, delivery: Delivery) -> list[Reserved]:
        message = delivery.message
        tenant = message.headers.tenant
        _, budgets = delivery.lane.tolls or self._tolls(delivery.lane)
        found = [
            till.account(message.scope.run, tenant)
            for till, _ in budgets
            if till.tenants is None or tenant in till.tenants
        ]
        return [[purse, 0] for account in found for purse in account or ()]

    # --- runs ---

    def opened(self, run: RunState) -> None:
        """A run begins; a budget of wall time bounds its deadline."""
        for text, till in self._walls.items():
            until = run.started + (till.budget.wall_s or math.inf)
            if until < run.deadline and (till.tenants is None or run.headers.tenant in till.tenants):
                run.deadline, run.expires_as = until, text

    def expired(self, run: RunState) -> None:
        """A run was ended by the clock."""
        till = self._walls.get(run.expires_as)
        if till is not None and run.alive:
            till.ended += 1

    # --- telling ---

    def rates(self) -> dict[str, RateStatistics]:
        """Return what each rate has done, by id."""
        return {meter.rule.id: RateStatistics(meter.denied, meter.waited, len(meter.buckets)) for meter in self._meters}

    def budgets(self) -> dict[tuple[str, str], BudgetStatistics]:
        """Return what each budget has done, by id and unit."""
        told: dict[tuple[str, str], BudgetStatistics] = {}
        reserved: dict[tuple[Till, int], int] = {}
        for parts in self._reserved.values():
            for purse, rest in parts:
                place = (purse.till, purse.kind)
                reserved[place] = reserved.get(place, 0) + rest
        for till in self._tills:
            accounts = till.accounts(self._bus.runs.values())
            for at, (kind, limit) in enumerate(till.limits):
                told[till.budget.id, UNITS[kind]] = BudgetStatistics(
                    limit=shown(kind, limit),
                    spent=shown(kind, till.spent[kind]),
                    reserved=shown(kind, reserved.get((till, kind), 0)),
                    least_left=shown(kind, min((account[at].left for account in accounts), default=limit)),
                    overrun=shown(kind, till.overrun[kind]),
                    denied=till.denied[kind],
                )
        for text, till in self._walls.items():
            told[till.budget.id, "wall_s"] = self._wall(text, till)
        return told

    def _wall(self, text: str, till: Till) -> BudgetStatistics:
        limit = till.budget.wall_s or math.inf
        bounded = (run.deadline for run in self._bus.runs.values() if run.expires_as == text and not run.held)
        least = min((deadline - self._now() for deadline in bounded), default=limit)
        return BudgetStatistics(limit, 0, 0, max(0.0, least), 0, till.ended)

    def _ledger_failed(self, error: Exception) -> None:
        self._bus.log_failure("ledger", error)


def _give_back(reserved: list[Reserved]) -> None:
    for purse, amount in reserved:
        purse.reserved -= amount
        purse.left += amount


def _used_up(purse: Purse) -> str:
    budget, limit = purse.till.budget, shown(purse.kind, purse.limit)
    unit = "of cost" if purse.kind == COST else UNITS[purse.kind]
    span = "one run" if budget.per == "run" else "one day of a tenant"
    return f"budget {budget.id}: {limit:{'f' if purse.kind == COST else ''}} {unit} in {span} are used up or reserved"
