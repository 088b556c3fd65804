"""Runs of a log for later readers: open or ended, without taking the log from the process that uses it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from genie.errors import InputError, did_you_mean
from genie.journal.bodies import checked, usable
from genie.journal.durability import uncollected
from genie.journal.sealing import clear_part
from genie.journal.upkeep import account, batches, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from genie.contracts.ports.journal import EventLog, LogRecord
    from genie.journal.database import Database
    from genie.journal.sealing import Sealer

MOST_RECORDS = 1_000_000
"""Maximum number of records read of one run."""
MOST_NAMED = 20
"""Maximum number of runs that an error names."""


class Listed(NamedTuple):
    """One run of a log."""

    id: str
    number: int
    began_ms: int
    """Time of its first batch, in milliseconds since the epoch."""
    last_ms: int
    over: bool
    deliveries: int
    in_flight: int


@dataclass(slots=True)
class PastRun:
    """The records of one run in a log."""

    id: str
    number: int
    prefix: str = ""
    """Prefix of the ids of its messages."""
    seed: int | None = None
    policy_set: str = ""
    """SHA-256 of the policies of the process in which it began; empty in logs without it."""
    cards: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Agent -> versions of its card from the beginning of the run to its end; empty in logs without them."""
    records: list[LogRecord] = field(default_factory=list)
    times_ms: list[int] = field(default_factory=list)
    """Time of the batch of each record, in milliseconds since the epoch."""
    unread: str = ""
    """Why payloads and names are missing: ``encrypted`` without keys, or ``shredded``."""
    left_out: int = 0
    """Number of records beyond ``MOST_RECORDS``."""

    @property
    def record(self) -> LogRecord:
        """Its first record."""
        return self.records[0]

    @property
    def over(self) -> bool:
        """True if it is at rest."""
        return any(one["kind"] == "closed" for one in self.records[-1:])

    def note_cards(self, record: LogRecord) -> None:
        """Note the versions of cards that a record of the log names; before the run begins, the latest ones count."""
        if record["kind"] == "life":
            named: dict[str, str] = record.get("cards", {})
        elif record["kind"] == "card":
            named = {record["agent"]: record["version"]}
        else:
            return
        for agent, version in named.items():
            before = self.cards.get(agent, ()) if self.records else ()
            self.cards[agent] = before if version in before else (*before, version)

    def of(self, *kinds: str) -> Iterator[LogRecord]:
        """Yield the records of some kinds, in order."""
        return (one for one in self.records if one["kind"] in kinds)


@contextlib.contextmanager
def reading(log: Callable[[], EventLog] | None) -> Iterator[tuple[Database, Sealer | None]]:
    """Open the database of a pipeline's log for reading, with its decryption; a process may be using the log.

    Raises:
        InputError: The pipeline has no log in a database.
    """
    from genie.journal.segments import SegmentLog  # noqa: PLC0415 - start-up: only where a log is read

    found = None if log is None else log()
    if not isinstance(found, SegmentLog):
        raise InputError("the pipeline", "has no log", "name one with `log`")
    found.database.connect(create=False)
    try:
        if found.sealer is not None:
            found.sealer.load()
        yield found.database, found.sealer
    finally:
        found.database.close()


def listed(database: Database) -> list[Listed]:
    """Return the runs of a log, oldest first; no key is needed."""
    found = account(database)
    return [
        Listed(
            run_id(found.prefix, number), number, run.began, run.last, run.closed, len(run.deliveries),
            sum(not ends for ends in run.deliveries.values()),
        )
        for number, run in sorted(found.runs.items()) if not run.standing
    ]  # fmt: skip


def chosen(database: Database, name: str | None) -> int:
    """Return the number of a run: the only one, or the one whose id, or start of id, is given.

    Raises:
        InputError: There is none, or several match.
    """
    known = None if name is None else whole_number(database, name)
    if known is not None:
        return known
    ids = {one.id: one.number for one in listed(database)}
    found = [one for one in ids if name is None or one == name] or [
        one for one in ids if name is not None and one.startswith(name)
    ]
    if len(found) == 1:
        return ids[found[0]]
    if not found:
        near = did_you_mean(name or "", list(ids)[:1_000])
        what = "this log" if name is None else f"run {name!r}"
        raise InputError(what, "holds no run" if name is None else f"is not in this log{near}", "see genie runs list")
    named = ", ".join(found[:MOST_NAMED]) + (", …" if len(found) > MOST_NAMED else "")
    raise InputError(database.place, f"holds {len(found):,} such runs: {named}", "name one with --run")


def whole_number(database: Database, name: str) -> int | None:
    """Return the number of a whole id; None for the start of one. Reads only the first batch."""
    first = next(batches(database), None)
    if first is None:
        return None
    records, _ = checked(database.place, first.number, first.body, first.sha256)
    prefix = next((one["prefix"] for one in records if one["kind"] == "runtime"), None)
    start, _, number = name.rpartition("-")
    whole = start == prefix and number.isalnum() and number.isascii() and len(number) <= 16
    try:
        found = int(number, 16) if whole else None
    except ValueError:
        return None
    return found if found is not None and f"{prefix}-{found:x}" == name else None


def past_run(database: Database, number: int, sealer: Sealer | None = None) -> PastRun:
    """Return the records of a run in a log.

    Args:
        database: The log; another process may use it.
        number: The run.
        sealer: Decrypts an encrypted log; without it, payloads and names of such a log are left out.

    Raises:
        InputError: The log does not hold the run.
        LogError: A batch is damaged, or a record does not decrypt.
    """
    found = PastRun("", number)
    with uncollected(), usable(database.place):
        _fill(found, database, sealer)
    if not found.records or found.records[0]["kind"] != "run":
        raise InputError(f"run {run_id(found.prefix, number)}", "is not in this log", "see genie runs list")
    found.id = run_id(found.prefix, number)
    return found


def _fill(found: PastRun, database: Database, sealer: Sealer | None) -> None:
    number = found.number
    for batch in batches(database):
        records, sealed = checked(database.place, batch.number, batch.body, batch.sha256)
        for record in records:
            if record["kind"] == "runtime":
                found.prefix, found.seed = record["prefix"], record["seed"]
            elif record["kind"] == "life" and not found.records:
                found.policy_set = record.get("policy_set", "")
            if not found.over:
                found.note_cards(record)
        if not any(record.get("run") == number for record in records):
            continue
        whole = records if sealer is None else sealer.opened(records, sealed)
        mine = [one for one in whole if one.get("run") == number]
        if not mine:  # the keys of its tenant were destroyed
            found.unread = "shredded"
            mine = [one for one in records if one.get("run") == number]
        elif any("sealed" in one for one in mine):
            found.unread = "encrypted"
        room = MOST_RECORDS - len(found.records)
        found.left_out += max(0, len(mine) - room)
        found.records += [clear_part(one) if found.unread else one for one in mine[:room]]
        found.times_ms += [batch.at] * len(mine[:room])
