"""Encryption of records at rest: events stay readable, payloads and names of persons do not.

The secret part of each record is encrypted with AES-256-GCM with a data key of its tenant. The tenant, the run and the
record's number in the log are bound to it, so that a part moved to another place does not decrypt.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from genie.errors import LogError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from genie.contracts.ports.journal import LogRecord
    from genie.contracts.ports.keys import KeyRing
    from genie.journal.database import Database

CLEAR = frozenset({
    "kind", "run", "number", "scope", "parent", "owner", "delivery", "message", "agent", "outcome", "code", "topic",
    "plan", "instead_of", "tried", "id", "due", "cause", "hops", "to", "label", "attempt", "started", "deadline",
    "expect", "need", "asked", "drawn", "standing", "us", "took", "draw", "verdict", "policy_set",
})  # fmt: skip
"""Fields that stay readable: those of the account. Every other field, including unknown ones, is encrypted."""
OF_THE_LOG = frozenset({"runtime", "numbers", "life", "left", "card"})
"""Kinds of records that belong to no tenant."""
NAMED = frozenset({"letter"})
"""Kinds whose id is created by the program; ids of other kinds may be texts of a caller."""
MOST_USES = 1 << 28
"""Number of records encrypted with one data key before a new one is created."""
LONGEST_S = 86_400.0
"""Age in seconds at which an opened log creates a new data key."""
_NONCE = 12
_KEY_BYTES = 32


def clear_part(record: LogRecord) -> LogRecord:
    """Return the fields of a record that contain nothing of a payload or a person."""
    if record["kind"] in OF_THE_LOG:
        return record
    return {name: value for name, value in record.items() if _is_clear(record, name) or name in {"tenant", "sealed"}}


def _is_clear(record: LogRecord, name: str) -> bool:
    if name == "id":
        return type(record["id"]) is int or record["kind"] in NAMED
    return name in CLEAR


def tenant_of(record: LogRecord) -> str:
    """Return the tenant that a record names; empty if it names none."""
    if record["kind"] == "key" or (record["kind"], record.get("of")) == ("gone", "key"):
        return from_json(record["id"])[0] or ""  # a key outlives its run; its id consists of tenant, user and key
    for name in ("caller", "headers"):
        found = record.get(name)
        if isinstance(found, dict) and found.get("tenant"):
            return str(found["tenant"])
    return str(record.get("tenant") or "")


class Sealer:
    """Encrypts and decrypts the records of one log.

    Args:
        database: The log; its table of wrapped data keys.
        keys: Wraps the data keys.
        now: Seconds since the epoch.

    Raises:
        LogError: The library ``cryptography`` is not installed.
    """

    def __init__(self, database: Database, keys: KeyRing, now: Callable[[], float]) -> None:
        self._database = database
        self._keys = keys
        self._now = now
        self._made = ciphers()
        self._data: dict[int, tuple[str, AESGCM | None]] = {}
        """Data key -> its tenant and its cipher; None if the tenant's keys were destroyed."""
        self._current: dict[str, int] = {}
        self._uses: dict[int, int] = {}
        self._tenants: dict[int, str] = {}
        """Open run -> its tenant."""
        self._gone: set[int] = set()
        """Runs that cannot be decrypted."""

    def load(self) -> None:
        """Read the wrapped data keys.

        Raises:
            LogError: A key that was not destroyed is unavailable.
        """
        self._data.clear()
        self._current.clear()
        self._tenants.clear()
        self._gone.clear()
        young = int((self._now() - LONGEST_S) * 1000)
        rows = self._database.execute("SELECT id, tenant, wrapped, made FROM keys ORDER BY id")
        for number, tenant, wrapped, made in rows:
            found = self._keys.unwrap(str(tenant), bytes(wrapped)) if wrapped else None
            self._data[int(number)] = (str(tenant), None if found is None else self._made(found))
            if found is not None and made > young:
                self._current[str(tenant)] = int(number)
                self._uses[int(number)] = 0

    def seal(self, records: Sequence[LogRecord], first: int) -> tuple[list[LogRecord], bytes]:
        """Return records without their secret parts, and these parts, encrypted and concatenated."""
        clear: list[LogRecord] = []
        sealed: list[bytes] = []
        for position, record in enumerate(records, first):
            if record["kind"] in OF_THE_LOG:
                clear.append(record)
                continue
            tenant = self._tenant(record)
            shown = {name: value for name, value in record.items() if _is_clear(record, name)}
            if record["kind"] == "run":
                shown["tenant"] = tenant
            secret = {name: value for name, value in record.items() if name not in shown}
            if secret:
                number = self._key(tenant)
                cipher = self._data[number][1]
                assert cipher is not None  # noqa: S101 - a current key is one that was made or unwrapped
                nonce = os.urandom(_NONCE)
                text = to_json(secret, inf_nan_mode="constants")
                part = nonce + cipher.encrypt(nonce, text, bound_to(tenant, record["run"], position))
                shown["sealed"] = [number, position, len(part)]
                sealed.append(part)
            clear.append(shown)
            if record["kind"] == "closed":
                self._tenants.pop(record["run"], None)
        return clear, b"".join(sealed)

    def opened(self, records: Sequence[LogRecord], sealed: bytes) -> list[LogRecord]:
        """Return records with their secret parts; those of a tenant whose keys were destroyed are left out.

        Raises:
            LogError: A part was changed or moved.
        """
        found: list[LogRecord] = []
        at = 0
        for record in records:
            run = record.get("run", 0)
            if record["kind"] == "run":
                self._tenants[run] = record.get("tenant", "")
            whole = {name: value for name, value in record.items() if name not in {"tenant", "sealed"}}
            if "sealed" in record:
                number, position, length = record["sealed"]
                part, at = sealed[at : at + length], at + length
                tenant, cipher = self._data.get(number, (self._tenants.get(run, ""), None))
                if cipher is None and tenant != self._tenants.get(run, ""):
                    continue  # entries beyond runs: they may belong to other tenants than their neighbours
                if cipher is None:
                    self._gone.add(run)
                else:
                    whole |= self._decrypted(cipher, part, bound_to(tenant, run, position), position)
            if run not in self._gone:
                found.append(whole)
            if record["kind"] == "closed":
                self._tenants.pop(run, None)
                self._gone.discard(run)
        return found

    def _decrypted(self, cipher: AESGCM, part: bytes, bound: bytes, position: int) -> dict[str, Any]:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra

        try:
            secret: dict[str, Any] = from_json(cipher.decrypt(part[:_NONCE], part[_NONCE:], bound))
        except (InvalidTag, ValueError):
            raise LogError(
                place=self._database.place, state="damaged",
                problem=f"record {position} does not decrypt: it was changed, or moved from another place",
                remedy="restore a copy",
            ) from None  # fmt: skip
        return secret

    def _tenant(self, record: LogRecord) -> str:
        run: int = record["run"]
        if record["kind"] == "run":
            self._tenants[run] = tenant_of(record)
        return self._tenants.get(run) or tenant_of(record)

    def _key(self, tenant: str) -> int:
        """Return the number of a tenant's usable data key; create one if there is none."""
        number = self._current.get(tenant)
        if number is None or self._uses[number] >= MOST_USES:
            key = os.urandom(_KEY_BYTES)
            rows = self._database.execute("SELECT coalesce(max(id), 0) + 1 FROM keys")
            number = int(rows[0][0])
            self._database.execute(
                "INSERT INTO keys VALUES ($1, $2, $3, $4)",
                number, tenant, self._keys.wrap(tenant, key), int(self._now() * 1000),
            )  # fmt: skip
            self._data[number] = (tenant, self._made(key))
            self._current[tenant] = number
            self._uses[number] = 0
        self._uses[number] += 1
        return number


def bound_to(tenant: str, run: int, position: int) -> bytes:
    """Return the associated data of a secret part."""
    return to_json([tenant, run, position])


def ciphers() -> type[AESGCM]:
    """Return the cipher.

    Raises:
        LogError: The library ``cryptography`` is not installed.
    """
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an extra
    except ImportError:
        raise LogError(
            place="the keys of a log", state="no_library", problem="need the library `cryptography`",
            remedy="install genie-bus[governance]",
        ) from None  # fmt: skip
    return AESGCM
