"""Runs from their first message to their rest: opening, deadlines, cutting off, and what of them is held.

Cutting a run or a scope off costs what it has in flight: each scope knows its deliveries, and each delivery knows
where it lies.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from genie.contracts.outcome import Outcome, Reason
from genie.errors import AskInHandlerError, RuntimeClosedError, RuntimeDrainingError, TooManyRunsError
from genie.inflight import accounting
from genie.inflight.accounting import AgentRun, RunState, Scope
from genie.inflight.pending import HOLD, JUDGE, RETRY

if TYPE_CHECKING:
    from genie.backend.ids import IdSource
    from genie.bus.bus import Bus
    from genie.inflight.accounting import Asker
    from genie.inflight.delivery import Delivery

EXPIRED, CANCELLED = Outcome.EXPIRED, Outcome.CANCELLED
DEADLINE = Reason("deadline")
NOTHING: Any = Scope.__new__(Scope)  # in the place of the scopes of a run that is over; its account is empty


class Runs:
    """The request trees in flight, by number.

    Args:
        bus: The bus.
        ids: Names of runs and messages.
    """

    def __init__(self, bus: Bus, ids: IdSource) -> None:
        self._bus = bus
        self.ids = ids
        self.open_runs: dict[int, RunState] = {}
        bus.timers.on("deadline", self.expire)
        bus.timers.on("notice", self.notice)

    def admitting(self, *, asks: bool = False) -> Bus:
        """Return the bus for another run; ``asks`` says that somebody waits for it.

        Raises:
            RuntimeClosedError, RuntimeDrainingError, TooManyRunsError: The runtime admits none, or no more of them.
            AskInHandlerError: A handler would wait for it.
            AuditFailedError: The audit has failed, and states that then nothing may run.
        """
        bus = self._bus
        if bus.closing:
            raise RuntimeClosedError
        if bus.draining:
            raise RuntimeDrainingError
        workers = bus.workers
        if asks and workers.of_handler() is workers:
            raise AskInHandlerError
        if len(self.open_runs) >= bus.limits.max_runs:
            raise TooManyRunsError(limit=bus.limits.max_runs)
        observers = bus.observers
        if observers.audit is not None or observers.recorder is not None:
            observers.refuse_unaudited()
        return bus

    def open(self, asker: Asker, deadline: float) -> RunState:
        """Open a request tree; it holds a token until ``opened``."""
        bus = self._bus
        headers = asker.headers if not asker.headers.consent else bus.judging.narrowed(asker.headers)
        run = RunState(bus.next_number(), self.ids, asker, headers, deadline, bus.now())
        accounting.enter(run.root)
        self.reopen(run)
        return run

    def reopen(self, run: RunState) -> None:
        """Let a run be in flight: a new one, or one that an earlier process has begun."""
        for begun in self._bus.openings:
            begun(run)
        if run.headers.consent:
            for interceptor in self._bus.interceptors:
                interceptor.consented(run)
        self.open_runs[run.number] = run
        if run.deadline != math.inf:
            run.expiry = self._bus.timers.at(run.deadline, "deadline", run)

    def opened(self, run: RunState) -> None:
        """The first message of a run is out."""
        accounting.leave(run.root)
        if not run.root.in_flight:
            self._bus.correlator.at_rest(run.root)

    def over(self, run: RunState) -> None:
        """Nothing of a run is in flight any more."""
        run.closed = True
        self.open_runs.pop(run.number, None)
        if run.expiry is not None:
            run.expiry.cancel()
        if run.lapse is not None:
            run.lapse.cancel()
        for ended in self._bus.endings:
            ended(run)
        run.state = run.taints = None
        if run.observed or run.watchers:
            self.notice(run)
        else:
            # Nobody asks for its account any more. Without the way down, the tree is freed at once instead of waiting
            # for the cycle collector, which costs a tenth of the throughput.
            run.root = NOTHING

    @staticmethod
    def forget(run: RunState) -> None:
        """Free the tree of a run at rest at once; its account stays."""
        run.folded, run.root, run.watchers = run.counts(), NOTHING, ()

    @staticmethod
    def notice(run: RunState) -> None:
        """Let the asker and the watchers of a run look at it."""
        if run.root.gather is not None:
            run.root.gather.wake()
        for watcher in run.watchers:
            watcher.look()

    # --- cutting off ---

    def end(self, run: RunState, outcome: Outcome, reason: Reason) -> None:
        """Cut a run off: everything of it ends with that outcome; other runs are not affected."""
        if not run.alive or run.closed:
            return
        run.alive = False
        run.ended = (outcome, reason)
        gather = run.root.gather
        self._cut(run.root, outcome, reason)
        if gather is not None and not gather.done:
            gather.finish()
        self.notice(run)

    def expire(self, run: RunState) -> None:
        """The deadline of a run has come; while it holds something, its deadline moves."""
        if not run.held and self._bus.now() >= run.deadline:
            for interceptor in self._bus.interceptors:
                interceptor.expired(run)
            self.end(run, EXPIRED, run.expires_as or DEADLINE)

    def cut_scope(self, scope: Scope, reason: Reason) -> None:
        """Cancel everything of a scope and of those below it."""
        if scope.in_flight or scope.children:
            self._cut(scope, CANCELLED, reason)

    def _cut(self, top: Scope, outcome: Outcome, reason: Reason) -> None:
        bus = self._bus
        scopes = tuple(top.tree())
        for scope in scopes:
            for sink in bus.sinks:
                sink.close(scope)
        for scope in scopes:
            for parked in tuple((scope.parked or {}).values()):
                if parked.kind in {HOLD, JUDGE}:
                    bus.withdraw(parked, outcome, reason)
                elif bus.pending.take(parked):
                    accounting.delayed(scope, -1)
                    accounting.unpark(scope, outcome)
                    parked.data.dropped()
                    if not scope.in_flight:
                        bus.correlator.at_rest(scope)
            for delivery in tuple(scope.deliveries):
                self.cut_delivery(delivery, outcome, reason)

    def cut_delivery(self, delivery: Delivery, outcome: Outcome, reason: Reason) -> None:
        """End one delivery wherever it is: it is settled at once, and a handler that works on it is cancelled."""
        bus, parked = self._bus, delivery.parked
        if parked is not None and parked.kind in {HOLD, JUDGE}:
            bus.withdraw(parked, outcome, reason)
            return
        if delivery.worker is not None:
            delivery.worker.cut(outcome, reason)
        elif parked is None:
            delivery.subscription.subscriber.remove(delivery)
        elif parked.kind == RETRY:
            bus.retries.take(parked)
        else:
            bus.pending.take(parked)
            delivery.subscription.subscriber.release(delivery)  # as in ``Retries.of``
        bus.settle(delivery, outcome, reason)

    # --- what is held ---

    def all_held(self, scope: Scope) -> bool:
        """Return True when everything in flight in a scope is held, or a handler that waits for what is held."""
        if not scope.held:
            return False
        waiting: set[int] = set()
        for child in scope.children or ():
            gather = child.gather
            if gather is not None and not gather.closed:
                if not self.all_held(child):
                    return False
                waiting.add(id(child.owner))
            elif child.in_flight and not self.all_held(child):
                return False
        return scope.in_flight == scope.own_held + len(waiting)

    def resume_deadline(self, run: RunState) -> None:
        """Nothing of a run is held any more: its deadline moves by the time that something was."""
        bus = self._bus
        if run.deadline != math.inf:
            run.deadline += bus.now() - run.held_since
            if bus.observers.recorder is not None:
                due = bus.clock.offset + run.deadline
                bus.observers.recorder.fact({"kind": "deadline", "run": run.number, "deadline": due})
            if run.expiry is not None:
                run.expiry.cancel()
            run.expiry = bus.timers.at(run.deadline, "deadline", run)

    # --- what agents did for a watched run ---

    @staticmethod
    def took(delivery: Delivery, elapsed: float) -> None:
        """Note how long a handler took, for a watched run."""
        agents = delivery.message.scope.run.agents
        if agents is not None:
            times = agents.setdefault(delivery.subscription.subscriber.card.id, AgentRun()).times
            if len(times) < AgentRun.MOST_TIMES:
                times.append(elapsed)

    @staticmethod
    def failed(run: RunState, agent: str) -> None:
        """Note a failed handling, for a watched run."""
        if run.agents is not None:
            run.agents.setdefault(agent, AgentRun()).failed += 1

    @staticmethod
    def handled(run: RunState, agent: str) -> None:
        """Note a handling, for a watched run."""
        if run.agents is not None:
            run.agents.setdefault(agent, AgentRun()).handled += 1
