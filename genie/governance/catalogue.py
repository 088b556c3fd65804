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
        "required_headers": "genie.governance.required_headers:RequiredHeaders",
        "topic_roles": "genie.governance.topic_roles:TopicRoles",
        "clearance": "genie.governance.clearance:Clearance",
        "tenant_isolation": "genie.governance.tenant_isolation:TenantIsolation",
        "risk_tier": "genie.governance.risk_tier:RiskTier",
        "pii": "genie.governance.pii:Pii",
        "secrets": "genie.governance.secrets:Secrets",
        "injection": "genie.governance.injection:Injection",
    }
)
"""Name -> ``module:Class``, as in the entry-point group ``genie.policies``."""


def default_set(environment: Environment) -> PolicySet:
    """Return the nine policies with settings that suit a pipeline without any of its own.

    They differ from each policy's own defaults in two places: every message needs a user, and topics that no role rule
    lists are open, because without a single rule closed ones would stop everything.

    Args:
        environment: Where the pipeline runs.

    Raises:
        PolicyError: A library that a policy needs is not installed.
    """
    # The policies load pydantic models, patterns and number tables, which naming the catalogue must not.
    from genie.governance.clearance import Clearance  # noqa: PLC0415 - as said above
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
        TenantIsolation(),
        RiskTier(),
        Pii(),
        Secrets(),
        Injection(),
    )
    return PolicySet(policies, environment=environment)
