"""The condition of a rule as a tree of tests, typed against one payload class.

A test is true, false or undecided: a missing or incomparable value (two currencies) is neither. Undecided values follow
Kleene's logic: *and* is false if a part is false, *or* is true if a part is true, and otherwise an undecided part makes
the whole undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, Path, Payload, Value, topic_of
from genie.errors import did_you_mean
from genie.policy.policy import Route
from genie.rules import selectors as subjects
from genie.rules.folding import EitherPattern, folding, folds
from genie.rules.operators import OPERATORS, Bound, Domain, covers, shown
from genie.rules.selectors import Subject, UnknownSubjectError

MOST_DEPTH = 8
"""Maximum nesting depth of `not`, `any_of`, `all_of`, `any` and `all`."""
MOST_TESTS = 200
"""Maximum number of tests of one rule."""
MOST_LISTED = 1_000
"""Maximum number of values of one list."""
MOST_PATTERN = 256
"""Maximum length of a pattern, in characters."""
MOST_SEARCHED = 1_000_000
"""Maximum length of a text that is searched for a pattern; a longer one is undecided."""
_PATTERN_MEMORY = 8 << 20
NESTING = ("all_of", "any_of", "not")


@dataclass(frozen=True, slots=True)
class Test:
    """One operator on one subject."""

    subject: Subject
    operator: str
    bounds: tuple[Bound, ...]
    """The bound, or the bounds of a list. True or false for `exists` and `empty`, a compiled pattern for `matches`."""
    written: str
    """The operator and its operand, for people; not shortened, so that values can be hidden in it."""


@dataclass(frozen=True, slots=True)
class Items:
    """A condition on any or all of the items of a collection."""

    subject: Subject
    every: bool
    part: Condition


@dataclass(frozen=True, slots=True)
class Every:
    """True if all parts are true, also without parts."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """True if at least one part is true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The negation of a condition."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Fixed:
    """A condition that is known before any message."""

    value: bool | None


Condition = Test | Items | Every | Some | Negation | Fixed
NEVER = Fixed(value=False)


class Roots(NamedTuple):
    """The sources of subjects."""

    route: Route
    sender: AgentCard
    message: Envelope[Any]
    item: Any = None


# --- reference evaluation, which every compiled form must equal ---


def evaluate(condition: Condition, roots: Roots) -> bool | None:
    """Return whether a condition holds; None if it is undecided. Never raises."""
    match condition:
        case Fixed(value):
            return value
        case Negation(part):
            found = evaluate(part, roots)
            return None if found is None else not found
        case Every(parts):
            return conjunction([evaluate(part, roots) for part in parts])
        case Some(parts):
            return disjunction([evaluate(part, roots) for part in parts])
        case Items():
            return _items_hold(condition, roots)
        case Test():
            try:
                return holds(condition, value_of(condition.subject, roots))
            except Exception:  # noqa: BLE001 - as above
                return None


def _items_hold(condition: Items, roots: Roots) -> bool | None:
    try:
        values = value_of(condition.subject, roots)
        if values is None:
            return None
        found = [evaluate(condition.part, roots._replace(item=value)) for value in values]
    except Exception:  # noqa: BLE001 - a value of another type than its field's leaves the test undecided
        return None
    return conjunction(found) if condition.every else disjunction(found)


def conjunction(found: list[bool | None]) -> bool | None:
    """Return Kleene's *and*."""
    return False if False in found else None if None in found else True


def disjunction(found: list[bool | None]) -> bool | None:
    """Return Kleene's *or*."""
    return True if True in found else None if None in found else False


def value_of(subject: Subject, roots: Roots) -> Any:
    """Return the value of a subject; None if it is missing."""
    match subject.source:
        case "route":
            return subject.get(roots.route)
        case "sender":
            return subject.get(roots.sender)
        case "item":
            return subject.get(roots.item)
        case _:
            return subject.get(roots.message)


def holds(test: Test, value: Any) -> bool | None:
    """Return whether a value passes a test; may raise if the value does not have its field's type."""
    bound = test.bounds[0]
    if test.operator == "exists":
        return (value is not None) is bound.target
    if value is None:
        return None
    match test.operator:
        case "empty":
            return (len(value) == 0) is bound.target
        case "matches":
            return None if len(value) > MOST_SEARCHED else bound.target.search(value) is not None
        case "contains" | "starts_with" | "ends_with":
            return _PARTS[test.operator](value if bound.read is None else bound.read(value), bound.target)
        case "eq" | "ne" | "in" | "not_in":
            found = disjunction([_same(one, test.subject.domain, value) for one in test.bounds])
            return None if found is None else found is (test.operator in {"eq", "in"})
        case _:
            key = value if bound.read is None else bound.read(value)
            return None if key is None else _ordered(test.operator, key, bound.target)


_PARTS: dict[str, Callable[[Any, Any], bool]] = {
    "contains": lambda value, target: target in value,
    "starts_with": lambda value, target: bool(value.startswith(target)),
    "ends_with": lambda value, target: bool(value.endswith(target)),
}


def _same(bound: Bound, domain: Domain, value: Any) -> bool | None:
    key = value if bound.read is None else bound.read(value)
    if key is None:
        return None
    return covers(bound.target, key) if domain.pattern else bool(key == bound.target)


def _ordered(operator: str, value: Any, target: Any) -> bool:
    match operator:
        case "gt":
            return bool(value > target)
        case "gte":
            return bool(value >= target)
        case "lt":
            return bool(value < target)
        case _:
            return bool(value <= target)


def tests_of(condition: Condition) -> Iterator[Test | Items]:
    """Yield every test outside collections, and every collection condition as one."""
    match condition:
        case Test() | Items():
            yield condition
        case Negation(part):
            yield from tests_of(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from tests_of(part)
        case Fixed():
            pass


# --- from YAML to a tree ---


@dataclass(slots=True)
class Reader:
    """Parses the conditions of one rule for one payload class; problems are stored as (path, text)."""

    kind: type[Payload]
    problems: list[tuple[Path, str]] = field(default_factory=list)
    tests: int = 0
    absent: list[str] = field(default_factory=list)
    """Fields that this payload class lacks, in a rule for every topic of a family."""
    negated: bool = False
    """True below an odd number of negations."""
    topics: object = None
    """The test of the topic with a ``*``, if there is one."""

    def read(self, when: object, path: Path = ()) -> Condition:
        """Parse the condition of `when`."""
        found = self._mapping(when, path, 0, self._of_message)
        if self.tests > MOST_TESTS:
            self.problems = [(path, f"has {self.tests} tests, more than the {MOST_TESTS} that a rule may have")]
        return found

    def _of_message(self, name: str) -> Subject:
        return subjects.subject(name, self.kind)

    def _wrong(self, path: Path, text: str) -> Fixed:
        self.problems.append((path, text))
        return Fixed(None)

    def _mapping(self, raw: object, path: Path, depth: int, find: Callable[[str], Subject]) -> Condition:
        if not isinstance(raw, dict):
            return self._wrong(path, f"should be a mapping from subjects to tests, not {shown(raw)}")
        if not raw:
            return self._wrong(path, "is empty; write at least one test")
        if depth > MOST_DEPTH:
            return self._wrong(path, f"is nested deeper than {MOST_DEPTH} levels")
        outer = self.topics
        if find == self._of_message and "topic" in raw:
            if _covers(raw["topic"], self.kind) is False:
                return NEVER  # a rule for other topics names fields that this payload need not have
            self.topics = raw["topic"] if _is_family(raw["topic"]) else outer
        found = Every(tuple(self._entry(name, part, (*path, name), depth, find) for name, part in raw.items()))
        self.topics = outer
        return found

    def _negation(self, read: Callable[[], Condition]) -> Negation:
        self.negated = not self.negated
        found = Negation(read())
        self.negated = not self.negated
        return found

    def _entry(self, name: str, raw: object, path: Path, depth: int, find: Callable[[str], Subject]) -> Condition:
        if name == "not":
            return self._negation(lambda: self._mapping(raw, path, depth + 1, find))
        if name in {"any_of", "all_of"}:
            if not isinstance(raw, list) or not raw:
                return self._wrong(path, f"should be a list of conditions, not {shown(raw) if raw else 'an empty one'}")
            parts = tuple(self._mapping(part, (*path, at), depth + 1, find) for at, part in enumerate(raw))
            return Every(parts) if name == "all_of" else Some(parts)
        try:
            found = find(name)
        except UnknownSubjectError as error:
            if find == self._of_message and is_elsewhere(name, self.topics):
                self.absent.append(name)
                return Fixed(self.negated)  # a missing field never makes a rule apply
            hint = "" if "did you mean" in str(error) else did_you_mean(name[:60], NESTING)
            return self._wrong(path, f"{error}{hint}")
        return self.read_tests(found, raw, path, depth)

    def read_tests(self, found: Subject, raw: object, path: Path, depth: int) -> Condition:
        """Parse the tests of one subject."""
        if isinstance(raw, list):
            return self._wrong(path, f"{found.name} has a list as its test; write in: [...] or not_in: [...]")
        if not isinstance(raw, dict):
            return self._test(found, "contains" if found.domain.item is not None else "eq", raw, path, depth)
        if not raw:
            return self._wrong(path, f"{found.name} has no test; write eq:, in: or another operator below it")
        parts = tuple(self._test(found, operator, part, (*path, operator), depth) for operator, part in raw.items())
        return parts[0] if len(parts) == 1 else Every(parts)

    def _test(self, found: Subject, operator: str, raw: object, path: Path, depth: int) -> Condition:
        self.tests += 1
        domain = found.domain
        if operator not in domain.operators:
            return self._wrong(path, _no_operator(found, operator))
        if operator in {"any", "all"}:
            return self._items(found, operator, raw, path, depth)
        if domain.item is not None and operator in {"contains", "in", "not_in"}:
            item = subjects.scalar_item(domain.item)
            one = "eq" if operator == "contains" else "in"

            def found_any() -> Condition:
                return Items(found, every=False, part=self._test(item, one, raw, path, depth))

            return self._negation(found_any) if operator == "not_in" else found_any()
        written = f"{operator} {_brief(raw)}"
        try:
            return Test(found, operator, self._bounds(domain, operator, raw), written)
        except ValueError as error:
            return self._wrong(path, f"{found.name} {error}")

    def _items(self, found: Subject, operator: str, raw: object, path: Path, depth: int) -> Condition:
        item = cast("Domain", found.domain.item)
        if depth >= MOST_DEPTH:
            return self._wrong(path, f"is nested deeper than {MOST_DEPTH} levels")
        model = item.model
        if model is not None and "eq" not in item.operators:
            part = self._mapping(raw, path, depth + 1, _fields_of(model))
        else:
            part = self.read_tests(subjects.scalar_item(item), raw, path, depth + 1)
        return Items(found, operator == "all", part)

    def _bounds(self, domain: Domain, operator: str, raw: object) -> tuple[Bound, ...]:
        loose = folds(domain, operator, negated=self.negated)
        bounds = _bounds(domain, operator, raw, loose=loose)
        return folding(operator, bounds) if loose else bounds


def _fields_of(model: type[Value]) -> Callable[[str], Subject]:
    return lambda name: subjects.item_subject(name, model)


def _is_family(topic: object) -> bool:
    """Return True if the test of a topic has a ``*``."""
    if isinstance(topic, (dict, list)):
        return any(map(_is_family, topic.values() if isinstance(topic, dict) else topic))
    return isinstance(topic, str) and topic.endswith("*")


def _covers(topic: object, kind: type[Payload]) -> bool | None:
    """Return the result of the test of a topic for one payload class; None if it is not valid."""
    reader = Reader(kind)
    found = reader.read_tests(subjects.FIXED["topic"], topic, (), 0)
    return None if reader.problems else _of_topic(found, topic_of(kind).name)


def is_elsewhere(name: str, topics: object) -> bool:
    """Return True if a rule for a family of topics names a field that some payload class of the family has."""
    if topics is None or not name.startswith("payload."):
        return False
    for kind in _payload_classes(Payload):
        if hasattr(kind, "__topic__") and _covers(topics, kind) is True and not is_missing(name, kind):
            return True
    return False


def is_missing(name: str, kind: type[Payload]) -> bool:
    """Return True if a payload class does not have a field."""
    try:
        subjects.subject(name, kind)
    except UnknownSubjectError:
        return True
    return False


def _payload_classes(base: type[Payload]) -> Iterator[type[Payload]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _payload_classes(kind)


def _of_topic(condition: Condition, topic: str) -> bool | None:
    """Return the result of a condition on the topic alone, for one topic."""
    match condition:
        case Test():
            return holds(condition, topic)
        case Every(parts):
            return conjunction([_of_topic(part, topic) for part in parts])
        case _:
            return None


def _brief(raw: object) -> str:
    if isinstance(raw, list):
        listed = ", ".join(str(one) for one in raw[:3])
        return f"[{listed}{', ...' if len(raw) > 3 else ''}]"
    return "..." if isinstance(raw, dict) else {"True": "true", "False": "false"}.get(str(raw), str(raw))


def _no_operator(found: Subject, operator: str) -> str:
    known = sorted(found.domain.operators)
    listed = ", ".join(known)
    if operator in OPERATORS:
        return f"{found.name} is {found.domain.name} and cannot be asked {operator!r}; it takes {listed}"
    hint = did_you_mean(operator, known) if len(operator) < 60 else ""
    return f"unknown operator {operator[:60]!r} of {found.name}{hint or f'; it takes {listed}'}"


def _bounds(domain: Domain, operator: str, raw: object, *, loose: bool) -> tuple[Bound, ...]:
    if operator in {"exists", "empty"}:
        if not isinstance(raw, bool):
            raise ValueError(f"{operator} should be true or false, not {shown(raw)}")
        return (Bound(raw),)
    if operator in {"in", "not_in"}:
        if not isinstance(raw, list) or not raw:
            raise ValueError(f"{operator} should be a non-empty list, not {shown(raw)}")
        if len(raw) > MOST_LISTED:
            raise ValueError(f"{operator} lists {len(raw):,} values, more than the {MOST_LISTED:,} allowed")
        return tuple(domain.bound(one) for one in raw)
    bound = domain.bound(raw)
    if operator != "matches":
        return (bound,)
    pattern = _pattern(bound.target)
    return (Bound(EitherPattern(pattern, _pattern(bound.target, "(?i)")) if loose else pattern),)


def _pattern(text: str, flags: str = "") -> Any:
    import re2  # noqa: PLC0415 - start-up: only for rules that have patterns

    if len(text) > MOST_PATTERN:
        raise ValueError(f"matches has a pattern of more than {MOST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _PATTERN_MEMORY
    try:
        return re2.compile(flags + text, options)
    except (re2.error, UnicodeError) as error:
        why = error.args[0] if error.args and isinstance(error.args[0], bytes) else b"not UTF-8"
        raise ValueError(f"matches has an invalid RE2 pattern: {why.decode(errors='replace')[:80]}") from None
