"""Actions of a policy on its findings above the recipient's clearance: mask, deny or hold, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.message import Envelope, Finding
from genie.policies._findings import masked_or_denied, places
from genie.policies._settings import Action
from genie.policy.policy import ALLOW, Deny, Hold, Judge, Route, Verdict


def exposure_judge(
    policy: str, route: Route, *, labels: Mapping[str, Classification], actions: Mapping[str, Action], everyone: bool
) -> Judge | None:
    """Return the judge of a route, or None when its recipient may see every kind.

    Args:
        policy: Name of the policy; the kinds of its findings start with that name.
        route: The payload class and the recipient.
        labels: Clearance needed to see each kind.
        actions: Action for each kind.
        everyone: Apply to every recipient, whatever its clearance.
    """
    clearance = route.recipient.clearance
    acted = {f"{policy}.{kind}": actions[kind] for kind, label in labels.items() if everyone or label > clearance}
    if not acted:
        return None
    why = "which no recipient may see here" if everyone else f"above the recipient's clearance {clearance.label}"

    def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
        findings = message.inspection.findings
        return _verdict(policy, [f for f in findings if f.kind in acted], acted, why) if findings else ALLOW

    return judge


def _verdict(policy: str, findings: list[Finding], acted: Mapping[str, Action], why: str) -> Verdict:
    if not findings:
        return ALLOW
    taken = {acted[kind] for kind in {finding.kind for finding in findings}}  # of tens of thousands, a few kinds
    if "deny" in taken:
        denied = [finding for finding in findings if acted[finding.kind] == "deny"]
        return Deny(policy, f"found {places(denied)}, {why}; remove it, or set another action for the kind")
    if "hold" not in taken:
        return masked_or_denied(policy, findings, why)
    held = [finding for finding in findings if acted[finding.kind] == "hold"]
    if len(held) < len(findings):  # once a hold is approved nothing of this verdict remains, not even a mask
        return Deny(
            policy,
            f"found {places(findings)}, {why}, which would have to be held and masked at once; set one action "
            f"for these kinds",
        )
    return Hold(f"found {places(held)}, {why}")
