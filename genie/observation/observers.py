"""Observers: the journal, the audit, incidents, verdict counts and the watchers of a run.

They receive events after each transition and cannot stop a delivery. An observer that raises is disabled, with a log
line and an incident. A failed audit stops admission, unless it is configured otherwise. Events contain names, never
payload text: sentences of a policy or an exception may quote a payload, so the audit records only codes, paths and
offsets.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Protocol

from genie.contracts.message import Value, topic_of
from genie.contracts.outcome import Reason
from genie.contracts.ports.audit import AuditRecord
from genie.contracts.ports.journal import JournalRecord
from genie.errors import AuditFailedError, JournalError, class_name
from genie.errors.logs import log
from genie.errors.tracebacks import place_of
from genie.inflight.events import Event
from genie.policy.verdicts import coded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.backend.clock import Clock
    from genie.backend.timers import Timers
    from genie.contracts.card import AgentCard
    from genie.contracts.classification import Classification
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.ports.audit import Audit
    from genie.contracts.ports.journal import Journal
    from genie.inflight.accounting import Scope
    from genie.inflight.delivery import Delivery
    from genie.inflight.events import Watcher
    from genie.inflight.interceptors import Planned, Recorder
    from genie.policy.evaluator import Evaluator
    from genie.policy.inspection import Inspectors
    from genie.policy.policy import Decision, PolicySet

MOST_FINDINGS = 50
"""Maximum number of findings whose places one audit record lists."""
_MACHINES = frozenset({"policy", "supervisor", "bus"})
_PROGRAMS = frozenset({"watch", "audit", "edge"})
_CODED = frozenset({"quarantined", "identity_refused", "incident", "resumed", "revived", "observer_failed"})
"""Kinds whose reasons consist of codes and numbers; the reasons of other acts of the program are not audited."""
STALL_S = 1.0
"""Seconds without suspension after which a handler is reported as blocking the loop."""


class IncidentLog(Protocol):
    """Counts repeated denials and failures."""

    def note(self, kind: str, code: str, agent: str, tenant: str | None, at: float, run_id: str | None) -> None:
        """Count one occurrence."""
        ...


class Observers:
    """The only writer of a runtime's records.

    Args:
        clock: Source of their times.
        journal: Records every message, verdict and outcome.
        audit: Records every act of governance.
        inspectors: Those of the policies in force; replaced together with these.
    """

    def __init__(self, clock: Clock, journal: Journal | None, audit: Audit | None, inspectors: Inspectors) -> None:
        self.clock = clock
        self.inspectors = inspectors
        self.journals: tuple[Journal, ...] = () if journal is None else (journal,)
        """Journals; each gets every record and is disabled separately."""
        self.audit = audit
        self.watchers: tuple[Watcher, ...] = ()
        """Watchers of every run."""
        self.recorder: Recorder | None = None
        """Stores what a runtime needs to resume after its process was killed."""
        self.listening = journal is not None
        """True if there is a receiver of every run's events."""
        self.watched = self.listening
        """True if there is such a receiver besides the recorder, which also wants answers."""
        self.incidents: IncidentLog | None = None
        self.failed: dict[str, str] = {}
        """Observers that raised, by name, with class and place of the error."""
        self.verdicts: dict[tuple[str, str], int] = {}
        """(policy, verdict) -> number of decisions that were more than a plain allow."""
        self._recorded = 0
        self._signs: float | None = getattr(audit, "head_s", None)
        self._timers: Timers | None = None
        self._unsigned = False
        sampling: float = getattr(audit, "sampling", 0.0)
        self._sampled_below = int(sampling * 2**64)

    def emit_event(
        self,
        message: Envelope[Payload],
        kind: str,
        recipient: str | None,
        reason: Reason | None = None,
        detail: Mapping[str, object] | None = None,
        delivery: Delivery | None = None,
    ) -> None:
        """Send an event to the journal and the watchers of a run; never payload text."""
        if self.recorder is not None:
            self.recorder.note(message, kind, reason, delivery)
        self.show(message, kind, recipient, reason, detail, delivery)

    def accepted(self, message: Envelope[Payload], route: Planned) -> None:
        """Tell the recorder and the listeners that a message is sent."""
        if self.recorder is not None:
            self.recorder.accepted(message, route)
        if self.watched or message.scope.run.watchers:
            self.show(message, "accepted", None)

    def show(
        self,
        message: Envelope[Payload],
        kind: str,
        recipient: str | None,
        reason: Reason | None = None,
        detail: Mapping[str, object] | None = None,
        delivery: Delivery | None = None,
    ) -> None:
        """Send an event only to journals and watchers: the recorder already has it."""
        watchers = message.scope.run.watchers
        if not self.watched and not watchers:
            return
        at = self.clock.now()
        if self.watched:
            self._notify(at, message, kind, recipient, reason, detail, delivery)
        for watcher in watchers:
            watcher.note(at, kind, message, recipient, reason)

    def _notify(
        self, at: float, message: Envelope[Payload], kind: str, recipient: str | None, reason: Reason | None,
        detail: Mapping[str, object] | None, delivery: Delivery | None,
    ) -> None:  # fmt: skip
        """Send an event to the journals and to the watchers of all runs."""
        topic = topic_of(message.payload).name
        code, text = ("", None) if reason is None else (reason.code, str(reason))
        if self.journals:
            self._recorded += 1
            record = JournalRecord(
                self._recorded, at, kind, message.scope.run.id, message.id, topic, message.sender, recipient, text,
                detail or {}, message if kind == "accepted" else None, code, None if delivery is None else delivery.id,
            )  # fmt: skip
            for journal in self.journals:
                try:
                    journal.record(record)
                except BaseException as error:  # noqa: BLE001 - an observer cannot stop a delivery
                    self.journals = tuple(one for one in self.journals if one is not journal)
                    self._disable("journal", error)
        for watcher in self.watchers:
            watcher.put(Event(at, kind, message.id, topic, message.sender, recipient, text, code))

    def watch(self, watcher: Watcher, *, on: bool) -> None:
        """Add or remove a watcher of every run."""
        self.watchers = (*self.watchers, watcher) if on else tuple(one for one in self.watchers if one is not watcher)
        self._listen()

    def add_journal(self, journal: Journal) -> None:
        """Add a journal that gets every record from now on."""
        self.journals = (*self.journals, journal)
        self._listen()

    def keep(self, recorder: Recorder) -> None:
        """Add a recorder that stores every fact from now on."""
        self.recorder = recorder
        self._listen()

    def _listen(self) -> None:
        self.watched = bool(self.journals or self.watchers)
        self.listening = self.watched or self.recorder is not None

    # --- verdicts ---

    def evaluator(self, policies: PolicySet, kind: type[Payload], card: AgentCard) -> Evaluator:
        """Return a route's compiled policies, wrapped to record plain allows if these are sampled.

        Without sampling there is no wrapper, so deliveries do not pay for it.
        """
        evaluator = policies.evaluator(kind, card)
        if not self._sampled_below:
            return evaluator
        sampled: Any = _SampledEvaluator(evaluator, card.id, self.allowed)
        return sampled  # type: ignore[no-any-return]  # it has what the bus asks of an evaluator

    def allowed(self, message: Envelope[Payload], recipient: str) -> None:
        """Record a plain allow if its message is in the sample, which is the same in every process."""
        import hashlib  # noqa: PLC0415 - start-up: for those who sample

        digest = hashlib.blake2b(message.id.encode(), digest_size=8).digest()
        if int.from_bytes(digest) < self._sampled_below:
            subject = f"{topic_of(message.payload).name} -> {recipient}"
            self.record_act("verdict", subject, by="policy", message=message, detail={"verdict": "allow"})

    def record_verdict(self, message: Envelope[Payload], recipient: str, decision: Decision) -> None:
        """Record a decision with its evidence: policies, versions, the set's hash and paths, never matched text."""
        for reason in decision.reasons:
            said = (reason.policy, reason.verdict)
            self.verdicts[said] = self.verdicts.get(said, 0) + 1
        if self.recorder is not None:
            self.recorder.record_verdict(message, recipient, decision)
        if self.journals:
            self.emit_event(message, "judged", recipient, Reason(decision.verdict), decision.record())
        if self.audit is not None:
            self.record_act(
                "verdict", f"{topic_of(message.payload).name} -> {recipient}", by="policy", reason=codes(decision),
                message=message, detail=_evidence(message, decision),
            )  # fmt: skip
        if decision.verdict == "deny":
            denied = next((one for one in decision.reasons if one.verdict == "deny"), None)
            code = "deny" if denied is None else f"{denied.policy}:{coded(denied.code)}"
            self.note_incident("denied", code, recipient, message)

    def declassified(self, message: Envelope[Payload], read: Classification) -> None:
        """Record that a message left with a lower label than its sender had read."""
        self.emit_event(message, "declassified", None, Reason("declassified", f"{read.label} to {message.label.label}"))
        self.record_act(
            "declassified", f"{topic_of(message.payload).name} of {message.sender}", by="policy", message=message,
            detail={"from": read.label, "to": message.label.label},
        )  # fmt: skip

    # --- the audit ---

    def refuse_unaudited(self) -> None:
        """Refuse a run that could not be recorded.

        Raises:
            AuditFailedError: The audit has failed and is configured to stop admission.
            JournalError: The log of a durable runtime has failed, or does not keep up.
        """
        if self.recorder is not None and self.recorder.refusal is not None:
            raise JournalError(problem=self.recorder.refusal)
        try:
            refusal = getattr(self.audit, "refusal", None)
            if refusal is None and "audit" in self.failed and getattr(self.audit, "on_failure", "deny") == "deny":
                refusal = f"it raised {self.failed['audit']}"
        except BaseException as error:  # noqa: BLE001 - unknown whether it records anything
            refusal = f"it raised {place_of(error)}"
        if refusal is not None:
            raise AuditFailedError(problem=refusal)

    def record_act(
        self,
        kind: str,
        subject: str,
        *,
        by: str = "operator",
        reason: str = "",
        message: Envelope[Payload] | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Write an act of governance to the audit; ``AuditRecord`` lists the kinds.

        The reason given by a person is recorded. A reason of the program is recorded if it consists of codes; other
        wording may quote the payload, and the record of the verdict has the codes.
        """
        if self.audit is not None and "audit" not in self.failed:
            kept = "" if by in _MACHINES and kind not in _CODED and kind != "verdict" else reason
            run_id, message_id = (None, None) if message is None else (message.scope.run.id, message.id)
            at = self.clock.wall().timestamp()
            try:
                self.audit.record(AuditRecord(at, kind, subject, by, kept, run_id, message_id, detail or {}))
                if self._signs is not None:
                    self._sign(person=by not in _MACHINES and by not in _PROGRAMS)
            except BaseException as error:  # noqa: BLE001 - an observer cannot stop a delivery; ``refuse_unaudited`` does
                self._disable("audit", error)
        if message is not None and kind in {"quarantined", "identity_refused"}:
            self.note_incident(kind, kind if kind == "quarantined" else coded(reason), subject, message)

    def sign_by(self, timers: Timers) -> None:
        """Let the audit sign periodically; until then it signs when it is closed and at each act of a person."""
        self._timers = timers
        timers.on("audit_head", lambda _: self._sign(person=True))

    def _sign(self, *, person: bool) -> None:
        """Sign the records: at once after an act of a person, else within seconds of the first record."""
        audit: Any = self.audit
        if person:
            self._unsigned = False
            audit.sign()
        elif not self._unsigned and self._timers is not None and self._signs is not None:
            self._unsigned = True
            self._timers.at(self.clock.now() + self._signs, "audit_head", None)

    # --- incidents ---

    def note_incident(self, kind: str, code: str, agent: str, message: Envelope[Payload] | None) -> None:
        """Count an event that people should know of."""
        if self.incidents is None:
            return
        at = self.clock.wall().timestamp()
        tenant, run_id = (None, None) if message is None else (message.headers.tenant, message.scope.run.id)
        try:
            self.incidents.note(kind, code, agent, tenant, at, run_id)
        except BaseException as error:  # noqa: BLE001 - an observer cannot stop a delivery
            self._disable("incidents", error)

    def _disable(self, observer: str, error: BaseException) -> None:
        """Disable an observer that raised, with a log line and an incident."""
        place = place_of(error)
        self.failed[observer] = place
        if observer == "journal":
            self._listen()
        elif observer == "incidents":
            self.incidents = None
        log("genie.bus", "ERROR", f"the {observer} is disabled: it raised {place}")
        self.record_act("observer_failed", observer, by="bus", reason=class_name(error))
        self.note_incident("observer_failed", observer, "", None)

    # --- texts of agents ---

    def may_read(self, text: str, message: Envelope[Payload], label: Classification) -> bool:
        """Return True if everyone who asked may read an agent's text, by its label and its content."""
        scope: Scope | None = message.scope
        lowest: Classification = message.scope.run.asker.card.clearance
        while scope is not None and scope.owner is not None:
            lowest = min(lowest, scope.owner.subscription.subscriber.card.clearance)
            scope = scope.parent
        if label > lowest:
            return False
        inspection = self.inspectors.inspect(_said()(text=text))
        return inspection.failed is None and inspection.label <= lowest


@functools.cache  # created at first use: the first schema costs a quarter of importing the bus
def _said() -> Callable[..., Value]:
    """Return the payload class in which inspectors see an agent's text."""

    class Said(Value):
        text: str

    return Said


class _SampledEvaluator:
    """Compiled policies that report plain allows."""

    __slots__ = ("_evaluator", "_on_allow", "_recipient", "alike")

    def __init__(
        self, evaluator: Evaluator, recipient: str, on_allow: Callable[[Envelope[Payload], str], None]
    ) -> None:
        self._evaluator = evaluator
        self._recipient = recipient
        self._on_allow = on_allow
        self.alike = self
        """Equal to no other: a message allowed on another route is not yet recorded on this one."""

    def judge(self, message: Envelope[Payload], sender: AgentCard, *inputs: Any) -> Decision | None:
        """Judge like the wrapped evaluator."""
        decision = self._evaluator.judge(message, sender, *inputs)
        if decision is None:
            self._on_allow(message, self._recipient)
        return decision


def opened(audit: Audit | None) -> Callable[[], None]:
    """Open an audit that has ``open`` and is not open yet; return the function that closes it.

    Raises:
        InputError: The audit cannot be opened.
    """
    if audit is None or not hasattr(audit, "open") or getattr(audit, "is_open", False):
        return lambda: None
    audit.open()
    closing: Callable[[], None] = getattr(audit, "close", lambda: None)
    return closing


def codes(decision: Decision) -> str:
    """Return the decisive policies and codes: ``"clearance: restricted"``."""
    decisive = [one for one in decision.reasons if one.verdict == decision.verdict] or decision.reasons
    return "; ".join(f"{one.policy}: {coded(one.code)}" for one in decisive)


def _evidence(message: Envelope[Payload], decision: Decision) -> dict[str, object]:
    """Return the basis of a decision: codes, versions, hashes, paths and offsets."""
    detail: dict[str, object] = {
        "verdict": decision.verdict,
        "policy_set": decision.policy_set,
        "reasons": [
            {"policy": one.policy, "version": one.version, "verdict": one.verdict, "code": coded(one.code)}
            for one in decision.reasons
        ],
    }
    if decision.paths:
        detail["paths"] = sorted(".".join(map(str, path)) for path in decision.paths)
    findings = message.inspection.findings
    if findings:
        detail["findings"] = [
            [one.kind, ".".join(map(str, one.path)), one.start, one.end] for one in findings[:MOST_FINDINGS]
        ]
        detail["found"] = len(findings)
    return detail
