"""Messages of a durable log for policies: unmasked, with the callers of their runs."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.message import Inspection, stamp
from genie.journal.bodies import checked
from genie.journal.facts import caller_of, headers_of, kind_name, payload_of
from genie.journal.sample import Sample
from genie.journal.upkeep import batches, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from genie.contracts.card import AgentCard
    from genie.contracts.ports.journal import LogRecord
    from genie.journal.database import Database
    from genie.journal.sealing import Sealer
    from genie.policy.policy import PipelineContext

_BARE = Inspection(0, (), Classification.PUBLIC)
"""Payloads of a log are unmasked, so each policy set inspects them itself."""


@dataclass(slots=True)
class _Run:
    """State of an open run."""

    caller: Caller
    scopes: dict[int, LogRecord] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)


class LogSamples:
    """The deliveries of a log, as ``genie.journal.reader.Replay`` reads those of a journal file.

    Args:
        database: The log; another process may use it.
        context: Known topics and agents.
        sealer: Decrypts an encrypted log; without it, its messages are skipped.
        wanted: Selects records of messages; others are neither yielded nor counted.
        window: Times of the batches whose messages are wanted, in milliseconds since the epoch; the end is outside.
    """

    def __init__(
        self, database: Database, context: PipelineContext, sealer: Sealer | None = None, *,
        wanted: Callable[[LogRecord], bool] | None = None, window: tuple[float, float] = (-math.inf, math.inf),
    ) -> None:  # fmt: skip
        self._database = database
        self._sealer = sealer
        self._wanted = wanted
        self._window = window
        self._kinds = {kind_name(kind): kind for kind in context.kinds}
        self._cards = {card.id: card for card in context.cards}
        self._runs: dict[int, _Run] = {}
        self._prefix = ""
        self.skipped: Counter[str] = Counter()
        """Reason -> number of deliveries that were skipped."""

    def samples(self, only: str | None = None) -> Iterator[tuple[str, Sample]]:
        """Yield (message id, message with its recipients), in the log's order.

        Args:
            only: The id of one message.

        Raises:
            LogError: A batch is damaged, or a record does not decrypt.
        """
        self._runs.clear()
        for batch in batches(self._database):
            records, sealed = checked(self._database.place, batch.number, batch.body, batch.sha256)
            whole = records if self._sealer is None else self._sealer.opened(records, sealed)
            within = self._window[0] <= batch.at < self._window[1]
            lost = self._messages(records) - self._messages(whole) if within else 0
            if lost:
                self.skipped["shredded"] += lost
            for record in whole:
                found = self._record(record, only, within=within)
                if found is not None:
                    yield run_id(self._prefix, record["number"]), found

    def _messages(self, records: Sequence[LogRecord]) -> int:
        return sum(one["kind"] == "message" and self._wants(one) for one in records)

    def _wants(self, record: LogRecord) -> bool:
        return self._wanted is None or self._wanted(record)

    def _record(self, record: LogRecord, only: str | None, *, within: bool) -> Sample | None:
        kind = record["kind"]
        if kind == "runtime":
            self._prefix = record["prefix"]
        elif kind == "run" and not record.get("standing"):
            kept = record.get("caller")
            self._runs[record["run"]] = _Run(Caller() if kept is None else caller_of(kept))
        elif kind == "closed":
            self._runs.pop(record["run"], None)
        elif kind == "scope" and record["run"] in self._runs:
            self._runs[record["run"]].scopes[record["scope"]] = record
        elif kind == "message":
            run = self._runs.get(record["run"], _Run(Caller()))
            asker = self._asker(run, record)
            if within and self._wants(record) and (only is None or run_id(self._prefix, record["number"]) == only):
                return self._sample(run, record, asker)
        return None

    def _asker(self, run: _Run, record: LogRecord) -> AgentCard | None:
        """Return the card of who gets a message as an answer; None for a question."""
        scope = run.scopes.get(record["scope"])
        if scope is None or record["scope"] not in run.asked:
            run.asked.add(record["scope"])
            return None
        if record["topic"] not in {one["topic"] for one in scope["expect"] or ()} or record.get("to") is not None:
            return None
        owner = scope["owner"]
        return run.caller.card() if owner is None else self._cards.get(owner.partition("@")[2].partition("<")[0])

    def _sample(self, run: _Run, record: LogRecord, asker: AgentCard | None) -> Sample | None:
        plan = record.get("plan", ())
        count = max(1, len(plan) + (asker is not None))
        if "sealed" in record:
            self.skipped["its payload is encrypted; name the key ring with --keys"] += count
            return None
        caller = run.caller.card()
        sender = caller if record["sender"] == caller.id else self._cards.get(record["sender"])
        if sender is None:
            self.skipped[f"sender {record['sender']} is not known here"] += count
            return None
        payload = payload_of(record, self._kinds)
        if payload is None:
            self.skipped[f"topic {record['topic']} is not known here"] += count
            return None
        cards = [] if asker is None else [asker]
        for agent in plan:
            card = self._cards.get(agent)
            if card is None:
                self.skipped[f"recipient {agent} is not known here"] += 1
            else:
                cards.append(card)
        message: Any = stamp(
            record["number"], payload, sender.id, record["to"], None, 0, record["hops"], headers_of(record["headers"]),
            Classification.parse(record["label"]), _BARE,
        )  # fmt: skip
        return Sample(message, sender, tuple(cards))
