"""The life of an open runtime: start, agents added and removed, draining, and closing."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from genie.backend.asyncio_trio import future_factory, loop_time, open_tasks
from genie.backend.clock import Clock
from genie.bus.bus import Bus
from genie.contracts.outcome import Outcome, Reason
from genie.errors import (
    GenieError,
    InputError,
    RuntimeClosedError,
    RuntimeFailedError,
    class_name,
)
from genie.execution.handlers import calls_of, job_of
from genie.execution.worker import STOP_S
from genie.execution.workers import Workers
from genie.inflight.mailbox import Subscriber
from genie.journal.durability import durability
from genie.observation.observers import opened
from genie.policy.policy import PolicySet
from genie.runtime.arguments import Made, can_start, replaceable
from genie.runtime.parts import Parts, plugged_in
from genie.runtime.run import changed, redriven

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Self

    from genie.approvals.remote import RemoteControl
    from genie.contracts.agent import Binding
    from genie.contracts.ports.executor import Job
    from genie.graph.registry import Registry
    from genie.inflight.delivery import Delivery
    from genie.inflight.handlers import Worker

CLOSE_S = 5.0
"""Seconds that ``close`` of an agent, an executor or a control may take; after that it is abandoned and reported."""
LOOKED_S = 0.01
"""Seconds between two checks whether a replaced agent has finished its work."""
CANCELLED = Outcome.CANCELLED
DRAIN, CLOSED = Reason("drain"), Reason("closed")


class Life:
    """One runtime, open. ``opened`` makes it.

    Args:
        made: Its components.
        registry: The cards in force.
    """

    parts: Parts
    """Its interceptors, observers and joins."""

    def __init__(self, made: Made, registry: Registry) -> None:
        self._made = made
        self._registry = registry
        self._executor = made.executor
        self._remote: RemoteControl | None = None
        self._failed: BaseException | None = None
        self._opened: list[object] = []
        self.every_message = made.log is not None and made.mode == "every_message"
        """True if a message is logged before a handler sees it."""

    async def open(self) -> Self:
        """Create the bus, open the agents, start the timers, and resume what a log has in flight."""
        made = self._made
        clock = Clock(loop_time(), wall=made.wall)
        self._durability = kept = await durability(made.log, made.prefix, made.seed, made.mode, made.chatter)
        self._close_audit = opened(made.audit)
        self._tasks = tasks = open_tasks(self._fail)
        self.bus = bus = Bus(
            clock=clock, ids=kept.ids, registry=self._registry, policies=made.policies or PolicySet(),
            limits=made.limits, make_future=future_factory(), tasks=tasks, make_workers=lambda bus: Workers(bus, tasks),
            journal=made.journal, audit=made.audit,
            random_source=random.Random(f"{kept.seed}/retries"), seed=kept.seed,  # noqa: S311 - jitter, no secret
            debug=made.debug,
        )  # fmt: skip
        self.parts = plugged_in(bus, self.open_bus, made.joins, made.admission, made.source)
        self.parts.operations.redrive = self.redrive
        tasks.start(bus.timers.run)
        try:
            for binding in made.agents:
                await self.open_agent(binding)
            if made.control is not None:
                from genie.approvals.remote import attended  # noqa: PLC0415 - start-up: for those with a control file

                self._remote = await attended(bus, self.parts.holds, self.parts.switches, made.control)
            await kept.go_on(bus, tasks)
            if kept.redrives:
                tasks.start(self._redrive)
        except BaseException as error:  # whatever was started is closed, then the error is re-raised
            await self.close(error)
            raise
        return self

    def open_bus(self) -> Bus:
        """Return the bus.

        Raises:
            RuntimeClosedError: The runtime is closed.
        """
        if self.bus.closing:
            raise RuntimeClosedError
        self.bus.runs.here()
        return self.bus

    async def published(self) -> None:
        """Wait until a payload from outside is in the log."""
        await self._durability.published()

    def _fail(self, error: BaseException) -> None:
        """A worker or the timer task crashed."""
        if self._failed is None:
            self._failed = error
            self.bus.fail(error)

    # --- adding, replacing and removing agents ---

    async def open_agent(self, binding: Binding) -> None:
        """Open an agent, and start routing to it.

        Raises:
            RuntimeClosedError: The runtime closed while the agent opened; the agent is closed again.
        """
        can_start(binding)
        opening = getattr(binding.agent, "open", None)
        if opening is not None:
            await opening()
        self._opened.append(binding.agent)
        bus = self.bus
        if bus.closing:
            self._opened.remove(binding.agent)
            await self._close_agent(binding.agent)
            raise RuntimeClosedError
        subscriber = Subscriber(
            binding.agent, binding.card, settings=binding.settings, ports=dict(binding.ports), workers=bus.workers,
            behind_key=bus.deadlocks.behind_key,
        )  # fmt: skip
        self._called(subscriber, binding)
        bus.add(subscriber)
        self.parts.switches.enforce(subscriber)

    async def replace_agent(self, binding: Binding) -> None:
        """Replace an agent by another object from the next delivery on; the old one finishes its current work.

        Raises:
            AgentDefinitionError: It consumes or produces less than the old one, or only one of the two handles messages
                in parallel.
            UnknownAgentError: There is no agent of its id.
        """
        card, bus = binding.card, self.open_bus()
        subscriber = self.parts.operations.subscriber(card.id)
        replaceable(subscriber.card, card)
        can_start(binding)
        opening = getattr(binding.agent, "open", None)
        if opening is not None:
            await opening()
        self.open_bus()
        old, old_job = subscriber.agent, subscriber.job
        at_work = [(worker, worker.delivery) for worker in subscriber.running]
        self._registry.replace(card)
        subscriber.agent, subscriber.settings, subscriber.ports = binding.agent, binding.settings, dict(binding.ports)
        self._called(subscriber, binding)
        subscriber.take_card(card)
        if card.timeout_s is None:  # the timeout sweep skips the agent from now on
            bus.timers.on("overdue", partial(_overdue, bus))
            for worker, delivery in at_work:
                bus.timers.at(worker.until, "overdue", (worker, delivery))
        bus.add(subscriber)  # with its new card
        bus.epoch += 1  # waiting deliveries are judged again for the new card, and handled by the new object
        bus.record_act("replaced", card.id, by="operator", detail={"version": card.version})
        self._opened = [binding.agent if one is old else one for one in self._opened]
        if old is not binding.agent:
            self._opened.append(old)  # until it is closed
        if bus.workers.in_handler():
            self._start(partial(self._retire, old, at_work, old_job))  # a handler that waited could wait for itself
        else:
            await self._retire(old, at_work, old_job)

    async def _retire(self, old: Any, at_work: list[tuple[Worker, Delivery | None]], job: Job | None) -> None:
        """Wait until a replaced agent has finished its current work, and close it."""
        bus = self.bus
        while any(worker.delivery is delivery for worker, delivery in at_work):
            waiter = bus.make_waiter()
            bus.timers.at(bus.now() + LOOKED_S, "wake", waiter)
            await waiter.park()
        if job is not None:
            job.close()
        if old in self._opened and all(one.agent is not old for one in bus.subscribers.values()):
            self._opened.remove(old)
            await self._close_agent(old)

    def _start(self, function: Callable[[], Awaitable[None]]) -> None:
        """Start a task of the runtime; its failure is logged."""
        task: object = None

        async def run() -> None:
            try:
                await function()
            except Exception as error:  # noqa: BLE001 - a failure of an agent does not end the runtime
                self.bus.log_failure("replace", error)
            finally:
                self._tasks.left(task)

        task = self._tasks.start(run)

    def _called(self, subscriber: Subscriber, binding: Binding) -> None:
        """Set the executor call of an agent's handlers."""
        subscriber.job = None
        if binding.card.executor != "loop":
            if self._executor is None:
                from genie.edges.executors.default import DefaultExecutor  # noqa: PLC0415 - loaded by those who use it

                self._executor = DefaultExecutor(debug=self._made.debug)
            subscriber.job = job_of(binding.agent, binding.card, self._executor)
        subscriber.calls = calls_of(binding.agent, binding.card, subscriber.job)
        if self._made.calls is not None:
            subscriber.calls = self._made.calls(binding.card, subscriber.calls)
        if self.every_message:
            from genie.journal.gate import gated  # noqa: PLC0415 - start-up: for those who ask for it

            subscriber.calls = gated(subscriber.calls, self._durability.published)

    async def remove_agent(self, agent: str) -> None:
        """Stop routing to an agent, wait until its handlers have ended or were abandoned, and close it."""
        bus = self.open_bus()
        subscriber = self.parts.operations.subscriber(agent)
        self._registry.remove(agent)
        bus.remove(agent)
        while subscriber.running:
            subscriber.left = bus.make_waiter()
            await subscriber.left.park()
        if subscriber.job is not None:
            subscriber.job.close()
        self.parts.fold_departed()
        if subscriber.agent in self._opened:
            self._opened.remove(subscriber.agent)
            await self._close_agent(subscriber.agent)

    async def _close_agents(self) -> None:
        """Close the agents in reverse order; an error in one does not prevent closing the others."""
        failed: BaseException | None = None
        while self._opened:
            try:
                await self._close_agent(self._opened.pop())
            except BaseException as error:  # noqa: BLE001 - the first is raised, after the others are closed
                failed = failed or error
        self._close_audit()
        if failed is not None:
            raise failed

    async def _close_agent(self, agent: Any) -> None:  # third-party agents need not have ``close``
        closing: Callable[[], Any] | None = getattr(agent, "close", None)
        if closing is not None:
            await self._close_within(getattr(getattr(agent, "card", None), "id", type(agent).__name__), closing)

    async def _close_within(self, name: str, closing: Callable[[], Awaitable[Any]]) -> None:
        """Close an agent or a port; one that exceeds ``CLOSE_S`` is abandoned and reported."""
        with anyio.move_on_after(CLOSE_S) as limit:
            await closing()
        if limit.cancelled_caught:
            self.bus.log_failure(name, TimeoutError())

    # --- dead letters ---

    async def _redrive(self) -> None:
        """Redrive dead letters requested while no process ran; those that fail are kept and tried next time."""
        for letter_id, per_s in self._durability.redrives:
            try:
                await self.redrive(letter_id)
            except GenieError as error:
                self.bus.log_failure("redrive", error)
            await anyio.sleep(1 / per_s)

    async def redrive(self, letter_id: str) -> None:
        """Publish a dead letter's payload to its agent again.

        Raises:
            InputError: No dead letter of that id is kept, or no present class reads its payload.
        """
        bus = self.bus
        letter = bus.dead_letters.get(letter_id)
        if letter is None:
            raise InputError(f"dead letter {letter_id!r}", "is not kept", "see operations.dead_letters()")
        await redriven(bus, letter, self._made.limits.deadline_s)

    # --- the end ---

    async def drain(self, within_s: float) -> None:
        """Admit no more runs and wait for those in flight.

        At the time limit the rest is cancelled, or kept by a log.
        """
        bus = self.open_bus()
        bus.draining = True
        with anyio.move_on_after(within_s):
            left = True
            while left:
                left = False
                for run in tuple(bus.runs.open_runs.values()):
                    if not run.closed and not bus.runs.all_held(run.root):
                        left = True
                        await changed(bus, run)
        if self._made.log is not None:
            return  # they continue when the runtime opens again
        for run in tuple(bus.runs.open_runs.values()):
            bus.runs.end(run, CANCELLED, DRAIN)

    async def close(self, error: BaseException | None) -> None:
        """Cancel running work, and close agents.

        Args:
            error: The error that leaves the runtime.

        Raises:
            RuntimeFailedError: The runtime had failed because of an internal error.
        """
        bus = self.bus
        bus.draining = True
        with anyio.CancelScope(shield=True):
            await self._durability.rest()
        self._durability.stop()  # nothing waits from here on: what would not be told does not happen
        for run in tuple(bus.runs.open_runs.values()):
            bus.runs.end(run, CANCELLED, CLOSED)
        bus.closing = True
        bus.workers.close()
        for tap in bus.taps:
            tap.close()
        try:
            await self._tasks.close(STOP_S, bus.workers.abandon)
        finally:
            with anyio.CancelScope(shield=True):
                async with AsyncExitStack() as closing:  # each is closed, even if closing another raises
                    closing.push_async_callback(self._durability.close)
                    closing.push_async_callback(self._close_agents)
                    if self._remote is not None:
                        closing.push_async_callback(self._close_within, "control", self._remote.close)
                    if self._executor is not None:
                        closing.push_async_callback(self._close_within, "executor", self._executor.close)
        if self._failed is not None and error is None:
            raise RuntimeFailedError(problem=class_name(self._failed)) from self._failed


def _overdue(bus: Bus, late: tuple[Worker, Delivery | None]) -> None:
    """Cut off a handler that began under a timeout which its agent no longer has."""
    worker, delivery = late
    if worker.delivery is delivery and worker.ended is None and worker.until <= bus.now():
        worker.time_out()
