"""System information: properties of the machine that do not identify it or its users."""

from __future__ import annotations

import os
import platform
import shutil
import sys

from genie.contracts.agent import agent
from genie.contracts.message import Payload
from genie.edges.tools.tool import Effect, ToolOptions


class SystemQuestion(Payload, topic="system.question", key=None):
    """Ask what the machine is."""


class SystemFacts(Payload, topic="system.facts", key=None):
    """The machine, without names of hosts, users, paths or variables."""

    system: str
    machine: str
    python: str
    cores: int
    """Those that this process may use."""
    memory_total_bytes: int | None
    """None if the system does not state it."""
    memory_available_bytes: int | None
    load_1m: float | None
    disk_free_bytes: int | None


def facts() -> SystemFacts:
    """Return what the machine is now."""
    page = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0

    def pages(name: str) -> int | None:
        return os.sysconf(name) * page if page and name in os.sysconf_names else None

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return SystemFacts(
        system=platform.system(), machine=platform.machine(), python=".".join(map(str, sys.version_info[:3])),
        cores=cores, memory_total_bytes=pages("SC_PHYS_PAGES"), memory_available_bytes=pages("SC_AVPHYS_PAGES"),
        load_1m=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        disk_free_bytes=shutil.disk_usage(os.sep).free,
    )  # fmt: skip


@agent("system", capabilities=("tool.system",), risk="low", tier="beta")
async def system(_question: SystemQuestion) -> SystemFacts:
    """Describe this machine: system, cores, memory, load and free disk space."""
    return facts()


system.tool_options = ToolOptions(effect=Effect.READ, trusted=True)  # type: ignore[attr-defined]  # read by tools_of
