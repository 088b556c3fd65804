"""How failures of handlers and of the bus itself are logged, and what developers see of them.

In production an exception is named by its class, its code and the line of the agent's author; its text may quote a
payload. With ``debug`` the log has the whole traceback and the payload as far as the run's caller may see it, and the
exceptions of a run are kept as the cause of its caller's error.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING

from genie.contracts.message import topic_of
from genie.contracts.outcome import Outcome, Reason
from genie.contracts.serialization import as_wire
from genie.errors import GenieError, InputError, class_name, code_of
from genie.errors.logs import log
from genie.errors.tracebacks import place_of, traceback_of
from genie.inflight.accounting import RunState
from genie.inflight.delivery import disclose, original

if TYPE_CHECKING:
    from genie.bus.bus import Bus
    from genie.inflight.delivery import Delivery
    from genie.inflight.handlers import Worker

_WORKERS = "genie.execution.worker"
MOST_RUNS = 64
"""Number of runs whose exceptions are kept with ``debug``."""
MOST_ERRORS = 16
"""Number of exceptions kept per run; the oldest are dropped."""
MOST_PAYLOAD = 2_000
"""Number of characters of a payload shown with a traceback."""


class Failures:
    """The failures of one bus.

    Args:
        bus: The bus.
        debug: Show tracebacks and payloads, and keep exceptions.
    """

    def __init__(self, bus: Bus, *, debug: bool) -> None:
        self._bus = bus
        self.debug = debug
        self._kept: dict[str, deque[tuple[str, BaseException]]] = {}

    # --- handlers ---

    def handler(self, delivery: Delivery, error: BaseException) -> None:
        """A handler failed: log it, and with ``debug`` show and keep the exception."""
        agent, message = delivery.subscription.subscriber.card.id, delivery.message
        if not self.debug:
            self.log(agent, error, message.correlation_id)
            return
        run_id = message.correlation_id
        kept = self._kept.pop(run_id, None) or deque(maxlen=MOST_ERRORS)
        kept.append((agent, error))
        self._kept[run_id] = kept  # the run that failed last is dropped last
        if len(self._kept) > MOST_RUNS:
            del self._kept[next(iter(self._kept))]
        if isinstance(error, InputError):  # an agent refuses its input with a reason; there is nothing to debug
            self.log(agent, error, run_id)
            return
        where = f"agent {agent} failed on {topic_of(message.payload).name}, message {message.number} of run {run_id}"
        text = f"{where}\n{traceback_of(error)}\npayload: {self._seen(delivery)}"
        log("genie.debug", "ERROR", text, agent=agent, run_id=run_id)

    def of(self, run_id: str) -> tuple[tuple[str, BaseException], ...]:
        """Return the stored exceptions of a run with their agents, oldest first; none without ``debug``."""
        return tuple(self._kept.get(run_id, ()))

    def _seen(self, delivery: Delivery) -> str:
        """Return the payload as the caller of the run may see it, shortened."""
        bus, message = self._bus, original(delivery)
        card = message.scope.run.asker.card
        if message.label > card.clearance:
            return f"withheld: it is {message.label.name.lower()}, above the clearance of {card.id}"
        decision = bus.policies.evaluator(type(message.payload), card).judge(message, bus.judging.card_of(message))
        shown = disclose(message, decision, card, carries=True)
        if shown.payload is None:
            return f"withheld from {card.id}: {shown.why}"
        try:
            text = json.dumps(as_wire(shown.payload), ensure_ascii=False)
        except Exception as broken:  # noqa: BLE001 - the payload's class is the author's: it may raise
            return f"cannot be shown ({class_name(broken)})"
        return text if len(text) <= MOST_PAYLOAD else f"{text[:MOST_PAYLOAD]} ... ({len(text):,} characters)"

    @staticmethod
    def log(agent: str, error: BaseException, run_id: str | None = None) -> None:
        """Log a handler's failure: class, code and place, never the exception's text, which may quote a payload."""
        code = f" ({code_of(error)})" if isinstance(error, GenieError) else ""
        level = "WARNING" if code else "ERROR"  # an error of this library describes itself in the outcome
        log("genie.bus", level, f"agent {agent} failed: {place_of(error)}{code}", agent=agent, run_id=run_id)

    # --- failures of the bus itself ---

    def beside(self, worker: Worker, error: BaseException) -> None:
        """An exception left a worker's loop: of a handler that was cut off, or an internal error, which ends its run.

        Raises:
            BaseException: The error, if its run is not known or it is more than an internal error.
        """
        if worker.ended is not None:
            self.log(worker.subscriber.card.id, error)
            return
        delivery = delivery_at(worker, error)
        if not isinstance(error, Exception) or delivery is None:
            raise error
        run, subscriber = delivery.message.scope.run, delivery.subscription.subscriber
        self._internal(f"a delivery to {subscriber.card.id}", error, run)
        if subscriber.holders and delivery.parked is None:
            subscriber.release(delivery)
        for scope in () if run.closed else tuple(run.root.tree()):
            if not (scope.in_flight or scope.done):
                self._bus.correlator.at_rest(scope)

    def timer(self, kind: str, ref: object, error: BaseException) -> None:
        """The action of a timer raised: report it, and end its run with a reason."""
        run: object = ref
        for name in ("delivery", "message", "scope", "run"):
            run = getattr(run, name, None) or run
        self._internal(f"the action of a timer ({kind})", error, run if isinstance(run, RunState) else None)

    def _internal(self, what: str, error: BaseException, run: RunState | None) -> None:
        self._report(f"{what} failed", error)
        self._bus.observers.note_incident("internal_error", class_name(error), what, None)
        if run is not None:
            self._bus.runs.end(run, Outcome.CANCELLED, _internal_error(error))

    def runtime(self, error: BaseException) -> None:
        """A worker or the timer task crashed: every run ends with a reason, and the runtime raises on exit."""
        self._report("the runtime failed", error)
        self._bus.closing = True
        for run in tuple(self._bus.runs.open_runs.values()):
            self._bus.runs.end(run, Outcome.CANCELLED, _internal_error(error))

    def _report(self, what: str, error: BaseException) -> None:
        log("genie.bus", "ERROR", f"{what}: {place_of(error)}")
        if self.debug:
            log("genie.debug", "ERROR", f"{what}\n{traceback_of(error)}")


def _internal_error(error: BaseException) -> Reason:
    return Reason("internal_error", f"internal error: {class_name(error)}")


def delivery_at(worker: Worker, error: BaseException) -> Delivery | None:
    """Return the delivery that a worker was processing when the kernel raised, from the frames of the traceback.

    A worker drops its delivery before it settles it; keeping it for the case of an internal error would cost time for
    every message.
    """
    from traceback import walk_tb  # noqa: PLC0415 - start-up: only for what goes wrong

    if worker.delivery is not None:
        return worker.delivery
    of_workers = (frame for frame, _ in walk_tb(error.__traceback__) if frame.f_globals.get("__name__") == _WORKERS)
    return next((found for frame in of_workers if (found := frame.f_locals.get("delivery")) is not None), None)
