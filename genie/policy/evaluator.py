"""The compiled judges of one route, and how their verdicts become one decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.policy.inspection import REFUSED
from genie.policy.verdicts import (
    ALLOW,
    SHADOW,
    Allow,
    Decision,
    Deny,
    Hold,
    Judge,
    Judgement,
    Need,
    Reason,
    Redact,
    Ruled,
    Verdict,
)

if TYPE_CHECKING:
    from genie.contracts.card import AgentCard
    from genie.contracts.headers import Headers
    from genie.contracts.message import Message, Path

_RANKS = {"allow": 0, "redact": 1, "hold": 2, "deny": 3}


class Seat(NamedTuple):
    """One policy's judge on a route."""

    policy: str
    version: str
    judge: Judge
    shadow: bool = False
    """What it says is recorded, and nothing comes of it."""
    headers_only: bool = False
    needs_findings: bool = False


class Opinion(NamedTuple):
    """What one policy, or one rule of it, says of a delivery."""

    policy: str
    """Its name; ``policy/rule`` of a rule."""
    version: str
    shadow: bool
    verdict: Verdict


@dataclass(slots=True)
class _Fold:
    """Verdicts being folded: deny overrides hold overrides redact overrides allow, and every reason is kept."""

    approved: frozenset[str]
    reasons: list[Reason] = field(default_factory=list)
    paths: set[Path] = field(default_factory=set)
    needs: list[Need] = field(default_factory=list)
    obligations: list[str] = field(default_factory=list)
    expires: list[float] = field(default_factory=list)

    def say(self, name: str, version: str, verdict: str, code: str, text: str) -> None:
        """Keep a reason."""
        self.reasons.append(Reason(name, version, verdict, code, text))

    def take(self, opinion: Opinion) -> None:
        """Take one opinion in."""
        name, version, shadow, verdict = opinion
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
                    self.needs.append(Need(stamp, approvers, quorum))
                    self.expires += [] if expires_s is None else [expires_s]
                    self.say(name, version, "hold", "hold", text)
            case Redact(where, text):
                self.paths |= where
                self.say(name, version, "redact", "redact", text)
            case Allow(notices):
                self.obligations += notices

    def _shadow(self, name: str, version: str, verdict: Verdict) -> None:
        match verdict:
            case Deny(code, text):
                self.say(name, version, SHADOW + "deny", code, text)
            case Hold(text):
                self.say(name, version, SHADOW + "hold", "hold", text)
            case Redact(_, text):
                self.say(name, version, SHADOW + "redact", "redact", text)
            case Allow(notices) if notices:
                self.say(name, version, SHADOW + "allow", "obligations", "; ".join(notices))
            case Allow():
                pass

    def decision(self, policy_set: str) -> Decision | None:
        """Return the decision, None for a plain allow."""
        acting = [reason.verdict for reason in self.reasons if not reason.shadow]
        strongest = max(acting, key=_RANKS.__getitem__, default="allow")
        if strongest == "allow" and not self.obligations and len(acting) == len(self.reasons):
            return None  # nothing but approvals of a plain allow
        return Decision(
            strongest, tuple(self.reasons), policy_set, frozenset(self.paths), tuple(self.needs),
            min(self.expires, default=None), tuple(self.obligations),
        )  # fmt: skip


class Gate:
    """The compiled judges of one route.

    Args:
        seats: In the order in which reasons are listed.
        policy_set: SHA-256 of the set that they belong to.
        alike: The same object for gates that allow the same messages; the gate itself by default.
    """

    __slots__ = ("_allowed", "_clean", "_headers", "_judges", "_seats", "_set", "alike")

    def __init__(self, seats: tuple[Seat, ...], policy_set: str, alike: object = None) -> None:
        self._seats = seats
        self._judges = tuple(seat.judge for seat in seats)
        self._headers = tuple(seat.judge for seat in seats if seat.headers_only)
        self._clean = tuple(seat.judge for seat in seats if not seat.needs_findings and not seat.headers_only)
        self._allowed: Headers | None = None
        self._set = policy_set
        self.alike = self if alike is None else alike

    def judge(
        self, message: Message[Any], sender: AgentCard, approved: frozenset[str] = frozenset()
    ) -> Decision | None:
        """Return None for a plain allow, else the decision.

        Args:
            message: The original, with its inspection.
            sender: Card of who sent it.
            approved: ``policy@version`` whose hold on this very delivery a person has approved.
        """
        inspection = message.inspection
        if inspection.failed is not None:
            return self._uninspected(message, sender)
        try:
            if message.headers is not self._allowed:
                for judge in self._headers:
                    if judge(message, sender) is not ALLOW:
                        return self._fold(message, sender, approved)
                self._allowed = message.headers
            for judge in self._judges if inspection.findings else self._clean:
                if judge(message, sender) is not ALLOW:
                    return self._fold(message, sender, approved)
        except Exception:  # noqa: BLE001 - fail closed: folding names the policy that raised
            return self._fold(message, sender, approved)
        return None

    def opinions(self, message: Message[Any], sender: AgentCard) -> tuple[Opinion, ...]:
        """Return what each policy, or each rule that objects, says; plain allows included. Nothing is carried out."""
        return tuple(opinion for seat in self._seats for opinion in _opinions(seat, message, sender))

    def _uninspected(self, message: Message[Any], sender: AgentCard) -> Decision:
        """Deny a message that was not inspected; a policy that denies it for the same reason gives its own words."""
        code = message.inspection.failed or ""
        if code not in REFUSED:
            why = f"an inspector failed ({code})"
            return Decision("deny", (Reason("engine", "1", "deny", "undecidable", why),), self._set)
        own = tuple(
            Reason(name, version, "deny", verdict.code, verdict.reason)
            for name, version, shadow, verdict in self.opinions(message, sender)
            if isinstance(verdict, Deny) and verdict.code == code and not shadow
        )
        return Decision("deny", own or (Reason("engine", "1", "deny", code, REFUSED[code]),), self._set)

    def _fold(self, message: Message[Any], sender: AgentCard, approved: frozenset[str]) -> Decision | None:
        fold = _Fold(approved)
        for opinion in self.opinions(message, sender):
            fold.take(opinion)
        return fold.decision(self._set)


def _opinions(seat: Seat, message: Message[Any], sender: AgentCard) -> tuple[Opinion, ...]:
    """Return what one policy says; it denies where it raises or answers what is no verdict."""
    try:
        found: Judgement | object = seat.judge(message, sender)
    except Exception as error:  # noqa: BLE001 - fail closed: a policy that raises denies
        return (_wrong(seat, f"raised {type(error).__name__}"),)
    if isinstance(found, (Allow, Deny, Redact, Hold)):
        return (Opinion(seat.policy, seat.version, seat.shadow, found),)
    if isinstance(found, tuple) and all(
        isinstance(said, Ruled) and isinstance(said.verdict, (Allow, Deny, Redact, Hold)) for said in found
    ):
        return tuple(
            Opinion(f"{seat.policy}/{said.rule}", said.version, seat.shadow or said.shadow, said.verdict)
            for said in found
        )
    return (_wrong(seat, f"answered {type(found).__name__}, which is no verdict"),)


def _wrong(seat: Seat, why: str) -> Opinion:
    return Opinion(seat.policy, seat.version, seat.shadow, Deny("policy_error", why))
