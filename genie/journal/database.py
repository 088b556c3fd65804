"""What a log requires of a database: a few statements, transactions, and detection of other users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from genie.errors import LogError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

FORMAT = 3
"""Format of the tables and their contents."""
READ = (2, FORMAT)
"""Formats that can be read. A log is upgraded to the latest when a runtime opens it. In format 2 a batch was one JSON
array."""
TABLES = (
    "CREATE TABLE IF NOT EXISTS meta (name {text} PRIMARY KEY, value {integer} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS owner (id {integer} PRIMARY KEY, epoch {integer} NOT NULL, pid {integer} NOT NULL, "
    "host {text} NOT NULL, since {integer} NOT NULL, until {integer} NOT NULL, locked {integer} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS batches (number {key}, at {integer} NOT NULL, first {integer} NOT NULL, "
    "records {integer} NOT NULL, sha256 {blob} NOT NULL, body {blob} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS keys (id {key}, tenant {text} NOT NULL, wrapped {blob} NOT NULL, "
    "made {integer} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS holds (kind {text} NOT NULL, name {text} NOT NULL, reason {text} NOT NULL, "
    "at {integer} NOT NULL, PRIMARY KEY (kind, name))",
)
"""``meta`` holds numbers by name; ``owner`` has one row; its pid is 0 if no process uses the log. Times are
milliseconds since the epoch."""


class Layout(NamedTuple):
    """The tables of one kind of database."""

    tables: tuple[str, ...]
    format: int
    what: str
    """In errors."""
    named: str
    """A table that no other kind has."""
    read: tuple[int, ...] = ()
    """Other formats that can be read."""

    def refusal(self, version: int | None) -> str | None:
        """Return why a database of some format cannot be used; None if it can.

        A database of another kind has no format.
        """
        if version is None:
            return f"is not {self.what}"
        if version == self.format or version in self.read:
            return None
        return f"has format {version}, and this program reads {' and '.join(map(str, (self.read or (self.format,))))}"


LOG = Layout(TABLES, FORMAT, "a log", "batches", READ)


class LostConnectionError(LogError):
    """The server disconnected in the middle of a transaction: it is unknown whether this was committed."""


class Database(Protocol):
    """One connection. It is used by one thread at a time; every method raises ``LogError`` with a state."""

    place: str
    """Its name in errors, without secrets."""

    def connect(self, *, create: bool = True) -> None:
        """Open the connection; with ``create``, create missing tables."""
        ...

    def execute(self, sql: str, *values: object) -> Sequence[Sequence[Any]]:
        """Run one statement, whose values are ``$1``, ``$2`` and so on, and return its rows."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Commit the statements of the block together, or none of them; other writers wait."""
        ...

    def lock(self) -> bool:
        """Take what the system frees when this process ends; False while another process has it."""
        ...

    def note_kept(self, number: int) -> None:
        """Record, outside of the tables, the latest acknowledged batch."""
        ...

    def must_have(self) -> int:
        """Return the recorded latest batch; 0 if there is none, or if its loss is allowed."""
        ...

    def size(self) -> int:
        """Return the size of the log in bytes."""
        ...

    def tidy(self) -> None:
        """Do expensive maintenance while nothing else is to do."""
        ...

    def vacuum(self) -> None:
        """Release the space of deleted rows."""
        ...

    def close(self) -> None:
        """Release all resources."""
        ...


def meta(database: Database, name: str) -> int | None:
    """Return a number of the log."""
    rows = database.execute("SELECT value FROM meta WHERE name = $1", name)
    return int(rows[0][0]) if rows else None


def set_meta(database: Database, name: str, value: int) -> None:
    """Store a number of the log."""
    database.execute("INSERT INTO meta VALUES ($1, $2) ON CONFLICT DO NOTHING", name, value)
    database.execute("UPDATE meta SET value = $2 WHERE name = $1", name, value)
