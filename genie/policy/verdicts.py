"""What policies answer of one delivery, and the decision that their answers are folded into. Values alone."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.message import Envelope, Path, Payload

if TYPE_CHECKING:
    from genie.contracts.ports.vault import Vault


_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}\Z")


def coded(code: str) -> str:
    """Return a code if it has the form of one; a policy of a third party may say anything."""
    return code if type(code) is str and _CODE.match(code) else "unnamed"


class Allow(NamedTuple):
    """The delivery may go on; ``obligations`` are written beside the payload where it leaves for someone."""

    obligations: tuple[str, ...] = ()


class Deny(NamedTuple):
    """The delivery may not happen."""

    code: str
    """Stable label, for example ``"clearance"``."""
    reason: str
    """One sentence; names paths and limits, never matched text. Of a policy of your own it is shown by ``genie policy
    explain`` alone; elsewhere stands what its ``texts`` have for the code."""


class Redact(NamedTuple):
    """The recipient gets a copy in which the findings at these paths are masked."""

    paths: frozenset[Path]
    """A path in which nothing was found, and one that is ``Whole``, is masked from end to end."""
    reason: str = ""


class Hold(NamedTuple):
    """The delivery waits for a person."""

    reason: str
    expires_s: float | None = None
    """Seconds until the hold ends ``expired``; the run limits' ``hold_s`` by default."""
    paths: frozenset[Path] = frozenset()
    """What stays masked for the recipient after an approval."""
    approvers: frozenset[str] = frozenset()
    """Roles of which an approver must hold one; empty means any approver. Never the run's own user."""
    quorum: int = 1
    """Different people who must approve, from 1."""


Verdict = Allow | Deny | Redact | Hold
ALLOW = Allow()


class CleanLimits(NamedTuple):
    """Up to here a policy allows every message of a route in which nothing was found, so it need not be asked."""

    label: Classification = max(Classification)
    """The highest declared label."""
    size_bytes: float = math.inf
    """The largest size that the inspection states."""


class Consult(NamedTuple):
    """An ``AsyncPolicy`` has to be asked; its verdict takes the place of this."""

    policy: Any
    judge: Callable[[Envelope[Payload], AgentCard], Awaitable[object]]
    """Awaited for the verdict."""


class RuleVerdict(NamedTuple):
    """What one of the several rules of a policy says; it is recorded and approved as ``policy/rule@version``."""

    rule: str
    version: str
    verdict: Verdict
    shadow: bool = False
    """It is recorded, and nothing comes of it."""


Judgement = Verdict | tuple[RuleVerdict, ...]
"""One verdict, or those of each rule that objects."""

Judge = Callable[[Envelope[Payload], AgentCard], Judgement]
"""Judges one delivery by the message and its sender's card. Pure: no I/O, no clock, no state."""


class WholeField(tuple[str | int, ...]):
    """A path whose whole text is masked, not only what was found in it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WholeField) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:  # never that of the plain path: one must not stand for the other in a set
        return hash((WholeField, tuple(self)))


class VaultField(tuple[str | int, ...]):
    """A path at which findings of one policy are replaced by stand-ins of a vault, and others are masked.

    Args:
        path: Where.
        vault: Gives the stand-ins.
        policy: Name of the policy; its findings are of kinds below that name.
    """

    vault: Vault
    policy: str

    def __new__(cls, path: Path, vault: Vault, policy: str) -> Self:
        """Return the path with its vault."""
        made = super().__new__(cls, path)
        made.vault, made.policy = vault, policy
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VaultField) and tuple.__eq__(self, other) and self.vault is other.vault

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:  # never that of the plain path: one must not stand for the other in a set
        return hash((VaultField, tuple(self)))


# --- folded into one decision ---


class ApprovalNeed(NamedTuple):
    """What one hold asks for before its delivery goes on."""

    policy: str
    """``policy@version`` of the policy that holds, ``policy/rule@version`` of a rule."""
    approvers: frozenset[str] = frozenset()
    quorum: int = 1


class Consultation(NamedTuple):
    """A policy that a decision waits for."""

    stamp: str
    """``policy@version``."""
    consult: Consult


SHADOW = "shadow_"


class PolicyReason(NamedTuple):
    """What one policy said of one delivery; evidence as paths, never text."""

    policy: str
    """Its name; ``policy/rule`` where it has rules."""
    version: str
    verdict: str
    """``allow``, ``redact``, ``hold`` or ``deny``; with ``shadow_`` before it, nothing came of it."""
    code: str
    text: str

    @property
    def shadow(self) -> bool:
        """True for what was recorded without acting."""
        return self.verdict.startswith(SHADOW)


class Decision(NamedTuple):
    """The folded verdict of all policies on one delivery, when it is more than a plain allow."""

    verdict: str
    """``allow`` (with obligations, or with what a policy in shadow mode says), ``redact``, ``hold`` or ``deny``;
    ``consult`` while a policy has to be asked."""
    reasons: tuple[PolicyReason, ...]
    policy_set: str
    """SHA-256 of the policy set that decided."""
    paths: frozenset[Path] = frozenset()
    needs: tuple[ApprovalNeed, ...] = ()
    """What each policy that holds asks for."""
    expires_s: float | None = None
    obligations: tuple[str, ...] = ()
    consults: tuple[Consultation, ...] = ()
    """Slow judges to ask before there is a decision."""
    noted: tuple[str, ...] = ()
    """The obligations as a journal lists them."""

    @property
    def holds(self) -> frozenset[str]:
        """``policy@version`` of each policy that holds; an approval names these."""
        return frozenset(need.policy for need in self.needs)

    @property
    def code(self) -> str:
        """Stable label of the decisive policy and its code: ``"clearance:restricted"``."""
        decisive = [r for r in self.reasons if r.verdict == self.verdict] or list(self.reasons)
        return f"{decisive[0].policy}:{decisive[0].code}"[:60] if decisive else self.verdict

    @property
    def summary(self) -> str:
        """The decisive policies and codes, for outcomes and counts: ``"clearance: restricted"``."""
        decisive = [r for r in self.reasons if r.verdict == self.verdict] or list(self.reasons)
        return "; ".join(_text_of(reason) for reason in decisive)

    def record(self) -> Mapping[str, object]:
        """Return the decision for a journal: policies, versions, the set's hash, and paths as evidence."""
        return {
            "policy_set": self.policy_set,
            "reasons": [
                {"policy": r.policy, "version": r.version, "verdict": r.verdict, "code": r.code, "text": r.text}
                for r in self.reasons
            ],
            "paths": sorted({".".join(map(str, path)) for path in self.paths}),
            "obligations": list(self.noted),
        }


def _text_of(reason: PolicyReason) -> str:
    name = f"{reason.policy} (shadow)" if reason.shadow else reason.policy
    text = reason.text or ("" if reason.code in {"hold", "redact"} else reason.code)
    return f"{name}: {text}" if text else name
