"""The decisions of governance in a run, read from the journal: policy, verdict, message and reason, never a payload."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from genie.reports.run_record import MOST_MESSAGES, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.contracts.ports.journal import Journal, JournalRecord
    from genie.journal.jsonl import JournalLines


class Decided(NamedTuple):
    """The verdict of one policy on one delivery."""

    policy: str
    verdict: str
    """``deny``, ``hold``, ``redact``, or ``allow`` with obligations."""
    topic: str
    sender: str
    recipient: str
    reason: str
    paths: tuple[str, ...]
    """Paths of the masked fields."""


class Witness:
    """A journal that keeps decisions and forwards every record.

    Args:
        onward: The journal that the caller requested, if any.
        lines: Creates the lines of ``run``, masked for the reader of the page; without it, ``run`` stays empty.
    """

    MOST = 1_000

    def __init__(self, onward: Journal | None = None, lines: JournalLines | None = None) -> None:
        self._onward = onward
        self._lines = lines
        self.run = RunRecord()
        """The run, message by message."""
        if lines is not None:
            self.run.add(lines.first())
        self.decisions: list[Decided] = []
        """The first ``MOST`` decisions, in order."""
        self.verdicts: Counter[tuple[str, str]] = Counter()
        """Number of verdicts by policy and verdict, without a limit."""
        self.kinds: Counter[str] = Counter()
        """Records by kind, for example ``held`` and ``declassified``."""
        self.notes: list[str] = []
        """Declassifications, each with its sender and topic: the first ``MOST``."""

    def record(self, entry: JournalRecord) -> None:
        """Read one record and forward it."""
        self.kinds[entry.kind] += 1
        if entry.kind == "judged":
            for decided in _decided(entry):
                self.verdicts[decided.policy, decided.verdict] += 1
                if len(self.decisions) < self.MOST:
                    self.decisions.append(decided)
        elif entry.kind == "declassified" and len(self.notes) < self.MOST:
            self.notes.append(f"{entry.sender} lowered {entry.topic} from {entry.reason}")
        if self._lines is not None:
            kept = entry._replace(message=None) if len(self.run.sent) >= MOST_MESSAGES else entry
            self.run.add(self._lines.line(kept))
        if self._onward is not None:
            self._onward.record(entry)


def _decided(entry: JournalRecord) -> Iterator[Decided]:
    reasons = entry.detail.get("reasons")
    paths = entry.detail.get("paths")
    masked = tuple(map(str, paths)) if isinstance(paths, (list, tuple)) else ()
    for reason in reasons if isinstance(reasons, (list, tuple)) else ():
        verdict = str(reason.get("verdict", ""))
        yield Decided(
            str(reason.get("policy", "")), verdict, entry.topic, entry.sender, entry.recipient or "",
            str(reason.get("text") or reason.get("code") or ""), masked if verdict == "redact" else (),
        )  # fmt: skip
