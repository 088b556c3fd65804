"""Schema version: which versions of a payload may still be delivered."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, PositiveInt, model_validator

from genie.contracts.message import topic_of
from genie.policies._settings import TopicRule, most_specific
from genie.policy.policy import Allow, Deny, Inspector, Judge, PolicySettings, Route, Verdict


class Deprecation(PolicySettings):
    """A deprecated version."""

    version: PositiveInt
    since: datetime.date
    """First day on which messages that leave have a notice."""
    until: datetime.date
    """First day on which it is denied."""

    @model_validator(mode="after")
    def _ordered(self) -> Deprecation:
        if self.until <= self.since:
            raise ValueError(f"`until` {self.until} is not after `since` {self.since}")
        return self


class VersionRule(PolicySettings):
    """Versions of one topic or family."""

    minimum: PositiveInt = 1
    allowed: tuple[PositiveInt, ...] | None = Field(default=None, min_length=1)
    """The only versions that may be delivered; by default any from ``minimum``."""
    deprecated: tuple[Deprecation, ...] = ()


class SchemaVersionSettings(PolicySettings):
    """Versions per topic; the most specific rule applies, and topics without one may have any version."""

    topics: Mapping[TopicRule, VersionRule] = Field(default_factory=dict)
    as_of: datetime.date | None = None
    """The day for which deprecations are evaluated. Policies have no clock: for a new day, change the file."""

    @model_validator(mode="after")
    def _dated(self) -> SchemaVersionSettings:
        if self.as_of is None and any(rule.deprecated for rule in self.topics.values()):
            raise ValueError("deprecations need `as_of`, the day for which they are evaluated")
        return self


class SchemaVersion:
    """Deny payloads of versions too old, not allowed, or expired; attach a notice of deprecation at an egress."""

    name: ClassVar[str] = "schema_version"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset(("egress",))
    Settings: ClassVar[type[SchemaVersionSettings]] = SchemaVersionSettings

    def __init__(self, settings: SchemaVersionSettings = SchemaVersionSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads the payload's class only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return a judge that always denies or always gives notice, or None where the version may be delivered."""
        topic, today = topic_of(route.payload), self.settings.as_of
        rule = most_specific(self.settings.topics, topic.name, VersionRule())
        shown = f"{topic.name}@{topic.version}"
        if topic.version < rule.minimum:
            return _always(Deny("schema_version", f"{shown} is older than {rule.minimum}; send a newer version"))
        if rule.allowed is not None and topic.version not in rule.allowed:
            listed = ", ".join(str(version) for version in sorted(rule.allowed))
            return _always(Deny("schema_version", f"{shown} is not an allowed version ({listed}); send one of these"))
        for going in rule.deprecated:
            if going.version != topic.version or today is None or today < going.since:
                continue
            if today >= going.until:
                return _always(Deny("schema_version", f"{shown} ended on {going.until}; send a newer version"))
            if route.recipient.egress:
                return _always(Allow((f"{shown} is deprecated and ends on {going.until}; move to a newer version",)))
        return None


def _always(verdict: Verdict) -> Judge:
    return lambda _message, _sender: verdict
