"""Outside effects that happen once: intent before, result after, and a person decides if it is unknown.

What is known of an effect belongs to an agent, a run and a key. It outlives the handler, and with a log the process.
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genie.contracts.outcome import Outcome, Reason
from genie.errors import BudgetExceededError, IndeterminateEffectError, InputError, NotDoneError
from genie.inflight import accounting
from genie.inflight.interceptors import Interceptor
from genie.inflight.pending import EFFECT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.backend.asyncio_trio import Waiter
    from genie.bus.bus import Bus
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.accounting import RunState
    from genie.inflight.delivery import Delivery
    from genie.inflight.interceptors import Effect as Call

MOST_EFFECTS = 10_000
"""Maximum number of effects of one run."""


class Fate(enum.StrEnum):
    """State of an effect."""

    INTENDED = "intended"
    """It is about to happen, or is happening; after a crash its result is unknown."""
    DONE = "done"
    NOT_DONE = "not_done"
    """It has certainly not happened."""
    INDETERMINATE = "indeterminate"
    """Neither the handler nor a probe can determine it; a person must."""


UNKNOWN = frozenset((Fate.INTENDED, Fate.INDETERMINATE))


@dataclass(slots=True, eq=False)
class Effect:
    """One outside effect."""

    id: str
    run: int
    agent: str
    key: str
    token: str
    """Token by which the receiver recognises repetitions."""
    delivery: str
    at: float
    """Time of the intent, in seconds since the epoch."""
    fate: Fate = Fate.INTENDED
    value: str | None = None
    """Its result as JSON text; None if it cannot be represented as JSON."""
    by: str = ""
    """The person who determined its result, if one did."""
    reason: str = ""
    busy: bool = False
    """True while a handler of this process performs it."""
    waiting: list[Waiter] = field(default_factory=list)

    def record(self) -> LogRecord:
        """Return the effect as JSON values."""
        return {
            "id": self.id, "run": self.run, "agent": self.agent, "key": self.key, "token": self.token,
            "delivery": self.delivery, "at": self.at, "fate": str(self.fate), "value": self.value, "by": self.by,
            "reason": self.reason,
        }  # fmt: skip

    def result(self) -> Any:
        """Return its result.

        Raises:
            TypeError: The result was not made of JSON values.
        """
        if self.value is None:
            raise TypeError(
                f"the result of effect {self.id} is not made of JSON values; the effect has happened anyway"
            )
        return json.loads(self.value)


class Indeterminate:
    """A delivery that waits for a person to determine the result of its effects."""

    __slots__ = ("effects", "id")

    def __init__(self, effects: list[Effect]) -> None:
        self.effects = effects
        self.id = effects[0].id


class EffectKeeper(Interceptor):
    """The outside effects of one bus.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._runs: dict[int, dict[tuple[str, str], Effect]] = {}
        self._parked: dict[Delivery, Indeterminate] = {}
        self._watching = False

    # --- a handler ---

    async def once(self, delivery: Delivery, key: str, effect: Call, probe: Call | None) -> Any:
        """Perform an effect once for an agent and a run.

        Raises:
            NotDoneError: The effect has certainly not happened.
            IndeterminateEffectError: A person must decide what happened.
            TypeError: Its result is not made of JSON values.
        """
        one = self._effect(delivery, key)
        while one.busy:
            waiter = self._bus.make_waiter()
            one.waiting.append(waiter)
            await waiter.park()
        if one.fate is Fate.DONE:
            return one.result()
        new, one.delivery, one.busy = one.at == 0.0, delivery.id, True
        try:
            if not new and one.fate in UNKNOWN and await self._found_out(one, probe):
                return one.result()
            return await self._perform(one, effect, probe)
        finally:
            one.busy = False
            waiting, one.waiting = one.waiting, []
            for waiter in waiting:
                waiter.wake()

    def _of(self, run: RunState) -> dict[tuple[str, str], Effect]:
        if not self._watching:  # until the first effect, runs do not pay for watching their ends
            self._watching = True
            self._bus.intercept(self)
        return self._runs.setdefault(run.number, {})

    def _effect(self, delivery: Delivery, key: str) -> Effect:
        run, agent = delivery.message.scope.run, delivery.subscription.subscriber.card.id
        effects = self._of(run)
        one = effects.get((agent, key))
        if one is None:
            if len(effects) >= MOST_EFFECTS:
                raise BudgetExceededError(agent=agent, limit=MOST_EFFECTS, budget="effects", unit="effects")
            id_ = f"{run.id}/{agent}/{key}"
            token = hashlib.sha256(id_.encode()).hexdigest()[:32]
            one = effects[agent, key] = Effect(id_, run.number, agent, key, token, delivery.id, 0.0)
        return one

    async def _perform(self, one: Effect, effect: Call, probe: Call | None) -> Any:
        one.at = self._bus.clock.wall().timestamp()
        self._is(one, Fate.INTENDED)
        await self._barrier()
        try:
            value = await effect(one.token)
        except NotDoneError:
            self._is(one, Fate.NOT_DONE)
            await self._barrier()
            raise
        except Exception:  # such as a timeout of the connection: the receiver may have performed it anyway
            if not await self._found_out(one, probe):
                raise
            return one.result()
        await self._done(one, value)
        return one.result()

    async def _found_out(self, one: Effect, probe: Call | None) -> bool:
        """Determine whether an effect has happened; return False if it has not.

        Raises:
            IndeterminateEffectError: Its result is unknown.
        """
        try:
            if probe is None:
                raise IndeterminateEffectError(effect=one.id)
            value = await probe(one.token)
        except NotDoneError:
            self._is(one, Fate.NOT_DONE)
            await self._barrier()
            return False
        except Exception as error:  # a failed probe has determined nothing; it becomes the cause of the error
            self._is(one, Fate.INDETERMINATE)
            raise IndeterminateEffectError(effect=one.id) from error
        await self._done(one, value)
        return True

    async def _done(self, one: Effect, value: object) -> None:
        one.value = _json(value)
        self._is(one, Fate.DONE)
        await self._barrier()

    def _is(self, one: Effect, fate: Fate) -> None:
        one.fate = fate
        if self._bus.observers.recorder is not None:
            self._bus.observers.recorder.fact({"kind": "effect", **one.record()})

    async def _barrier(self) -> None:
        if self._bus.observers.recorder is not None:
            await self._bus.observers.recorder.barrier()

    # --- deliveries that wait for a person ---

    def park(self, delivery: Delivery, *, known: bool = False) -> bool:
        """Park a delivery with an effect of unknown result; return False if it has none."""
        scope, bus = delivery.message.scope, self._bus
        run, subscriber = scope.run, delivery.subscription.subscriber
        fates = {Fate.INDETERMINATE} if known else UNKNOWN
        unknown = [
            one for one in self._runs.get(run.number, {}).values() if one.delivery == delivery.id and one.fate in fates
        ]
        if not unknown:
            return False
        if delivery in self._parked:
            return True
        for one in unknown:
            if one.fate is not Fate.INDETERMINATE:
                self._is(one, Fate.INDETERMINATE)
        if not run.held:
            run.held_since = bus.now()
        accounting.raise_held(scope, 1)
        run.observed = True
        waits = self._parked[delivery] = Indeterminate(unknown)
        self._look()
        bus.pending.park(EFFECT, scope, delivery, None, waits)
        if subscriber.holders:
            subscriber.release(delivery)
        bus.emit_event(delivery.message, "held", subscriber.card.id, Reason("indeterminate", waits.id))
        detail = {"effects": [one.id for one in unknown]}
        bus.record_act("held", waits.id, by="bus", reason="indeterminate", message=delivery.message, detail=detail)
        bus.observers.note_incident("indeterminate", "effect", subscriber.card.id, delivery.message)
        bus.timers.soon("notice", run)
        return True

    def _look(self) -> None:
        """See messages only while something is parked."""
        if self.active != bool(self._parked):
            self.active = bool(self._parked)
            self._bus.reintercept()

    def settled(self, delivery: Delivery, outcome: Outcome) -> None:  # noqa: ARG002 - however it ends
        """A delivery ends, and no longer waits."""
        if self._parked.pop(delivery, None) is not None:
            self._unheld(delivery)

    def _unheld(self, delivery: Delivery) -> None:
        bus, run = self._bus, delivery.message.scope.run
        self._look()
        accounting.raise_held(delivery.message.scope, -1)
        if not run.held:
            bus.runs.resume_deadline(run)
        bus.timers.soon("notice", run)

    # --- people ---

    def all(self) -> tuple[Effect, ...]:
        """Return the effects whose result a person must determine, oldest first."""
        found = (one for effects in self._runs.values() for one in effects.values())
        return tuple(sorted((one for one in found if one.fate is Fate.INDETERMINATE), key=lambda one: one.at))

    def resolve(self, effect_id: str, *, done: bool, result: object, by: str, reason: str) -> None:
        """Set the result of an effect; its delivery continues if it waits for nothing else.

        Raises:
            InputError: No effect of that id is indeterminate, or the result is not made of JSON values.
        """
        one = next((one for one in self.all() if one.id == effect_id), None)
        if one is None:
            raise InputError(f"effect {effect_id!r}", "is not indeterminate", "see operations.effects()")
        value = _json(result) if done else None
        if done and value is None:
            raise InputError(f"the result of effect {effect_id!r}", "is not made of JSON values")
        one.value, one.by, one.reason = value, by, reason
        self._is(one, Fate.DONE if done else Fate.NOT_DONE)
        self._bus.record_act("resolved", one.id, by=by, reason=reason, detail={"fate": str(one.fate)})
        for delivery, waits in tuple(self._parked.items()):
            if one in waits.effects and not any(other.fate in UNKNOWN for other in waits.effects):
                del self._parked[delivery]
                if delivery.parked is not None:
                    self._bus.pending.take(delivery.parked)
                self._unheld(delivery)
                if self._bus.judging.judge_again(delivery):
                    self._bus.overflows.enqueue(delivery)

    # --- runs ---

    def of(self, run: RunState, agent: str) -> tuple[LogRecord, ...]:
        """Return the state of the effects of an agent in a run."""
        return tuple(one.record() for (of, _), one in self._runs.get(run.number, {}).items() if of == agent)

    def reopen(self, run: RunState, facts: Iterable[LogRecord]) -> None:
        """Restore the effects of an earlier process; for the run of a redriven dead letter, those of its first run."""
        for fact in facts:
            effects = self._of(run)
            told = {
                name: fact[name] for name in ("id", "agent", "key", "token", "delivery", "at", "value", "by", "reason")
            }
            one = effects[fact["agent"], fact["key"]] = Effect(run=run.number, **told)
            one.fate = Fate(fact["fate"])
            if fact["run"] != run.number:
                self._is(one, one.fate)

    def closed(self, run: RunState) -> None:
        """A run is at rest: the state of its effects is in the log, and in its dead letters."""
        self._runs.pop(run.number, None)


def _json(value: object) -> str | None:
    """Return a value as JSON text; None if reading it again would give another value."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        return text if json.loads(text) == value else None
    except (TypeError, ValueError):
        return None
