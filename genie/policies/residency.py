"""Residency: the classification of data and rules for transfers limit the regions that it can go to."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.message import Envelope, topic_of
from genie.policies._findings import masked_or_denied
from genie.policies._settings import Level, Names, Word, in_force
from genie.policy.policy import ALLOW, Deny, Inspector, Judge, PolicySettings, Route, Verdict


class Transfer(PolicySettings):
    """Allows data of one region in other regions, up to a classification, on a stated legal basis."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Word = Field(alias="from")
    """Region of the data."""
    to: Names
    """Regions that it may go to."""
    up_to: Level
    """Highest classification that may be transferred."""
    basis: str = Field(min_length=3, max_length=500)
    """Law, decision or contract that permits it."""
    since: datetime.date | None = None
    """First day on which it is permitted."""
    until: datetime.date | None = None
    """First day on which it is no longer permitted."""


class ResidencySettings(PolicySettings):
    """Region names are your own, such as ``in``, ``eu`` or ``on_prem``; they are compared literally."""

    here: Word | None = None
    """Region of the bus, and of agents whose card names none. An outside caller, observer or receiver without a region
    is unknown, and gets only unrestricted data."""
    data: Word | None = None
    """Region of the data of runs that name none."""
    free: Level = Classification.PUBLIC
    """Highest classification that may go anywhere."""
    transfers: tuple[Transfer, ...] = ()
    as_of: datetime.date | None = None
    """The day for which transfers are evaluated. Policies have no clock: for a new day, change the file."""

    @model_validator(mode="after")
    def _dated(self) -> ResidencySettings:
        if self.as_of is None and any(rule.since or rule.until for rule in self.transfers):
            raise ValueError("transfers with `since` or `until` need `as_of`, the day for which they are evaluated")
        return self


class Residency:
    """Deny data that may not go to the recipient's region; mask findings that may not."""

    name: ClassVar[str] = "residency"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset(("region",))
    Settings: ClassVar[type[ResidencySettings]] = ResidencySettings

    def __init__(self, settings: ResidencySettings = ResidencySettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None of its own: it reads the findings of all."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None if all data may go anywhere."""
        settings, topic = self.settings, topic_of(route.payload).name
        free, default = settings.free, settings.data
        if free >= max(Classification):
            return None
        region = self._region(route.recipient)
        ceilings = self._ceilings(region)
        shown = "no region" if region is None else f"region {region!r}"

        def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
            home = message.headers.region or default
            ceiling = free if home is None else ceilings.get(home, free)
            inspection = message.inspection
            if message.label <= ceiling and inspection.label <= ceiling:
                return ALLOW
            where = "data of no region" if home is None else f"data of region {home!r}"
            if message.label > ceiling:
                return Deny(
                    "residency",
                    f"{topic} is {message.label.label}, {where}, and its recipient is in {shown}, where at most "
                    f"{ceiling.label} may go; place both, or add a transfer with its basis",
                )
            above = [finding for finding in inspection.findings if finding.label > ceiling]
            return masked_or_denied("residency", above, f"{where} above {ceiling.label}, which may not go to {shown}")

        return judge

    def most(self, recipient: AgentCard, home: str | None) -> Classification | None:
        """Return the highest label of a region's data that a recipient may receive; None if the region is unknown.

        Args:
            recipient: Its card.
            home: Region of the caller; that of the settings if there is none.
        """
        home = home or self.settings.data
        return None if home is None else self._ceilings(self._region(recipient)).get(home, self.settings.free)

    def _region(self, card: AgentCard) -> str | None:
        return card.region or (None if card.egress else self.settings.here)  # who is outside is not here

    def _ceilings(self, region: str | None) -> dict[str, Classification]:
        """Return the highest classification of each region's data that may go to a region."""
        if region is None:
            return {}
        ceilings = {region: max(Classification)}
        for rule in self.settings.transfers:
            if region in rule.to and in_force(rule.since, rule.until, self.settings.as_of):
                known = ceilings.get(rule.from_, self.settings.free)
                ceilings[rule.from_] = max(known, rule.up_to)
        return ceilings
