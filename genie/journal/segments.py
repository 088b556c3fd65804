"""A log in a database: each batch is one row of compressed records, written by one thread under a lease."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.backend.clock import system_time
from genie.errors import LogError
from genie.errors.logs import log
from genie.journal.bodies import Body, body_of, checked
from genie.journal.database import FORMAT, LostConnectionError, meta, set_meta
from genie.journal.lease import RENEW_S, Lease
from genie.journal.lines import RecordLines, followed
from genie.journal.mark import check_end
from genie.journal.points import Point, unwatched
from genie.journal.upkeep import prune
from genie.journal.writer import MOST_RECORDS, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from genie.contracts.ports.journal import LogRecord
    from genie.contracts.ports.keys import KeyRing
    from genie.journal.database import Database
    from genie.journal.sealing import Sealer
    from genie.journal.upkeep import Retention
    from genie.journal.writer import Batch

FLOOR_EVERY = 64
"""Number of batches after which the log records where its open runs begin."""
MOST_CHARACTERS = 4 << 20
"""Maximum size of the lines of one row; a longer line has its own row."""
CLOCK_S = 1.0
"""Seconds by which the clock may go back without a warning."""


class SegmentLog:
    """An ``EventLog`` in a database that one process uses at a time.

    Args:
        database: The database.
        keys: Encrypts payloads and names; without it nothing is encrypted.
        retention: How long finished runs are kept; older ones are removed when the log is opened.
        wall: Seconds since the epoch; the system's time by default.
        passing: Called at every point of the log's life, in its thread.
    """

    def __init__(
        self,
        database: Database,
        *,
        keys: KeyRing | None = None,
        retention: Retention | None = None,
        wall: Callable[[], float] | None = None,
        passing: Callable[[Point], None] = unwatched,
    ) -> None:
        self.database = database
        self._passing = passing
        self._wall = wall or system_time
        self._lease = Lease(database, self._wall)
        self._retention = retention
        self._writer: Writer | None = None
        self._failure: Exception | None = None
        self._closed = False
        self._force = False
        self._last = 0
        self._records = 0
        self._latest = 0
        self._highest = 0
        self._open_since: dict[int, int] = {}
        """Run -> the batch in which it began."""
        self.behind_s = 0.0
        """Seconds by which the clock is behind the log's latest batch, once noticed."""
        if keys is None:
            self._sealer = None
        else:
            from genie.journal.sealing import Sealer  # noqa: PLC0415 - the library behind it is an extra

            self._sealer = Sealer(database, keys, self._wall)

    @property
    def sealer(self) -> Sealer | None:
        """Encryption of its records; None for a log that is not encrypted."""
        return self._sealer

    # --- the port ---

    async def open(self) -> Sequence[LogRecord]:
        """Acquire the log and return the records of open runs, oldest first, with those between them.

        Raises:
            LogError: Another process uses it, it is damaged, or it cannot be used.
        """
        if self._writer is None:
            self._writer = Writer(f"log {self.database.place}", self._commit, self._idle, RENEW_S)
        self._closed = False
        try:
            return await self._writer.call(self._open)
        except BaseException:  # the thread ends, then the error is re-raised
            self._end()
            raise

    async def append(self, records: Sequence[LogRecord]) -> None:
        """Store a batch. Batches that wait at the same time are committed together.

        Raises:
            LogError: The batch could not be written, and nothing of it is stored; later batches are refused too.
        """
        if self._writer is None:
            raise self._not_open()
        if records:
            await self._writer.keep(records if type(records) is RecordLines else tuple(records))

    async def close(self) -> None:
        """Release the log."""
        if self._writer is not None:
            try:
                await self._writer.call(self._close)
            finally:
                self._end()

    async def take_over(self) -> Sequence[LogRecord]:
        """Open the log even if another process has it; the other's commits fail from then on.

        Raises:
            LogError: As for ``open``, except for another process.
        """
        self._force = True
        try:
            return await self.open()
        finally:
            self._force = False

    def _end(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.stop()

    # --- in the thread ---

    def _open(self) -> tuple[LogRecord, ...]:
        if self._failure is not None:
            self._close()
            self._failure = None
        if self._lease.epoch == 0:
            self._closed = False
            try:
                self.database.connect()
                self._passing(Point.CONNECTED)
                self._lease.take(force=self._force)
                self._passing(Point.TAKEN)
                if meta(self.database, "format") != FORMAT:  # from now on it contains batches that only this format has
                    set_meta(self.database, "format", FORMAT)
                if self._retention is not None:
                    prune(self.database, self._retention, now=self._wall(), check=self._lease.check)
            except BaseException:  # a log that did not open leaves nothing behind, then the error is re-raised
                self.database.close()
                raise
        try:
            records = self._read()
            self._passing(Point.READ)
            return records
        except BaseException:  # as above
            self._close()
            raise

    def _read(self) -> tuple[LogRecord, ...]:
        database = self.database
        floor = meta(database, "floor") or 0
        self._open_since.clear()
        if self._sealer is not None:
            self._sealer.load()
        found = list(_rows(database, "WHERE number >= $1", floor))
        first = list(_rows(database, "WHERE number < $1", floor, most=1))
        records: list[LogRecord] = []
        for number, content, digest in (*first, *found):
            batch, sealed = checked(database.place, number, content, digest)
            if self._sealer is not None:
                batch = self._sealer.opened(batch, sealed)
            else:
                _unsealed(database.place, batch)
            if number < floor:
                records += [record for record in batch if record["kind"] == "runtime"]
                continue
            self._follow(number, *followed(batch))
            records += batch
        last = database.execute("SELECT number, at, first + records FROM batches ORDER BY number DESC LIMIT 1")
        kept = last[0] if last else (0, 0, 1)
        self._last = max(int(kept[0]), meta(database, "last") or 0)
        check_end(database, self._last, accept=self._force)
        self._records = max(int(kept[2]), meta(database, "records") or 0) - 1
        self._latest = int(kept[1])
        self._highest = max(self._highest, meta(database, "numbers") or 0)
        if floor > 1:
            records.append({"kind": "numbers", "run": 0, "number": self._highest})
        self._at()
        return tuple(records)

    def _commit(self, batches: Sequence[Batch]) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise self._not_open()
        try:
            told = RecordLines.of_all([batch.records for batch in batches])
            self._follow(self._last + 1, told.opened, told.closed, told.highest)
            rows: list[_Row] = []
            first, at = self._records + 1, self._at()
            for number, part in enumerate(_cut(told.lines), self._last + 1):
                content = body_of([*told.shared, *part], first, self._sealer)
                rows.append(_Row(number, at, first, len(part), content))
                first += len(part)
            try:
                self._insert(rows)
            except LostConnectionError:
                if not self._there(rows):
                    self._insert(rows)
        except BaseException as error:  # a log whose commit failed writes nothing more, then the error is re-raised
            if isinstance(error, Exception):
                self._failure = error
            raise
        self._last, self._latest = rows[-1].number, rows[-1].at
        self._passing(Point.COMMITTED)
        self.database.note_kept(self._last)
        self._passing(Point.NOTED)
        self._records += len(told)

    def _insert(self, rows: Sequence[_Row]) -> None:
        database = self.database
        with database.transaction():
            self._lease.check()
            self._passing(Point.BEGUN)
            for number, at, first, records, body in rows:
                database.execute(
                    "INSERT INTO batches VALUES ($1, $2, $3, $4, $5, $6)",
                    number, at, first, records, body.sha256, body.content,
                )  # fmt: skip
                if number % FLOOR_EVERY == 0:
                    self._note(number)
            self._passing(Point.WRITTEN)

    def _there(self, rows: Sequence[_Row]) -> bool:
        """Return whether an interrupted transaction was committed; asks the server once it is reachable again."""
        found = self.database.execute("SELECT sha256 FROM batches WHERE number = $1", rows[-1].number)
        return bool(found) and bytes(found[0][0]) == rows[-1].body.sha256

    def _follow(self, number: int, opened: Sequence[int], closed: Sequence[int], highest: int) -> None:
        """Record the open runs and the highest number used."""
        for run in opened:
            self._open_since.setdefault(run, number)
        for run in closed:
            self._open_since.pop(run, None)
        self._highest = max(self._highest, highest)

    def _note(self, number: int) -> None:
        database = self.database
        set_meta(database, "floor", min(self._open_since.values(), default=number))
        set_meta(database, "numbers", self._highest)

    def _at(self) -> int:
        """Return the time of a batch in milliseconds; it never goes back, and a clock that does is reported once."""
        now = int(self._wall() * 1000)
        behind = (self._latest - now) / 1000
        if behind > CLOCK_S and not self.behind_s:
            self.behind_s = behind
            text = f"{self.database.place}: the clock is {behind:.0f} s behind the latest batch (clock)"
            log("genie.journal", "WARNING", f"{text}: timers wait that much longer; set the clock")
        return max(now, self._latest)

    def _idle(self) -> None:
        if self._failure is None and not self._closed and self._lease.epoch:
            try:
                self._lease.renew()
                self.database.tidy()
            except LogError as error:
                self._failure = error
                log("genie.journal", "ERROR", str(error))

    def _close(self) -> None:
        self._closed = True
        try:
            if self._lease.epoch and self._failure is None:
                with self.database.transaction():
                    self._lease.check()
                    self._note(self._last)
                    self._passing(Point.LEAVING)
                    self._lease.give_back()
                self._passing(Point.LEFT)
        except LogError as error:  # every acknowledged batch is stored
            log("genie.journal", "WARNING", str(error))
        finally:
            self._lease.epoch = 0
            self.database.close()

    def _not_open(self) -> LogError:
        return LogError(place=self.database.place, state="closed", problem="is not open", remedy="open it first")


class _Row(NamedTuple):
    """A batch before it is written."""

    number: int
    at: int
    first: int
    records: int
    body: Body


def _cut(lines: list[str]) -> Iterator[list[str]]:
    """Split lines into rows of limited size."""
    if len(lines) <= MOST_RECORDS and sum(map(len, lines)) <= MOST_CHARACTERS:
        yield lines
        return
    part: list[str] = []
    size = 0
    for line in lines:
        if part and (len(part) == MOST_RECORDS or size + len(line) > MOST_CHARACTERS):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    yield part


def _rows(
    database: Database, where: str = "", *values: object, most: int | None = None
) -> Iterator[tuple[int, bytes, bytes]]:
    limit = "" if most is None else f" LIMIT {most:d}"
    rows = database.execute(f"SELECT number, body, sha256 FROM batches {where} ORDER BY number{limit}", *values)  # noqa: S608 - the text is this module's
    for number, body, digest in rows:
        yield int(number), bytes(body), bytes(digest)


def _unsealed(place: str, batch: Sequence[LogRecord]) -> None:
    if any("sealed" in record for record in batch):
        raise LogError(
            place=place, state="keys", problem="is encrypted", remedy="name its key ring (`keys:` or --keys)"
        )
