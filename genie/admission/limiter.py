"""Where deliveries pay: token buckets, and budgets that reserve before and settle after.

A delivery passes once, before it is judged for the first time; judging it again, retrying it or releasing it costs
nothing more. Everything runs on the loop's thread and nothing here waits, so that check and reservation are one step,
and no budget is overspent however many deliveries race.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.admission.budgets import COST, MESSAGES, UNITS, Bucket, DayTill, Meter, Purse, Till, scaled, shown
from genie.bus.accounting import Outcome
from genie.contracts.message import topic_of
from genie.errors import BudgetExceededError

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from genie.backend.timers import Entry
    from genie.bus.accounting import Delivery, RunState
    from genie.bus.exchange import Exchange
    from genie.bus.mailbox import Lane
    from genie.contracts.admission import Admission
    from genie.contracts.message import Message

DENIED = Outcome.DENIED
ENOUGH = 1 - 1e-9
"""A token, less what rounding may have taken from a bucket that has been filled again."""

_Rates = tuple[tuple[int, "str | None"], ...]
"""Place of a meter, and the recipient where that has a bucket of its own."""
_Budgets = tuple[tuple[int, int, bool], ...]
"""Place of a purse, what a delivery reserves of it, and whether its agent says that it needs no more than that."""
Stake = dict[Purse, int]
"""What is still reserved for one delivery."""


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


NOT_COVERED: Any = object()
"""In the place of a purse: the budget is not about the message's tenant."""
NO_ACCOUNT: Any = object()
"""In the place of a purse: no more accounts can be kept, or a ledger cannot be read."""


class Visit:
    """One message at the turnstile: what its deliveries have in common is looked up once.

    Args:
        turnstile: The turnstile.
        message: The message.
    """

    __slots__ = ("_buckets", "_message", "_now", "_purses", "_turnstile")

    def __init__(self, turnstile: Turnstile, message: Message[Any]) -> None:
        self._turnstile = turnstile
        self._message = message
        self._now = turnstile.now()
        self._buckets: list[Bucket | None] = turnstile.no_buckets.copy()
        self._purses: list[Any] = turnstile.no_purses.copy()

    def admit(self, delivery: Delivery) -> bool:
        """Let a delivery pass once and for all; False when it has ended, or waits for its turn."""
        tolls = delivery.lane.tolls
        if tolls is None:
            tolls = delivery.lane.tolls = self._turnstile.tolls(delivery.lane)
        rates, budgets = tolls
        wait_s, slowest = 0.0, -1
        for at, agent in rates:
            bucket = self._buckets[at] or self._bucket(at, agent)
            tokens = bucket.tokens
            if tokens < ENOUGH:
                short_s = (1 - tokens) / self._turnstile.meters[at].rule.per_s
                if short_s > self._turnstile.meters[at].rule.wait_s:
                    self._back(rates[: rates.index((at, agent))])
                    return self._turnstile.over_rate(delivery, at, tokens)
                if short_s > wait_s:
                    wait_s, slowest = short_s, at
            bucket.tokens = tokens - 1.0
        if budgets:
            purses = self._purses
            stake: Stake = {}
            for at, amount, known in budgets:
                purse = purses[at] or self.purse(at)
                if purse is NOT_COVERED:
                    continue
                if purse is NO_ACCOUNT or amount > purse.left or not (known or purse.left):
                    for paid, reserved in stake.items():
                        paid.left += reserved
                    self._back(rates)
                    return self._turnstile.over_budget(delivery, at, purse)
                purse.left -= amount
                stake[purse] = amount
            self._turnstile.stakes[delivery] = stake
        if slowest >= 0:
            self._turnstile.wait(delivery, slowest, wait_s)
            return False
        return True

    def _bucket(self, at: int, agent: str | None) -> Bucket:
        bucket = self._turnstile.meters[at].bucket(self._message, agent, self._now)
        if agent is None:
            self._buckets[at] = bucket
        return bucket

    def _back(self, rates: _Rates) -> None:
        """All or none: what one rule denies costs nothing of the others."""
        for at, agent in rates:
            self._bucket(at, agent).tokens += 1.0

    def purse(self, at: int) -> Any:
        """Return the purse that the message pays from, ``NOT_COVERED`` or ``NO_ACCOUNT``."""
        till, unit = self._turnstile.purses[at]
        message, tenants, width = self._message, till.budget.tenants, len(till.limits)
        tenant = message.headers.tenant
        if tenants is not None and tenant not in tenants:
            account: Any = (NOT_COVERED,) * width
        else:
            account = till.account(message.scope.run, tenant, self._now) or (NO_ACCOUNT,) * width
        if width == 1:
            self._purses[at] = account[0]
        else:
            self._purses[at - unit : at - unit + width] = account
        return account[unit]


class Turnstile:
    """The admission rules of one runtime at work.

    Args:
        bus: The bus.
        admission: The rules.
    """

    def __init__(self, bus: Exchange, admission: Admission) -> None:
        self._bus = bus
        self.now = bus.now
        self.meters = tuple(Meter(rate) for rate in admission.rates)
        self._tills = tuple(
            Till(budget) if budget.per == "run" else DayTill(budget, bus.clock, admission.ledger, self._ledger_failed)
            for budget in admission.budgets
        )
        self.purses = tuple((till, unit) for till in self._tills for unit in range(len(till.limits)))
        """By place: whose purse it is, and its place in that account."""
        self.no_buckets: list[Bucket | None] = [None] * len(self.meters)
        self.no_purses: list[Any] = [None] * len(self.purses)
        self._walls = {
            f"budget {till.budget.id}: more than {till.budget.wall_s:g} s in one run": till
            for till in self._tills
            if till.budget.wall_s is not None
        }
        self.visit: Callable[[Message[Any]], Visit] = partial(Visit, self)
        """Returns what admits the deliveries of a message, now."""
        self.stakes: dict[Delivery, Stake] = {}
        """What is reserved for deliveries on their way."""
        self.waiting: dict[Delivery, Entry] = {}
        """Deliveries that wait for their turn under a rate."""

    # --- before a delivery is judged ---

    def tolls(self, lane: Lane) -> tuple[_Rates, _Budgets]:
        """Return which rates and budgets cover a lane, and what its deliveries reserve."""
        card, topic = lane.subscriber.card, topic_of(lane.kind).name
        rates = tuple(
            (at, card.id if "agent" in meter.rule.per else None)
            for at, meter in enumerate(self.meters)
            if meter.rule.covers(topic, card.id)
        )
        budgets = tuple(
            (at, *till.tolls(card.estimate)[unit])
            for at, (till, unit) in enumerate(self.purses)
            if till.budget.covers(topic, card.id)
        )
        return rates, budgets

    def over_rate(self, delivery: Delivery, at: int, tokens: float) -> bool:
        """Deny a delivery that its rate has no token for."""
        meter = self.meters[at]
        meter.denied += 1
        crowd = f"rate {meter.rule.id}: too many others are over it already"
        return self._deny(delivery, "rate", meter.rule.id, crowd if tokens == -math.inf else str(meter.rule))

    def over_budget(self, delivery: Delivery, at: int, purse: Purse) -> bool:
        """Deny a delivery that its budget has not enough left for."""
        till, unit = self.purses[at]
        till.denied[till.limits[unit][0]] += 1
        name = till.budget.id
        lost = f"budget {name}: no more accounts can be kept, or its ledger cannot be read"
        return self._deny(delivery, "budget", name, lost if purse is NO_ACCOUNT else _used_up(purse))

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

    def wait(self, delivery: Delivery, at: int, wait_s: float) -> None:
        """Let a delivery wait for its turn, in flight, with what is reserved for it."""
        meter = self.meters[at]
        meter.waited += 1
        self.waiting[delivery] = self._bus.alarm.at(self.now() + wait_s, lambda: self._due(delivery))
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
        stake = self.stakes.pop(delivery, None)
        if stake is None:
            return
        for purse, rest in stake.items():
            if purse.kind == MESSAGES and outcome is not DENIED:
                if rest:
                    purse.pay(rest, rest)
            else:
                purse.left += rest

    def ran(self, delivery: Delivery) -> None:
        """A handling of it has failed: its message counts, whatever comes of it."""
        stake = self.stakes.get(delivery, {})
        for purse, rest in stake.items():
            if purse.kind == MESSAGES and rest:
                stake[purse] = 0
                purse.pay(rest, rest)

    def charge(self, delivery: Delivery, cost: Decimal, tokens: int) -> None:
        """Take what a handler has used: from what is reserved for it first, then from what is left.

        Raises:
            BudgetExceededError: A budget has not that much left; it has nothing left now.
        """
        stake = self.stakes.get(delivery)
        if stake is None:  # its delivery has ended, or waited for no budget
            stake = self._afterwards(delivery)
        used = (0, scaled("cost", cost), tokens)
        short: Purse | None = None
        for purse, reserved in stake.items():
            use = used[purse.kind]
            if use:
                stake[purse] = max(0, reserved - use)
                if purse.pay(reserved, use):
                    short = short or purse
        if short is not None:
            limit = shown(short.kind, short.limit)
            raise BudgetExceededError(
                agent=delivery.lane.subscriber.card.id,
                limit=limit if isinstance(limit, int) else f"{limit:f}",
                budget=short.till.budget.id,
                unit=UNITS[short.kind],
            )

    def _afterwards(self, delivery: Delivery) -> Stake:
        visit = self.visit(delivery.message)
        _, budgets = delivery.lane.tolls or self.tolls(delivery.lane)
        found = [visit.purse(at) for at, _, _ in budgets]
        return {purse: 0 for purse in found if purse is not NOT_COVERED and purse is not NO_ACCOUNT}

    # --- runs ---

    def opened(self, run: RunState) -> None:
        """A run begins; a budget of wall time bounds its deadline."""
        for text, till in self._walls.items():
            until = run.started + (till.budget.wall_s or math.inf)
            if until < run.deadline and (till.budget.tenants is None or run.headers.tenant in till.budget.tenants):
                run.deadline, run.expires_as = until, text

    def expired(self, run: RunState) -> None:
        """A run was ended by the clock."""
        till = self._walls.get(run.expires_as)
        if till is not None and run.alive:
            till.ended += 1

    # --- telling ---

    def rates(self) -> dict[str, RateStatistics]:
        """Return what each rate has done, by id."""
        return {meter.rule.id: RateStatistics(meter.denied, meter.waited, len(meter.buckets)) for meter in self.meters}

    def budgets(self) -> dict[tuple[str, str], BudgetStatistics]:
        """Return what each budget has done, by id and unit."""
        told: dict[tuple[str, str], BudgetStatistics] = {}
        reserved: dict[tuple[Till, int], int] = {}
        for stake in self.stakes.values():
            for purse, rest in stake.items():
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
        least = min((deadline - self.now() for deadline in bounded), default=limit)
        return BudgetStatistics(limit, 0, 0, max(0.0, least), 0, till.ended)

    def _ledger_failed(self, error: Exception) -> None:
        self._bus.log_failure("ledger", error)


def _used_up(purse: Purse) -> str:
    budget, limit = purse.till.budget, shown(purse.kind, purse.limit)
    unit = "of cost" if purse.kind == COST else UNITS[purse.kind]
    span = "one run" if budget.per == "run" else "one day of a tenant"
    return f"budget {budget.id}: {limit:{'f' if purse.kind == COST else ''}} {unit} in {span} are used up or reserved"
