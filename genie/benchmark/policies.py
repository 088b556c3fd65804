"""The eight policies of every measurement, and the identity and card that they judge."""

from __future__ import annotations

from genie.governance.clearance import Clearance
from genie.governance.injection import Injection
from genie.governance.payload_size import PayloadSize, PayloadSizeSettings
from genie.governance.pii import Pii
from genie.governance.required_headers import RequiredHeaders, RequiredHeadersSettings
from genie.governance.risk_tier import RiskTier, RiskTierCell, RiskTierSettings
from genie.governance.tenant_isolation import TenantIsolation
from genie.governance.topic_roles import TopicRoles, TopicRolesSettings
from genie.policy import Environment, PolicySet
from genie.protocol import Caller

TENANT = "t1"
LARGEST = 64 * 1024
"""Bytes that a message of the measurements may have."""

CALLER = Caller(user="bench", tenant=TENANT, roles=frozenset(("analyst", "operator")))
"""Who asks in every measurement: a user of one tenant with the two roles that the policies demand."""

TENANTS = frozenset((TENANT,))
"""What is on the card of every measured agent, so that tenant isolation judges it; all else there is the default."""


def eight_policies() -> PolicySet:
    """Return the eight policies of the measurements.

    None of them is compiled away for a measured agent: each has a rule about the topics ``bench.*`` or about agents
    of ``TENANTS``, so each judges every delivery, but the two on findings, which are asked where there are some.
    """
    return PolicySet(
        (
            PayloadSize(PayloadSizeSettings(topics={"bench.*": LARGEST})),
            RequiredHeaders(RequiredHeadersSettings(topics={"bench.*": ("user", "tenant")})),
            TopicRoles(TopicRolesSettings(topics={"bench.*": ("analyst",)})),
            Clearance(),
            TenantIsolation(),
            RiskTier(RiskTierSettings(cells=(RiskTierCell(environment="production", roles=("operator",)),))),
            Pii(),
            Injection(),
        ),
        environment=Environment("production"),
    )
