"""The policies that ship, by name; naming one imports nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genie.policy import Environment, PolicySet

POLICIES: Mapping[str, str] = MappingProxyType(
    {
        "payload_size": "genie.governance.payload_size:PayloadSize",
        "schema_version": "genie.governance.schema_version:SchemaVersion",
        "required_headers": "genie.governance.required_headers:RequiredHeaders",
        "topic_roles": "genie.governance.topic_roles:TopicRoles",
        "clearance": "genie.governance.clearance:Clearance",
        "declassification": "genie.governance.declassification:Declassification",
        "tenant_isolation": "genie.governance.tenant_isolation:TenantIsolation",
        "residency": "genie.governance.residency:Residency",
        "consent": "genie.governance.consent:Consent",
        "risk_tier": "genie.governance.risk_tier:RiskTier",
        "explainability": "genie.governance.explainability:Explainability",
        "disclosure": "genie.governance.disclosure:Disclosure",
        "pii": "genie.governance.pii:Pii",
        "secrets": "genie.governance.secrets:Secrets",
        "four_eyes": "genie.governance.four_eyes:FourEyes",
        "injection": "genie.governance.injection:Injection",
        "rules": "genie.governance.rules.policy:Rules",
    }
)
"""Name -> ``module:Class``, as in the entry-point group ``genie.policies``."""


def default_set(environment: Environment) -> PolicySet:
    """Return the policies for a pipeline without any of its own: those that need no words about its topics.

    They differ from each policy's own defaults in three places: every message needs a user; topics that no role rule
    lists are open, because without a single rule closed ones would stop everything; and labels fall where cards say so.
    Schema versions, residency, consent, explainability and disclosure say nothing before somebody names a topic, a
    region or a purpose, so they are left to pipelines of their own.

    Args:
        environment: Where the pipeline runs.

    Raises:
        PolicyError: A library that a policy needs is not installed.
    """
    # The policies load pydantic models, patterns and number tables, which naming the catalogue must not.
    from genie.governance.clearance import Clearance  # noqa: PLC0415 - as said above
    from genie.governance.declassification import (  # noqa: PLC0415 - as said above
        Declassification,
        DeclassificationSettings,
    )
    from genie.governance.injection import Injection  # noqa: PLC0415 - as said above
    from genie.governance.payload_size import PayloadSize  # noqa: PLC0415 - as said above
    from genie.governance.pii import Pii  # noqa: PLC0415 - as said above
    from genie.governance.required_headers import RequiredHeaders, RequiredHeadersSettings  # noqa: PLC0415 - as said above
    from genie.governance.risk_tier import RiskTier  # noqa: PLC0415 - as said above
    from genie.governance.secrets import Secrets  # noqa: PLC0415 - as said above
    from genie.governance.tenant_isolation import TenantIsolation  # noqa: PLC0415 - as said above
    from genie.governance.topic_roles import TopicRoles, TopicRolesSettings  # noqa: PLC0415 - as said above
    from genie.policy import PolicySet  # noqa: PLC0415 - as said above

    policies = (
        PayloadSize(),
        RequiredHeaders(RequiredHeadersSettings(topics={"*": ("user",)})),
        TopicRoles(TopicRolesSettings(unlisted="open")),
        Clearance(),
        Declassification(DeclassificationSettings(unlisted="card")),
        TenantIsolation(),
        RiskTier(),
        Pii(),
        Secrets(),
        Injection(),
    )
    return PolicySet(policies, environment=environment)
