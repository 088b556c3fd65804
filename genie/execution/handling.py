"""The trusted record of one running handling; the handler itself holds a read-only facade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from genie.contracts.outcome import Reason
from genie.errors.safe_text import keep_safe_text
from genie.inflight.accounting import Taint

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from genie.bus.bus import Bus
    from genie.contracts.classification import Classification
    from genie.contracts.headers import Headers
    from genie.contracts.message import Inspection, Payload
    from genie.errors import GenieError
    from genie.execution.fragments import Gates
    from genie.execution.worker import Worker
    from genie.inflight.accounting import Scope
    from genie.inflight.delivery import Delivery
    from genie.inflight.mailbox import RoomTicket

ASKER_ENDED = Reason("asker_ended", "its asker ended")


class Handling:
    """The bus's record of one running handling: what it has read, and its open scopes."""

    __slots__ = (
        "_headers", "_label", "bus", "delivery", "durable", "gates", "later", "opened", "published", "random", "taint",
        "worker",
    )  # fmt: skip

    def __init__(self, bus: Bus, worker: Worker, delivery: Delivery) -> None:
        self.bus = bus
        self.worker: Worker | None = worker
        self.delivery = delivery
        self.opened: list[Scope] | None = None
        self.later: list[Callable[[RoomTicket | None], RoomTicket | None]] | None = None
        """Outputs to publish together with the outcome; None if there are none."""
        self.durable = bus.observers.recorder is not None
        """Everything is."""
        if self.durable:
            self.later = []
        self.gates: Gates | None = None
        """Splitters that hold back pieces of texts."""
        self.published = 0
        self.random: random.Random | None = None
        self._label: Classification = delivery.message.label
        self._headers: Headers = delivery.message.headers
        self.taint: Taint | None = None
        """Label and headers of what others have put into the scratch that the handler has accessed."""

    @property
    def agent(self) -> str:
        """Id of the agent."""
        return self.delivery.subscription.subscriber.card.id

    def read_so_far(self) -> tuple[Headers, Classification]:
        """Return the narrowest headers and the highest label of what the handler has read, including its scratch."""
        if self.taint is not None:
            self.reads(self.taint.label, self.taint.headers)
        return self._headers, self._label

    def reads(self, label: Classification, headers: Headers) -> None:
        """Record what the handler has read; its scratch becomes as sensitive and as narrow."""
        if label > self._label:  # noqa: PLR1730 - max() of two levels costs seven times as much
            self._label = label
        if headers is not self._headers:
            self._headers = self._headers.met(headers)
        taint = self.taint
        if taint is not None:
            taint.label = self._label = max(self._label, taint.label)
            taint.headers = self._headers = self._headers.met(taint.headers)

    def narrow(self) -> None:
        """Remove revoked parts from the headers of its outputs."""
        self._headers = self.bus.judging.narrowed(self._headers)

    def scratch(self) -> dict[str, Any]:
        """Return the agent's scratch for the run; this counts as reading everything in it."""
        run = self.delivery.message.scope.run
        if run.state is None or run.taints is None:
            run.state, run.taints = {}, {}
        agent = self.agent
        if self.taint is None:
            self.taint = run.taints.setdefault(agent, Taint(self._label, self._headers))
            self.reads(self._label, self._headers)
        state: dict[str, Any] = run.state.setdefault(agent, {})
        return state

    def send(self, send: Callable[[RoomTicket | None], RoomTicket | None]) -> RoomTicket | None:
        """Send a payload now; in a durable runtime, together with the outcome."""
        if not self.durable:
            return send(None)
        if self.later is None:
            self.later = []
        self.later.append(send)
        return None

    def publish(
        self, payload: Payload, label: Classification, to: str | None, headers: Headers,
        inspection: Inspection | None, ticket: RoomTicket | None,
    ) -> RoomTicket | None:  # fmt: skip
        """Publish an output with the label and the headers of what the handler had read at that time."""
        delivery, extra = self.delivery, self.delivery.extra
        message = delivery.message
        return self.bus.publish(
            payload, delivery.subscription.subscriber.card, message.scope, message.number, message.hops + 1, headers,
            label, ticket, to, None if extra is None else extra.instead_of, reject=not self.durable,
            inspection=inspection,
        )  # fmt: skip

    def send_later(self) -> RoomTicket | None:
        """The handler has ended: send what waited for that, and return the ticket of payloads without room."""
        ticket: RoomTicket | None = None
        later, self.later = self.later or [], None
        for send in later:
            ticket = send(ticket)
        return ticket

    def alive(self, verb: str) -> Worker:
        """Return the worker; raise if the handling has ended."""
        if self.worker is None or self.worker.ended is not None:  # a handler may outlive its cancellation briefly
            raise RuntimeError(f"{self.agent!r} tried to {verb} after its handling had ended")
        return self.worker

    def refuse(self, error: GenieError) -> NoReturn:
        """Count and raise a violation of the card."""
        keep_safe_text(error)
        self.bus.note_refusal(self.delivery, error)
        raise error

    def close(self) -> None:
        """Invalidate the context, and cancel the scopes that its handler left open."""
        worker, self.worker = self.worker, None
        if self.opened:
            for scope in tuple(self.opened):
                if scope.gather is not None:
                    scope.gather.closed = True  # a stream that was not closed: nothing else will close it
                self.bus.runs.cut_scope(scope, ASKER_ENDED)
                self.bus.correlator.close(scope)
        if worker is not None:
            for wait in worker.waits:  # of tasks that the handler left behind
                self.bus.deadlocks.end(worker, wait)
