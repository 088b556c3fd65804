"""Maintenance of a log: contents, integrity, retention, and legal holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from genie.errors import LogError
from genie.journal.bodies import checked, packed
from genie.journal.database import meta, set_meta
from genie.journal.lease import Lease, owner_of
from genie.journal.mark import check_end, missing_end
from genie.journal.sealing import OF_THE_LOG, clear_part, tenant_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from genie.contracts.ports.journal import LogRecord
    from genie.journal.database import Database

PAGE = 256
"""Number of batches that are read or rewritten at a time."""
MOST_PROBLEMS = 100
"""Maximum number of problems that `verify` lists; all are counted."""
MOST_HOLDS = 10_000
"""Maximum number of legal holds of one log."""
_DAY_MS = 86_400_000
HoldKind = Literal["run", "tenant"]


class Retention(NamedTuple):
    """How long finished runs are kept; None is for ever."""

    days: float | None = None
    bytes: int | None = None


class StoredBatch(NamedTuple):
    """One row."""

    number: int
    at: int
    """Milliseconds since the epoch."""
    first: int
    sha256: bytes
    body: bytes


def batches(database: Database, after: int = -1) -> Iterator[StoredBatch]:
    """Yield every batch after one, oldest first."""
    while True:
        rows = database.execute(
            "SELECT number, at, first, sha256, body FROM batches WHERE number > $1 ORDER BY number LIMIT $2",
            after,
            PAGE,
        )
        for number, at, first, digest, body in rows:
            yield StoredBatch(int(number), int(at), int(first), bytes(digest), bytes(body))
        if len(rows) < PAGE:
            return
        after = int(rows[-1][0])


# --- contents ---


@dataclass(slots=True)
class _Run:
    """State of one run."""

    tenant: str
    began: int
    last: int
    standing: bool = False
    """True for the pseudo-run of entries that outlive their run, such as dead letters."""
    closed: bool = False
    bytes: int = 0
    deliveries: dict[str, int] = field(default_factory=dict)
    """Delivery -> its outcomes."""


@dataclass(slots=True)
class Account:
    """The readable content of a log: runs, deliveries, outcomes, and problems."""

    prefix: str = ""
    batches: int = 0
    records: int = 0
    oldest: int | None = None
    newest: int | None = None
    runs: dict[int, _Run] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    """(batch, code, text) of the first problems."""
    wrong: int = 0
    highest: int = 0
    sealed: bool = False
    removing: bool = False
    """True if a removal of runs was interrupted."""
    remains: set[int] = field(default_factory=set)
    """Runs of which that removal has left a part."""

    def note(self, batch: int, code: str, text: str) -> None:
        """Add a problem."""
        self.wrong += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append((batch, code, text))

    @property
    def accepted(self) -> int:
        """Number of accepted deliveries."""
        return sum(len(run.deliveries) for run in self.runs.values())

    @property
    def in_flight(self) -> int:
        """Number of deliveries without an outcome."""
        return sum(not ends for run in self.runs.values() for ends in run.deliveries.values())

    def add(self, batch: StoredBatch, records: Sequence[LogRecord]) -> None:
        """Add a batch."""
        self.batches += 1
        self.records += len(records)
        self.oldest = batch.at if self.oldest is None else self.oldest
        self.newest = batch.at
        share = len(batch.body) // max(1, len(records))
        for record in records:
            kind = record["kind"]
            if kind == "runtime":
                self.prefix = record["prefix"]
            if kind in OF_THE_LOG:
                continue
            self.sealed = self.sealed or "sealed" in record
            number: int = record["run"]
            self.highest = max(self.highest, number, record.get("number", 0), record.get("scope", 0))
            run = self.runs.get(number)
            if run is None and self.removing and kind != "run":  # batches are rewritten from the oldest
                self.remains.add(number)
                continue
            if run is None:
                run = self.runs[number] = _Run(tenant_of(record), batch.at, batch.at, bool(record.get("standing")))
            run.last, run.bytes = batch.at, run.bytes + share
            self._record(batch.number, kind, record, run)

    def _record(self, batch: int, kind: str, record: LogRecord, run: _Run) -> None:
        if kind == "message":
            for agent in record["plan"]:
                run.deliveries.setdefault(f"{self.prefix}-{record['number']:x}@{agent}", 0)
        elif kind == "delivery":
            run.deliveries.setdefault(record["delivery"], 0)
        elif kind == "edited" and record["delivery"] is not None:
            run.deliveries[record["delivery"]] = run.deliveries.pop(record["before"], 0)
        elif kind == "ended":
            ends = run.deliveries.get(record["delivery"])
            if ends is None:
                self.note(batch, "unknown_delivery", f"delivery {record['delivery']} ended but was never accepted")
            elif ends:
                self.note(batch, "ended_twice", f"delivery {record['delivery']} has more than one outcome")
            run.deliveries[record["delivery"]] = (ends or 0) + 1
            self.outcomes[record["outcome"]] += 1
        elif kind == "closed":
            run.closed = True


def account(database: Database, progress: Callable[[int], None] | None = None) -> Account:
    """Read a whole log, without keys; damaged batches are problems."""
    found = Account(removing=bool(meta(database, "removing")))
    noted = database.must_have()  # before the batches, because a process may be adding more
    last = meta(database, "last") or 0
    for batch in batches(database):
        last = max(last, batch.number)
        try:
            records, _ = checked(database.place, batch.number, batch.body, batch.sha256)
            found.add(batch, records)
        except LogError as error:
            found.note(batch.number, "damaged", error.problem)
        except (KeyError, TypeError, ValueError, AttributeError):
            found.note(batch.number, "unreadable", f"batch {batch.number} has a record that is not of this version")
        if progress is not None:
            progress(batch.number)
    if noted > last:
        found.note(noted, "missing", missing_end(last, noted))
    for number, run in found.runs.items():
        left = sum(not ends for ends in run.deliveries.values())
        if run.closed and left:
            found.note(
                0, "lost", f"run {run_id(found.prefix, number)} has ended, but {left} of its deliveries have not"
            )
    return found


def run_id(prefix: str, number: int) -> str:
    """Return a run's id as people see it."""
    return f"{prefix}-{number:x}"


def info(database: Database, now: float) -> dict[str, Any]:
    """Return the contents of a log, as plain values."""
    found = account(database)
    owner = owner_of(database)
    used = owner is not None and owner.pid != 0
    return {
        "place": database.place, "format": meta(database, "format"), "bytes": database.size(), "batches": found.batches,
        "records": found.records,
        "runs": sum(not run.standing for run in found.runs.values()),
        "open_runs": sum(not run.closed and not run.standing for run in found.runs.values()),
        "accepted": found.accepted, "in_flight": found.in_flight, "outcomes": dict(sorted(found.outcomes.items())),
        "tenants": len({run.tenant for run in found.runs.values() if run.tenant}),
        "oldest_ms": found.oldest, "newest_ms": found.newest, "encrypted": found.sealed,
        "data_keys": int(database.execute("SELECT count(*) FROM keys")[0][0]),
        "holds": [{"kind": kind, "name": name, "reason": reason} for kind, name, reason in holds(database)],
        "owner": owner.named if owner is not None and used else None,
        "lease_s": round(max(0.0, owner.until / 1000 - now), 1) if owner is not None and used else None,
        "problems": found.wrong,
    }  # fmt: skip


def exported(
    database: Database, opened: Callable[[Sequence[LogRecord], bytes], Sequence[LogRecord]] | None
) -> Iterator[LogRecord]:
    """Yield every record that can be read, without its secret part.

    Args:
        database: The log.
        opened: Decrypts a batch; with it, or on a log that is not encrypted, records are complete. None leaves out
            payloads and names of persons.
    """
    for batch in batches(database):
        try:
            records, sealed = checked(database.place, batch.number, batch.body, batch.sha256)
        except LogError as error:
            yield {"kind": "damaged", "batch": batch.number, "problem": error.problem}
            continue
        for record in [clear_part(one) for one in records] if opened is None else opened(records, sealed):
            yield {"batch": batch.number, "at_ms": batch.at} | {
                name: value for name, value in record.items() if name != "sealed"
            }


# --- legal holds ---


def holds(database: Database) -> list[tuple[str, str, str]]:
    """Return the legal holds: kind, run or tenant, reason."""
    rows = database.execute("SELECT kind, name, reason FROM holds ORDER BY kind, name")
    return [(str(kind), str(name), str(reason)) for kind, name, reason in rows]


def hold(database: Database, kind: HoldKind, name: str, reason: str, *, now: float) -> None:
    """Keep a run, or every run of a tenant, regardless of the retention.

    Raises:
        LogError: There are too many holds (``full``).
    """
    if len(holds(database)) >= MOST_HOLDS:
        raise LogError(place=database.place, state="full", problem=f"has {MOST_HOLDS} legal holds", remedy="end some")
    database.execute(
        "INSERT INTO holds VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", kind, name, reason, int(now * 1000)
    )
    database.execute("UPDATE holds SET reason = $3 WHERE kind = $1 AND name = $2", kind, name, reason)


def release(database: Database, kind: HoldKind, name: str) -> bool:
    """End a legal hold; return False if there was none."""
    if not any(one[:2] == (kind, name) for one in holds(database)):
        return False
    database.execute("DELETE FROM holds WHERE kind = $1 AND name = $2", kind, name)
    return True


# --- removal ---


class Pruned(NamedTuple):
    """Runs that were removed, and runs that a hold kept."""

    runs: int
    records: int
    held: int


def prune(database: Database, retention: Retention, *, now: float, check: Callable[[], None]) -> Pruned:
    """Remove finished runs that are too old, and the oldest ones of a log that is too large; holds win.

    The process may be stopped at any moment: the next call removes what is left of the runs that it was removing.

    Args:
        database: The log, owned by the caller.
        retention: What is kept.
        now: Seconds since the epoch.
        check: Raises, inside a transaction, if the caller no longer owns the log.

    Raises:
        LogError: The log is damaged; nothing is removed from a log that cannot be read.
    """
    if retention.days is None and retention.bytes is None:
        return Pruned(0, 0, 0)
    found = account(database)
    if found.wrong:
        raise LogError(
            place=database.place, state="damaged", problem=f"has {found.wrong} problems, so nothing is removed",
            remedy="see `genie journal verify`",
        )  # fmt: skip
    wanted = _too_old(found, retention, now) | _too_large(found, retention)
    held = {(kind, name) for kind, name, _ in holds(database)}
    kept = {
        number for number in wanted
        if ("run", run_id(found.prefix, number)) in held or ("tenant", found.runs[number].tenant) in held
    }  # fmt: skip
    gone = (wanted - kept) | found.remains
    removed = _remove(database, gone, found, check) if gone or found.removing else 0
    return Pruned(len(gone), removed, len(kept))


def _too_old(found: Account, retention: Retention, now: float) -> set[int]:
    if retention.days is None:
        return set()
    before = now * 1000 - retention.days * _DAY_MS
    return {number for number, run in found.runs.items() if run.closed and run.last < before}


def _too_large(found: Account, retention: Retention) -> set[int]:
    """Return the oldest finished runs that must go to bring the batches below the limit."""
    if retention.bytes is None:
        return set()
    total, gone = sum(run.bytes for run in found.runs.values()), set()
    for number, run in sorted(found.runs.items(), key=lambda one: (one[1].last, one[0])):
        if total <= retention.bytes:
            break
        if run.closed:
            gone.add(number)
            total -= run.bytes
    return gone


def _remove(database: Database, runs: set[int], found: Account, check: Callable[[], None]) -> int:
    """Rewrite every batch without the records of some runs."""
    last = database.execute("SELECT number, first + records FROM batches ORDER BY number DESC LIMIT 1")[0]
    removed = 0
    with database.transaction():
        check()
        set_meta(database, "removing", 1)
        set_meta(database, "last", max(int(last[0]), meta(database, "last") or 0))
        set_meta(database, "records", max(int(last[1]), meta(database, "records") or 0))
        set_meta(database, "numbers", max(found.highest, meta(database, "numbers") or 0))
    page: list[StoredBatch] = []
    for batch in batches(database):
        page.append(batch)
        if len(page) == PAGE:
            removed += _rewrite(database, page, runs, check)
            page = []
    removed += _rewrite(database, page, runs, check)
    with database.transaction():
        check()
        set_meta(database, "removing", 0)
    return removed


def _rewrite(database: Database, page: Sequence[StoredBatch], runs: set[int], check: Callable[[], None]) -> int:
    removed = 0
    with database.transaction():
        check()
        for batch in page:
            records, sealed = checked(database.place, batch.number, batch.body, batch.sha256)
            kept, parts, at = [], [], 0
            for record in records:
                length = record["sealed"][2] if "sealed" in record else 0
                if record.get("run") not in runs or record["kind"] in OF_THE_LOG:
                    kept.append(record)
                    parts.append(sealed[at : at + length])
                at += length
            if len(kept) == len(records):
                continue
            removed += len(records) - len(kept)
            if not kept:
                database.execute("DELETE FROM batches WHERE number = $1", batch.number)
                continue
            body = packed(kept, b"".join(parts))
            database.execute(
                "UPDATE batches SET records = $1, sha256 = $2, body = $3 WHERE number = $4",
                len(kept), body.sha256, body.content, batch.number,
            )  # fmt: skip
    return removed


def owned(database: Database, now: Callable[[], float], *, force: bool = False) -> Lease:
    """Connect to an existing log and acquire it, to change it.

    Raises:
        LogError: There is none, or another process has it.
    """
    database.connect(create=False)
    lease = Lease(database, now)
    lease.take(force=force)
    if force:
        rows = database.execute("SELECT max(number) FROM batches")
        check_end(database, max(int(rows[0][0] or 0), meta(database, "last") or 0), accept=True)
    return lease
