"""Write a journal as JSON lines; each payload is judged and masked for the reader, like a delivery."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from genie.contracts.serialization import as_values, as_wire
from genie.policy.disclosure import Disclosure, seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Inspection, Path, Payload
    from genie.contracts.ports.journal import JournalRecord
    from genie.policy.evaluator import Evaluator
    from genie.policy.policy import PolicySet


class JournalLines:
    """Turns records into the values of a JSON line: headers, findings, verdicts, outcomes.

    A line contains the payload as the reader may see it; otherwise ``withheld`` states the reason.

    Args:
        policies: The policies of the pipeline.
        reader: Card of the reader.
        senders: Cards of all senders, by id; messages of other senders are withheld.
    """

    def __init__(self, *, policies: PolicySet, reader: AgentCard, senders: Mapping[str, AgentCard]) -> None:
        self._policies = policies
        self._reader = reader
        self._senders = senders
        self._evaluators: dict[type[Payload], Evaluator] = {}

    def first(self) -> dict[str, Any]:
        """Return the line that names the policies in force."""
        named = [f"{policy.name}@{policy.version}" for policy in self._policies.policies]
        absent = ("at", "run_id", "message_id", "topic", "sender", "recipient", "reason")
        return {
            "number": 0,
            "kind": "policies",
            **dict.fromkeys(absent),
            "detail": {
                "policies": named,
                "policy_set": self._policies.sha256,
                "environment": self._policies.environment.name,
            },
        }

    def line(self, entry: JournalRecord) -> dict[str, Any]:
        """Return the values of one record."""
        line: dict[str, Any] = {
            "number": entry.number,
            "at": round(entry.at, 6),
            "kind": entry.kind,
            "run_id": entry.run_id,
            "message_id": entry.message_id,
            "topic": entry.topic,
            "sender": entry.sender,
            "recipient": entry.recipient,
            "reason": entry.reason,
            "detail": as_values(dict(entry.detail)),
        }
        if entry.message is not None:
            line |= self._message(entry.message)
        return line

    def _message(self, message: Envelope[Any]) -> dict[str, Any]:
        headers = message.headers
        shown: dict[str, Any] = {
            "causation_id": message.causation_id,
            "hops": message.hops,
            "label": message.label.label,
            "headers": {
                "tenant": headers.tenant,
                "user": headers.user,
                "roles": sorted(headers.roles),
                "classification": headers.classification.label,
                "region": headers.region,
                "consent": sorted(headers.consent),
                "traceparent": headers.traceparent,
            },
            "findings": _findings(message.inspection),
        }
        disclosure, paths = self._seen(message)
        payload = None if disclosure.payload is None else as_wire(disclosure.payload)
        notices = {"notices": list(disclosure.notices)} if disclosure.notices else {}
        masked = [list(path) for path in sorted(map(tuple, paths), key=str)]
        return shown | {"payload": payload, "withheld": disclosure.why or None, "masked": masked} | notices

    def _seen(self, message: Envelope[Any]) -> tuple[Disclosure, frozenset[Path]]:
        """Return the message as the reader may see it, and the masked paths."""
        sender = self._senders.get(message.sender)
        if sender is None:
            return Disclosure(None, "its sender is unknown"), frozenset()
        kind = type(message.payload)
        evaluator = self._evaluators.get(kind)
        if evaluator is None:
            evaluator = self._evaluators[kind] = self._policies.evaluator(kind, self._reader)
        decision = evaluator.judge(message, sender)
        disclosure = seen(message, decision, self._reader, carries=True)
        if decision is None or disclosure.payload is not None:
            return disclosure, frozenset() if decision is None else decision.paths
        return Disclosure(None, f"{decision.verdict}({disclosure.why})"), frozenset()


class JournalFile:
    """A journal that writes each record as one JSON line, after a line that names the policies.

    Recording never raises: ``failure`` stores the first write error, after which nothing more is written.

    Args:
        file: The output file.
        lines: Creates the lines.
    """

    def __init__(self, file: IO[str], lines: JournalLines) -> None:
        self._file = file
        self._lines = lines
        self.failure: OSError | None = None
        self._write(lines.first())

    def record(self, entry: JournalRecord) -> None:
        """Write one record."""
        if self.failure is None:
            self._write(self._lines.line(entry))

    def _write(self, line: Mapping[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n")
        except OSError as error:
            self.failure = error


def _findings(inspection: Inspection) -> list[dict[str, Any]]:
    return [
        {
            "kind": found.kind,
            "path": list(found.path),
            "start": found.start,
            "end": found.end,
            "label": found.label.label,
        }
        for found in inspection.findings
    ]
