"""Required headers: messages of a topic need certain headers, in a certain format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from genie.contracts.card import AgentCard
from genie.contracts.headers import Headers
from genie.contracts.message import Envelope, Payload, topic_of
from genie.policies._header_cache import recalling
from genie.policies._settings import Names, TopicRule, matches, purposes_in
from genie.policy.policy import ALLOW, Deny, Inspector, Judge, PolicySettings, Route, Verdict

HeaderName = Literal["consent", "region", "roles", "tenant", "traceparent", "user"]
HeaderNames = Annotated[tuple[HeaderName, ...], AfterValidator(lambda names: tuple(sorted(dict.fromkeys(names))))]
TextHeader = Literal["region", "tenant", "user"]

TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
"""W3C Trace Context, 3.2: version, trace id, parent id, flags; neither id is all zeros, and no version is ff."""
MOST_TEXT = 256
"""Maximum length of a header that is compared with a pattern; a longer one is malformed."""


def _pattern(text: str) -> str:
    # Patterns come from policy files; RE2 has linear run time, so that no file can hang the bus.
    import re2  # noqa: PLC0415 - start-up: settings without patterns need none

    try:
        re2.compile(text)
    except re2.error as error:
        raise ValueError(f"{text!r} is not a valid pattern: {error}") from None
    return text


Pattern = Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(_pattern)]


class HeaderRule(PolicySettings):
    """Requirements for the headers of a topic; only ``require`` applies to an empty header."""

    require: HeaderNames = ()
    """Headers that may not be empty."""
    formats: Mapping[TextHeader, Pattern] = Field(default_factory=dict)
    """RE2 pattern that must match the whole header."""
    values: Mapping[Literal["consent", "region", "roles", "tenant", "user"], Names] = Field(default_factory=dict)
    """Allowed values; each role and each purpose of consent must be one of them."""

    @model_validator(mode="after")
    def _says_something(self) -> HeaderRule:
        if not (self.require or self.formats or self.values):
            raise ValueError("a rule names headers under require, formats or values")
        return self


class RequiredHeadersSettings(PolicySettings):
    """Required headers by topic; all rules that cover a topic apply together."""

    topics: Mapping[TopicRule, HeaderRule | Annotated[HeaderNames, Field(min_length=1)]] = Field(default_factory=dict)
    """A list of headers is short for ``require``."""


class RequiredHeaders:
    """Deny messages without a required header, or with a header in the wrong format.

    A required ``traceparent`` must be valid according to W3C Trace Context.
    """

    name: ClassVar[str] = "required_headers"
    version: ClassVar[str] = "2"
    reads: ClassVar[frozenset[str]] = frozenset()
    headers_only: ClassVar[bool] = True
    Settings: ClassVar[type[RequiredHeadersSettings]] = RequiredHeadersSettings

    def __init__(self, settings: RequiredHeadersSettings = RequiredHeadersSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        self._judges: dict[type[Payload], Judge | None] = {}

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads headers only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None when its topic needs no header."""
        kind = route.payload
        if kind not in self._judges:
            judge = self._compiled(kind)
            self._judges[kind] = None if judge is None else recalling(judge)
        return self._judges[kind]

    def _compiled(self, kind: type[Payload]) -> Judge | None:
        topic = topic_of(kind).name
        covering = [rule for written, rule in self.settings.topics.items() if matches(written, topic)]
        rules = [HeaderRule(require=rule) if isinstance(rule, tuple) else rule for rule in covering]
        needed = sorted({name for rule in rules for name in rule.require})
        checks = [check for rule in rules for check in _checks(rule)]
        if "traceparent" in needed:
            checks.append(("traceparent", _is_trace))
        if not needed and not checks:
            return None

        reads = tuple(attrgetter(name) for name in needed)

        def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
            headers = message.headers
            for read in reads:
                if not read(headers):
                    return _lacks(topic, [name for name in needed if not getattr(headers, name)])
            for _, fits in checks:
                if not fits(headers):
                    return _unfit(topic, sorted({name for name, fits in checks if not fits(headers)}))
            return ALLOW

        return judge


def _lacks(topic: str, names: list[str]) -> Deny:
    return Deny(
        "required_headers", f"{topic} needs the headers {', '.join(names)}, which are empty; set them where runs start"
    )


def _unfit(topic: str, names: list[str]) -> Deny:
    listed = ", ".join(names)
    return Deny("header_format", f"{topic} has headers of the wrong form: {listed}; set them where runs start")


def _checks(rule: HeaderRule) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [(name, _matching(name, pattern)) for name, pattern in rule.formats.items()]
    return found + [(name, _among(name, frozenset(values))) for name, values in rule.values.items()]


def _matching(name: str, pattern: str) -> Any:
    import re2  # noqa: PLC0415 - as in _pattern

    whole = re2.compile(pattern).fullmatch

    @lru_cache(maxsize=1024)
    def matched(text: str) -> bool:
        return whole(text) is not None

    read = attrgetter(name)
    return lambda headers: not (text := read(headers)) or (len(text) <= MOST_TEXT and matched(text))


def _among(name: str, values: frozenset[str]) -> Any:
    if name == "consent":
        return lambda headers: not headers.consent or frozenset() < purposes_in(headers.consent) <= values
    if name == "roles":
        return lambda headers: headers.roles <= values
    read = attrgetter(name)
    return lambda headers: not (text := read(headers)) or text in values


def _is_trace(headers: Headers) -> bool:
    text = headers.traceparent or ""
    return len(text) <= MOST_TEXT and TRACEPARENT.match(text) is not None
