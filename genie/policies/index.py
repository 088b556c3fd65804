"""The shipped policies by name; a name imports nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genie.policy.policy import Environment, PolicySet

POLICIES: Mapping[str, str] = MappingProxyType(
    {
        "payload_size": "genie.policies.payload_size:PayloadSize",
        "schema_version": "genie.policies.schema_version:SchemaVersion",
        "required_headers": "genie.policies.required_headers:RequiredHeaders",
        "topic_roles": "genie.policies.rbac:TopicRoles",
        "clearance": "genie.policies.clearance:Clearance",
        "declassification": "genie.policies.declassification:Declassification",
        "tenant_isolation": "genie.policies.tenant_isolation:TenantIsolation",
        "residency": "genie.policies.residency:Residency",
        "consent": "genie.policies.consent:Consent",
        "risk_tier": "genie.policies.risk_tier:RiskTier",
        "explainability": "genie.policies.explainability:Explainability",
        "disclosure": "genie.policies.disclosure:Disclosure",
        "pii": "genie.policies.pii:Pii",
        "secrets": "genie.policies.secrets:Secrets",
        "four_eyes": "genie.policies.four_eyes:FourEyes",
        "injection": "genie.policies.injection:Injection",
        "tool_approval": "genie.policies.tool_approval:ToolApproval",
        "rules": "genie.rules.policy:Rules",
    }
)
"""Name -> ``module:Class``, as in the entry-point group ``genie.policies``."""


def default_set(environment: Environment) -> PolicySet:
    """Return the policies for a pipeline without any of its own: those that need no settings about its topics.

    They differ from each policy's own defaults in three places: every message needs a user; topics that no role rule
    lists are open, because without a single rule closed ones would stop everything; and labels fall if cards declare
    it. Tool calls wait for a person if the tool's card requires it. Schema versions, residency, consent, explainability
    and disclosure have no effect without a configured topic, a region or a purpose, so they are not included.

    Args:
        environment: Where the pipeline runs.

    Raises:
        PolicyError: A library that a policy needs is not installed.
    """
    # The policies load pydantic models, patterns and number tables, which listing their names must not.
    from genie.policies.clearance import Clearance  # noqa: PLC0415 - as said above
    from genie.policies.declassification import (  # noqa: PLC0415 - as said above
        Declassification,
        DeclassificationSettings,
    )
    from genie.policies.injection import Injection  # noqa: PLC0415 - as said above
    from genie.policies.payload_size import PayloadSize  # noqa: PLC0415 - as said above
    from genie.policies.pii import Pii  # noqa: PLC0415 - as said above
    from genie.policies.rbac import TopicRoles, TopicRolesSettings  # noqa: PLC0415 - as said above
    from genie.policies.required_headers import RequiredHeaders, RequiredHeadersSettings  # noqa: PLC0415 - as said above
    from genie.policies.risk_tier import RiskTier  # noqa: PLC0415 - as said above
    from genie.policies.secrets import Secrets  # noqa: PLC0415 - as said above
    from genie.policies.tenant_isolation import TenantIsolation  # noqa: PLC0415 - as said above
    from genie.policies.tool_approval import ToolApproval  # noqa: PLC0415 - as said above
    from genie.policy.policy import PolicySet  # noqa: PLC0415 - as said above

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
        ToolApproval(),
    )
    return PolicySet(policies, environment=environment)
