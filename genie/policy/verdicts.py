"""Verdicts of policies on one delivery, and the decision that combines them, as plain values."""

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
    """Return a code if it is well-formed; a policy of a third party may return anything."""
    return code if type(code) is str and _CODE.match(code) else "unnamed"


class Allow(NamedTuple):
    """The delivery may proceed; ``obligations`` are attached to the payload where it leaves the runtime."""

    obligations: tuple[str, ...] = ()


class Deny(NamedTuple):
    """The delivery is not allowed."""

    code: str
    """Stable label, for example ``"clearance"``."""
    reason: str
    """One sentence with paths and limits, never matched text. For your own policies only ``genie policy explain`` shows
    it; elsewhere the entry of ``texts`` for the code is shown."""


class Redact(NamedTuple):
    """The recipient gets a copy in which the findings at these paths are masked."""

    paths: frozenset[Path]
    """A path without findings, and one that is ``Whole``, is masked completely."""
    reason: str = ""


class Hold(NamedTuple):
    """The delivery waits for a person."""

    reason: str
    expires_s: float | None = None
    """Seconds until the hold ends ``expired``; the run limits' ``hold_s`` by default."""
    paths: frozenset[Path] = frozenset()
    """Paths that stay masked for the recipient after an approval."""
    approvers: frozenset[str] = frozenset()
    """Roles of which an approver must hold one; empty means any approver. Never the run's own user."""
    quorum: int = 1
    """Number of different people who must approve, at least 1."""


Verdict = Allow | Deny | Redact | Hold
ALLOW = Allow()


class CleanLimits(NamedTuple):
    """Limits up to which a policy allows every message of a route without findings, so that it need not be asked."""

    label: Classification = max(Classification)
    """The highest declared label."""
    size_bytes: float = math.inf
    """The largest size, as the inspection states it."""


class Consult(NamedTuple):
    """An ``AsyncPolicy`` must be asked; its verdict replaces this one."""

    policy: Any
    judge: Callable[[Envelope[Payload], AgentCard], Awaitable[object]]
    """Awaited to get the verdict."""


class RuleVerdict(NamedTuple):
    """Verdict of one of the several rules of a policy, recorded and approved as ``policy/rule@version``."""

    rule: str
    version: str
    verdict: Verdict
    shadow: bool = False
    """Shadow mode: recorded without effect."""


Judgement = Verdict | tuple[RuleVerdict, ...]
"""One verdict, or those of each rule that objects."""

Judge = Callable[[Envelope[Payload], AgentCard], Judgement]
"""Judges one delivery by the message and its sender's card. Pure: no I/O, no clock, no state."""


class WholeField(tuple[str | int, ...]):
    """A path whose text is masked completely, not only its findings."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WholeField) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:  # differs from that of the plain path: the two must not be equal in a set
        return hash((WholeField, tuple(self)))


class VaultField(tuple[str | int, ...]):
    """A path where findings of one policy become stand-ins from a vault, and other findings are masked.

    Args:
        path: The path.
        vault: Creates the stand-ins.
        policy: Name of the policy; the kinds of its findings start with that name.
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


# --- combined into one decision ---


class ApprovalNeed(NamedTuple):
    """Requirements of one hold."""

    policy: str
    """``policy@version`` of the policy that holds; ``policy/rule@version`` for a rule."""
    approvers: frozenset[str] = frozenset()
    quorum: int = 1


class Consultation(NamedTuple):
    """A slow policy that a decision waits for."""

    stamp: str
    """``policy@version``."""
    consult: Consult


SHADOW = "shadow_"


class PolicyReason(NamedTuple):
    """Opinion of one policy on one delivery; evidence as paths, never text."""

    policy: str
    """Name of the policy; ``policy/rule`` for a rule."""
    version: str
    verdict: str
    """``allow``, ``redact``, ``hold`` or ``deny``; with the prefix ``shadow_`` if it had no effect."""
    code: str
    text: str

    @property
    def shadow(self) -> bool:
        """True if it was recorded without effect."""
        return self.verdict.startswith(SHADOW)


class Decision(NamedTuple):
    """The combined verdict of all policies on one delivery, if it is more than a plain allow."""

    verdict: str
    """``allow`` (with obligations, or with verdicts of shadow mode), ``redact``, ``hold`` or ``deny``; ``consult``
    while a slow policy must be asked."""
    reasons: tuple[PolicyReason, ...]
    policy_set: str
    """SHA-256 of the policy set that decided."""
    paths: frozenset[Path] = frozenset()
    needs: tuple[ApprovalNeed, ...] = ()
    """Requirements of each policy that holds."""
    expires_s: float | None = None
    obligations: tuple[str, ...] = ()
    consults: tuple[Consultation, ...] = ()
    """Slow judges to ask before the decision."""
    noted: tuple[str, ...] = ()
    """The obligations as a journal lists them."""

    @property
    def holds(self) -> frozenset[str]:
        """``policy@version`` of each policy that holds the delivery; an approval names these."""
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
