"""Log entries that outlive their run: dead letters, idempotency keys with their answers, and pending redrives."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from genie.inflight.interceptors import Interceptor
from genie.journal.facts import NotKeptError, letter_record, payload_text, sent_record
from genie.journal.lines import line_of

if TYPE_CHECKING:
    from genie.bus.bus import Bus
    from genie.contracts.message import Envelope
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.dead_letters import DeadLetter
    from genie.journal.history import History

REPEATED_AFTER = 10_000
"""Number of records after which these entries are written again, so that a log need not be read from far back."""


class Ledger(Interceptor):
    """The part of a recorder for entries that outlive their run; they belong to a pseudo-run with its own number.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._standing: dict[tuple[str, str], LogRecord] = {}
        """Entries that outlive their run, by kind and id."""
        self._ledger: int | None = None
        """Number of the pseudo-run in the log."""
        self._last_repeated = 0

    @property
    @abstractmethod
    def added(self) -> int:
        """Number of lines written so far."""

    @abstractmethod
    def _add(self, record: LogRecord) -> None: ...

    @abstractmethod
    def _add_of_run(self, number: int, line: str) -> None: ...

    @abstractmethod
    def _add_closed(self, number: int) -> None: ...

    @abstractmethod
    def _not_durable(self, message: Envelope[Any], why: str) -> None: ...

    def letter(self, letter: DeadLetter, message: Envelope[Any]) -> None:
        """A delivery has become a dead letter."""
        try:
            text = payload_text(message.payload)
        except NotKeptError as error:
            self._not_durable(message, str(error))
            return
        told = letter_record(letter, at=self._bus.clock.offset + letter.at)
        self.stand(told | sent_record(message, text))

    def letter_gone(self, letter_id: str) -> None:
        """A dead letter was redriven or dropped."""
        self.fall("letter", letter_id)
        self.fall("redrive", letter_id)

    def stand(self, record: LogRecord) -> None:
        """Store an entry beyond its run; it has a kind and an id."""
        if self._ledger is None:
            self._open_ledger()
        self._standing[record["kind"], record["id"]] = record
        self._add({**record, "run": self._ledger})

    def fall(self, kind: str, id_: str) -> None:
        """Delete an entry that outlived its run."""
        if self._standing.pop((kind, id_), None) is not None:
            self._add({"kind": "gone", "run": self._ledger, "of": kind, "id": id_})

    def take_over(self, history: History) -> None:
        """Write all entries again, so that the log need not be read from their old places."""
        for record in (*history.letters.values(), *history.keys.values(), *history.redrives.values()):
            self._standing[record["kind"], record["id"]] = record
        self._ledger = history.standing
        cards = {agent: subscriber.card.version for agent, subscriber in self._bus.subscribers.items()}
        self._add({"kind": "life", "run": 0, "policy_set": self._bus.policies.sha256, "cards": cards})
        self._retell()

    def _open_ledger(self) -> None:
        self._ledger = number = self._bus.next_number()
        self._last_repeated = self.added
        self._add_of_run(number, line_of({
            "kind": "run", "run": number, "standing": True, "caller": None, "deadline": None,
            "started": self._bus.clock.offset + self._bus.now(),
        }))  # fmt: skip

    def _retell(self) -> None:
        before = self._ledger
        if self._standing:
            self._open_ledger()
            for record in self._standing.values():
                self._add({**record, "run": self._ledger})
        else:
            self._ledger = None
        if before is not None:
            self._add_closed(before)

    def retell_in_time(self) -> None:
        """Write all entries again if they were last written long ago."""
        if self._standing and self.added - self._last_repeated > max(REPEATED_AFTER, 8 * len(self._standing)):
            self._retell()
