"""One run from its question to its outcome; the caller can watch and cancel it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import anyio

from genie.backend.clock import Clock
from genie.config.environment import hidden
from genie.contracts.rendering import counted
from genie.errors import InputError, RunError, RunHeld
from genie.runtime.report import Outcome, status_of
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from genie.approvals.request import ApprovalRequest
    from genie.config.pipeline import Pipeline
    from genie.contracts.card import Caller
    from genie.contracts.message import Payload
    from genie.contracts.ports.journal import Journal
    from genie.inflight.events import Event
    from genie.runtime.run import Run

_COUNTS = (
    "accepted",
    "handled",
    "denied",
    "expired",
    "cancelled",
    "dead_lettered",
    "in_flight",
    "redacted",
    "unrouted",
    "late",
)


class Stopped(Exception):  # noqa: N818 - somebody asked for it; it is not an error
    """The run has no answer because ``until`` returned; ``outcome`` is its state at that time."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Interrupted(Stopped):
    """The run was cancelled at once."""


class Drained(Stopped):
    """The run did not end in time. A log keeps what is in flight; without one it was cancelled."""


async def conduct(  # noqa: PLR0913 - the command alone calls it, by name
    pipeline: Pipeline,
    question: Payload,
    *,
    caller: Caller,
    journal: Journal | None = None,
    watch: Callable[[Event], None] | None = None,
    filenames: Sequence[str] = (),
    beside: Callable[[Runtime], AbstractAsyncContextManager[None]] | None = None,
    until: Callable[[], Awaitable[float | None]] | None = None,
    decide: Callable[[Runtime, Run[Payload]], Awaitable[bool]] | None = None,
) -> Outcome:
    """Ask a pipeline one question and wait until nothing of the run is in flight, or everything left is held.

    Args:
        pipeline: A checked pipeline.
        question: Payload of the pipeline's entry.
        caller: The caller, for whom the answer is judged.
        journal: Records everything.
        watch: Called with each event of the run.
        filenames: Names of the input files. A failure that begins with one of them is an `InputError`.
        beside: A context manager that is entered after the runtime opens and left before it closes.
        until: Returns when the run must end early: with the seconds left, or None to cancel it at once. A request
            during opening takes effect when the run starts.
        decide: Called when the rest of the run waits for approvals; returns whether some were decided. Without it the
            run ends held.

    Raises:
        Interrupted: ``until`` returned None before the run ended.
        Drained: ``until`` returned a number of seconds, and the run had no answer after them.
        InputError: An agent rejected the input.
    """
    stopped: type[Stopped] | None = None
    waiting = anyio.CancelScope()
    answer: Payload | None = None
    error: RunError | None = None

    async def stop(until: Callable[[], Awaitable[float | None]], runtime: Runtime, run: Run[Payload]) -> None:
        nonlocal stopped
        left_s = await until()
        if left_s is None:
            stopped = Interrupted
            run.cancel("interrupted")
            return
        stopped = Drained
        await runtime.drain(left_s)
        if not run.at_rest:  # a log keeps it, or a person must decide
            waiting.cancel()

    async with contextlib.AsyncExitStack() as stack:
        runtime = await stack.enter_async_context(Runtime.from_pipeline(pipeline, journal=journal, caller=caller))
        if beside is not None:
            await stack.enter_async_context(beside(runtime))
        clock = Clock(anyio.current_time)
        at, began = clock.wall(), clock.now()
        run = runtime.start(question, pipeline.answer, deadline_s=pipeline.within_s, caller=caller)
        async with anyio.create_task_group() as tasks:
            if until is not None:
                tasks.start_soon(stop, until, runtime, run)
            if watch is not None:
                tasks.start_soon(_follow, run, watch)
            with waiting:
                answer, error = await _answer(run)
                await run.settled()
                while decide is not None and not run.at_rest and await decide(runtime, run):
                    answer, error = await _answer(run)
                    await run.settled()
            elapsed_ms = (clock.now() - began) * 1000
            tasks.cancel_scope.cancel()
        requests = [one for one in runtime.approvals.requests() if one.run_id == run.id]
        views = (runtime.approvals.view(one.id, caller.clearance).payload for one in requests)
        held = tuple(payload for payload in views if payload is not None)
        outcome = _outcome(
            pipeline.id, run, answer, error, tuple(map(_waiting, requests)), held, at=at, elapsed_ms=elapsed_ms
        )
    if stopped is Interrupted or (stopped is Drained and answer is None):
        raise stopped(outcome)
    if answer is None:
        _refused_input(run, filenames)
    return outcome


async def _answer(run: Run[Payload]) -> tuple[Payload | None, RunError | None]:
    try:
        return await run.result(), None
    except RunError as error:
        return None, error


async def _follow(run: Run[Payload], watch: Callable[[Event], None]) -> None:
    async for event in run.events():
        watch(event)


def _waiting(request: ApprovalRequest) -> str:
    """Describe one approval request in a sentence: its subject, the required roles, and the reason."""
    needs = (
        f"{need.quorum} {'person' if need.quorum == 1 else 'people'}"
        + (f" with the role {' or '.join(sorted(need.approvers))}" if need.approvers else "")
        for need in request.needs
    )
    return f"{request.topic} for {request.recipient} waits for {', and '.join(needs)}: {request.reason}"


def _outcome(
    pipeline: str,
    run: Run[Payload],
    answer: Payload | None,
    error: RunError | None,
    waiting: tuple[str, ...],
    held_payloads: tuple[Payload, ...],
    *,
    at: datetime,
    elapsed_ms: float,
) -> Outcome:
    counts = run.messages()
    failures = tuple(dict.fromkeys((failure.agent, hidden(str(failure))) for failure in run.failures()))
    held = isinstance(error, RunHeld) or counts.in_flight > 0
    denied = any(failure.outcome.value == "denied" for failure in run.failures())
    status = status_of(answer, failures, held=held, denied=denied)
    return Outcome(
        run_id=run.id,
        pipeline=pipeline,
        status=status,
        at=at,
        elapsed_ms=elapsed_ms,
        answer=answer,
        reasons=(
            *(() if error is None or (waiting and isinstance(error, RunHeld)) else (hidden(str(error)),)),
            *waiting,
        ),
        failures=failures,
        held=held_payloads,
        notices=run.notices(),
        messages={name: getattr(counts, name) for name in _COUNTS},
        agents={
            name: {"handled": one.handled, "failed": one.failed, "p50_ms": one.p50_ms}
            for name, one in run.agents().items()
        },
    )


def _refused_input(run: Run[Payload], filenames: Sequence[str]) -> None:
    """Raise the failure by which an agent rejected the input, if there is one."""
    for failure in run.failures():
        for name in filter(None, filenames):
            detail = "" if failure.reason is None else failure.reason.said
            if failure.outcome.value == "dead_lettered" and detail.startswith(f"{name}: "):
                raise InputError(name, detail.removeprefix(f"{name}: "))


def interruption(stopped: Stopped) -> str:
    """Return the log line for a run that a signal ended."""
    outcome = stopped.outcome
    handled, cancelled, left = (outcome.messages[name] for name in ("handled", "cancelled", "in_flight"))
    did = f"{counted(handled, 'message')} handled, {cancelled} cancelled"
    if isinstance(stopped, Interrupted):
        return f"interrupted: run {outcome.run_id} was cancelled; {did}"
    return f"drained: run {outcome.run_id} did not end in time; {did}, {left} left in flight"
