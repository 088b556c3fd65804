"""Contracts: the types that agents, policies and edges are written against.

Authors import from here; code inside the library imports each name from the module that defines it. Each is loaded at
its first use. The decorator ``agent`` is in ``genie``, because the module of that name is here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genie.contracts.admission import Admission as Admission
    from genie.contracts.admission import Budget as Budget
    from genie.contracts.admission import Ledger as Ledger
    from genie.contracts.admission import Rate as Rate
    from genie.contracts.agent import Agent as Agent
    from genie.contracts.agent import Handlers as Handlers
    from genie.contracts.agent import Join as Join
    from genie.contracts.agent import handles as handles
    from genie.contracts.card import AgentCard as AgentCard
    from genie.contracts.card import Caller as Caller
    from genie.contracts.card import Risk as Risk
    from genie.contracts.card import Tier as Tier
    from genie.contracts.classification import Classification as Classification
    from genie.contracts.context import Context as Context
    from genie.contracts.gather import Each as Each
    from genie.contracts.gather import Gathered as Gathered
    from genie.contracts.gather import Missing as Missing
    from genie.contracts.headers import Headers as Headers
    from genie.contracts.limits import Estimate as Estimate
    from genie.contracts.limits import Mailbox as Mailbox
    from genie.contracts.limits import Overflow as Overflow
    from genie.contracts.limits import RestartBudget as RestartBudget
    from genie.contracts.limits import Retry as Retry
    from genie.contracts.limits import RunLimits as RunLimits
    from genie.contracts.message import Message as Message
    from genie.contracts.message import Payload as Payload
    from genie.contracts.message import Value as Value
    from genie.contracts.outcome import Counts as Counts
    from genie.contracts.outcome import Failure as Failure
    from genie.contracts.outcome import Outcome as Outcome
    from genie.contracts.outcome import Reason as Reason
    from genie.contracts.ports.audit import Audit as Audit
    from genie.contracts.ports.audit import AuditRecord as AuditRecord
    from genie.contracts.ports.control import Control as Control
    from genie.contracts.ports.executor import Executor as Executor
    from genie.contracts.ports.executor import Job as Job
    from genie.contracts.ports.fetch import Fetch as Fetch
    from genie.contracts.ports.fetch import Fetched as Fetched
    from genie.contracts.ports.journal import EventLog as EventLog
    from genie.contracts.ports.journal import Journal as Journal
    from genie.contracts.ports.journal import JournalRecord as JournalRecord
    from genie.contracts.rendering import Renderer as Renderer
    from genie.contracts.rendering import Report as Report
    from genie.contracts.schedule import Schedule as Schedule
    from genie.contracts.statistics import AgentStatistics as AgentStatistics
    from genie.contracts.statistics import Statistics as Statistics

_HOMES = {
    "genie.contracts.admission": ("Admission", "Budget", "Ledger", "Rate"),
    "genie.contracts.agent": ("Agent", "Handlers", "Join", "handles"),
    "genie.contracts.card": ("AgentCard", "Caller", "Risk", "Tier"),
    "genie.contracts.classification": ("Classification",),
    "genie.contracts.context": ("Context",),
    "genie.contracts.gather": ("Each", "Gathered", "Missing"),
    "genie.contracts.headers": ("Headers",),
    "genie.contracts.limits": ("Estimate", "Mailbox", "Overflow", "RestartBudget", "Retry", "RunLimits"),
    "genie.contracts.message": ("Message", "Payload", "Value"),
    "genie.contracts.outcome": ("Counts", "Failure", "Outcome", "Reason"),
    "genie.contracts.ports.audit": ("Audit", "AuditRecord"),
    "genie.contracts.ports.control": ("Control",),
    "genie.contracts.ports.executor": ("Executor", "Job"),
    "genie.contracts.ports.fetch": ("Fetch", "Fetched"),
    "genie.contracts.ports.journal": ("EventLog", "Journal", "JournalRecord"),
    "genie.contracts.rendering": ("Renderer", "Report"),
    "genie.contracts.schedule": ("Schedule",),
    "genie.contracts.statistics": ("AgentStatistics", "Statistics"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)  # noqa: PLE0605 - a list of the names above; a test compares it with what type checkers see


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'genie.contracts' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
