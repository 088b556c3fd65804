"""Prompt injection: strings with instructions are masked completely, or their delivery is denied or held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from genie.contracts.classification import Classification
from genie.contracts.message import topic_of
from genie.detectors.injection.inspector import KINDS, InjectionInspector
from genie.detectors.injection.thresholds import MARKED, Sensitivity
from genie.policies._findings_actions import exposure_judge
from genie.policies._settings import Action, Level, TopicRule, most_specific
from genie.policy.policy import Inspector, Judge, PolicySettings, Route

Score = Annotated[float, Field(gt=0, le=1)]
"""A score of the detector: 0 is ordinary text, 1 a certain attack."""


class InjectionTopic(PolicySettings):
    """Overrides for a topic or a family of topics; omitted settings are those of all topics."""

    action: Action | None = None
    threshold: Score | None = None
    """Score from which text is marked."""
    model: bool | None = None
    """Whether the linear model is used in addition to the rules: it finds more, and reads every message."""


class InjectionSettings(PolicySettings):
    """Threshold and label of marks, and the action for recipients below that label."""

    label: Level = Classification.RESTRICTED
    """Clearance needed to see text with a mark, for example that of a reviewer."""
    action: Action = "mask"
    """``mask`` replaces the whole string: a reader would obey the rest of a partially masked instruction."""
    threshold: Score = MARKED
    """Score from which text is marked."""
    model: bool = False
    """Whether the linear model is used in addition to the rules."""
    topics: Mapping[TopicRule, Action | InjectionTopic] = Field(default_factory=dict)
    """Single topics or families: an action alone, or ``{action, threshold, model}``; the most specific rule applies."""
    everyone: bool = False
    """Apply to every recipient, even if its clearance covers the label."""


class Injection:
    """Mask, deny or hold strings with marks of prompt injection if the recipient is not cleared for them."""

    name: ClassVar[str] = "injection"
    version: ClassVar[str] = "3"
    reads: ClassVar[frozenset[str]] = frozenset(("clearance",))
    needs_findings: ClassVar[bool] = True
    Settings: ClassVar[type[InjectionSettings]] = InjectionSettings

    def __init__(self, settings: InjectionSettings = InjectionSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        usual = Sensitivity(settings.threshold, settings.model)
        topics = {rule: _sensitivity(topic, usual) for rule, topic in settings.topics.items()}
        self._inspector = InjectionInspector(settings.label, usual, lambda topic: most_specific(topics, topic, usual))

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """The inspector whose findings it reads."""
        return (self._inspector,)

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None when its recipient is cleared for marks."""
        chosen = self.settings
        here = most_specific(chosen.topics, topic_of(route.payload).name, chosen.action)
        action = (here.action or chosen.action) if isinstance(here, InjectionTopic) else here
        return exposure_judge(
            self.name,
            route,
            labels=dict.fromkeys(KINDS, chosen.label),
            actions=dict.fromkeys(KINDS, action),
            everyone=chosen.everyone,
        )


def _sensitivity(topic: Action | InjectionTopic, usual: Sensitivity) -> Sensitivity:
    if not isinstance(topic, InjectionTopic):
        return usual
    return Sensitivity(
        usual.threshold if topic.threshold is None else topic.threshold,
        usual.model if topic.model is None else topic.model,
    )
