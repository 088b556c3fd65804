"""Figures and switches: operators of a tenant see their tenant's, operators of the server see all."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from genie.contracts.outcome import Counts
from genie.contracts.serialization import as_values
from genie.server.hosting import Part
from genie.server.messages import Json
from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from genie.contracts.card import AgentCard
    from genie.contracts.statistics import AgentStatistics
    from genie.server.hosting import Hosted, HostedRun
    from genie.server.server import Call

NAMES = (
    "accepted", "handled", "denied", "expired", "cancelled", "dead_lettered", "in_flight", "queued", "running",
    "retrying", "held", "suspended", "failed", "retried", "redacted", "refused", "cost", "tokens", "p50_ms",
)  # fmt: skip
_ENDS = ("handled", "denied", "expired", "cancelled", "dead_lettered")
_COUNTED = frozenset({*_ENDS, "redacted"})
"""Figures of an agent that can be derived from a tenant's runs; the others are known only for all tenants together."""


def everywhere(call: Call) -> bool:
    """Return True for an operator of the server, who may see and switch things that all tenants share."""
    return call.who.caller.tenant is None or "operate_server" in call.who.rights


def may_switch(call: Call, card: AgentCard) -> None:
    """Refuse to switch an agent that also works for other tenants than the caller's.

    Raises:
        Problem: The caller is not an operator of the server.
    """
    if not everywhere(call) and {call.who.caller.tenant} != set(card.tenants or ()):
        raise Problem(
            "forbidden", "the agent works for other tenants too; this needs the right 'operate_server' as well"
        )


def agents_of(call: Call, hosted: Hosted) -> dict[str, dict[str, Any]]:
    """Return the figures of each agent that the caller may see; none without the right ``operate``."""
    if "operate" not in call.who.rights:
        return {}
    if everywhere(call):
        return {name: _all(one) for name, one in hosted.runtime.statistics().agents.items()}
    counted: dict[str, Counter[str]] = {card.id: Counter() for card in hosted.runtime.cards()}
    for run in _own(call, hosted):
        for fact in run.ring.kept:
            if not isinstance(fact, Part) and fact[1] in _COUNTED and fact[5] in counted:
                counted[fact[5]][fact[1]] += 1
    return {name: _known(found) for name, found in counted.items()}


def _all(figures: AgentStatistics) -> dict[str, Any]:
    return {name: as_values(getattr(figures, name)) for name in NAMES}


def _known(found: Counter[str]) -> dict[str, Any]:
    return {name: found[name] if name in _COUNTED else None for name in NAMES}


def _own(call: Call, hosted: Hosted) -> Iterator[HostedRun]:
    """Yield the stored runs of the caller's tenant."""
    tenant = call.who.caller.tenant
    return (run for run in hosted.runs.values() if run.principal.caller.tenant == tenant)


async def statistics(call: Call) -> ASGIApp:
    """Show the counters of each pipeline; only an operator of the server sees all tenants."""
    shown = _of_server if everywhere(call) else _of_tenant
    return Json({"pipelines": {name: shown(call, hosted) for name, hosted in call.server.hosted.items()}})


def _of_server(call: Call, hosted: Hosted) -> dict[str, Any]:
    one = hosted.runtime.statistics()
    return {
        "of": "server", "totals": one.totals._asdict(), "runs": one.runs, "held": one.held, "timed": one.timed,
        "dead_letters": one.dead_letters, "unrouted": one.unrouted, "late": one.late, "epoch": one.epoch,
        "incidents": dict(one.incidents),
        "verdicts": [{"policy": policy, "verdict": verdict, "count": count}
                     for (policy, verdict), count in sorted(one.verdicts.items())],
        "rates": {name: rate._asdict() for name, rate in one.rates.items()},
        "budgets": [{"budget": name, "unit": unit, **as_values(budget._asdict())}
                    for (name, unit), budget in sorted(one.budgets.items())],
        "agents": agents_of(call, hosted),
    }  # fmt: skip


def _of_tenant(call: Call, hosted: Hosted) -> dict[str, Any]:
    """Return the figures from a tenant's runs; figures that exist only for all tenants together are None or empty."""
    agents = agents_of(call, hosted)
    runs, tenant, operations = list(_own(call, hosted)), call.who.caller.tenant, hosted.runtime.operations
    letters = (one.message for one in operations.dead_letters())
    return {
        "of": "tenant", "latest_runs": len(runs),
        "totals": {name: sum(one[name] for one in agents.values()) if name in _COUNTED else None
                   for name in Counts._fields},
        "runs": sum(not run.over for run in runs), "held": held(call, hosted),
        "dead_letters": sum(one is not None and one.headers.tenant == tenant for one in letters),
        "timed": None, "unrouted": None, "late": None, "epoch": None,
        "incidents": incidents(call, hosted), "verdicts": [], "rates": {}, "budgets": [],
        "agents": agents,
    }  # fmt: skip


def held(call: Call, hosted: Hosted) -> int:
    """Return the number of messages of the caller's tenant that wait for people."""
    tenant = call.who.caller.tenant
    return sum(one.message.headers.tenant == tenant for one in hosted.runtime.approvals.holds())


def incidents(call: Call, hosted: Hosted) -> dict[str, int]:
    """Return severity -> open incidents of the caller's tenant."""
    tenant = call.who.caller.tenant
    found = (one for one in hosted.runtime.operations.incidents() if one.tenant == tenant)
    return dict(Counter(str(one.severity) for one in found if one.state != "closed"))


async def health(call: Call) -> ASGIApp:
    """Show the state of each pipeline and why agents get no deliveries; limited to the tenant for its operators."""
    server, all_of = call.server, everywhere(call)
    found = {}
    for hosted in server.hosted.values():
        one = hosted.runtime.statistics()
        tenant = call.who.caller.tenant
        visible = {card.id for card in hosted.runtime.cards()
                   if all_of or card.tenants is None or tenant in card.tenants}  # fmt: skip
        found[hosted.pipeline.id] = {
            "runs": one.runs if all_of else sum(not run.over for run in _own(call, hosted)),
            "held": one.held if all_of else held(call, hosted),
            "suspended": {name: each.suspended for name, each in one.agents.items()
                          if each.suspended and name in visible},
            "incidents": dict(one.incidents) if all_of else incidents(call, hosted),
            "abandoned": {name: each.abandoned for name, each in one.agents.items() if each.abandoned and all_of},
        }  # fmt: skip
    status = "draining" if server.draining else "ready" if len(found) == len(server.pipelines) else "opening"
    opened = [one for one in server.streams.open if all_of or one.who.caller.tenant == call.who.caller.tenant]
    streams = {"open": len(opened), "closed": dict(server.streams.closed) if all_of else {}}
    process = _process() if all_of else None
    return Json({"status": status, "pipelines": found, "streams": streams, "process": process})


def _process() -> dict[str, object]:
    memory: int | None = None
    with contextlib.suppress(OSError, ValueError):  # a system without it
        memory = int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return {
        "memory_bytes": memory, "tasks": len(anyio.get_running_tasks()), "threads": threading.active_count(),
        "cpu_s": round(time.process_time(), 3),
    }  # fmt: skip
