"""Makes the data of a tenant in a log unreadable, and changes the keys of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.errors import LogError
from genie.journal.bodies import checked, packed
from genie.journal.database import meta
from genie.journal.history import UNKNOWN
from genie.journal.sealing import Sealer, clear_part, tenant_of
from genie.journal.upkeep import account, batches, holds, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.contracts.ports.journal import LogRecord
    from genie.contracts.ports.keys import KeyRing
    from genie.journal.database import Database


class Shredded(NamedTuple):
    """Result of making a tenant's data unreadable."""

    runs: int
    ended: int
    """Number of deliveries in flight that were ended."""
    keys: int
    everywhere: bool
    """True if no copy of the log can be read either."""


def shred(database: Database, keys: KeyRing, tenant: str, *, now: float, check: Callable[[], None]) -> Shredded:
    """Make a tenant's data in a log unreadable: end its open runs, then destroy its keys.

    Events stay readable, so that the account still balances. The arguments are those of ``prune``.

    Raises:
        LogError: A legal hold or an outside effect whose result is unknown forbids it (``held``), or records of the
            tenant are not encrypted (``keys``).
    """
    if not tenant:
        raise LogError(place=database.place, state="keys", problem="needs a tenant", remedy="name it")
    found = account(database)
    runs = {number: run for number, run in found.runs.items() if run.tenant == tenant}
    held = {(kind, name) for kind, name, _ in holds(database)}
    if ("tenant", tenant) in held or any(("run", run_id(found.prefix, number)) in held for number in runs):
        raise LogError(
            place=database.place, state="held", problem="a legal hold keeps this tenant's data",
            remedy="end the hold first (`genie journal release`)",
        )  # fmt: skip
    if not _all_sealed(database, set(runs), tenant):
        raise LogError(
            place=database.place, state="keys", problem="holds records of this tenant that are not encrypted",
            remedy="remove its finished runs with `genie journal prune`, and give the log `keys:`",
        )  # fmt: skip
    ending: list[LogRecord] = []
    for number, run in runs.items():
        if not run.closed:
            left = [delivery for delivery, ends in run.deliveries.items() if not ends]
            same = {"kind": "ended", "run": number, "outcome": "cancelled", "code": "shredded", "drawn": {}}
            ending += [{**same, "delivery": one} for one in left]
            ending.append({"kind": "closed", "run": number})
    unknown = _unknown(database, Sealer(database, keys, lambda: now), {one["run"] for one in ending})
    if unknown is not None:
        raise LogError(
            place=database.place, state="held", problem=f"contains an outside effect whose result is unknown: "
                                                        f"{unknown}",
            remedy="state its result first (`genie effects resolve`)",
        )  # fmt: skip
    count = len(database.execute("SELECT id FROM keys WHERE tenant = $1 AND length(wrapped) > 0", tenant))
    with database.transaction():
        check()
        if ending:
            _append(database, ending, now)
        database.execute("UPDATE keys SET wrapped = $1 WHERE tenant = $2", b"", tenant)
    everywhere = keys.destroy(tenant)
    database.tidy()
    return Shredded(len(runs), sum(one["kind"] == "ended" for one in ending), count, everywhere)


def _unknown(database: Database, sealer: Sealer, runs: set[int]) -> str | None:
    """Return an outside effect of open runs whose result is unknown."""
    unknown: dict[str, None] = {}
    for batch in batches(database):
        records, sealed = checked(database.place, batch.number, batch.body, batch.sha256)
        if not any(one["kind"] == "effect" and one["run"] in runs for one in records):
            continue
        sealer.load()
        for one in sealer.opened(records, sealed):
            if one["kind"] == "effect" and one["run"] in runs:
                unknown.pop(one["id"], None)
                if one["fate"] in UNKNOWN:
                    unknown[one["id"]] = None
    return next(iter(unknown), None)


def _append(database: Database, records: Sequence[LogRecord], now: float) -> None:
    rows = database.execute("SELECT number, at, first + records FROM batches ORDER BY number DESC LIMIT 1")
    number, at, first = map(int, rows[0]) if rows else (0, 0, 1)
    number = max(number, meta(database, "last") or 0) + 1
    first = max(first, meta(database, "records") or 0)
    body = packed(records, b"")
    database.execute(
        "INSERT INTO batches VALUES ($1, $2, $3, $4, $5, $6)",
        number, max(at, int(now * 1000)), first, len(records), body.sha256, body.content,
    )  # fmt: skip


def _all_sealed(database: Database, runs: set[int], tenant: str) -> bool:
    for batch in batches(database):
        records, _ = checked(database.place, batch.number, batch.body, batch.sha256)
        for record in records:
            whole = record.keys() - {"tenant", "sealed"} != clear_part(record).keys() - {"tenant", "sealed"}
            if whole and (record.get("run") in runs or tenant_of(record) == tenant):
                return False
    return True


def rewrap(database: Database, keys: KeyRing) -> int:
    """Wrap every data key with the newest key of its ring; return their number."""
    keys.rotate()
    done = 0
    with database.transaction():
        for number, tenant, wrapped in database.execute("SELECT id, tenant, wrapped FROM keys"):
            key = keys.unwrap(str(tenant), bytes(wrapped)) if wrapped else None
            if key is not None:
                database.execute("UPDATE keys SET wrapped = $1 WHERE id = $2", keys.wrap(str(tenant), key), int(number))
                done += 1
    return done
