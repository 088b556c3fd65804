"""The value of a checked pipeline: what the runtime, the scheduler and the simulator start from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from genie.config.inputs import Inputs
from genie.config.policies import PolicyFiles
from genie.contracts.admission import Admission
from genie.contracts.agent import Binding, Join
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.limits import RunLimits
from genie.contracts.message import Payload
from genie.contracts.ports.audit import Audit
from genie.contracts.ports.control import Control
from genie.contracts.ports.journal import DurabilityMode, EventLog
from genie.contracts.schedule import Schedule
from genie.graph.model import Graph
from genie.policy.policy import Environment, PolicySet


class SignedIdentity(NamedTuple):
    """The requirements for a caller's signed identity."""

    keys: Path
    """The file of public keys."""
    issuer: str
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A checked pipeline. Its ``repr`` leaves out settings, because the environment may have supplied them."""

    id: str
    title: str
    path: Path | None
    """The pipeline file; None if the pipeline was parsed from text."""
    bindings: tuple[Binding, ...] = field(repr=False)
    joins: tuple[Join, ...]
    policies: PolicySet = field(repr=False)
    policy_source: PolicyFiles = field(repr=False)
    """Source of the policies for a reload."""
    limits: RunLimits
    admission: Admission | None = None
    """Rates and budgets."""
    caller: Caller = field(repr=False)
    """The default caller. With ``signed``, the upper bound of what a signed identity may grant."""
    signed: SignedIdentity | None = None
    """Set if callers need a signed identity; None if the command line may name the caller."""
    audit: Audit | None = field(default=None, repr=False, compare=False)
    """The audit trail; the runtime opens it."""
    durability: DurabilityMode = "none"
    """What a runtime of the pipeline stores, and when."""
    log: Callable[[], EventLog] | None = field(default=None, repr=False, compare=False)
    """Creates the unopened log of one runtime; None if nothing is stored."""
    chatter: frozenset[type[Payload]] = frozenset()
    """Payload classes whose messages are not logged."""
    environment: Environment
    debug: bool = False
    """True for ``environment: development``: failures show tracebacks and payloads."""
    entry: type[Payload]
    """The payload class of the caller's question."""
    answer: type[Payload]
    """The payload class of the answer."""
    within_s: float | None
    """Seconds until the answer is due; None means the deadline of the limits."""
    input: Inputs
    """Maps the command's options to the fields of the question."""
    control: Control | None = field(default=None, repr=False)
    """The control database, through which other terminals approve and switch off."""
    schedules: tuple[Schedule, ...] = ()
    warnings: tuple[str, ...]
    graph: Graph = field(repr=False)

    @property
    def nobody(self) -> Caller:
        """The caller if none is named: the default caller, or one without rights if identities are signed."""
        if self.signed is None:
            return self.caller
        return self.caller.narrowed(roles=frozenset(), clearance=Classification.PUBLIC, consent=frozenset())
