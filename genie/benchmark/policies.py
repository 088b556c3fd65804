"""The policies of the measurements (eight or all), with the caller and card that they judge."""

from __future__ import annotations

from dataclasses import replace

from genie.contracts.card import Caller
from genie.policies.clearance import Clearance
from genie.policies.consent import Consent, ConsentSettings
from genie.policies.declassification import Declassification
from genie.policies.disclosure import Disclosure, DisclosureSettings
from genie.policies.explainability import Explainability, ExplainabilitySettings, RationaleRule
from genie.policies.four_eyes import FourEyes, FourEyesRule, FourEyesSettings
from genie.policies.injection import Injection
from genie.policies.payload_size import PayloadSize, PayloadSizeSettings
from genie.policies.pii import Pii
from genie.policies.rbac import TopicRoles, TopicRolesSettings
from genie.policies.required_headers import RequiredHeaders, RequiredHeadersSettings
from genie.policies.residency import Residency, ResidencySettings
from genie.policies.risk_tier import RiskTier, RiskTierCell, RiskTierSettings
from genie.policies.schema_version import SchemaVersion, SchemaVersionSettings, VersionRule
from genie.policies.secrets import Secrets
from genie.policies.tenant_isolation import TenantIsolation
from genie.policies.tool_approval import ToolApproval, ToolApprovalRule, ToolApprovalSettings
from genie.policy.policy import Environment, PolicySet
from genie.rules.policy import Rules
from genie.rules.schema import RulesSettings

TENANT = "t1"
LARGEST = 64 * 1024
"""Maximum size of a message of the measurements, in bytes."""

CALLER = Caller(user="bench", tenant=TENANT, roles=frozenset(("analyst", "operator")))
"""The caller of every measurement: a user of one tenant with the two roles that the policies require."""

CONSENTING = replace(CALLER, region="in", consent=frozenset(("insights@2099-01-01T00:00:00Z",)))
"""The same caller with a region, and a consent that ends, for residency and consent."""

MOST = 1000
"""Largest ``limit`` of a question that the rule allows."""

TENANTS = frozenset((TENANT,))
"""Tenants on the card of every measured agent, so that tenant isolation judges it; the other fields have defaults."""


TOOL = "tool"
"""An agent whose calls a person must approve."""


def eight_policies() -> PolicySet:
    """Return the eight policies of the measurements.

    None of them is optimised away for a measured agent: each has a rule about the topics ``bench.*`` or about agents of
    ``TENANTS``, so each judges every delivery, except the two on findings, which are only asked if there are findings.
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


def all_policies() -> PolicySet:
    """Return every shipped policy, each with a rule about the topics ``bench.*`` if it has topics.

    Ten judge each delivery of the measured work; custom rules are included. Four eyes applies to one topic, disclosure
    to egress, the detectors to findings, and declassification is asked once for each edge.
    """
    rules = RulesSettings.model_validate({
        "rules": [
            {"name": "limit", "when": {"topic": "bench.question", "payload.limit": {"gt": MOST}}, "then": "deny",
             "because": f"limits above {MOST} are not for benchmarks"},
            {"name": "kind", "when": {"topic": "bench.*", "payload.kind": {"in": ["forged", "stolen"]}}, "then": "hold",
             "because": "somebody must look at it"},
        ]
    })  # fmt: skip
    plain = RationaleRule(rationale="text", min_chars=10, min_words=3, min_new_words=1)
    return PolicySet(
        (
            *eight_policies().policies,
            Secrets(),
            SchemaVersion(
                SchemaVersionSettings(topics={"bench.*": VersionRule(), "bench.dated": VersionRule(minimum=2)})
            ),
            Residency(ResidencySettings(here="in")),
            Consent(ConsentSettings(topics={"bench.*": ("insights",)})),
            Explainability(ExplainabilitySettings(topics={"bench.question": plain, "bench.work": plain})),
            Disclosure(DisclosureSettings(topics={"bench.told": "Made by a machine; check it."})),
            FourEyes(FourEyesSettings(topics={"bench.release": FourEyesRule()})),
            ToolApproval(ToolApprovalSettings(tools={TOOL: ToolApprovalRule(when="always")})),
            Declassification(),
            Rules(rules),
        ),
        environment=Environment("production"),
    )
