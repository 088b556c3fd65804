"""A log in one SQLite file: each batch is one transaction with one compressed row."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import anyio.to_thread

from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from genie.contracts.ports.journal import LogRecord

FORMAT = 1
"""Of the file; another one is refused."""
LEVEL = 1
"""Of zlib: the names of fields repeat in every record."""
FLOOR_EVERY = 64
"""Batches after which the file notes from which batch on runs are open."""
Synchronous = Literal["full", "normal"]
"""``full``: a batch that was kept survives a loss of power. ``normal``: it survives the end of the process alone."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY, records INTEGER NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL
);
"""


class SqliteLog:
    """An ``EventLog`` in a file that one process uses at a time.

    Args:
        path: The file; made, readable by its owner alone, if it is not there.
        synchronous: What a kept batch survives.
    """

    def __init__(self, path: str | os.PathLike[str], *, synchronous: Synchronous = "full") -> None:
        self.path = Path(path)
        self._synchronous = synchronous
        self._connection: sqlite3.Connection | None = None
        self._lock: int | None = None
        self._last = 0
        self._open_since: dict[int, int] = {}
        """Run -> the batch in which it began."""

    # --- the port ---

    async def open(self) -> Sequence[LogRecord]:
        """Lock the file and return the records of the runs that are open, oldest first, with those between them.

        Raises:
            InputError: Another process uses it, it is damaged, or it is not a log.
        """
        return await anyio.to_thread.run_sync(self._open)

    async def append(self, records: Sequence[LogRecord]) -> None:
        """Keep a batch in one transaction.

        Raises:
            InputError: The log is not open.
            sqlite3.Error: The batch could not be written; nothing of it is kept.
        """
        batch = tuple(records)
        if batch:
            await anyio.to_thread.run_sync(self._write, batch)

    async def close(self) -> None:
        """Close the file and let go of it."""
        await anyio.to_thread.run_sync(self._close)

    # --- in a thread ---

    def _open(self) -> tuple[LogRecord, ...]:
        if self._connection is None:
            self._take()
            try:
                self._connect()
            except BaseException:  # the lock is not kept by a log that did not open, then the error goes on
                self._close()
                raise
        records: list[LogRecord] = []
        connection = self._connected()
        floor = _meta(connection, "floor") or 0
        self._last = connection.execute("SELECT coalesce(max(number), 0) FROM batches").fetchone()[0]
        select = "SELECT number, sha256, body FROM batches WHERE number >= ? ORDER BY number"
        rows = connection.execute(select, (floor,))
        for number, digest, body in rows:
            if hashlib.sha256(body).digest() != digest:
                raise InputError(str(self.path), f"batch {number} is damaged: its checksum is not that of its content")
            batch = _unpacked(body)
            self._follow(number, batch)
            records += batch
        opening = connection.execute("SELECT body FROM batches ORDER BY number LIMIT 1").fetchone()
        if opening is not None and floor > 1:
            records[:0] = [record for record in _unpacked(opening[0]) if record["kind"] == "runtime"]
            records.append({"kind": "numbers", "run": 0, "number": _meta(connection, "numbers") or 0})
        return tuple(records)

    def _take(self) -> None:
        """Lock the file; the lock names its owner.

        Raises:
            InputError: Another process has it.
        """
        try:
            import fcntl  # noqa: PLC0415 - not on every system
        except ImportError:
            raise InputError(str(self.path), "cannot be locked: this system has no flock") from None
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise InputError(str(lock), f"cannot be opened ({error.strerror})") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(handle, 32).decode(errors="replace").strip()
            os.close(handle)
            by = f"process {owner}" if owner.isdigit() else "another process"
            raise InputError(str(self.path), f"is used by {by}; one process uses a log at a time") from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        self._lock = handle

    def _connect(self) -> None:
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            self._connection = connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={self._synchronous}")
            connection.executescript(_SCHEMA)
            version = _meta(connection, "format")
            if version is None:
                connection.execute("INSERT INTO meta VALUES ('format', ?)", (FORMAT,))
        except (OSError, sqlite3.Error) as error:
            raise InputError(str(self.path), f"cannot be used as a log ({_named(error)})") from None
        if version not in {None, FORMAT}:
            raise InputError(str(self.path), f"has format {version}; this version of the program reads format {FORMAT}")

    def _write(self, batch: tuple[LogRecord, ...]) -> None:
        connection, number = self._connected(), self._last + 1
        body = zlib.compress(json.dumps(batch, separators=(",", ":"), allow_nan=False).encode(), LEVEL)
        with _transaction(connection):
            connection.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?)", (number, len(batch), hashlib.sha256(body).digest(), body)
            )
            self._follow(number, batch)
            if number % FLOOR_EVERY == 0:
                self._note_floor(connection, number)
        self._last = number

    def _follow(self, number: int, batch: Sequence[LogRecord]) -> None:
        """Note which runs are open, and the highest number given."""
        for record in batch:
            if record["kind"] == "run":
                self._open_since.setdefault(record["run"], number)
            elif record["kind"] == "closed":
                self._open_since.pop(record["run"], None)
            self._highest = max(self._highest, record.get("run", 0), record.get("number", 0), record.get("scope", 0))

    _highest = 0

    def _note_floor(self, connection: sqlite3.Connection, number: int) -> None:
        floor = min(self._open_since.values(), default=number)
        rows = (("floor", floor), ("numbers", self._highest))
        connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise InputError(str(self.path), "is not open")
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with (
                contextlib.suppress(sqlite3.Error),
                _transaction(connection),
            ):  # a floor that is not noted costs time alone
                self._note_floor(connection, self._last)
            connection.close()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:  # half of a transaction is undone, then the error goes on
        with contextlib.suppress(sqlite3.Error):  # the first error is raised; SQLite may have rolled back by itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _meta(connection: sqlite3.Connection, name: str) -> int | None:
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def _unpacked(body: bytes) -> list[LogRecord]:
    batch: list[LogRecord] = json.loads(zlib.decompress(body))
    return batch


def _named(error: OSError | sqlite3.Error) -> str:
    return error.strerror or "an error of the system" if isinstance(error, OSError) else "SQLite cannot open it"
