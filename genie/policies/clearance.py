"""Clearance: a message above the recipient's clearance is denied."""

from __future__ import annotations

from typing import Any, ClassVar

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.message import Envelope, topic_of
from genie.policies._findings import masked_or_denied
from genie.policy.policy import ALLOW, CleanLimits, Deny, Inspector, Judge, PolicySettings, Route, Verdict


class ClearanceSettings(PolicySettings):
    """No settings: clearances are on cards, labels on payload classes and findings."""


class Clearance:
    """Deny by the declared label; mask findings above the recipient's clearance."""

    name: ClassVar[str] = "clearance"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset(("clearance",))
    Settings: ClassVar[type[ClearanceSettings]] = ClearanceSettings

    def __init__(self, settings: ClearanceSettings = ClearanceSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None of its own: it reads the findings of all inspectors."""
        return ()

    def clean_limits(self, route: Route) -> CleanLimits:
        """Return the recipient's clearance: the findings of a clean message cannot be above it."""
        return CleanLimits(label=route.recipient.clearance)

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None for a recipient that may see everything."""
        clearance = route.recipient.clearance
        if clearance >= max(Classification):
            return None
        topic = topic_of(route.payload).name
        why = f"above the recipient's clearance {clearance.label}"

        def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
            inspection = message.inspection
            if message.label <= clearance and inspection.label <= clearance:
                return ALLOW
            if message.label > clearance:
                return Deny(
                    "clearance",
                    f"{topic} is {message.label.label}, {why}; raise it, or let the sender declassify its output",
                )
            above = [finding for finding in inspection.findings if finding.label > clearance]
            return masked_or_denied("clearance", above, why)

        return judge
