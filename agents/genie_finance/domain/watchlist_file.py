"""The two implementations of the port: the shipped invented list, and a file of your own."""

from __future__ import annotations

import datetime
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from genie.errors import InputError
from genie_finance.domain.screening import MAX_BYTES, Watchlist, parse, shipped


class WatchlistSettings(BaseModel):
    """Path and edition of a watch list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    """CSV in the columns of OpenSanctions' ``targets.simple.csv``, and ``kind``."""
    list_id: str = Field(min_length=1, max_length=64)
    version: str = Field(min_length=1, max_length=64)
    as_of: datetime.date
    with_shipped: bool = False
    """True to search the invented list as well."""


class WatchlistFile:
    """A list that is read from a file at the first screening, and cached."""

    Settings: ClassVar[type[WatchlistSettings]] = WatchlistSettings

    def __init__(self, settings: WatchlistSettings) -> None:
        self._settings = settings

    @cached_property
    def _read(self) -> tuple[Watchlist, ...]:
        chosen = self._settings
        try:
            if chosen.path.stat().st_size > MAX_BYTES:
                raise InputError(f"list {chosen.list_id}", f"is larger than {MAX_BYTES:,} bytes", "split it")
            content = chosen.path.read_bytes()
        except OSError as error:
            raise InputError(f"list {chosen.list_id}", f"cannot be read ({type(error).__name__})", "check it") from None
        own = parse(content, list_id=chosen.list_id, version=chosen.version, as_of=chosen.as_of)
        return (own, shipped()) if chosen.with_shipped else (own,)

    def lists(self) -> tuple[Watchlist, ...]:
        """Return the file's list.

        Raises:
            InputError: The file is missing or cannot be read.
        """
        return self._read


class InventedWatchlist:
    """The list in the package: invented names, for trials."""

    def lists(self) -> tuple[Watchlist, ...]:
        """Return the shipped list."""
        return (shipped(),)
