"""Headers: the immutable security and trace context of a message."""

from __future__ import annotations

import datetime
import re
import typing
from dataclasses import dataclass, replace

from genie.contracts.classification import Classification

_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")

# --- headers ---


class Consent(typing.NamedTuple):
    """One consent, as headers carry it: ``purpose``, or ``purpose@2026-12-31T00:00:00Z`` with an end."""

    purpose: str
    """The subject of the consent: a purpose, or the id of a consent artefact."""
    until: datetime.datetime | None = None
    """When the consent ends; None means until it is withdrawn."""

    @classmethod
    def parse(cls, text: str) -> Consent:
        """Parse a consent: what it grants, and until when.

        Raises:
            ValueError: It names no purpose, or its end is not a moment with a time zone.
        """
        purpose, at, end = text.partition("@")
        try:
            until = datetime.datetime.fromisoformat(end) if at else None
            whole = bool(purpose) and (until is None or until.tzinfo is not None)
        except ValueError:
            until, whole = None, False
        if not whole:
            raise ValueError(
                f"{text!r} is not a valid consent; write a purpose, or a purpose and its end: "
                "credit_check@2026-12-31T00:00:00Z"
            )
        return cls(purpose, until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """Security and trace context of a message: set at the edge, inherited by every message of a run.

    An agent may narrow headers, never widen them.
    """

    tenant: str | None = None
    user: str | None = None
    roles: frozenset[str] = frozenset()
    classification: Classification = Classification.PUBLIC
    """Minimum label of every later message of the run, whatever its payload class declares."""
    region: str | None = None
    consent: frozenset[str] = frozenset()
    """Consents (purposes or artefact ids) that the user has granted and that are still in force; see ``Grant``."""
    traceparent: str | None = None
    """W3C trace context, the only field that an agent may replace; it must have the W3C format."""

    def narrowed(
        self,
        *,
        roles: frozenset[str] | None = None,
        classification: Classification | None = None,
        consent: frozenset[str] | None = None,
        traceparent: str | None = None,
    ) -> Headers:
        """Return narrower headers: fewer roles or consents, or a higher minimum label."""
        return replace(
            self,
            roles=self.roles if roles is None else self.roles & roles,
            classification=max(self.classification, classification or self.classification),
            consent=self.consent if consent is None else self.consent & consent,
            traceparent=traceparent or self.traceparent,
        )

    def record(self) -> dict[str, object]:
        """Return the headers as plain values."""
        return {
            "tenant": self.tenant, "user": self.user, "roles": sorted(self.roles), "region": self.region,
            "classification": self.classification.label, "consent": sorted(self.consent),
            "traceparent": self.traceparent,
        }  # fmt: skip

    def met(self, other: Headers) -> Headers:
        """Return the intersection of two headers, for a message that is derived from both."""
        if other is self:
            return self
        roles, consent = self.roles & other.roles, self.consent & other.consent
        level = max(self.classification, other.classification)
        for one in (self, other):
            if (roles, consent, level) == (one.roles, one.consent, one.classification):
                return one
        return replace(self, roles=roles, consent=consent, classification=level)

    def widened_beyond(self, given: Headers) -> tuple[str, ...]:
        """Return the names of the fields in which these headers are wider than ``given``; empty if none."""
        wider = [name for name in ("tenant", "user", "region") if getattr(self, name) != getattr(given, name)]
        if not self.roles <= given.roles:
            wider.append("roles")
        if not self.consent <= given.consent:
            wider.append("consent")
        if self.classification < given.classification:
            wider.append("classification")
        trace = self.traceparent
        if trace is not None and trace != given.traceparent and not _TRACE.match(trace):
            wider.append("traceparent")
        return tuple(wider)


NO_HEADERS = Headers()


def copied(headers: Headers) -> Headers:
    """Return a copy for a handler, so that the handler cannot change what the bus holds."""
    return replace(headers)


def exact(given: object) -> Headers | None:
    """Return a copy of the headers that an agent passes.

    None unless they are exactly ``Headers`` with values of exact types.

    A class of the agent could define any comparison, such as roles that are a subset of every set.
    """
    if type(given) is not Headers:
        return None
    headers: Headers = given
    texts = (headers.tenant, headers.user, headers.region, headers.traceparent)
    sets = (headers.roles, headers.consent)
    if (
        all(text is None or type(text) is str for text in texts)
        and all(type(names) is frozenset and all(type(name) is str for name in names) for names in sets)
        and type(headers.classification) is Classification
    ):
        return replace(headers)
    return None
