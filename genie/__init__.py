"""Genie: a governed in-process bus for agents. Every message is judged before it is delivered.

The names here are for applications and tests; inside the library a name is imported from the module that defines it.
Each is loaded at its first use, so that a command starts fast. This module imports nothing: until
``genie.__main__`` has set its signal handlers, an interrupt ends in a traceback.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers treat this name as true
if TYPE_CHECKING:
    from genie.config.loader import load as load
    from genie.config.pipeline import Pipeline as Pipeline
    from genie.contracts.admission import Admission as Admission
    from genie.contracts.admission import Budget as Budget
    from genie.contracts.admission import Rate as Rate
    from genie.contracts.agent import Agent as Agent
    from genie.contracts.agent import Handlers as Handlers
    from genie.contracts.agent import agent as agent
    from genie.contracts.agent import handles as handles
    from genie.contracts.card import AgentCard as AgentCard
    from genie.contracts.card import Caller as Caller
    from genie.contracts.card import Risk as Risk
    from genie.contracts.card import Tier as Tier
    from genie.contracts.classification import Classification as Classification
    from genie.contracts.context import Context as Context
    from genie.contracts.gather import Each as Each
    from genie.contracts.gather import Gathered as Gathered
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
    from genie.contracts.schedule import Schedule as Schedule
    from genie.errors import GenieError as GenieError
    from genie.policy.policy import Policy as Policy
    from genie.policy.policy import PolicySet as PolicySet
    from genie.policy.verdicts import Allow as Allow
    from genie.policy.verdicts import Deny as Deny
    from genie.policy.verdicts import Hold as Hold
    from genie.policy.verdicts import Redact as Redact
    from genie.runtime.run import Run as Run
    from genie.runtime.runtime import Runtime as Runtime
    from genie.runtime.sync import ask as ask

_HOMES = {
    "genie.config.loader": ("load",),
    "genie.config.pipeline": ("Pipeline",),
    "genie.contracts.admission": ("Admission", "Budget", "Rate"),
    "genie.contracts.agent": ("Agent", "Handlers", "agent", "handles"),
    "genie.contracts.card": ("AgentCard", "Caller", "Risk", "Tier"),
    "genie.contracts.classification": ("Classification",),
    "genie.contracts.context": ("Context",),
    "genie.contracts.gather": ("Each", "Gathered"),
    "genie.contracts.headers": ("Headers",),
    "genie.contracts.limits": ("Estimate", "Mailbox", "Overflow", "RestartBudget", "Retry", "RunLimits"),
    "genie.contracts.message": ("Message", "Payload", "Value"),
    "genie.contracts.schedule": ("Schedule",),
    "genie.errors": ("GenieError",),
    "genie.policy.policy": ("Policy", "PolicySet"),
    "genie.policy.verdicts": ("Allow", "Deny", "Hold", "Redact"),
    "genie.runtime.run": ("Run",),
    "genie.runtime.runtime": ("Runtime",),
    "genie.runtime.sync": ("ask",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)  # noqa: PLE0605 - a list of the names above; a test compares it with what type checkers see
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'genie' has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - start-up: see above

    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
