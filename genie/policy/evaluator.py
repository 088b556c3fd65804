"""The compiled judges of one route, and the combination of their verdicts into one decision."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from genie.contracts.classification import Classification
from genie.policy.inspection import REFUSED
from genie.policy.opinions import CompiledPolicy, Opinion, hidden, opinions_of, worded
from genie.policy.verdicts import (
    ALLOW,
    SHADOW,
    Allow,
    ApprovalNeed,
    Consult,
    Consultation,
    Decision,
    Deny,
    Hold,
    PolicyReason,
    Redact,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.contracts.card import AgentCard
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Path, Payload

PUBLIC = Classification.PUBLIC
_RANKS = {"allow": 0, "redact": 1, "hold": 2, "consult": 3, "deny": 4}
_NOTHING: Mapping[str, Verdict] = {}


@dataclass(slots=True)
class Combiner:
    """Combines verdicts: deny overrides hold overrides redact overrides allow, and every reason is kept."""

    approved: frozenset[str]
    heard: Mapping[str, Verdict] = field(default_factory=dict)
    """Verdicts of slow policies that have already been asked, by ``policy@version``."""
    consults: list[Consultation] = field(default_factory=list)
    reasons: list[PolicyReason] = field(default_factory=list)
    paths: set[Path] = field(default_factory=set)
    needs: list[ApprovalNeed] = field(default_factory=list)
    obligations: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    expires: list[float] = field(default_factory=list)

    def say(self, name: str, version: str, verdict: str, code: str, text: str) -> None:
        """Store a reason."""
        self.reasons.append(PolicyReason(name, version, verdict, code, text))

    def take(self, opinion: Opinion, *, heard: bool = False) -> None:
        """Add one opinion; an opinion that was ``heard`` already has its declared sentence."""
        name, version, shadow, verdict, texts = opinion
        if isinstance(verdict, Consult):
            stamp = f"{name}@{version}"
            if stamp in self.heard:
                self.take(opinion._replace(verdict=self.heard[stamp]), heard=True)
            else:
                self.consults.append(Consultation(stamp, verdict))
                self.say(name, version, "consult", "consult", "has to be asked")
            return
        if texts is not None and not heard:
            verdict = worded(verdict, texts)
        if shadow:
            self._shadow(name, version, verdict)
            return
        match verdict:
            case Deny(code, text):
                self.say(name, version, "deny", code, text)
            case Hold(text, expires_s, where, approvers, quorum):
                stamp = f"{name}@{version}"
                self.paths |= where
                if stamp in self.approved:
                    self.say(name, version, "redact" if where else "allow", "approved", text)
                else:
                    self.needs.append(ApprovalNeed(stamp, approvers, quorum))
                    self.expires += [] if expires_s is None else [expires_s]
                    self.say(name, version, "hold", "hold", text)
            case Redact(where, text):
                self.paths |= where
                self.say(name, version, "redact", "redact", text)
            case Allow(notices):
                self.obligations += notices
                self.noted += notices if texts is None else [f"a notice of {name}"] * len(notices)

    def _shadow(self, name: str, version: str, verdict: Verdict) -> None:
        match verdict:
            case Deny(code, text):
                self.say(name, version, SHADOW + "deny", code, text)
            case Hold(text):
                self.say(name, version, SHADOW + "hold", "hold", text)
            case Redact(_, text):
                self.say(name, version, SHADOW + "redact", "redact", text)
            case Allow(notices) if notices:
                self.say(name, version, SHADOW + "allow", "obligations", f"{len(notices)} notices")
            case Allow():
                pass

    def decision(self, policy_set: str) -> Decision | None:
        """Return the decision; None for a plain allow."""
        acting = [reason.verdict for reason in self.reasons if not reason.shadow]
        strongest = max(acting, key=_RANKS.__getitem__, default="allow")
        if strongest == "allow" and not self.obligations and len(acting) == len(self.reasons):
            return None  # only approvals of a plain allow
        return Decision(
            strongest, tuple(self.reasons), policy_set, frozenset(self.paths), tuple(self.needs),
            min(self.expires, default=None), tuple(self.obligations), tuple(self.consults), tuple(self.noted),
        )  # fmt: skip


class Evaluator:
    """The compiled judges of one route.

    Args:
        compiled: In the order in which reasons are listed.
        policy_set: SHA-256 of their policy set.
        alike: An object shared by evaluators that allow the same messages; itself by default.
        hide: Removes hidden values from a reason.
    """

    __slots__ = (
        "_allowed", "_clean", "_compiled", "_headers", "_hide", "_judges", "_label", "_set", "_size", "alike",
    )  # fmt: skip

    def __init__(
        self,
        compiled: tuple[CompiledPolicy, ...],
        policy_set: str,
        alike: object = None,
        hide: Callable[[str], str] | None = None,
    ) -> None:
        self._compiled = compiled
        self._judges = tuple(policy.judge for policy in compiled)
        self._headers = tuple(policy.judge for policy in compiled if policy.headers_only)
        asked = [policy for policy in compiled if not policy.needs_findings and not policy.headers_only]
        self._clean = tuple(policy.judge for policy in asked)
        limits = [policy.clean_limits for policy in asked]
        known = [limit for limit in limits if limit is not None]
        self._label = min((limit.label for limit in known), default=max(Classification))
        """Clean messages up to this label and ``_size`` are allowed without asking; no limits if a policy must see the
        message."""
        self._size = min((limit.size_bytes for limit in known), default=math.inf) if known == limits else -1
        self._allowed: Headers | None = None
        self._set = policy_set
        self._hide = hide
        self.alike = self if alike is None else alike

    def judge(
        self,
        message: Envelope[Payload],
        sender: AgentCard,
        approved: frozenset[str] = frozenset(),
        heard: Mapping[str, Verdict] = _NOTHING,
    ) -> Decision | None:
        """Judge a message: return None for a plain allow, else the decision.

        Args:
            message: The original, with its inspection.
            sender: The sender's card.
            approved: ``policy@version`` of holds on this delivery that a person has approved.
            heard: Verdicts on this delivery of slow policies that have been asked, by ``policy@version``.
        """
        inspection = message.inspection
        clean = inspection.clean
        if clean and message.headers is self._allowed and inspection.size_bytes <= self._size:
            label = message.label
            if label is PUBLIC or label <= self._label:
                return None
        if inspection.failed is not None:
            return self._uninspected(message, sender)
        try:
            if message.headers is not self._allowed:
                for judge in self._headers:
                    if judge(message, sender) is not ALLOW:
                        return self._combine(message, sender, approved, heard)
                self._allowed = message.headers
            for judge in self._clean if clean else self._judges:
                if judge(message, sender) is not ALLOW:
                    return self._combine(message, sender, approved, heard)
        except BaseException:  # noqa: BLE001 - fail closed: combining names the policy that raised
            return self._combine(message, sender, approved, heard)
        return None

    @property
    def blind(self) -> bool:
        """True if no policy reads the content of a message, so that findings change nothing."""
        return all(policy.headers_only for policy in self._compiled)

    def opinions(self, message: Envelope[Payload], sender: AgentCard) -> tuple[Opinion, ...]:
        """Return the opinion of each policy, or of each rule that objects, including plain allows. Has no effect."""
        found = (opinion for policy in self._compiled for opinion in opinions_of(policy, message, sender))
        return tuple(found) if self._hide is None else tuple(hidden(opinion, self._hide) for opinion in found)

    def _uninspected(self, message: Envelope[Payload], sender: AgentCard) -> Decision:
        """Deny a message that was not inspected.

        The reason of a policy that denies it for the same cause takes precedence.
        """
        code = message.inspection.failed or ""
        if code not in REFUSED:
            why = f"an inspector failed ({code})"
            return Decision("deny", (PolicyReason("engine", "1", "deny", "undecidable", why),), self._set)
        own = tuple(
            PolicyReason(name, version, "deny", verdict.code, verdict.reason)
            for name, version, shadow, verdict, texts in self.opinions(message, sender)
            if isinstance(verdict, Deny) and verdict.code == code and not shadow and texts is None
        )
        return Decision("deny", own or (PolicyReason("engine", "1", "deny", code, REFUSED[code]),), self._set)

    def _combine(
        self, message: Envelope[Payload], sender: AgentCard, approved: frozenset[str], heard: Mapping[str, Verdict]
    ) -> Decision | None:
        combiner = Combiner(approved, heard)
        for opinion in self.opinions(message, sender):
            combiner.take(opinion)
        return combiner.decision(self._set)
