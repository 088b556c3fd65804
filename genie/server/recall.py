"""Runs of earlier processes, read from the logs of the pipelines: once, when somebody asks for runs."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

import anyio

from genie.contracts.card import Caller
from genie.contracts.outcome import Counts
from genie.errors import GenieError, InputError, LogError
from genie.journal.bodies import checked
from genie.journal.facts import caller_of
from genie.journal.past import reading
from genie.journal.sealing import tenant_of
from genie.journal.upkeep import batches, run_id
from genie.server.hosting import ENDED, MOST_RUNS, HostedRun
from genie.server.keeping import Past
from genie.server.principals import Issued, Principal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from genie.config.pipeline import Pipeline, SignedIdentity
    from genie.contracts.message import Payload
    from genie.contracts.ports.journal import LogRecord
    from genie.runtime.run import Run
    from genie.server.hosting import Hosted
    from genie.server.who import IssuerSection

_logger = logging.getLogger("genie.server")
MOST_BATCHES = 50_000
"""Batches of a log that are read, the latest."""
UNREAD = "(unknown)"
"""User of a run whose caller the log does not name, or names in what cannot be decrypted."""


class Logged(NamedTuple):
    """What a log says of one run."""

    id: str
    caller: Caller
    known: bool
    """The log names the caller."""
    at: float
    last: float
    counts: Counts


@dataclass(slots=True)
class _Seen:
    caller: Caller
    known: bool
    at: float
    last: float
    ends: dict[str, str] = field(default_factory=dict)
    """Delivery -> its outcome, empty while it is in flight."""


class Recall:
    """Shows the runs of the logs beside those of this process.

    Args:
        hosted: Pipelines by id.
        pipelines: Those that this process serves.
        issuers: Configured issuers.
    """

    def __init__(
        self, hosted: Mapping[str, Hosted], pipelines: Iterable[Pipeline], issuers: Iterable[IssuerSection]
    ) -> None:
        self._hosted = hosted
        self._tokens = {one.signed for one in pipelines}
        self._issued = {Issued(one.issuer, one.audience, frozenset(one.pipelines)) for one in issuers}
        self._lock = anyio.Lock()
        self._read: set[str] = set()

    async def bring(self) -> None:
        """Read what was not read yet, in a thread."""
        if len(self._read) < len(self._hosted):
            async with self._lock:
                for name, hosted in self._hosted.items():
                    if name not in self._read:
                        if hosted.pipeline.log is not None:
                            self._take_up(hosted, await anyio.to_thread.run_sync(_logged, hosted.pipeline))
                        self._read.add(name)

    def _take_up(self, hosted: Hosted, found: list[Logged]) -> None:
        certain, proof = self._proof(hosted.pipeline)
        for one in found:
            principal = Principal(one.caller, frozenset(), "log", proof)
            run, over = _live(hosted, one), False
            if run is None:
                run, over = cast("Run[Payload]", Past(one.id, one.counts, ())), True
            made = HostedRun(hosted.pipeline.id, run, principal, one.at, hosted.everything,
                             hosted.runtime.bus.make_waiter, hosted.recent)  # fmt: skip
            made.logged, made.ownerless = True, not (certain and one.known)
            if over:
                made.status, made.over, made.ended_at = ENDED, True, one.last
                hosted.take_up(made, 0.0)
            else:
                hosted.go_on(made)

    def _proof(self, pipeline: Pipeline) -> tuple[bool, SignedIdentity | Issued | None]:
        """Return whether callers of a pipeline can prove who they are in one way alone, and the way.

        A log does not say how they did.
        """
        ways: set[SignedIdentity | Issued | None]
        if pipeline.signed is not None:
            ways = {pipeline.signed, *(one for one in self._issued if pipeline.id in one.pipelines)}
        else:
            ways = {None, *self._issued, *self._tokens}
        return len(ways) == 1, pipeline.signed


def _live(hosted: Hosted, one: Logged) -> Run[Payload] | None:
    """Return a run that the runtime has recovered; None for one that is over."""
    try:
        return hosted.runtime.run(one.id)
    except InputError:
        return None


def _logged(pipeline: Pipeline) -> list[Logged]:
    """Return the latest runs of a log, newest first."""
    try:
        return _runs(pipeline)
    except GenieError as error:
        _logger.error("the log of pipeline %s: %s", pipeline.id, error)
        return []


def _runs(pipeline: Pipeline) -> list[Logged]:
    seen: OrderedDict[int, _Seen] = OrderedDict()
    prefix = ""
    with reading(pipeline.log) as (database, sealer):
        last = database.execute("SELECT max(number) FROM batches")[0][0] or 0
        first = next(batches(database), None)
        if first is None:
            return []
        prefix = next(
            one["prefix"] for one in checked(database.place, first.number, first.body, first.sha256)[0]
            if one["kind"] == "runtime"
        )  # fmt: skip
        for batch in batches(database, int(last) - MOST_BATCHES):
            try:
                records, sealed = checked(database.place, batch.number, batch.body, batch.sha256)
                whole: Sequence[LogRecord] = records
                if sealer is not None and any(one["kind"] == "run" for one in records):
                    whole = sealer.opened(records, sealed)
            except LogError as error:
                _logger.error("the log of pipeline %s: %s", pipeline.id, error)
                continue
            callers = {one["run"]: one.get("caller") for one in whole if one["kind"] == "run"}
            for record in records:
                _add(seen, record, callers, prefix, batch.at / 1000)
            while len(seen) > MOST_RUNS:
                seen.popitem(last=False)
    return [
        Logged(run_id(prefix, number), one.caller, one.known, one.at, one.last, _counts(one))
        for number, one in reversed(seen.items())
    ]


def _add(
    seen: OrderedDict[int, _Seen], record: LogRecord, callers: dict[int, LogRecord | None], prefix: str, at: float
) -> None:
    number = record.get("run", -1)
    if record["kind"] == "run" and not record.get("standing"):
        named = callers.get(number)
        caller = Caller(user=UNREAD, tenant=tenant_of(record) or None) if named is None else caller_of(named)
        seen[number] = _Seen(caller, named is not None, record["started"], at)
    found = seen.get(number)
    if found is None:
        return
    found.last = at
    if record["kind"] == "message":
        for agent in record["plan"]:
            found.ends.setdefault(f"{prefix}-{record['number']:x}@{agent}", "")
    elif record["kind"] == "delivery":
        found.ends.setdefault(record["delivery"], "")
    elif record["kind"] == "edited" and record["delivery"] is not None:
        found.ends[record["delivery"]] = found.ends.pop(record["before"], "")
    elif record["kind"] == "ended":
        found.ends[record["delivery"]] = record["outcome"]


def _counts(one: _Seen) -> Counts:
    ends = Counter(one.ends.values())
    in_flight = ends.pop("", 0)
    return Counts(accepted=len(one.ends), in_flight=in_flight, **ends)
