"""The benchmark harness: the canonical round trip, governed, against the same work in bare asyncio."""

from __future__ import annotations

from genie.governance.clearance import Clearance
from genie.governance.injection import Injection
from genie.governance.payload_size import PayloadSize
from genie.governance.pii import Pii
from genie.governance.required_headers import RequiredHeaders, RequiredHeadersSettings
from genie.governance.risk_tier import RiskTier
from genie.governance.tenant_isolation import TenantIsolation
from genie.governance.topic_roles import TopicRoles, TopicRolesSettings
from genie.policy import Environment, PolicySet
from genie.protocol import Caller

CALLER = Caller(user="bench", tenant="t1", roles=frozenset(("analyst",)))
"""Who asks in every measurement: a user of one tenant with the role that the bench topics demand."""


def eight_policies() -> PolicySet:
    """Return the eight policies of the measurements, each with a rule that can stop something."""
    return PolicySet(
        (
            PayloadSize(),
            RequiredHeaders(RequiredHeadersSettings(topics={"*": ("user", "tenant")})),
            TopicRoles(TopicRolesSettings(topics={"bench.*": ("analyst",)})),
            Clearance(),
            TenantIsolation(),
            RiskTier(),
            Pii(),
            Injection(),
        ),
        environment=Environment("production"),
    )
