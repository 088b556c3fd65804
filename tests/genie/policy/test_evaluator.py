"""The gate: several rules in one policy, and policies and rules in shadow mode."""

from __future__ import annotations

from typing import Any

import pytest

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.headers import NO_HEADERS
from genie.contracts.message import Inspection, Message, Payload, stamp
from genie.errors import PolicyError
from genie.journal.memory import MemoryJournal
from genie.policy.evaluator import Evaluator
from genie.policy.opinions import CompiledPolicy
from genie.policy.policy import (
    ALLOW,
    Allow,
    Deny,
    Hold,
    Judge,
    PolicySet,
    Redact,
    Route,
    RuleVerdict,
    ShadowFinding,
    WholeField,
    mask,
)  # fmt: skip
from tests.genie.policies_for_tests import (
    CARDS,
    CLEARANCE,
    Answer,
    CardNumbers,
    Note,
    Question,
    Rule,
    answerer,
    running,
    turns,
    verdict_for,
)  # fmt: skip

CARD = "4111111111111111"
AT = ("text",)
SENDER, READER = AgentCard(id="sender"), AgentCard(id="reader")


def message(payload: Payload) -> Message[Any]:
    return message_with(payload, Inspection(0))


def message_with(payload: Payload, inspection: Inspection) -> Message[Any]:
    return stamp(1, payload, "sender", None, None, 0, 0, NO_HEADERS, Classification.INTERNAL, inspection)


def judged(*judges: Any, shadow: bool = False) -> Any:
    seats = tuple(CompiledPolicy(f"p{place}", "1", judge, shadow) for place, judge in enumerate(judges))
    return Evaluator(seats, "set").judge(message(Note(text="hello")), SENDER)


def test_each_rule_of_a_policy_has_a_name_and_a_version_in_the_decision() -> None:
    hold = Hold("two people", 60.0, approvers=frozenset({"chief"}), quorum=2)
    said = (RuleVerdict("a", "v1", hold), RuleVerdict("b", "v2", Deny("no", "never")))
    decision = judged(lambda _message, _sender: said)
    assert decision.verdict == "deny"
    assert [(one.policy, one.version, one.verdict) for one in decision.reasons] == [
        ("p0/a", "v1", "hold"), ("p0/b", "v2", "deny"),
    ]  # fmt: skip
    assert decision.holds == {"p0/a@v1"}
    assert decision.needs[0].approvers == {"chief"}
    assert decision.needs[0].quorum == 2


def test_an_approval_names_one_rule_and_no_other() -> None:
    said = (RuleVerdict("a", "v1", Hold("first")), RuleVerdict("b", "v2", Hold("second")))
    gate = Evaluator((CompiledPolicy("p", "1", lambda _message, _sender: said),), "set")
    left = gate.judge(message(Note()), SENDER, frozenset({"p/a@v1"}))
    assert left is not None
    assert left.holds == {"p/b@v2"}
    assert gate.judge(message(Note()), SENDER, frozenset({"p/a@v1", "p/b@v2"})) is None


@pytest.mark.parametrize(
    "answer", [("a", "b"), (RuleVerdict("a", "1", "deny"),), (RuleVerdict("a", "1", ALLOW), None), 5]
)  # type: ignore[arg-type]  # what no policy may answer
def test_what_is_no_list_of_verdicts_denies(answer: Any) -> None:
    decision = judged(lambda _message, _sender: answer)
    assert decision.verdict == "deny"
    assert decision.reasons[0].code == "policy_error"


def test_no_verdicts_at_all_are_a_plain_allow() -> None:
    assert judged(lambda _message, _sender: ()) is None


@pytest.mark.parametrize("verdict", [Deny("no", "never"), Hold("ask"), Redact(frozenset({AT})), Allow(("banner",))])
def test_what_is_said_in_shadow_is_recorded_and_does_nothing(verdict: Any) -> None:
    decision = judged(lambda _message, _sender: verdict, shadow=True)
    assert decision.verdict == "allow"
    assert [one.verdict.partition("_")[0] for one in decision.reasons] == ["shadow"]
    assert decision.reasons[0].shadow
    assert (decision.paths, decision.needs, decision.obligations, decision.expires_s) == (frozenset(), (), (), None)
    assert "(shadow)" in decision.summary


def test_a_policy_that_raises_in_shadow_denies_nobody() -> None:
    def fails(_message: Message[Any], _sender: AgentCard) -> Any:
        raise ValueError(CARD)

    decision = judged(fails, shadow=True)
    assert decision.verdict == "allow"
    assert decision.reasons[0].verdict == "shadow_deny"
    assert decision.reasons[0].code == "policy_error"
    assert CARD not in repr(decision)
    assert judged(lambda _message, _sender: ALLOW, shadow=True) is None


def test_one_rule_may_be_in_shadow_beside_others_that_act() -> None:
    said = (
        RuleVerdict("a", "1", Deny("no", "never"), shadow=True),
        RuleVerdict("b", "1", Redact(frozenset({AT}), "mask")),
    )
    decision = judged(lambda _message, _sender: said)
    assert decision.verdict == "redact"
    assert [one.verdict for one in decision.reasons] == ["shadow_deny", "redact"]


def test_a_set_hears_policies_in_shadow_and_its_hash_says_so() -> None:
    rule = verdict_for("reader", Note, Deny("no", "never"))
    acting, heard = PolicySet((rule,)), PolicySet((rule,), shadow=frozenset({"rule"}))
    assert acting.sha256 != heard.sha256
    decision = heard.evaluator(Note, READER).judge(message(Note()), SENDER)
    assert decision is not None
    assert decision.verdict == "allow"
    with pytest.raises(PolicyError, match="shadow"):
        PolicySet((rule,), shadow=frozenset({"ruel"}))


def test_a_policy_that_cannot_be_compiled_in_shadow_shuts_no_route() -> None:
    def fails(_route: Route) -> Judge:
        raise ValueError("odd")

    heard = PolicySet((Rule(fails),), shadow=frozenset({"rule"}))
    decision = heard.evaluator(Note, READER).judge(message(Note()), SENDER)
    assert decision is not None
    assert decision.verdict == "allow"


def test_what_only_shadow_looks_for_neither_raises_a_label_nor_masks() -> None:
    policies = PolicySet((CARDS, CLEARANCE), shadow=frozenset({"cards"}))
    payload = Note(text=f"pay {CARD} now")
    inspection = policies.inspectors.inspect(payload)
    assert [type(one) for one in inspection.findings] == [ShadowFinding]
    assert inspection.label == 0
    masked = mask(message_with(payload, inspection), frozenset({AT}))
    assert isinstance(masked, Note)
    assert masked.text == "[masked]"  # of another policy's doing: no span of a shadow finding is shown or cut out


class Broken(CardNumbers):
    name = "broken"

    def examine(self, text: str) -> Any:
        raise ValueError(text)

    def fold(self, text: str) -> str:
        raise ValueError(text)


def test_an_inspector_that_fails_in_shadow_fails_no_message() -> None:
    rule = Rule(lambda _route: lambda _message, _sender: ALLOW, inspectors=(Broken(),))
    payload = Note(text=f"é {CARD}")
    assert PolicySet((rule,)).inspectors.inspect(payload).failed == "ValueError"
    assert PolicySet((rule,), shadow=frozenset({"rule"})).inspectors.inspect(payload).failed is None


def test_a_whole_path_is_masked_from_end_to_end() -> None:
    policies = PolicySet((CARDS,))
    payload = Note(text=f"pay {CARD} now")
    sent = message_with(payload, policies.inspectors.inspect(payload))
    spans, whole = frozenset({AT}), frozenset({WholeField(AT)})
    assert spans != whole
    shown = "pay [card] now"
    for paths, text in ((spans, shown), (whole, "[masked]"), (spans | whole, "[masked]"), (spans, shown)):
        copy = mask(sent, paths)
        assert isinstance(copy, Note)
        assert copy.text == text


@pytest.mark.anyio
async def test_shadow_verdicts_are_counted_and_journalled_and_the_delivery_is_handled() -> None:
    rule = verdict_for("answerer", Question, Deny("no", "not for you"))
    journal = MemoryJournal()
    policies = PolicySet((rule,), shadow=frozenset({"rule"}))
    async with running(answerer, policies=policies, journal=journal) as runtime:
        answer = await runtime.ask(Question(text="hi"), Answer)
        await turns()
        assert answer.text == "hi"
        assert runtime.statistics().verdicts == {("rule", "shadow_deny"): 1}
        assert runtime.statistics().totals.denied == 0
    judged_ = [one for one in journal if one.kind == "judged"]
    assert [one.reason for one in judged_] == ["allow"]
    assert judged_[0].detail["reasons"][0]["verdict"] == "shadow_deny"  # type: ignore[index]  # JSON values
