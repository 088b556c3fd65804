"""Prompt injection: instructions that pose as data, found in strings, and masked, denied or held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from genie.governance.detectors.marks import InjectionInspector
from genie.governance.detectors.marks import KINDS
from genie.governance.exposure import exposure_judge
from genie.governance.settings import Action, Level, TopicRule, most_specific
from genie.message import Classification, topic_of
from genie.policy import Inspector, Judge, PolicySettings, Route


class InjectionSettings(PolicySettings):
    """What happens for recipients below the label of injection marks."""

    label: Level = Classification.RESTRICTED
    """Clearance needed to be given text with a mark: whoever must see it as it is, such as a reviewer."""
    action: Action = "mask"
    topics: Mapping[TopicRule, Action] = Field(default_factory=dict)
    """Actions on single topics or families; the most specific rule counts."""
    everyone: bool = False
    """Act for every recipient, also for those whose clearance covers the label."""


class Injection:
    """Mask, deny or hold text with marks of prompt injection where its recipient is not cleared for it."""

    name: ClassVar[str] = "injection"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset(("clearance",))
    needs_findings: ClassVar[bool] = True
    Settings: ClassVar[type[InjectionSettings]] = InjectionSettings

    def __init__(self, settings: InjectionSettings = InjectionSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        self._inspector = InjectionInspector(settings.label)

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """The inspector whose findings it reads."""
        return (self._inspector,)

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None when its recipient is cleared for marks."""
        chosen = self.settings
        action = most_specific(chosen.topics, topic_of(route.payload).name, chosen.action)
        return exposure_judge(
            self.name,
            route,
            labels=dict.fromkeys(KINDS, chosen.label),
            actions=dict.fromkeys(KINDS, action),
            everyone=chosen.everyone,
        )
