"""Writes down what happens: the journal, the audit, verdict counts, and who watches a run. Never payload text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.events import Event
from genie.message import topic_of
from genie.ports import AuditRecord, JournalRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.clock import Clock
    from genie.message import Classification, Message
    from genie.policy import Decision
    from genie.ports import Audit, Journal


class Recorder:
    """The one writer of a runtime's records.

    Args:
        clock: Stamps them.
        journal: Where every message, verdict and outcome is recorded.
        audit: Where every act of governance is recorded.
    """

    def __init__(self, clock: Clock, journal: Journal | None, audit: Audit | None) -> None:
        self.clock = clock
        self.journal = journal
        self.audit = audit
        self.verdicts: dict[tuple[str, str], int] = {}
        """(policy, verdict) -> how often, where a decision was more than a plain allow."""
        self._recorded = 0

    def tell(
        self,
        message: Message[Any],
        kind: str,
        recipient: str | None,
        reason: str | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Write the journal and tell whoever watches the run; never payload text."""
        run = message.scope.run
        if self.journal is None and not run.watchers:
            return
        at, topic = self.clock.now(), topic_of(message.payload).name
        if self.journal is not None:
            self._recorded += 1
            original = message if kind == "accepted" else None
            record = JournalRecord(
                self._recorded, at, kind, run.id, message.id, topic, message.sender, recipient, reason, detail or {},
                original,
            )  # fmt: skip
            self.journal.record(record)
        for watcher in run.watchers:
            watcher.put(Event(at, kind, message.id, topic, message.sender, recipient, reason))

    def judged(self, message: Message[Any], recipient: str, decision: Decision) -> None:
        """Record a decision with its evidence: policies, versions, the set's hash and paths, never matched text."""
        for reason in decision.reasons:
            said = (reason.policy, reason.verdict)
            self.verdicts[said] = self.verdicts.get(said, 0) + 1
        if self.journal is None and self.audit is None:
            return
        record = decision.record()
        if self.journal is not None:
            self.tell(message, "judged", recipient, decision.verdict, record)
        self.governed(
            "verdict", f"{topic_of(message.payload).name} -> {recipient}", by="policy", reason=decision.summary,
            message=message, detail={"verdict": decision.verdict, **record},
        )  # fmt: skip

    def declassified(self, message: Message[Any], read: Classification) -> None:
        """Record that a message left with a lower label than what its sender had read."""
        self.tell(message, "declassified", None, f"{read.label} to {message.label.label}")
        self.governed(
            "declassified", f"{topic_of(message.payload).name} of {message.sender}", by="policy", message=message,
            detail={"from": read.label, "to": message.label.label},
        )  # fmt: skip

    def governed(
        self,
        kind: str,
        subject: str,
        *,
        by: str = "operator",
        reason: str = "",
        message: Message[Any] | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Write an act of governance to the audit; ``AuditRecord`` lists the kinds."""
        if self.audit is None:
            return
        run_id, message_id = (None, None) if message is None else (message.scope.run.id, message.id)
        at = self.clock.wall().timestamp()
        self.audit.record(AuditRecord(at, kind, subject, by, reason, run_id, message_id, detail or {}))
