"""The control file: one SQLite database through which a running process and people at other terminals communicate.

Everything read from it is treated as untrusted input: another database, another schema, a trigger or a value of another
type causes an ``InputError`` that names the file, never as a crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sqlite3
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import ValidationError

from genie.contracts.ports.control import Act, ControlNews, RemoteVote
from genie.edges.control.schema import Asked, Cast, Process, Switched, read
from genie.errors import IdentityError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.contracts.ports.control import ControlReport
    from genie.edges.control.operators import Operators

_APPLICATION = 0x47454E49  # "GENI", in the header of the file
_VERSION = 1
_TABLES = {
    "processes": "CREATE TABLE processes (id TEXT PRIMARY KEY, pid INTEGER NOT NULL, host TEXT NOT NULL,"
    " started REAL NOT NULL, seen REAL NOT NULL, ended REAL, agents TEXT NOT NULL)",
    "requests": "CREATE TABLE requests (id TEXT PRIMARY KEY, process TEXT NOT NULL, state TEXT NOT NULL,"
    " opened REAL NOT NULL, updated REAL NOT NULL, body TEXT NOT NULL)",
    "votes": "CREATE TABLE votes (number INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL, at REAL NOT NULL,"
    " body TEXT NOT NULL, counted INTEGER, answer TEXT)",
    "acts": "CREATE TABLE acts (number INTEGER PRIMARY KEY AUTOINCREMENT, process TEXT, at REAL NOT NULL,"
    " body TEXT NOT NULL)",
    "switches": "CREATE TABLE switches (kind TEXT NOT NULL, name TEXT NOT NULL, word TEXT NOT NULL, until REAL,"
    " body TEXT NOT NULL, PRIMARY KEY (kind, name, word))",
}

BUSY_MS = 5_000
"""Longest wait for another writer, in milliseconds."""
SWITCHES = 20
"""Attempts to switch to a write-ahead log; without one the file also works, with longer waits."""
STALE_S = 15.0
"""Seconds without a sign of life after which a process counts as dead."""
BEAT_S = 2.0
"""Seconds between two signs of life."""
KEPT_S = 30 * 86_400.0
"""Seconds for which ended entries are kept."""
LARGEST = 4 << 20
"""Maximum size of one value; SQLite itself refuses a larger one."""
MOST = 1_000
"""Number of rows that are read at a time."""


_TROUBLE = {
    "BUSY": ("is busy", "try again"),
    "LOCKED": ("is busy", "try again"),
    "FULL": ("cannot be written: the disk is full", "free some space"),
    "READONLY": ("cannot be written: it is read-only", ""),
    "CANTOPEN": ("cannot be opened", "check the folder and its permissions"),
    "IOERR": ("cannot be read or written: the disk reports an error", ""),
}
"""First word of SQLite's name of an error -> the problem, and the next step."""


class Ledger:
    """One open control file. Every call is one short transaction; none may be made by two threads at once.

    Args:
        path: The file.
        create: Create it, with access only for its owner, if it is missing.
        operators: Verifies votes and acts; None if names and roles are trusted unchecked.

    Raises:
        InputError: The file does not exist, is not a control file, or other users may read or change it.
    """

    def __init__(self, path: Path, *, create: bool, operators: Operators | None = None) -> None:
        self.path = path
        self._operators = operators
        created = create and self._create()
        self._identity = self._checked(create=create)
        try:
            self._open(create=create)
        except BaseException:  # whatever was opened or created is cleaned up, then the error is re-raised
            self.close()
            if created:
                path.unlink(missing_ok=True)
            raise

    def _create(self) -> bool:
        """Create the file; return False if it already exists."""
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            return False
        except OSError as error:
            raise InputError(
                str(self.path), f"cannot be created ({error.strerror})", "name another control file"
            ) from None
        return True

    def _checked(self, *, create: bool = False) -> tuple[int, int]:
        """Return the identity of the file; raise unless it is a regular file that only its owner can access."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            raise InputError(str(self.path), "does not exist", "a run with `control:` creates it") from None
        except OSError as error:
            raise InputError(str(self.path), f"cannot be read ({error.strerror})", "check the path") from None
        if not stat.S_ISREG(status.st_mode):
            raise InputError(str(self.path), "is not a regular file", "name a control file")
        if create and status.st_uid != os.geteuid():  # its owner could approve anything; the present user may be root
            raise InputError(str(self.path), "belongs to another user", "name a control file of your own")
        if status.st_mode & 0o077:
            raise InputError(str(self.path), "may be read or changed by others", "check its content, then chmod 600 it")
        return status.st_dev, status.st_ino

    def _open(self, *, create: bool) -> None:
        address = f"file:{quote(str(self.path.absolute()))}?mode=rw"
        with self._guarded():
            self._connection = connection = sqlite3.connect(
                address, uri=True, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
            connection.text_factory = lambda content: content.decode(errors="replace")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST)
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("PRAGMA synchronous=FULL")
            if create and not self._schema():
                self._build()
                self._write_ahead()
            self._compare()

    def _build(self) -> None:
        with self._transaction():
            if not self._schema():  # another process may have been first
                for statement in _TABLES.values():
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id={_APPLICATION}")
                self._connection.execute(f"PRAGMA user_version={_VERSION}")

    def _write_ahead(self) -> None:
        """Switch to a write-ahead log, which SQLite refuses at once while another process reads or switches."""
        for _ in range(SWITCHES):
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                self._connection.execute("BEGIN EXCLUSIVE")  # waits for the others, as long as BUSY_MS
                self._connection.execute("COMMIT")
            else:
                return

    def _schema(self) -> dict[str, str]:
        rows = self._connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'"
        )
        return {str(name): str(sql) for name, sql in rows.fetchmany(MOST)}

    def _compare(self) -> None:
        """Refuse another application's database, another version, and additional objects such as a trigger."""
        [application] = self._connection.execute("PRAGMA application_id").fetchone()
        [version] = self._connection.execute("PRAGMA user_version").fetchone()
        if application == _APPLICATION and version != _VERSION:
            text = f"has version {version}, but this is version {_VERSION}"
            raise InputError(str(self.path), text, "use the version of Genie that created it, or another file")
        if application != _APPLICATION or self._schema() != _TABLES:
            raise InputError(str(self.path), "is not a control file", "name one that `control:` created")

    def close(self) -> None:
        """Close the file."""
        connection: sqlite3.Connection | None = getattr(self, "_connection", None)
        if connection is not None:
            connection.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            text, remedy = _TROUBLE.get(error.sqlite_errorname.split("_")[1], ("cannot be used", ""))
            raise InputError(str(self.path), text, remedy) from None
        except (sqlite3.Error, OverflowError, UnicodeDecodeError):  # the last of SQLite's messages
            raise InputError(str(self.path), "is not a control file, or is damaged") from None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Run the block as one transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:  # a partial transaction is rolled back, then the error is re-raised
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    # --- the running process ---

    def register(self, process: str, report: ControlReport) -> tuple[ControlNews, int]:
        """Register a process; return every switch in force, and the number of the last act."""
        with self._guarded(), self._transaction():
            self._remove_expired(report.at)
            self._connection.execute(
                "INSERT OR REPLACE INTO processes VALUES (?, ?, ?, ?, ?, NULL, ?)",
                (process, os.getpid(), _host(), report.at, report.at, json.dumps(dict(report.agents))),
            )
            self._keep(process, report)
            [last] = self._connection.execute("SELECT coalesce(max(number), 0) FROM acts").fetchone()
            return ControlNews(acts=self._switches(report.at)), int(last)

    def exchange(self, process: str, report: ControlReport, last: int, *, beat: bool) -> tuple[ControlNews, int]:
        """Keep a report; return what is new for a process.

        Args:
            process: The process.
            report: The report.
            last: Number of the last act that it knows.
            beat: Record a sign of life.

        Returns:
            What is new, and the number of the last act in it.

        Raises:
            InputError: The file is gone, was replaced, or cannot be used.
        """
        if self._checked() != self._identity:
            raise InputError(str(self.path), "was replaced by another file", "restart the processes that use it")
        with self._guarded():
            if beat or report.requests or report.answers or report.acts:
                with self._transaction():
                    self._keep(process, report)
            return self._news(process, last, report.at)

    def leave(self, process: str, report: ControlReport) -> None:
        """Store the last report of a process."""
        with self._guarded(), self._transaction():
            self._keep(process, report)
            self._connection.execute("UPDATE processes SET ended = ? WHERE id = ?", (report.at, process))
            self._orphan(process, report.at)

    def _keep(self, process: str, report: ControlReport) -> None:
        run = self._connection.execute
        run(
            "UPDATE processes SET seen = ?, agents = ? WHERE id = ?",
            (report.at, json.dumps(dict(report.agents)), process),
        )
        for hold_id, body in report.requests.items():
            row = (hold_id, process, body["state"], body["opened"], report.at, json.dumps(body))
            run("INSERT OR REPLACE INTO requests VALUES (?, ?, ?, ?, ?, ?)", row)
        for number, (counted, answer) in report.answers.items():
            run(
                "UPDATE votes SET counted = ?, answer = ?, body = json_remove(body, '$.token') WHERE number = ?",
                (counted, answer, number),
            )
        for act in report.acts:
            self._switch(act, report.at, process)

    def _news(self, process: str, last: int, now: float) -> tuple[ControlNews, int]:
        refused: list[str] = []
        votes: list[RemoteVote] = []
        rows = self._connection.execute(
            "SELECT votes.number, votes.request, votes.body FROM votes JOIN requests ON requests.id = votes.request"
            " WHERE requests.process = ? AND votes.counted IS NULL ORDER BY votes.number LIMIT ?",
            (process, MOST),
        ).fetchall()
        for number, request, body in rows:
            cast = read(Cast, body)
            if cast is None:
                sentence = (0, "the vote cannot be read", number)
                self._connection.execute("UPDATE votes SET counted = ?, answer = ? WHERE number = ?", sentence)
                continue
            by, roles = cast.by, frozenset(cast.roles)
            if self._operators is not None:
                try:
                    caller = self._operators.verified(cast.token, now, switches=False)
                except (IdentityError, InputError) as error:
                    sentence = (0, str(error), number)
                    self._connection.execute("UPDATE votes SET counted = ?, answer = ? WHERE number = ?", sentence)
                    refused.append(getattr(error, "why", "keys"))
                    continue
                by, roles = caller.user, caller.roles
            votes.append(
                RemoteVote(
                    number, request, by, roles, cast.approve, cast.reason, cast.payload_sha256,
                    frozenset(cast.policies), cast.recipient, cast.edit,
                )
            )  # fmt: skip
        acts: list[Act] = []
        rows = self._connection.execute(
            "SELECT number, body, process, at FROM acts WHERE number > ? AND process IS NOT ? ORDER BY number LIMIT ?",
            (last, process, MOST),
        ).fetchall()
        for number, body, source, at in rows:
            last = int(number)
            switched = read(Switched, body)
            if switched is None:
                continue
            try:
                acts.append(self._verified(switched, source, at, now))
            except (IdentityError, InputError) as error:
                refused.append(getattr(error, "why", "keys"))
        return ControlNews(tuple(votes), tuple(acts), tuple(refused)), last

    def _verified(self, switched: Switched, process: object, at: object, now: float) -> Act:
        """Return an act under the name that its token proves.

        An act that stops more is also accepted from other processes.

        Raises:
            IdentityError: It needs a token, and has no valid one.
        """
        act = Act(**switched.model_dump())
        stops = act.word in {"killed", "paused"}
        if self._operators is None or (stops and process is not None):
            return act
        # A kill that was read late counts as of its time; what lifts one must be in its term now.
        moment = float(at) if stops and isinstance(at, (int, float)) else now
        return act._replace(by=self._operators.verified(act.token, moment, switches=True).user, token=None)

    def _remove_expired(self, now: float) -> None:
        """Mark the entries of dead processes, and delete old ones."""
        for process in self._processes(now):
            if process.state == "stale":
                self._orphan(process.id, now)
        old = now - KEPT_S
        for statement in (
            "DELETE FROM requests WHERE state != 'pending' AND updated < ?",
            "DELETE FROM votes WHERE at < ?",
            "DELETE FROM acts WHERE at < ?",
            "DELETE FROM processes WHERE seen < ?",
        ):
            self._connection.execute(statement, (old,))
        self._connection.execute("DELETE FROM switches WHERE until <= ?", (now,))

    def _orphan(self, process: str, now: float) -> None:
        """Remove the payloads of pending holds of dead processes, which can no longer be decided."""
        rows = self._connection.execute(
            "SELECT id, body FROM requests WHERE process = ? AND state = 'pending'", (process,)
        ).fetchall()
        for hold_id, body in rows:
            asked = read(Asked, body)
            stale: dict[str, object] = {
                "state": "stale",
                "payload": None,
                "masked": [],
                "withheld": "the process that asked is gone",
            }
            text = "" if asked is None else asked.model_copy(update=stale).model_dump_json()
            self._connection.execute(
                "UPDATE requests SET state = 'stale', updated = ?, body = ? WHERE id = ?", (now, text, hold_id)
            )

    # --- people ---

    def requests(self, now: float) -> tuple[Asked, ...]:
        """Return the approvals that can be read, oldest first; those of a process that is gone are ``stale``."""
        with self._guarded():
            running = {one.id for one in self._processes(now) if one.state == "running"}
            rows = self._connection.execute(
                "SELECT process, body FROM requests ORDER BY state != 'pending', opened LIMIT ?", (MOST,)
            ).fetchall()
        found: list[Asked] = []
        for process, body in rows:
            asked = read(Asked, body)
            if asked is not None:
                gone = asked.state == "pending" and process not in running
                found.append(asked.model_copy(update={"state": "stale"}) if gone else asked)
        return tuple(found)

    def vote(self, asked: Asked, *, by: str, roles: tuple[str, ...], approve: bool, reason: str, edit: str | None,
             at: float, token: str | None = None) -> int:  # fmt: skip
        """Cast a vote on what is shown here; return its number.

        Raises:
            InputError: The file cannot be used, or a name or a role is empty or too long.
        """
        try:
            cast = Cast(
                by=by, roles=list(roles), approve=approve, reason=reason, payload_sha256=asked.payload_sha256,
                policies=[need.policy for need in asked.needs], recipient=asked.recipient, edit=edit,
                token=token,
            )  # fmt: skip
        except ValidationError as error:
            named = sorted({str(one["loc"][0]) for one in error.errors(include_input=False)})
            text = f"has {', '.join(named)} that no vote may have"
            raise InputError("the vote", text, "names and roles are 1 to 200 characters") from None
        with self._guarded():
            cursor = self._connection.execute(
                "INSERT INTO votes (request, at, body) VALUES (?, ?, ?)", (asked.id, at, cast.model_dump_json())
            )
            return int(cursor.lastrowid or 0)

    def answer(self, number: int) -> tuple[bool, str] | None:
        """Return the answer to a vote: whether it counted, and the reason; None until the run has read it."""
        with self._guarded():
            row = self._connection.execute("SELECT counted, answer FROM votes WHERE number = ?", (number,)).fetchone()
        return None if row is None or row[0] is None else (bool(row[0]), str(row[1]))

    def act(self, act: Act, at: float) -> None:
        """Turn a switch on or off; every process that uses the file is informed."""
        with self._guarded(), self._transaction():
            self._switch(act, at, None)

    def _switch(self, act: Act, at: float, process: str | None) -> None:
        row = Switched(  # truncated, because recording a process's own switch must not fail
            word=act.word, kind=act.kind, name=act.name, by=act.by[:200] or "operator", reason=act.reason[:4_000],
            until=act.until, token=act.token,
        )  # fmt: skip
        run = self._connection.execute
        run("INSERT INTO acts (process, at, body) VALUES (?, ?, ?)", (process, at, row.model_dump_json()))
        word = {"revived": "killed", "resumed": "paused"}.get(act.word, act.word)
        run("DELETE FROM switches WHERE kind = ? AND name = ? AND word = ?", (act.kind, act.name, word))
        if word == act.word:
            kept = row.model_copy(update={"token": None}).model_dump_json()
            run("INSERT INTO switches VALUES (?, ?, ?, ?, ?)", (act.kind, act.name, word, act.until, kept))

    def switches(self, now: float) -> tuple[Act, ...]:
        """Return the switches in force."""
        with self._guarded():
            return self._switches(now)

    def _switches(self, now: float) -> tuple[Act, ...]:
        rows = self._connection.execute(
            "SELECT body FROM switches WHERE until IS NULL OR until > ? ORDER BY kind, name, word", (now,)
        ).fetchall()
        found: list[Act] = []
        for [body] in rows:
            switched = read(Switched, body)
            if switched is None:  # the killed subject is unknown, so nothing may run
                raise InputError(str(self.path), "holds a switch that cannot be read", "name another control file")
            found.append(Act(**switched.model_dump()))
        return tuple(found)

    def processes(self, now: float) -> tuple[Process, ...]:
        """Return the processes, oldest first."""
        with self._guarded():
            return self._processes(now)

    def _processes(self, now: float) -> tuple[Process, ...]:
        rows = self._connection.execute(
            "SELECT id, pid, host, started, seen, ended, agents FROM processes ORDER BY started LIMIT ?", (MOST,)
        ).fetchall()
        found: list[Process] = []
        for key, pid, host, started, seen, ended, agents in rows:
            try:
                state = "ended" if ended is not None else "running" if _alive(pid, host, seen, now) else "stale"
                found.append(
                    Process.model_validate({
                        "id": key, "pid": pid, "host": host, "started": started, "seen": seen, "state": state,
                        "agents": json.loads(agents),
                    })
                )  # fmt: skip
            except (ValidationError, ValueError, TypeError, RecursionError):
                continue
        return tuple(found)


def _host() -> str:
    return platform.node() or "localhost"


def _alive(pid: Any, host: Any, seen: Any, now: float) -> bool:
    if now - seen > STALE_S:
        return False
    if host != _host():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
