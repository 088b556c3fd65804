"""Decisions on a log that no process uses: dead letters, and effects whose result is unknown.

The log stores decisions, and they are applied when a runtime opens it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from genie.backend.clock import system_time
from genie.contracts.limits import KEY_KEPT_S
from genie.contracts.outcome import Outcome
from genie.errors import InputError, RunCancelledError
from genie.journal.history import UNKNOWN, History

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from genie.contracts.ports.journal import EventLog, LogRecord
    from genie.journal.history import OpenRun


class OfflineLog:
    """A log that is open for decisions.

    Args:
        log: The log; it is opened with the block, and closed after it.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._history = History()

    async def __aenter__(self) -> Self:
        """Open the log and read it.

        Raises:
            InputError: A process uses it, or it cannot be read.
        """
        self._history = History(await self._log.open())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the log."""
        await self._log.close()

    # --- dead letters ---

    def letters(
        self, *, agent: str | None = None, topic: str | None = None, code: str | None = None, ids: Iterable[str] = ()
    ) -> list[LogRecord]:
        """Return dead letters, oldest first: those of some ids, of an agent, a topic, a reason's code.

        Raises:
            InputError: An id does not belong to a dead letter.
        """
        wanted = frozenset(ids)
        unknown = sorted(wanted - self._history.letters.keys())
        if unknown:
            raise InputError(f"dead letter {unknown[0]!r}", "is not in this log", "see `genie dlq list`")
        filters = (("agent", agent), ("code", code))
        return [
            letter for name, letter in self._history.letters.items()
            if (not wanted or name in wanted) and all(value in {None, letter[field]} for field, value in filters)
            and topic in {None, letter["topic"], letter["topic"].partition("@")[0]}
        ]  # fmt: skip

    def redriven(self, letter: LogRecord) -> bool:
        """Return True for a letter to be redriven when a runtime opens the log."""
        return letter["id"] in self._history.redrives

    async def redrive(self, letters: Iterable[LogRecord], *, by: str, per_s: float) -> int:
        """Mark letters to be redriven when a runtime opens the log, with a rate per second; return their number."""
        return await self._keep({
            "kind": "redrive", "run": self._history.standing, "id": letter["id"], "by": by, "per_s": per_s,
        } for letter in letters)  # fmt: skip

    async def drop(self, letters: Iterable[LogRecord], *, by: str, reason: str) -> int:
        """Delete letters; return their number."""
        gone = {"kind": "gone", "run": self._history.standing, "by": by, "reason": reason}
        ids = [letter["id"] for letter in letters]
        facts = [{**gone, "of": "redrive", "id": one} for one in ids if one in self._history.redrives]
        await self._keep([*facts, *({**gone, "of": "letter", "id": one} for one in ids)])
        return len(ids)

    # --- effects ---

    def effects(self) -> list[LogRecord]:
        """Return the effects whose result is unknown, oldest first."""
        found = (effect for run in self._history for effect in run.effects.values())
        return sorted((effect for effect in found if effect["fate"] in UNKNOWN), key=lambda one: one["at"])

    async def resolve(self, effect_id: str, *, done: bool, result: Any, by: str, reason: str) -> None:
        """Set the result of an effect.

        Raises:
            InputError: No effect of that id waits for a decision.
        """
        effect = next((one for one in self.effects() if one["id"] == effect_id), None)
        if effect is None:
            raise InputError(
                f"effect {effect_id!r}", "does not wait for a decision in this log", "see `genie effects list`"
            )
        value = json.dumps(result, separators=(",", ":"), allow_nan=False) if done else None
        fate = "done" if done else "not_done"
        await self._keep([{**effect, "fate": fate, "value": value, "by": by, "reason": reason}])

    # --- runs ---

    async def cancel(self, run_id: str, *, by: str, reason: str) -> list[str]:
        """End a run that a stopped process left open; returns its deliveries that ended as cancelled.

        Raises:
            InputError: The run is not open in this log, or has an outside effect whose result is unknown.
        """
        prefix = self._history.prefix
        run = next((one for one in self._history if f"{prefix}-{one.record['run']:x}" == run_id), None)
        if run is None:
            raise InputError(f"run {run_id!r}", "is not open in this log", "see `genie runs list`")
        unknown = next((one for one in run.effects.values() if one["fate"] in UNKNOWN), None)
        if unknown is not None:
            raise InputError(
                f"run {run_id!r}", f"has an outside effect whose result is unknown: {unknown['id']}",
                "state its result with `genie effects resolve`, then cancel the run",
            )  # fmt: skip
        number, ended = run.record["run"], list(run.deliveries)
        records: list[LogRecord] = [
            {
                "kind": "ended", "run": number, "delivery": one, "outcome": Outcome.CANCELLED.value,
                "code": "cancelled", "drawn": {},
            }
            for one in ended
        ]  # fmt: skip
        records += self._outcome_of_key(run)
        await self._keep([*records, {"kind": "closed", "run": number, "by": by, "reason": reason}])
        return ended

    def _outcome_of_key(self, run: OpenRun) -> list[LogRecord]:
        """Return the value of a cancelled run's key: who asks again with the key learns that the run was cancelled."""
        if run.key is None:
            return []
        opened: list[LogRecord] = []
        ledger = self._history.standing
        if ledger is None:  # entries beyond runs have no place in this log yet
            ledger = self._history.last + 1
            opened = [{
                "kind": "run", "run": ledger, "standing": True, "caller": None, "deadline": None,
                "started": system_time(),
            }]  # fmt: skip
        run_id = f"{self._history.prefix}-{run.record['run']:x}"
        error = RunCancelledError(run_id=run_id)
        return [*opened, {
            "kind": "key", "run": ledger, "id": run.key["id"], "key": run.key["key"],
            "digest": run.key["digest"], "of": run_id, "until": system_time() + KEY_KEPT_S,
            "outcome": {"error": error.code, "facts": {name: getattr(error, name) for name in error.facts}},
        }]  # fmt: skip

    async def _keep(self, records: Iterable[LogRecord]) -> int:
        batch = list(records)
        if batch:
            await self._log.append(batch)
            for record in batch:
                self._history.add(record)
        return len(batch)
