"""Consents in force: headers lose withdrawn and expired consents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from genie.contracts.headers import Consent
from genie.inflight.delivery import original
from genie.inflight.interceptors import Interceptor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.bus.bus import Bus
    from genie.contracts.headers import Headers
    from genie.inflight.accounting import RunState

MOST_SETS = 1024
"""Number of sets of consents whose remaining consents are cached."""


class Consents(Interceptor):
    """The consents of one runtime.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        bus.timers.on("consent", self._lapsed)
        self._withdrawn: set[str] = set()
        self._left: dict[frozenset[str], tuple[frozenset[str], float]] = {}
        """A set of consents -> those in force, and until when this holds."""

    def narrowed(self, headers: Headers) -> Headers:
        """Return headers without consents that are not in force; the same object if all are."""
        consent = headers.consent
        if not consent:
            return headers
        left, _ = self._of(consent)
        return headers if len(left) == len(consent) else headers.narrowed(consent=left)

    def consented(self, run: RunState) -> None:
        """A run begins whose headers contain consents."""
        self.watch(run)

    def watch(self, run: RunState) -> None:
        """Set a timer for a run's first consent that expires."""
        consent = run.headers.consent
        until = self._of(consent)[1] if consent else math.inf
        run.lapse = None if until == math.inf else self._bus.timers.at(until, "consent", run)

    def revoke(self, consent: str) -> None:
        """Withdraw a consent, by purpose or as headers contain it, from every run and every message in flight."""
        self._withdrawn.add(consent)
        self._left.clear()
        self._reach(self._bus.runs.open_runs.values())

    def _lapsed(self, run: RunState) -> None:
        before = run.headers.consent
        self._reach((run,))
        for consent in sorted(before - run.headers.consent):
            self._bus.record_act("lapsed", consent, by="bus", detail={"run_id": run.id})
        self.watch(run)

    def _reach(self, runs: Iterable[RunState]) -> None:
        """Remove revoked consents from items in flight, which are judged again."""
        bus = self._bus
        for run in runs:
            run.headers = self.narrowed(run.headers)
            for scope in run.root.tree():
                for delivery in scope.deliveries:
                    masked = delivery.extra is not None and delivery.extra.original is not None
                    if masked and delivery.extra is not None:
                        delivery.extra.original = bus.judging.current(original(delivery))
                    delivery.message = bus.judging.current(delivery.message)
                    if delivery.worker is not None and delivery.worker.handling is not None:
                        delivery.worker.handling.narrow()
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
                grant = Consent.parse(text)
            except ValueError:
                continue  # an unreadable consent grants nothing
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
