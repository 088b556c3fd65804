"""Judging: what inspectors find once per message, and what policies decide once per delivery.

Inspectors run on a payload's strings and attach findings. Policies are compiled per route (payload class and
recipient) into judges: pure, synchronous functions of the message and its sender's card. Deny overrides hold overrides
redact overrides allow; a judge that raises denies. A policy in shadow mode is heard and recorded, and nothing comes of
what it says. Whoever writes a policy finds verdicts and decisions here as well; they live in ``genie.verdict``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from genie import fields
from genie.errors import PolicyError
from genie.gate import Gate, Seat
from genie.message import Classification, Finding, Inspection, Message, Path, Payload, Value, topic_of
from genie.protocol import AgentCard
from genie.verdict import (
    ALLOW,
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
    Whole,
)  # fmt: skip

__all__ = (
    "ALLOW", "Allow", "Decision", "Deny", "Environment", "Gate", "Hold", "Inspector", "Inspectors", "Judge",
    "Judgement", "Need", "Policy", "PolicySet", "PolicySettings", "Reason", "Redact", "Route", "Ruled", "Scene",
    "ShadowFinding", "Span", "Verdict", "Whole", "mask",
)  # fmt: skip


class Environment(NamedTuple):
    """Where a pipeline runs."""

    name: str = "development"
    """``development``, ``staging`` or ``production``."""


class Route(NamedTuple):
    """What a policy is compiled for."""

    payload: type[Payload]
    recipient: AgentCard
    """The subscriber; for an answer that leaves, the card of the caller, tap or webhook."""
    environment: Environment = Environment()


class Scene(NamedTuple):
    """What a policy's settings are checked against when a file is loaded."""

    kinds: tuple[type[Payload], ...]
    """Every payload class that may be sent."""
    cards: tuple[AgentCard, ...]
    """Every agent and join that may send or receive."""
    environment: Environment = Environment()
    inspectors: frozenset[str] = frozenset()
    """Names of the inspectors whose findings there will be."""


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

    A class method ``problems(settings, scene)`` may yield ``(path, text)`` for what is wrong with settings in a
    pipeline, the path starting in the settings; whoever loads a file asks it first. ``scene`` is None where the
    pipeline is not known.
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


class Inspector(Protocol):
    """Finds something in strings. One pass over all of a message's text decides whether it is asked at all."""

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


class ShadowFinding(Finding):
    """What only a policy in shadow mode looks for: its label is public, and nothing is masked because of it."""

    __slots__ = ()


class _Quiet:
    """An inspector that only policies in shadow mode ask: it can neither fail a message nor raise its label."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self.name = inspector.name  # type: ignore[misc]  # that of the inspector inside
        self.version = inspector.version  # type: ignore[misc]  # as above

    name: ClassVar[str]
    version: ClassVar[str]

    @property
    def patterns(self) -> tuple[str, ...]:
        return self._inspector.patterns

    def fold(self, text: str) -> str:
        try:
            return self._inspector.fold(text)
        except Exception:  # noqa: BLE001 - shadow mode never acts, not even by failing
            return text

    def examine(self, text: str) -> Iterable[Span]:
        try:
            return [span._replace(label=Classification.PUBLIC) for span in self._inspector.examine(text)]
        except Exception:  # noqa: BLE001 - as above
            return ()


_SEPARATOR = "\x1f"  # joins strings for one scan; it belongs to no ordinary text
_SMALL = 4096
_clean: dict[int, Inspection] = {}  # most messages are small and clean: those of one size share their inspection


class Inspectors:
    """All inspectors of a policy set behind one set of patterns.

    Args:
        inspectors: In order; each name once.
    """

    def __init__(self, inspectors: Iterable[Inspector]) -> None:
        self._inspectors = tuple({inspector.name: inspector for inspector in inspectors}.values())
        self._owners: list[Inspector] = []
        self._token = object()  # findings kept with a value belong to this set of inspectors only
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
        for inspector in self._inspectors:
            for pattern in inspector.patterns:
                try:
                    patterns.Add(pattern)
                except re2.error as error:
                    raise PolicyError(inspector.name, f"a pattern does not compile: {error}") from None
                self._owners.append(inspector)
        if not self._owners:
            return None
        try:
            patterns.Compile()
        except re2.error as error:
            raise PolicyError("inspectors", f"the patterns do not compile together: {error}") from None
        match: Callable[[bytes], list[int] | None] = patterns.Match
        return match

    def compiled(self, kind: type[Payload]) -> Callable[[Payload], Inspection]:
        """Return ``inspect`` for one class; for a class without long parts the whole path of a clean message."""
        reader = fields.reader(kind)
        if reader.bulky:
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
            return self._inspect(payload)
        except Exception as error:  # noqa: BLE001 - fail closed: the failure becomes part of the inspection
            return Inspection(0, failed=type(error).__name__)

    def _inspect(self, payload: Value) -> Inspection:
        reader = fields.reader(type(payload))
        parts: list[str] = []
        scalars = reader.read(payload, parts)
        text = _SEPARATOR.join(parts)
        size = len(text) + fields.SCALAR_BYTES * scalars
        if not text.isascii():
            size += len(text.encode(errors="surrogatepass")) - len(text)
        hits = self._match(self._folded(text).encode())
        if not hits and not reader.bulky:
            return _clean.get(size) or _clean_of(size)
        found = self._examine(payload, reader.bulky) if hits else []
        for name in reader.bulky:
            kept = self._kept(getattr(payload, name))
            size += kept.size_bytes
            found += [type(f)(f.kind, (name, *f.path), f.start, f.end, f.label, f.maskable) for f in kept.findings]
        return Inspection(size, tuple(found), max((f.label for f in found), default=Classification.PUBLIC))

    def _folded(self, text: str) -> str:
        """Return a text as the patterns see it. Inspectors of one wing fold alike; each distinct form is there once."""
        if text.isascii():
            return text
        return _SEPARATOR.join(dict.fromkeys(inspector.fold(text) for inspector in self._inspectors))

    def _kept(self, value: Value) -> Inspection:
        """Return the inspection of an immutable part, made once however many messages carry it."""
        kept: tuple[object, Inspection] | None = getattr(value, "_inspection", None)
        if kept is None or kept[0] is not self._token:
            kept = (self._token, self._inspect(value))
            object.__setattr__(value, "_inspection", kept)
        return kept[1]

    def _examine(self, payload: Value, skip: tuple[str, ...]) -> list[Finding]:
        found: list[Finding] = []
        known: dict[str, list[tuple[type[Finding], Span]]] = {}  # a statement says the same again and again
        for part in fields.texts(payload, skip=skip):
            spans = known.get(part.text)
            if spans is None:
                spans = known[part.text] = self._spans(part.text)
            found += [
                made(span.kind, part.path, span.start, span.end, span.label, part.maskable) for made, span in spans
            ]
        return found

    def _spans(self, text: str) -> list[tuple[type[Finding], Span]]:
        """Return what is in one string; the patterns say who is asked, since examining costs ten times as much."""
        hits = self._match(self._folded(text).encode()) or ()
        return [
            (ShadowFinding if isinstance(inspector, _Quiet) else Finding, span)
            for inspector in dict.fromkeys(self._owners[hit] for hit in hits)
            for span in inspector.examine(text)
        ]


def _clean_of(size: int) -> Inspection:
    inspection = Inspection(size)
    if size < _SMALL:
        _clean[size] = inspection
    return inspection


def _nothing(_text: bytes) -> list[int]:
    return []


@dataclass(frozen=True)
class PolicySet:
    """The policies in force, compiled together.

    Args:
        policies: In the order in which their reasons are listed.
        environment: Where the pipeline runs.
        shadow: Names of policies that are heard and recorded without acting.
    """

    policies: tuple[Policy, ...] = ()
    environment: Environment = field(default_factory=Environment)
    shadow: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        names = [policy.name for policy in self.policies]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise PolicyError(twice, "is listed twice; one entry per policy")
        unknown = next((name for name in sorted(self.shadow) if name not in names), None)
        if unknown is not None:
            raise PolicyError(unknown, "is to be heard in shadow mode, but is not in the set")
        object.__setattr__(self, "sha256", self._hash())
        acting = [i for policy in self.policies if policy.name not in self.shadow for i in policy.inspectors]
        taken = {inspector.name for inspector in acting}
        heard = [i for policy in self.policies for i in policy.inspectors if i.name not in taken]
        object.__setattr__(self, "inspectors", Inspectors((*acting, *(_Quiet(inspector) for inspector in heard))))
        object.__setattr__(self, "_likes", {})

    sha256: str = field(init=False)
    inspectors: Inspectors = field(init=False)
    _likes: dict[object, object] = field(init=False, repr=False, compare=False)

    def _hash(self) -> str:
        import hashlib  # noqa: PLC0415 - start-up: a program without policies needs neither
        import json  # noqa: PLC0415 - as above

        listed = [[p.name, p.version, _ordered(p.settings.model_dump())] for p in self.policies]
        whole: list[object] = [self.environment.name, listed, *([sorted(self.shadow)] if self.shadow else [])]
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def gate(self, payload: type[Payload], recipient: AgentCard) -> Gate:
        """Return the gate of a route.

        A policy that cannot be compiled for the route makes a gate that denies everything and says so.
        """
        route = Route(payload, recipient, self.environment)
        policies: list[Policy] = []
        seats: list[Seat] = []
        for policy in self.policies:
            try:
                judge = policy.compile(route)
            except Exception as error:  # noqa: BLE001 - fail closed: the route is shut, with the policy named
                judge = _shut(f"cannot judge {topic_of(payload).name}: {type(error).__name__}")
            if judge is not None:
                policies.append(policy)
                seats.append(
                    Seat(
                        policy.name, policy.version, judge, policy.name in self.shadow,
                        getattr(policy, "headers_only", False), getattr(policy, "needs_findings", False),
                    )
                )  # fmt: skip
        return Gate(tuple(seats), self.sha256, self._alike(payload, recipient, policies))

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
        whole = {tuple(path) for path in paths if isinstance(path, Whole)}
        spans: dict[Path, tuple[tuple[int, int, str], ...]] = {tuple(path): () for path in paths}
        for finding in message.inspection.findings:
            if finding.path in spans and finding.path not in whole and not isinstance(finding, ShadowFinding):
                word = finding.kind.rpartition(".")[2]
                spans[finding.path] = (*spans[finding.path], (finding.start, finding.end, word))
        copy = made[paths] = fields.masked(message.payload, spans)
    return copy
