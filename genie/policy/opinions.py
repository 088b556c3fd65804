"""The opinion of one policy on a delivery: calls its judge and checks the answer before use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.errors import class_name, kind_name
from genie.policy.verdict_check import is_verdict
from genie.policy.verdicts import (
    Allow,
    CleanLimits,
    Consult,
    Deny,
    Hold,
    Judge,
    Judgement,
    Redact,
    RuleVerdict,
    Verdict,
    coded,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Path, Payload

_VERDICTS = (Allow, Deny, Redact, Hold)


class CompiledPolicy(NamedTuple):
    """One policy's judge on a route."""

    policy: str
    version: str
    judge: Judge
    shadow: bool = False
    """Shadow mode: its verdict is recorded but has no effect."""
    headers_only: bool = False
    needs_findings: bool = False
    clean_limits: CleanLimits | None = None
    """Limits within which it allows every message without findings."""
    settings: str = ""
    """Hash of its settings; part of the version that decisions and approvals name."""
    texts: Mapping[str, str] | None = None
    """Code -> declared sentence, shown for a policy of a third party, whose own sentences may quote a payload. None for
    a policy of this library."""

    def stamped(self, version: str) -> str:
        """Return a version of the policy or of one of its rules, with the hash of its settings."""
        return f"{version}+{self.settings}" if self.settings else version


class Opinion(NamedTuple):
    """Opinion of a policy, or of one of its rules, on a delivery."""

    policy: str
    """Name of the policy; ``policy/rule`` for a rule."""
    version: str
    shadow: bool
    verdict: Verdict | Consult
    texts: Mapping[str, str] | None = None
    """The only sentences that may be stored for it; None if its own may."""


def opinions_of(policy: CompiledPolicy, message: Envelope[Payload], sender: AgentCard) -> tuple[Opinion, ...]:
    """Return the opinion of one policy; a denial if it raises or returns anything but a verdict."""
    try:
        found: Judgement | object = policy.judge(message, sender)
    except BaseException as error:  # noqa: BLE001 - fail closed: a policy that raises denies
        return (_wrong(policy, f"raised {class_name(error)}"),)
    texts = policy.texts
    if isinstance(found, Consult) or is_verdict(found):
        said: tuple[RuleVerdict, ...] = ()
        opinions: tuple[Opinion, ...] = (
            Opinion(policy.policy, policy.stamped(policy.version), policy.shadow, found, texts),
        )
    elif isinstance(found, tuple) and all(
        type(said) is RuleVerdict and type(said.rule) is type(said.version) is str and is_verdict(said.verdict)
        for said in found
    ):
        said = found
        opinions = tuple(
            Opinion(
                f"{policy.policy}/{one.rule}", policy.stamped(one.version), policy.shadow or one.shadow, one.verdict,
                texts,
            )
            for one in said
        )  # fmt: skip
    else:
        what = "has values of other types than declared" if isinstance(found, _VERDICTS) else "is not a verdict"
        return (_wrong(policy, f"answered {kind_name(type(found))}, which {what}"),)
    if texts is not None:
        if any(coded(word) != word for one in said for word in (one.rule, one.version)):
            return (_wrong(policy, "named a rule or a version with a text that is not a code"),)
        if not all(places_exist(one.verdict, message.payload) for one in opinions):
            return (_wrong(policy, "named a path that the payload does not have"),)
    return opinions


def places_exist(verdict: Verdict | Consult, payload: object) -> bool:
    """Return True if each path of a verdict consists of names and positions that the payload has."""
    return all(_exists(payload, path) for path in getattr(verdict, "paths", ()))


def _exists(value: object, path: Path) -> bool:
    for step in path:
        if type(step) is str and step in getattr(type(value), "model_fields", ()):
            value = getattr(value, step)
        elif type(step) is int and isinstance(value, tuple) and 0 <= step < len(value):
            value = value[step]
        else:
            return False
    return True


def worded(verdict: Verdict, texts: Mapping[str, str]) -> Verdict:
    """Replace the sentence in a verdict of a third-party policy by the one that its class declares for the code."""
    match verdict:
        case Allow():
            return verdict
        case Deny(code):
            return Deny(coded(code), texts.get(code, ""))
        case _:
            return verdict._replace(reason=texts.get("hold" if isinstance(verdict, Hold) else "redact", ""))


def hidden(opinion: Opinion, hide: Callable[[str], str]) -> Opinion:
    """Return an opinion whose sentence contains nothing that ``hide`` masks."""
    verdict = opinion.verdict
    if isinstance(verdict, (Allow, Consult)):
        return opinion
    return opinion._replace(verdict=verdict._replace(reason=hide(verdict.reason)))


def _wrong(policy: CompiledPolicy, why: str) -> Opinion:
    return Opinion(policy.policy, policy.stamped(policy.version), policy.shadow, Deny("policy_error", why))
