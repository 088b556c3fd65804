"""Replays of logged runs, each in a separate process so that the server stays responsive."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import anyio

from genie.journal.facts import caller_record
from genie.server.asking import named_run
from genie.server.messages import Json
from genie.server.presence import told_when_gone
from genie.server.problems import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from genie.server.server import Call

_logger = logging.getLogger("genie.server")
MOST_AT_ONCE = 2
"""Number of concurrent replays of one server; each tenant may have one."""
_WORDS = {
    "no_log": "the pipeline has no log, or was not read from a file",
    "in_flight": "the run has not ended",
    "absent": "the log does not contain the run yet, or no longer",
    "changed": "the file of the pipeline is not the one in force",
    "too_long": "it exceeds the time limit of a replay",
    "too_large": "it exceeds the limits of records or memory of a replay",
}


async def replay(call: Call) -> ASGIApp:
    """Replay a logged run; return whether it is the same, or the first difference as the caller may see it."""
    server, run = call.server, await named_run(call)
    hosted, tenant = server.host(run.pipeline), call.who.caller.tenant
    path = hosted.pipeline.path
    if hosted.pipeline.log is None or path is None:
        raise _refused("no_log")
    if not run.over:
        raise _refused("in_flight")
    if tenant in server.replays:
        raise Problem("quota", "the tenant already has a replay running")
    if len(server.replays) >= MOST_AT_ONCE:
        raise Problem("overflow", f"{MOST_AT_ONCE} replays are already running")
    asked = {
        "pipeline": str(path.absolute()), "policies": hosted.runtime.bus.policies.sha256, "run": run.id,
        "reader": caller_record(call.who.caller),
    }  # fmt: skip
    server.replays.add(tenant)
    try:
        found = await _replayed(call, asked)
    finally:
        server.replays.remove(tenant)
    if "why" in found:
        raise _refused(found["why"])
    return Json(found)


async def _replayed(call: Call, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the result of the other process, which ends with the request."""
    folders = os.pathsep.join(folder or os.getcwd() for folder in sys.path)  # noqa: PTH109 - text
    done = None
    with anyio.move_on_after(call.server.settings.replay_s) as limit:
        async with told_when_gone(call.request, limit.cancel):
            done = await anyio.run_process(
                [sys.executable, "-m", "genie.server.replaying"], input=json.dumps(asked).encode(), check=False,
                stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": folders},
            )  # fmt: skip
    if done is None:
        return {"why": "too_long"}
    if done.returncode:
        _logger.error("the replay of run %s ended with %d", asked["run"], done.returncode)
        return {"why": "too_large" if done.returncode < 0 else "failed"}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _refused(why: str) -> Problem:
    return Problem("not_replayable", _WORDS.get(why, ""), why=why)
