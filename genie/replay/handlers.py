"""Handlers in a replay: agents that only compute run again.

Results of agents that reach outside are read from the record.

Each handling ends at its recorded time, on a clock that does not advance while code runs. So deliveries end in the same
order, regardless of the speed of the code.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import anyio

from genie.backend.clock import EPOCH, MICROSECOND
from genie.contracts.outcome import Outcome, Reason
from genie.errors import GenieError, IndeterminateEffectError, NotDoneError
from genie.errors.genie_error import code_of
from genie.inflight.subscription import CONTEXT, PAYLOAD
from genie.journal.facts import kind_name, payload_of, payload_text
from genie.replay.errors import NotRecordedError
from genie.replay.recorded import by_policy
from genie.simulation.instrumentation import RUNNING

if TYPE_CHECKING:
    import datetime
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from genie.bus.bus import Bus
    from genie.contracts.agent import Binding
    from genie.contracts.card import AgentCard
    from genie.contracts.context import Context
    from genie.contracts.message import Payload
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.delivery import Delivery
    from genie.inflight.handlers import Call
    from genie.journal.facts import Kinds
    from genie.replay.recorded import Recorded, Step

CUT = frozenset((
    "timeout", "overflow", "version", "removed", "poison", "hops", "messages", "cycle", "budget", "most_of_one",
))  # fmt: skip
"""Codes of dead letters that come from the bus, not from a handler."""


class Outside:
    """Replaces an agent that reaches outside, so that neither it nor its ports are opened."""

    def __init__(self, card: AgentCard) -> None:
        self.card = card

    async def handle(self, message: object, context: object) -> None:
        """Do nothing: the outputs are in the record."""


def is_outside(binding: Binding) -> bool:
    """Return whether an agent reaches outside: through a port, as an egress, as a model or as a tool."""
    from genie.edges.llm.agent import ModelAgent  # noqa: PLC0415 - start-up: only where a run is replayed
    from genie.edges.tools.tool import ToolFunction  # noqa: PLC0415 - as above

    card = binding.card
    return bool(card.ports) or card.egress or isinstance(binding.agent, (ModelAgent, ToolFunction))


class Handlers:
    """Creates the replacements of the agents' handlers.

    Args:
        recorded: The run.
        kinds: Payload classes, by ``topic@version``.
        outside: Agents that are read from the record.
        wait_until: Waits for a time of the run, in seconds since its start.
        step_of: Finds the recorded delivery that a delivery repeats; None for a new one.
    """

    def __init__(
        self, recorded: Recorded, kinds: Kinds, outside: frozenset[str],
        wait_until: Callable[[float], Awaitable[None]], step_of: Callable[[Delivery], Step | None],
    ) -> None:  # fmt: skip
        self.recorded = recorded
        self.kinds = kinds
        self.wait_until = wait_until
        self._outside = outside
        self._step_of = step_of
        self.bus: Bus | None = None
        """Set when the runtime is open."""
        self.ran: dict[str, int] = {}
        """Number of handlings that ran again, by agent."""
        self.read: dict[str, int] = {}
        """Number of handlings read from the record, by agent."""
        self.unrecorded: list[NotRecordedError] = []

    def calls(self, card: AgentCard, calls: Mapping[type[Payload], Call]) -> dict[type[Payload], Call]:
        """Return the replacements of an agent's handlers."""
        return {kind: self._call(card, call) for kind, call in calls.items()}

    def _call(self, card: AgentCard, inner: Call) -> Call:
        handler, wants, branches = inner

        async def replayed(given: Any, context: Any) -> Any:
            RUNNING.set(card.id)
            worker = None if self.bus is None else self.bus.workers.stepping
            assert worker is not None  # noqa: S101 - a handler's first step is a worker's
            assert worker.delivery is not None  # noqa: S101 - as above
            delivery = worker.delivery
            return await _Handling(self, card, delivery, self._step_of(delivery)).end(
                handler, wants, given, context, outside=card.id in self._outside
            )

        return replayed, CONTEXT if wants == PAYLOAD else wants, True if card.id in self._outside else branches


class _Handling:
    """One handling of a replay."""

    def __init__(self, handlers: Handlers, card: AgentCard, delivery: Delivery, step: Step | None) -> None:
        self._handlers = handlers
        self._card = card
        self._delivery = delivery
        self._step = step

    async def end(self, handler: Any, wants: int, given: Any, context: Any, *, outside: bool) -> Any:
        """Return the handler's outputs at the recorded time."""
        counts = self._handlers.read if outside else self._handlers.ran
        counts[self._card.id] = counts.get(self._card.id, 0) + 1
        step, end = self._step, None if self._step is None else self._step.end
        if outside and step is None:
            raise self._unrecorded("agent", self._card.id)
        free = step is None or (end is not None and by_policy(end))
        try:
            if outside and step is not None:
                output = await self._from_record(step, context)
            else:
                output = await self._run(handler, wants, given, context)
        except Exception as error:  # an equal failure ends the handling alike; any other is raised again
            if free or step is None or end is None or end["outcome"] == "handled":
                raise
            if not is_cut(end):
                await self._handlers.wait_until(step.at)
                await self._fail(Reason(code_of(error) if isinstance(error, GenieError) else "failed"))
            return await anyio.sleep_forever()
        if hasattr(output, "__aiter__"):
            return self._streamed(output)
        if free or step is None:
            return output
        if end is None or is_cut(end):
            return await anyio.sleep_forever()  # in the record it is cut off, or does not end
        await self._handlers.wait_until(step.at)
        if end["outcome"] == "handled" or not outside:
            return output  # a recorded failure that does not happen now is a difference
        return await self._fail(Reason(end["code"]))

    async def _run(self, handler: Any, wants: int, given: Any, context: Any) -> Any:
        seen = ReplayContext(context, self._handlers, self._card, self._step, self._unrecorded)
        output = handler(*((given,) if wants == PAYLOAD else (given, seen)))
        if hasattr(output, "__await__"):
            output = await output
        return output

    async def _streamed(self, stream: Any) -> AsyncIterator[Any]:
        """Yield each payload at its recorded time."""
        RUNNING.set(self._card.id)
        step = self._step
        at = [] if step is None else [self._handlers.recorded.messages[one["number"]][0] for one in step.outputs]
        try:
            async for output in stream:
                if at:
                    await self._handlers.wait_until(at.pop(0))
                yield output
            if step is not None and step.end is not None:
                await self._handlers.wait_until(step.at)
        finally:
            if hasattr(stream, "aclose"):
                await stream.aclose()

    # --- the record ---

    async def _from_record(self, step: Step, context: Any) -> Any:
        """Send the recorded outputs, and return the recorded result."""
        if step.questions:
            async with anyio.create_task_group() as asking:
                for at, question, scope in step.questions:
                    asking.start_soon(self._ask, context, at, question, scope)
        returned = []
        for record in step.outputs:
            payload = self._payload(record)
            if record["to"] is None and type(payload) in self._card.produces:
                returned.append(payload)
            else:
                await context.publish(payload, to=record["to"])
        return returned[0] if len(returned) == 1 else tuple(returned) or None

    async def _ask(self, context: Any, at: float, question: LogRecord, scope: LogRecord) -> None:
        kinds = self._handlers.kinds
        declared = self._card.asks[type(payload := self._payload(question))]
        topics = [one["topic"] for one in scope["expect"] or ()]
        expect = tuple(part for part in declared if _topic(part, kinds) in topics)
        await self._handlers.wait_until(at)
        await context.gather(payload, expect=expect, need=scope["need"])

    def _payload(self, record: LogRecord) -> Payload:
        payload = payload_of(record, self._handlers.kinds)
        if payload is None:
            raise self._unrecorded("payload", record["topic"])
        return payload

    async def _fail(self, reason: Reason) -> Any:
        """End the handling as a failure without a retry: the record has the last attempt."""
        worker, bus = self._delivery.worker, self._handlers.bus
        if worker is not None and bus is not None:
            worker.cut(Outcome.DEAD_LETTERED, reason)
            bus.retries.failed(self._delivery, reason, final=True)
        return await anyio.sleep_forever()

    def _unrecorded(self, what: str, name: str) -> NotRecordedError:
        error = NotRecordedError(agent=self._card.id, what=what, name=name)
        self._handlers.unrecorded.append(error)
        return error


class ReplayContext:
    """A context with the recorded time, randomness and effects."""

    def __init__(
        self, context: Context, handlers: Handlers, card: AgentCard, step: Step | None,
        unrecorded: Callable[[str, str], NotRecordedError],
    ) -> None:  # fmt: skip
        self._context = context
        self._handlers = handlers
        self._card = card
        self._unrecorded = unrecorded
        end = None if step is None else step.end
        self._times: list[int] = [] if end is None else list(end.get("times", ()))
        self._draw: int = 0 if end is None else end.get("draw", 0)
        self._random: random.Random | None = None
        self._asked = {} if step is None else step.asked()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def now(self) -> datetime.datetime:
        """Return a recorded clock reading; the replay's own time if the handler reads it more often."""
        return EPOCH + self._times.pop(0) * MICROSECOND if self._times else self._context.now()

    @property
    def random(self) -> random.Random:
        """The recorded random stream of the handler."""
        if not self._draw:
            return self._context.random
        if self._random is None:
            run = self._handlers.recorded.run
            seed = f"{run.seed}/{run.number}/{self._card.id}/{self._draw}"
            self._random = random.Random(seed)  # noqa: S311 - the same as then; no secret is drawn from it
        return self._random

    def port(self, kind: Any) -> Any:
        """Refuse: a port leads outside."""
        raise self._unrecorded("port", getattr(kind, "__name__", str(kind)))

    async def once(self, key: str, _effect: Any, *, probe: Any = None) -> Any:  # noqa: ARG002 - nothing leaves the process
        """Return the recorded result of the effect.

        Raises:
            NotRecordedError: The effect is not in the record.
            NotDoneError, IndeterminateEffectError: As recorded.
            TypeError: Its result was not made of JSON values.
        """
        found = self._handlers.recorded.effects.get((self._card.id, key))
        if found is None:
            raise self._unrecorded("effect", key)
        if found["fate"] == "not_done":
            raise NotDoneError(host="the effect", problem="has not happened")
        if found["fate"] != "done":
            raise IndeterminateEffectError(effect=found["id"])
        if found["value"] is None:
            raise TypeError(f"the result of effect {found['id']} is not made of JSON values")
        return json.loads(found["value"])

    async def ask(self, question: Payload, *rest: Any, **how: Any) -> Any:
        """Ask at the recorded time."""
        await self._turn(question)
        return await self._context.ask(question, *rest, **how)

    async def gather(self, payload: Payload, **how: Any) -> Any:
        """Ask when the handler asked."""
        await self._turn(payload)
        return await self._context.gather(payload, **how)

    async def _turn(self, question: Payload) -> None:
        """Wait until the recorded time of this question, or of one of the same class."""
        asked = self._asked.get(kind_name(type(question)))
        at = None if asked is None else asked.take(payload_text(question))
        if at is not None:
            await self._handlers.wait_until(at)


def is_cut(end: LogRecord) -> bool:
    """Return whether a delivery was ended by anything but its handler and its policies."""
    outcome, code = end["outcome"], end["code"]
    if outcome == "denied":
        return ":" not in code and code != "hold"
    return outcome in {"cancelled", "expired"} or (outcome == "dead_lettered" and code in CUT)


def _topic(part: Any, kinds: Kinds) -> str:
    kind = getattr(part, "payload", part)
    return next((name for name, found in kinds.items() if found is kind), "")
