"""Personal data: found in strings, and masked, denied or held for who may not see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from genie.errors import PolicyError
from genie.governance.exposure import exposure_judge
from genie.governance.settings import Action, Level, TopicRule, most_specific
from genie.message import Classification, topic_of
from genie.policy import Inspector, Judge, PolicySettings, Route

if TYPE_CHECKING:
    from genie.governance.detectors.pii import PiiInspector

PiiKind = Literal["aadhaar", "card", "email", "gstin", "iban", "pan", "phone"]

LABELS: Mapping[str, Classification] = {
    "aadhaar": Classification.RESTRICTED,
    "card": Classification.RESTRICTED,
    "email": Classification.CONFIDENTIAL,
    "gstin": Classification.INTERNAL,  # of a business, and public
    "iban": Classification.CONFIDENTIAL,
    "pan": Classification.CONFIDENTIAL,
    "phone": Classification.CONFIDENTIAL,
}
"""Clearance needed to see each kind, unless settings say otherwise."""


class PiiSettings(PolicySettings):
    """What is looked for, how sensitive it is, and what happens for recipients below its label."""

    labels: Mapping[PiiKind, Level] = Field(default_factory=dict)
    """Clearance needed per kind where it differs from ``LABELS``; ``public`` means that everyone may see it."""
    action: Action = "mask"
    actions: Mapping[PiiKind, Action] = Field(default_factory=dict)
    """Actions of single kinds."""
    topics: Mapping[TopicRule, Mapping[PiiKind, Action]] = Field(default_factory=dict)
    """Actions of single kinds on single topics or families; the most specific rule counts, above ``actions``."""
    everyone: bool = False
    """Act for every recipient, also for those whose clearance covers the kind."""


class Pii:
    """Mask, deny or hold personal data where its recipient's clearance is below the data's label.

    Raises:
        PolicyError: python-stdnum, which validates numbers, is not installed.
    """

    name: ClassVar[str] = "pii"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset(("clearance",))
    needs_findings: ClassVar[bool] = True
    Settings: ClassVar[type[PiiSettings]] = PiiSettings

    def __init__(self, settings: PiiSettings = PiiSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        self._labels = dict(LABELS)
        for kind, label in settings.labels.items():
            self._labels[kind] = label
        self._inspector = _inspector(self._labels)

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """The inspector whose findings it reads."""
        return (self._inspector,)

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None when its recipient may see every kind."""
        chosen = self.settings
        here = most_specific(chosen.topics, topic_of(route.payload).name, {})
        actions = dict.fromkeys(self._labels, chosen.action)
        for kind, action in (*chosen.actions.items(), *here.items()):
            actions[kind] = action
        return exposure_judge(self.name, route, labels=self._labels, actions=actions, everyone=chosen.everyone)


def _inspector(labels: Mapping[str, Classification]) -> PiiInspector:
    try:
        from genie.governance.detectors.pii import PiiInspector  # noqa: PLC0415 - it needs an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "stdnum":
            raise
        raise PolicyError("pii", "needs python-stdnum; install genie-bus[governance]") from None
    return PiiInspector(labels)
