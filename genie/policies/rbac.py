"""Topic roles: which runs may cause messages of a topic, and which agents may send them (role-based access control)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, topic_of
from genie.policies._settings import Names, TopicRule, matches_id, most_specific
from genie.policy.policy import ALLOW, Deny, Inspector, Judge, PolicySettings, Route, Verdict

CALLER = "caller"
"""The name of callers under ``senders``."""


class RoleRule(PolicySettings):
    """Requirements of a topic for the run and for the sender; every given key must be satisfied."""

    any_of: Names | None = None
    """The run holds one of these roles."""
    all_of: Names | None = None
    """The run holds all of these roles."""
    none_of: Names | None = None
    """The run holds none of these roles: separation of duties."""
    senders: Names | None = None
    """Ids of the agents and joins that may send it, ``family.*`` for several, ``caller`` for callers."""

    @model_validator(mode="after")
    def _says_something(self) -> RoleRule:
        if not self.model_fields_set:
            raise ValueError("a rule names any_of, all_of, none_of or senders; write unlisted: open for open topics")
        forbidden, one = set(self.none_of or ()), set(self.any_of or ())
        impossible = forbidden & set(self.all_of or ()) or (one if one <= forbidden else set())
        if impossible:
            raise ValueError(f"role {min(impossible)!r} is both required and forbidden, so no run could pass")
        return self


class TopicRolesSettings(PolicySettings):
    """Roles per topic; only the most specific rule applies."""

    topics: Mapping[TopicRule, RoleRule | Names] = Field(default_factory=dict)
    """A list of roles is short for ``any_of``."""
    unlisted: Literal["open", "closed"] = "closed"
    """Topics without a rule: denied to everyone, or open to everyone. Closed by default, so that a missing rule is
    noticed at once."""


class TopicRoles:
    """Deny messages of runs without the roles of the topic, or of senders that the topic does not list."""

    name: ClassVar[str] = "topic_roles"
    version: ClassVar[str] = "2"
    reads: ClassVar[frozenset[str]] = frozenset()
    Settings: ClassVar[type[TopicRolesSettings]] = TopicRolesSettings

    def __init__(self, settings: TopicRolesSettings = TopicRolesSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        self.headers_only = not any(isinstance(rule, RoleRule) and rule.senders for rule in settings.topics.values())

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads headers and the sender's id only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None for an unlisted topic if those are open."""
        topic = topic_of(route.payload).name
        rule = most_specific(self.settings.topics, topic, None)
        if rule is None:
            return None if self.settings.unlisted == "open" else _closed(topic)
        return _any_of(topic, rule) if isinstance(rule, tuple) else _judge(topic, rule)


def _any_of(topic: str, roles: tuple[str, ...]) -> Judge:
    excludes = frozenset(roles).isdisjoint
    denied = Deny("topic_roles", f"{topic} needs one of the roles {', '.join(roles)}; start the run with one")

    def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
        return denied if excludes(message.headers.roles) else ALLOW

    return judge


def _judge(topic: str, rule: RoleRule) -> Judge:
    one, every, none = (frozenset(roles or ()) for roles in (rule.any_of, rule.all_of, rule.none_of))
    senders = rule.senders

    @lru_cache(maxsize=1024)  # agents are added and removed
    def listed(name: str) -> bool:
        return any(matches_id(written, name) for written in senders or ())

    def may_send(sender: AgentCard) -> bool:
        # The looked-up name is the cache key, because an agent may have the id of a caller.
        return listed(CALLER if sender.egress and sender.id.startswith("caller:") else sender.id)

    def judge(message: Envelope[Any], sender: AgentCard) -> Verdict:
        held = message.headers.roles
        if one and one.isdisjoint(held):
            why = f"needs one of the roles {', '.join(sorted(one))}; start the run with one"
        elif not every <= held:
            why = f"needs all of the roles {', '.join(sorted(every))}; {', '.join(sorted(every - held))} lacking"
        elif not none.isdisjoint(held):
            why = f"may not be caused by a user with the role {min(none & held)}; another user must start the run"
        elif senders is None or may_send(sender):
            return ALLOW
        else:
            why = f"may be sent by {', '.join(senders)} only; list this sender, or let one of those send it"
        return Deny("topic_roles", f"{topic} {why}")

    return judge


def _closed(topic: str) -> Judge:
    denied = Deny("topic_roles", f"{topic} is not listed; list it with its roles, or set unlisted: open")
    return lambda _message, _sender: denied
