"""Verdicts and decisions as values."""

from __future__ import annotations

from genie.policy.verdicts import ApprovalNeed, Decision, PolicyReason, WholeField


def test_a_summary_tells_the_decisive_reasons_only() -> None:
    reasons = (
        PolicyReason("a", "1", "redact", "redact", "masked"),
        PolicyReason("rules/b", "2", "deny", "no", "never"),
        PolicyReason("c", "1", "shadow_deny", "no", "would deny"),
    )
    assert Decision("deny", reasons, "set").summary == "rules/b: never"
    assert "c (shadow): would deny" in Decision("allow", reasons[2:], "set").summary


def test_a_record_names_each_path_once_and_marks_what_is_shadow() -> None:
    reasons = (PolicyReason("c", "1", "shadow_deny", "no", "would deny"),)
    decision = Decision("redact", reasons, "set", frozenset({("a", 0), WholeField(("a", 0))}), (ApprovalNeed("c@1"),))
    assert decision.record()["paths"] == ["a.0"]
    assert decision.record()["reasons"][0]["verdict"] == "shadow_deny"  # type: ignore[index]  # JSON values
    assert decision.holds == {"c@1"}


def test_a_whole_path_never_stands_for_the_plain_one() -> None:
    assert WholeField(("a",)) != ("a",)
    assert WholeField(("a",)) == WholeField(("a",))
    assert len({("a",), WholeField(("a",)), WholeField(("a",))}) == 2
