"""Conditions as closures: tests that depend only on the route are evaluated once, the others become plain functions.

A closure may raise if a value is missing or of another type; the caller then uses ``condition.evaluate``, which never
raises. Otherwise both give the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from genie.policy.policy import Route
from genie.rules.ast import (
    Condition,
    Every,
    Fixed,
    Items,
    Negation,
    Roots,
    Some,
    Test,
    conjunction,
    disjunction,
    evaluate,
    holds,
)

Holds = Callable[[Any, Any], bool | None]
"""Function of the message (or the item of a collection) and the sender's card."""
ValueTest = Callable[[Any], bool | None]

_COST = {"route": 0, "sender": 1, "headers": 1, "message": 1, "findings": 2, "payload": 3, "item": 3}


def routed(condition: Condition, route: Route) -> Condition:
    """Return a condition with the tests of the route evaluated, and the cheap parts first."""
    match condition:
        case Test() | Items() if condition.subject.source == "route":
            return Fixed(evaluate(condition, Roots(route, None, None)))  # type: ignore[arg-type]  # it reads the route
        case Negation(part):
            inner = routed(part, route)
            if isinstance(inner, Fixed):
                return Fixed(None if inner.value is None else not inner.value)
            return Negation(inner)
        case Every(parts):
            return _joined([routed(part, route) for part in parts], every=True)
        case Some(parts):
            return _joined([routed(part, route) for part in parts], every=False)
        case _:
            return condition


def _joined(parts: list[Condition], *, every: bool) -> Condition:
    fixed = [part.value for part in parts if isinstance(part, Fixed)]
    known = conjunction(fixed) if every else disjunction(fixed)
    left = [part for part in parts if not isinstance(part, Fixed)]
    if known is (not every) or not left:
        return Fixed(known)
    flat: list[Condition] = [] if known is every else [Fixed(None)]
    for part in left:
        flat += part.parts if isinstance(part, Every if every else Some) else (part,)
    flat.sort(key=_cost)
    return flat[0] if len(flat) == 1 else Every(tuple(flat)) if every else Some(tuple(flat))


def _cost(condition: Condition) -> int:
    match condition:
        case Fixed():
            return 0
        case Test():
            return _COST[condition.subject.source] + 2 * (condition.operator == "matches")
        case Items():
            return 6
        case Negation(part):
            return _cost(part)
        case Every(parts) | Some(parts):
            return 1 + max(map(_cost, parts), default=0)


def compiled(condition: Condition) -> Holds:
    """Compile a condition without route tests to a predicate; the module states when it raises."""
    match condition:
        case Fixed(value):
            return lambda _message, _sender: value
        case Test() | Items():
            get, test = condition.subject.get, value_test(condition)
            if condition.subject.source == "sender":
                return lambda _message, sender: test(get(sender))
            return lambda message, _sender: test(get(message))
        case Negation(part):
            inner = compiled(part)

            def opposite(message: Any, sender: Any) -> bool | None:
                found = inner(message, sender)
                return None if found is None else not found

            return opposite
        case Every(parts):
            return _until(tuple(compiled(part) for part in parts), stop=False)
        case Some(parts):
            return _until(tuple(compiled(part) for part in parts), stop=True)


def _until(tests: tuple[Holds, ...], *, stop: bool) -> Holds:
    """Compile Kleene's *and* (``stop`` is false) or *or*, which end at the first deciding part."""

    def combined(message: Any, sender: Any) -> bool | None:
        found: bool | None = not stop
        for test in tests:
            one = test(message, sender)
            if one is stop:
                return stop
            if one is None:
                found = None
        return found

    return combined


def value_test(condition: Test | Items) -> ValueTest:  # noqa: PLR0911 - one return a kind of operator reads best
    """Compile a test to a predicate of a value."""
    if isinstance(condition, Items):
        return _items(compiled(condition.part), stop=not condition.every)
    if condition.operator in {"gt", "gte", "lt", "lte"} or (
        condition.operator in {"eq", "ne"} and not condition.subject.domain.pattern
    ):
        return _comparison(condition)
    target, read = condition.bounds[0].target, condition.bounds[0].read
    match condition.operator:
        case "contains" if read is not None:
            return lambda value: None if value is None else target in read(value)
        case "starts_with" if read is not None:
            return lambda value: None if value is None else read(value).startswith(target)
        case "ends_with" if read is not None:
            return lambda value: None if value is None else read(value).endswith(target)
        case "contains":
            return lambda value: None if value is None else target in value
        case "starts_with":
            return lambda value: None if value is None else value.startswith(target)
        case "ends_with":
            return lambda value: None if value is None else value.endswith(target)
        case _:
            return lambda value: holds(condition, value)


def _items(part: Holds, *, stop: bool) -> ValueTest:
    def test(values: Any) -> bool | None:
        if values is None:
            return None
        found: bool | None = not stop
        for value in values:
            one = part(value, None)
            if one is stop:
                return stop
            if one is None:
                found = None
        return found

    return test


def _comparison(condition: Test) -> ValueTest:
    target, read = condition.bounds[0].target, condition.bounds[0].read
    plain = _PLAIN[condition.operator](target)
    if read is None:
        return lambda value: None if value is None else plain(value)

    def test(value: Any) -> bool | None:
        if value is None:
            return None
        key = read(value)
        return None if key is None else plain(key)

    return test


_PLAIN: dict[str, Callable[[Any], Callable[[Any], bool]]] = {
    "eq": lambda target: lambda value: bool(value == target),
    "ne": lambda target: lambda value: not value == target,  # noqa: SIM201 - `ne` is what is not `eq`
    "gt": lambda target: lambda value: bool(value > target),
    "gte": lambda target: lambda value: bool(value >= target),
    "lt": lambda target: lambda value: bool(value < target),
    "lte": lambda target: lambda value: bool(value <= target),
}
