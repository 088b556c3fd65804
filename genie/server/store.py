"""Persistent state of the server: ended runs, sessions and passkeys, encrypted by tenant.

One thread owns the database, a file or a PostgreSQL schema. Every transaction acts for one tenant: in PostgreSQL
row-level security hides the others, and all statements also name the tenant.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic_core import from_json, to_json

from genie.errors import LogError
from genie.journal.database import Layout
from genie.journal.places import ring_at
from genie.journal.sealing import LONGEST_S, MOST_USES, ciphers
from genie.journal.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from genie.contracts.ports.keys import KeyRing
    from genie.journal.database import Database

SCHEMA = "genie_server"
LAYOUT = Layout(
    (
        "CREATE TABLE IF NOT EXISTS meta (name {text} PRIMARY KEY, value {integer} NOT NULL)",
        "CREATE TABLE IF NOT EXISTS keys (id {integer} NOT NULL, tenant {text} NOT NULL, wrapped {blob} NOT NULL, "
        "made {integer} NOT NULL, PRIMARY KEY (tenant, id))",
        "CREATE TABLE IF NOT EXISTS kept (kind {text} NOT NULL, id {text} NOT NULL, tenant {text} NOT NULL, "
        "at {integer} NOT NULL, ends {integer} NOT NULL, data_key {integer} NOT NULL, body {blob} NOT NULL, "
        "PRIMARY KEY (tenant, kind, id))",
    ),
    1,
    "a store of `genie serve`",
    "kept",
)  # fmt: skip
PRESENTED = ("session", "passkey")
"""Kinds whose id is a secret of their owner: the row is found by it before its tenant is known."""
MOST_TENANTS = 10_000
"""Number of tenants whose data keys are cached."""
T = TypeVar("T")
_NONCE = 12
_NOBODY = "-"


class Kept(NamedTuple):
    """One row, decrypted."""

    id: str
    tenant: str | None
    body: dict[str, Any]


class Store:
    """The rows of one server.

    Args:
        database: The database.
        keys: Wraps the data keys.
        now: Seconds since the epoch.
    """

    def __init__(self, database: Database, keys: KeyRing, now: Callable[[], float]) -> None:
        self._database = database
        self._keys = keys
        self._now = now
        self._cipher = ciphers()
        self._data: dict[tuple[str, int], AESGCM | None] = {}
        self._current: dict[str, tuple[int, int]] = {}
        """Tenant -> its data key, and the number of its uses."""
        self._writer: Writer | None = None

    async def open(self) -> None:
        """Connect.

        Raises:
            LogError: The database cannot be used; ``state`` says why.
        """
        self._writer = Writer("store of the server", lambda _batches: None, lambda: None, 3_600.0)
        try:
            await self._writer.call(self._database.connect)
        except BaseException:  # close everything, then re-raise the error
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect, after all earlier work."""
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                await writer.call(self._database.close)
            finally:
                writer.stop()

    async def put(self, kind: str, name: str, tenant: str | None, body: dict[str, Any], ends: float) -> None:
        """Store a row, replacing one of the same name; expired rows of the tenant are removed."""
        await self._call(lambda: self._put(kind, name, _key_of(tenant), body, ends))

    async def add(self, tenant: str | None, rows: Sequence[tuple[str, str, dict[str, Any], float]]) -> bool:
        """Store rows (kind, name, body, end) together; if one of them exists, store nothing and return False."""
        return await self._call(lambda: self._add(_key_of(tenant), rows))

    async def get(self, kind: str, name: str, tenant: str | None) -> Kept | None:
        """Return a row of a tenant."""
        return await self._call(lambda: self._get(kind, name, _key_of(tenant)))

    async def present(self, kind: str, name: str) -> Kept | None:
        """Return the row of a secret id, whatever its tenant."""
        return await self._call(lambda: self._present(kind, name))

    async def latest(self, kind: str, tenant: str | None, most: int) -> list[Kept]:
        """Return the latest rows of a tenant, oldest first."""
        return await self._call(lambda: self._latest(kind, _key_of(tenant), most))

    async def remove(self, kind: str, name: str, tenant: str | None) -> None:
        """Remove a row."""
        await self._call(lambda: self._remove(kind, name, _key_of(tenant)))

    async def shred(self, tenant: str | None) -> bool:
        """Remove every row and data key of a tenant.

        Return False if the key ring cannot destroy its keys for copies.
        """
        return await self._call(lambda: self._shred(_key_of(tenant)))

    async def rewrap(self, tenant: str | None) -> int:
        """Wrap the data keys of a tenant with the newest key of the ring; return their number."""
        return await self._call(lambda: self._rewrap(_key_of(tenant)))

    async def tenants(self) -> list[str | None]:
        """Return the tenants with data keys; with row-level security none can be listed."""
        rows = await self._call(lambda: self._execute("", "SELECT DISTINCT tenant FROM keys"))
        return [_tenant_of(str(row[0])) for row in rows]

    # --- in the thread ---

    async def _call(self, function: Callable[[], T]) -> T:
        if self._writer is None:
            raise LogError(place=self._database.place, state="closed", problem="is not open", remedy="open it first")
        return await self._writer.call(function)

    def _execute(self, tenant: str, sql: str, *values: object, presented: str = "") -> Sequence[Sequence[Any]]:
        self._act(tenant, presented)
        return self._database.execute(sql, *values)

    def _act(self, tenant: str, presented: str = "") -> None:
        act = getattr(self._database, "act", None)
        if act is not None:
            act(tenant, presented)

    def _put(self, kind: str, name: str, tenant: str, body: dict[str, Any], ends: float) -> None:
        self._act(tenant)
        with self._database.transaction():
            number, sealed = self._sealed(kind, name, tenant, body)
            self._database.execute("DELETE FROM kept WHERE tenant = $1 AND kind = $2 AND id = $3", tenant, kind, name)
            self._insert(kind, name, tenant, ends, number, sealed)
            self._database.execute("DELETE FROM kept WHERE tenant = $1 AND ends <= $2", tenant, _ms(self._now()))

    def _add(self, tenant: str, rows: Sequence[tuple[str, str, dict[str, Any], float]]) -> bool:
        self._act(tenant)
        with self._database.transaction():
            for kind, name, _, _ in rows:
                if self._row(kind, name, tenant):
                    return False
            for kind, name, body, ends in rows:
                self._insert(kind, name, tenant, ends, *self._sealed(kind, name, tenant, body))
        return True

    def _insert(self, kind: str, name: str, tenant: str, ends: float, number: int, sealed: bytes) -> None:
        self._database.execute(
            "INSERT INTO kept VALUES ($1, $2, $3, $4, $5, $6, $7)",
            kind, name, tenant, _ms(self._now()), _ms(ends), number, sealed,
        )  # fmt: skip

    def _row(self, kind: str, name: str, tenant: str) -> Sequence[Sequence[Any]]:
        return self._database.execute(
            "SELECT data_key, body FROM kept WHERE tenant = $1 AND kind = $2 AND id = $3 AND ends > $4",
            tenant, kind, name, _ms(self._now()),
        )  # fmt: skip

    def _get(self, kind: str, name: str, tenant: str) -> Kept | None:
        self._act(tenant)
        rows = self._row(kind, name, tenant)
        body = self._opened(kind, name, tenant, *rows[0]) if rows else None
        return None if body is None else Kept(name, _tenant_of(tenant), body)

    def _present(self, kind: str, name: str) -> Kept | None:
        rows = self._execute("", "SELECT tenant FROM kept WHERE kind = $1 AND id = $2", kind, name, presented=name)
        return self._get(kind, name, str(rows[0][0])) if len(rows) == 1 else None

    def _latest(self, kind: str, tenant: str, most: int) -> list[Kept]:
        rows = self._execute(
            tenant, "SELECT id, data_key, body FROM kept WHERE tenant = $1 AND kind = $2 AND ends > $3 "
            "ORDER BY at DESC, id DESC LIMIT $4", tenant, kind, _ms(self._now()), most,
        )  # fmt: skip
        found = [
            (str(name), self._opened(kind, str(name), tenant, number, body)) for name, number, body in reversed(rows)
        ]
        return [Kept(name, _tenant_of(tenant), body) for name, body in found if body is not None]

    def _remove(self, kind: str, name: str, tenant: str) -> None:
        self._execute(tenant, "DELETE FROM kept WHERE tenant = $1 AND kind = $2 AND id = $3", tenant, kind, name)

    def _shred(self, tenant: str) -> bool:
        everywhere = self._keys.destroy(_ring_name(tenant))
        self._act(tenant)
        with self._database.transaction():
            self._database.execute("DELETE FROM kept WHERE tenant = $1", tenant)
            self._database.execute("DELETE FROM keys WHERE tenant = $1", tenant)
        self._forget(tenant)
        self._database.vacuum()
        self._database.tidy()
        return everywhere

    def _rewrap(self, tenant: str) -> int:
        self._act(tenant)
        done = 0
        with self._database.transaction():
            for number, wrapped in self._database.execute("SELECT id, wrapped FROM keys WHERE tenant = $1", tenant):
                key = self._keys.unwrap(_ring_name(tenant), bytes(wrapped))
                if key is not None:
                    self._database.execute(
                        "UPDATE keys SET wrapped = $1 WHERE tenant = $2 AND id = $3",
                        self._keys.wrap(_ring_name(tenant), key), tenant, int(number),
                    )  # fmt: skip
                    done += 1
        return done

    # --- encryption ---

    def _sealed(self, kind: str, name: str, tenant: str, body: dict[str, Any]) -> tuple[int, bytes]:
        number = self._usable(tenant)
        cipher = self._data[tenant, number]
        assert cipher is not None  # noqa: S101 - a current key is one that was made or unwrapped
        nonce = os.urandom(_NONCE)
        return number, nonce + cipher.encrypt(nonce, to_json(body), _bound(tenant, kind, name))

    def _opened(self, kind: str, name: str, tenant: str, number: int, sealed: bytes) -> dict[str, Any] | None:
        """Return the body of a row; None if the tenant's keys were destroyed."""
        if (tenant, number) not in self._data:
            self._load(tenant)
        cipher = self._data.get((tenant, number))
        if cipher is None:
            return None
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra

        part = bytes(sealed)
        try:
            found: dict[str, Any] = from_json(cipher.decrypt(part[:_NONCE], part[_NONCE:], _bound(tenant, kind, name)))
        except (InvalidTag, ValueError):
            raise LogError(
                place=self._database.place, state="damaged", remedy="restore a copy",
                problem=f"a row of kind {kind} does not decrypt: it was changed, or moved from another place",
            ) from None  # fmt: skip
        return found

    def _usable(self, tenant: str) -> int:
        """Return the number of a tenant's usable data key; create one if there is none."""
        if tenant not in self._current:
            self._load(tenant)
        number, uses = self._current.get(tenant, (0, 0))
        if not number or uses >= MOST_USES:
            key = os.urandom(32)
            wrapped = self._keys.wrap(_ring_name(tenant), key)
            rows = self._database.execute("SELECT coalesce(max(id), 0) + 1 FROM keys WHERE tenant = $1", tenant)
            number, uses = int(rows[0][0]), 0
            self._database.execute(
                "INSERT INTO keys VALUES ($1, $2, $3, $4)", number, tenant, wrapped, _ms(self._now())
            )
            self._data[tenant, number] = self._cipher(key)
        self._current[tenant] = number, uses + 1
        return number

    def _load(self, tenant: str) -> None:
        if len(self._current) >= MOST_TENANTS:
            self._data.clear()
            self._current.clear()
        young = _ms(self._now() - LONGEST_S)
        rows = self._database.execute("SELECT id, wrapped, made FROM keys WHERE tenant = $1 ORDER BY id", tenant)
        for number, wrapped, made in rows:
            key = self._keys.unwrap(_ring_name(tenant), bytes(wrapped))
            self._data[tenant, int(number)] = None if key is None else self._cipher(key)
            if key is not None and made > young:
                self._current[tenant] = int(number), 0

    def _forget(self, tenant: str) -> None:
        self._current.pop(tenant, None)
        for pair in [pair for pair in self._data if pair[0] == tenant]:
            del self._data[pair]


def store_at(place: str, keys: str, now: Callable[[], float]) -> Store:
    """Return the store of a path or a PostgreSQL address, unopened.

    Args:
        place: The path or address.
        keys: Path of a key ring, or ``env:NAME``.
        now: Seconds since the epoch.

    Raises:
        LogError: Its library or its keys are missing.
    """
    ring = ring_at(keys)
    if not place.startswith(("postgres://", "postgresql://")):
        from genie.journal.sqlite import SqliteDatabase  # noqa: PLC0415 - one of two

        return Store(SqliteDatabase(Path(place), layout=LAYOUT), ring, now)
    from genie.journal.postgres import PostgresDatabase  # noqa: PLC0415 - the library behind it is an extra

    if "schema=" not in place:
        place += f"{'&' if '?' in place else '?'}schema={SCHEMA}"
    if "secret=" not in place:
        raise LogError(
            place="the store of the server", state="role", problem="would not be separated by tenant",
            remedy="prepare the database with `genie store sql`, and add secret=NAME to the address",
        )  # fmt: skip
    return Store(PostgresDatabase(place, layout=LAYOUT), ring, now)


def _bound(tenant: str, kind: str, name: str) -> bytes:
    return to_json([tenant, kind, name, LAYOUT.format])


def _key_of(tenant: str | None) -> str:
    return _NOBODY if tenant is None else f"={tenant}"


def _tenant_of(key: str) -> str | None:
    return None if key == _NOBODY else key[1:]


def _ring_name(key: str) -> str:
    """Return the tenant's name in logs, so that one key ring shreds both."""
    return _tenant_of(key) or ""


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
