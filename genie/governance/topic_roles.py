"""Topic roles: who may cause messages of which topic (role-based access control)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from genie.governance.settings import Names, TopicRule, most_specific
from genie.message import Message, topic_of
from genie.policy import ALLOW, Deny, Inspector, Judge, PolicySettings, Route, Verdict
from genie.protocol import AgentCard


class TopicRolesSettings(PolicySettings):
    """Roles per topic; a run needs any one of them, and the most specific rule counts."""

    topics: Mapping[TopicRule, Names] = Field(default_factory=dict)
    unlisted: Literal["open", "closed"] = "closed"
    """Topics that no rule covers: denied to everybody, or open to everybody. Closed, so that a forgotten topic is
    noticed at once instead of being readable by all."""


class TopicRoles:
    """Deny messages of runs whose headers hold none of the roles that their topic asks for."""

    name: ClassVar[str] = "topic_roles"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset()
    headers_only: ClassVar[bool] = True
    Settings: ClassVar[type[TopicRolesSettings]] = TopicRolesSettings

    def __init__(self, settings: TopicRolesSettings = TopicRolesSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads headers only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None for an unlisted topic when those are open."""
        topic = topic_of(route.payload).name
        roles = most_specific(self.settings.topics, topic, ())
        if not roles:
            return None if self.settings.unlisted == "open" else _closed(topic)
        excludes = frozenset(roles).isdisjoint
        denied = Deny("topic_roles", f"{topic} needs one of the roles {', '.join(roles)}; start the run with one")

        def judge(message: Message[Any], _sender: AgentCard) -> Verdict:
            return denied if excludes(message.headers.roles) else ALLOW

        return judge


def _closed(topic: str) -> Judge:
    denied = Deny("topic_roles", f"{topic} is not listed; list it with its roles, or set unlisted: open")
    return lambda _message, _sender: denied
