"""Tool approval: which calls of which tools must be approved by a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope
from genie.policies._settings import Names, Word, matches_id
from genie.policy.policy import ALLOW, Deny, Hold, Inspector, Judge, PolicySettings, Route, Verdict

APPROVAL = "approval"
"""Prefix of the capabilities by which a card requires approval of its calls."""
MOST_GRANTED = 65_536
"""Number of runs and tools that are remembered; a forgotten one must be approved again."""


class ToolApprovalRule(BaseModel):
    """When calls of a tool are held, and who decides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: Literal["always", "first", "never"]
    """``first``: only the first call of a run must be approved; later calls of the run continue."""
    approvers: Names | None = None
    """An approver must hold one of these roles; by default anyone except the run's user can approve."""
    quorum: int = Field(default=1, ge=1, le=100)
    expires_s: float | None = Field(default=None, gt=0)


class ToolApprovalSettings(PolicySettings):
    """Rules by agent; ``family.*`` for all below a family.

    A tool without a rule is held as its own card requires (``approval.always``, ``approval.first``); a tool without
    either is left to the other policies.
    """

    tools: Mapping[Word, ToolApprovalRule] = Field(default_factory=dict)


class Granted:
    """Approved and executed calls of tools by run, for ``first``."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], None] = {}

    def note(self, run_id: str, agent: str) -> None:
        """Record a call of an agent in a run, which had been approved."""
        self._known[run_id, agent] = None
        if len(self._known) > MOST_GRANTED:
            del self._known[next(iter(self._known))]

    def knows(self, run_id: str, agent: str) -> bool:
        """Return True if a call of the agent was made in the run."""
        return (run_id, agent) in self._known


class ToolApproval:
    """Hold calls of tools until people have approved them.

    Args:
        settings: Rules by agent.
        granted: Record used by ``first``; a toolbox created with ``approved=granted.note`` fills it.
    """

    name: ClassVar[str] = "tool_approval"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset(("capabilities", "id"))
    Settings: ClassVar[type[ToolApprovalSettings]] = ToolApprovalSettings

    def __init__(
        self, settings: ToolApprovalSettings = ToolApprovalSettings(), *, granted: Granted | None = None,  # noqa: B008 - frozen
    ) -> None:  # fmt: skip
        self.settings = settings
        self.granted = granted or Granted()

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads headers only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None if no rule holds its calls."""
        agent = route.recipient.id
        covering = [name for name in self.settings.tools if matches_id(name, agent)]
        if not route.recipient.consumes:
            return None
        rule = _declared(route.recipient)
        if covering:
            rule = self.settings.tools[max(covering, key=lambda name: (name == agent, len(name)))]
        if rule is None or rule.when == "never":
            return None
        people = "a person" if rule.quorum == 1 else f"{rule.quorum} people"
        of = f" with the role {' or '.join(rule.approvers)}" if rule.approvers else ""
        hold = Hold(
            f"a call of {agent} needs {people}{of}", expires_s=rule.expires_s,
            approvers=frozenset(rule.approvers or ()), quorum=rule.quorum,
        )  # fmt: skip
        nobody = Deny("tool_approval", f"a call of {agent} needs a user, because users cannot approve their own calls")
        first, granted = rule.when == "first", self.granted

        def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
            if first and granted.knows(message.correlation_id, agent):
                return ALLOW
            return hold if message.headers.user else nobody

        return judge


def _declared(card: AgentCard) -> ToolApprovalRule | None:
    """Return the rule that a tool's own card states."""
    for when in ("always", "first"):
        if f"{APPROVAL}.{when}" in card.capabilities:
            return ToolApprovalRule(when=when)
    return None
