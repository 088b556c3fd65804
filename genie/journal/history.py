"""Everything that is open according to a log: runs, scopes, messages, deliveries, retries and delayed payloads.

Plain values without a bus. A record that is told twice changes nothing, so a log may be read again at any time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from genie.contracts.ports.journal import LogRecord


PARKED = frozenset(("retry", "delayed", "taken"))
"""Kinds of records on parked items; their ids are numbers."""


@dataclass(slots=True)
class OpenDelivery:
    """One delivery that has no outcome yet."""

    id: str
    message: int
    agent: str
    instead_of: str | None = None
    tried: tuple[str, ...] = ()


@dataclass(slots=True)
class OpenRun:
    """State of one run that has not ended."""

    record: LogRecord
    scopes: dict[int, LogRecord] = field(default_factory=dict)
    messages: dict[int, LogRecord] = field(default_factory=dict)
    deliveries: dict[str, OpenDelivery] = field(default_factory=dict)
    """Those without an outcome, by id, in the order of their acceptance."""
    attempts: dict[str, int] = field(default_factory=dict)
    """Failed attempts by delivery."""
    parked: dict[int, LogRecord] = field(default_factory=dict)
    stands_for: dict[tuple[int, str], str] = field(default_factory=dict)
    """(message, fallback) -> the agent under whose name the fallback's answer counts."""
    states: dict[str, LogRecord] = field(default_factory=dict)
    drawn: dict[str, int] = field(default_factory=dict)
    """Number of ended handlings that used randomness, by agent."""
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    """(delivery, outcome, code) of deliveries that were not handled."""
    holds: dict[str, LogRecord] = field(default_factory=dict)
    """Approval requests and votes, by place: a delivery, or an answer and its asker."""
    decided: dict[str, LogRecord] = field(default_factory=dict)
    """Decisions of people that are still being applied, by place."""
    edited: set[str] = field(default_factory=set)
    """Places of answers that an approver has replaced."""
    effects: dict[tuple[str, str], LogRecord] = field(default_factory=dict)
    """State of each outside effect, by agent and key."""
    used: dict[str, list[int]] = field(default_factory=dict)
    """What the run has spent, by budget."""
    key: LogRecord | None = None
    """The idempotency key under which it was asked."""
    begun: set[str] = field(default_factory=set)
    """Deliveries that were being handled in the last process."""
    deaths: dict[str, int] = field(default_factory=dict)
    """Number of processes that ended while a delivery was being handled, by delivery."""


UNKNOWN = frozenset(("intended", "indeterminate"))
"""Results of an effect that a person must determine."""


class History:
    """The open items after a sequence of records.

    Args:
        records: In the order in which they were written.
    """

    def __init__(self, records: Iterable[LogRecord] = ()) -> None:
        self.runs: dict[int, OpenRun] = {}
        self.prefix: str | None = None
        """Prefix of the ids of the log's runtimes; None for a new log."""
        self.last = 0
        """The highest number of a run, a message or a scope."""
        self.last_parked = 0
        self.seed: int | None = None
        self.standing: int | None = None
        """Number of the pseudo-run for entries that outlive their run; it is opened and closed like a run."""
        self.letters: dict[str, LogRecord] = {}
        self.keys: dict[str, LogRecord] = {}
        """Idempotency keys of ended runs."""
        self.redrives: dict[str, LogRecord] = {}
        """Dead letters to be redriven."""
        for record in records:
            self.add(record)

    def __iter__(self) -> Iterator[OpenRun]:
        return iter(self.runs.values())

    def add(self, record: LogRecord) -> None:
        """Apply one record."""
        kind = record["kind"]
        if kind == "runtime":
            self.prefix, self.seed = str(record["prefix"]), int(record["seed"])
            return
        if kind == "card":
            return
        if kind in {"life", "left"}:
            self.died(left=kind == "left")
            return
        number: int = record["run"]
        self.last = max(self.last, number, record.get("number", 0), record.get("scope", 0))
        if kind == "run":
            if record.get("standing"):
                self.standing = number
            else:
                self.runs.setdefault(number, OpenRun(record))
            return
        if kind in {"letter", "key", "redrive", "gone"}:
            self._stand(record)
            return
        if kind in PARKED:
            self.last_parked = max(self.last_parked, record["id"])
        run = self.runs.get(number)
        if run is None:
            return  # already ended
        getattr(self, f"_{kind}")(run, record)

    def died(self, *, left: bool = False) -> None:
        """The process ended while these deliveries were handled.

        ``left`` if it ended regularly, so that none caused it.
        """
        for run in self.runs.values():
            for delivery in () if left else run.begun & run.deliveries.keys():
                run.deaths[delivery] = run.deaths.get(delivery, 0) + 1
            run.begun.clear()

    def _stand(self, record: LogRecord) -> None:
        """Apply an entry that outlives its run: a dead letter, or a key with its answer."""
        standing = {"letter": self.letters, "key": self.keys, "redrive": self.redrives}
        if record["kind"] == "gone":
            standing[record["of"]].pop(record["id"], None)
        else:
            standing[record["kind"]][record["id"]] = record

    def _closed(self, run: OpenRun, _record: LogRecord) -> None:
        del self.runs[run.record["run"]]

    @staticmethod
    def _scope(run: OpenRun, record: LogRecord) -> None:
        run.scopes.setdefault(record["scope"], record)

    def _message(self, run: OpenRun, record: LogRecord) -> None:
        number = record["number"]
        edited = number in run.messages
        run.messages[number] = record
        if not edited:
            for agent in record["plan"]:
                id_ = f"{self.prefix}-{number:x}@{agent}"
                run.deliveries[id_] = OpenDelivery(id_, number, agent)

    @staticmethod
    def _delivery(run: OpenRun, record: LogRecord) -> None:
        if record["message"] not in run.messages:
            return  # its payload could not be stored, which was reported then
        opened = OpenDelivery(
            record["delivery"], record["message"], record["agent"], record["instead_of"], tuple(record["tried"])
        )
        run.deliveries[opened.id] = opened
        if opened.instead_of is not None:
            run.stands_for[opened.message, opened.agent] = opened.instead_of

    @staticmethod
    def _ended(run: OpenRun, record: LogRecord) -> None:
        run.deliveries.pop(record["delivery"], None)
        run.begun.discard(record["delivery"])
        run.drawn |= record["drawn"]
        if record["outcome"] != "handled":
            run.failures.append((record["delivery"], record["outcome"], record["code"]))

    @staticmethod
    def _verdict(run: OpenRun, record: LogRecord) -> None:
        """Ignore a verdict: it is for later readers; open deliveries are judged again."""

    @staticmethod
    def _retry(run: OpenRun, record: LogRecord) -> None:
        run.parked[record["id"]] = record
        run.attempts[record["delivery"]] = record["attempt"]

    @staticmethod
    def _delayed(run: OpenRun, record: LogRecord) -> None:
        run.parked[record["id"]] = record

    @staticmethod
    def _taken(run: OpenRun, record: LogRecord) -> None:
        run.parked.pop(record["id"], None)

    @staticmethod
    def _begun(run: OpenRun, record: LogRecord) -> None:
        run.begun.add(record["delivery"])

    @staticmethod
    def _deadline(run: OpenRun, record: LogRecord) -> None:
        run.record = {**run.record, "deadline": record["deadline"]}

    @staticmethod
    def _used(run: OpenRun, record: LogRecord) -> None:
        run.used |= record["budgets"]

    @staticmethod
    def _key_of(run: OpenRun, record: LogRecord) -> None:
        run.key = record

    @staticmethod
    def _effect(run: OpenRun, record: LogRecord) -> None:
        run.effects[record["agent"], record["key"]] = record

    @staticmethod
    def _hold(run: OpenRun, record: LogRecord) -> None:
        run.holds[record["place"]] = record

    @staticmethod
    def _decided(run: OpenRun, record: LogRecord) -> None:
        run.holds.pop(record["place"], None)
        run.decided[record["place"]] = record

    @staticmethod
    def _edited(run: OpenRun, record: LogRecord) -> None:
        """An approver has replaced a held payload: the new message continues as the old delivery."""
        before, after = record["before"], record["delivery"]
        run.holds.pop(before, None)
        if after is None:
            run.edited.add(before)
        elif run.deliveries.pop(before, None) is not None:
            instead_of = record["instead_of"]
            run.deliveries[after] = OpenDelivery(
                after, record["message"], record["agent"], instead_of, tuple(record["tried"])
            )
            run.attempts[after] = run.attempts.pop(before, 1)

    @staticmethod
    def _state(run: OpenRun, record: LogRecord) -> None:
        run.states[record["agent"]] = record


def waits(run: OpenRun, delivery: str) -> dict[str, Any] | None:
    """Return the record of the retry that a delivery waits for, if it does."""
    if not run.parked:
        return None
    return next((one for one in run.parked.values() if one["kind"] == "retry" and one["delivery"] == delivery), None)
