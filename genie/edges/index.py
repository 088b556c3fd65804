"""The shipped edges by name; listing them imports nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EDGES: Mapping[str, str] = MappingProxyType(
    {
        "audit": "genie.edges.audit.trail:AuditTrail",
        "control": "genie.edges.control.sqlite:ControlFile",
        "http": "genie.edges.http.fetch:HttpFetch",
        "http_send": "genie.edges.http.send:HttpSend",
        "models": "genie.edges.llm.binding:ModelEntries",
    }
)
"""Name -> ``module:Class``, as in the entry-point group ``genie.edges``: implementations of ports."""

AGENTS: Mapping[str, str] = MappingProxyType(
    {
        "auditor": "genie.edges.llm.auditor:Auditor",
        "assistant": "genie.edges.llm.assistant:assistant",
        "calculator": "genie.edges.tools.calculator:calculator",
        "calendar": "genie.edges.tools.calendar:CalendarTool",
        "files": "genie.edges.tools.files:FilesTool",
        "page_reader": "genie.edges.tools.pages:page_reader",
        "shell": "genie.edges.tools.shell:ShellTool",
        "sql": "genie.edges.tools.sql:SqlTool",
        "system": "genie.edges.tools.system:system",
        "web": "genie.edges.tools.web:web",
        "webhook": "genie.edges.http.webhook:Webhook",
    }
)
"""Name -> ``module:Class``, as in the entry-point group ``genie.agents``: agents that send messages to the outside."""
