"""Subjects of a condition and how to read them: topic, agents, headers, label, findings, payload fields."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from genie.contracts.card import Risk, Tier
from genie.contracts.message import Envelope, Payload, Value, topic_of
from genie.errors import did_you_mean
from genie.policy.policy import Route
from genie.rules.operators import (
    ENVIRONMENT,
    LEVEL,
    NAME,
    TEXT,
    WHOLE,
    Domain,
    choice_of,
    collection,
    domain_of,
    stripped,
)

Source = Literal["route", "sender", "headers", "message", "findings", "payload", "item"]


class Subject(NamedTuple):
    """One value that a test reads."""

    name: str
    """Its name in a rule."""
    source: Source
    get: Callable[[Any], Any]
    """Reads it from the route, the sender's card, the item, or else the message; None if it is missing."""
    domain: Domain


class UnknownSubjectError(ValueError):
    """A rule names an unknown subject; the text suggests similar names."""


_CARD: Mapping[str, tuple[str, Domain]] = {
    "": ("id", NAME),
    ".id": ("id", NAME),
    ".capability": ("capabilities", collection(TEXT)),
    ".risk": ("risk", choice_of(Risk)),
    ".tier": ("tier", choice_of(Tier)),
    ".clearance": ("clearance", LEVEL),
}
_HEADERS: Mapping[str, Domain] = {
    "user": TEXT,
    "roles": collection(TEXT),
    "tenant": TEXT,
    "region": TEXT,
    "consent": collection(TEXT),
    "classification": LEVEL,
}


def _topic(route: Route) -> str:
    return topic_of(route.payload).name


def _fixed() -> dict[str, Subject]:
    found = {
        "topic": Subject("topic", "route", _topic, NAME),
        "environment": Subject("environment", "route", operator.attrgetter("environment.name"), ENVIRONMENT),
        "label": Subject("label", "message", operator.attrgetter("label"), LEVEL),
    }
    for suffix, (field, domain) in _CARD.items():
        sender, recipient = f"sender{suffix}", f"recipient{suffix}"
        found[sender] = Subject(sender, "sender", operator.attrgetter(field), domain)
        found[recipient] = Subject(recipient, "route", operator.attrgetter(f"recipient.{field}"), domain)
    for field, domain in _HEADERS.items():
        name = f"headers.{field}"
        found[name] = Subject(name, "headers", operator.attrgetter(name), domain)
    return found


FIXED: Mapping[str, Subject] = _fixed()
"""Every subject that does not depend on the payload."""


def recipient_field(name: str) -> str | None:
    """Return the field of the recipient's card that a subject reads, None if it reads none."""
    return _CARD[name[9:]][0] if name.startswith("recipient") and name[9:] in _CARD else None


def subject(name: str, kind: type[Payload]) -> Subject:
    """Return the subject with a name, for messages of one payload class.

    Raises:
        UnknownSubjectError: There is no such subject.
    """
    if name in FIXED:
        return FIXED[name]
    if name == "findings" or name.startswith("findings."):
        return Subject(name, "findings", _counting(name[9:]), WHOLE)
    if name.startswith("payload.") and len(name) < 300:
        return _field(name, name.split(".")[1:], kind, "payload")
    known = [*FIXED, "findings", *(f"payload.{field}" for field in kind.model_fields)]
    hint = did_you_mean(name, known) if len(name) < 100 else ""
    raise UnknownSubjectError(f"unknown subject {name[:60]!r}{hint}")


def item_subject(name: str, model: type[Value]) -> Subject:
    """Return a field of an item of a collection. Raises as ``subject``."""
    if len(name) > 300:
        raise UnknownSubjectError(f"unknown field {name[:60]!r}")
    return _field(name, name.split("."), model, "item")


ITEM = "item"


def scalar_item(domain: Domain) -> Subject:
    """Return the item of a collection itself."""
    return Subject(ITEM, "item", _itself, domain)


def _itself(value: Any) -> Any:
    return value


def counts(kind: str, wanted: str) -> bool:
    """Return True if a finding's kind is the given one or below it; every kind is below the empty one."""
    return not wanted or kind == wanted or kind.startswith(f"{wanted}.")


def _counting(wanted: str) -> Callable[[Envelope[Any]], int]:
    wanted = wanted.removeprefix(".")

    def count(message: Envelope[Any]) -> int:
        findings = message.inspection.findings
        return sum(counts(finding.kind, wanted) for finding in findings) if findings else 0

    return count


def _field(name: str, steps: list[str], model: type[Value], source: Source) -> Subject:
    here: type[Value] = model
    domain: Domain | None = None
    through_none = False
    for at, step in enumerate(steps):
        if domain is not None:
            here = _entered(name, steps[:at], domain, source)
        info = here.model_fields.get(step)
        if info is None:
            where = topic_of(here).name if issubclass(here, Payload) else here.__name__
            hint = did_you_mean(step, here.model_fields) if len(step) < 100 else ""
            raise UnknownSubjectError(f"{where} has no field {step[:60]!r}{hint}")
        annotation, optional = stripped(info.annotation)
        domain = domain_of(annotation)
        through_none = through_none or (optional and at < len(steps) - 1)
        if domain is None:
            raise UnknownSubjectError(f"{'.'.join(steps[: at + 1])} has several types, which no matcher can read")
    if domain is None:
        raise UnknownSubjectError("name a field, as in payload.amount")
    dotted = ".".join(steps)
    if through_none:
        return Subject(name, source, _through((["payload"] if source == "payload" else []) + steps), domain)
    path = f"payload.{dotted}" if source == "payload" else dotted
    return Subject(name, source, operator.attrgetter(path), domain)


def _entered(name: str, steps: list[str], domain: Domain, source: Source) -> type[Value]:
    if domain.model is not None:
        return domain.model
    said = ".".join((["payload"] if source == "payload" else []) + steps)
    if domain.item is not None:
        rest = name[len(said) + 1 :]
        raise UnknownSubjectError(f"{said} holds several values; write {said}: {{any: {{{rest}: ...}}}}, or all:")
    raise UnknownSubjectError(f"{said} is {domain.name} and has no fields")


def _through(steps: list[str]) -> Callable[[Any], Any]:
    """Read a path on which values may be missing."""

    def get(root: Any) -> Any:
        for step in steps:
            if root is None:
                return None
            root = getattr(root, step)
        return root

    return get
