"""Conditions on messages with hidden parts, as in a journal that was masked for its reader."""

from __future__ import annotations

from genie.rules.ast import Condition, Every, Fixed, Items, Negation, Some, Test

Steps = tuple[str, ...]
"""Field names on the path to a value, without positions in collections."""


def veiled(condition: Condition, hidden: frozenset[Steps], above: Steps = ()) -> tuple[Condition, frozenset[str]]:
    """Return a condition in which every test of a hidden field is undecided, and the subjects of those tests.

    Args:
        condition: The condition, typed for the payload.
        hidden: Fields whose values were replaced; the empty path hides all of them.
        above: Path of the items that the condition applies to.
    """
    match condition:
        case Fixed():
            return condition, frozenset()
        case Negation(part):
            inner, names = veiled(part, hidden, above)
            return Negation(inner), names
        case Every(parts) | Some(parts):
            found = [veiled(part, hidden, above) for part in parts]
            whole = tuple(one for one, _ in found)
            names = frozenset(name for _, some in found for name in some)
            return (Every(whole) if isinstance(condition, Every) else Some(whole)), names
        case Items():
            return _items(condition, hidden, above)
        case Test():
            steps = _steps(condition, above)
            # A masked text still exists; a value above a hidden field is incomplete.
            kept = condition.operator == "exists" and () not in hidden
            if steps is None or kept or not any(_touch(steps, one) for one in hidden):
                return condition, frozenset()
            return Fixed(None), frozenset({condition.subject.name})


def _items(condition: Items, hidden: frozenset[Steps], above: Steps) -> tuple[Condition, frozenset[str]]:
    steps = _steps(condition, above)
    if steps is None:
        return condition, frozenset()
    if any(steps[: len(one)] == one for one in hidden):
        return Fixed(None), frozenset({condition.subject.name})
    inner, names = veiled(condition.part, hidden, steps)
    if not names:
        return condition, names
    within = frozenset(f"{condition.subject.name}.{name}" for name in names)
    return Items(condition.subject, condition.every, inner), within


def _steps(condition: Test | Items, above: Steps) -> Steps | None:
    subject = condition.subject
    if subject.source == "payload":
        return tuple(subject.name.split(".")[1:])
    if subject.source == "item":
        return above if subject.name == "item" else (*above, *subject.name.split("."))
    return None


def _touch(steps: Steps, hidden: Steps) -> bool:
    shorter = min(len(steps), len(hidden))
    return steps[:shorter] == hidden[:shorter]
