"""Rules of one's own: what matchers read, what rules answer, and what they say where they cannot be decided."""

from __future__ import annotations

import datetime
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest

from genie.contracts.card import AgentCard, Risk, Tier
from genie.contracts.classification import Classification
from genie.contracts.headers import Headers
from genie.contracts.message import Message, Payload, Value, stamp
from genie.errors import PolicyError
from genie.policies.pii import Pii
from genie.policy.policy import Allow, Decision, Deny, Environment, Hold, PipelineContext, PolicySet, Route, mask
from genie.rules.policy import Rules
from genie.rules.schema import RulesSettings
from genie_finance.contracts.money import Money

RESTRICTED = Classification.RESTRICTED
CLERK = AgentCard(id="clerk", capabilities=("pay",), risk=Risk.HIGH, tier=Tier.BETA)
ANN = Headers(user="ann", roles=frozenset({"analyst"}))
BANK = AgentCard(id="bank", clearance=RESTRICTED)


class Line(Value):
    text: str
    amount: Money


class Payment(Payload, topic="payments.payment"):
    amount: Money = Money(minor=100_00, currency="INR")
    share: float = 0.5
    price: Decimal = Decimal("1.10")
    country: str | None = None
    note: str = "rent for May"
    day: datetime.date = datetime.date(2026, 3, 31)
    at: datetime.datetime = datetime.datetime(2026, 3, 31, 18, tzinfo=datetime.UTC)
    wait: datetime.timedelta = datetime.timedelta(hours=4)
    mark: uuid.UUID = uuid.UUID(int=7)
    urgent: bool = False
    lines: tuple[Line, ...] = ()
    words: tuple[str, ...] = ()
    label: Classification = Classification.INTERNAL


def rules(*written: dict[str, Any]) -> RulesSettings:
    named = [
        {"name": f"r{place}", "then": "deny", "because": "it says so", **rule} for place, rule in enumerate(written)
    ]
    return RulesSettings.model_validate_json(json.dumps({"rules": named}), strict=True)


def sent(payload: Payload, policies: PolicySet, label: Classification, headers: Headers) -> Message[Any]:
    found = policies.inspectors.inspect(payload)
    return stamp(1, payload, "clerk", None, None, 0, 0, headers, label, found)


def judged(
    *written: dict[str, Any],
    headers: Headers = ANN,
    recipient: AgentCard = BANK,
    label: Classification = Classification.INTERNAL,
    environment: str = "production",
    **fields: Any,
) -> Decision | None:
    policies = PolicySet((Pii(), Rules(rules(*written))), Environment(environment))
    message = sent(Payment(**fields), policies, label, headers)
    return policies.evaluator(Payment, recipient).judge(message, CLERK)


TRUE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"topic": "payments.*"}, {}),
    ({"topic": {"in": ["payments.payment", "x.y"]}}, {}),
    ({"environment": "production"}, {}),
    ({"sender": "clerk"}, {}),
    ({"sender": {"not_in": ["treasury", "b*"]}}, {}),
    ({"sender.capability": "pay", "sender.risk": "high", "sender.tier": {"ne": "sketch"}}, {}),
    ({"recipient": "b*", "recipient.clearance": {"gte": "restricted"}}, {}),
    ({"headers.user": "ann", "headers.roles": {"in": ["analyst", "chief"]}}, {}),
    ({"headers.tenant": {"exists": False}, "headers.consent": {"empty": True}}, {}),
    ({"headers.classification": "public", "label": {"lt": "confidential"}}, {}),
    ({"payload.amount": {"gt": "99.99 INR", "lte": "100 INR"}}, {}),
    ({"payload.amount": "100.00 INR"}, {}),
    ({"payload.amount": {"in": ["3 EUR", "100 INR"]}}, {}),
    ({"payload.amount.currency": "INR"}, {}),
    ({"payload.price": 1.1}, {}),
    ({"payload.price": {"lt": "1.100000000000000000001"}}, {}),
    ({"payload.share": {"gte": 0.5, "lt": 0.6}}, {}),
    ({"payload.note": {"contains": "May", "starts_with": "rent", "ends_with": "May", "empty": False}}, {}),
    ({"payload.note": {"matches": r"(?i)\bRENT\b"}}, {}),
    ({"payload.day": {"gt": "2026-03-30"}, "payload.at": "2026-03-31T23:30:00+05:30"}, {}),
    ({"payload.wait": {"gte": "4h", "lt": "1d12h"}}, {}),
    ({"payload.mark": str(uuid.UUID(int=7)).upper()}, {}),
    ({"payload.urgent": False}, {}),
    ({"payload.label": {"lt": "restricted"}}, {}),
    ({"payload.words": "b"}, {"words": ("a", "b")}),
    ({"payload.words": {"all": {"in": ["a", "b"]}, "not_in": ["c"]}}, {"words": ("a", "b")}),
    (
        {"payload.lines": {"any": {"text": "x", "amount": {"gt": "5 INR"}}}},
        {"lines": (Line(text="y", amount=Money.of(9, "INR")), Line(text="x", amount=Money.of(6, "INR")))},
    ),
    ({"findings.pii.card": 1, "findings": {"gte": 1}}, {"note": "card 4111 1111 1111 1111"}),
    ({"not": {"payload.country": {"exists": True}}}, {}),
    ({"any_of": [{"payload.urgent": True}, {"all_of": [{"sender": "clerk"}, {"payload.share": 0.5}]}]}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("when", "fields"), TRUE, ids=lambda part: json.dumps(part, default=str)[:60])
def test_a_condition_that_holds_applies_and_its_opposite_does_not(when: dict[str, Any], fields: dict[str, Any]) -> None:
    found = judged({"when": when}, **fields)
    assert found is not None
    assert [(one.policy, one.code) for one in found.reasons if one.policy != "pii"] == [("rules/r0", "rule")]
    against = judged({"when": {"not": when}}, **fields)
    assert against is None or all(not one.policy.startswith("rules") for one in against.reasons)


UNDECIDED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"payload.amount": {"gt": "1 USD"}}, {}),
    ({"payload.country": "IN"}, {}),
    ({"payload.country": {"ne": "IN"}}, {}),
    ({"headers.tenant": {"not_in": ["acme"]}}, {}),
    ({"payload.share": {"lt": 1}}, {"share": float("nan")}),
    ({"payload.at": {"gt": "2026-01-01T00:00:00"}}, {}),
    (
        {"payload.lines": {"all": {"amount": {"lt": "5 USD"}}}},
        {"lines": (Line(text="y", amount=Money.of(9, "INR")),)},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("when", "fields"), UNDECIDED, ids=lambda part: json.dumps(part, default=str)[:60])
def test_what_is_missing_or_of_another_currency_is_denied_and_never_favoured(
    when: dict[str, Any], fields: dict[str, Any]
) -> None:
    for condition in (when, {"not": when}):
        found = judged({"when": condition, "then": {"allow": {"obligations": ["a banner"]}}}, **fields)
        assert found is not None
        assert (found.verdict, found.reasons[0].code) == ("deny", "undecided")
        assert next(iter(when)) in found.reasons[0].text
    assert judged({"when": when, "undecided": "skip"}, **fields) is None
    applied = judged({"when": when, "undecided": "apply", "then": "hold"}, **fields)
    assert applied is not None
    assert applied.verdict == "hold"


def test_a_false_part_decides_whatever_is_missing_beside_it() -> None:
    assert judged({"when": {"payload.country": "IN", "payload.urgent": True}}) is None
    assert judged({"when": {"payload.country": {"exists": True, "ne": "IN"}}}) is None
    found = judged({"when": {"any_of": [{"payload.country": "IN"}, {"payload.urgent": False}]}})
    assert found is not None
    assert found.reasons[0].code == "rule"


def test_a_hold_names_the_rule_its_version_and_its_approvers() -> None:
    hold = {"when": {"sender": "clerk"}, "then": {"hold": {"approvers": ["treasury"], "quorum": 2, "expires": "4h"}}}
    found = judged(hold)
    assert found is not None
    (need,) = found.needs
    assert need.policy.startswith(f"rules/r0@{rules(hold).rules[0].version}+")
    assert (need.approvers, need.quorum, found.expires_s) == ({"treasury"}, 2, 14_400)


def test_the_version_is_of_what_a_rule_says_and_not_of_its_examples() -> None:
    rule = {"when": {"sender": "clerk"}}
    example = {"given": {"topic": "payments.payment"}, "then": "deny"}
    assert rules(rule).rules[0].version == rules({**rule, "examples": [example]}).rules[0].version
    others = [
        {"then": "hold"},
        {"because": "else"},
        {"mode": "shadow"},
        {"undecided": "skip"},
        {"when": {"sender": "x"}},
    ]
    assert len({rules({**rule, **other}).rules[0].version for other in [{}, *others]}) == 6


def test_every_rule_that_applies_is_told_and_deny_overrides() -> None:
    found = judged(
        {"when": {"sender": "clerk"}, "then": "hold"},
        {"when": {"sender": "clerk"}, "then": {"allow": {"obligations": ["a banner"]}}},
        {"when": {"payload.urgent": False}, "then": {"deny": "calm"}, "mode": "shadow"},
        {"when": {"sender": "nobody"}},
    )
    assert found is not None
    assert found.verdict == "hold"
    assert [(one.policy, one.verdict) for one in found.reasons] == [("rules/r0", "hold"), ("rules/r2", "shadow_deny")]
    assert found.obligations == ("a banner",)


def test_redaction_masks_whole_texts_and_found_spans() -> None:
    policies = PolicySet((Pii(), Rules(rules(
        {"when": {"topic": "payments.*"}, "then": {"redact": ["payload.lines.text", "payload.words", "findings.pii"]}}
    ))))  # fmt: skip
    payload = Payment(
        lines=(Line(text="card 4111 1111 1111 1111", amount=Money.of(1, "INR")),), words=("a", "b"),
        note="to 4111 1111 1111 1111",
    )  # fmt: skip
    message = sent(payload, policies, RESTRICTED, Headers(user="ann"))
    found = policies.evaluator(Payment, BANK).judge(message, CLERK)
    assert found is not None
    assert found.verdict == "redact"
    copy = mask(message, found.paths)
    assert isinstance(copy, Payment)
    assert (copy.lines[0].text, copy.words, copy.note) == ("[masked]", ("[masked]", "[masked]"), "to [card]")


def test_a_redaction_with_nothing_to_mask_does_not_object() -> None:
    assert judged({"when": {"sender": "clerk"}, "then": {"redact": ["findings.pii", "payload.lines.text"]}}) is None


def test_rules_are_compiled_for_the_routes_that_they_can_concern() -> None:
    made = Rules(rules({"when": {"topic": "payments.*", "recipient": "bank"}}))
    assert PolicySet((made,)).evaluator(Payment, AgentCard(id="other")).opinions(
        sent(Payment(), PolicySet(), RESTRICTED, Headers()), CLERK
    ) == ()  # fmt: skip
    assert made.reads == {"id"}
    headers = Rules(rules({"when": {"topic": "payments.*", "headers.tenant": {"exists": False}}}))
    assert (headers.headers_only, headers.reads, headers.needs_findings) == (True, frozenset(), False)
    found = Rules(rules({"when": {"findings.pii": {"gt": 0}, "sender": "clerk"}}))
    assert (found.headers_only, found.needs_findings) == (False, True)
    assert not Rules(rules({"when": {"findings.pii": {"gte": 0}}})).needs_findings


def test_a_rule_that_does_not_fit_the_payload_shuts_the_route() -> None:
    found = judged({"when": {"payload.amuont": {"gt": "5 INR"}}})
    assert found is not None
    assert (found.verdict, found.reasons[0].code) == ("deny", "policy_error")
    with pytest.raises(PolicyError, match="two rules"):
        Rules(rules({"when": {"sender": "a"}, "name": "x"}, {"when": {"sender": "b"}, "name": "x"}))


@pytest.mark.parametrize(
    "then", ["allow", "denyy", {}, {"deny": {}, "hold": {}}, {"redact": []}, {"hold": {"quorum": 0}},
             {"hold": {"expires": "soon"}}, {"allow": {}}, {"redact": ["narration"]}]
)  # fmt: skip
def test_what_no_rule_may_answer_is_refused(then: Any) -> None:
    with pytest.raises(ValueError, match="then"):
        rules({"when": {"sender": "a"}, "then": then})


def test_the_verdicts_of_rules_are_the_engines_own() -> None:
    policies = Rules(rules({"when": {"sender": "clerk"}}, {"when": {"sender": "clerk"}, "then": "hold"}))
    judge = policies.compile(Route(Payment, BANK))
    assert judge is not None
    said = judge(sent(Payment(), PolicySet(), RESTRICTED, Headers()), CLERK)
    assert isinstance(said, tuple)
    assert [type(one.verdict) for one in said] == [Deny, Hold]
    assert not any(isinstance(one.verdict, Allow) for one in said)


def test_a_rule_that_cannot_work_is_refused_and_a_missing_figure_is_a_named_denial() -> None:
    """Defect D35: unknown operators and fields failed at run time, a missing figure lost a message, allow was idle."""
    context = PipelineContext((Payment,), (CLERK, BANK))
    for when in ({"payload.amount": {"above": "5 INR"}}, {"payload.amuont": {"gt": "5 INR"}}, {"metadata.score": 5}):
        assert list(Rules.problems(rules({"when": when}), context))
    missing = judged({"when": {"payload.country": {"ne": "IN"}}})
    assert missing is not None
    assert (missing.verdict, missing.reasons[0].policy, missing.reasons[0].code) == ("deny", "rules/r0", "undecided")
    with pytest.raises(ValueError, match="then"):
        rules({"when": {"sender": "clerk"}, "then": "allow"})
    told = judged({"when": {"sender": "clerk"}, "then": {"allow": {"obligations": ["a banner"]}}})
    assert told is not None
    assert told.obligations == ("a banner",)


# --- families of topics ---


class Refund(Payload, topic="families.refund"):
    amount: int = 0
    note: str = ""


class Notice(Payload, topic="families.notice"):
    text: str = ""


FAMILY = PipelineContext((Refund, Notice), (AgentCard(id="clerk", consumes=(Refund, Notice)),))


def of_family(when: dict[str, Any], then: Any = "deny") -> RulesSettings:
    return rules({"when": {"topic": "families.*", **when}, "then": then})


@pytest.mark.parametrize(
    ("when", "refund", "notice"),
    [
        ({"payload.amount": {"gt": 5}}, True, False),
        ({"not": {"payload.amount": {"lt": 5}}}, True, False),
        ({"any_of": [{"payload.amount": {"gt": 5}}, {"headers.user": "ann"}]}, True, True),
        ({"not": {"any_of": [{"payload.amount": {"lt": 5}}, {"headers.user": "bob"}]}}, True, False),
        ({"headers.user": "ann", "payload.amount": {"exists": True}}, True, False),
    ],
)
def test_a_rule_of_a_family_reads_a_field_where_it_exists(when: dict[str, Any], refund: bool, notice: bool) -> None:
    written = of_family(when)
    policies = PolicySet((Rules(written),))

    assert not list(Rules.problems(written, FAMILY))
    assert len(list(Rules.warnings(written, FAMILY))) == 1
    for payload, expected in ((Refund(amount=9), refund), (Notice(), notice)):
        message = sent(payload, policies, RESTRICTED, ANN)
        assert (policies.evaluator(type(payload), CLERK).judge(message, CLERK) is not None) is expected


def test_a_redaction_of_a_family_masks_a_field_where_it_exists() -> None:
    written = of_family({"headers.user": "ann"}, {"redact": ["payload.note"]})
    policies = PolicySet((Rules(written),))
    refund = sent(Refund(note="secret"), policies, RESTRICTED, ANN)

    decision = policies.evaluator(Refund, CLERK).judge(refund, CLERK)

    assert decision is not None
    assert mask(refund, decision.paths) == Refund(note="[masked]")
    assert policies.evaluator(Notice, CLERK).judge(sent(Notice(), policies, RESTRICTED, ANN), CLERK) is None
    assert [path for path, _ in Rules.warnings(written, FAMILY)] == [("rules", 0, "when")]


def test_a_field_of_no_topic_of_a_family_is_an_error_and_shuts_the_route() -> None:
    written = of_family({"payload.amuont": {"gt": 5}})

    assert len(list(Rules.problems(written, FAMILY))) == 2
    decision = PolicySet((Rules(written),)).evaluator(Refund, CLERK).judge(
        sent(Refund(), PolicySet(), RESTRICTED, ANN), CLERK
    )  # fmt: skip
    assert decision is not None
    assert decision.verdict == "deny"


def test_a_rule_of_one_topic_still_names_only_its_fields() -> None:
    written = rules({"when": {"topic": "families.notice", "payload.amount": {"gt": 5}}})

    assert len(list(Rules.problems(written, FAMILY))) == 1
    assert not list(Rules.warnings(written, FAMILY))
