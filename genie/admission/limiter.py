"""Admission of deliveries: token buckets, and budgets that reserve before and settle after.

A delivery is admitted once, before it is first judged; judging it again, retrying it or releasing it costs nothing
more. Everything runs on the loop's thread without waiting, so check and reservation are atomic, and concurrent
deliveries cannot overspend a budget.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from genie.admission.budgets import (
    COST,
    MESSAGES,
    UNITS,
    Account,
    Bucket,
    BudgetState,
    DayBudgetState,
    RateState,
    scaled,
    shown,
)
from genie.contracts.limits import Estimate
from genie.contracts.message import topic_of
from genie.contracts.outcome import Outcome, Reason
from genie.contracts.statistics import BudgetStatistics, RateStatistics
from genie.errors import BudgetExceededError, class_name
from genie.errors.safe_text import keep_safe_text
from genie.inflight.interceptors import Interceptor
from genie.inflight.pending import RATE, Parked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from genie.bus.bus import Bus
    from genie.contracts.admission import Admission
    from genie.contracts.limits import Estimator
    from genie.contracts.message import Envelope
    from genie.inflight.accounting import RunState
    from genie.inflight.delivery import Delivery
    from genie.inflight.subscription import Subscription

DENIED = Outcome.DENIED
ENOUGH = 1 - 1e-9
"""One token, less the possible rounding error of a refilled bucket."""

_Rates = tuple[tuple[int, "str | None"], ...]
"""Index of a rate, and the recipient if the rate has buckets per recipient."""
_Budgets = tuple[tuple[int, int, bool], ...]
"""Index of an account, what a delivery reserves of it, and whether its agent declares that as an upper limit."""
Reservation = dict[Account, int]
"""Remaining reservations of one delivery."""


REFUSED: _Budgets = ((-1, 0, False),)
"""Replaces a reservation: the delivery was denied."""
NOT_COVERED: Any = object()
"""Replaces an account: the budget does not cover the message's tenant."""
NO_ACCOUNT: Any = object()
"""Replaces an account: no more accounts can be stored, or a ledger cannot be read."""


class AdmissionCheck:
    """One message at the controller; what its deliveries have in common is looked up once.

    Args:
        controller: The controller.
        message: The message.
    """

    __slots__ = ("_accounts", "_buckets", "_controller", "_message", "_now")

    def __init__(self, controller: AdmissionController, message: Envelope[Any]) -> None:
        self._controller = controller
        self._message = message
        self._now = controller.now()
        self._buckets: list[Bucket | None] = controller.no_buckets.copy()
        self._accounts: list[Any] = controller.no_accounts.copy()

    def admit(self, delivery: Delivery) -> bool:  # noqa: C901 - of every delivery that rules cover: a call costs
        """Admit a delivery once; return False if it has ended, or waits for its turn."""
        controller = self._controller
        rates, covered, estimate = delivery.subscription.rules or controller.rules(delivery.subscription)
        budgets = covered if estimate is None else controller.estimated(delivery, covered, estimate)
        if budgets is REFUSED:
            return False
        if delivery.extra is not None and delivery.extra.reopened is not None:
            rates = ()  # an earlier process has admitted it
        wait_s, slowest = 0.0, -1
        for at, agent in rates:
            bucket = self._buckets[at] or self._bucket(at, agent)
            tokens = bucket.tokens
            if tokens < ENOUGH:
                short_s = (1 - tokens) / self._controller.rates_by_place[at].rule.per_s
                if short_s > self._controller.rates_by_place[at].rule.wait_s:
                    self._back(rates[: rates.index((at, agent))])
                    return self._controller.over_rate(delivery, at, tokens)
                if short_s > wait_s:
                    wait_s, slowest = short_s, at
            bucket.tokens = tokens - 1.0
        if budgets:
            accounts = self._accounts
            reservation: Reservation = {}
            for at, amount, known in budgets:
                account = accounts[at] or self.account(at)
                if account is NOT_COVERED:
                    continue
                if account is NO_ACCOUNT or amount > account.left or not (known or account.left):
                    for paid, reserved in reservation.items():
                        paid.left += reserved
                    self._back(rates)
                    return self._controller.over_budget(delivery, at, account)
                account.left -= amount
                reservation[account] = amount
            self._controller.reservations[delivery] = reservation
        if slowest >= 0:
            self._controller.wait(delivery, slowest, wait_s)
            return False
        return True

    def _bucket(self, at: int, agent: str | None) -> Bucket:
        bucket = self._controller.rates_by_place[at].bucket(self._message, agent, self._now)
        if agent is None:
            self._buckets[at] = bucket
        return bucket

    def _back(self, rates: _Rates) -> None:
        """All or nothing: after a denial by one rule, nothing is taken from the others."""
        for at, agent in rates:
            self._bucket(at, agent).tokens += 1.0

    def account(self, at: int) -> Any:
        """Return the account of the message, ``NOT_COVERED`` or ``NO_ACCOUNT``."""
        state, unit = self._controller.accounts[at]
        message, tenants, width = self._message, state.budget.tenants, len(state.limits)
        tenant = message.headers.tenant
        if tenants is not None and tenant not in tenants:
            account: Any = (NOT_COVERED,) * width
        else:
            account = state.account(message.scope.run, tenant, self._now) or (NO_ACCOUNT,) * width
        if width == 1:
            self._accounts[at] = account[0]
        else:
            self._accounts[at - unit : at - unit + width] = account
        return account[unit]


class AdmissionController(Interceptor):
    """The admission controller of one runtime.

    Args:
        bus: The bus.
        admission: The rules.
    """

    def __init__(self, bus: Bus, admission: Admission) -> None:
        self._bus = bus
        self.now = bus.now
        self.rates_by_place = tuple(RateState(rate) for rate in admission.rates)
        self._states = tuple(
            BudgetState(budget)
            if budget.per == "run"
            else DayBudgetState(budget, bus.clock, admission.ledger, self._ledger_failed)
            for budget in admission.budgets
        )
        self.accounts = tuple((state, unit) for state in self._states for unit in range(len(state.limits)))
        """By index: the owner of an account, and its index in that account."""
        self.no_buckets: list[Bucket | None] = [None] * len(self.rates_by_place)
        self.no_accounts: list[Any] = [None] * len(self.accounts)
        self._walls = {
            f"budget {state.budget.id}: more than {state.budget.wall_s:g} s in one run": state
            for state in self._states
            if state.budget.wall_s is not None
        }
        self.active = True
        self.reservations: dict[Delivery, Reservation] = {}
        """Reservations of deliveries in flight."""
        bus.pending.on(RATE, self._due)

    def check(self, message: Envelope[Any]) -> AdmissionCheck:
        """Return the admission of a message's deliveries at present."""
        return AdmissionCheck(self, message)

    # --- before a delivery is judged ---

    def rules(self, subscription: Subscription) -> tuple[_Rates, _Budgets, Estimator | None]:
        """Return the rates and budgets that cover a subscription, and what its deliveries reserve.

        The third item estimates each payload separately, if the card has such a function and a budget needs it.
        """
        card, topic = subscription.subscriber.card, topic_of(subscription.kind).name
        rates = tuple(
            (at, card.id if "agent" in rate.rule.per else None)
            for at, rate in enumerate(self.rates_by_place)
            if rate.rule.covers(topic, card.id)
        )
        estimator, constant = (card.estimate, None) if callable(card.estimate) else (None, card.estimate)
        budgets = tuple(
            (at, *state.charges(constant)[unit])
            for at, (state, unit) in enumerate(self.accounts)
            if state.budget.covers(topic, card.id)
        )
        rules = subscription.rules = rates, budgets, estimator if budgets else None
        return rules

    def estimated(self, delivery: Delivery, budgets: _Budgets, estimator: Estimator) -> _Budgets:
        """Return what a delivery reserves for its own payload.

        ``REFUSED`` if the estimate fails, so that it is denied.
        """
        try:
            own = estimator(delivery.message.payload)
            if not isinstance(own, Estimate):
                raise TypeError
        except Exception as error:  # noqa: BLE001 - fail closed: what it will use is unknown, so it is not let through
            why = f"the estimate of {delivery.subscription.subscriber.card.id!r} raised {class_name(error)}"
            self._deny(delivery, "budget", "estimate", why)
            return REFUSED
        return tuple((at, *state.charges(own)[unit]) for at, _, _ in budgets for state, unit in (self.accounts[at],))

    def over_rate(self, delivery: Delivery, at: int, tokens: float) -> bool:
        """Deny a delivery for which its rate has no token."""
        rate = self.rates_by_place[at]
        rate.denials += 1
        crowd = f"rate {rate.rule.id}: too many other keys have exceeded it"
        return self._deny(delivery, "rate", rate.rule.id, crowd if tokens == -math.inf else str(rate.rule))

    def over_budget(self, delivery: Delivery, at: int, account: Account) -> bool:
        """Deny a delivery that exceeds what its budget has left."""
        state, unit = self.accounts[at]
        state.denials[state.limits[unit][0]] += 1
        name = state.budget.id
        lost = f"budget {name}: no more accounts can be kept, or its ledger cannot be read"
        return self._deny(delivery, "budget", name, lost if account is NO_ACCOUNT else _used_up(account))

    def _deny(self, delivery: Delivery, code: str, rule: str, reason: str) -> bool:
        bus, message = self._bus, delivery.message
        subject = f"{topic_of(message.payload).name} -> {delivery.subscription.subscriber.card.id}"
        bus.record_act(
            "verdict", subject, by="supervisor", reason=reason, message=message,
            detail={"verdict": "deny", "code": code, "rule": rule},
        )  # fmt: skip
        bus.settle(delivery, DENIED, Reason(code, reason))
        return False

    # --- deliveries that wait for a rate ---

    def wait(self, delivery: Delivery, at: int, wait_s: float) -> None:
        """Let a delivery wait for its turn, in flight, with its reservations."""
        rate = self.rates_by_place[at]
        rate.waited += 1
        self._bus.pending.park(RATE, delivery.message.scope, delivery, self.now() + wait_s)
        agent = delivery.subscription.subscriber.card.id
        reason = Reason("rate", f"rate {rate.rule.id}: in {wait_s:.3f} s")
        self._bus.emit_event(delivery.message, "timed", agent, reason)

    def _due(self, parked: Parked) -> None:
        delivery = parked.delivery
        if delivery is not None and self._bus.judging.judge_again(delivery):
            self._bus.overflows.enqueue(delivery)

    # --- after it ---

    def settled(self, delivery: Delivery, outcome: Outcome) -> None:
        """Release the remaining reservations of a delivery; its message counts unless it was denied."""
        reservation = self.reservations.pop(delivery, None)
        if reservation is None:
            return
        for account, rest in reservation.items():
            if account.kind == MESSAGES and outcome is not DENIED:
                if rest:
                    account.pay(rest, rest)
            else:
                account.left += rest

    def failed(self, delivery: Delivery) -> None:
        """A handling has failed: its message counts, whatever its outcome."""
        reservation = self.reservations.get(delivery, {})
        for account, rest in reservation.items():
            if account.kind == MESSAGES and rest:
                reservation[account] = 0
                account.pay(rest, rest)

    def charge(self, delivery: Delivery, cost: Decimal, tokens: int) -> None:
        """Charge what a handler has used: first from its reservation, then from what is left.

        Raises:
            BudgetExceededError: A budget has less left; it is now used up.
        """
        reservation = self.reservations.get(delivery)
        if reservation is None:  # its delivery has ended, or no budget covers it
            reservation = self._afterwards(delivery)
        used = (0, scaled("cost", cost), tokens)
        short: Account | None = None
        for account, reserved in reservation.items():
            use = used[account.kind]
            if use:
                reservation[account] = max(0, reserved - use)
                if account.pay(reserved, use):
                    short = short or account
        if short is not None:
            raise keep_safe_text(_exceeded(delivery, short))

    def reserve(self, delivery: Delivery, cost: Decimal, tokens: int) -> None:
        """Reserve what a handler has used and not yet charged; its existing reservation is part of that.

        Raises:
            BudgetExceededError: A budget has less left; nothing more is reserved.
        """
        reservation = self.reservations.get(delivery) or {}
        used = (0, scaled("cost", cost), tokens)
        more = {account: used[account.kind] - reserved for account, reserved in reservation.items()}
        for account, lacking in more.items():
            if lacking > account.left and used[account.kind]:
                raise keep_safe_text(_exceeded(delivery, account))
        for account, lacking in more.items():
            if lacking > 0:
                account.left -= lacking
                reservation[account] += lacking

    def _afterwards(self, delivery: Delivery) -> Reservation:
        check = self.check(delivery.message)
        budgets = (delivery.subscription.rules or self.rules(delivery.subscription))[1]
        found = [check.account(at) for at, _, _ in budgets]
        return {account: 0 for account in found if account is not NOT_COVERED and account is not NO_ACCOUNT}

    # --- runs ---

    def used(self, run: RunState) -> dict[str, list[int]]:
        """Return what a run has spent of each budget, one number per unit."""
        budgets: Any = run.budgets or {}  # only this controller sets it
        return {state.budget.id: [account.spent for account in accounts] for state, accounts in budgets.items()}

    def resumed(self, now: float) -> None:
        """Start rates with empty buckets, so that a process that restarts again and again does not exceed them."""
        for rate in self.rates_by_place:
            rate.since = now

    def use(self, run: RunState, used: Mapping[str, list[int]]) -> None:
        """Deduct what a run had spent before its process ended from its budgets; a changed budget starts full."""
        for state in self._states:
            spent = used.get(state.budget.id, [])
            if state.budget.per == "run" and len(spent) == len(state.limits):
                run.budgets = run.budgets or {}
                run.budgets[state] = state.spent_before(spent)

    def opened(self, run: RunState) -> None:
        """A run begins; a wall-time budget limits its deadline."""
        for text, state in self._walls.items():
            until = run.started + (state.budget.wall_s or math.inf)
            if until < run.deadline and (state.budget.tenants is None or run.headers.tenant in state.budget.tenants):
                run.deadline, run.expires_as = until, Reason("budget", text)

    def expired(self, run: RunState) -> None:
        """The clock ended a run."""
        state = None if run.expires_as is None else self._walls.get(run.expires_as.detail)
        if state is not None and run.alive:
            state.ended += 1

    # --- telling ---

    def rates(self) -> dict[str, RateStatistics]:
        """Return the counters of each rate, by id."""
        return {
            rate.rule.id: RateStatistics(rate.denials, rate.waited, len(rate.buckets)) for rate in self.rates_by_place
        }

    def budgets(self) -> dict[tuple[str, str], BudgetStatistics]:
        """Return the counters of each budget, by id and unit."""
        told: dict[tuple[str, str], BudgetStatistics] = {}
        reserved: dict[tuple[BudgetState, int], int] = {}
        for reservation in self.reservations.values():
            for account, rest in reservation.items():
                place = (account.state, account.kind)
                reserved[place] = reserved.get(place, 0) + rest
        for state in self._states:
            accounts = state.accounts(self._bus.runs.open_runs.values())
            for at, (kind, limit) in enumerate(state.limits):
                told[state.budget.id, UNITS[kind]] = BudgetStatistics(
                    limit=shown(kind, limit),
                    spent=shown(kind, state.spent[kind]),
                    reserved=shown(kind, reserved.get((state, kind), 0)),
                    least_left=shown(kind, min((account[at].left for account in accounts), default=limit)),
                    overrun=shown(kind, state.overrun[kind]),
                    denied=state.denials[kind],
                )
        for text, state in self._walls.items():
            told[state.budget.id, "wall_s"] = self._wall(text, state)
        return told

    def _wall(self, text: str, state: BudgetState) -> BudgetStatistics:
        limit = state.budget.wall_s or math.inf
        bounded = (
            run.deadline
            for run in self._bus.runs.open_runs.values()
            if run.expires_as is not None and run.expires_as.detail == text and not run.held
        )
        least = min((deadline - self.now() for deadline in bounded), default=limit)
        return BudgetStatistics(limit, 0, 0, max(0.0, least), 0, state.ended)

    def _ledger_failed(self, error: Exception) -> None:
        self._bus.log_failure("ledger", error)


def _used_up(account: Account) -> str:
    budget, limit = account.state.budget, shown(account.kind, account.limit)
    unit = "of cost" if account.kind == COST else UNITS[account.kind]
    span = "one run" if budget.per == "run" else "one day of a tenant"
    return f"budget {budget.id}: {limit:{'f' if account.kind == COST else ''}} {unit} in {span} are used up or reserved"


def _exceeded(delivery: Delivery, account: Account) -> BudgetExceededError:
    limit = shown(account.kind, account.limit)
    return keep_safe_text(
        BudgetExceededError(
            agent=delivery.subscription.subscriber.card.id, limit=limit if isinstance(limit, int) else f"{limit:f}",
            budget=account.state.budget.id, unit=UNITS[account.kind],
        )
    )  # fmt: skip
