"""Cost of one more recipient of an inspected message with every policy of the catalogue.

The bus asks a route's gate for each recipient, unless the one before it has a gate that allows the same messages. So
two figures matter: a recipient like the one before, and one that differs in what some policy reads of its card.
"""

from __future__ import annotations

import gc
import importlib
import timeit
from collections.abc import Iterator
from typing import Any

from benchmarks.figures import Figure, Limit, printed
from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.headers import Headers
from genie.contracts.message import Envelope, Payload, Value, stamp, topic_of
from genie.policies.consent import Consent, ConsentSettings
from genie.policies.disclosure import Disclosure, DisclosureSettings
from genie.policies.explainability import Explainability, ExplainabilitySettings, RationaleRule
from genie.policies.four_eyes import FourEyes, FourEyesRule, FourEyesSettings
from genie.policies.index import POLICIES
from genie.policies.payload_size import PayloadSize, PayloadSizeSettings, SizeRule
from genie.policies.rbac import RoleRule, TopicRoles, TopicRolesSettings
from genie.policies.required_headers import HeaderRule, RequiredHeaders, RequiredHeadersSettings
from genie.policies.residency import Residency, ResidencySettings, Transfer
from genie.policies.risk_tier import RiskTier, RiskTierCell, RiskTierSettings
from genie.policies.schema_version import SchemaVersion, SchemaVersionSettings, VersionRule
from genie.policies.tenant_isolation import TenantIsolation, TenantIsolationSettings
from genie.policies.tool_approval import ToolApproval, ToolApprovalRule, ToolApprovalSettings
from genie.policy.policy import Environment, Policy, PolicySet

LIMIT_US = 2.0
"""Of one more recipient, with all policies on."""
RECIPIENTS = 200
ROUNDS = 200

CONFIDENTIAL = Classification.CONFIDENTIAL
SENDER = AgentCard(id="sender", clearance=CONFIDENTIAL)


class Item(Value):
    title: str = "Cut spending on groceries"
    rationale: str = "Groceries rose by a fifth since March while income stayed as it was."


class Advice(Payload, topic="bench.advice", classification="confidential"):
    text: str = "Spending on groceries, seen over six months."
    items: tuple[Item, ...] = (Item(), Item(rationale="Two subscriptions for one service were charged twice a month."))


SET: dict[str, Policy] = {
    "payload_size": PayloadSize(PayloadSizeSettings(topics={"bench.*": SizeRule(max_bytes=65_536, max_parts=1_000)})),
    "schema_version": SchemaVersion(SchemaVersionSettings(topics={"bench.*": VersionRule(minimum=1)})),
    "required_headers": RequiredHeaders(
        RequiredHeadersSettings(
            topics={"bench.*": HeaderRule(require=("tenant", "user"), formats={"tenant": "[a-z0-9]+"})}
        )
    ),
    "topic_roles": TopicRoles(
        TopicRolesSettings(topics={"bench.*": RoleRule(all_of=("analyst",), senders=("sender",))})
    ),
    "tenant_isolation": TenantIsolation(TenantIsolationSettings(require_tenant=True)),
    "residency": Residency(
        ResidencySettings(transfers=(Transfer(from_="in", to=("eu",), up_to=CONFIDENTIAL, basis="clauses"),))
    ),
    "consent": Consent(ConsentSettings(topics={"bench.*": ("insights",)})),
    "risk_tier": RiskTier(RiskTierSettings(cells=(RiskTierCell(environment="production", roles=("analyst",)),))),
    "explainability": Explainability(
        ExplainabilitySettings(topics={"bench.*": RationaleRule(items="items.*", verdict=("title",))})
    ),
    "four_eyes": FourEyes(FourEyesSettings(topics={"bench.release": FourEyesRule()})),
    "disclosure": Disclosure(DisclosureSettings(topics={"bench.*": "Made by a machine; check it."})),
    "tool_approval": ToolApproval(ToolApprovalSettings(tools={"tool": ToolApprovalRule(when="always")})),
}
"""Settings with which a policy has something to decide on the measured routes; the others are as they come."""


def every_policy() -> PolicySet:
    """Return all policies of the catalogue, each with a rule about the measured topic where it takes any."""
    made: list[Policy] = []
    for name, where in POLICIES.items():
        module, _, attribute = where.partition(":")
        made.append(SET.get(name) or getattr(importlib.import_module(module), attribute)())
    return PolicySet(tuple(made), environment=Environment("production"))


def message_of(policies: PolicySet, headers: Headers) -> Envelope[Any]:
    """Return an inspected message."""
    payload = Advice()
    return stamp(
        1, payload, "sender", None, None, 0, 0, headers, topic_of(payload).classification,
        policies.inspectors.inspect(payload),
    )  # fmt: skip


def headers() -> Headers:
    """Return headers that all policies allow."""
    return Headers(
        tenant="t1", user="bench", roles=frozenset(("analyst",)), region="in",
        consent=frozenset(("insights@2099-01-01T00:00:00Z",)),
    )  # fmt: skip


def cards(*, alike: bool) -> list[AgentCard]:
    """Return recipients that policies cannot tell apart, or of which each differs from the one before."""
    regions, levels = ("in", "eu"), (CONFIDENTIAL, Classification.RESTRICTED)
    return [
        AgentCard(
            id=f"agent{at}", tenants=frozenset(("t1",)), region=regions[0 if alike else at % 2],
            clearance=levels[0 if alike else at // 2 % 2],
        )
        for at in range(RECIPIENTS)
    ]  # fmt: skip


def per_recipient(policies: PolicySet, recipients: list[AgentCard], rounds: int, *, fresh: bool) -> float:
    """Return microseconds that the bus's loop spends on judging for one more recipient, the fastest of many rounds.

    Args:
        policies: What judges.
        recipients: Whom the message is for.
        rounds: How many, from 2.
        fresh: Each round is another run, so that no gate remembers its headers.
    """
    gates = [policies.evaluator(Advice, card) for card in recipients]
    messages = [message_of(policies, headers()) for _ in range(rounds if fresh else 1)] * (1 if fresh else rounds)
    for gate in gates:
        assert gate.judge(messages[0], SENDER) is None, "an allowed message is measured"
    rest = iter(messages)

    def fan_out() -> None:
        message = next(rest)
        allowed: object = None
        for gate in gates:  # as in the bus
            if gate.alike is not allowed and gate.judge(message, SENDER) is None:
                allowed = gate.alike

    was = gc.isenabled()
    gc.disable()
    try:
        best = min(timeit.repeat(fan_out, number=1, repeat=rounds - 1))
    finally:
        if was:
            gc.enable()
    return best / len(recipients) * 1e6


def figures(rounds: int = ROUNDS) -> Iterator[Figure]:
    """Yield what one more recipient costs: one like the one before, one unlike it, and so in a run's first message."""
    policies, limit = every_policy(), Limit(LIMIT_US)
    like, unlike = cards(alike=True), cards(alike=False)
    named = f"{len(policies.policies)} policies"
    yield Figure(f"{named}, one more recipient", per_recipient(policies, like, rounds, fresh=True), "us", limit=limit)
    for what, fresh in ((" unlike it", False), (" of a new run", True)):
        cost = per_recipient(policies, unlike, rounds, fresh=fresh)
        yield Figure(f"{named}, one{what}", cost, "us", limit=limit)


if __name__ == "__main__":
    printed(figures())
