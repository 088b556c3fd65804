"""Required headers: a topic's messages carry the headers that its readers rely on."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from genie.governance.settings import TopicRule, matches
from genie.message import Message, topic_of
from genie.policy import ALLOW, Deny, Inspector, Judge, PolicySettings, Route, Verdict
from genie.protocol import AgentCard

HeaderName = Literal["consent", "region", "roles", "tenant", "traceparent", "user"]
HeaderNames = Annotated[
    tuple[HeaderName, ...], Field(min_length=1), AfterValidator(lambda names: tuple(sorted(dict.fromkeys(names))))
]


class RequiredHeadersSettings(PolicySettings):
    """Which topics need which headers; the rules that cover a topic add up."""

    topics: Mapping[TopicRule, HeaderNames] = Field(default_factory=dict)


class RequiredHeaders:
    """Deny messages that lack a header their topic needs; an empty header is a missing one."""

    name: ClassVar[str] = "required_headers"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset()
    headers_only: ClassVar[bool] = True
    Settings: ClassVar[type[RequiredHeadersSettings]] = RequiredHeadersSettings

    def __init__(self, settings: RequiredHeadersSettings = RequiredHeadersSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads headers only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None when its topic needs no header."""
        topic = topic_of(route.payload).name
        rules = self.settings.topics
        needed: list[str] = sorted({name for rule in rules if matches(rule, topic) for name in rules[rule]})
        if not needed:
            return None
        return _one(topic, needed[0]) if len(needed) == 1 else _several(topic, needed)


def _one(topic: str, name: str) -> Judge:
    read = attrgetter(name)

    def judge(message: Message[Any], _sender: AgentCard) -> Verdict:
        return ALLOW if read(message.headers) else _lacks(topic, [name])

    return judge


def _several(topic: str, names: list[str]) -> Judge:
    reads = tuple(attrgetter(name) for name in names)

    def judge(message: Message[Any], _sender: AgentCard) -> Verdict:
        headers = message.headers
        for read in reads:
            if not read(headers):
                return _lacks(topic, [name for name in names if not getattr(headers, name)])
        return ALLOW

    return judge


def _lacks(topic: str, names: list[str]) -> Deny:
    return Deny(
        "required_headers", f"{topic} needs the headers {', '.join(names)}, which are empty; set them where runs start"
    )
