"""Problems of rules in a pipeline: unknown names, wrong types, and rules that can never match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from genie.contracts.card import AgentCard, Risk, Tier
from genie.contracts.classification import Classification
from genie.contracts.message import Path, Payload, topic_of
from genie.errors import did_you_mean
from genie.policy.policy import PipelineContext, Route
from genie.rules.actions import is_inapplicable, text_path
from genie.rules.ast import NEVER, Condition, Every, Reader, Some, Test, holds
from genie.rules.compile import routed
from genie.rules.operators import covers
from genie.rules.schema import RuleSection, RulesSettings, named
from genie.rules.selectors import UnknownSubjectError, recipient_field

_RANKS = {"allow": 0, "redact": 1, "hold": 2, "deny": 3}
_CALLER = "caller:"
_ANYBODY = AgentCard(id="caller:anybody", risk=Risk.LOW, tier=Tier.PRODUCTION)
_MOST_TOPICS = 3
_MOST = 20
"""Maximum number of reported problems of one rule."""


def problems(settings: RulesSettings, context: PipelineContext | None) -> Iterator[tuple[Path, str]]:
    """Yield problems as (path in the settings, text).

    Args:
        settings: The rules.
        context: The pipeline; None if it is unknown, and then only problems of every pipeline are reported.
    """
    names: dict[str, int] = {}
    earlier: list[RuleSection] = []
    for place, rule in enumerate(settings.rules):
        path: Path = ("rules", place)
        if rule.name in names:
            yield (*path, "name"), f"two rules are called {rule.name!r}; give this one another name"
        names.setdefault(rule.name, place)
        hidden = next((one for one in earlier if _hides(one, rule)), None)
        if hidden is not None:
            yield path, f"rule {rule.name!r} has no effect: rule {hidden.name!r} above has the same condition"
        earlier.append(rule)
        if context is not None:
            told = list(dict.fromkeys(_rule(rule, path, context)))
            yield from told[:_MOST]


def warnings(settings: RulesSettings, context: PipelineContext | None) -> Iterator[tuple[Path, str]]:
    """Yield (path in the settings, text) for each rule of a family of topics whose fields some of them do not have."""
    for place, rule in enumerate(settings.rules):
        gaps: dict[str, list[str]] = {}
        for kind in context.kinds if context is not None else ():
            reader = Reader(kind)
            reader.read(rule.when)
            missing = [one for one in rule.targets if one.startswith("payload.") and is_inapplicable(rule, one, kind)]
            reached = routed(reader.read(rule.when), Route(kind, _ANYBODY)) if missing else NEVER
            for name in dict.fromkeys((*reader.absent, *(missing if reached != NEVER else ()))):
                gaps.setdefault(name, []).append(topic_of(kind).name)
        for name, topics in gaps.items():
            listed = ", ".join(sorted(topics)[:_MOST_TOPICS]) + (", ..." if len(topics) > _MOST_TOPICS else "")
            yield ("rules", place, "when"), f"rule {rule.name!r} reads {name} only where it exists, not of {listed}"


def _rule(rule: RuleSection, path: Path, context: PipelineContext) -> Iterator[tuple[Path, str]]:
    when = (*path, "when")
    typed: dict[type[Payload], Condition] = {}
    wrong = False
    for kind in context.kinds:
        reader = Reader(kind)
        condition = reader.read(rule.when, when)
        wrong = wrong or bool(reader.problems)
        yield from reader.problems
        if not reader.problems and condition != NEVER:
            typed[kind] = condition
    names = list(_names(rule.when, when, context))
    yield from names
    if wrong or names or not context.kinds:
        return
    why = _never(rule, typed, context)
    if why is not None:
        yield when, f"rule {rule.name!r} can never apply: {why}"
        return
    for target in rule.targets:
        for kind in typed:
            if is_inapplicable(rule, target, kind):
                continue
            try:
                text_path(target, kind)
            except UnknownSubjectError as error:
                yield (*path, "then"), f"{error} (for {topic_of(kind).name})"
        if target.startswith("findings."):
            yield from _finding(target, (*path, "then"), context)


def _never(rule: RuleSection, typed: Mapping[type[Payload], Condition], context: PipelineContext) -> str | None:
    """Return why a rule can never apply, None if it can on some route."""
    why = "this pipeline sends no topic to such a recipient"
    for kind, condition in typed.items():
        for card in _recipients(kind, rule.when, context):
            left = routed(condition, Route(kind, card, context.environment))
            if left == NEVER:
                continue
            contradiction = _contradiction(left)
            if contradiction is None:
                return None
            why = contradiction
    return why


def _recipients(kind: type[Payload], when: Mapping[str, object], context: PipelineContext) -> Iterator[AgentCard]:
    """Yield the cards of possible recipients that the rule can distinguish.

    These are its consumers, its askers, and callers and taps of every clearance.
    """
    fields = sorted({field for name in named(when) if (field := recipient_field(name)) is not None})
    callers = {_ANYBODY.id, *_callers(when)}
    seen: set[tuple[object, ...]] = set()
    for card in (
        *(card for card in context.cards if kind in card.consumes or card.asks),
        *(replace(_ANYBODY, id=caller, clearance=level) for caller in sorted(callers) for level in Classification),
    ):
        looks = tuple(getattr(card, field) for field in fields)
        if looks not in seen:
            seen.add(looks)
            yield card


def _callers(raw: object) -> Iterator[str]:
    """Yield the callers that a condition names anywhere."""
    if isinstance(raw, str) and raw.startswith(_CALLER) and not raw.endswith("*"):
        yield raw
    for part in raw.values() if isinstance(raw, dict) else raw if isinstance(raw, list) else ():
        yield from _callers(part)


# --- names ---


def _names(when: object, path: Path, context: PipelineContext) -> Iterator[tuple[Path, str]]:
    """Yield topics, agents, capabilities and findings that the pipeline lacks."""
    if not isinstance(when, dict):
        return
    for name, raw in when.items():
        at = (*path, name)
        if name in {"any_of", "all_of"}:
            for place, part in enumerate(raw if isinstance(raw, list) else ()):
                yield from _names(part, (*at, place), context)
        elif name == "not":
            yield from _names(raw, at, context)
        elif name == "topic":
            topics = sorted({topic_of(kind).name for kind in context.kinds})
            yield from _unknown(raw, at, "no topic here matches", topics)
        elif name in {"sender", "sender.id", "recipient", "recipient.id"}:
            yield from _unknown(raw, at, "no agent here is called", sorted(card.id for card in context.cards))
        elif name in {"sender.capability", "recipient.capability"}:
            known = sorted({capability for card in context.cards for capability in card.capabilities})
            yield from _unknown(raw, at, "no agent here has the capability", known)
        elif name.startswith("findings."):
            yield from _finding(name, at, context)


def _unknown(raw: object, path: Path, what: str, known: list[str]) -> Iterator[tuple[Path, str]]:
    if isinstance(raw, dict):
        for operator, part in raw.items():
            for at, one in enumerate(part) if isinstance(part, list) else ((None, part),):
                place = (*path, operator) if at is None else (*path, operator, at)
                yield from _unknown(one, place, what, known)
    elif isinstance(raw, str) and not raw.startswith(_CALLER) and not any(covers(raw, name) for name in known):
        yield path, f"{what} {raw[:80]!r}{did_you_mean(raw[:80].removesuffix('.*'), known)}"


def _finding(name: str, path: Path, context: PipelineContext) -> Iterator[tuple[Path, str]]:
    kind = name.split(".")[1]
    if kind not in context.inspectors:
        hint = did_you_mean(kind, sorted(context.inspectors)) or "; list the policy that looks for it"
        yield path, f"no policy of the pipeline looks for {kind!r}{hint}"


# --- rules without an effect ---


def _hides(earlier: RuleSection, later: RuleSection) -> bool:
    """Return True if an earlier rule with the same condition makes a later one redundant."""
    if earlier.when != later.when or earlier.undecided != later.undecided or earlier.mode != later.mode:
        return False
    return earlier.then == later.then or earlier.verdict == "deny"


def _contradiction(condition: Condition) -> str | None:
    """Return why the tests of one subject contradict each other, None if they do not."""
    if isinstance(condition, Some):
        found = [_contradiction(part) for part in condition.parts]
        return found[0] if all(found) else None
    bounds: dict[tuple[str, object], list[Test]] = {}
    for part in _conjuncts(condition):
        if isinstance(part, Some) and (inner := _contradiction(part)):
            return inner
        if isinstance(part, Test) and part.operator in {"eq", "in", "gt", "gte", "lt", "lte"}:
            for group in {bound.group for bound in part.bounds}:
                bounds.setdefault((part.subject.name, group), []).append(part)
    for tests in bounds.values():
        if len(tests) > 1 and _empty(tests):
            return f"{tests[0].subject.name} cannot be " + " and ".join(test.written for test in tests)
    return None


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, Every):
        for part in condition.parts:
            yield from _conjuncts(part)
    else:
        yield condition


def _empty(tests: list[Test]) -> bool:
    """Return True when no value can pass all tests of one subject."""
    listed = [test for test in tests if test.operator in {"eq", "in"}]
    if listed:
        candidates: list[Any] = [bound.target for bound in listed[0].bounds]
        return not any(all(_passes(test, value) for test in tests) for value in candidates)
    low = [test for test in tests if test.operator in {"gt", "gte"}]
    high = [test for test in tests if test.operator in {"lt", "lte"}]
    return any(
        one.bounds[0].target > other.bounds[0].target
        or (one.bounds[0].target == other.bounds[0].target and not (one.operator == "gte" and other.operator == "lte"))
        for one in low
        for other in high
    )


def _passes(test: Test, target: Any) -> bool:
    """Return whether values within one bound can pass another test; True if unknown."""
    plain = tuple(bound._replace(read=None) for bound in test.bounds)
    domain = test.subject.domain
    if domain.pattern and (str(target).endswith("*") or any(bound.target.endswith("*") for bound in plain)):
        return True
    return holds(Test(test.subject, test.operator, plain, test.written), target) is not False


def needs_findings(rule: RuleSection) -> bool:
    """Return True if a rule is false for every message without findings."""
    return any(
        (name == "findings" or name.startswith("findings.")) and _above_zero(raw) for name, raw in rule.when.items()
    )


def _above_zero(raw: object) -> bool:
    tests: Mapping[str, object] = raw if isinstance(raw, dict) else {"eq": raw}
    for operator, part in tests.items():
        number = part if isinstance(part, (int, float)) and not isinstance(part, bool) else None
        if number is not None and ((operator == "gt" and number >= 0) or (operator in {"gte", "eq"} and number > 0)):
            return True
    return False
