"""Consent: messages of a configured topic need the user's valid consent to a purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, Payload, topic_of
from genie.policies._header_cache import recalling
from genie.policies._settings import Names, TopicRule, most_specific, purposes_in
from genie.policy.policy import ALLOW, Deny, Inspector, Judge, PolicySettings, Route, Verdict


def _purposes(names: tuple[str, ...]) -> tuple[str, ...]:
    dated = next((name for name in names if "@" in name), None)
    if dated is not None:
        raise ValueError(f"{dated!r} is a grant with an end; write the purpose alone")
    return names


Purposes = Annotated[Names, AfterValidator(_purposes)]


class ConsentSettings(PolicySettings):
    """Purposes per topic; a run needs consent to every one of them, and the most specific rule counts."""

    topics: Mapping[TopicRule, Purposes] = Field(default_factory=dict)


class Consent:
    """Deny messages of runs whose headers lack consent to a purpose of their topic.

    The bus removes expired and withdrawn consents from headers at once, and judges messages in flight again.
    """

    name: ClassVar[str] = "consent"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset()
    headers_only: ClassVar[bool] = True
    Settings: ClassVar[type[ConsentSettings]] = ConsentSettings

    def __init__(self, settings: ConsentSettings = ConsentSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        self._judges: dict[type[Payload], Judge | None] = {}

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads headers only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None when its topic needs no consent."""
        kind = route.payload
        if kind not in self._judges:
            judge = self._compiled(kind)
            self._judges[kind] = None if judge is None else recalling(judge)
        return self._judges[kind]

    def _compiled(self, kind: type[Payload]) -> Judge | None:
        topic = topic_of(kind).name
        needed = frozenset(most_specific(self.settings.topics, topic, ()))
        if not needed:
            return None

        def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
            consent = message.headers.consent
            if needed <= consent or needed <= purposes_in(consent):
                return ALLOW
            lacking = needed - purposes_in(consent)
            if message.headers.user is None:
                return Deny("consent", f"{topic} needs consent, and the run has no user who could have given it")
            listed = ", ".join(sorted(lacking))
            return Deny("consent", f"{topic} needs consent for {listed}, which is missing or has ended; obtain it")

        return judge
