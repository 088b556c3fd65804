"""Splits streamed text so that no finding of an inspector spans two pieces.

A secret that is split over two pieces would be found in neither. So if findings matter to a recipient, each piece is
held back until the text after it is known. A piece ends up to ``WINDOW`` characters before the end of the text so far,
between two words that cannot be parts of a number, and has the findings of the text around it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genie.contracts.classification import Classification
from genie.contracts.message import Inspection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie.bus.bus import Bus
    from genie.contracts.message import Fragment, Payload
    from genie.execution.handling import Handling
    from genie.execution.worker import Worker
    from genie.inflight.accounting import Scope
    from genie.inflight.mailbox import RoomTicket
    from genie.policy.inspection import Inspectors

WINDOW = 128
"""Number of characters held back: the length of the longest finding of a detector."""
CONTEXT = 512
"""Characters before a piece that inspectors see as context."""
STEP = 48
"""New characters before a piece is cut off; smaller pieces would each cost an inspection."""
MOST_HELD = 65_536
"""Maximum number of characters held back while there is no safe place to cut; beyond that the rest is dropped."""
MOST_TEXTS = 256
"""Number of texts that one handling may stream at once."""

_WORDS = re.compile(r"\s+")
_PLAIN = re.compile(r"[^\W\d_]{1,20}[.,;:!?)\"']{0,3}\Z")
"""A word of letters only: not part of a number, an address, a token or a key."""

Piece = tuple["Payload", Inspection]


class _Text:
    """One streamed text so far."""

    __slots__ = ("before", "lost", "model", "rest", "tried")

    def __init__(self, model: Payload) -> None:
        self.before = ""
        self.rest = ""
        self.tried = 0
        self.lost = False
        self.model = model


class Fragments:
    """Splits the streamed texts of one handling.

    Args:
        inspectors: The inspectors in force.
    """

    def __init__(self, inspectors: Inspectors) -> None:
        self._inspectors = inspectors
        self._texts: dict[tuple[object, ...], _Text] = {}

    def take(self, payload: Payload, fragment: Fragment) -> list[Piece]:
        """Take a piece from its agent; return the pieces that may be sent now."""
        if fragment.drops:
            self._texts.clear()
            return [(payload, self._inspectors.inspect(payload))]
        key = (type(payload), *(getattr(payload, name) for name in fragment.of))
        text = self._texts.get(key)
        out: list[Piece] = []
        if text is None:
            if len(self._texts) >= MOST_TEXTS:
                out = self.rest()
            text = self._texts[key] = _Text(payload)
        if text.lost:
            return out
        text.rest += getattr(payload, fragment.text)
        if len(text.rest) - text.tried < WINDOW + STEP:
            return out
        found = self._look(text, fragment)
        end = _cut(text.rest, len(text.rest) - WINDOW, found, len(text.before))
        text.tried = max(0, len(text.rest) - WINDOW - end)
        if end:
            out.append(self._piece(text, fragment, end, found))
        if len(text.rest) > MOST_HELD:
            text.lost, text.rest = True, ""
        return out

    def rest(self) -> list[Piece]:
        """The texts are complete: return the parts that were held back."""
        out: list[Piece] = []
        for text in self._texts.values():
            fragment = text.model.__fragment__
            if text.rest and fragment is not None:
                out.append(self._piece(text, fragment, len(text.rest), self._look(text, fragment)))
        self._texts.clear()
        return out

    def _look(self, text: _Text, fragment: Fragment) -> Inspection:
        return self._inspectors.inspect(
            text.model.model_copy(update={fragment.text: text.before + text.rest})  # only the text differs
        )

    @staticmethod
    def _piece(text: _Text, fragment: Fragment, end: int, found: Inspection) -> Piece:
        start = len(text.before)
        cut, text.rest = text.rest[:end], text.rest[end:]
        text.before = (text.before + cut)[-CONTEXT:]
        findings = tuple(
            one._replace(start=max(0, one.start - start), end=min(end, one.end - start))
            for one in found.findings
            if one.end > start and one.start < start + end
        )
        label = max((one.label for one in findings), default=Classification.PUBLIC)
        payload = text.model.model_copy(update={fragment.text: cut})
        return payload, Inspection(found.size_bytes, findings, label, found.failed)


def _cut(text: str, end: int, found: Inspection, before: int) -> int:
    """Return the last safe place to cut at or before ``end``; 0 if there is none."""
    spans = [(one.start - before, one.end - before) for one in found.findings]
    words = [(0, 0), *((gap.start(), gap.end()) for gap in _WORDS.finditer(text)), (len(text), len(text))]
    for at in range(len(words) - 2, 0, -1):
        start, after = words[at]
        if after > end or after == 0:
            continue
        left, right = text[words[at - 1][1] : start], text[after : words[at + 1][0]]
        if not (_PLAIN.match(left) and _PLAIN.match(right)) or any(begin < after < stop for begin, stop in spans):
            continue
        return after
    return 0


def gate_for(bus: Bus, kind: type[Payload], scope: Scope) -> Fragments | None:
    """Return the splitter for a class of pieces in one scope; None if findings matter to none of its recipients."""
    inspectors = bus.policies.inspectors
    if not inspectors.look:
        return None
    route = bus.route(kind)
    blind = all(one.evaluator.blind for one in route.subscriptions) and not route.sinks
    blind = blind and all(tap.evaluators[kind].blind for tap in route.taps)
    gather = scope.gather
    if blind and gather is not None and kind in gather.kinds:
        asker = scope.run.asker if scope.owner is None else scope.owner.subscription.subscriber
        blind = bus.evaluator_for(asker, kind).blind
    return None if blind else Fragments(inspectors)


class Gates:
    """Splits the streamed texts between a handler's ``publish`` and the bus.

    Args:
        handling: The handling.
    """

    __slots__ = ("_gates", "_handling")

    def __init__(self, handling: Handling) -> None:
        self._handling = handling
        self._gates: dict[type[Payload], Fragments | None] = {}

    def take(self, payload: Payload) -> Sequence[tuple[Payload, Inspection | None]]:
        """Return the payloads that may be sent now: the given one, unless it is a piece that is held back."""
        kind, fragment, handling = type(payload), payload.__fragment__, self._handling
        if fragment is None:
            return ((payload, None),)
        if fragment.drops:
            for gate in self._gates.values():
                if gate is not None:
                    gate.take(payload, fragment)
            return ((payload, None),)
        if kind not in self._gates:
            gate = self._gates[kind] = gate_for(handling.bus, kind, handling.delivery.message.scope)
            if gate is not None:
                handling.later = handling.later or []
                handling.later.append(self._let_go)
        gate = self._gates[kind]
        return ((payload, None),) if gate is None else gate.take(payload, fragment)

    def _let_go(self, ticket: RoomTicket | None) -> RoomTicket | None:
        handling = self._handling
        for gate in self._gates.values():
            for payload, inspection in gate.rest() if gate is not None else ():
                headers, label = handling.read_so_far()
                ticket = handling.publish(payload, label, None, headers, inspection, ticket)
        return ticket


class StreamGate:
    """Splits the streamed texts between a handler's async iterator and the bus.

    Args:
        worker: Runs the iterator.
        bus: The bus.
    """

    __slots__ = ("_asked", "_bus", "_gate", "_worker")

    def __init__(self, worker: Worker, bus: Bus) -> None:
        self._worker = worker
        self._bus = bus
        self._gate: Fragments | None = None
        self._asked = False

    async def takes(self, payload: object) -> bool:
        """Take a piece, and publish what may be sent; any other payload first releases all pieces that wait."""
        fragment = getattr(payload, "__fragment__", None)
        if fragment is None:
            await self.end()
            return False
        delivery = self._worker.delivery
        if not self._asked and delivery is not None:
            self._asked, self._gate = True, gate_for(self._bus, type(payload), delivery.message.scope)  # type: ignore[arg-type]  # only payload classes have fragments
        if self._gate is None or type(payload) not in self._worker.subscriber.card.produces:
            return False
        await self._leave(self._gate.take(payload, fragment))  # type: ignore[arg-type]  # as above
        return True

    async def end(self) -> None:
        """The texts are complete: publish the parts that were held back."""
        if self._gate is not None:
            await self._leave(self._gate.rest())

    async def _leave(self, pieces: list[Piece]) -> None:
        worker, delivery = self._worker, self._worker.delivery
        for payload, inspection in pieces if delivery is not None else ():
            message, extra = delivery.message, delivery.extra  # type: ignore[union-attr]  # pieces leave with one alone
            headers, label = (
                (message.headers, message.label) if worker.handling is None else worker.handling.read_so_far()
            )
            ticket = self._bus.publish(
                payload, worker.subscriber.card, message.scope, message.number, message.hops + 1, headers, label, None,
                None, None if extra is None else extra.instead_of, inspection=inspection,
            )  # fmt: skip
            worker.yielded += 1
            if ticket is not None:
                await self._bus.overflows.room(ticket, worker)
