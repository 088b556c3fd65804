"""Opens runs and scopes, detects when they are at rest, cuts them off, and ends gathers.

A scope at rest produces nothing more, so every outstanding part is missing at once. Otherwise a part is given up as
soon as nothing in flight in its scope can produce it. The cost of cutting off a run or a scope depends only on what it
has in flight: each scope knows its deliveries, and each delivery knows its place.
"""

from __future__ import annotations

import math
from threading import get_ident
from typing import TYPE_CHECKING, Any

from genie.contracts.outcome import Outcome, Reason
from genie.errors import (
    AskInHandlerError,
    RuntimeClosedError,
    RuntimeDrainingError,
    TooManyRunsError,
    WrongThreadError,
)
from genie.inflight import accounting
from genie.inflight.accounting import RunState, Scope
from genie.inflight.gather import Gather, GatherSpec, out_of_time
from genie.inflight.pending import DELAYED, HOLD, JUDGE, RETRY
from genie.inflight.streams import StreamGather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from genie.backend.ids import IdSource
    from genie.bus.bus import Bus
    from genie.contracts.gather import Each, Expected, Need
    from genie.contracts.message import Payload
    from genie.contracts.outcome import Failure
    from genie.inflight.delivery import Delivery
    from genie.inflight.gather import Asker

MOST_SPECS = 1024
"""Number of gather forms cached; a program has a few, unless it creates them dynamically."""

NOT_ASKED_AGAIN = Reason("no_longer_needed", "its asker has ended")
EXPIRED, CANCELLED = Outcome.EXPIRED, Outcome.CANCELLED
DEADLINE = Reason("deadline")
NOTHING: Any = Scope.__new__(Scope)  # replaces the scopes of an ended run; its account is empty


class Correlator:
    """The scopes of one bus, with their expectations.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._dirty: set[Scope] = set()
        self._specs: dict[object, GatherSpec] = {}
        bus.timers.on("impossible", self._check)
        bus.timers.on("gather", out_of_time)

    # --- scopes ---

    def ask(
        self, delivery: Delivery, question: Payload, expect: tuple[Expected, ...], need: Need,
        parts: tuple[type[Payload], ...] = (),
    ) -> tuple[Scope, bool]:  # fmt: skip
        """Return a scope for a handler's question, and whether it is the scope of the same question before a crash.

        Raises:
            ValueError: The expectation is empty, names a class twice, or ``need`` is out of range.
        """
        asked = (None if delivery.extra is None else delivery.extra.reopened) or []
        for place, (payload, scope) in enumerate(asked):
            gather = scope.gather
            if gather is not None and payload == question and gather.expected() == expect:
                del asked[place]
                return scope, True
        parent: Scope = delivery.message.scope
        scope = Scope(parent.run, self._bus.next_number(), parent, delivery)
        if parent.children is None:
            parent.children = {}
        parent.children[scope] = None
        try:
            self.expect(scope, expect, need, type(question), parts)
        except BaseException:  # a question that was not sent closes its scope, then the error is re-raised
            self.close(scope)
            raise
        return scope, False

    def expect(
        self, scope: Scope, expect: tuple[Expected, ...], need: Need, kind: type[Payload],
        parts: tuple[type[Payload], ...] = (), on_end: Callable[[], None] | None = None,
    ) -> Gather:  # fmt: skip
        """Set what a scope waits for, and the callback for its end.

        ``kind`` is the class of the question, ``parts`` those of a stream.
        """
        key = (expect, need, type(need), kind)  # True equals 1, but only 1 is a number of parts
        try:
            spec = self._specs.get(key)
        except TypeError:  # an item is not hashable; GatherSpec refuses it with a reason
            spec = None
        if spec is None:

            def members(part: Each[Payload]) -> Iterable[str]:
                subscriptions = self._bus.route(part.of or kind).subscriptions
                return [one.subscriber.card.id for one in subscriptions if part.payload in one.produces]

            spec = GatherSpec(expect, need, members, kind)
            if len(self._specs) >= MOST_SPECS:
                self._specs.clear()
            self._specs[key] = spec
        gather = scope.gather = StreamGather(spec, on_end, parts) if parts else Gather(spec, on_end)
        return gather

    def forget_specs(self) -> None:
        """The subscribers have changed."""
        self._specs.clear()

    def close(self, scope: Scope) -> None:
        """The asker has its result; the scope is dropped once nothing of it is in flight."""
        if scope.run.held:  # what is left may now all be held, which the run's asker must learn
            self._bus.runs.notice(scope.run)
        if not scope.in_flight and not scope.children:
            self._over(scope)

    def close_reopened(self, asked: list[tuple[Payload, Scope]]) -> None:
        """A delivery ended whose handler did not repeat a question from before a crash: nobody waits for its answer."""
        while asked:
            _, scope = asked.pop()
            parent: Scope = scope.parent  # type: ignore[assignment]  # a handler asks below the scope of its message
            accounting.enter(parent)  # the code that ended the delivery checks whether the enclosing scope is at rest
            gather = scope.gather
            if gather is not None:
                cut, gather.closed = not gather.done, True
                gather.finish()
                if cut:
                    self._bus.runs.cut_scope(scope, NOT_ASKED_AGAIN)
            self.close(scope)
            accounting.leave(parent)

    def at_rest(self, scope: Scope) -> None:
        """Nothing of a scope is in flight: outstanding parts will not arrive."""
        if scope.sinks:
            while not scope.in_flight and any(sink.at_rest(scope) for sink in self._bus.sinks):
                pass  # an output of one of them may be what another waited for
            if scope.in_flight or scope.done:
                return
        gather = scope.gather
        if gather is not None and not gather.done:
            gather.conclude(scope.failures or (), self._reaching(gather))
        if not scope.children and (scope.parent is None or gather is None or gather.closed):
            self._over(scope)

    def _over(self, scope: Scope) -> None:
        if scope.done:
            return
        scope.done = True
        run, parent = scope.run, scope.parent
        if parent is None:
            self._bus.runs.over(run)
            return
        accounting.fold(scope)
        if parent.children is not None:
            parent.children.pop(scope, None)
        if not parent.in_flight and not parent.children:
            self.at_rest(parent)

    # --- parts that can no longer come ---

    def failed(self, scope: Scope, failure: Failure, consumed: type[Payload], *, handed_over: bool = False) -> None:
        """A delivery of a scope was not handled: mark the parts that this makes impossible.

        Args:
            scope: Its scope.
            failure: The delivery by name.
            consumed: Class of its payload.
            handed_over: A fallback takes over.
        """
        gather = scope.gather
        if gather is not None and not gather.done:
            if not handed_over:
                gather.fail_from(failure, consumed)
            self.check_later(scope)
        elif scope.sinks:
            self.check_later(scope)

    def check_later(self, scope: Scope) -> None:
        """Check in the next turn of the timers whether a part has become impossible: once for all ended deliveries."""
        gather = scope.gather
        if (gather is not None and not gather.done) or scope.sinks:
            if not self._dirty:
                self._bus.timers.soon("impossible")
            self._dirty.add(scope)

    def _check(self, _: object) -> None:
        dirty, self._dirty = self._dirty, set()
        for scope in dirty:
            if not scope.done:
                self._give_up(scope, self._reachable(scope))

    def _reachable(self, scope: Scope) -> set[type[Payload]]:
        """Return every class that anything in flight in a scope may still produce."""
        bus = self._bus
        reach = bus.registry.reach
        kinds: set[type[Payload]] = set()
        agents: set[str] = set()
        for delivery in scope.deliveries:
            agent = delivery.subscription.subscriber.card.id
            if agent not in agents:
                agents.add(agent)
                kinds |= reach(agent)  # agents may have been added
        for parked in (scope.parked or {}).values():
            if parked.kind == DELAYED:
                kind = type(parked.data.payload)
                kinds.add(kind)
                for subscription in bus.route(kind).subscriptions:
                    kinds |= subscription.reach
            elif parked.kind in {HOLD, JUDGE}:
                kinds.add(type(parked.data.message.payload))
        for sink in bus.sinks:
            kinds |= sink.may_bring(scope)
        return kinds

    def _give_up(self, scope: Scope, kinds: set[type[Payload]]) -> None:
        for sink in self._bus.sinks:
            sink.give_up(scope, kinds)
        gather = scope.gather
        if gather is None or gather.done:
            return
        for kind in {kind for kind, _ in gather.outstanding()}:
            if kind not in kinds:
                gather.give_up(kind, scope.failures or (), self._reaching(gather))

    def _reaching(self, gather: Gather) -> Callable[[str | None, type[Payload]], bool]:
        bus = self._bus
        registry = bus.registry
        sinks = {sink.id for sink in bus.sinks}

        def reaches(agent: str | None, kind: type[Payload]) -> bool:
            if agent is None:
                asked = gather.asked
                return asked is not None and any(kind in one.reach for one in bus.route(asked).subscriptions)
            # The outputs of a removed agent are no longer known, so it is named as the cause.
            return kind in registry.reach(agent) or not (agent in registry or agent in sinks)

        return reaches


class Runs:
    """The runs in flight, by number.

    Args:
        bus: The bus.
        ids: Generates ids of runs and messages.
    """

    def __init__(self, bus: Bus, ids: IdSource) -> None:
        self._bus = bus
        self.ids = ids
        self.open_runs: dict[int, RunState] = {}
        bus.timers.on("deadline", self.expire)
        bus.timers.on("notice", self.notice)
        self._thread = get_ident()

    def here(self) -> None:
        """Check that the caller runs in the thread of the event loop.

        Raises:
            WrongThreadError: It runs in another one.
        """
        if get_ident() != self._thread:
            raise WrongThreadError

    def open(self, asker: Asker, deadline: float, *, asks: bool = False) -> RunState:
        """Admit and open a run; it holds a token until its first message is published.

        Args:
            asker: The asker.
            deadline: Its latest end.
            asks: Whether an asker waits for it.

        Raises:
            WrongThreadError: The caller runs in another thread.
            RuntimeClosedError, RuntimeDrainingError, TooManyRunsError: The runtime admits no run, or no further one.
            AskInHandlerError: The caller is a handler, which would wait for it.
            AuditFailedError: The audit has failed and is configured to stop admission.
        """
        bus = self._bus
        if get_ident() != self._thread:
            raise WrongThreadError
        if bus.closing:
            raise RuntimeClosedError
        if bus.draining:
            raise RuntimeDrainingError
        asker_in = bus.workers.of_handler() if asks else None
        if asker_in is not None and bus.workers.in_handler():
            raise AskInHandlerError
        if len(self.open_runs) >= bus.limits.max_runs:
            raise TooManyRunsError(limit=bus.limits.max_runs)
        observers = bus.observers
        if observers.audit is not None or observers.recorder is not None:
            observers.refuse_unaudited()
        headers = asker.headers if not asker.headers.consent else bus.judging.narrowed(asker.headers)
        run = RunState(bus.next_number(), self.ids, asker, headers, deadline, bus.now())
        if asker_in is not None:
            run.asked_by = asker_in.delivery
        accounting.enter(run.root)
        self.reopen(run)
        return run

    def reopen(self, run: RunState) -> None:
        """Add a run to those in flight: a new one, or one of an earlier process."""
        for begun in self._bus.openings:
            begun(run)
        if run.headers.consent:
            for interceptor in self._bus.interceptors:
                interceptor.consented(run)
        self.open_runs[run.number] = run
        if run.deadline != math.inf:
            run.expiry = self._bus.timers.at(run.deadline, "deadline", run)

    def opened(self, run: RunState) -> None:
        """The first message of a run is published."""
        accounting.leave(run.root)
        if not run.root.in_flight:
            self._bus.correlator.at_rest(run.root)

    def over(self, run: RunState) -> None:
        """Nothing of a run is in flight."""
        run.closed = True
        self.open_runs.pop(run.number, None)
        if run.expiry is not None:
            run.expiry.cancel()
        if run.lapse is not None:
            run.lapse.cancel()
        for ended in self._bus.endings:
            ended(run)
        run.state = run.taints = run.asked_by = None
        if run.observed or run.watchers:
            self.notice(run)
        else:
            # Its account is no longer needed as a tree. Without the downward references the tree is freed at once
            # instead of by the cycle collector, which costs a tenth of the throughput.
            run.root = NOTHING

    @staticmethod
    def forget(run: RunState) -> None:
        """Free the tree of a run at rest at once; its account is kept."""
        accounting.close(run, NOTHING)
        run.watchers = ()

    @staticmethod
    def notice(run: RunState) -> None:
        """Wake the asker and the watchers of a run."""
        if run.root.gather is not None:
            run.root.gather.wake()
        for watcher in run.watchers:
            watcher.look()

    # --- cutting off ---

    def end(self, run: RunState, outcome: Outcome, reason: Reason) -> None:
        """Cut off a run: everything in it ends with that outcome; other runs are not affected."""
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
        """The deadline of a run has passed; it moves while the run holds something."""
        if not run.held and self._bus.now() >= run.deadline:
            for interceptor in self._bus.interceptors:
                interceptor.expired(run)
            self.end(run, EXPIRED, run.expires_as or DEADLINE)

    def cut_scope(self, scope: Scope, reason: Reason) -> None:
        """Cancel everything in a scope and in those below it."""
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
        """End one delivery wherever it is: settle it at once, and cancel its running handler."""
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

    # --- holds ---

    def all_held(self, scope: Scope) -> bool:
        """Return True if everything in flight in a scope is held, or is a handler that waits for something held."""
        if not scope.held:
            return False
        waiting: set[int] = set()
        for child in scope.children or ():
            gather = child.gather
            if gather is not None and not gather.closed:
                if not self.all_held(child):
                    return False
                waiting.add(id(child.owner))
            elif not self.all_held(child):
                return False
        return scope.in_flight == scope.own_held + len(waiting)

    def resume_deadline(self, run: RunState) -> None:
        """Nothing of a run is held any more: extend its deadline by the time of the holds."""
        bus = self._bus
        if run.deadline != math.inf:
            run.deadline += bus.now() - run.held_since
            if bus.observers.recorder is not None:
                due = bus.clock.offset + run.deadline
                bus.observers.recorder.fact({"kind": "deadline", "run": run.number, "deadline": due})
            if run.expiry is not None:
                run.expiry.cancel()
            run.expiry = bus.timers.at(run.deadline, "deadline", run)
