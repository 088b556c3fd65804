"""Exclusive use of a log by one process, with a numbered lease. Only the holder of the latest number may write.

The end of a process is noticed at once if the system frees its lock; a hanging process, when its lease expires.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.rendering import counted
from genie.errors import LogError

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.journal.database import Database

LEASE_S = 15.0
"""Seconds after which a process that has not renewed its lease may be replaced."""
RENEW_S = 5.0
"""Seconds between renewals."""


class Owner(NamedTuple):
    """The process that has a log."""

    epoch: int
    pid: int
    host: str
    since: int
    until: int
    locked: int

    @property
    def named(self) -> str:
        """Its name in errors."""
        return f"process {self.pid} on {self.host}"


def owner_of(database: Database) -> Owner | None:
    """Return the present or last owner of a log; its ``pid`` is 0 if the log was released."""
    rows = database.execute("SELECT epoch, pid, host, since, until, locked FROM owner WHERE id = 1")
    return Owner(*rows[0]) if rows else None


class Lease:
    """The right of one process to write.

    Args:
        database: The log, connected.
        now: Seconds since the epoch.
    """

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._renewed = 0.0
        self._locked = False
        self.epoch = 0

    def take(self, *, force: bool = False) -> None:
        """Acquire the log.

        Args:
            force: Take it from a process that still has it; the other's commits fail from then on.

        Raises:
            LogError: Another process has it (``in_use``), or its lease ends later than any lease can (``clock``).
        """
        database, now = self._database, self._now()
        self._locked = database.lock()
        host = socket.gethostname()
        with database.transaction():
            owner = owner_of(database)
            if owner is not None and not force:
                self._refuse(owner, host, now)
            self.epoch = 1 if owner is None else owner.epoch + 1
            values = (self.epoch, os.getpid(), host, _ms(now), _ms(now + LEASE_S), int(self._locked))
            database.execute("INSERT INTO owner VALUES (1, $1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING", *values)
            database.execute(
                "UPDATE owner SET epoch = $1, pid = $2, host = $3, since = $4, until = $5, locked = $6 WHERE id = 1",
                *values,
            )
        self._renewed = now

    def _refuse(self, owner: Owner, host: str, now: float) -> None:
        """Raise if another process has the log."""
        if not owner.pid or (owner.locked and self._locked and owner.host == host):
            return  # it was released, or the system has freed the lock of an ended process
        left = owner.until / 1000 - now
        if left > 2 * LEASE_S:
            raise LogError(
                place=self._database.place, state="clock",
                problem=f"the lease of {owner.named} ends in {counted(round(left), 'second')}: the clock went back",
                remedy="set the clock; if that process has ended, `genie journal takeover` takes the log",
            )  # fmt: skip
        if left > 0:
            raise LogError(
                place=self._database.place, state="in_use", problem=f"is used by {owner.named}",
                remedy=f"one process uses a log at a time; stop it, or wait: its lease ends in {left:.0f} s unless "
                "it renews it",
            )  # fmt: skip

    def check(self) -> None:
        """Check, inside a transaction, that the log is still ours, and renew the lease if due.

        Raises:
            LogError: Another process took it over (``fenced``).
        """
        now = self._now()
        owner = owner_of(self._database)
        if owner is None or owner.epoch != self.epoch:
            by = "another process" if owner is None or not owner.pid else owner.named
            raise LogError(
                place=self._database.place, state="fenced", problem=f"{by} took the log over; nothing more is written",
                remedy="end this process: its deliveries in flight continue there",
            )  # fmt: skip
        if abs(now - self._renewed) >= RENEW_S:
            self._locked = self._locked or self._database.lock()
            self._database.execute(
                "UPDATE owner SET until = $1, locked = $2 WHERE epoch = $3",
                _ms(now + LEASE_S), int(self._locked), self.epoch,
            )  # fmt: skip
            self._renewed = now

    def renew(self) -> None:
        """Renew the lease if due. Raises LogError as ``check`` does.

        Raises:
            LogError: As ``check``.
        """
        if abs(self._now() - self._renewed) >= RENEW_S:
            with self._database.transaction():
                self.check()

    def give_back(self) -> None:
        """Record that no process uses the log."""
        self._database.execute("UPDATE owner SET pid = 0, until = 0 WHERE epoch = $1", self.epoch)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
