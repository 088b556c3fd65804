"""Explainability: a rationale for each item, of substance."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.headers import NO_HEADERS
from genie.contracts.message import Inspection, Payload, Value, stamp
from genie.policies.explainability import (
    PLACEHOLDERS,
    Explainability,
    ExplainabilitySettings,
    _words,
)
from genie.policy.policy import ALLOW, Deny, Route, Verdict

GOOD = "Spending on groceries rose by a fifth since March, while income stayed as it was."
OTHER = "Two subscriptions for the same service were charged in one month."


class Advice(Value):
    title: str = "Cut groceries"
    rationale: str | None = GOOD


class Group(Value):
    advice: tuple[Advice, ...] = ()


class Report(Payload, topic="explain.report"):
    advice: tuple[Advice, ...] | None = ()
    groups: tuple[Group, ...] = ()
    rationale: str = ""
    answer: str = ""


READER = AgentCard(id="reader")


def judged(rule: dict[str, Any], payload: Payload, **more: Any) -> Verdict:
    policy = Explainability(ExplainabilitySettings.model_validate({"topics": {"explain.*": rule}, **more}))
    judge = policy.compile(Route(type(payload), READER))
    assert judge is not None
    return judge(stamp(1, payload, "s", None, None, 0, 0, NO_HEADERS, Classification.PUBLIC, Inspection(1)), READER)


def of(*rationales: str | None, **rule: Any) -> Verdict:
    items = tuple(Advice(rationale=rationale) for rationale in rationales)
    return judged({"items": "advice.*", "verdict": ["title"], **rule}, Report(advice=items))


def test_items_with_reasons_of_their_own_pass() -> None:
    assert of(GOOD, OTHER) is ALLOW


@pytest.mark.parametrize(
    ("rationale", "why"),
    [
        (None, "is missing"),
        ("   ", "is missing"),
        ("Too short.", "shorter than 20"),
        ("  so          what            then   ", "shorter than 20"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "fewer than 4 different words"),
        ("because because because because because", "fewer than 4 different words"),
        ("Groceries: cut, cut, cut the groceries now!", "repeats the verdict"),
        ("You should cut groceries. Groceries, cut!", "repeats the verdict"),
        ("12345 67890 12345 67890 12345", "fewer than 4"),
        ("Based on the available information.", "placeholder"),
        ("N/A", "placeholder"),
        ("T.B.D. 2026", "shorter"),
        ("Lorem ipsum dolor sit amet", "placeholder"),
        ("Bäsed ön thé DATA!!!", "placeholder"),
    ],
)  # fmt: skip
def test_what_gives_no_reason_is_denied_and_the_item_named(rationale: str | None, why: str) -> None:
    verdict = of(GOOD, rationale)

    assert isinstance(verdict, Deny)
    assert "advice.1.rationale: " in verdict.reason
    assert why in verdict.reason


def test_a_rationale_that_repeats_the_verdict_gives_no_reason() -> None:
    item = Advice(title="Cut spending on groceries this month", rationale="This month: cut spending on groceries!")
    verdict = judged({"items": "advice.*", "verdict": ["title"]}, Report(advice=(item,)))
    assert isinstance(verdict, Deny)
    assert "repeats the verdict" in verdict.reason
    more = Advice(title=item.title, rationale="This month spending on groceries doubled against the year before.")
    assert judged({"items": "advice.*", "verdict": ["title"]}, Report(advice=(more,))) is ALLOW


def test_two_items_may_not_share_a_rationale_unless_the_rule_says_so() -> None:
    assert isinstance(of(GOOD, GOOD.upper() + "!"), Deny)
    assert of(GOOD, GOOD, distinct=False) is ALLOW
    # Figures make a reason another one.
    assert of("Rent rose by 12 per cent within a year.", "Rent rose by 30 per cent within a year.") is ALLOW


def test_every_item_below_every_group_is_looked_at() -> None:
    report = Report(groups=(Group(advice=(Advice(),)), Group(advice=(Advice(rationale=OTHER), Advice(rationale="")))))
    verdict = judged({"items": "groups.*.advice.*"}, report)
    assert isinstance(verdict, Deny)
    assert "groups.1.advice.1.rationale" in verdict.reason


def test_a_payload_may_itself_be_the_item() -> None:
    assert judged({}, Report(rationale=GOOD)) is ALLOW
    assert isinstance(judged({"verdict": ["answer"]}, Report(rationale="Yes", answer="Yes")), Deny)


def test_no_item_at_all_is_no_explanation_unless_the_rule_says_so() -> None:
    for empty in (Report(), Report(advice=None)):
        assert isinstance(judged({"items": "advice.*"}, empty), Deny)
        assert judged({"items": "advice.*", "may_be_empty": True}, empty) is ALLOW


def test_scripts_that_write_no_words_apart_are_counted_by_character() -> None:
    assert of("三月以来食品支出增加了五分之一而收入保持不变因此建议减少开支") is ALLOW


def test_placeholders_of_ones_own_are_added() -> None:
    report = Report(advice=(Advice(rationale="Computer says no, as it always does."),))
    rule = {"items": "advice.*"}
    assert judged(rule, report) is ALLOW
    assert isinstance(judged(rule, report, placeholders=["computer says NO as it always does"]), Deny)


def test_a_reason_names_places_and_no_text() -> None:
    secret = "Anna Schmidt"
    verdict = of(*[secret] * 9)
    assert isinstance(verdict, Deny)
    assert secret not in verdict.reason
    assert "6 more" in verdict.reason


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"items": "advise.*"}, "has no field advise"),
        ({"items": "advice"}, "no objects with fields"),
        ({"items": "answer.*"}, r"no tuple of items at answer\.\*"),
        ({"items": "advice.*", "rationale": "reason"}, "without a field 'reason'"),
        ({"items": "advice.*", "verdict": ["heading"]}, "without a field 'heading'"),
    ],
)
def test_a_path_that_leads_nowhere_shuts_the_topic_and_says_so(rule: dict[str, Any], why: str) -> None:
    import re

    verdict = judged(rule, Report(advice=(Advice(),)))
    assert isinstance(verdict, Deny)
    assert re.search(why, verdict.reason)


@pytest.mark.parametrize("rule", [{"items": "a b"}, {"items": "a..b"}, {"min_chars": 0}, {"item": "advice"}])
def test_rules_that_make_no_sense_are_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ExplainabilitySettings.model_validate({"topics": {"explain.report": rule}})


def test_topics_without_a_rule_are_decided_when_compiled() -> None:
    assert Explainability().compile(Route(Report, READER)) is None


def test_placeholders_are_written_as_they_are_compared() -> None:
    assert [text for text in PLACEHOLDERS if " ".join(_words(text)) != text] == []


@given(st.text(max_size=200))
def test_no_text_breaks_the_judge_and_case_and_spacing_change_no_verdict(text: str) -> None:
    plain = of(text)
    spaced = of("  " + text.replace(" ", "  ") + " ")
    assert isinstance(plain, Deny) == isinstance(spaced, Deny)
