"""Genie: a governed in-process bus for agents. Every message is judged before it is delivered.

The names here are for applications and tests; inside the library a name is imported from the module that defines it.
Each is loaded at its first use, so that a command starts fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genie.admission import Admission as Admission
    from genie.admission import Budget as Budget
    from genie.admission import Rate as Rate
    from genie.door import ask as ask
    from genie.errors import GenieError as GenieError
    from genie.limits import Estimate as Estimate
    from genie.limits import Mailbox as Mailbox
    from genie.limits import Overflow as Overflow
    from genie.limits import RestartBudget as RestartBudget
    from genie.limits import Retry as Retry
    from genie.limits import RunLimits as RunLimits
    from genie.message import Classification as Classification
    from genie.message import Headers as Headers
    from genie.message import Message as Message
    from genie.message import Payload as Payload
    from genie.message import Value as Value
    from genie.policy import PolicySet as PolicySet
    from genie.protocol import Agent as Agent
    from genie.protocol import AgentCard as AgentCard
    from genie.protocol import Caller as Caller
    from genie.protocol import Context as Context
    from genie.protocol import Each as Each
    from genie.protocol import Gathered as Gathered
    from genie.protocol import Handlers as Handlers
    from genie.protocol import Risk as Risk
    from genie.protocol import Tier as Tier
    from genie.protocol import agent as agent
    from genie.protocol import handles as handles
    from genie.run import Run as Run
    from genie.runtime import Runtime as Runtime

_HOMES = {
    "genie.admission": ("Admission", "Budget", "Rate"),
    "genie.door": ("ask",),
    "genie.errors": ("GenieError",),
    "genie.limits": ("Estimate", "Mailbox", "Overflow", "RestartBudget", "Retry", "RunLimits"),
    "genie.message": ("Classification", "Headers", "Message", "Payload", "Value"),
    "genie.policy": ("PolicySet",),
    "genie.protocol": (
        "Agent", "AgentCard", "Caller", "Context", "Each", "Gathered", "Handlers", "Risk", "Tier", "agent", "handles",
    ),
    "genie.run": ("Run",),
    "genie.runtime": ("Runtime",),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)  # noqa: PLE0605 - a list of the names above; a test compares it with what type checkers see
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'genie' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
