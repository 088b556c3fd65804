"""Declassification: which agents may send output with a lower label than their input."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from genie.contracts.classification import Classification
from genie.contracts.message import topic_of
from genie.policies._settings import EnvironmentName, Level, TopicRule, Word, matches
from genie.policy.declassification import Downgrade
from genie.policy.policy import Inspector, Judge, PolicySettings, Route


class Permit(PolicySettings):
    """One permission: this agent may send this topic at a lower label."""

    model_config = ConfigDict(populate_by_name=True)

    agent: Word
    """Id of the agent in this pipeline."""
    topic: TopicRule
    from_: Level = Field(default=Classification.RESTRICTED, alias="from")
    """Highest label that it may have read."""
    to: Level
    """Lowest label of its output."""
    environments: tuple[EnvironmentName, ...] | None = Field(default=None, min_length=1)
    """Environments in which the permission applies; all by default."""
    because: str = Field(min_length=10, max_length=500)
    """Why the output does not reveal the input; for reviewers of the file."""

    @model_validator(mode="after")
    def _falls(self) -> Permit:
        if self.to >= self.from_:
            raise ValueError(
                f"{self.from_.label} to {self.to.label} does not lower a label; write a lower one under `to`"
            )
        return self

    def covers(self, downgrade: Downgrade) -> bool:
        """Return True if this permission covers a downgrade."""
        return (
            self.agent == downgrade.agent.id
            and matches(self.topic, topic_of(downgrade.payload).name)
            and downgrade.read <= self.from_
            and downgrade.to >= self.to
            and (self.environments is None or downgrade.environment.name in self.environments)
        )


class DeclassificationSettings(PolicySettings):
    """Permissions to declassify."""

    permits: tuple[Permit, ...] = ()
    unlisted: Literal["closed", "card"] = "closed"
    """Downgrades that no permission covers: refused, so that the label stays; or left to the agent's card."""


class Declassification:
    """Permits downgrades; without a permission the label stays, and clearance judges by it."""

    name: ClassVar[str] = "declassification"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset()
    Settings: ClassVar[type[DeclassificationSettings]] = DeclassificationSettings

    def __init__(self, settings: DeclassificationSettings = DeclassificationSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads cards only."""
        return ()

    def compile(self, _route: Route) -> Judge | None:
        """Return None: it judges no delivery, so it costs nothing."""
        return None

    def permits(self, downgrade: Downgrade) -> bool:
        """Return True if the label may fall; asked once for each agent and payload class."""
        listed = [permit for permit in self.settings.permits if permit.agent == downgrade.agent.id]
        if any(permit.covers(downgrade) for permit in listed):
            return True
        named = any(matches(permit.topic, topic_of(downgrade.payload).name) for permit in listed)
        return self.settings.unlisted == "card" and not named
