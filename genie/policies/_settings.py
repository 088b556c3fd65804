"""Types of the policies' settings: levels, topics, names. Unknown values are refused when settings are read."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints

from genie.contracts.classification import Classification
from genie.contracts.headers import Consent

T = TypeVar("T")

Action = Literal["mask", "deny", "hold"]
"""Action for a delivery with a finding above the recipient's clearance."""


def _level(value: object) -> Classification:
    if not isinstance(value, (str, Classification)):
        raise ValueError(f"{value!r} is not a valid classification; write its lower-case name")
    return Classification.parse(value)


Level = Annotated[Classification, BeforeValidator(_level), PlainSerializer(lambda level: level.label, return_type=str)]
"""A classification by its lower-case name."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=True)]
Names = Annotated[
    tuple[Word, ...], Field(min_length=1), AfterValidator(lambda names: tuple(sorted(dict.fromkeys(names))))
]
"""At least one name; sorted, so that the hash of a policy set does not depend on the order in the file."""

_TOPIC = re.compile(r"(\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?)\Z")


def _topic(value: str) -> str:
    if not _TOPIC.match(value):
        raise ValueError(f"{value!r} is not a valid topic; write 'family.noun', 'family.*' or '*' for all")
    return value


TopicRule = Annotated[str, AfterValidator(_topic)]
"""A topic's name, ``family.*`` for every topic below a family, or ``*`` for every topic."""


def matches(rule: str, topic: str) -> bool:
    """Return True when a topic rule covers a topic."""
    return rule in {topic, "*"} or (rule.endswith(".*") and topic.startswith(rule[:-1]))


def most_specific(rules: Mapping[str, T], topic: str, otherwise: T) -> T:
    """Return the value of the most specific rule of a topic: its name before its family, the family before ``*``."""
    covering = [rule for rule in rules if matches(rule, topic)]
    if not covering:
        return otherwise
    return rules[max(covering, key=lambda rule: (rule == topic, len(rule)))]


EnvironmentName = Literal["development", "staging", "production"]
ENVIRONMENTS = frozenset({"development", "staging", "production"})


def in_force(since: datetime.date | None, until: datetime.date | None, as_of: datetime.date | None) -> bool:
    """Return True if a dated rule is in force: from its first day until the day before it ends.

    Args:
        since: First day; None means no start.
        until: First day on which it is no longer in force; None means no end.
        as_of: The day for which rules are evaluated; required if a date is given.
    """
    if as_of is None:
        return since is None and until is None
    return (since is None or since <= as_of) and (until is None or as_of < until)


def matches_id(name: str, agent: str) -> bool:
    """Return True when a name covers an agent's id: the id itself, or ``family.*`` for every id below a family."""
    return name == agent or (name.endswith(".*") and agent.startswith(name[:-1]))


@lru_cache(maxsize=1024)
def purposes_in(consent: frozenset[str]) -> frozenset[str]:
    """Return the purposes of consents; a malformed consent has no purpose.

    The bus has already removed expired consents.

    The bus removes expired consents from the headers before.
    """
    found = set()
    for text in consent:
        try:
            found.add(Consent.parse(text).purpose)
        except ValueError:
            continue
    return frozenset(found)
