"""Writing the journal out for a caller: every payload is judged and masked for who reads it, as a delivery would be."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from genie.cli.terminal.json_text import as_values, as_wire, to_line
from genie.policy.disclosure import Disclosure, seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Inspection, Path, Payload
    from genie.contracts.ports.journal import JournalRecord
    from genie.policy.evaluator import Evaluator
    from genie.policy.policy import PolicySet


class JournalFile:
    """A journal that writes each record as one JSON line: headers, findings, verdicts, outcomes.

    A payload stands in a line only as far as the reader may see it; otherwise ``withheld`` says why. Recording never
    raises: the first failure to write is kept in ``failure``, and nothing more is written after it.

    Args:
        file: Where the lines go.
        policies: The policies that the pipeline runs under.
        reader: Card of whoever will read the file.
        senders: Cards by id of all that may send; a message of anybody else is withheld.
    """

    def __init__(
        self, file: IO[str], *, policies: PolicySet, reader: AgentCard, senders: Mapping[str, AgentCard]
    ) -> None:
        self._file = file
        self._policies = policies
        self._reader = reader
        self._senders = senders
        self._evaluators: dict[type[Payload], Evaluator] = {}
        self.failure: OSError | None = None

    def record(self, entry: JournalRecord) -> None:
        """Write one record."""
        if self.failure is not None:
            return
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
        try:
            self._file.write(to_line(line) + "\n")
        except OSError as error:
            self.failure = error

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
        sight, paths = self._seen(message)
        payload = None if sight.payload is None else as_wire(sight.payload)
        notices = {"notices": list(sight.notices)} if sight.notices else {}
        masked = [list(path) for path in sorted(map(tuple, paths), key=str)]
        return shown | {"payload": payload, "withheld": sight.why or None, "masked": masked} | notices

    def _seen(self, message: Envelope[Any]) -> tuple[Disclosure, frozenset[Path]]:
        """Return what the reader may see of a message, and where that is masked."""
        sender = self._senders.get(message.sender)
        if sender is None:
            return Disclosure(None, "its sender has no card here"), frozenset()
        kind = type(message.payload)
        evaluator = self._evaluators.get(kind)
        if evaluator is None:
            evaluator = self._evaluators[kind] = self._policies.evaluator(kind, self._reader)
        decision = evaluator.judge(message, sender)
        sight = seen(message, decision, self._reader, carries=True)
        if decision is None or sight.payload is not None:
            return sight, frozenset() if decision is None else decision.paths
        return Disclosure(None, f"{decision.verdict}({sight.why})"), frozenset()


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
