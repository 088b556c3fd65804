"""Secrets: keys, tokens and passwords are masked, denied or held for recipients that may not see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from genie.contracts.classification import Classification
from genie.contracts.message import topic_of
from genie.detectors.secrets.inspector import SecretsInspector
from genie.policies._findings_actions import exposure_judge
from genie.policies._settings import Action, Level, TopicRule, most_specific
from genie.policy.policy import Inspector, Judge, PolicySettings, Route

SecretKind = Literal["api_key", "authorization", "jwt", "password", "private_key", "url_password"]

KINDS: tuple[SecretKind, ...] = ("api_key", "authorization", "jwt", "password", "private_key", "url_password")


class SecretsSettings(PolicySettings):
    """Labels of secrets, and the actions for recipients below these labels."""

    labels: Mapping[SecretKind, Level] = Field(default_factory=dict)
    """Clearance needed per kind where it is not ``restricted``; ``public`` means that everyone may see it."""
    action: Action = "mask"
    actions: Mapping[SecretKind, Action] = Field(default_factory=dict)
    """Actions of single kinds."""
    topics: Mapping[TopicRule, Mapping[SecretKind, Action]] = Field(default_factory=dict)
    """Actions of single kinds on single topics or families; the most specific rule counts, above ``actions``."""
    everyone: bool = False
    """Act for every recipient, also for those whose clearance covers the kind."""


class Secrets:
    """Mask, deny or hold keys, tokens and passwords if the recipient's clearance is below their label."""

    name: ClassVar[str] = "secrets"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset(("clearance",))
    needs_findings: ClassVar[bool] = True
    Settings: ClassVar[type[SecretsSettings]] = SecretsSettings

    def __init__(self, settings: SecretsSettings = SecretsSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        self._labels: dict[str, Classification] = dict.fromkeys(KINDS, Classification.RESTRICTED)
        for kind, label in settings.labels.items():
            self._labels[kind] = label
        self._inspector = SecretsInspector(self._labels)

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
