"""Writes down what happens: the journal, the audit, verdict counts, incidents, and who watches a run.

Never payload text. What a policy or an exception says in words may quote a payload, so the audit takes codes, paths and
offsets alone, and a failure's words reach those only who may read what its handler had read.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from genie.bus.events import Event
from genie.contracts.message import Value, topic_of
from genie.contracts.ports.audit import AuditRecord
from genie.contracts.ports.journal import JournalRecord
from genie.errors import AuditFailedError, ContractError, GenieError, RelayedError, TransferError
from genie.operations.incidents import Incidents, Severity, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.backend.clock import Clock
    from genie.bus.accounting import Scope
    from genie.contracts.card import AgentCard
    from genie.contracts.classification import Classification
    from genie.contracts.message import Message, Payload
    from genie.contracts.ports.audit import Audit
    from genie.contracts.ports.journal import Journal
    from genie.operations.incidents import Incident
    from genie.policy.policy import Decision, Gate, Inspectors, PolicySet

MOST_FINDINGS = 50
"""Findings whose places one audit record names."""
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}\Z")
_MACHINES = frozenset({"policy", "supervisor", "bus"})
_CODED = frozenset({"quarantined", "identity_refused", "incident", "resumed", "revived"})
"""Kinds whose reason a machine makes of codes and numbers; of the others of a machine's, it is left out."""
_FAILURES = frozenset({"overflow", "timeout", "loop", "budget"})


class Recorder:
    """The one writer of a runtime's records.

    Args:
        clock: Stamps them.
        journal: Where every message, verdict and outcome is recorded.
        audit: Where every act of governance is recorded.
        inspectors: Those of the policies in force; replaced with them.
    """

    def __init__(
        self, clock: Clock, journal: Journal | None, audit: Audit | None, inspectors: Inspectors
    ) -> None:  # fmt: skip
        self.clock = clock
        self.inspectors = inspectors
        self.journal = journal
        self.audit = audit
        self.verdicts: dict[tuple[str, str], int] = {}
        """(policy, verdict) -> how often, where a decision was more than a plain allow."""
        self.incidents = Incidents(self._told)
        self._recorded = 0
        sampling: float = getattr(audit, "sampling", 0.0)
        self._sampled_below = int(sampling * 2**64)

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

    # --- verdicts ---

    def gate(self, policies: PolicySet, kind: type[Payload], card: AgentCard) -> Gate:
        """Return a route's gate; where plain allows are sampled, one that records them.

        Sampling stands round the compiled gate, so that a delivery pays for it only where it is on.
        """
        gate = policies.gate(kind, card)
        if not self._sampled_below:
            return gate
        sampled: Any = _SampledGate(gate, card.id, self.allowed)
        return sampled  # type: ignore[no-any-return]  # it has what the bus asks of a gate

    def allowed(self, message: Message[Any], recipient: str) -> None:
        """Record a plain allow, if its message is one of the sample: the same messages whoever looks."""
        import hashlib  # noqa: PLC0415 - start-up: for those who sample

        digest = hashlib.blake2b(message.id.encode(), digest_size=8).digest()
        if int.from_bytes(digest) < self._sampled_below:
            subject = f"{topic_of(message.payload).name} -> {recipient}"
            self.governed("verdict", subject, by="policy", message=message, detail={"verdict": "allow"})

    def judged(self, message: Message[Any], recipient: str, decision: Decision) -> None:
        """Record a decision with its evidence: policies, versions, the set's hash and paths, never matched text."""
        for reason in decision.reasons:
            said = (reason.policy, reason.verdict)
            self.verdicts[said] = self.verdicts.get(said, 0) + 1
        if self.journal is not None:
            self.tell(message, "judged", recipient, decision.verdict, decision.record())
        if self.audit is not None:
            self.governed(
                "verdict", f"{topic_of(message.payload).name} -> {recipient}", by="policy", reason=codes(decision),
                message=message, detail=_evidence(message, decision),
            )  # fmt: skip
        if decision.verdict == "deny":
            denied = next((one for one in decision.reasons if one.verdict == "deny"), None)
            code = "deny" if denied is None else f"{denied.policy}:{coded(denied.code)}"
            self._happened("denied", code, recipient, message)

    def refuse_unaudited(self) -> None:
        """Let no run in that could not be recorded.

        Raises:
            AuditFailedError: The audit has failed, and says that then nothing may run.
        """
        refusal = getattr(self.audit, "refusal", None)
        if refusal is not None:
            raise AuditFailedError(problem=refusal)

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
        """Write an act of governance to the audit; ``AuditRecord`` lists the kinds.

        What a person gives as a reason is kept. A machine's is kept where it is made of codes; in other words it may
        quote what was judged, and the verdict's own record has the codes.
        """
        if self.audit is not None:
            self._write(kind, subject, by, reason, message, detail or {})
        if message is not None and kind in {"quarantined", "identity_refused"}:
            self._happened(kind, kind if kind == "quarantined" else coded(reason), subject, message)

    def _write(
        self, kind: str, subject: str, by: str, reason: str, message: Message[Any] | None, detail: Mapping[str, object]
    ) -> None:
        assert self.audit is not None  # noqa: S101 - narrows
        if by in _MACHINES and kind not in _CODED and kind != "verdict":
            reason = ""
        run_id, message_id = (None, None) if message is None else (message.scope.run.id, message.id)
        at = self.clock.wall().timestamp()
        self.audit.record(AuditRecord(at, kind, subject, by, reason, run_id, message_id, detail))

    # --- incidents ---

    def buried(self, message: Message[Any], agent: str, reason: str) -> None:
        """A delivery ended as a dead letter."""
        if reason.startswith("fallback: "):
            reason = reason.removeprefix("fallback: ")
        first = reason.partition(":")[0]
        self._happened("dead_lettered", first if first in _FAILURES else "failed", agent, message)

    def _happened(self, kind: str, code: str, agent: str, message: Message[Any]) -> None:
        at = self.clock.wall().timestamp()
        self.incidents.note(kind, code, agent, message.headers.tenant, at, message.scope.run.id)

    def _told(self, incident: Incident, by: str) -> None:
        if incident.severity is Severity.LOW and incident.state is not State.CLOSED and by in _MACHINES:
            return  # what has not happened often has its own records
        self.governed("incident", incident.id, by=by, reason=incident.severity.value, detail=incident.record())

    # --- failures ---

    def words(self, error: BaseException, message: Message[Any], label: Classification) -> str:
        """Return how a failure is named to whoever asked.

        Exceptions of others are named by their class alone. Ours say what happened, and an agent may have put what it
        read into that: it is said only where all who will hear it may read the highest label the handler had read, and
        where nothing is found in the text that they may not. Otherwise the class is all that is said.

        Args:
            error: What the handler raised.
            message: What it was handling.
            label: Highest declared label of what it has read.
        """
        if not isinstance(error, GenieError):
            return type(error).__name__
        text = str(error)
        if isinstance(error, ContractError) and not isinstance(error, (TransferError, RelayedError)):
            return text  # names of classes and fields
        if self.may_hear(text, message, label):
            return text
        return error.name if isinstance(error, RelayedError) and error.name.isidentifier() else type(error).__name__

    def may_hear(self, text: str, message: Message[Any], label: Classification) -> bool:
        """Return True where all who asked may read an agent's words: by what it had read, and by what they hold."""
        scope: Scope | None = message.scope
        lowest: Classification = message.scope.run.asker.card.clearance
        while scope is not None and scope.owner is not None:
            lowest = min(lowest, scope.owner.lane.subscriber.card.clearance)
            scope = scope.parent
        if label > lowest:
            return False
        inspection = self.inspectors.inspect(_said()(text=text))
        return inspection.failed is None and inspection.label <= lowest


@functools.cache  # made when somebody says something: the first schema costs a quarter of what importing the bus does
def _said() -> Callable[..., Value]:
    """Return what inspectors see an agent's words as."""

    class Said(Value):
        text: str

    return Said


class _SampledGate:
    """A gate that tells of plain allows."""

    __slots__ = ("_gate", "_recipient", "_tell", "alike")

    def __init__(self, gate: Gate, recipient: str, tell: Callable[[Message[Any], str], None]) -> None:
        self._gate = gate
        self._recipient = recipient
        self._tell = tell
        self.alike = self
        """Like no other: what another route was allowed is not what this one was."""

    def judge(
        self, message: Message[Any], sender: AgentCard, approved: frozenset[str] = frozenset()
    ) -> Decision | None:
        """Judge as the gate does."""
        decision = self._gate.judge(message, sender, approved)
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


def coded(code: str) -> str:
    """Return a code if it has the form of one; a policy of a third party may say anything."""
    return code if _CODE.match(code) else "unnamed"


def codes(decision: Decision) -> str:
    """Return the decisive policies and codes: ``"clearance: restricted"``."""
    decisive = [one for one in decision.reasons if one.verdict == decision.verdict] or decision.reasons
    return "; ".join(f"{one.policy}: {coded(one.code)}" for one in decisive)


def _evidence(message: Message[Any], decision: Decision) -> dict[str, object]:
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
