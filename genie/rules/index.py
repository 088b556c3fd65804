"""Selects the rules that can apply to a message, reading each subject once for all rules.

Rules are bits of a number. There is a group for every subject that rules test in the same way; it maps the subject's
value to the set of rules that this value does not exclude, by table look-up or bisection. The rules left after all
groups are evaluated one by one. A group never excludes a rule that is true or undecided.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from genie.rules.ast import Condition, Every, Some, Test, holds
from genie.rules.compile import value_test
from genie.rules.folding import folded
from genie.rules.selectors import Subject

Finder = Callable[[Any], int]


@dataclass(slots=True)
class Group:
    """The tests of several rules on one subject."""

    subject: Subject
    everyone: int
    """The bits of all rules."""
    read: Callable[[Any], Any] | None = None
    equal: dict[int, frozenset[Any]] = field(default_factory=dict)
    """Bit -> accepted values; likewise below."""
    unequal: dict[int, frozenset[Any]] = field(default_factory=dict)
    least: dict[int, Any] = field(default_factory=dict)
    most: dict[int, Any] = field(default_factory=dict)
    others: list[tuple[int, Test]] = field(default_factory=list)
    taken: list[tuple[int, Test]] = field(default_factory=list)

    def add(self, bit: int, test: Test) -> None:
        """Add a test."""
        self.taken.append((bit, test))
        targets = frozenset(bound.target for bound in test.bounds)
        self.read = self.read or test.bounds[0].read
        match test.operator:
            case "eq" | "in" if bit not in self.equal and _exact(test):
                self.equal[bit] = targets
            case "ne" | "not_in" if bit not in self.unequal and _exact(test):
                self.unequal[bit] = targets
            case "gt" | "gte" if bit not in self.least:
                self.least[bit] = test.bounds[0].target
            case "lt" | "lte" if bit not in self.most:
                self.most[bit] = test.bounds[0].target
            case _:
                self.others.append((bit, test))

    def finder(self) -> Finder:
        """Return a function from the subject's value to the bits of the rules that it does not exclude."""
        everyone, read = self.everyone, self.read
        missing = everyone & ~_sum(bit for bit, test in self.taken if holds(test, None) is False)
        steps = tuple(
            step for step in (self._equal(), self._unequal(), self._least(), self._most()) if step is not None
        )
        if read is folded:
            return self._of_text(missing, steps)
        others = tuple((everyone & ~bit, value_test(test)) for bit, test in self.others)
        if len(steps) == 1 and not others and read is None:
            only = steps[0]
            return lambda value: missing if value is None else only(value)

        def find(value: Any) -> int:
            if value is None:
                return missing
            left = everyone
            key = value if read is None else read(value)
            if key is not None:
                for step in steps:
                    left &= step(key)
            for without, test in others:
                if test(value) is False:
                    left &= without
            return left

        return find

    def _of_text(self, missing: int, steps: tuple[Finder, ...]) -> Finder:
        """Return the finder for a text that all tests compare in folded form; it is folded once."""
        everyone = self.everyone
        others = tuple((everyone & ~bit, value_test(_of_key(test))) for bit, test in self.others)

        def find(value: Any) -> int:
            if value is None:
                return missing
            left, key = everyone, folded(value)
            for step in steps:
                left &= step(key)
            for without, test in others:
                if test(key) is False:
                    left &= without
            return left

        return find

    def _equal(self) -> Finder | None:
        if not self.equal:
            return None
        free = self.everyone & ~_sum(self.equal)
        table = {
            target: free | _sum(bit for bit, targets in self.equal.items() if target in targets)
            for target in frozenset[Any]().union(*self.equal.values())
        }
        get = table.get
        return lambda key: get(key, free)

    def _unequal(self) -> Finder | None:
        if not self.unequal:
            return None
        everyone = self.everyone
        table = {
            target: everyone & ~_sum(bit for bit, targets in self.unequal.items() if target in targets)
            for target in frozenset[Any]().union(*self.unequal.values())
        }
        get = table.get
        return lambda key: get(key, everyone)

    def _least(self) -> Finder | None:
        if not self.least:
            return None
        ordered = sorted(self.least.items(), key=lambda pair: pair[1])
        bounds = [bound for _, bound in ordered]
        masks = [self.everyone & ~_sum(self.least)]
        for bit, _ in ordered:
            masks.append(masks[-1] | bit)
        return lambda key: masks[bisect_right(bounds, key)]

    def _most(self) -> Finder | None:
        if not self.most:
            return None
        ordered = sorted(self.most.items(), key=lambda pair: pair[1])
        bounds = [bound for _, bound in ordered]
        masks = [self.everyone & ~_sum(self.most)]
        for bit, _ in reversed(ordered):
            masks.append(masks[-1] | bit)
        masks.reverse()
        return lambda key: masks[bisect_left(bounds, key)]


class Plan(NamedTuple):
    """The groups of a set of rules, and their bits: first one per rule, then one per alternative."""

    groups: tuple[Group, ...]
    everyone: int
    """All bits."""
    rules: int
    """Bits of the rules."""
    alternatives: tuple[tuple[int, int], ...]
    """(bits of which a rule needs at least one, all bits but that rule's)."""


def planned(conditions: Iterable[Condition]) -> Plan:
    """Return the plan for the conditions of a set of rules; the bit of each is its position."""
    conditions = tuple(conditions)
    tests: list[tuple[int, Test]] = []
    needed: list[tuple[int, int]] = []
    following = len(conditions)
    for place, condition in enumerate(conditions):
        for part in condition.parts if isinstance(condition, Every) else (condition,):
            if isinstance(part, Test):
                tests.append((place, part))
            elif isinstance(part, Some) and all(isinstance(one, Test) for one in part.parts):
                bits = range(following, following + len(part.parts))
                tests += [(bit, one) for bit, one in zip(bits, part.parts, strict=True) if isinstance(one, Test)]
                needed.append((_sum(1 << bit for bit in bits), place))
                following += len(part.parts)
    everyone = (1 << following) - 1
    return Plan(
        tuple(_grouped(tests, everyone)), everyone, (1 << len(conditions)) - 1,
        tuple((bits, everyone & ~(1 << place)) for bits, place in needed),
    )  # fmt: skip


def _grouped(tests: Iterable[tuple[int, Test]], everyone: int) -> Iterable[Group]:
    found: dict[Hashable, Group] = {}
    for place, test in tests:
        alike = {bound.group for bound in test.bounds}
        if len(alike) > 1 or test.operator == "matches":
            continue  # several currencies in one list are compared one by one; a pattern is cheaper at the end
        key = (test.subject.name, test.operator in {"exists", "empty"}, next(iter(alike)))
        group = found.setdefault(key, Group(test.subject, everyone))
        group.add(1 << place, test)
    return found.values()


def _of_key(test: Test) -> Test:
    return replace(test, bounds=tuple(bound._replace(read=None) for bound in test.bounds))


def _exact(test: Test) -> bool:
    return not (test.subject.domain.pattern and any(bound.target.endswith("*") for bound in test.bounds))


def _sum(bits: Iterable[int]) -> int:
    total = 0
    for bit in bits:
        total |= bit
    return total
