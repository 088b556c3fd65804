"""The policies that read headers and cards: size, required headers, roles, tenants, risk and tier."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.contracts.card import AgentCard, Caller, Risk, Tier
from genie.contracts.classification import Classification
from genie.contracts.headers import Headers
from genie.contracts.message import Inspection, Payload, stamp
from genie.policies.payload_size import PayloadSize, PayloadSizeSettings
from genie.policies.rbac import RoleRule, TopicRoles, TopicRolesSettings
from genie.policies.required_headers import RequiredHeaders, RequiredHeadersSettings
from genie.policies.risk_tier import RiskTier, RiskTierCell, RiskTierSettings
from genie.policies.tenant_isolation import TenantIsolation, TenantIsolationSettings
from genie.policy.policy import ALLOW, Deny, Environment, Policy, Route, Verdict


class Order(Payload, topic="payments.order"):
    text: str = "tea"


class Refund(Payload, topic="payments.refund"):
    text: str = "tea"


class Note(Payload, topic="service.note"):
    text: str = "tea"


SENDER = AgentCard(id="sender")
ANYBODY = AgentCard(id="anybody", risk=Risk.LOW, tier=Tier.PRODUCTION)


def judged(policy: Policy, message, recipient: AgentCard = ANYBODY, environment: str = "development") -> Verdict:
    judge = policy.compile(Route(type(message.payload), recipient, Environment(environment)))
    return ALLOW if judge is None else judge(message, SENDER)


def decides_nothing(policy: Policy, payload: type[Payload], recipient: AgentCard = ANYBODY) -> bool:
    return policy.compile(Route(payload, recipient)) is None


# --- payload size ---


def test_size_is_allowed_up_to_the_limit_and_denied_above(envelope) -> None:
    policy = PayloadSize(PayloadSizeSettings(max_bytes=100))

    assert judged(policy, envelope(Order(), inspection=Inspection(100))) is ALLOW
    verdict = judged(policy, envelope(Order(), inspection=Inspection(101)))

    assert isinstance(verdict, Deny)
    assert verdict.code == "payload_size"
    assert "101" in verdict.reason
    assert "100" in verdict.reason


def test_the_most_specific_size_rule_counts(envelope) -> None:
    rules = {"*": 40, "payments.*": 20, "payments.order": 60}
    policy = PayloadSize(PayloadSizeSettings(max_bytes=5, topics=rules))

    for payload, limit in ((Order(), 60), (Refund(), 20), (Note(), 40)):
        assert judged(policy, envelope(payload, inspection=Inspection(limit))) is ALLOW
        assert isinstance(judged(policy, envelope(payload, inspection=Inspection(limit + 1))), Deny)


# --- required headers ---


def test_a_message_without_a_required_header_is_denied_and_the_header_named(envelope) -> None:
    policy = RequiredHeaders(RequiredHeadersSettings(topics={"payments.*": ("user", "tenant")}))

    assert judged(policy, envelope(Order(), headers=Headers(user="ann", tenant="acme"))) is ALLOW
    verdict = judged(policy, envelope(Order(), headers=Headers(user="ann")))

    assert isinstance(verdict, Deny)
    assert "tenant" in verdict.reason
    assert "user" not in verdict.reason


@pytest.mark.parametrize("empty", [Headers(), Headers(user="")])
def test_an_empty_header_is_a_missing_one(envelope, empty: Headers) -> None:
    policy = RequiredHeaders(RequiredHeadersSettings(topics={"*": ("user",)}))

    assert isinstance(judged(policy, envelope(Order(), headers=empty)), Deny)


def test_header_rules_that_cover_a_topic_add_up(envelope) -> None:
    policy = RequiredHeaders(
        RequiredHeadersSettings(topics={"*": ("user",), "payments.*": ("tenant",), "payments.order": ("consent",)})
    )
    full = Headers(user="ann", tenant="acme", consent=frozenset({"payments"}))

    assert judged(policy, envelope(Order(), headers=full)) is ALLOW
    assert isinstance(judged(policy, envelope(Order(), headers=Headers(tenant="acme", consent=full.consent))), Deny)
    assert judged(policy, envelope(Note(), headers=Headers(user="ann"))) is ALLOW


def test_topics_that_need_no_header_are_decided_when_compiled() -> None:
    policy = RequiredHeaders(RequiredHeadersSettings(topics={"payments.*": ("user",)}))

    assert decides_nothing(policy, Note)
    assert not decides_nothing(policy, Order)


def test_a_traceparent_that_is_required_must_be_one(envelope) -> None:
    policy = RequiredHeaders(RequiredHeadersSettings(topics={"*": ("traceparent",)}))
    good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    assert judged(policy, envelope(Order(), headers=Headers(traceparent=good))) is ALLOW
    for bad in (
        good.upper(), good[:-1], good + "0", "ff" + good[2:], "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01", "x" * 10_000,
    ):  # fmt: skip
        verdict = judged(policy, envelope(Order(), headers=Headers(traceparent=bad)))
        assert isinstance(verdict, Deny)
        assert verdict.code == "header_format"


def test_a_header_is_of_the_form_and_among_the_values_that_its_topic_says(envelope) -> None:
    rule = {
        "require": ["tenant"],
        "formats": {"tenant": "[a-z]{3,8}", "user": "[^@]+@example[.]org"},
        "values": {"region": ["eu", "in"], "roles": ["clerk", "chief"], "consent": ["share"]},
    }
    policy = RequiredHeaders(RequiredHeadersSettings.model_validate({"topics": {"payments.*": rule}}))
    fits = Headers(
        tenant="acme", user="ann@example.org", region="eu", roles=frozenset({"clerk"}),
        consent=frozenset({"share@2030-01-01T00:00:00Z"}),
    )  # fmt: skip

    assert judged(policy, envelope(Order(), headers=fits)) is ALLOW
    assert judged(policy, envelope(Order(), headers=Headers(tenant="acme"))) is ALLOW  # what is empty is not required
    for name, value in {
        "tenant": "acme;drop", "user": "ann@example.com", "region": "us", "roles": frozenset({"clerk", "root"}),
        "consent": frozenset({"share", "sell"}),
    }.items():  # fmt: skip
        verdict = judged(policy, envelope(Order(), headers=replace(fits, **{name: value})))
        assert isinstance(verdict, Deny)
        assert verdict.code == "header_format"
        assert name in verdict.reason
        assert str(value) not in verdict.reason


# --- topic roles ---


def test_a_run_needs_one_of_the_roles_of_its_topic(envelope) -> None:
    policy = TopicRoles(TopicRolesSettings(topics={"payments.*": ("treasurer", "auditor")}))

    assert judged(policy, envelope(Order(), headers=Headers(roles=frozenset({"auditor", "x"})))) is ALLOW
    for roles in (frozenset[str](), frozenset({"clerk"})):
        verdict = judged(policy, envelope(Order(), headers=Headers(roles=roles)))
        assert isinstance(verdict, Deny)
        assert "auditor, treasurer" in verdict.reason


def test_unlisted_topics_are_closed_unless_settings_open_them(envelope) -> None:
    listed = {"payments.*": ("treasurer",)}

    closed = judged(TopicRoles(TopicRolesSettings(topics=listed)), envelope(Note()))

    assert isinstance(closed, Deny)
    assert decides_nothing(TopicRoles(TopicRolesSettings(topics=listed, unlisted="open")), Note)
    assert isinstance(judged(TopicRoles(), envelope(Note())), Deny)


def test_a_topics_own_roles_replace_those_of_its_family(envelope) -> None:
    policy = TopicRoles(TopicRolesSettings(topics={"payments.*": ("clerk",), "payments.refund": ("manager",)}))

    clerk = Headers(roles=frozenset({"clerk"}))

    assert judged(policy, envelope(Order(), headers=clerk)) is ALLOW
    assert isinstance(judged(policy, envelope(Refund(), headers=clerk)), Deny)


@given(st.sets(st.sampled_from("abcd")))
def test_all_that_a_rule_names_is_needed(held: set[str]) -> None:
    rule = RoleRule(any_of=("a", "b"), all_of=("c",), none_of=("d",))
    policy = TopicRoles(TopicRolesSettings(topics={"payments.*": rule}))
    message = stamp(
        1, Order(), "s", None, None, 0, 0, Headers(roles=frozenset(held)), Classification.PUBLIC, Inspection(1)
    )

    verdict = judged(policy, message)

    assert (verdict is ALLOW) == (bool(held & {"a", "b"}) and "c" in held and "d" not in held)


def test_a_topic_may_be_sent_by_the_named_alone(envelope) -> None:
    policy = TopicRoles(TopicRolesSettings(topics={"payments.*": RoleRule(senders=("desk", "pay.*", "caller"))}))
    judge = policy.compile(Route(Order, ANYBODY))
    assert judge is not None

    for sender in (AgentCard(id="desk"), AgentCard(id="pay.out"), Caller(user="ann").card()):
        assert judge(envelope(Order()), sender) is ALLOW
    for sender in (AgentCard(id="other"), AgentCard(id="pay"), AgentCard(id="desk2")):
        verdict = judge(envelope(Order()), sender)
        assert isinstance(verdict, Deny)
        assert "desk" in verdict.reason
    # Headers once allowed say nothing of who sends them.
    assert not policy.headers_only
    assert TopicRoles().headers_only


# --- tenant isolation ---

ACME = AgentCard(id="acme.desk", tenants=frozenset({"acme", "acme-uk"}))


@pytest.mark.parametrize(
    ("tenant", "recipient", "allowed"),
    [
        ("acme", ACME, True),
        ("acme-uk", ACME, True),
        ("globex", ACME, False),
        (None, ACME, False),
        ("", ACME, False),
        ("acme", ANYBODY, True),
        (None, ANYBODY, True),
        ("acme", Caller(user="ann", tenant="acme").card(), True),
        ("globex", Caller(user="ann", tenant="acme").card(), False),
        ("acme", AgentCard(id="nobody", tenants=frozenset()), False),
    ],
)
def test_a_message_reaches_only_who_works_for_its_tenant(envelope, tenant, recipient: AgentCard, allowed) -> None:
    verdict = judged(TenantIsolation(), envelope(Order(), headers=Headers(tenant=tenant)), recipient)

    assert (verdict is ALLOW) is allowed


def test_a_tenant_can_be_required_of_every_message(envelope) -> None:
    policy = TenantIsolation(TenantIsolationSettings(require_tenant=True))

    assert judged(policy, envelope(Order(), headers=Headers(tenant="acme"))) is ALLOW
    assert isinstance(judged(policy, envelope(Order())), Deny)
    assert decides_nothing(TenantIsolation(), Order)


def test_a_dedicated_agent_is_given_nothing_unless_its_card_names_one_tenant(envelope) -> None:
    policy = TenantIsolation(TenantIsolationSettings(dedicated=("vault.*",)))
    message = envelope(Order(), headers=Headers(tenant="acme"))

    assert judged(policy, message, AgentCard(id="vault.a", tenants=frozenset({"acme"}))) is ALLOW
    assert judged(policy, message, ANYBODY) is ALLOW
    for tenants in (None, frozenset[str](), frozenset({"acme", "globex"})):
        verdict = judged(policy, message, AgentCard(id="vault.a", tenants=tenants))
        assert isinstance(verdict, Deny)
        assert "one tenant only" in verdict.reason


# --- risk and tier ---


@pytest.mark.parametrize(
    ("environment", "tier", "allowed"),
    [
        ("production", Tier.SKETCH, False),
        ("production", Tier.PROTOTYPE, False),
        ("production", Tier.BETA, True),
        ("production", Tier.PRODUCTION, True),
        ("staging", Tier.SKETCH, False),
        ("staging", Tier.PROTOTYPE, True),
        ("development", Tier.SKETCH, True),
    ],
)
def test_early_agents_run_only_where_the_environment_allows_them(
    envelope, environment: str, tier: Tier, allowed
) -> None:
    recipient = AgentCard(id="early", risk=Risk.LOW, tier=tier)

    assert (judged(RiskTier(), envelope(Order()), recipient, environment) is ALLOW) is allowed


def test_a_risky_agent_runs_in_production_only_for_a_stated_role(envelope) -> None:
    risky = AgentCard(id="risky", risk=Risk.HIGH, tier=Tier.BETA)
    approved = envelope(Order(), headers=Headers(roles=frozenset({"high_risk"})))

    assert judged(RiskTier(), approved, risky, "production") is ALLOW
    verdict = judged(RiskTier(), envelope(Order()), risky, "production")
    assert isinstance(verdict, Deny)
    assert "high_risk" in verdict.reason
    assert judged(RiskTier(), envelope(Order()), risky, "staging") is ALLOW


def test_a_run_must_satisfy_every_cell_that_covers_the_agent(envelope) -> None:
    cells = (RiskTierCell(risk=Risk.HIGH, roles=("a", "b")), RiskTierCell(tier=Tier.BETA, roles=("c",)))
    policy = RiskTier(RiskTierSettings(cells=cells))
    both = AgentCard(id="both", risk=Risk.HIGH, tier=Tier.BETA)

    def allowed(*roles: str) -> bool:
        return judged(policy, envelope(Order(), headers=Headers(roles=frozenset(roles))), both) is ALLOW

    assert allowed("a", "c")
    assert allowed("b", "c")
    assert not allowed("a")
    assert not allowed("c")


def test_an_unknown_environment_is_not_taken_for_one_without_rules(envelope) -> None:
    verdict = judged(RiskTier(), envelope(Order()), ANYBODY, "prod")

    assert isinstance(verdict, Deny)
    assert "prod" in verdict.reason


def test_a_tenants_own_cells_replace_those_of_all(envelope) -> None:
    settings = RiskTierSettings(
        cells=(RiskTierCell(risk=Risk.HIGH, roles=("chief",)),),
        tenants={"careful": (RiskTierCell(risk=Risk.HIGH),), "bold": ()},
    )
    risky = AgentCard(id="risky", risk=Risk.HIGH, tier=Tier.BETA)

    def allowed(tenant: str | None, *roles: str) -> bool:
        message = envelope(Order(), headers=Headers(tenant=tenant, roles=frozenset(roles)))
        return judged(RiskTier(settings), message, risky) is ALLOW

    assert allowed("bold")
    assert not allowed("careful", "chief")
    for other in ("acme", None):
        assert allowed(other, "chief")
        assert not allowed(other)


def test_a_cell_may_name_agents(envelope) -> None:
    policy = RiskTier(RiskTierSettings(cells=(RiskTierCell(agents=("risky",), environment="staging"),)))

    assert isinstance(judged(policy, envelope(Order()), AgentCard(id="risky"), "staging"), Deny)
    assert judged(policy, envelope(Order()), ANYBODY, "staging") is ALLOW
    assert "id" in policy.reads  # two agents alike in risk and tier are not judged as one


def test_who_asks_or_observes_is_no_agent_that_runs() -> None:
    cells = (RiskTierCell(environment="production"),)
    assert RiskTier(RiskTierSettings(cells=cells)).compile(
        Route(Order, Caller().card(), Environment("production"))
    ) is None  # fmt: skip


def test_agents_that_no_cell_covers_are_decided_when_compiled() -> None:
    assert RiskTier().compile(Route(Order, ANYBODY, Environment("production"))) is None


# --- settings ---


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        (PayloadSizeSettings, {"max_byte": 1}),
        (PayloadSizeSettings, {"max_bytes": 0}),
        (PayloadSizeSettings, {"topics": {"Payments": 1}}),
        (PayloadSizeSettings, {"topics": {"payments.": 1}}),
        (PayloadSizeSettings, {"topics": {"pay*": 1}}),
        (RequiredHeadersSettings, {"topics": {"*": ["usr"]}}),
        (RequiredHeadersSettings, {"topics": {"*": []}}),
        (RequiredHeadersSettings, {"topics": {"*": "user"}}),
        (TopicRolesSettings, {"topics": {"payments.*": []}}),
        (TopicRolesSettings, {"topics": {"payments.*": [""]}}),
        (TopicRolesSettings, {"unlisted": "ajar"}),
        (TopicRolesSettings, {"topics": {"payments.*": {}}}),
        (TopicRolesSettings, {"topics": {"payments.*": {"some_of": ["a"]}}}),
        (TopicRolesSettings, {"topics": {"payments.*": {"all_of": ["a"], "none_of": ["a"]}}}),
        (TopicRolesSettings, {"topics": {"payments.*": {"any_of": ["a"], "none_of": ["a", "b"]}}}),
        (RequiredHeadersSettings, {"topics": {"*": {}}}),
        (RequiredHeadersSettings, {"topics": {"*": {"formats": {"user": "("}}}}),
        (RequiredHeadersSettings, {"topics": {"*": {"formats": {"roles": "x"}}}}),
        (RequiredHeadersSettings, {"topics": {"*": {"values": {"region": []}}}}),
        (TenantIsolationSettings, {"dedicated": []}),
        (RiskTierSettings, {"tenants": {"acme": [{"risk": "huge"}]}}),
        (TenantIsolationSettings, {"require": True}),
        (RiskTierSettings, {"cells": [{"environment": "prod"}]}),
        (RiskTierSettings, {"cells": [{"risk": "huge"}]}),
        (RiskTierSettings, {"cells": [{"roles": []}]}),
    ],
)
def test_settings_with_unknown_keys_topics_or_values_are_refused(settings, values) -> None:
    with pytest.raises(ValidationError):
        settings.model_validate(values)


def test_settings_are_the_same_in_whatever_order_names_were_written() -> None:
    one = TopicRolesSettings(topics={"payments.*": ("b", "a", "b")})

    assert one == TopicRolesSettings(topics={"payments.*": ("a", "b")})
    assert one.model_dump(mode="json") == {"topics": {"payments.*": ["a", "b"]}, "unlisted": "closed"}
