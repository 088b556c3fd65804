"""Actions of a rule: the verdict of its `then`, and its verdict if the condition is undecided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin

from genie.contracts.maskable import is_maskable
from genie.contracts.message import Envelope, Path, Payload
from genie.policies._findings import masked_or_denied
from genie.policy.policy import ALLOW, Allow, Deny, Hold, Redact, Verdict, WholeField
from genie.rules.ast import Condition, Roots, evaluate, is_elsewhere, is_missing, tests_of
from genie.rules.operators import seconds, stripped
from genie.rules.schema import RuleSection
from genie.rules.selectors import UnknownSubjectError, counts, subject

Answer = Callable[[Envelope[Any]], Verdict]

UNDECIDED = "undecided"
"""Code of a denial by a rule that is undecided."""


def answer(rule: RuleSection, kind: type[Payload]) -> Answer:
    """Return the verdict of a rule whose condition is true.

    Raises:
        UnknownSubjectError: A field to mask does not exist or is not plain text.
    """
    verdict = rule.verdict
    if verdict == "deny":
        return _always(Deny(rule.code, rule.because))
    if verdict == "hold":
        hold = rule.hold
        expires_s = None if hold.expires is None else seconds(hold.expires)
        return _always(Hold(rule.because, expires_s, approvers=frozenset(hold.approvers or ()), quorum=hold.quorum))
    if verdict == "allow":
        return _always(Allow(rule.obligations))
    targets = rule.targets
    fields = [text_path(target, kind) for target in targets if not is_inapplicable(rule, target, kind)]
    wanted = [target.removeprefix("findings").removeprefix(".") for target in targets if target.startswith("findings")]

    def redact(message: Envelope[Any]) -> Verdict:
        findings = [found for found in message.inspection.findings if any(counts(found.kind, kind) for kind in wanted)]
        found = masked_or_denied("rule", findings, rule.because) if findings else None
        if isinstance(found, Deny):
            return found
        paths = set(found.paths) if found is not None else set[Path]()
        paths.update(WholeField(path) for steps in fields for path in _places(message.payload, steps, ()))
        return Redact(frozenset(paths), rule.because) if paths else ALLOW

    return redact


def is_inapplicable(rule: RuleSection, target: str, kind: type[Payload]) -> bool:
    """Return True for a target that is not a field, or that a rule for a family of topics masks only if it exists."""
    if not target.startswith("payload."):
        return True
    return is_missing(target, kind) and is_elsewhere(target, rule.when.get("topic"))


def _always(verdict: Verdict) -> Answer:
    return lambda _message: verdict


def text_path(target: str, kind: type[Payload]) -> tuple[str, ...]:
    """Return the path of fields to a maskable text; a collection on the path stands for each of its items.

    Raises:
        UnknownSubjectError: The field does not exist or is not plain text.
    """
    steps = tuple(target.split(".")[1:])
    path: list[str | int] = []
    annotation: Any = kind
    for step in steps:
        annotation, _ = stripped(annotation)
        if get_origin(annotation) is tuple:
            path.append(0)
            annotation, _ = stripped(get_args(annotation)[0])
        info = getattr(annotation, "model_fields", {}).get(step)
        if info is None:
            subject(target, kind)  # reports which field is missing
            raise UnknownSubjectError(f"{target} is not a text that can be masked")
        path.append(step)
        annotation = info.annotation
    if get_origin(stripped(annotation)[0]) is tuple:
        path.append(0)
    if not is_maskable(kind, tuple(path)):
        raise UnknownSubjectError(f"{target} cannot be masked: only a plain str field can, without constraints")
    return (*steps, *(("",) if path[-1] == 0 else ()))


def _places(value: Any, steps: tuple[str, ...], path: Path) -> Iterator[Path]:
    """Yield every path of a text; a path that ends early yields none."""
    if value is None:
        return
    if isinstance(value, tuple):
        rest = steps[1:] if steps[:1] == ("",) else steps
        for position, item in enumerate(value):
            yield from _places(item, rest, (*path, position))
    elif not steps:
        yield path
    else:
        yield from _places(getattr(value, steps[0]), steps[1:], (*path, steps[0]))


def undecided(rule: RuleSection, condition: Condition, roots: Roots) -> Verdict:
    """Return the denial of a rule that is undecided; it names the subjects, never their values."""
    names = dict.fromkeys(test.subject.name for test in tests_of(condition) if evaluate(test, roots) is None)
    named = ", ".join(names) or "its condition"
    return Deny(UNDECIDED, f"cannot be decided: {named} is missing or cannot be compared; the rule says {rule.because}")
