"""Which consents are in force: headers lose those that were withdrawn and those whose time is over."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from genie.contracts.headers import Grant
from genie.contracts.message import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.bus.accounting import RunState
    from genie.bus.exchange import Exchange
    from genie.contracts.headers import Headers
    from genie.contracts.message import Message

MOST_SETS = 1024
"""Sets of consents of which it is known what is left of them."""


class Consents:
    """The consents of one runtime.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Exchange) -> None:
        self._bus = bus
        self._withdrawn: set[str] = set()
        self._left: dict[frozenset[str], tuple[frozenset[str], float]] = {}
        """A set of consents -> those in force, and until when that is so."""

    def granted(self, headers: Headers) -> Headers:
        """Return headers without the consents that are not in force; the same object where all are."""
        consent = headers.consent
        if not consent:
            return headers
        left, _ = self._of(consent)
        return headers if len(left) == len(consent) else headers.narrowed(consent=left)

    def current(self, message: Message[Any]) -> Message[Any]:
        """Return a message without the consents that are not in force any more."""
        headers = self.granted(message.headers)
        if headers is message.headers:
            return message
        return stamp(
            message.number, message.payload, message.sender, message.recipient, message.scope, message.cause,
            message.hops, headers, message.label, message.inspection,
        )  # fmt: skip

    def watch(self, run: RunState) -> None:
        """Have the alarm look at a run when the first of its consents ends."""
        consent = run.headers.consent
        until = self._of(consent)[1] if consent else math.inf
        run.lapse = None if until == math.inf else self._bus.alarm.at(until, lambda: self._lapsed(run))

    def withdraw(self, consent: str) -> None:
        """Withdraw a consent, by its purpose or as headers carry it, from every run and every message on its way."""
        self._withdrawn.add(consent)
        self._left.clear()
        self._reach(self._bus.runs.values())

    def _lapsed(self, run: RunState) -> None:
        before = run.headers.consent
        self._reach((run,))
        for consent in sorted(before - run.headers.consent):
            self._bus.governed("lapsed", consent, by="bus", detail={"run_id": run.id})
        self.watch(run)

    def _reach(self, runs: Iterable[RunState]) -> None:
        """Take what is not in force any more from work in flight, which is judged again."""
        bus = self._bus
        for run in runs:
            run.headers = self.granted(run.headers)
        for delivery in bus.deliveries():
            delivery.message = self.current(delivery.message)
            if delivery.extra is not None and delivery.extra.original is not None:
                delivery.extra.original = self.current(delivery.extra.original)
        for subscriber in bus.subscribers.values():
            for worker in subscriber.workers:
                if worker.context is not None:
                    worker.context.onward = self.granted(worker.context.onward)
        bus.epoch += 1

    def _of(self, consent: frozenset[str]) -> tuple[frozenset[str], float]:
        known = self._left.get(consent)
        if known is not None and self._bus.now() < known[1]:
            return known
        now, loop = self._bus.clock.wall(), self._bus.now()
        left: list[str] = []
        until = math.inf
        for text in consent:
            try:
                grant = Grant.parse(text)
            except ValueError:
                continue  # what cannot be read grants nothing
            if text in self._withdrawn or grant.purpose in self._withdrawn:
                continue
            if grant.until is not None:
                ends = loop + (grant.until - now).total_seconds()
                if ends <= loop:
                    continue
                until = min(until, ends)
            left.append(text)
        if len(self._left) >= MOST_SETS:
            self._left.clear()
        found = self._left[consent] = frozenset(left), until
        return found
