"""Judging: what inspectors find once per message, and what policies decide once per delivery.

Inspectors run on a payload's strings and attach findings. Policies are compiled per route (payload class and
recipient) into judges: pure, synchronous functions of the message and its sender's card. Deny overrides hold overrides
redact overrides allow; a judge that raises denies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from genie import fields
from genie.errors import PolicyError
from genie.message import Classification, Finding, Headers, Inspection, Message, Path, Payload, Value, topic_of
from genie.protocol import AgentCard

# --- what policies answer ---


@dataclass(frozen=True, slots=True)
class Allow:
    """The delivery may go on; ``obligations`` are written beside the payload where it leaves for someone."""

    obligations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    """The delivery may not happen."""

    code: str
    """Stable label, for example ``"clearance"``."""
    reason: str
    """One sentence; names paths and limits, never matched text."""


@dataclass(frozen=True, slots=True)
class Redact:
    """The recipient gets a copy in which the findings at these paths are masked."""

    paths: frozenset[Path]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """The delivery waits for a person."""

    reason: str
    expires_s: float | None = None
    """Seconds until the hold ends ``expired``; the run limits' ``hold_s`` by default."""
    paths: frozenset[Path] = frozenset()
    """What stays masked for the recipient after an approval."""


Verdict = Allow | Deny | Redact | Hold
ALLOW = Allow()

Judge = Callable[[Message[Any], AgentCard], Verdict]
"""Judges one delivery by the message and its sender's card. Pure: no I/O, no clock, no state."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a pipeline runs."""

    name: str = "development"
    """``development``, ``staging`` or ``production``."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a policy is compiled for."""

    payload: type[Payload]
    recipient: AgentCard
    """The subscriber; for an answer that leaves, the card of the caller, tap or webhook."""
    environment: Environment = Environment()


class PolicySettings(BaseModel):
    """Base of a policy's settings: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Policy(Protocol):
    """One rule. ``name`` and ``version`` go into every decision it makes.

    What a policy may say of itself on its class, so that it is asked less often; where it is silent nothing is assumed:

    - ``needs_findings = True``: it can object only where an inspector found something; a clean message is not shown.
    - ``headers_only = True``: its judges look at the message's headers alone; headers once allowed on a route stay so.
    - ``reads = frozenset({"clearance", ...})``: the fields of the recipient's card that its verdict depends on. What
      one recipient of a message was allowed, another is too whose card agrees in the fields that all policies read.
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
        """Return the judge of a route, or None when the rule always allows it."""
        ...


# --- inspectors ---


class Span(NamedTuple):
    """What an inspector found in one string."""

    kind: str
    start: int
    end: int
    label: Classification
    score: float = 1.0
    """How sure the inspector is, in [0, 1]."""


class Inspector(Protocol):
    """Finds something in strings. One pass over all of a message's text decides whether it is asked at all.

    What an inspector may say of itself beyond this protocol: ``for_topic(topic)`` returns the inspector of one topic,
    with the same name and patterns but for instance another threshold; ``always = True`` has it asked of every message.
    """

    name: ClassVar[str]
    version: ClassVar[str]

    @property
    def patterns(self) -> tuple[str, ...]:
        """RE2 patterns; a text in which none matches has no finding. They see text folded by ``fold``."""
        ...

    def fold(self, text: str) -> str:
        """Bring text to the form that the patterns are written for; called only for text that is not ASCII."""
        ...

    def examine(self, text: str) -> Iterable[Span]:
        """Return what is in one string, with positions in that string as it is."""
        ...


_SEPARATOR = "\x1f"  # joins strings for one scan; it belongs to no ordinary text
_SMALL = 4096
_clean: dict[int, Inspection] = {}  # most messages are small and clean: those of one size share their inspection


class _View(NamedTuple):
    """The inspectors as one topic wants them."""

    inspectors: tuple[Inspector, ...]
    always: tuple[Inspector, ...]
    """Those that are asked though no pattern matches."""


class Inspectors:
    """All inspectors of a policy set behind one set of patterns.

    Args:
        inspectors: In order; each name once.
    """

    def __init__(self, inspectors: Iterable[Inspector]) -> None:
        self._inspectors = tuple({inspector.name: inspector for inspector in inspectors}.values())
        self._owners: list[int] = []
        self._views: dict[tuple[Inspector, ...], _View] = {}  # findings kept with a value belong to one view only
        self._kinds: dict[type[Value], _View] = {}
        self._match: Callable[[bytes], list[int] | None] = self._compiled_patterns() or _nothing

    def _compiled_patterns(self) -> Callable[[bytes], list[int] | None] | None:
        """Return what matches all patterns at once, noting whose each is; None where there are none."""
        if not self._inspectors:
            return None
        import re2  # noqa: PLC0415 - start-up: a program without inspectors needs no patterns

        options = re2.Options()
        options.log_errors = False
        options.max_mem = 64 << 20
        patterns = re2.Set.SearchSet(options)
        for number, inspector in enumerate(self._inspectors):
            for pattern in inspector.patterns:
                try:
                    patterns.Add(pattern)
                except re2.error as error:
                    raise PolicyError(inspector.name, f"a pattern does not compile: {error}") from None
                self._owners.append(number)
        if not self._owners:
            return None
        try:
            patterns.Compile()
        except re2.error as error:
            raise PolicyError("inspectors", f"the patterns do not compile together: {error}") from None
        match: Callable[[bytes], list[int] | None] = patterns.Match
        return match

    def _view(self, inspectors: tuple[Inspector, ...]) -> _View:
        always = tuple(inspector for inspector in inspectors if getattr(inspector, "always", False))
        return self._views.setdefault(inspectors, _View(inspectors, always))

    def _seen_by(self, kind: type[Value]) -> _View:
        """Return the inspectors for a payload's topic; a part of a payload by itself has none."""
        view = self._kinds.get(kind)
        if view is None:
            topic = topic_of(kind).name if issubclass(kind, Payload) else None
            narrowed = (getattr(one, "for_topic", None) if topic else None for one in self._inspectors)
            chosen = (one if own is None else own(topic) for one, own in zip(self._inspectors, narrowed, strict=True))
            view = self._kinds[kind] = self._view(tuple(chosen))
        return view

    def compiled(self, kind: type[Payload]) -> Callable[[Payload], Inspection]:
        """Return ``inspect`` for one class; for a class without long parts the whole path of a clean message."""
        reader = fields.reader(kind)
        if reader.bulky or self._seen_by(kind).always:
            return self.inspect
        read, match, join, scalar = reader.read, self._match, _SEPARATOR.join, fields.SCALAR_BYTES

        def inspect(payload: Payload) -> Inspection:
            parts: list[str] = []
            try:
                size = scalar * read(payload, parts)
                text = join(parts)
                if text.isascii() and not match(text.encode()):
                    size += len(text)
                    return _clean.get(size) or _clean_of(size)
            except Exception:  # noqa: BLE001 - fail closed: the slow path names what failed
                return self.inspect(payload)
            return self.inspect(payload)

        return inspect

    def inspect(self, payload: Value) -> Inspection:
        """Return what is in a payload; never raises, because an inspector that fails makes policies deny."""
        try:
            return self._inspect(payload, self._seen_by(type(payload)))
        except Exception as error:  # noqa: BLE001 - fail closed: the failure becomes part of the inspection
            return Inspection(0, failed=type(error).__name__)

    def _inspect(self, payload: Value, view: _View) -> Inspection:
        reader = fields.reader(type(payload))
        parts: list[str] = []
        scalars = reader.read(payload, parts)
        text = _SEPARATOR.join(parts)
        size = len(text) + fields.SCALAR_BYTES * scalars
        if not text.isascii():
            size += len(text.encode(errors="surrogatepass")) - len(text)
            # Inspectors of one wing fold alike; each distinct form is scanned once.
            text = _SEPARATOR.join(dict.fromkeys(inspector.fold(text) for inspector in self._inspectors))
        hits = self._match(text.encode())
        asked = dict.fromkeys([view.inspectors[self._owners[hit]] for hit in hits or ()] + list(view.always))
        if not asked and not reader.bulky:
            return _clean.get(size) or _clean_of(size)
        found = self._examine(payload, reader.bulky, tuple(asked)) if asked else []
        for name in reader.bulky:
            kept = self._kept(getattr(payload, name), view)
            size += kept.size_bytes
            found += [replace(finding, path=(name, *finding.path)) for finding in kept.findings]
        return Inspection(size, tuple(found), max((f.label for f in found), default=Classification.PUBLIC))

    def _kept(self, value: Value, view: _View) -> Inspection:
        """Return the inspection of an immutable part, made once however many messages carry it."""
        kept: tuple[object, Inspection] | None = getattr(value, "_inspection", None)
        if kept is None or kept[0] is not view:
            kept = (view, self._inspect(value, view))
            object.__setattr__(value, "_inspection", kept)
        return kept[1]

    def _examine(self, payload: Value, skip: tuple[str, ...], asked: tuple[Inspector, ...]) -> list[Finding]:
        found: list[Finding] = []
        for part in fields.texts(payload, skip=skip):
            for inspector in asked:
                found += [
                    Finding(span.kind, part.path, span.start, span.end, span.label, part.maskable, span.score)
                    for span in inspector.examine(part.text)
                ]
        return found


def _clean_of(size: int) -> Inspection:
    inspection = Inspection(size)
    if size < _SMALL:
        _clean[size] = inspection
    return inspection


def _nothing(_text: bytes) -> list[int]:
    return []


# --- folding verdicts into one decision ---


@dataclass(frozen=True, slots=True)
class Reason:
    """What one policy said of one delivery; evidence as paths, never text."""

    policy: str
    version: str
    verdict: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The folded verdict of all policies on one delivery, when it is more than a plain allow."""

    verdict: str
    """``allow`` (with obligations), ``redact``, ``hold`` or ``deny``."""
    reasons: tuple[Reason, ...]
    policy_set: str
    """SHA-256 of the policy set that decided."""
    paths: frozenset[Path] = frozenset()
    holds: tuple[str, ...] = ()
    """``policy@version`` of each policy that holds; an approval names these."""
    expires_s: float | None = None
    obligations: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The decisive policies and codes, for outcomes and counts: ``"clearance: restricted"``."""
        decisive = [r for r in self.reasons if r.verdict == self.verdict] or list(self.reasons)
        return "; ".join(f"{r.policy}: {r.text}" if r.text else r.policy for r in decisive)

    def record(self) -> Mapping[str, object]:
        """Return the decision for a journal: policies, versions, the set's hash, and paths as evidence."""
        return {
            "policy_set": self.policy_set,
            "reasons": [
                {"policy": r.policy, "version": r.version, "verdict": r.verdict, "code": r.code, "text": r.text}
                for r in self.reasons
            ],
            "paths": sorted(".".join(map(str, path)) for path in self.paths),
        }


class Gate:
    """The compiled judges of one route."""

    __slots__ = ("_allowed", "_clean", "_headers", "_judges", "_policies", "_set", "alike")

    def __init__(
        self, policies: tuple[Policy, ...], judges: tuple[Judge, ...], policy_set: str, alike: object = None
    ) -> None:
        self._policies = policies
        self._judges = judges
        pairs = tuple(zip(policies, judges, strict=True))
        self._headers = tuple(judge for policy, judge in pairs if getattr(policy, "headers_only", False))
        self._clean = tuple(
            judge for policy, judge in pairs
            if not getattr(policy, "needs_findings", False) and not getattr(policy, "headers_only", False)
        )  # fmt: skip
        self._allowed: Headers | None = None
        self._set = policy_set
        self.alike = self if alike is None else alike
        """The same object for gates that allow the same messages."""

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
            return self._undecidable(f"an inspector failed ({inspection.failed})")
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

    def _undecidable(self, why: str) -> Decision:
        return Decision("deny", (Reason("engine", "1", "deny", "undecidable", why),), self._set)

    def _fold(self, message: Message[Any], sender: AgentCard, approved: frozenset[str]) -> Decision | None:
        reasons: list[Reason] = []
        paths: set[Path] = set()
        holds: list[str] = []
        obligations: list[str] = []
        expires: list[float] = []
        ranks = {"allow": 0, "redact": 1, "hold": 2, "deny": 3}
        for policy, judge in zip(self._policies, self._judges, strict=True):
            stamp = f"{policy.name}@{policy.version}"
            try:
                verdict: object = judge(message, sender)
            except Exception as error:  # noqa: BLE001 - fail closed: a policy that raises denies
                verdict = Deny("policy_error", f"raised {type(error).__name__}")
            match verdict:
                case Deny(code, text):
                    reasons.append(Reason(policy.name, policy.version, "deny", code, text))
                case Hold(text, expires_s, where):
                    paths |= where
                    if stamp in approved:
                        verdict_left = "redact" if where else "allow"
                        reasons.append(Reason(policy.name, policy.version, verdict_left, "approved", text))
                    else:
                        holds.append(stamp)
                        expires += [] if expires_s is None else [expires_s]
                        reasons.append(Reason(policy.name, policy.version, "hold", "hold", text))
                case Redact(where, text):
                    paths |= where
                    reasons.append(Reason(policy.name, policy.version, "redact", "redact", text))
                case Allow(notices):
                    obligations += notices
                case _:  # a policy of a third party may answer anything
                    text = f"answered {type(verdict).__name__}, which is no verdict"
                    reasons.append(Reason(policy.name, policy.version, "deny", "policy_error", text))
        strongest = max((reason.verdict for reason in reasons), key=ranks.__getitem__, default="allow")
        if strongest == "allow" and not obligations:
            return None  # nothing but approvals of a plain allow
        return Decision(
            strongest, tuple(reasons), self._set, frozenset(paths), tuple(holds),
            min(expires, default=None), tuple(obligations),
        )  # fmt: skip


@dataclass(frozen=True)
class PolicySet:
    """The policies in force, compiled together.

    Args:
        policies: In the order in which their reasons are listed.
        environment: Where the pipeline runs.
    """

    policies: tuple[Policy, ...] = ()
    environment: Environment = field(default_factory=Environment)

    def __post_init__(self) -> None:
        names = [policy.name for policy in self.policies]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise PolicyError(twice, "is listed twice; one entry per policy")
        object.__setattr__(self, "sha256", self._hash())
        wanted = [inspector for policy in self.policies for inspector in policy.inspectors]
        object.__setattr__(self, "inspectors", Inspectors(wanted))
        object.__setattr__(self, "_likes", {})

    sha256: str = field(init=False)
    inspectors: Inspectors = field(init=False)
    _likes: dict[object, object] = field(init=False, repr=False, compare=False)

    def _hash(self) -> str:
        import hashlib  # noqa: PLC0415 - start-up: a program without policies needs neither
        import json  # noqa: PLC0415 - as above

        listed = [[p.name, p.version, _ordered(p.settings.model_dump())] for p in self.policies]
        text = json.dumps([self.environment.name, listed], sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def gate(self, payload: type[Payload], recipient: AgentCard) -> Gate:
        """Return the gate of a route.

        A policy that cannot be compiled for the route makes a gate that denies everything and says so.
        """
        route = Route(payload, recipient, self.environment)
        policies: list[Policy] = []
        judges: list[Judge] = []
        for policy in self.policies:
            try:
                judge = policy.compile(route)
            except Exception as error:  # noqa: BLE001 - fail closed: the route is shut, with the policy named
                judge = _shut(f"cannot judge {topic_of(payload).name}: {type(error).__name__}")
            if judge is not None:
                policies.append(policy)
                judges.append(judge)
        return Gate(tuple(policies), tuple(judges), self.sha256, self._alike(payload, recipient, policies))

    def _alike(self, payload: type[Payload], recipient: AgentCard, policies: list[Policy]) -> object:
        """Return one object for all routes on which the policies cannot tell two recipients apart, else None."""
        read: set[str] = set()
        for policy in policies:
            fields_read = getattr(policy, "reads", None)
            if fields_read is None:
                return None
            read |= fields_read
        key = (payload, tuple((name, getattr(recipient, name)) for name in sorted(read)))
        return self._likes.setdefault(key, key)


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


def mask(message: Message[Any], paths: frozenset[Path]) -> Payload:
    """Return the payload with the findings at ``paths`` masked; made once per set of paths and message.

    Raises:
        LookupError: A path is no plain string field, so the delivery must be denied.
    """
    # Messages in which nothing was found share their inspection, and so must not share a copy kept with it.
    made = message.inspection.masked if message.inspection.findings else {}
    copy = made.get(paths)
    if copy is None:
        spans: dict[Path, tuple[tuple[int, int, str], ...]] = dict.fromkeys(paths, ())
        for finding in message.inspection.findings:
            if finding.path in spans:
                word = finding.kind.rpartition(".")[2]
                spans[finding.path] = (*spans[finding.path], (finding.start, finding.end, word))
        copy = made[paths] = fields.masked(message.payload, spans)
    return copy
