"""Payload size: no message is larger than a limit, overall or per topic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, PositiveInt

from genie.governance.settings import TopicRule, most_specific
from genie.message import Message, topic_of
from genie.policy import ALLOW, Deny, Inspector, Judge, PolicySettings, Route, Verdict
from genie.protocol import AgentCard


class PayloadSizeSettings(PolicySettings):
    """Limits in bytes: strings in UTF-8, and eight for every other scalar."""

    max_bytes: PositiveInt = 8 * 1024 * 1024
    topics: Mapping[TopicRule, PositiveInt] = Field(default_factory=dict)
    """Limits of single topics or families, above or below ``max_bytes``; the most specific rule counts."""


class PayloadSize:
    """Deny what is larger than its topic's limit."""

    name: ClassVar[str] = "payload_size"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset()
    Settings: ClassVar[type[PayloadSizeSettings]] = PayloadSizeSettings

    def __init__(self, settings: PayloadSizeSettings = PayloadSizeSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: every inspection measures the size."""
        return ()

    def compile(self, route: Route) -> Judge:
        """Return the judge of a route."""
        topic = topic_of(route.payload).name
        limit = most_specific(self.settings.topics, topic, self.settings.max_bytes)

        def judge(message: Message[Any], _sender: AgentCard) -> Verdict:
            size = message.inspection.size_bytes
            if size <= limit:
                return ALLOW
            return Deny(
                "payload_size", f"{topic} is {size} bytes, above its limit of {limit}; send less, or raise the limit"
            )

        return judge
