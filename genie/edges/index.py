"""The edges that ship, by name; naming one imports nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EDGES: Mapping[str, str] = MappingProxyType(
    {
        "audit": "genie.edges.audit.trail:AuditTrail",
        "control": "genie.edges.control.sqlite:ControlFile",
        "http": "genie.edges.http.fetch:HttpFetch",
        "models": "genie.edges.llm.binding:ModelEntries",
    }
)
"""Name -> ``module:Class``, as in the entry-point group ``genie.edges``: what ports are bound to."""

AGENTS: Mapping[str, str] = MappingProxyType(
    {"assistant": "genie.edges.llm.assistant:assistant", "webhook": "genie.edges.http.webhook:Webhook"}
)
"""Name -> ``module:Class``, as in the entry-point group ``genie.agents``: what takes messages and carries them out."""
