"""Runs from their first message to their rest: opening, deadlines, cancelling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from genie.bus.accounting import Outcome, RunState, Scope
from genie.operations.consents import Consents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from genie.approvals.holds import HoldDesk
    from genie.backend.ids import IdSource
    from genie.bus.accounting import Asker, Delivery
    from genie.bus.exchange import Exchange


NOTHING: Any = Scope.__new__(Scope)
"""Stands for the scopes of a run that is over; its account is empty."""


class Runs:
    """The request trees in flight.

    Args:
        bus: The bus.
        ids: Names of runs and messages.
        holds: What waits for a person.
    """

    def __init__(self, bus: Exchange, ids: IdSource, holds: HoldDesk) -> None:
        self._bus = bus
        self._ids = ids
        self._holds = holds
        self._consents = Consents(bus)
        self.granted, self.current = self._consents.granted, self._consents.current

    def open(self, asker: Asker, deadline: float) -> RunState:
        """Open a request tree; it holds a token until ``opened``."""
        bus = self._bus
        headers = self.granted(asker.headers)
        run = RunState(bus.next_number(), self._ids, asker, headers, deadline, bus.now())
        if bus.turnstile is not None:
            bus.turnstile.opened(run)
            deadline = run.deadline
        bus.runs[run.number] = run
        if headers.consent:
            self._consents.watch(run)
        run.root.in_flight = 1
        if deadline != math.inf:
            run.expiry = bus.alarm.at(deadline, lambda: self.expire(run))
        return run

    def revoke(self, consent: str) -> None:
        """Withdraw a consent from every run and every message on its way."""
        self._consents.withdraw(consent)

    def opened(self, run: RunState) -> None:
        """The first message of a run is out."""
        root = run.root
        root.in_flight -= 1
        if not root.in_flight:
            self._bus.correlator.at_rest(root)

    def over(self, run: RunState) -> None:
        """Nothing of a run is in flight any more."""
        run.closed = True
        self._bus.runs.pop(run.number, None)
        if run.expiry is not None:
            run.expiry.cancel()
        if run.lapse is not None:
            run.lapse.cancel()
        run.state = run.stains = None
        if run.noisy or run.watchers:
            self.notice(run)
        else:
            # Nobody asks for its account any more: without the way down, the tree is freed at once instead of waiting
            # for the cycle collector, which costs a tenth of the throughput.
            run.root = NOTHING

    @staticmethod
    def notice(run: RunState) -> None:
        """Let whoever waits for a run look at it."""
        if run.parker is not None:
            run.parker.wake()
        for watcher in run.watchers:
            watcher.look()

    def end(self, run: RunState, outcome: Outcome, reason: str) -> None:
        """Cut a run off: everything of it ends with that outcome; other runs feel nothing."""
        if not run.alive or run.closed:
            return
        run.alive = False
        run.ended = (outcome, reason)
        expectation = run.root.expectation
        self.cut(lambda scope: scope.run is run, outcome, reason, (run,))
        if expectation is not None and not expectation.done:
            expectation.finish()
        self.notice(run)

    def expire(self, run: RunState) -> None:
        """The deadline of a run has come; while it holds something, its deadline moves."""
        if not run.held and self._bus.now() >= run.deadline:
            if self._bus.turnstile is not None:
                self._bus.turnstile.expired(run)
            self.end(run, Outcome.EXPIRED, run.expires_as)

    def cut_scope(self, scope: Scope, reason: str) -> None:
        """Cancel everything of a scope and of those below it."""
        if scope.in_flight or scope.children:
            self.cut(lambda other: other.within(scope), Outcome.CANCELLED, reason, (scope.run,))

    def cut(self, belongs: Callable[[Scope], bool], outcome: Outcome, reason: str, runs: tuple[RunState, ...]) -> None:
        """End every delivery of some scopes: queued, retrying, held, timed and running."""
        bus = self._bus

        def of(delivery: Delivery) -> bool:
            return belongs(delivery.message.scope)

        _close_joins(scope for run in runs for scope in run.root.tree() if belongs(scope))
        for number, (entry, scope, _) in tuple(bus.timers.items()):
            if belongs(scope):
                entry.cancel()
                del bus.timers[number]
                scope.timed -= 1
                scope.in_flight -= 1
                setattr(scope, str(outcome), getattr(scope, str(outcome)) + 1)
                if not scope.in_flight:
                    bus.correlator.at_rest(scope)
        self._holds.end(belongs, outcome, reason)
        for subscriber in tuple(bus.subscribers.values()):
            for delivery in subscriber.purge(of):
                bus.settle(delivery, outcome, reason)
            for worker in tuple(subscriber.workers):
                if worker.delivery is not None and of(worker.delivery):
                    worker.cut(outcome, reason)
        for delivery in bus.supervisor.take_retries(of):
            bus.settle(delivery, outcome, reason)


def _close_joins(scopes: Iterable[Scope]) -> None:
    """Let no join of some scopes publish any more."""
    for scope in tuple(scopes):
        for state in tuple((scope.joins or {}).values()):
            state.closed = True
            if state.timer is not None:
                state.timer.cancel()
        scope.joins = None
