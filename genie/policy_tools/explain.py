"""Why a message gets its verdict: each policy, its inputs and its opinion. Nothing is delivered."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from genie.contracts.message import Value, topic_of
from genie.contracts.serialization import as_values
from genie.policy.opinions import Opinion
from genie.policy.policy import Allow, Deny, Hold, Redact, Route
from genie.policy.verdicts import SHADOW, Consult
from genie.rules.ast import NEVER, Items, Roots, Test, evaluate, tests_of, value_of
from genie.rules.policy import Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope
    from genie.journal.sample import Sample
    from genie.policy.policy import Policy, PolicySet
    from genie.rules.policy import Trial

RESULTS = {True: "holds", False: "does not hold", None: "undecided"}
_MOST_FINDINGS = 20
_MOST_ASKED = 80
NOT_APPLICABLE = "does not apply to this topic and recipient"


@dataclass(frozen=True, slots=True)
class Said:
    """The opinion of one policy or one rule on a message."""

    policy: str
    version: str
    verdict: str
    """As in the reasons of a decision; ``hidden`` when the journal masks what a rule needs."""
    code: str = ""
    text: str = ""
    inputs: tuple[tuple[str, str, str], ...] = ()
    """(input, its value or kind, result)."""
    within: bool = False
    """True for a rule, which belongs to the preceding policy."""

    def hidden(self, hide: Callable[[str], str]) -> Said:
        """Return the opinion without the values that may not be shown."""
        inputs = tuple((name, hide(value), hide(result)) for name, value, result in self.inputs)
        return replace(self, text=hide(self.text), inputs=inputs)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The opinions of all policies on one delivery."""

    message: Envelope[Any]
    sender: AgentCard
    recipient: AgentCard
    verdict: str
    policy_set: str
    said: tuple[Said, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as JSON values, without payload text."""
        return {
            "topic": topic_of(self.message.payload).name,
            "sender": self.sender.id,
            "recipient": self.recipient.id,
            "label": self.message.label.label,
            "headers": _headers(self.message),
            "findings": [
                {"kind": one.kind, "path": list(one.path), "start": one.start, "end": one.end}
                for one in self.message.inspection.findings
            ],
            "verdict": self.verdict,
            "policy_set": self.policy_set,
            "policies": [
                {
                    "policy": one.policy,
                    "version": one.version,
                    "verdict": one.verdict,
                    "code": one.code,
                    "reason": one.text,
                    "inputs": [{"subject": name, "value": value, "result": came} for name, value, came in one.inputs],
                }
                for one in self.said
            ],
        }


def explain(policies: PolicySet, sample: Sample) -> Iterator[Explanation]:
    """Yield the opinions of all policies, for each recipient of a message."""
    message = sample.inspected(policies)
    for recipient in sample.recipients:
        gate = policies.evaluator(type(message.payload), recipient)
        decision = gate.judge(message, sample.sender)
        opinions = gate.opinions(message, sample.sender)
        said: list[Said] = []
        for policy in policies.policies:
            said += _policy(policy, policies, opinions, sample, message, recipient)
        verdict = "allow" if decision is None else decision.verdict
        if sample.hidden:
            verdict = strongest(one.verdict for one in said)
        yield Explanation(message, sample.sender, recipient, verdict, policies.sha256, tuple(said))


def strongest(verdicts: Iterable[str]) -> str:
    """Return the verdict that overrides the others; ``hidden`` when masked fields could change it."""
    found = set(verdicts)
    if "hidden" in found and "deny" not in found:
        return "hidden"
    return next((verdict for verdict in ("deny", "consult", "hold", "redact") if verdict in found), "allow")


def _policy(
    policy: Policy,
    policies: PolicySet,
    opinions: tuple[Opinion, ...],
    sample: Sample,
    message: Envelope[Any],
    recipient: AgentCard,
) -> Iterator[Said]:
    route = Route(type(message.payload), recipient, policies.environment)
    if isinstance(policy, Rules):
        for trial in policy.examine(route, message, sample.sender, sample.hidden):
            roots = Roots(route, sample.sender, message)
            yield rule_said(policy.name, trial, roots, shadow=policy.name in policies.shadow, hide=policies.hide)
        return
    inputs = tuple(_inputs(policy, message, recipient))
    own = [one for one in opinions if one.policy == policy.name or one.policy.startswith(f"{policy.name}/")]
    if not own:
        yield Said(policy.name, policy.version, "allow", text=NOT_APPLICABLE)
    for opinion in own:
        said = Said(opinion.policy, opinion.version, verdict_of(opinion), *_reason(opinion), inputs)
        yield said if policies.hide is None else said.hidden(policies.hide)


def rule_said(
    policy: str, trial: Trial, roots: Roots, *, shadow: bool = False, hide: Callable[[str], str] | None = None
) -> Said:
    """Return the opinion of one rule on a message, test by test; ``hide`` removes values that may not be shown."""
    said = _rule_said(policy, trial, roots, shadow=shadow)
    said = said if hide is None else said.hidden(hide)
    return replace(said, inputs=tuple((name, value, _shortened(result)) for name, value, result in said.inputs))


def _rule_said(policy: str, trial: Trial, roots: Roots, *, shadow: bool) -> Said:
    rule, name = trial.rule, f"{policy}/{trial.rule.name}"
    inputs = tuple(
        (test.subject.name, _shown(test, roots), f"{_asked(test)}: {RESULTS[evaluate(test, roots)]}")
        for test in tests_of(trial.condition)
    )
    if trial.hidden:
        needs = ", ".join(sorted(trial.hidden))
        why = f"needs {needs}, which is masked here"
        return Said(name, rule.version, "hidden", "undecidable", why, inputs, within=True)
    if trial.verdict is None:
        reasons = {
            True: "applies, but there is nothing to mask",
            False: "does not apply",
            None: "is undecided and therefore skipped",
        }
        told = "applies to other topics" if trial.condition == NEVER else reasons[trial.found]
        return Said(name, rule.version, "allow", "", told, inputs, within=True)
    opinion = Opinion(name, trial.verdict.version, shadow or trial.verdict.shadow, trial.verdict.verdict)
    return Said(name, rule.version, verdict_of(opinion), *_reason(opinion), inputs, within=True)


def verdict_of(opinion: Opinion) -> str:
    """Return the word of an opinion, as in the reasons of a decision."""
    words: dict[type[object], str] = {
        Deny: "deny", Consult: "consult", Hold: "hold", Redact: "redact", Allow: "allow"
    }  # fmt: skip
    word = words[type(opinion.verdict)]
    return SHADOW + word if opinion.shadow and word != "allow" else word


def _reason(opinion: Opinion) -> tuple[str, str]:
    match opinion.verdict:
        case Deny(code, text):
            return code, text
        case Hold(text, expires_s, _, approvers, quorum):
            who = f" of {', '.join(sorted(approvers))}" if approvers else ""
            until = "" if expires_s is None else f", within {expires_s:g} s"
            return "hold", f"{text} (approvals needed: {quorum}{who}{until})"
        case Redact(paths, text):
            places = ", ".join(sorted({".".join(map(str, path)) for path in paths}))
            return "redact", f"{text} (masks {places})"
        case Allow(obligations):
            return "", "; ".join(obligations)
        case Consult(policy):
            return "consult", f"is asked for each delivery, within {policy.settings.deadline_s:g} s; not asked here"


def _inputs(policy: Policy, message: Envelope[Any], recipient: AgentCard) -> Iterator[tuple[str, str, str]]:
    """Yield the inputs that a built-in policy declares."""
    for name in sorted(getattr(policy, "reads", ())):
        yield f"recipient.{name}", _brief(getattr(recipient, name, None)), ""
    if getattr(policy, "headers_only", False):
        yield "headers", headers_text(message), ""
    elif getattr(policy, "needs_findings", False):
        yield "findings", findings_text(message), ""
    else:
        yield "label", message.label.label, ""
        yield "size", f"{message.inspection.size_bytes} bytes", ""


def findings_text(message: Envelope[Any]) -> str:
    """Return kinds and paths of the findings, never the text."""
    found = message.inspection.findings
    named = [f"{one.kind} at {'.'.join(map(str, one.path))}" for one in found[:_MOST_FINDINGS]]
    return (
        ", ".join(named) + (f" and {len(found) - _MOST_FINDINGS} more" if len(found) > _MOST_FINDINGS else "") or "none"
    )


def _shortened(result: str) -> str:
    asked, colon, came = result.rpartition(": ")
    return f"{asked[:_MOST_ASKED]}{colon}{came}"


def _asked(test: Test | Items) -> str:
    if isinstance(test, Test):
        return test.written
    word = "all" if test.every else "any"
    return f"{word} {test.part.written}" if isinstance(test.part, Test) else f"{word} of them"


def _shown(test: Test | Items, roots: Roots) -> str:
    """Return the input of a test: cards, headers and figures literally, payload text only by its length."""
    try:
        value = value_of(test.subject, roots)
    except Exception as error:  # noqa: BLE001 - the explanation names the error
        return f"cannot be read ({type(error).__name__})"
    if value is None:
        return "missing"
    if test.subject.source == "payload":
        if isinstance(value, (str, bytes)) and not isinstance(value, enum.Enum):
            return f"{len(value)} {'bytes' if isinstance(value, bytes) else 'characters'}"
        if isinstance(value, (tuple, frozenset)):
            return f"{len(value)} item{'' if len(value) == 1 else 's'}"
        if isinstance(value, Value) and "__str__" not in vars(type(value)):
            return type(value).__name__
    return _brief(value)


def _brief(value: object) -> str:
    if isinstance(value, (tuple, frozenset)):
        return ", ".join(sorted(_brief(one) for one in value)) or "none"
    if hasattr(value, "label"):
        return str(value.label)
    return "none" if value is None else str(value)[:80]


def _headers(message: Envelope[Any]) -> dict[str, Any]:
    headers = message.headers
    found = {
        "tenant": headers.tenant, "user": headers.user, "roles": sorted(headers.roles), "region": headers.region,
        "consent": sorted(headers.consent), "classification": headers.classification.label,
    }  # fmt: skip
    shown: dict[str, Any] = as_values({name: value for name, value in found.items() if value})
    return shown


def headers_text(message: Envelope[Any]) -> str:
    """Return the headers that are set, as ``name=value``."""
    return " ".join(
        f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in _headers(message).items()
    )
