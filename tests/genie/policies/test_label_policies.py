"""The policies that read labels and findings: clearance, personal data, injection."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.headers import NO_HEADERS
from genie.contracts.message import Finding, Inspection, Payload, stamp
from genie.policies.clearance import Clearance
from genie.policies.injection import Injection, InjectionSettings
from genie.policies.pii import LABELS, Pii, PiiSettings
from genie.policy.policy import ALLOW, Deny, Environment, Hold, Policy, Redact, Route, Verdict

PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = Classification
SENDER = AgentCard(id="sender")


class Text(Payload, topic="test.text"):
    narration: str = ""
    title: str = ""


class Other(Payload, topic="other.text"):
    narration: str = ""


def cleared(level: Classification) -> AgentCard:
    return AgentCard(id="reader", clearance=level)


def finding(kind: str, label: Classification, *path: str | int, maskable: bool = True) -> Finding:
    return Finding(kind, path or ("narration",), 0, 4, label, maskable)


def inspected(*findings: Finding) -> Inspection:
    return Inspection(10, findings, max((f.label for f in findings), default=PUBLIC))


def judged(policy: Policy, message, clearance: Classification) -> Verdict:
    judge = policy.compile(Route(type(message.payload), cleared(clearance), Environment()))
    return ALLOW if judge is None else judge(message, SENDER)


# --- clearance ---


@given(st.sampled_from(Classification), st.sampled_from(Classification), st.sampled_from(Classification))
def test_clearance_denies_on_the_declared_label_and_masks_on_a_found_one(declared, seen, clearance) -> None:
    found = inspected(finding("pii.card", seen))
    message = stamp(1, Text(), "sender", None, None, 0, 0, NO_HEADERS, declared, found)

    verdict = judged(Clearance(), message, clearance)

    if declared > clearance:
        assert isinstance(verdict, Deny)
        assert declared.label in verdict.reason
    elif seen > clearance:
        assert isinstance(verdict, Redact)
        assert verdict.paths == {("narration",)}
    else:
        assert verdict is ALLOW


def test_only_the_findings_above_the_clearance_are_masked(envelope) -> None:
    found = inspected(
        finding("pii.card", RESTRICTED, "narration"),
        finding("pii.email", CONFIDENTIAL, "title"),
        finding("pii.card", RESTRICTED, "items", 3, "text"),
    )

    verdict = judged(Clearance(), envelope(Text(), inspection=found), CONFIDENTIAL)

    assert isinstance(verdict, Redact)
    assert verdict.paths == {("narration",), ("items", 3, "text")}


def test_a_finding_that_cannot_be_masked_is_denied_with_its_place(envelope) -> None:
    found = inspected(finding("pii.card", RESTRICTED, "items", 3, "code", maskable=False))

    verdict = judged(Clearance(), envelope(Text(), inspection=found), INTERNAL)

    assert isinstance(verdict, Deny)
    assert verdict.code == "clearance"
    assert "items.3.code" in verdict.reason


def test_an_unmaskable_finding_within_the_clearance_does_not_deny(envelope) -> None:
    found = inspected(
        finding("pii.email", INTERNAL, "items", 3, "code", maskable=False), finding("pii.card", RESTRICTED)
    )

    assert isinstance(judged(Clearance(), envelope(Text(), inspection=found), INTERNAL), Redact)


def test_who_may_see_everything_is_decided_when_compiled() -> None:
    assert Clearance().compile(Route(Text, cleared(RESTRICTED))) is None


# --- personal data ---


def test_each_kind_has_its_own_label(envelope) -> None:
    found = inspected(finding("pii.email", CONFIDENTIAL, "title"), finding("pii.card", RESTRICTED))
    message = envelope(Text(), inspection=found)

    assert judged(Pii(), message, RESTRICTED) is ALLOW
    assert judged(Pii(), message, CONFIDENTIAL).paths == {("narration",)}
    assert judged(Pii(), message, INTERNAL).paths == {("narration",), ("title",)}


def test_labels_from_settings_reach_the_inspector() -> None:
    (inspector,) = Pii(PiiSettings(labels={"email": "public"})).inspectors

    (span,) = inspector.examine("jane@example.com")

    assert span.label is PUBLIC


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        (PiiSettings(), Redact),
        (PiiSettings(action="deny"), Deny),
        (PiiSettings(action="hold"), Hold),
        (PiiSettings(action="deny", actions={"card": "hold"}), Hold),
        (PiiSettings(topics={"test.*": {"card": "deny"}}), Deny),
        (PiiSettings(action="deny", topics={"test.*": {"card": "deny"}, "test.text": {"card": "hold"}}), Hold),
        (PiiSettings(topics={"other.*": {"card": "deny"}}), Redact),
    ],
)
def test_the_action_is_that_of_kind_and_topic(envelope, settings: PiiSettings, verdict: type) -> None:
    message = envelope(Text(), inspection=inspected(finding("pii.card", RESTRICTED)))

    assert isinstance(judged(Pii(settings), message, CONFIDENTIAL), verdict)
    assert judged(Pii(settings), message, RESTRICTED) is ALLOW


def test_an_action_for_everyone_spares_nobody(envelope) -> None:
    message = envelope(Text(), inspection=inspected(finding("pii.card", RESTRICTED)))

    assert isinstance(judged(Pii(PiiSettings(action="deny", everyone=True)), message, RESTRICTED), Deny)


def test_denial_outranks_a_hold_and_a_hold_beside_a_mask_is_a_denial(envelope) -> None:
    found = inspected(finding("pii.card", RESTRICTED), finding("pii.email", CONFIDENTIAL, "title"))
    message = envelope(Text(), inspection=found)

    def verdict(card: str, email: str) -> Verdict:
        return judged(Pii(PiiSettings.model_validate({"actions": {"card": card, "email": email}})), message, INTERNAL)

    assert isinstance(verdict("deny", "hold"), Deny)
    assert isinstance(verdict("hold", "hold"), Hold)
    assert isinstance(verdict("hold", "mask"), Deny)  # an approved hold would let the unmasked e-mail through


def test_findings_of_others_are_left_to_others(envelope) -> None:
    message = envelope(Text(), inspection=inspected(finding("injection.override", RESTRICTED)))

    assert judged(Pii(PiiSettings(action="deny")), message, PUBLIC) is ALLOW


def test_an_unmaskable_finding_is_denied_instead_of_masked(envelope) -> None:
    message = envelope(Text(), inspection=inspected(finding("pii.card", RESTRICTED, maskable=False)))

    assert isinstance(judged(Pii(), message, PUBLIC), Deny)


def test_who_may_see_every_kind_is_decided_when_compiled() -> None:
    assert Pii().compile(Route(Text, cleared(RESTRICTED))) is None
    public = PiiSettings(labels=dict.fromkeys(LABELS, PUBLIC))
    assert Pii(public).compile(Route(Text, cleared(PUBLIC))) is None


def test_without_the_library_that_validates_numbers_the_policy_is_refused() -> None:
    code = (
        "import sys; sys.modules['stdnum'] = None\n"
        "from genie.errors import PolicyError\n"
        "from genie.policies.pii import Pii\n"
        "try: Pii()\n"
        "except PolicyError as refused: print(refused.policy, 'genie-bus[governance]' in str(refused))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["pii", "True"]


# --- injection ---


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        (InjectionSettings(), Redact),
        (InjectionSettings(action="hold"), Hold),
        (InjectionSettings(topics={"test.*": "deny"}), Deny),
        (InjectionSettings(action="deny", topics={"other.*": "mask"}), Deny),
    ],
)
def test_a_mark_is_answered_as_its_topic_says(envelope, settings: InjectionSettings, verdict: type) -> None:
    message = envelope(Text(), inspection=inspected(finding("injection.override", RESTRICTED)))

    assert isinstance(judged(Injection(settings), message, CONFIDENTIAL), verdict)
    assert judged(Injection(settings), message, RESTRICTED) is ALLOW


def test_the_label_of_marks_comes_from_settings() -> None:
    (inspector,) = Injection(InjectionSettings(label="internal")).inspectors

    (span,) = inspector.examine("<|im_start|>")

    assert span.label is INTERNAL
    assert Injection(InjectionSettings(label="internal")).compile(Route(Text, cleared(INTERNAL))) is None


# --- settings, reasons ---


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        (PiiSettings, {"labels": {"cards": "restricted"}}),
        (PiiSettings, {"labels": {"card": "secret"}}),
        (PiiSettings, {"labels": {"card": "RESTRICTED"}}),
        (PiiSettings, {"labels": {"card": 3}}),
        (PiiSettings, {"action": "allow"}),
        (PiiSettings, {"topics": {"Test": {"card": "deny"}}}),
        (PiiSettings, {"topics": {"test.*": {"card": "drop"}}}),
        (InjectionSettings, {"label": "top"}),
        (InjectionSettings, {"topics": {"test.text": "redact"}}),
        (InjectionSettings, {"threshold": 2}),
    ],
)
def test_unknown_kinds_labels_actions_and_keys_are_refused(settings, values) -> None:
    with pytest.raises(ValidationError):
        settings.model_validate(values)


def test_settings_are_written_with_the_names_they_are_read_by() -> None:
    settings = PiiSettings(labels={"card": "confidential"})

    assert PiiSettings.model_validate_json(settings.model_dump_json()) == settings


def test_reasons_name_kinds_and_places_and_never_the_text(envelope) -> None:
    policy = Pii()
    text = "4111 1111 1111 1111"
    spans = policy.inspectors[0].examine(text)
    found = [
        Finding(span.kind, ("items", place, "text"), span.start, span.end, span.label)
        for place in range(9)
        for span in spans
    ]

    for verdict in (
        judged(policy, envelope(Text(), inspection=inspected(*found)), PUBLIC),
        judged(Clearance(), envelope(Text(), inspection=inspected(*found), label=PUBLIC), PUBLIC),
    ):
        assert "4111" not in verdict.reason
        assert "pii.card at items.0.text" in verdict.reason
        assert "6 more" in verdict.reason
