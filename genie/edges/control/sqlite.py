"""Connects a running process with its control file, which has approvals and kill switches from other terminals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import anyio
import anyio.to_thread
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from genie.contracts.classification import Classification
from genie.edges.control.database import BEAT_S, Ledger
from genie.edges.control.operators import Operators
from genie.errors import InputError

if TYPE_CHECKING:
    from genie.contracts.ports.control import ControlNews, ControlReport


def _level(value: object) -> object:
    return Classification.parse(value) if isinstance(value, str) else value


class ControlSettings(BaseModel):
    """Path of the control file, and its settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Field(description="The file; created with access only for its owner if missing.")
    interval_s: float = Field(default=0.5, ge=0.05, le=60, description="Seconds between two reads.")
    operators: tuple[str, ...] = Field(
        default=("operator",),
        description="Roles of which a signed identity needs one to kill, pause, resume or revive; [] for any.",
    )
    clearance: Annotated[Classification, BeforeValidator(_level)] | None = Field(
        default=None, description="Highest classification that approvers see; that of a run's caller by default."
    )


class ControlFile:
    """A control that is a file.

    Args:
        settings: Path of the file and its settings.
    """

    Settings = ControlSettings

    def __init__(self, settings: ControlSettings) -> None:
        self.path = settings.path
        self.interval_s = settings.interval_s
        self.clearance = settings.clearance
        self.settings = settings
        self.operators: Operators | None = None
        """Verifies votes and acts, if the pipeline's callers are signed."""
        self._ledger: Ledger | None = None
        self._using = anyio.Lock()  # a connection is used by one thread at a time, and not closed while one waits
        self._process = ""
        self._last = 0
        self._beaten = 0.0

    def within(self, folder: Path) -> ControlFile:
        """Return a copy with a relative path resolved against a folder."""
        return ControlFile(self.settings.model_copy(update={"path": folder / self.path}))

    def signed_by(self, keys: Path, issuer: str, audience: str, tenant: str | None) -> None:
        """Require a signed identity for votes and acts, verified by the keys of the pipeline's callers."""
        roles = frozenset(self.settings.operators)
        self.operators = Operators(keys, issuer, audience, tenant=tenant, roles=roles)

    async def open(self, process: str, report: ControlReport) -> ControlNews:
        """Create the file if it does not exist, and register the process.

        Raises:
            InputError: It cannot be used.
        """
        self._process, self._beaten = process, report.at

        def register() -> ControlNews:
            self._ledger = ledger = Ledger(self.path, create=True, operators=self.operators)
            news, self._last = ledger.register(process, report)
            return news

        return await anyio.to_thread.run_sync(register)

    async def exchange(self, report: ControlReport) -> ControlNews:
        """Store a report in the file, and return people's decisions.

        Raises:
            InputError: It cannot be used.
        """
        beat = report.at - self._beaten >= BEAT_S
        async with self._using:
            ledger = self._ledger
            if ledger is None:
                raise InputError(str(self.path), "is closed")

            def exchange() -> ControlNews:
                news, self._last = ledger.exchange(self._process, report, self._last, beat=beat)
                return news

            news = await anyio.to_thread.run_sync(exchange)
        if beat:
            self._beaten = report.at
        return news

    async def close(self, report: ControlReport) -> None:
        """Sign off."""
        async with self._using:
            ledger, self._ledger = self._ledger, None
            if ledger is None:
                return

            def leave() -> None:
                try:
                    ledger.leave(self._process, report)
                finally:
                    ledger.close()

            await anyio.to_thread.run_sync(leave)
