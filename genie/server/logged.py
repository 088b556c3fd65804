"""Runs of earlier processes, from a log."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.card import Caller
from genie.contracts.outcome import Counts
from genie.errors import LogError
from genie.journal.bodies import checked
from genie.journal.facts import caller_of
from genie.journal.past import reading
from genie.journal.sealing import tenant_of
from genie.journal.upkeep import batches, run_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie.config.pipeline import Pipeline
    from genie.contracts.ports.journal import LogRecord

_logger = logging.getLogger("genie.server")
MOST_BATCHES = 50_000
"""Number of the latest batches of a log that are read."""
UNREAD = "(unknown)"
"""User of a run whose caller the log does not name, or names only in encrypted data."""


class Logged(NamedTuple):
    """The log entries of one run."""

    id: str
    caller: Caller
    known: bool
    """True if the log names the caller."""
    at: float
    last: float
    counts: Counts


@dataclass(slots=True)
class _Seen:
    caller: Caller
    known: bool
    at: float
    last: float
    ends: dict[str, str] = field(default_factory=dict)
    """Delivery -> its outcome, empty while it is in flight."""


def runs_of(pipeline: Pipeline, most: int) -> list[Logged]:
    """Return the latest runs of the log of a pipeline, newest first.

    Raises:
        GenieError: The log cannot be read; a damaged batch is left out, and logged.
    """
    seen: OrderedDict[int, _Seen] = OrderedDict()
    prefix = ""
    with reading(pipeline.log) as (database, sealer):
        last = database.execute("SELECT max(number) FROM batches")[0][0] or 0
        first = next(batches(database), None)
        if first is None:
            return []
        prefix = next(
            one["prefix"] for one in checked(database.place, first.number, first.body, first.sha256)[0]
            if one["kind"] == "runtime"
        )  # fmt: skip
        for batch in batches(database, int(last) - MOST_BATCHES):
            try:
                records, sealed = checked(database.place, batch.number, batch.body, batch.sha256)
                whole: Sequence[LogRecord] = records
                if sealer is not None and any(one["kind"] == "run" for one in records):
                    whole = sealer.opened(records, sealed)
            except LogError as error:
                _logger.error("the log of pipeline %s: %s", pipeline.id, error)
                continue
            callers = {one["run"]: one.get("caller") for one in whole if one["kind"] == "run"}
            for record in records:
                _add(seen, record, callers, prefix, batch.at / 1000)
            while len(seen) > most:
                seen.popitem(last=False)
    return [
        Logged(run_id(prefix, number), one.caller, one.known, one.at, one.last, _counts(one))
        for number, one in reversed(seen.items())
    ]


def _add(
    seen: OrderedDict[int, _Seen], record: LogRecord, callers: dict[int, LogRecord | None], prefix: str, at: float
) -> None:
    number = record.get("run", -1)
    if record["kind"] == "run" and not record.get("standing"):
        named = callers.get(number)
        caller = Caller(user=UNREAD, tenant=tenant_of(record) or None) if named is None else caller_of(named)
        seen[number] = _Seen(caller, named is not None, record["started"], at)
    found = seen.get(number)
    if found is None:
        return
    found.last = at
    if record["kind"] == "message":
        for agent in record["plan"]:
            found.ends.setdefault(f"{prefix}-{record['number']:x}@{agent}", "")
    elif record["kind"] == "delivery":
        found.ends.setdefault(record["delivery"], "")
    elif record["kind"] == "edited" and record["delivery"] is not None:
        found.ends[record["delivery"]] = found.ends.pop(record["before"], "")
    elif record["kind"] == "ended":
        found.ends[record["delivery"]] = record["outcome"]


def _counts(one: _Seen) -> Counts:
    ends = Counter(one.ends.values())
    in_flight = ends.pop("", 0)
    return Counts(accepted=len(one.ends), in_flight=in_flight, **ends)
