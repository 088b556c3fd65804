"""A log in one SQLite file."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import sqlite3
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from genie.errors import LogError
from genie.journal.database import LOG, Layout, meta, set_meta
from genie.journal.mark import Mark
from genie.journal.points import Point, unwatched
from genie.journal.segments import SegmentLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from genie.contracts.ports.keys import KeyRing
    from genie.journal.upkeep import Retention

Synchronous = Literal["full", "normal"]
"""``full``: a batch that was kept survives a loss of power. ``normal``: it survives the end of the process alone."""
BUSY_S = 10.0
"""Seconds that a commit waits for another program that holds the file's lock."""
MOST_WAL = 64 << 20
"""Bytes of the write-ahead log that stay on the disk when it is not needed."""
_STEP = 64 << 10
_MOST_STEP = 4 << 20
"""Bytes by which the write-ahead log is extended at a time: at least, and at most."""
_ID_BYTES = 5
_TYPES = {"text": "TEXT", "integer": "INTEGER", "blob": "BLOB", "key": "INTEGER PRIMARY KEY"}
_WRITES = frozenset({
    sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_SHMOPEN,
    sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP,
})  # fmt: skip
"""Errors of SQLite that a lack of room can have."""
_ROOM = 64 << 10
"""Free bytes that indicate a file system with space."""
_NETWORKS = ("nfs", "cifs", "smb", "9p", "afs", "fuse.sshfs", "ceph", "glusterfs", "lustre")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_STATES = {
    sqlite3.SQLITE_FULL: ("full", "there is no room for more", "make room, then open the runtime again"),
    sqlite3.SQLITE_READONLY: ("read_only", "cannot be written", "let this user write to the file and its folder"),
    sqlite3.SQLITE_PERM: ("read_only", "cannot be written", "let this user write to the file and its folder"),
    sqlite3.SQLITE_CANTOPEN: ("read_only", "cannot be opened", "let this user write to the file and its folder"),
    sqlite3.SQLITE_BUSY: (
        "locked", "another program holds the file's lock", "end what reads or copies it; `fuser` names the program",
    ),
    sqlite3.SQLITE_LOCKED: ("locked", "another connection holds its lock", "end what reads or copies it"),
    sqlite3.SQLITE_CORRUPT: ("damaged", "a page of the file is damaged", "restore a copy; see `genie journal verify`"),
    sqlite3.SQLITE_NOTADB: ("format", "is not a log", "name another file"),
    sqlite3.SQLITE_IOERR: ("io", "the disk cannot read or write it", "check the disk, then open the runtime again"),
}  # fmt: skip
"""By SQLite's code: our state, the problem, and the next step."""


class SqliteLog(SegmentLog):
    """An ``EventLog`` in a file that one process uses at a time.

    Args:
        path: The file; created with access only for its owner if missing.
        synchronous: What a stored batch survives.
        keys: Encrypts payloads and names; without it nothing is encrypted.
        retention: How long finished runs are kept; older ones are removed when the log is opened.
        wall: Seconds since the epoch; the system's time by default.
        passing: Called at every point of the log's life, in its thread.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: Synchronous = "full",
        keys: KeyRing | None = None,
        retention: Retention | None = None,
        wall: Callable[[], float] | None = None,
        passing: Callable[[Point], None] = unwatched,
    ) -> None:
        self.path = Path(path)
        super().__init__(
            SqliteDatabase(self.path, synchronous), keys=keys, retention=retention, wall=wall, passing=passing
        )


class SqliteDatabase:
    """The ``Database`` in a file.

    Args:
        path: The file.
        synchronous: What a commit survives.
        layout: Its tables.

    Raises:
        LogError: The path does not name a file.
    """

    def __init__(self, path: Path, synchronous: Synchronous = "full", layout: Layout = LOG) -> None:
        if not path.name:  # an empty text, the dot of a folder, or the root
            raise LogError(
                place=repr(str(path)), state="format", problem="is not the name of a file", remedy="name one"
            )
        self.path = path
        self._layout = layout
        self.place = str(path)
        self._synchronous = synchronous
        self._connection: sqlite3.Connection | None = None
        self._lock: int | None = None
        self._file = (0, 0)
        """The file's device and number, to notice that it was replaced."""
        self._wal = self._beside("-wal")
        self._wal_size = 0
        self._mark = Mark(self._beside(".lock"), power=synchronous == "full")

    def _beside(self, end: str) -> Path:
        return self.path.with_name(self.path.name + end)

    def connect(self, *, create: bool = True) -> None:
        """Open the file.

        Raises:
            LogError: It cannot be opened, or is not a log.
        """
        self._refuse_network()
        if not self.path.exists() and self._mark.read():
            self._mark.write(0)  # of a removed file
        flags = os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | (os.O_CREAT if create else 0)
        try:
            handle = os.open(self.path, flags, 0o600)
            found = os.fstat(handle)
            os.close(handle)
        except OSError as error:
            raise self._system(error, "cannot be opened") from None
        regular, self._file = stat.S_ISREG(found.st_mode), (found.st_dev, found.st_ino)
        if not regular:
            raise LogError(place=self.place, state="format", problem="is not a regular file", remedy="name another")
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=64
            )
        except sqlite3.Error as error:
            raise self._state_of(error) from None
        # Pages of deleted keys and payloads are overwritten, so that they cannot be recovered from the file.
        for pragma in ("secure_delete=ON", "journal_mode=WAL", f"synchronous={self._synchronous}",
                       f"journal_size_limit={MOST_WAL}"):  # fmt: skip
            self.execute(f"PRAGMA {pragma}")
        self._prepare(create=create)

    def _prepare(self, *, create: bool) -> None:
        tables = {str(row[0]) for row in self.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables and self._mark.read():
            raise LogError(
                place=self.place, state="damaged", problem="has lost all acknowledged batches",
                remedy="restore the latest copy, or remove it and begin a new log",
            )  # fmt: skip
        if not tables and create:
            with self.transaction():
                for statement in self._layout.tables:
                    self.execute(statement.format_map(_TYPES))
                set_meta(self, "format", self._layout.format)
                self._mark.log = int.from_bytes(os.urandom(_ID_BYTES))
                set_meta(self, "id", self._mark.log)
            return
        version = meta(self, "format") if "meta" in tables else None
        if self._layout.named not in tables:
            version = None
        refused = self._layout.refusal(version)
        if refused is not None:
            raise LogError(place=self.place, state="format", problem=refused, remedy="name another file")
        self._mark.log = meta(self, "id") or 0

    def execute(self, sql: str, *values: object) -> Sequence[Sequence[Any]]:
        """Run one statement."""
        connection = self._connection
        if connection is None:
            raise LogError(place=self.place, state="closed", problem="is not open", remedy="open it first")
        try:
            return connection.execute(_spelled(sql), values).fetchall()
        except sqlite3.Error as error:
            raise self._state_of(error) from None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the block's statements together, or none."""
        self.execute("BEGIN IMMEDIATE")
        try:
            self._check_place()
            if self._synchronous == "full":
                self._extend()
            yield
            self.execute("COMMIT")
        except BaseException:  # half of a transaction is undone, then the error goes on
            with contextlib.suppress(LogError):  # the first error is raised; SQLite may have rolled back by itself
                self.execute("ROLLBACK")
            raise

    def _check_place(self) -> None:
        """Raise if the file was moved, removed or replaced: nobody would find again what is written to it."""
        try:
            found = self.path.stat()
            there = (found.st_dev, found.st_ino) == self._file
        except OSError:
            there = False
        if not there:
            raise LogError(
                place=self.place, state="io", problem="was moved, removed or replaced while it was in use",
                remedy="put it back, then open the runtime again",
            )  # fmt: skip

    def _extend(self) -> None:
        """Write zeros after the end of the write-ahead log: a commit that changes no file size syncs faster.

        Called in a transaction, so no other process writes to or shortens the file. SQLite ignores what follows its
        last frame.
        """
        with contextlib.suppress(OSError):  # no room for zeros: the commit finds out whether there is room for it
            size = self._wal.stat().st_size
            if size == self._wal_size:
                return
            self._wal_size = size
            handle = os.open(self._wal, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                self._wal_size += os.pwrite(handle, bytes(min(max(size, _STEP), _MOST_STEP)), size)
                os.fdatasync(handle)
            finally:
                os.close(handle)

    def lock(self) -> bool:
        """Lock the lock file, which the system unlocks when this process ends."""
        if self._lock is not None:
            return True
        try:
            import fcntl  # noqa: PLC0415 - not on every system; the lease alone holds there
        except ImportError:
            return False
        try:
            handle = os.open(self._beside(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise self._system(error, "its lock file cannot be opened") from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise LogError(
                place=self.place, state="format", problem="its lock file is not a regular file", remedy="remove that"
            )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return False
        self._lock = handle
        return True

    def note_kept(self, number: int) -> None:
        """Record the latest acknowledged batch in the lock file."""
        self._mark.write(number)

    def must_have(self) -> int:
        """Return the latest batch that was noted; 0 where none was, or it need not have survived.

        Raises:
            LogError: It was noted for another log (``damaged``).
        """
        if self._mark.of_another():
            raise LogError(
                place=self.place, state="damaged", problem="is not the log that was here before",
                remedy="restore that one; `genie journal takeover` goes on with this one",
            )  # fmt: skip
        return self._mark.read()

    def size(self) -> int:
        """Return the size of the file and its write-ahead log in bytes."""
        paths = (self.path, self._beside("-wal"))
        return sum(path.stat().st_size for path in paths if path.exists())

    def tidy(self) -> None:
        """Move the write-ahead log into the file."""
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def vacuum(self) -> None:
        """Rewrite the file without free pages."""
        self.execute("VACUUM")
        self.tidy()

    def close(self) -> None:
        """Close the file and free its lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):  # committed batches are stored
                connection.close()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)
        self._mark.close()

    # --- errors ---

    def _state_of(self, error: sqlite3.Error) -> LogError:
        """Convert an error of SQLite to a state; its own text may quote values."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code in _WRITES and self._has_no_room():
            code = sqlite3.SQLITE_FULL
        state, problem, remedy = _STATES.get(code & 0xFF, ("io", "SQLite refuses a statement", "open it again"))
        return LogError(place=self.place, state=state, problem=problem, remedy=remedy)

    def _has_no_room(self) -> bool:
        """Return whether a quota or a limit is reached, which SQLite reports as a disk error."""
        try:
            import resource  # noqa: PLC0415 - not on every system

            limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
            largest = max(path.stat().st_size for path in (self.path, self._beside("-wal")) if path.exists())
            with tempfile.TemporaryFile(dir=self.path.parent) as probe:
                probe.write(bytes(_ROOM))
                os.fsync(probe.fileno())
        except ImportError:
            return False
        except OSError as error:
            return error.errno in _FULL
        return limit != resource.RLIM_INFINITY and largest + _ROOM > limit

    def _system(self, error: OSError, problem: str) -> LogError:
        if error.errno == errno.ENOENT:
            return LogError(
                place=self.place, state="io", problem=f"{problem}: there is no such file or folder",
                remedy="name an existing log",
            )  # fmt: skip
        refused = error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}
        state = "full" if error.errno in _FULL else "read_only" if refused else "io"
        remedy = "let this user write to the file and its folder" if refused else "name another place, or make room"
        return LogError(place=self.place, state=state, problem=f"{problem} ({error.strerror})", remedy=remedy)

    def _refuse_network(self) -> None:
        """Raise for a file on a network file system, whose locks are unreliable."""
        kind = _file_system(self.path)
        if kind.startswith(_NETWORKS):
            raise LogError(
                place=self.place, state="format", problem=f"is on a network file system ({kind})",
                remedy="name a file on a local disk, or a PostgreSQL server",
            )  # fmt: skip


@functools.lru_cache(maxsize=128)
def _spelled(sql: str) -> str:
    """Return a statement with SQLite's placeholders."""
    return sql.replace("$", "?")


def _file_system(path: Path) -> str:
    """Return the kind of the file system that a path lies on; empty where the system does not tell."""
    try:
        folder = path.parent.resolve()
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = ("", "")
    for line in mounts:
        place, kind = line.split(" ")[1:3]
        if folder.is_relative_to(place) and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]
