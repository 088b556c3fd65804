"""Observers: the journal, the audit, incidents, verdict counts and the watchers of a run.

They get events after each transition and cannot stop a delivery. One that raises is disabled, with a log line and an
incident. An audit that fails stops admission, unless it states otherwise. Events name things and never carry payload
text: a policy's or an exception's words may quote a payload, so the audit takes codes, paths and offsets alone.
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
"""Findings whose places one audit record names."""
_MACHINES = frozenset({"policy", "supervisor", "bus"})
_PROGRAMS = frozenset({"watch", "audit", "edge"})
_CODED = frozenset({"quarantined", "identity_refused", "incident", "resumed", "revived", "observer_failed"})
"""Kinds whose reason the program makes of codes and numbers; the reason of its other acts is left out of the audit."""
STALL_S = 1.0
"""Seconds without a suspension from which a handler is named as blocking the loop."""


class IncidentLog(Protocol):
    """Where repeated denials and failures are counted."""

    def note(self, kind: str, code: str, agent: str, tenant: str | None, at: float, run_id: str | None) -> None:
        """Count one occurrence."""
        ...


class Observers:
    """The one writer of a runtime's records.

    Args:
        clock: Stamps them.
        journal: Where every message, verdict and outcome is recorded.
        audit: Where every act of governance is recorded.
        inspectors: Those of the policies in force; replaced with them.
    """

    def __init__(self, clock: Clock, journal: Journal | None, audit: Audit | None, inspectors: Inspectors) -> None:
        self.clock = clock
        self.inspectors = inspectors
        self.journals: tuple[Journal, ...] = () if journal is None else (journal,)
        """Each gets every record, and each is disabled by itself."""
        self.audit = audit
        self.watchers: tuple[Watcher, ...] = ()
        """Those who watch every run."""
        self.recorder: Recorder | None = None
        """Keeps what a runtime needs to go on after its process was killed."""
        self.listening = journal is not None
        """Somebody wants events of every run."""
        self.heard = self.listening
        """Somebody beside the recorder does, who wants to hear of answers too."""
        self.incidents: IncidentLog | None = None
        self.failed: dict[str, str] = {}
        """Observers that raised, by name, with the class and place of the error."""
        self.verdicts: dict[tuple[str, str], int] = {}
        """(policy, verdict) -> how often, where a decision was more than a plain allow."""
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
        """Tell the journal and the watchers of a run what happened; never payload text."""
        if self.recorder is not None:
            self.recorder.note(message, kind, reason, delivery)
        self.show(message, kind, recipient, reason, detail, delivery)

    def accepted(self, message: Envelope[Payload], route: Planned) -> None:
        """Tell the recorder and those who listen that a message is on its way."""
        if self.recorder is not None:
            self.recorder.accepted(message, route)
        if self.heard or message.scope.run.watchers:
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
        """Tell the journals and the watchers alone: a recorder has heard of it."""
        watchers = message.scope.run.watchers
        if not self.heard and not watchers:
            return
        at = self.clock.now()
        if self.heard:
            self._tell(at, message, kind, recipient, reason, detail, delivery)
        for watcher in watchers:
            watcher.note(at, kind, message, recipient, reason)

    def _tell(
        self, at: float, message: Envelope[Payload], kind: str, recipient: str | None, reason: Reason | None,
        detail: Mapping[str, object] | None, delivery: Delivery | None,
    ) -> None:  # fmt: skip
        """Tell the journals, and those who watch every run."""
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
        """Add or remove one who watches every run."""
        self.watchers = (*self.watchers, watcher) if on else tuple(one for one in self.watchers if one is not watcher)
        self._listen()

    def add_journal(self, journal: Journal) -> None:
        """Let one more journal have every record from now on."""
        self.journals = (*self.journals, journal)
        self._listen()

    def keep(self, recorder: Recorder) -> None:
        """Let a recorder keep every fact from now on."""
        self.recorder = recorder
        self._listen()

    def _listen(self) -> None:
        self.heard = bool(self.journals or self.watchers)
        self.listening = self.heard or self.recorder is not None

    # --- verdicts ---

    def evaluator(self, policies: PolicySet, kind: type[Payload], card: AgentCard) -> Evaluator:
        """Return a route's compiled policies; where plain allows are sampled, ones that record them.

        Sampling stands round the compiled policies, so that a delivery pays for it only where it is on.
        """
        evaluator = policies.evaluator(kind, card)
        if not self._sampled_below:
            return evaluator
        sampled: Any = _SampledEvaluator(evaluator, card.id, self.allowed)
        return sampled  # type: ignore[no-any-return]  # it has what the bus asks of an evaluator

    def allowed(self, message: Envelope[Payload], recipient: str) -> None:
        """Record a plain allow, if its message is one of the sample: the same messages in every process."""
        import hashlib  # noqa: PLC0415 - start-up: for those who sample

        digest = hashlib.blake2b(message.id.encode(), digest_size=8).digest()
        if int.from_bytes(digest) < self._sampled_below:
            subject = f"{topic_of(message.payload).name} -> {recipient}"
            self.record_act("verdict", subject, by="policy", message=message, detail={"verdict": "allow"})

    def judged(self, message: Envelope[Payload], recipient: str, decision: Decision) -> None:
        """Record a decision with its evidence: policies, versions, the set's hash and paths, never matched text."""
        for reason in decision.reasons:
            said = (reason.policy, reason.verdict)
            self.verdicts[said] = self.verdicts.get(said, 0) + 1
        if self.recorder is not None:
            self.recorder.judged(message, recipient, decision)
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
        """Record that a message left with a lower label than what its sender had read."""
        self.emit_event(message, "declassified", None, Reason("declassified", f"{read.label} to {message.label.label}"))
        self.record_act(
            "declassified", f"{topic_of(message.payload).name} of {message.sender}", by="policy", message=message,
            detail={"from": read.label, "to": message.label.label},
        )  # fmt: skip

    # --- the audit ---

    def refuse_unaudited(self) -> None:
        """Let no run in that could not be recorded.

        Raises:
            AuditFailedError: The audit has failed, and states that then nothing may run.
            JournalError: The log of a durable runtime has failed, or does not keep up.
        """
        if self.recorder is not None and self.recorder.refusal is not None:
            raise JournalError(problem=self.recorder.refusal)
        refusal = getattr(self.audit, "refusal", None)
        if refusal is None and "audit" in self.failed and getattr(self.audit, "on_failure", "deny") == "deny":
            refusal = f"it raised {self.failed['audit']}"
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

        The reason that a person gives is kept. A reason that the program makes is kept where it consists of codes; in
        other words it may quote what was judged, and the verdict's own record has the codes.
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
        """Let the audit sign by a clock; before that it signs when it is closed, and at each act of a person."""
        self._timers = timers
        timers.on("audit_head", lambda _: self._sign(person=True))

    def _sign(self, *, person: bool) -> None:
        """Sign what was recorded: at once after an act of a person, else within seconds of the first record."""
        audit: Any = self.audit
        if person:
            self._unsigned = False
            audit.sign()
        elif not self._unsigned and self._timers is not None and self._signs is not None:
            self._unsigned = True
            self._timers.at(self.clock.now() + self._signs, "audit_head", None)

    # --- incidents ---

    def note_incident(self, kind: str, code: str, agent: str, message: Envelope[Payload] | None) -> None:
        """Count an occurrence of what people should know of."""
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

    # --- what an agent says ---

    def may_hear(self, text: str, message: Envelope[Payload], label: Classification) -> bool:
        """Return True where everybody who asked may read an agent's words, by its label and by what they contain."""
        scope: Scope | None = message.scope
        lowest: Classification = message.scope.run.asker.card.clearance
        while scope is not None and scope.owner is not None:
            lowest = min(lowest, scope.owner.subscription.subscriber.card.clearance)
            scope = scope.parent
        if label > lowest:
            return False
        inspection = self.inspectors.inspect(_said()(text=text))
        return inspection.failed is None and inspection.label <= lowest


@functools.cache  # made when somebody says something: the first schema costs a quarter of what importing the bus does
def _said() -> Callable[..., Value]:
    """Return the class as which inspectors see an agent's words."""

    class Said(Value):
        text: str

    return Said


class _SampledEvaluator:
    """Compiled policies that tell of plain allows."""

    __slots__ = ("_evaluator", "_recipient", "_tell", "alike")

    def __init__(self, evaluator: Evaluator, recipient: str, tell: Callable[[Envelope[Payload], str], None]) -> None:
        self._evaluator = evaluator
        self._recipient = recipient
        self._tell = tell
        self.alike = self
        """Like no other: what another route was allowed is not what this one was."""

    def judge(self, message: Envelope[Payload], sender: AgentCard, *inputs: Any) -> Decision | None:
        """Judge as the evaluator does."""
        decision = self._evaluator.judge(message, sender, *inputs)
        if decision is None:
            self._tell(message, self._recipient)
        return decision


def opened(audit: Audit | None) -> Callable[[], None]:
    """Open an audit that can be opened and is not open yet; return what closes it again.

    Raises:
        InputError: It cannot be opened.
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
    """Return what a decision rests on: codes, versions, hashes, paths and offsets."""
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
