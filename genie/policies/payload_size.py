"""Payload size: limits for the bytes, depth and parts of a message, for all topics or for one."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, ClassVar

from pydantic import Field, PositiveInt

from genie.contracts import text as fields
from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, topic_of
from genie.policies._payload_shape import bound_of, shape_of, walk
from genie.policies._settings import TopicRule, most_specific
from genie.policy.policy import ALLOW, CleanLimits, Deny, Inspector, Judge, PolicySettings, Route, Verdict


class SizeRule(PolicySettings):
    """Limits of one topic or family; an omitted limit is that of all topics."""

    max_bytes: PositiveInt | None = None
    max_depth: PositiveInt | None = None
    max_parts: PositiveInt | None = None


class PayloadSizeSettings(PolicySettings):
    """Limits of every message."""

    max_bytes: PositiveInt = 8 * 1024 * 1024
    """UTF-8 length of strings, plus eight bytes for every other scalar."""
    max_depth: PositiveInt = 32
    """Nesting levels: the payload is level one, its fields are level two, the items of a tuple one level deeper."""
    max_parts: PositiveInt = 1_000_000
    """Number of values at every level: fields, items, and the tuples and objects that contain them."""
    topics: Mapping[TopicRule, SizeRule | PositiveInt] = Field(default_factory=dict)
    """Limits of single topics or families, above or below the general ones; the most specific rule applies. A number is
    short for ``max_bytes``."""


class PayloadSize:
    """Deny messages that exceed the limits of their topic in size, depth or parts."""

    name: ClassVar[str] = "payload_size"
    version: ClassVar[str] = "2"
    reads: ClassVar[frozenset[str]] = frozenset()
    Settings: ClassVar[type[PayloadSizeSettings]] = PayloadSizeSettings

    def __init__(self, settings: PayloadSizeSettings = PayloadSizeSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: every inspection measures the size."""
        return ()

    def max_bytes(self, topic: str) -> int:
        """Return the size limit of a topic; larger messages are denied unread, so no inspector scans them."""
        return self._rule(topic).max_bytes or self.settings.max_bytes

    def _rule(self, topic: str) -> SizeRule:
        written = most_specific(self.settings.topics, topic, SizeRule())
        return SizeRule(max_bytes=written) if isinstance(written, int) else written

    def _most(self, topic: str) -> tuple[int, int]:
        rule, settings = self._rule(topic), self.settings
        return rule.max_depth or settings.max_depth, rule.max_parts or settings.max_parts

    def clean_limits(self, route: Route) -> CleanLimits | None:
        """Return the size up to which a message cannot have too many parts; None for a shape that must be walked.

        Each item of a tuple of scalars counts eight bytes, so a size bounds the number of items.
        """
        topic = topic_of(route.payload).name
        (max_depth, max_parts), limit, shape = self._most(topic), self.max_bytes(topic), shape_of(route.payload)
        if shape.most is not None:
            return CleanLimits(size_bytes=limit) if shape.most[0] <= max_depth and shape.most[1] <= max_parts else None
        scalars = fields.reader(route.payload).runs
        if shape.rows is None or shape.depth > max_depth or any(name not in scalars for name, _ in shape.rows):
            return None
        return CleanLimits(size_bytes=min(limit, (max_parts - shape.fixed) * fields.SCALAR_BYTES))

    def compile(self, route: Route) -> Judge:
        """Return the judge of a route; the shape of a class without tuples is checked here."""
        topic = topic_of(route.payload).name
        (max_depth, max_parts), limit = self._most(topic), self.max_bytes(topic)
        shape = shape_of(route.payload)
        within = shape.most is not None and shape.most[0] <= max_depth and shape.most[1] <= max_parts

        quick = shape.rows is not None and shape.depth <= max_depth
        rows = tuple((attrgetter(name), each) for name, each in shape.rows or ())

        def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
            size = message.inspection.size_bytes
            if size > limit:
                return Deny("payload_size", f"{topic} is {size} bytes, above its limit of {limit}; {_CURE}")
            if within:
                return ALLOW
            if quick:
                payload, parts = message.payload, shape.fixed
                for read, each in rows:
                    parts += each * len(read(payload) or ())
                if parts <= max_parts:
                    return ALLOW
            return _shaped(message)

        def _shaped(message: Envelope[Any]) -> Verdict:
            most = bound_of(message.payload, max_depth)
            if most[0] <= max_depth and most[1] <= max_parts:
                return ALLOW
            depth, parts = walk(message.payload, max_depth, max_parts)
            if depth > max_depth:
                return Deny("payload_depth", f"{topic} is nested more than {max_depth} levels deep; {_CURE}")
            if parts > max_parts:
                return Deny("payload_parts", f"{topic} has more than {max_parts} parts; {_CURE}")
            return ALLOW

        return judge


_CURE = "send less, or raise the limit"
