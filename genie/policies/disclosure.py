"""Disclosure: messages that leave need a notice, for example that a machine wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, topic_of
from genie.policies._settings import Names, TopicRule, most_specific
from genie.policy.policy import ALLOW, Allow, Inspector, Judge, PolicySettings, Route, Verdict


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a notice is one line of printable text")
    return text


Notice = Annotated[
    str, StringConstraints(min_length=10, max_length=500, strip_whitespace=True), AfterValidator(_printable)
]


class DisclosureSettings(PolicySettings):
    """Notices per topic; the most specific rule applies."""

    topics: Mapping[TopicRule, Notice] = Field(default_factory=dict)
    exempt_roles: Names | None = None
    """Runs with one of these roles get no notice, for example those of staff."""


class Disclosure:
    """Add the notice of the topic to messages that leave for a caller, an observer or a receiver.

    The delivery to an egress that cannot attach a notice is denied.
    """

    name: ClassVar[str] = "disclosure"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset(("egress",))
    Settings: ClassVar[type[DisclosureSettings]] = DisclosureSettings

    def __init__(self, settings: DisclosureSettings = DisclosureSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads cards and headers only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None for a recipient inside and for topics without a notice."""
        text = most_specific(self.settings.topics, topic_of(route.payload).name, "")
        if not text or not route.recipient.egress:
            return None
        noticed, exempt = Allow((text,)), frozenset(self.settings.exempt_roles or ())
        if not exempt:
            return lambda _message, _sender: noticed

        def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
            return noticed if exempt.isdisjoint(message.headers.roles) else ALLOW

        return judge
