"""Runs of earlier processes, read once from the logs of the pipelines, when runs are first requested."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

import anyio

from genie.errors import GenieError, InputError
from genie.server.hosting import ENDED, MOST_RUNS, HostedRun
from genie.server.keeping import Past
from genie.server.principals import Issued, Principal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from genie.config.pipeline import Pipeline, SignedIdentity
    from genie.contracts.message import Payload
    from genie.runtime.run import Run
    from genie.server.hosting import Hosted
    from genie.server.logged import Logged
    from genie.server.who import IssuerSection

_logger = logging.getLogger("genie.server")


class Recall:
    """Shows the runs of the logs beside those of this process.

    Args:
        hosted: Pipelines by id.
        pipelines: Open pipelines of this process.
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
        """Read the logs that were not read yet, in a thread."""
        if len(self._read) < len(self._hosted):
            async with self._lock:
                for name, hosted in self._hosted.items():
                    if name not in self._read and await self._known(hosted):
                        self._read.add(name)

    async def _known(self, hosted: Hosted) -> bool:
        """Load the runs of a pipeline; return False if its log cannot be read now, so that the next request retries."""
        if hosted.pipeline.log is None:
            return True
        from genie.server.logged import runs_of  # noqa: PLC0415 - start-up: only for pipelines with a log

        try:
            self._take_up(hosted, await anyio.to_thread.run_sync(runs_of, hosted.pipeline, MOST_RUNS))
        except GenieError as error:
            _logger.error("the log of pipeline %s: %s", hosted.pipeline.id, error)
            return False
        return True

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
        """Return whether all callers of a pipeline authenticate in the same way, and that way.

        A log does not record it.

        A log does not say how they did.
        """
        ways: set[SignedIdentity | Issued | None]
        if pipeline.signed is not None:
            ways = {pipeline.signed, *(one for one in self._issued if pipeline.id in one.pipelines)}
        else:
            ways = {None, *self._issued, *self._tokens}
        return len(ways) == 1, pipeline.signed


def _live(hosted: Hosted, one: Logged) -> Run[Payload] | None:
    """Return a run that the runtime has recovered; None for one that has ended."""
    try:
        return hosted.runtime.run(one.id)
    except InputError:
        return None
