"""Spending of keys and conversations: reserved before a call, settled after it, in one SQLite file.

Check and reservation are one transaction, so concurrent calls and processes cannot overspend a budget. Each process
holds a slot of the file with a lock that the system frees when the process ends. The reservations of a killed process
are charged in full at the next start, as ``estimated``, because the cost of its calls is unknown. Costs are integers in
units of 1e-12, rounded up.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.limits import EXACT
from genie.errors import InputError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from genie.server.principals import Allowance

SCALE = Decimal(10**12)
MOST = 1 << 62
MOST_ACCOUNTS = 1_000_000
"""Maximum number of accounts of one file; further conversations are refused."""
WAIT_S = 1.0
"""Seconds to wait for another process that locks the file; then the call is refused."""
_TABLE = """
CREATE TABLE IF NOT EXISTS account (
    kind TEXT NOT NULL, name TEXT NOT NULL, period TEXT NOT NULL,
    cost INTEGER NOT NULL DEFAULT 0, tokens INTEGER NOT NULL DEFAULT 0,
    reserved_cost INTEGER NOT NULL DEFAULT 0, reserved_tokens INTEGER NOT NULL DEFAULT 0,
    calls INTEGER NOT NULL DEFAULT 0, estimated INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
    unpriced INTEGER NOT NULL DEFAULT 0, latest REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, name, period)
) WITHOUT ROWID
"""
_OPEN = """
CREATE TABLE IF NOT EXISTS open_call (
    slot INTEGER NOT NULL, number INTEGER NOT NULL, places TEXT NOT NULL, cost INTEGER NOT NULL,
    tokens INTEGER NOT NULL, PRIMARY KEY (slot, number)
) WITHOUT ROWID
"""
MOST_SLOTS = 64
"""Number of processes that share one file; reservations of further ones stay if they are killed."""
_RESERVE = """
INSERT INTO account (kind, name, period, reserved_cost, reserved_tokens, calls, unpriced, latest)
VALUES (?, ?, ?, ?, ?, 1, ?, ?)
ON CONFLICT (kind, name, period) DO UPDATE SET
    reserved_cost = reserved_cost + excluded.reserved_cost,
    reserved_tokens = reserved_tokens + excluded.reserved_tokens,
    calls = calls + 1, unpriced = unpriced + excluded.unpriced, latest = excluded.latest
RETURNING cost + reserved_cost, tokens + reserved_tokens, calls = 1 AND refused = 0
"""
_SETTLE = """
UPDATE account SET reserved_cost = reserved_cost - ?, reserved_tokens = reserved_tokens - ?, cost = cost + ?,
    tokens = tokens + ?, estimated = estimated + ? WHERE kind = ? AND name = ? AND period = ?
"""
_REFUSED_FIRST = "INSERT OR IGNORE INTO account (kind, name, period, latest) VALUES (?, ?, ?, ?)"
_REFUSED = "UPDATE account SET refused = refused + 1 WHERE kind = ? AND name = ? AND period = ?"
_COLUMNS = (
    "kind", "name", "period", "cost", "tokens", "reserved_cost", "reserved_tokens", "calls", "estimated", "refused",
    "unpriced", "latest",
)  # fmt: skip


class Place(NamedTuple):
    """One account that a call is charged to."""

    kind: str
    """``key``, ``conversation`` or ``model``."""
    name: str
    period: str
    """A day, a month, or empty."""
    allowance: Allowance | None


class Spent(NamedTuple):
    """State of an account."""

    kind: str
    name: str
    period: str
    cost: Decimal
    tokens: int
    reserved_cost: Decimal
    """Reserved by calls in flight, and by killed processes until another one starts."""
    reserved_tokens: int
    calls: int
    estimated: int
    """Number of calls with unknown usage: the provider reported none, or the process was killed."""
    refused: int
    unpriced: int
    """Number of calls of a model without a price; their cost is unknown."""
    latest: float


class OverError(Exception):
    """An account has too little left.

    Args:
        place: The account.
        unit: ``cost`` or ``tokens``.
    """

    def __init__(self, place: Place, unit: str) -> None:
        super().__init__(place.kind, unit)
        self.place, self.unit = place, unit


class Ticket:
    """The reservation of one call.

    Args:
        places: Accounts that it is charged to.
        cost: Cost in units of 1/``SCALE``.
        tokens: Tokens.
        number: Number of the call in its process.
    """

    __slots__ = ("cost", "number", "places", "settled", "tokens")

    def __init__(self, places: tuple[Place, ...], cost: int, tokens: int, number: int) -> None:
        self.places, self.cost, self.tokens, self.number = places, cost, tokens, number
        self.settled = False


class Spend:
    """The accounts.

    Args:
        path: The file; None for memory only.
        reads: Read-only: nothing is reserved, and reservations of killed processes are not charged.

    Raises:
        InputError: The file cannot be opened, or is not a file of spending.
    """

    def __init__(self, path: Path | None = None, *, reads: bool = False) -> None:
        where = ":memory:" if path is None else str(path)
        self._path = path
        self._lock: int | None = None
        self._slot = 0
        self._calls = 0
        self.charged = 0
        """Number of calls of killed processes that were charged when the file was opened."""
        try:
            self._base = sqlite3.connect(where, timeout=WAIT_S, isolation_level=None)
            tables = {name for (name,) in self._base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if tables and "account" not in tables:
                self._base.close()
                raise InputError(where, "is a database of another program", "name a file of spending, or a new one")
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute(_TABLE)
            self._base.execute(_OPEN)
            self._base.execute(f"SELECT {', '.join(_COLUMNS)} FROM account LIMIT 1")  # noqa: S608 - names of our own
            if path is not None and not reads:
                self._take_slot(path)
            (self._count,) = self._base.execute("SELECT COUNT(*) FROM account").fetchone()
        except sqlite3.Error:
            problem = "cannot be used as a file of spending"
            raise InputError(where, problem, "name a file that this command made, or a new one") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._base.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_slot(self, path: Path) -> None:
        """Take the first free slot, and charge the reservations of the processes that held free ones."""
        for slot in range(1, MOST_SLOTS + 1):
            lock = _locked(path, slot)
            if lock is None:
                continue
            self._charge_killed(slot)
            if self._lock is None:
                self._lock, self._slot = lock, slot
            else:
                os.close(lock)
            if not self._base.execute("SELECT 1 FROM open_call WHERE slot > ? LIMIT 1", (slot,)).fetchone():
                return

    def _charge_killed(self, slot: int) -> None:
        with self._writing() as base:
            rows = base.execute("SELECT places, cost, tokens FROM open_call WHERE slot = ?", (slot,)).fetchall()
            for places, cost, tokens in rows:
                for place in json.loads(places):
                    base.execute(_SETTLE, (cost, tokens, cost, tokens, True, *place))
            base.execute("DELETE FROM open_call WHERE slot = ?", (slot,))
        self.charged += len(rows)

    def reserve(self, places: tuple[Place, ...], cost: Decimal | None, tokens: int, now: float) -> Ticket:
        """Reserve an upper limit in every account, or in none.

        Raises:
            OverError: An account has less left.
            sqlite3.Error: The file cannot be written; nothing is reserved.
        """
        bound, opened = scaled(cost or Decimal(0)), 0
        with self._writing() as base:
            for place in places:
                found = base.execute(_RESERVE, (*place[:3], bound, tokens, cost is None, now)).fetchall()
                ((spent, used, new),) = found
                opened += new
                if self._count + opened > MOST_ACCOUNTS:
                    raise OverError(place, "accounts")
                _check(place, spent, used)
            self._calls += 1
            if self._slot:
                named = json.dumps([place[:3] for place in places])
                base.execute("INSERT INTO open_call VALUES (?, ?, ?, ?, ?)",
                             (self._slot, self._calls, named, bound, tokens))  # fmt: skip
        self._count += opened
        return Ticket(places, bound, tokens, self._calls)

    def more(self, ticket: Ticket, cost: Decimal | None, tokens: int) -> None:
        """Raise what a call has reserved to another upper bound.

        Raises:
            OverError: An account has less left; nothing changes.
            sqlite3.Error: As for ``reserve``.
        """
        bound = max(scaled(cost or Decimal(0)), ticket.cost)
        tokens = max(tokens, ticket.tokens)
        added, further = bound - ticket.cost, tokens - ticket.tokens
        with self._writing() as base:
            for place in ticket.places:
                spent, used = base.execute(
                    "SELECT cost + reserved_cost, tokens + reserved_tokens FROM account "
                    "WHERE kind = ? AND name = ? AND period = ?", place[:3],
                ).fetchone()  # fmt: skip
                _check(place, spent + added, used + further)
            for place in ticket.places:
                base.execute(
                    "UPDATE account SET reserved_cost = reserved_cost + ?, reserved_tokens = reserved_tokens + ? "
                    "WHERE kind = ? AND name = ? AND period = ?", (added, further, *place[:3]),
                )  # fmt: skip
            base.execute("UPDATE open_call SET cost = ?, tokens = ? WHERE slot = ? AND number = ?",
                         (bound, tokens, self._slot, ticket.number))  # fmt: skip
        ticket.cost, ticket.tokens = bound, tokens

    def settle(self, ticket: Ticket, cost: Decimal | None, tokens: int, *, estimated: bool = False) -> None:
        """Replace a reservation by the actual usage, once; usage above the reservation counts too.

        Args:
            ticket: The ticket of the call.
            cost: Its cost; None for a model without a price.
            tokens: Tokens used.
            estimated: True if the provider did not report the usage.
        """
        if ticket.settled:
            return
        with self._writing() as base:
            for place in ticket.places:
                used = (ticket.cost, ticket.tokens, scaled(cost or Decimal(0)), tokens, estimated)
                base.execute(_SETTLE, (*used, *place[:3]))
            if self._slot:
                base.execute("DELETE FROM open_call WHERE slot = ? AND number = ?", (self._slot, ticket.number))
        ticket.settled = True

    def refuse(self, places: tuple[Place, ...], place: Place, now: float) -> None:
        """Count a call that an account refused, for its key and for that account.

        A key is listed even if all of its calls were refused; a conversation is not, because any client can invent
        names.
        """
        with contextlib.suppress(sqlite3.Error), self._writing() as base:
            for one in places:
                if one.kind == "key" and self._count < MOST_ACCOUNTS:
                    self._count += base.execute(_REFUSED_FIRST, (*one[:3], now)).rowcount
                if one.kind == "key" or one == place:
                    base.execute(_REFUSED, one[:3])

    def all(self, kind: str | None = None, most: int = 10_000) -> list[Spent]:
        """Return the accounts, the latest first."""
        found = self._base.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM account WHERE ? IS NULL OR kind = ? "  # noqa: S608 - names of our own
            "ORDER BY latest DESC, kind, name LIMIT ?", (kind, kind, most),
        )  # fmt: skip
        return [_spent(row) for row in found]

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        base = self._base
        base.execute("BEGIN IMMEDIATE")
        try:
            yield base
        except BaseException:  # roll back, then re-raise the error
            base.execute("ROLLBACK")
            raise
        base.execute("COMMIT")


def _locked(path: Path, slot: int) -> int | None:
    """Return the lock file of a slot, locked until it is closed or the process ends; None if another process holds it.

    Raises:
        InputError: The file cannot be opened.
    """
    try:
        import fcntl  # noqa: PLC0415 - not on every system; without it, what a killed process had reserved stays so
    except ImportError:
        return None
    name = path.with_name(f"{path.name}.lock-{slot}")
    try:
        handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise InputError(str(name), f"cannot be opened ({error.strerror})", "make its folder writable") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _check(place: Place, cost: int, tokens: int) -> None:
    allowance = place.allowance
    if allowance is None:
        return
    if allowance.cost is not None and cost > scaled(allowance.cost):
        raise OverError(place, "cost")
    if allowance.tokens is not None and tokens > allowance.tokens:
        raise OverError(place, "tokens")


def _spent(row: tuple[object, ...]) -> Spent:
    found = dict(zip(_COLUMNS, row, strict=True))
    for name in ("cost", "reserved_cost"):
        found[name] = EXACT.divide(Decimal(str(found[name])), SCALE)
    return Spent(**found)  # type: ignore[arg-type]  # the columns are declared so


def scaled(cost: Decimal) -> int:
    """Convert a cost to the integer unit of accounts, rounded up."""
    return min(MOST, int(EXACT.multiply(cost, SCALE).to_integral_value(ROUND_CEILING)))


def period(per: str, today: datetime.date) -> str:
    """Return the period of a day."""
    return {"day": today.isoformat(), "month": today.isoformat()[:7]}.get(per, "")
