"""Finds logs and key rings by the names in files and commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from genie.errors import LogError
from genie.journal.sqlite import SqliteDatabase, SqliteLog

if TYPE_CHECKING:
    from genie.contracts.ports.keys import KeyRing
    from genie.journal.database import Database
    from genie.journal.segments import SegmentLog
    from genie.journal.sqlite import Synchronous
    from genie.journal.upkeep import Retention

_SERVER = re.compile(r"postgres(ql)?://")
_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]{0,200})\Z")


def log_at(
    place: str, *, folder: Path = Path(), keys: str | None = None, synchronous: Synchronous = "full",
    retention: Retention | None = None,
) -> SegmentLog:  # fmt: skip
    """Return the log of a path or address, unopened.

    Raises:
        LogError: Its library or its keys are missing.
    """
    ring = None if keys is None else ring_at(keys, folder)
    if _SERVER.match(place):
        from genie.journal.postgres import PostgresLog  # noqa: PLC0415 - the library behind it is an extra

        return PostgresLog(place, synchronous=synchronous, keys=ring, retention=retention)
    return SqliteLog(folder / place, synchronous=synchronous, keys=ring, retention=retention)


def database_at(place: str) -> Database:
    """Return the database of a log, unconnected."""
    if _SERVER.match(place):
        from genie.journal.postgres import PostgresDatabase  # noqa: PLC0415 - as above

        return PostgresDatabase(place)
    return SqliteDatabase(Path(place))


def ring_at(place: str, folder: Path = Path()) -> KeyRing:
    """Return the key ring of a path, or of ``env:NAME``.

    Raises:
        LogError: It cannot be used.
    """
    from genie.journal.rings import EnvironmentKeyRing, FileKeyRing  # noqa: PLC0415 - the library behind it is an extra

    variable = _VARIABLE.match(place)
    if variable is not None:
        return EnvironmentKeyRing(variable[1])
    if place.startswith("env:"):
        raise LogError(place=place, state="keys", problem="names no variable", remedy="write env:NAME")
    return FileKeyRing(folder / place)
