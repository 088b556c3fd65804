"""Replays one run for a server, in a separate process: the request is read from stdin, the result is written to stdout.

A replay patches module functions for its whole process, and a computing thread cannot be stopped. So it never runs in
the server's process.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from genie.config.loader import load
from genie.errors import ConfigError, GenieError, InputError
from genie.journal.facts import caller_of
from genie.journal.past import past_run, reading, whole_number
from genie.journal.story import Eyes
from genie.replay.errors import NotReplayableError
from genie.replay.replay import Parts, replay
from genie.replay.sides import Side, different, sides

MOST_RECORDS = 100_000
"""Maximum number of records of one run that are replayed for a server."""
MOST_MEMORY = 4 << 30
"""Limit of the address space, in bytes."""
MOST_CPU_S = 120
"""CPU seconds after which the process ends, even if its server has ended."""


def replayed(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a replay, or ``why`` there is none.

    Args:
        asked: ``pipeline`` (file), ``policies`` (SHA-256 of those in force), ``run`` (id) and ``reader`` (a caller).
    """
    try:
        return _replayed(asked)
    except NotReplayableError as error:
        return {"why": error.why}
    except MemoryError:
        return {"why": "too_large"}
    except ConfigError:
        return {"why": "changed"}
    except InputError:
        return {"why": "absent"}
    except GenieError as error:
        return {"why": "unreadable", "code": error.code}


def _replayed(asked: dict[str, Any]) -> dict[str, Any]:
    pipeline = load(asked["pipeline"])
    on_disk = pipeline.policies.sha256
    if asked["policies"] != on_disk:  # they would mask differently for the reader
        return {"why": "changed"}
    with reading(pipeline.log) as (database, sealer):
        number = whole_number(database, asked["run"])
        if number is None:
            return {"why": "absent"}
        past = past_run(database, number, sealer)
    if not past.over:
        return {"why": "in_flight"}
    if past.left_out or len(past.records) > MOST_RECORDS:
        return {"why": "too_large"}
    found = replay(past, Parts(pipeline.bindings, pipeline.policies, pipeline.joins, pipeline.limits, pipeline.chatter))
    first, shown = found.findings.first, None
    if first is not None:
        reader = caller_of(asked["reader"]).card()
        both = sides(past, first, Eyes.of(pipeline.policies, reader, pipeline.bindings, pipeline.joins))
        shown = {
            "at": first.at, "code": first.code, "message": first.message, "topic": first.topic, "agent": first.agent,
            "path": _path(both.before, both.after), "before": None if both.before is None else both.before.shown,
            "after": None if both.after is None else both.after.shown,
        }  # fmt: skip
    return {
        "run": found.run_id, "same": found.same, "messages": found.findings.messages,
        "recorded_s": found.recorded_s, "ran": dict(found.ran), "read": dict(found.read),
        "counts": dict(sorted(found.findings.counts.items())), "first": shown,
        "notes": sorted({code for code, _ in found.notes}),
    }  # fmt: skip


def _path(before: Side | None, after: Side | None) -> str:
    """Return the first field that differs in the shown form of both sides: names of fields can be data as well."""
    try:
        one, other = (json.loads("null" if side is None else side.shown) for side in (before, after))
    except ValueError:
        return ""  # withheld or truncated
    return different(one, other) or "" if isinstance(one, dict) and isinstance(other, dict) else ""


def main() -> None:
    """Answer one request."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - POSIX alone

        for name, most in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CPU, MOST_CPU_S)):
            hard = resource.getrlimit(name)[1]
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(name, (allowed, allowed))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # printed output of agents is not part of the result
    with answers:
        json.dump(replayed(json.load(sys.stdin)), answers)


if __name__ == "__main__":
    main()
