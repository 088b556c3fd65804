"""Calls handlers, checks their outputs, and names their failures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import anyio

from genie import errors
from genie.bus.failures import delivery_at
from genie.contracts.agent import FunctionAgent, Handlers
from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, Message, Payload, topic_of
from genie.contracts.outcome import Reason
from genie.contracts.signature import unfit
from genie.errors import (
    AgentDefinitionError,
    ContractError,
    EdgeError,
    ForgedMessageError,
    GenieError,
    ImmutableMessageError,
    RelayedError,
    TransferError,
    WrongOutputError,
    class_name,
    code_of,
    kind_name,
)
from genie.errors.logs import log
from genie.errors.safe_text import keep_safe_text, safe_text_of
from genie.execution.fragments import StreamGate
from genie.inflight.subscription import CONTEXT, MESSAGE, PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.bus.bus import Bus
    from genie.contracts.ports.executor import Executor, Job
    from genie.execution.handling import Handling
    from genie.execution.worker import Worker
    from genie.inflight.delivery import Delivery
    from genie.inflight.handlers import Call

FAIRNESS = 64
"""Payloads that an async iterator yields in a row before it yields to the loop."""


def misplaced(agent: object, card: AgentCard) -> str | None:
    """Explain why an agent cannot run on its card's executor, with the remedy; None if it can."""
    if isinstance(agent, FunctionAgent):
        return unfit(agent.function, agent.signature, card.executor, card)
    if card.executor == "loop":
        return None
    return f"executor {card.executor} is for functions made agents; this one runs on the loop"


def job_of(agent: object, card: AgentCard, executor: Executor) -> Job:
    """Return the callable of an agent that does not run on the loop.

    Raises:
        AgentDefinitionError: The agent is not a plain function, or cannot run on its executor.
    """
    problem = misplaced(agent, card)
    if problem is not None or not isinstance(agent, FunctionAgent):
        raise AgentDefinitionError(f"agent {card.id!r}", problem or "is not a function")
    return executor.job(card.executor, card.id, agent.function, agent.signature, card.concurrency)


def calls_of(agent: object, card: AgentCard, job: Job | None = None) -> Mapping[type[Payload], Call]:
    """Return the handler for each payload class that an agent consumes; its job, if it has one.

    ``branches`` is True if a handling need not produce what its card declares: several types, nothing, a stream,
    something published or asked on the way, or a third-party handler, about which nothing is known.
    """
    sends_more = bool(card.publishes or card.asks)
    if isinstance(agent, FunctionAgent):
        signature = agent.signature
        wants = CONTEXT if signature.takes_context else PAYLOAD
        branches = sends_more or (bool(card.produces) and not signature.certain)
        if job is None and signature.plain:
            raise AgentDefinitionError(f"agent {card.id!r}", misplaced(agent, card) or "")
        return dict.fromkeys(card.consumes, (agent.function if job is None else job.call, wants, branches))
    if isinstance(agent, Handlers):
        return {
            kind: (getattr(agent, name), CONTEXT if signature.takes_context else PAYLOAD,
                   sends_more or (bool(card.produces) and not signature.certain))
            for kind, (name, signature) in agent.handlers.items()
        }  # fmt: skip
    handle: Any = getattr(agent, "handle")  # noqa: B009 - a third party's object, known by its protocol only
    return dict.fromkeys(card.consumes, (handle, MESSAGE, bool(card.sends)))


# --- outputs of a handler ---


class Streamed(Exception):  # noqa: N818 - a signal between this module and the worker
    """A coroutine returned an async iterator."""

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator


def outputs_of(bus: Bus, delivery: Delivery, output: object) -> tuple[Payload, ...]:
    """Return the outputs of a handler as payloads, each of a class that its card declares.

    Raises:
        WrongOutputError, ForgedMessageError: The output is something else.
        BudgetExceededError: There are more payloads than one handling may publish.
        Streamed: The output is an async iterator.
    """
    card = delivery.subscription.subscriber.card
    kind = type(output)
    for produced in card.produces:  # checked first: a pydantic model takes microseconds to report a missing attribute
        if kind is produced:  # a class may lie about its equality, so no `in`
            return (output,)  # type: ignore[return-value]  # what a card produces are payload classes
    if hasattr(kind, "__aiter__"):
        raise Streamed(output)
    # The items of the tuple itself: a subclass may override ``__iter__``.
    outputs: tuple[Any, ...] = tuple(tuple.__iter__(output)) if isinstance(output, tuple) else (output,)
    for part in outputs:
        kind = type(part)
        for produced in card.produces:
            if kind is produced:
                break
        else:
            error = _wrong(card, part)
            keep_safe_text(error)
            bus.note_refusal(delivery, error)
            raise error
    bus.within_budget(card.id, None, len(outputs))
    return outputs


def _wrong(card: AgentCard, output: object) -> GenieError:
    if isinstance(output, (Message, Envelope)):
        return ForgedMessageError(agent=card.id)
    names = tuple(topic_of(kind).name for kind in card.produces)
    return WrongOutputError(agent=card.id, got=kind_name(type(output)), declared=names)


async def publish_stream(worker: Worker, bus: Bus, iterator: Any) -> None:
    """Publish the payloads of an async iterator as they come; the iterator is always closed."""
    durable = bus.observers.recorder is not None
    held: list[Any] = []
    gate = StreamGate(worker, bus)
    try:
        async for payload in iterator:
            if worker.ended is not None:
                break
            if durable:  # nothing is sent before the outcome; an iterator that fails is restarted from its beginning
                held.append(payload)
                bus.within_budget(worker.subscriber.card.id, worker.delivery, len(held))
                await anyio.lowlevel.checkpoint()
                continue
            if await gate.takes(payload):
                bus.within_budget(worker.subscriber.card.id, worker.delivery, worker.yielded)
                continue
            ticket = worker.publish(payload)
            worker.yielded += 1
            bus.within_budget(worker.subscriber.card.id, worker.delivery, worker.yielded)
            if ticket is not None:
                await bus.overflows.room(ticket, worker)
            elif worker.yielded % FAIRNESS == 0:  # an iterator that never waits would block the loop
                await anyio.lowlevel.checkpoint()
            await _read_by_asker(worker, bus)
        for payload in held:
            if worker.ended is None and not await gate.takes(payload):
                worker.publish(payload)
        if worker.ended is None:
            await gate.end()
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()


async def _read_by_asker(worker: Worker, bus: Bus) -> None:
    """Wait until the asker of a stream has read some of its parts."""
    gather = None if worker.delivery is None else worker.delivery.message.scope.gather
    if gather is not None and gather.crowded:
        await gather.room(bus, worker.subscriber.card.id)


# --- failures ---

# Reads the exceptions of a group without using its class, which may be the agent's own.
_in_group: Callable[[BaseException], tuple[BaseException, ...]] = vars(BaseExceptionGroup)["exceptions"].__get__


def beside(worker: Worker, bus: Bus, error: BaseException) -> bool:
    """An exception left a worker's loop; return False if a handler has left a cancel scope open in its task."""
    cancelled = isinstance(error, RuntimeError) and error.__context__ is not None and belongs_to_loop(error.__context__)
    if cancelled and worker.ended is None and delivery_at(worker, error) is None:
        log("genie.bus", "ERROR", "a handler has left a cancel scope open; the worker that ran it is replaced")
        return False
    bus.failures.beside(worker, error)
    return True


def belongs_to_loop(error: BaseException) -> bool:
    """Return True for a cancellation, alone or in a group: it must reach the cancel scope that requested it."""
    return _cancellation(error) is not None


def of_the_loop(error: BaseException) -> BaseException:
    """Return the cancellation in an exception, alone: a group of them would end the task as if the bus had failed."""
    return _cancellation(error) or error


def _cancellation(error: BaseException) -> BaseException | None:
    cancelled = anyio.get_cancelled_exc_class()
    left, seen = [error], set[int]()  # no recursion, and no group twice: an agent may nest them thousands deep
    while left:
        one = left.pop()
        if not issubclass(type(one), BaseExceptionGroup):
            if issubclass(type(one), cancelled):
                return one
        elif id(one) not in seen:
            seen.add(id(one))
            left += _in_group(one)
    return None


def _relayed(error: GenieError) -> str | None:
    """Return the class of an error of this library that was raised in another process."""
    name = vars(error).get("name") if isinstance(error, RelayedError) else None
    found = vars(errors).get(name) if type(name) is str else None
    return name if isinstance(found, type) and issubclass(found, GenieError) else None


def failed(
    bus: Bus, delivery: Delivery, error: BaseException, handling: Handling | None
) -> tuple[Reason, float | None]:
    """Report that a handler has failed; return the name of the failure and the result of ``pause_after``.

    Args:
        bus: The bus.
        delivery: The delivery that it handled.
        error: The exception.
        handling: What the handler has read besides the message; None for a handler that can read nothing else.
    """
    try:
        _slipped(bus, delivery, error)
        reason = _named(bus, error, delivery.message, handling)
        bus.failures.handler(delivery, error)
        return reason, pause_after(error)
    except BaseException as broken:  # noqa: BLE001 - the error's class is the agent's: looking at it may raise
        return Reason("failed", class_name(broken)), 0.0


def _slipped(bus: Bus, delivery: Delivery, error: BaseException) -> None:
    """Count an assignment to the handler's message."""
    if type(error) is ImmutableMessageError:
        field = vars(error).get("field")
        if type(field) is str and field in Message.__slots__:
            keep_safe_text(error)
            bus.note_refusal(delivery, error)


def pause_after(error: BaseException) -> float | None:
    """Return the shortest wait before another attempt, in seconds; None if none can help, or it is not a number."""
    if not isinstance(error, EdgeError):
        return None if isinstance(error, GenieError) else 0.0
    wait: object = vars(error).get("again_s", getattr(type(error), "again_s", None))
    exact = float(wait) if type(wait) is int or type(wait) is float else math.inf
    return exact if 0 <= exact < math.inf else None


def _named(bus: Bus, error: BaseException, message: Envelope[Payload], handling: Handling | None) -> Reason:
    """Return the name of a failure: its code and class, and the sentence of an error that the bus itself created.

    The text of a foreign exception is never shown. An agent may also raise an error of this library with text that it
    has read. Only the askers get that text, and only if each of them may read the highest label that the handler had
    read and everything that inspectors find in the text.

    Args:
        bus: The bus.
        error: The exception.
        message: The message that it handled.
        handling: As for ``failed``.
    """
    if not isinstance(error, GenieError):
        return Reason("failed", class_name(error))
    code, told = code_of(error), safe_text_of(error)
    if told is not None or (isinstance(error, ContractError) and not isinstance(error, (TransferError, RelayedError))):
        # The bus uses it to report what the handler did, in names of classes; a handler may also raise one with any
        # text.
        return Reason(code, told or class_name(error))
    detail = _relayed(error) or class_name(error)
    try:
        text = str.__getitem__(str(error), slice(None))  # a subclass of str may return another text later
    except BaseException as broken:  # noqa: BLE001 - the error's class is the agent's: its text may raise
        return Reason(code, f"{detail} ({class_name(broken)})")
    return Reason(code, detail, text if _askers_may_read(bus, text, message, handling) else "")


def _askers_may_read(bus: Bus, text: str, message: Envelope[Payload], handling: Handling | None) -> bool:
    """Return True if every asker may read a handler's text and everything that the handler may have quoted in it.

    Args:
        bus: The bus.
        text: The text.
        message: The handled message. Each asker must have sent it, or be allowed to see it without a mask.
        handling: As for ``failed``. Only the label of answers and scratch is known, so after reading any the result
            is False.
    """
    if handling is not None and (handling.opened is not None or handling.taint is not None):
        return False
    return bus.may_read(text, message, message.label) and bus.judging.askers_may_read(message)
