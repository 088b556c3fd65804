"""The policy that contains all rules of a set: one judge per route, which asks only the rules that can apply there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, NamedTuple

from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, Path, Payload, topic_of
from genie.errors import PolicyError
from genie.policy.policy import ALLOW, Inspector, Judge, Judgement, PipelineContext, Route, RuleVerdict
from genie.rules import validation as check
from genie.rules.actions import Answer, answer, undecided
from genie.rules.ast import Condition, Fixed, Reader, Roots, evaluate
from genie.rules.compile import Holds, compiled, routed
from genie.rules.index import Finder, Plan, planned
from genie.rules.partial import veiled
from genie.rules.schema import RuleSection, RulesSettings, named
from genie.rules.selectors import FIXED, recipient_field

_CONTEXTS = 256
"""Number of senders for which a judge caches the applicable rules."""


class Trial(NamedTuple):
    """The result of one rule for one message, for explanations."""

    rule: RuleSection
    condition: Condition
    """Its condition, typed for the message's payload, without evaluation of the route."""
    found: bool | None
    """True if it applies; None if it is undecided."""
    verdict: RuleVerdict | None
    """Its verdict, None if it does not object."""
    hidden: frozenset[str] = frozenset()
    """Hidden subjects that it would have to read; then its result is unknown."""


class _Compiled:
    """One rule on one route."""

    __slots__ = ("answer", "condition", "route", "rule", "test", "version")

    def __init__(self, rule: RuleSection, version: str, condition: Condition, route: Route) -> None:
        self.rule = rule
        self.version = version
        self.condition = condition
        self.route = route
        self.test: Holds = compiled(condition)
        self.answer: Answer = answer(rule, route.payload)

    def ask(self, message: Envelope[Any], sender: AgentCard) -> RuleVerdict | None:
        """Return the verdict of the rule; None if it does not apply."""
        try:
            found = self.test(message, sender)
        except Exception:  # noqa: BLE001 - a value that is missing on the way, or of another type than its field's
            found = evaluate(self.condition, Roots(self.route, sender, message))
        return None if found is False else self.said(message, sender, found=found)

    def said(self, message: Envelope[Any], sender: AgentCard, *, found: bool | None) -> RuleVerdict | None:
        """Return the verdict of a rule that applies, or that cannot be decided."""
        rule = self.rule
        if found is None and rule.undecided != "apply":
            if rule.undecided == "skip":
                return None
            verdict = undecided(rule, self.condition, Roots(self.route, sender, message))
        else:
            verdict = self.answer(message)
            if verdict is ALLOW:
                return None
        return RuleVerdict(rule.name, self.version, verdict, rule.mode == "shadow")


class Rules:
    """Custom rules; a decision names each rule with its version.

    Args:
        settings: The rules.

    Raises:
        PolicyError: Two rules share a name.
    """

    name: ClassVar[str] = "rules"
    version: ClassVar[str] = "1"
    Settings: ClassVar[type[RulesSettings]] = RulesSettings

    def __init__(self, settings: RulesSettings = RulesSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        names = [rule.name for rule in settings.rules]
        twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
        if twice is not None:
            raise PolicyError("rules", f"two rules are called {twice!r}")
        self._versions = [rule.version for rule in settings.rules]
        self._typed: dict[type[Payload], tuple[Condition, ...]] = {}
        said = {name for rule in settings.rules for name in named(rule.when)}
        fields = {recipient_field(name) for name in said} - {None}
        self.reads = frozenset(str(field) for field in fields)
        """Fields of the recipient's card that the rules read."""
        self.headers_only = bool(said) and all(name in FIXED and FIXED[name].source in _HEADERS for name in said)
        """True if the rules read only the route and the headers."""
        self.needs_findings = bool(settings.rules) and all(map(check.needs_findings, settings.rules))
        """True if every rule requires a finding."""

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: rules count the findings of other policies' inspectors."""
        return ()

    @classmethod
    def problems(cls, settings: RulesSettings, context: PipelineContext | None) -> Iterable[tuple[Path, str]]:
        """Return problems of rules in a pipeline, by path in the settings; without a pipeline fewer can be found."""
        return check.problems(settings, context)

    @classmethod
    def warnings(cls, settings: RulesSettings, context: PipelineContext | None) -> Iterable[tuple[Path, str]]:
        """Return probable mistakes in a pipeline, by path in the settings."""
        return check.warnings(settings, context)

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None when no rule can apply there.

        Raises:
            PolicyError: A rule does not fit the payload, so the route denies everything.
        """
        found = [
            _Compiled(rule, version, condition, route)
            for rule, version, typed in zip(
                self.settings.rules, self._versions, self._conditions(route.payload), strict=True
            )
            if not isinstance(condition := routed(typed, route), Fixed) or condition.value is not False
        ]
        return _judge(tuple(found)) if found else None

    def examine(
        self, route: Route, message: Envelope[Any], sender: AgentCard, hidden: frozenset[tuple[str, ...]] = frozenset()
    ) -> Iterator[Trial]:
        """Yield the result of each rule for a message, including rules that do not apply.

        Args:
            route: The payload class and the recipient.
            message: The message.
            sender: The sender's card.
            hidden: Fields of the payload whose values were replaced, without positions in collections; the empty path
                hides the whole payload.

        Raises:
            PolicyError: A rule does not fit the payload.
        """
        roots = Roots(route, sender, message)
        for rule, version, typed in zip(
            self.settings.rules, self._versions, self._conditions(route.payload), strict=True
        ):
            seen, names = veiled(typed, hidden)
            found = evaluate(seen, roots)
            if found is None and names:
                yield Trial(rule, typed, None, None, names)
                continue
            said = None
            if found is not False:
                said = _Compiled(rule, version, routed(seen, route), route).said(message, sender, found=found)
            yield Trial(rule, typed, found, said)

    def _conditions(self, kind: type[Payload]) -> tuple[Condition, ...]:
        """Return the rules' conditions, typed for a payload class; cached."""
        typed = self._typed.get(kind)
        if typed is None:
            typed = self._typed[kind] = tuple(condition_of(rule, kind) for rule in self.settings.rules)
        return typed


_HEADERS = frozenset({"route", "headers"})


def condition_of(rule: RuleSection, kind: type[Payload]) -> Condition:
    """Return a rule's condition, typed for a payload class.

    Raises:
        PolicyError: The rule does not fit the payload.
    """
    reader = Reader(kind)
    found = reader.read(rule.when)
    if reader.problems:
        raise PolicyError("rules", f"rule {rule.name!r}: {reader.problems[0][1]} (for {topic_of(kind).name})")
    return found


def _finders(plan: Plan, *sources: str) -> tuple[tuple[Callable[[Any], Any], Finder], ...]:
    return tuple((group.subject.get, group.finder()) for group in plan.groups if group.subject.source in sources)


def _judge(rules: tuple[_Compiled, ...]) -> Judge:  # noqa: C901 - the hot path: each call more costs a tenth
    plan = planned(rule.condition for rule in rules)
    everyone, alternatives, only = plan.everyone, plan.alternatives, plan.rules
    of_sender, of_headers = _finders(plan, "sender"), _finders(plan, "headers")
    of_message = _finders(plan, "message", "findings", "payload")
    senders: dict[int, tuple[AgentCard, int]] = {}
    last: tuple[object, int] = (None, everyone)

    def by_sender(sender: AgentCard) -> int:
        left = everyone
        for get, find in of_sender:
            left &= find(get(sender))
        if len(senders) >= _CONTEXTS:
            senders.clear()
        senders[id(sender)] = (sender, left)  # the reference keeps another card from getting the same id
        return left

    def concerned(message: Envelope[Any], sender: AgentCard) -> int:
        nonlocal last
        left = everyone
        if of_sender:
            known = senders.get(id(sender))
            left = by_sender(sender) if known is None else known[1]
        if of_headers:
            headers, passed = last
            if headers is not message.headers:
                passed = everyone
                for get, find in of_headers:
                    passed &= find(get(message))
                last = (message.headers, passed)
            left &= passed
        if left & only:
            for get, find in of_message:
                left &= find(get(message))
            for needed, others in alternatives:
                if not left & needed:
                    left &= others
        return left & only

    def judge(message: Envelope[Any], sender: AgentCard) -> Judgement:
        try:
            left = concerned(message, sender)
        except Exception:  # noqa: BLE001 - each rule is evaluated alone and reports its own failure
            left = only
        if not left:
            return ALLOW
        said: list[RuleVerdict] = []
        while left:
            bit = left & -left
            left ^= bit
            verdict = rules[bit.bit_length() - 1].ask(message, sender)
            if verdict is not None:
                said.append(verdict)
        return tuple(said) if said else ALLOW

    return judge
