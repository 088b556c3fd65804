"""Policies and policy sets.

Inspectors run once per message on a payload's strings and attach findings; policies decide once per delivery. Policies
are compiled per route (payload class and recipient) into judges: pure, synchronous functions of the message and its
sender's card. Deny overrides hold overrides redact overrides allow; a judge that raises denies. A policy in shadow mode
is evaluated and recorded without effect. This module also exports, for authors of policies, the names of
``genie.policy.verdicts`` (verdicts, decisions) and ``genie.policy.inspection``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Protocol

from genie.contracts import text as fields
from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, Path, Payload, topic_of
from genie.errors import PolicyError, class_name, kind_name, shown_type
from genie.policy.async_policy import AsyncPolicy, AsyncSettings
from genie.policy.evaluator import Evaluator
from genie.policy.inspection import Inspector, Inspectors, ShadowFinding, Span, shadowed
from genie.policy.opinions import CompiledPolicy
from genie.policy.settings import PolicySettings
from genie.policy.verdicts import (
    ALLOW,
    Allow,
    ApprovalNeed,
    CleanLimits,
    Decision,
    Deny,
    Hold,
    Judge,
    Judgement,
    PolicyReason,
    Redact,
    RuleVerdict,
    VaultField,
    Verdict,
    WholeField,
)  # fmt: skip

__all__ = (
    "ALLOW",
    "Allow",
    "ApprovalNeed",
    "AsyncPolicy",
    "AsyncSettings",
    "CleanLimits",
    "Decision",
    "Deny",
    "Environment",
    "Evaluator",
    "Hold",
    "Inspector",
    "Inspectors",
    "Judge",
    "Judgement",
    "PipelineContext",
    "Policy",
    "PolicyReason",
    "PolicySet",
    "PolicySettings",
    "Redact",
    "Route",
    "RuleVerdict",
    "ShadowFinding",
    "Span",
    "VaultField",
    "Verdict",
    "WholeField",
    "mask",
)  # fmt: skip


class Environment(NamedTuple):
    """The environment of a pipeline."""

    name: str = "development"
    """``development``, ``staging`` or ``production``."""


class Route(NamedTuple):
    """The route that a policy is compiled for."""

    payload: type[Payload]
    recipient: AgentCard
    """The recipient's card: a subscriber; for an answer that leaves, the caller, tap or webhook."""
    environment: Environment = Environment()


class PipelineContext(NamedTuple):
    """What a policy's settings are checked against when a file is loaded."""

    kinds: tuple[type[Payload], ...]
    """Every payload class that may be sent."""
    cards: tuple[AgentCard, ...]
    """Every agent and join that may send or receive."""
    environment: Environment = Environment()
    inspectors: frozenset[str] = frozenset()
    """Names of the inspectors whose findings will be available."""


class Policy(Protocol):
    """One rule. ``name`` and ``version`` go into every decision it makes.

    Optional class attributes reduce how often a policy is asked; nothing is assumed without them:

    - ``needs_findings = True``: it can object only if an inspector found something; it is not asked about clean
    messages.
    - ``headers_only = True``: its judges read only the message's headers; headers once allowed on a route stay allowed.
    - ``reads = frozenset({"clearance", ...})``: the fields of the recipient's card that its verdict depends on. A
    message allowed for one recipient is allowed for others whose cards agree in all fields that the policies read.
    - ``clean_limits(route)``: the label and the size up to which it allows every message without findings.
    - ``max_bytes(topic)``: the size above which it denies every message of a topic; these are not scanned.
    - ``texts = {"limit": "the amount is above the limit"}``: a sentence for each code (``hold`` and ``redact`` are the
      codes of these verdicts). Outcomes, holds and journals show these, never the sentence in a verdict, which may
          quote the payload.

    A class method ``problems(settings, context)`` may yield ``(path, text)`` for what is wrong with settings in a
    pipeline, the path starting in the settings; a loader calls it first. ``context`` is None where the
    pipeline is not known. A class method ``warnings(settings, context)`` yields warnings in the same way.
    """

    name: ClassVar[str]
    version: ClassVar[str]

    @property
    def settings(self) -> PolicySettings:
        """What it was configured with; part of the policy set's hash."""
        ...

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """Inspectors whose findings it reads."""
        ...

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None if the policy always allows it."""
        ...


@dataclass(frozen=True)
class PolicySet:
    """The policies in force, compiled together.

    Args:
        policies: In the order in which their reasons are listed.
        environment: Where the pipeline runs.
        shadow: Names of policies that are evaluated and recorded without effect.
        hide: Removes hidden values, such as those of environment variables, from a reason.
    """

    policies: tuple[Policy, ...] = ()
    environment: Environment = field(default_factory=Environment)
    shadow: frozenset[str] = frozenset()
    hide: Callable[[str], str] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.policies, tuple):
            raise TypeError(f"policies must be a tuple of policies, not {shown_type(self.policies)}")
        wrong = [one for one in self.policies if isinstance(one, type) or not callable(getattr(one, "compile", None))]
        if wrong:
            raise TypeError(
                f"policies contains {shown_type(wrong[0])}, which is not a policy; write PolicySet((Clearance(),))"
            )
        names = [policy.name for policy in self.policies]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise PolicyError(twice, "is listed twice; remove one entry")
        unknown = next((name for name in sorted(self.shadow) if name not in names), None)
        if unknown is not None:
            raise PolicyError(unknown, "is listed for shadow mode, but is not in the set")
        object.__setattr__(self, "sha256", self._hash())
        object.__setattr__(self, "_settings", {policy.name: settings_hash(policy) for policy in self.policies})
        acting = [i for policy in self.policies if policy.name not in self.shadow for i in policy.inspectors]
        quiet = next((p.name for p in self.policies if p.name in self.shadow and isinstance(p, AsyncPolicy)), None)
        if quiet is not None:
            raise PolicyError(
                quiet, "cannot be in shadow mode, because deliveries wait for it; leave it out or enforce it"
            )
        taken = {inspector.name for inspector in acting}
        heard = [i for policy in self.policies for i in policy.inspectors if i.name not in taken]
        limits = [p.max_bytes for p in self.policies if p.name not in self.shadow and hasattr(p, "max_bytes")]
        inspectors = Inspectors(
            (*acting, *map(shadowed, heard)),
            max_bytes=lambda topic: min((limit(topic) for limit in limits), default=None),
        )
        object.__setattr__(self, "inspectors", inspectors)
        object.__setattr__(self, "_likes", {})

    sha256: str = field(init=False)
    inspectors: Inspectors = field(init=False)
    _likes: dict[object, object] = field(init=False, repr=False, compare=False)
    _settings: dict[str, str] = field(init=False, repr=False, compare=False)

    @property
    def acts(self) -> bool:
        """False if there is no policy, or none with an effect."""
        return any(policy.name not in self.shadow and not _only_listens(policy.settings) for policy in self.policies)

    def _hash(self) -> str:
        import hashlib  # noqa: PLC0415 - start-up: a program without policies needs neither
        import json  # noqa: PLC0415 - as above

        listed = [[p.name, p.version, _ordered(p.settings.model_dump())] for p in self.policies]
        whole: list[object] = [self.environment.name, listed, *([sorted(self.shadow)] if self.shadow else [])]
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def evaluator(self, payload: type[Payload], recipient: AgentCard) -> Evaluator:
        """Return the evaluator of a route.

        If a policy cannot be compiled for the route, the evaluator denies everything, with that reason.
        """
        route = Route(payload, recipient, self.environment)
        policies: list[Policy] = []
        compiled: list[CompiledPolicy] = []
        for policy in self.policies:
            try:
                judge = policy.compile(route)
                limits, texts = _clean_limits(policy, route), texts_of(policy)
            except BaseException as error:  # noqa: BLE001 - fail closed: the route is shut, with the policy named
                limits = texts = None
                judge = _shut(f"cannot judge {topic_of(payload).name}: {class_name(error)}")
            if judge is not None:
                policies.append(policy)
                compiled.append(
                    CompiledPolicy(
                        policy.name, policy.version, judge, policy.name in self.shadow,
                        getattr(policy, "headers_only", False), getattr(policy, "needs_findings", False),
                        limits, self._settings[policy.name], texts,
                    )
                )  # fmt: skip
        return Evaluator(tuple(compiled), self.sha256, self._alike(payload, recipient, policies), self.hide)

    def _alike(self, payload: type[Payload], recipient: AgentCard, policies: list[Policy]) -> object:
        """Return one object for all routes whose recipients the policies cannot distinguish, else None."""
        read: set[str] = set()
        for policy in policies:
            fields_read = getattr(policy, "reads", None)
            if fields_read is None:
                return None
            read |= fields_read
        key = (payload, tuple((name, getattr(recipient, name)) for name in sorted(read)))
        return self._likes.setdefault(key, key)


def _clean_limits(policy: Policy, route: Route) -> CleanLimits | None:
    stated = getattr(policy, "clean_limits", None)
    limits: CleanLimits | None = None if stated is None else stated(route)
    return limits


def texts_of(policy: Policy) -> Mapping[str, str] | None:
    """Return the sentences that may be stored for a policy; None for a policy of this library."""
    kind: type = type(policy)
    if kind.__module__.startswith(("genie.policies.", "genie.rules.")) and kind_name(kind) == kind.__name__:
        return None
    return dict(getattr(policy, "texts", {}))


def _only_listens(settings: PolicySettings) -> bool:
    """Return True for the settings of a policy whose rules are all in shadow mode."""
    rules = getattr(settings, "rules", None)
    return isinstance(rules, tuple) and all(getattr(rule, "mode", None) == "shadow" for rule in rules)


def settings_hash(policy: Policy) -> str:
    """Return the first 8 hexadecimal digits of the SHA-256 of a policy's settings.

    Decisions and approvals name ``version+hash``: an approval given under other settings does not count.
    """
    import hashlib  # noqa: PLC0415 - start-up: a program without policies needs neither
    import json  # noqa: PLC0415 - as above

    text = json.dumps(_ordered(policy.settings.model_dump()), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _ordered(value: object) -> object:
    """Return settings with sets in order, so that the same settings hash the same in every process."""
    if isinstance(value, dict):
        return {str(key): _ordered(part) for key, part in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((_ordered(part) for part in value), key=str)
    if isinstance(value, (list, tuple)):
        return [_ordered(part) for part in value]
    return value


def _shut(why: str) -> Judge:
    return lambda _message, _sender: Deny("policy_error", why)


def mask(message: Envelope[Payload], paths: frozenset[Path]) -> Payload:
    """Return the payload with the findings at ``paths`` masked; cached per message and set of paths.

    Raises:
        LookupError: A path is not a plain string field, so the delivery must be denied.
        VaultFullError: A stand-in cannot be stored, so the delivery must be denied.
    """
    # Messages without findings share their inspection, so they must not share a copy stored with it.
    made = message.inspection.masked if message.inspection.findings else {}
    copy = made.get(paths)
    if copy is None:
        whole = {tuple(path) for path in paths if isinstance(path, WholeField)}
        spans: dict[Path, list[tuple[int, int, str]]] = {tuple(path): [] for path in paths}
        vaults = {tuple(path): path for path in paths if isinstance(path, VaultField)}
        texts = {part.path: part.text for part in fields.texts(message.payload)} if vaults else {}
        cut = {at: some for at, some in spans.items() if at not in whole}  # if findings are still inspected
        words: dict[str, tuple[str, str, bool]] = {}
        for finding in message.inspection.findings:
            kind, at, start, end, *_ = finding
            some = cut.get(at)
            if some is None or type(finding) is ShadowFinding:
                continue
            if kind not in words:
                policy, _, word = kind.rpartition(".")
                words[kind] = policy, word, finding.whole
            policy, word, instruction = words[kind]
            if instruction:  # a string that contains an instruction is one span
                spans[at] = [(0, sys.maxsize, policy)]
                del cut[at]
                continue
            vault = vaults.get(at)
            if vault is not None and vault.policy == policy:
                value = texts[at][start:end]
                word = f"{word}:{vault.vault.stand_in(message.headers.tenant, word, value)}"
            some.append((start, end, word))
        copy = made[paths] = fields.masked(message.payload, spans)
    return copy
