"""Residency, schema version, consent and disclosure: settings of a stated day, both verdicts, misuse refused."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.headers import NO_HEADERS, Headers
from genie.contracts.message import Finding, Inspection, Payload, stamp
from genie.policies._settings import in_force
from genie.policies.consent import Consent, ConsentSettings
from genie.policies.disclosure import Disclosure, DisclosureSettings
from genie.policies.residency import Residency, ResidencySettings
from genie.policies.schema_version import SchemaVersion, SchemaVersionSettings
from genie.policy.policy import ALLOW, Allow, Deny, Policy, Redact, Route, Verdict

PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = Classification
SENDER = AgentCard(id="sender")


class Score(Payload, topic="credit.score", version=2):
    text: str = ""


class Note(Payload, topic="service.note"):
    text: str = ""


SCORE = Score()


def judged(policy: Policy, recipient: AgentCard, headers: Headers = NO_HEADERS, payload: Payload = SCORE,
           label: Classification = INTERNAL, *findings: Finding) -> Verdict:  # fmt: skip
    judge = policy.compile(Route(type(payload), recipient))
    found = Inspection(1, findings, max((one.label for one in findings), default=PUBLIC))
    return ALLOW if judge is None else judge(stamp(1, payload, "s", None, None, 0, 0, headers, label, found), SENDER)


# --- dates ---


DAYS = st.dates(datetime.date(2025, 1, 1), datetime.date(2025, 1, 9))


@given(st.none() | DAYS, st.none() | DAYS, DAYS)
def test_a_dated_rule_holds_from_its_first_day_until_the_day_before_its_end(since, until, day) -> None:
    assert in_force(since, until, day) == ((since is None or day >= since) and (until is None or day < until))


def test_a_dated_rule_is_not_in_force_where_nobody_says_which_day_it_is() -> None:
    assert in_force(None, None, None)
    assert not in_force(datetime.date(2025, 1, 1), None, None)


# --- residency ---

AT_HOME = AgentCard(id="home", region="in")
ABROAD = AgentCard(id="abroad", region="eu")
NOWHERE = AgentCard(id="nowhere")
INDIAN = Headers(region="in")


def residency(**values: Any) -> Residency:
    return Residency(ResidencySettings.model_validate(values))


def test_data_stays_in_its_region_unless_its_classification_is_free() -> None:
    policy = residency()
    assert judged(policy, AT_HOME, INDIAN, label=RESTRICTED) is ALLOW
    assert judged(policy, ABROAD, INDIAN, label=PUBLIC) is ALLOW
    verdict = judged(policy, ABROAD, INDIAN)
    assert isinstance(verdict, Deny)
    assert "data of region 'in'" in verdict.reason
    assert "region 'eu'" in verdict.reason


def test_a_transfer_lets_data_go_up_to_its_classification() -> None:
    transfer = {"from": "in", "to": ["eu", "uk"], "up_to": "confidential", "basis": "model clauses of 2024"}
    policy = residency(transfers=[transfer])
    assert judged(policy, ABROAD, INDIAN, label=CONFIDENTIAL) is ALLOW
    assert isinstance(judged(policy, ABROAD, INDIAN, label=RESTRICTED), Deny)
    assert isinstance(judged(policy, AT_HOME, Headers(region="eu")), Deny)  # not the other way round


@pytest.mark.parametrize(("day", "allowed"), [("2025-12-31", False), ("2026-01-01", True), ("2026-12-31", False)])
def test_a_transfer_holds_on_its_days(day: str, allowed: bool) -> None:
    transfer = {"from": "in", "to": ["eu"], "up_to": "internal", "basis": "adequacy decision",
                "since": "2026-01-01", "until": "2026-12-31"}  # fmt: skip
    policy = residency(transfers=[transfer], as_of=day)
    assert (judged(policy, ABROAD, INDIAN) is ALLOW) is allowed


def test_what_has_no_region_goes_nowhere_but_where_the_settings_place_it() -> None:
    assert isinstance(judged(residency(), NOWHERE, INDIAN), Deny)
    assert isinstance(judged(residency(), AT_HOME), Deny)
    placed = residency(here="in", data="in")
    assert judged(placed, NOWHERE, INDIAN) is ALLOW
    assert judged(placed, AT_HOME) is ALLOW
    assert judged(placed, NOWHERE) is ALLOW


def test_who_is_outside_is_not_here() -> None:
    placed = residency(here="in", data="in")
    assert isinstance(judged(placed, Caller().card(), INDIAN), Deny)
    assert judged(placed, Caller(region="in").card(), INDIAN) is ALLOW
    assert isinstance(judged(placed, AgentCard(id="hook", egress=True), INDIAN), Deny)


def test_what_was_only_found_is_masked_where_it_may_not_go() -> None:
    found = Finding("pii.pan", ("text",), 0, 3, CONFIDENTIAL)
    policy = residency(free="internal")
    verdict = judged(policy, ABROAD, INDIAN, Score(), INTERNAL, found)
    assert isinstance(verdict, Redact)
    assert verdict.paths == {("text",)}
    assert judged(policy, AT_HOME, INDIAN, Score(), INTERNAL, found) is ALLOW
    fixed = Finding("pii.pan", ("text",), 0, 3, CONFIDENTIAL, maskable=False)
    assert isinstance(judged(policy, ABROAD, INDIAN, Score(), INTERNAL, fixed), Deny)


@given(st.sampled_from(Classification), st.sampled_from(Classification), st.sampled_from(["in", "eu", "us", None]),
       st.sampled_from(["in", "eu", "us", None]))  # fmt: skip
def test_only_home_a_transfer_or_a_free_label_lets_data_through(label, up_to, data, region) -> None:
    transfer = {"from": "in", "to": ["eu"], "up_to": up_to.label, "basis": "clauses"}
    verdict = judged(residency(transfers=[transfer]), AgentCard(id="a", region=region), Headers(region=data), Note(),
                     label)  # fmt: skip
    at_home = data is not None and data == region
    by_transfer = (data, region) == ("in", "eu") and label <= up_to
    assert (verdict is ALLOW) == (label is PUBLIC or at_home or by_transfer)


# --- schema version ---


def versions(rule: dict[str, Any], **more: Any) -> SchemaVersion:
    return SchemaVersion(SchemaVersionSettings.model_validate({"topics": {"credit.*": rule}, **more}))


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ({"minimum": 2}, True), ({"minimum": 3}, False), ({"allowed": [1, 2]}, True), ({"allowed": [1, 3]}, False),
        ({}, True),
    ],
)  # fmt: skip
def test_a_version_is_delivered_where_it_is_new_enough_and_allowed(rule: dict[str, Any], allowed: bool) -> None:
    verdict = judged(versions(rule), NOWHERE)
    assert (verdict is ALLOW) is allowed
    if isinstance(verdict, Deny):
        assert "credit.score@2" in verdict.reason
    assert judged(versions(rule), NOWHERE, payload=Note()) is ALLOW


@pytest.mark.parametrize(
    ("day", "outside"), [("2025-12-31", ALLOW), ("2026-01-01", Allow), ("2026-05-31", Allow), ("2026-06-01", Deny)]
)
def test_a_deprecated_version_is_named_outside_and_then_denied(day: str, outside: Any) -> None:
    deprecated = [{"version": 2, "since": "2026-01-01", "until": "2026-06-01"}]
    policy = versions({"deprecated": deprecated}, as_of=day)
    verdict = judged(policy, Caller().card())
    if outside is Allow:
        assert isinstance(verdict, Allow)
        assert "ends on 2026-06-01" in verdict.obligations[0]
        assert judged(policy, NOWHERE) is ALLOW
    elif outside is Deny:
        assert isinstance(verdict, Deny)
        assert isinstance(judged(policy, NOWHERE), Deny)
    else:
        assert verdict is ALLOW


# --- consent ---


@given(st.sets(st.sampled_from("abc"), min_size=1), st.sets(st.sampled_from(["a", "b", "c@2030-01-01T00:00:00Z", "d"])))
def test_every_purpose_needs_a_grant_whatever_its_end(needed: set[str], given_consents: set[str]) -> None:
    policy = Consent(ConsentSettings(topics={"credit.*": tuple(sorted(needed))}))
    verdict = judged(policy, NOWHERE, Headers(user="ann", consent=frozenset(given_consents)))
    lacking = needed - {text.partition("@")[0] for text in given_consents}
    assert (verdict is ALLOW) == (not lacking)
    if isinstance(verdict, Deny):
        assert all(purpose in verdict.reason for purpose in lacking)


def test_the_most_specific_rule_says_which_purposes() -> None:
    policy = Consent(ConsentSettings(topics={"*": ("service",), "credit.score": ("scoring",)}))
    assert judged(policy, NOWHERE, Headers(user="ann", consent=frozenset({"scoring"}))) is ALLOW
    assert isinstance(judged(policy, NOWHERE, Headers(user="ann", consent=frozenset({"scoring"})), Note()), Deny)
    assert Consent(ConsentSettings(topics={"credit.*": ("x",)})).compile(Route(Note, NOWHERE)) is None


def test_consent_of_nobody_is_named_as_that() -> None:
    verdict = judged(Consent(ConsentSettings(topics={"*": ("share",)})), NOWHERE)
    assert isinstance(verdict, Deny)
    assert "no user" in verdict.reason


# --- disclosure ---

TEXT = "Made by a machine; check it."


def test_a_notice_goes_with_what_leaves_and_with_nothing_else() -> None:
    policy = Disclosure(DisclosureSettings(topics={"credit.*": TEXT}))
    assert judged(policy, Caller().card()) == Allow((TEXT,))
    assert judged(policy, AgentCard(id="hook", egress=True)) == Allow((TEXT,))
    assert policy.compile(Route(Score, NOWHERE)) is None
    assert policy.compile(Route(Note, Caller().card())) is None


def test_a_run_with_an_exempt_role_is_given_none() -> None:
    policy = Disclosure(DisclosureSettings(topics={"*": TEXT}, exempt_roles=("staff",)))
    assert judged(policy, Caller().card(), Headers(roles=frozenset({"staff"}))) is ALLOW
    assert judged(policy, Caller().card(), Headers(roles=frozenset({"guest"}))) == Allow((TEXT,))


# --- misuse ---


@pytest.mark.parametrize(
    ("settings", "values", "why"),
    [
        (ResidencySettings, {"free": "secret"}, "not a classification"),
        (ResidencySettings, {"transfers": [{"from": "in", "to": ["eu"], "up_to": "internal"}]}, "basis"),
        (ResidencySettings, {"transfers": [{"from": "in", "to": [], "up_to": "internal", "basis": "law"}]}, "at least"),
        (ResidencySettings, {"transfers": [{"from": "in", "to": ["eu"], "up_to": "internal", "basis": "law",
                                            "until": "2026-01-01"}]}, "as_of"),
        (SchemaVersionSettings, {"topics": {"a.b": {"minimum": 0}}}, "greater than 0"),
        (SchemaVersionSettings, {"topics": {"a.b": {"allowed": []}}}, "at least 1"),
        (SchemaVersionSettings, {"topics": {"a.b": {"deprecated": [
            {"version": 1, "since": "2026-01-01", "until": "2026-02-01"}]}}}, "as_of"),
        (SchemaVersionSettings, {"as_of": "2026-01-01", "topics": {"a.b": {"deprecated": [
            {"version": 1, "since": "2026-02-01", "until": "2026-01-01"}]}}}, "is not after"),
        (ConsentSettings, {"topics": {"a.b": []}}, "at least 1"),
        (ConsentSettings, {"topics": {"a.b": ["p@2026-01-01T00:00:00Z"]}}, "is a grant"),
        (DisclosureSettings, {"topics": {"a.b": "short"}}, "at least 10"),
        (DisclosureSettings, {"topics": {"a.b": "two lines\nof text"}}, "one line"),
        (DisclosureSettings, {"topic": {}}, "Extra inputs"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused_with_the_reason(settings: Any, values: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        settings.model_validate(values)
