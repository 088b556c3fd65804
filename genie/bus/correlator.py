"""Fan-in by correlation id and scope: when a gather is over, and when a part has become impossible.

A scope that is at rest brings nothing more, so every outstanding part is missing at once. While other things still
run, a part is given up as soon as nothing in flight in its scope can bring it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.outcome import Reason
from genie.inflight import accounting
from genie.inflight.accounting import Scope
from genie.inflight.gather import Gather, GatherSpec
from genie.inflight.pending import DELAYED, HOLD, JUDGE
from genie.inflight.streams import StreamGather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from genie.bus.bus import Bus
    from genie.contracts.gather import Each, Expected, Need
    from genie.contracts.message import Payload
    from genie.contracts.outcome import Failure
    from genie.inflight.delivery import Delivery

MOST_SPECS = 1024
"""Forms of gathers that are kept; a program has a few, unless it builds them as it runs."""

FORSAKEN = Reason("no_longer_needed", "its asker has ended")


class Correlator:
    """The scopes of one bus, and what they expect.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._dirty: set[Scope] = set()
        self._specs: dict[object, GatherSpec] = {}
        bus.timers.on("impossible", self._check)
        bus.timers.on("gather", lambda limit: limit())

    # --- scopes ---

    def ask(
        self, delivery: Delivery, question: Payload, expect: tuple[Expected, ...], need: Need,
        parts: tuple[type[Payload], ...] = (),
    ) -> tuple[Scope, bool]:  # fmt: skip
        """Return a scope for what a handler asks, and whether it is that of the same question before a crash.

        Raises:
            ValueError: Nothing is expected, one class twice, or ``need`` is out of range.
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
        except BaseException:  # a question that never left closes what it opened, then the error goes on
            self.close(scope)
            raise
        return scope, False

    def expect(
        self, scope: Scope, expect: tuple[Expected, ...], need: Need, kind: type[Payload],
        parts: tuple[type[Payload], ...] = (), told: Callable[[], None] | None = None,
    ) -> Gather:  # fmt: skip
        """Set what a scope waits for, and who is told when that is over.

        ``kind`` is the class of its question, ``parts`` those of a stream.
        """
        key = (expect, need, type(need), kind)  # True equals 1, and only one of them is a number of parts
        try:
            spec = self._specs.get(key)
        except TypeError:  # something in it has no hash; GatherSpec refuses it with a reason
            spec = None
        if spec is None:

            def members(part: Each[Payload]) -> Iterable[str]:
                subscriptions = self._bus.route(part.of or kind).subscriptions
                return [one.subscriber.card.id for one in subscriptions if part.payload in one.produces]

            spec = GatherSpec(expect, need, members, kind)
            if len(self._specs) >= MOST_SPECS:
                self._specs.clear()
            self._specs[key] = spec
        gather = scope.gather = StreamGather(spec, told, parts) if parts else Gather(spec, told)
        return gather

    def forget_specs(self) -> None:
        """Who subscribes has changed."""
        self._specs.clear()

    def close(self, scope: Scope) -> None:
        """The asker has its result; the scope is forgotten once nothing of it is in flight."""
        if scope.run.held:  # what is left may all be held now, which the run's asker waits to hear
            self._bus.runs.notice(scope.run)
        if not scope.in_flight and not scope.children:
            self._over(scope)

    def forsake(self, asked: list[tuple[Payload, Scope]]) -> None:
        """A delivery ended whose handler did not ask again what it had asked before a crash: nobody waits for that."""
        while asked:
            _, scope = asked.pop()
            parent: Scope = scope.parent  # type: ignore[assignment]  # a handler asks below the scope of its message
            accounting.enter(parent)  # whoever ended the delivery looks whether the scope around it is at rest
            gather = scope.gather
            if gather is not None:
                cut, gather.closed = not gather.done, True
                gather.finish()
                if cut:
                    self._bus.runs.cut_scope(scope, FORSAKEN)
            self.close(scope)
            accounting.leave(parent)

    def at_rest(self, scope: Scope) -> None:
        """Nothing of a scope is in flight: what has not come will not come."""
        if scope.sinks:
            while not scope.in_flight and any(sink.at_rest(scope) for sink in self._bus.sinks):
                pass  # what one of them published may be what another waited for
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
        """A delivery of a scope was not handled: see what that makes impossible.

        Args:
            scope: Its scope.
            failure: The delivery by name.
            consumed: Class of its payload.
            handed_over: A fallback works in its place.
        """
        gather = scope.gather
        if gather is not None and not gather.done:
            if not handed_over:
                gather.fail_from(failure, consumed)
            self.check_later(scope)
        elif scope.sinks:
            self.check_later(scope)

    def check_later(self, scope: Scope) -> None:
        """See at the next turn of the timers whether a part has become impossible: once for all ended deliveries."""
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
        """Return every class that something in flight in a scope may still bring."""
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
            # What an agent could have brought that was removed meanwhile is not known any more: it is named.
            return kind in registry.reach(agent) or not (agent in registry or agent in sinks)

        return reaches
