"""A log in a PostgreSQL database. The library ``asyncpg`` runs on a loop of its own, in the thread that writes."""

from __future__ import annotations

import contextlib
import hashlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from genie.errors import LogError, class_name
from genie.journal.database import LOG, Layout, LostConnectionError, meta, set_meta
from genie.journal.points import Point, unwatched
from genie.journal.segments import SegmentLog
from genie.journal.tenancy import Objection, objections, proof_of, secret_in

if TYPE_CHECKING:
    import asyncio  # noqa: TID251 - as where the loop is made
    from collections.abc import Callable, Iterator, Sequence

    from genie.contracts.ports.keys import KeyRing
    from genie.journal.sqlite import Synchronous
    from genie.journal.upkeep import Retention

STATEMENT_S = 20.0
"""Seconds that one statement may take; shorter than a lease."""
RECONNECT_S = 12.0
"""Seconds for which an unreachable server is retried; shorter than a lease."""
PAUSE_S = 0.2
"""Seconds between two attempts."""
SCHEMA = "genie_log"
"""The schema of the tables, unless the address names another one (``?schema=``)."""
_TYPES = {"text": "text", "integer": "bigint", "blob": "bytea", "key": "bigint PRIMARY KEY"}


_ACT = "SELECT set_config($1, $2, true), set_config($3, $4, true), set_config($5, $6, true)"


class PostgresLog(SegmentLog):
    """An ``EventLog`` in a schema of a PostgreSQL database, which one process uses at a time.

    While the server is unreachable the writer waits for it, up to ``RECONNECT_S``, so a restart of the server loses
    nothing: a batch whose commit was interrupted is looked up before it is written again.

    Args:
        dsn: Address in libpq's form: ``postgresql://user@host/database`` or ``postgresql:///name?host=/run``.
        synchronous: ``full`` waits for the server's disk; ``normal`` lets the server commit a little later.
        keys: Encrypts payloads and names; without it nothing is encrypted.
        retention: How long finished runs are kept; older ones are removed when the log is opened.
        wall: Seconds since the epoch; the system's time by default.
        passing: Called at every point of the log's life, in its writer thread.
    """

    def __init__(
        self,
        dsn: str,
        *,
        synchronous: Synchronous = "full",
        keys: KeyRing | None = None,
        retention: Retention | None = None,
        wall: Callable[[], float] | None = None,
        passing: Callable[[Point], None] = unwatched,
    ) -> None:
        super().__init__(PostgresDatabase(dsn, synchronous), keys=keys, retention=retention, wall=wall, passing=passing)


class PostgresDatabase:
    """The ``Database`` on a server.

    Args:
        dsn: The server's address.
        synchronous: What a commit waits for.
        layout: Its tables.

    Raises:
        LogError: The library ``asyncpg`` is not installed, or the address cannot be read.
    """

    def __init__(self, dsn: str, synchronous: Synchronous = "full", layout: Layout = LOG) -> None:
        parts = urlsplit(dsn)
        fields = dict(one.partition("=")[::2] for one in parts.query.split("&") if one)
        self._schema = fields.pop("schema", SCHEMA)
        self._layout = layout
        self._secret = fields.pop("secret", None)
        self._acting: dict[str, str] = {}
        """Settings of the next transaction: which tenant's rows it sees."""
        tenant = fields.pop("tenant", None)
        query = "&".join(f"{name}={value}" for name, value in fields.items())
        self._dsn = parts._replace(query=query).geturl()
        host = parts.hostname or fields.get("host", "localhost")
        self.place = f"postgresql://{host}{parts.path} ({self._schema})"
        self._synchronous = synchronous
        self._connection: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inside = False
        self._locked = False
        if not (self._schema.isascii() and self._schema.isidentifier()):
            raise self._error("format", "names a schema that is not a plain word", "name another one")
        if self._secret is not None:
            self._key = secret_in(self._secret, self.place)
            self.act("" if tenant is None else unquote(tenant))
        elif tenant is not None:
            raise self._error("role", "names a tenant but no secret", "add secret=NAME; see `genie store sql`")
        try:
            import asyncpg  # noqa: PLC0415 - an extra
        except ImportError:
            raise self._error("no_library", "needs the library `asyncpg`", "install genie-bus[postgres]") from None
        self._library: Any = asyncpg

    def connect(self, *, create: bool = True) -> None:
        """Connect, and create missing tables.

        Raises:
            LogError: The server does not answer (``unreachable``), or the tables are not a log's.
        """
        import asyncio  # noqa: PLC0415, TID251 - asyncpg runs on asyncio alone, here on a loop of its own

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        self._dial()
        if self._secret is not None:
            self._check_role(create=create)
            return
        tables = self.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = $1", self._schema)
        names = {str(row[0]) for row in tables}
        if "meta" not in names and create:
            with self.transaction():
                self.execute(f"CREATE SCHEMA IF NOT EXISTS {self._schema}")
                for statement in self._layout.tables:
                    self.execute(statement.format_map(_TYPES))
                set_meta(self, "format", self._layout.format)
            return
        self._check_format(meta(self, "format") if {"meta", self._layout.named} <= names else None)

    def _check_format(self, version: int | None) -> None:
        refused = self._layout.refusal(version)
        if refused is not None:
            raise self._error("format", refused, "name another database or schema")

    def role(self) -> tuple[Objection, ...]:
        """Connect, and return why the role must not be used."""
        import asyncio  # noqa: PLC0415, TID251 - as where the loop is made

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        self._dial()
        return objections(self.execute, self._schema)

    def _check_role(self, *, create: bool) -> None:
        """Refuse a role that could read rows of others, and tables that were not prepared."""
        found = objections(self.execute, self._schema)
        if found:
            raise self._error("role", found[0].text, "prepare it with `genie store sql`")
        if self._acting["genie.tenant"]:  # otherwise each tenant's rows are read in separate transactions
            version = meta(self, "format")
            if version is None and create:
                version = self._layout.format
                set_meta(self, "format", version)
            self._check_format(version)

    def act(self, tenant: str, presented: str = "") -> None:
        """Make the rows of one tenant visible to the next transactions, and rows whose secret id is presented.

        Args:
            tenant: Empty for none.
            presented: Id of a row that is its own secret.
        """
        if self._secret is not None:
            proof = proof_of(self._key, tenant) if tenant else ""
            self._acting = {"genie.tenant": tenant, "genie.proof": proof, "genie.presented": presented}

    def _dial(self) -> None:
        # Temporary tables come last, so that none of them hides one of ours.
        settings = {"search_path": f"{self._schema}, pg_temp", "application_name": "genie"}
        if self._synchronous == "normal":
            settings["synchronous_commit"] = "off"
        try:
            self._connection = self._run(
                self._library.connect(
                    self._dsn, timeout=STATEMENT_S / 2, command_timeout=STATEMENT_S, server_settings=settings,
                    statement_cache_size=64,
                )
            )  # fmt: skip
        except (OSError, ValueError, TimeoutError, self._library.PostgresError, self._library.InterfaceError) as error:
            raise self._error("unreachable", f"does not answer ({class_name(error)})", "start the server") from None
        self._locked = False

    def execute(self, sql: str, *values: object) -> Sequence[Sequence[Any]]:
        """Run one statement; outside a transaction, a lost connection is made again."""
        if self._connection is None:
            raise self._error("closed", "is not open", "open it first")
        if self._acting and not self._inside and sql != "BEGIN":
            with self.transaction():
                return self._fetch(sql, *values)
        try:
            return self._fetch(sql, *values)
        except LostConnectionError:
            if self._inside:
                raise
            self._again()
            return self._fetch(sql, *values)

    def _fetch(self, sql: str, *values: object) -> Sequence[Sequence[Any]]:
        library = self._library
        try:
            rows: Sequence[Sequence[Any]] = self._run(self._connection.fetch(sql, *values))
        except (library.DiskFullError, library.OutOfMemoryError, library.ConfigurationLimitExceededError):
            raise self._error("full", "the server has no room for more", "make room, then open it again") from None
        except (library.ReadOnlySQLTransactionError, library.InsufficientPrivilegeError):
            raise self._error("read_only", "this user may not write to it", "grant it the right to") from None
        except (library.LockNotAvailableError, library.DeadlockDetectedError):
            raise self._error("locked", "another connection holds its locks", "end what holds them") from None
        except (library.DataCorruptedError, library.IndexCorruptedError):
            raise self._error("damaged", "the server found damaged data", "restore a copy") from None
        except (
            OSError, TimeoutError, library.PostgresConnectionError, library.AdminShutdownError,
            library.CrashShutdownError, library.CannotConnectNowError, library.InterfaceError,
        ) as error:  # fmt: skip
            raise LostConnectionError(
                place=self.place, state="unreachable", problem=f"the connection was lost ({class_name(error)})",
                remedy="start the server, then open it again",
            ) from None  # fmt: skip
        except library.PostgresError as error:
            raise self._error("io", f"the server refuses a statement ({class_name(error)})", "see its log") from None
        return rows

    def _again(self) -> None:
        """Reconnect, for as long as the lease allows."""
        held, until = self._locked, time.monotonic() + RECONNECT_S
        while True:
            try:
                self._drop()
                self._dial()
            except LogError:
                if time.monotonic() >= until:
                    raise
                self._run(_pause())
                continue
            if held:
                self.lock()
            return

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the block's statements together, or none."""
        self.execute("BEGIN")
        self._inside = True
        try:
            if self._acting:  # for this transaction alone
                self._fetch(_ACT, *(part for pair in self._acting.items() for part in pair))
            yield
            self._fetch("COMMIT")
        except BaseException:  # a partial transaction is rolled back, then the error is re-raised
            with contextlib.suppress(LogError):  # the first error is raised; the server may have rolled back by itself
                self._fetch("ROLLBACK")
            raise
        finally:
            self._inside = False

    def lock(self) -> bool:
        """Take a lock of the server, which it frees when this connection ends."""
        if not self._locked:
            of = self._schema + self._acting.get("genie.tenant", "")
            name = int.from_bytes(hashlib.sha256(of.encode()).digest()[:8], "big", signed=True)
            self._locked = bool(self.execute("SELECT pg_try_advisory_lock($1)", name)[0][0])
        return self._locked

    def size(self) -> int:
        """Return the bytes of the tables; of a log among several, those of its batches."""
        if self._secret is not None:
            return int(self.execute("SELECT coalesce(sum(octet_length(body)), 0)::bigint FROM batches")[0][0])
        rows = self.execute(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'",
            self._schema,
        )
        return int(rows[0][0])

    def note_kept(self, number: int) -> None:
        """Do nothing: the server maintains its own write-ahead log."""

    def must_have(self) -> int:
        """Return 0: as above."""
        return 0

    def tidy(self) -> None:
        """Do nothing: the server maintains itself."""

    def vacuum(self) -> None:
        """Release the space of deleted rows; a role that does not own the tables leaves it to the server."""
        if self._secret is None:
            self.execute("VACUUM FULL batches")

    def close(self) -> None:
        """Disconnect."""
        self._drop()
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):  # it may be closed already, and everything important is committed
                self._run(connection.close(timeout=1.0))

    def _run(self, work: Any) -> Any:
        if self._loop is None:
            raise self._error("closed", "is not open", "open it first")
        return self._loop.run_until_complete(work)

    def _error(self, state: str, problem: str, remedy: str) -> LogError:
        return LogError(place=self.place, state=state, problem=problem, remedy=remedy)


async def _pause() -> None:
    import asyncio  # noqa: PLC0415, TID251 - as where the loop is made

    await asyncio.sleep(PAUSE_S)


def role_objections(dsn: str, schema: str = SCHEMA) -> tuple[Objection, ...]:
    """Return why the role of an address must not be used; changes nothing.

    Args:
        dsn: The address.
        schema: Where the tables are, unless the address names another one.

    Raises:
        LogError: The server does not answer.
    """
    database = PostgresDatabase(dsn if "schema=" in dsn else f"{dsn}{'&' if '?' in dsn else '?'}schema={schema}")
    try:
        return database.role()
    finally:
        database.close()
