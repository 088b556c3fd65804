"""Backtests of draft policies, on the latest messages or on a window of the pipeline's log."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import Field

from genie.errors import GenieError
from genie.server.bodies import read
from genie.server.messages import Json
from genie.server.policies import samples, valid
from genie.server.presence import told_when_gone
from genie.server.problems import Problem
from genie.server.proposals import Draft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from genie.contracts.ports.journal import LogRecord
    from genie.journal.sample import Sample
    from genie.policy.policy import PipelineContext, PolicySet
    from genie.server.hosting import Hosted
    from genie.server.server import Call

MOST_MESSAGES = 100_000
"""Maximum number of logged messages that one backtest judges."""
MOST_S = 120.0
"""Maximum duration of one backtest, in seconds."""
SLICE = 32
"""Number of messages after which the backtest yields: judging holds the interpreter."""
PAUSE_S = 0.001
_logger = logging.getLogger("genie.server")


class Backtested(Draft):
    """Body of ``POST /v1/policies/backtest``."""

    since: float | None = Field(
        default=None, ge=0, le=1e11, allow_inf_nan=False,
        description="Start of the window of the pipeline's log, in seconds since the epoch. Without it the latest "
                    "messages of this process are judged.",
    )  # fmt: skip
    until: float | None = Field(
        default=None, ge=0, le=1e11, allow_inf_nan=False, description="End of the window; now by default."
    )


class _Stopped(Exception):  # noqa: N818 - nobody sees it
    """The client has disconnected."""


class Window:
    """The messages of a tenant in a window of a log, ready to be judged.

    Args:
        hosted: The pipeline.
        context: Known topics and agents.
        tenant: Tenant of the messages.
        begins: Start of the window, in seconds since the epoch.
        ends: Its end, likewise.
    """

    def __init__(
        self, hosted: Hosted, context: PipelineContext, tenant: str | None, begins: float, ends: float
    ) -> None:
        self._log = hosted.pipeline.log
        self._context = context
        self._tenant = tenant or ""
        self._window = (begins * 1000, ends * 1000)
        self._gives_up = time.monotonic() + MOST_S
        self._stopped = threading.Event()
        self.complete = True
        """True if every message of the window was judged."""

    def judged(self, before: PolicySet, after: PolicySet) -> Any:
        """Return the differences between two policy sets; reads in the calling thread."""
        from genie.journal.log_samples import LogSamples  # noqa: PLC0415 - as above
        from genie.journal.past import reading  # noqa: PLC0415 - start-up: for those who govern
        from genie.policy_tools.diff import compared  # noqa: PLC0415 - as above

        with reading(self._log) as (database, sealer):
            found = LogSamples(database, self._context, sealer, wanted=self._wanted, window=self._window)
            return compared(before, after, self._bounded(found.samples()), found.skipped)

    def _wanted(self, record: LogRecord) -> bool:
        from genie.journal.sealing import tenant_of  # noqa: PLC0415 - as above

        return tenant_of(record) == self._tenant

    def _bounded(self, found: Iterator[tuple[str, Sample]]) -> Iterator[tuple[str, Sample]]:
        for count, one in enumerate(found):
            if count >= MOST_MESSAGES or time.monotonic() > self._gives_up:
                self.complete = False
                return
            if count % SLICE == 0 and self._stopped.wait(PAUSE_S):
                raise _Stopped
            yield one

    def stop(self) -> None:
        """Nobody waits for the result any more."""
        self._stopped.set()


async def backtest(call: Call) -> ASGIApp:
    """Judge messages by a draft and by the policies in force, and show the differences."""
    from genie.policy_tools.diff import compared  # noqa: PLC0415 - start-up: for those who govern

    asked = await read(call.request, Backtested)
    hosted = call.server.host(asked.pipeline)
    sourced = await valid(call, asked)
    before, after = hosted.runtime.bus.policies, sourced.policies
    if asked.since is None:
        if asked.until is not None:
            raise Problem("invalid", "until needs since")
        latest = list(samples(call, hosted))
        found = await anyio.to_thread.run_sync(partial(compared, before, after, latest, {}))
        return Json({**found.as_json(), "within": len(latest), "source": "latest", "complete": True})
    until = call.server.now() if asked.until is None else asked.until
    if until <= asked.since:
        raise Problem("invalid", "until is later than since")
    if hosted.pipeline.log is None:
        raise Problem("conflict", "the pipeline has no log; backtest on the latest messages, without since")
    tenant = call.who.caller.tenant
    window = Window(hosted, sourced.context, tenant, asked.since, until)
    if tenant in call.server.replays:
        raise Problem("quota", "the tenant already has a replay or a backtest running")
    call.server.replays.add(tenant)
    try:
        async with told_when_gone(call.request, window.stop):
            found = await anyio.to_thread.run_sync(window.judged, before, after)
    except _Stopped:
        raise Problem("cancelled") from None
    except GenieError as error:
        _logger.error("the log of pipeline %s: %s", hosted.pipeline.id, error)
        raise Problem("conflict", f"the log cannot be read: {error.code}") from None
    finally:
        call.server.replays.remove(tenant)
    return Json({
        **found.as_json(), "within": found.messages, "source": "log", "since": asked.since, "until": until,
        "complete": window.complete,
    })  # fmt: skip
