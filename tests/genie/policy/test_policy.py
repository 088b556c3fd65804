"""The engine: inspecting once, folding verdicts, failing closed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import StringConstraints

from genie.contracts.card import AgentCard
from genie.contracts.classification import Classification
from genie.contracts.headers import NO_HEADERS
from genie.contracts.message import Inspection, Message, Payload, Value, stamp, topic_of
from genie.errors import PolicyError
from genie.policy.policy import (
    ALLOW,
    Allow,
    Deny,
    Environment,
    Hold,
    Inspector,
    Inspectors,
    Judge,
    PolicySet,
    PolicySettings,
    Redact,
    Route,
    Span,
    mask,
)

RESTRICTED = Classification.RESTRICTED
SENDER, READER = AgentCard(id="sender"), AgentCard(id="reader")


class Note(Payload, topic="test.note"):
    text: str = "fine"
    other: str = "other"


class Row(Value):
    text: str


class Table(Value):
    rows: tuple[Row, ...]


class Carrier(Payload, topic="test.carrier"):
    title: str
    table: Table


class Odd(Payload, topic="test.odd"):
    kind: Annotated[str, StringConstraints(max_length=10)] = "open"
    raw: bytes = b""
    labels: frozenset[str] = frozenset()


class NoSettings(PolicySettings):
    """Nothing to set."""


NO_SETTINGS = NoSettings()


class Limit(PolicySettings):
    limit: int = 1


class Rule:
    """A policy that answers with what it was given, under a name of its own."""

    version: ClassVar[str] = "1"

    def __init__(
        self,
        name: str,
        judge: Judge | None,
        *,
        settings: PolicySettings = NO_SETTINGS,
        inspectors: tuple[Inspector, ...] = (),
    ) -> None:
        self.name = name  # type: ignore[misc] - a class attribute of policies, one class a name; here one object a name
        self.settings = settings
        self.inspectors = inspectors
        self._judge = judge

    def compile(self, _route: Route) -> Judge | None:
        return self._judge  # type: ignore[return-value] - tests put wrong things here on purpose


class Broken(Rule):
    def compile(self, _route: Route) -> Judge | None:
        raise RuntimeError("secret text")


class Secrets:
    """Finds the word "secret", and counts the strings it is asked about."""

    name: ClassVar[str] = "secrets"
    version: ClassVar[str] = "1"
    patterns = ("(?i)secret",)

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.folded: list[str] = []

    def fold(self, text: str) -> str:
        self.folded.append(text)
        return text.replace("\u0435", "e")

    def examine(self, text: str) -> Iterable[Span]:
        self.asked.append(text)
        at = text.lower().find("secret")
        return [Span("test.secret", at, at + 6, RESTRICTED)] if at >= 0 else []


class Failing(Secrets):
    def examine(self, text: str) -> Iterable[Span]:
        raise ValueError(text)


def answer(verdict: object) -> Judge:
    return lambda _message, _sender: verdict  # type: ignore[return-value] - tests put wrong things here on purpose


def raising(_message: Message[Any], _sender: AgentCard) -> Any:
    raise RuntimeError("secret text")


def sent(payload: Payload, inspection: Inspection | None = None) -> Message[Payload]:
    return stamp(
        1,
        payload,
        "sender",
        None,
        None,
        0,
        0,
        NO_HEADERS,
        topic_of(payload).classification,
        inspection or Inspection(9),
    )


def decide(*policies: Rule, approved: frozenset[str] = frozenset(), message: Message[Payload] | None = None):
    return PolicySet(policies).evaluator(Note, READER).judge(message or sent(Note()), SENDER, approved)


# --- folding verdicts ---

DENY, HOLD, REDACT = Deny("code", "why"), Hold("wait", 5.0), Redact(frozenset({("text",)}), "mask")


def test_nothing_but_plain_allows_is_no_decision() -> None:
    assert decide() is None
    assert decide(Rule("a", answer(ALLOW)), Rule("b", None), Rule("c", answer(Allow()))) is None


@given(st.lists(st.sampled_from([ALLOW, DENY, HOLD, REDACT]), max_size=6))
def test_deny_outranks_hold_outranks_redact_outranks_allow_and_every_reason_is_kept(verdicts) -> None:
    decision = decide(*(Rule(f"p{at}", answer(verdict)) for at, verdict in enumerate(verdicts)))

    names = {DENY: "deny", HOLD: "hold", REDACT: "redact"}
    expected = [(f"p{at}", names[verdict]) for at, verdict in enumerate(verdicts) if verdict is not ALLOW]
    if not expected:
        assert decision is None
        return
    strongest = next(verdict for verdict in (DENY, HOLD, REDACT) if verdict in verdicts)
    assert decision.verdict == names[strongest]
    assert [(reason.policy, reason.verdict) for reason in decision.reasons] == expected
    assert decision.paths == (REDACT.paths if REDACT in verdicts else frozenset())
    assert decision.holds == frozenset(f"{name}@1+44136fa3" for name, verdict in expected if verdict == "hold")


def test_paths_add_up_and_the_earliest_expiry_counts() -> None:
    other = Redact(frozenset({("other",)}))

    decision = decide(
        Rule("a", answer(REDACT)), Rule("b", answer(other)), Rule("c", answer(HOLD)), Rule("d", answer(Hold("w", 2.0)))
    )

    assert decision.paths == {("text",), ("other",)}
    assert decision.expires_s == 2.0


def test_an_allow_with_obligations_is_a_decision() -> None:
    decision = decide(Rule("a", answer(Allow(("banner",)))), Rule("b", answer(Allow(("notice",)))))

    assert decision.verdict == "allow"
    assert decision.obligations == ("banner", "notice")
    assert decision.reasons == ()


def test_an_approval_satisfies_the_hold_it_names_and_nothing_else() -> None:
    rules = (Rule("a", answer(HOLD)), Rule("b", answer(REDACT)))

    assert decide(*rules, approved=frozenset({"a@1+44136fa3"})).verdict == "redact"
    assert decide(*rules, approved=frozenset({"a@2+44136fa3", "b@1+44136fa3"})).verdict == "hold"
    assert decide(Rule("a", answer(HOLD)), approved=frozenset({"a@1+44136fa3"})) is None
    assert decide(Rule("a", answer(DENY)), approved=frozenset({"a@1+44136fa3"})).verdict == "deny"


def test_a_decision_carries_the_policy_set_and_names_what_decided() -> None:
    policies = PolicySet((Rule("a", answer(DENY)), Rule("b", answer(REDACT))))

    decision = policies.evaluator(Note, READER).judge(sent(Note()), SENDER)

    assert decision is not None
    assert decision.policy_set == policies.sha256
    assert decision.summary == "a: code"


# --- failing closed ---


@pytest.mark.parametrize("others", [(), (Rule("x", answer(REDACT)),), (Rule("x", answer(ALLOW)),)])
def test_a_policy_that_raises_denies_and_its_text_is_kept_out(others) -> None:
    decision = decide(*others, Rule("a", raising))

    assert decision.verdict == "deny"
    reason = next(reason for reason in decision.reasons if reason.policy == "a")
    assert reason.code == "policy_error"
    assert "RuntimeError" in reason.text
    assert "secret" not in reason.text


@pytest.mark.parametrize("verdict", [None, True, "allow", Allow, ("allow",)])
def test_an_answer_that_is_no_verdict_denies(verdict) -> None:
    decision = decide(Rule("a", answer(verdict)))

    assert decision.verdict == "deny"
    assert decision.reasons[0].code == "policy_error"


def test_a_policy_that_cannot_be_compiled_shuts_its_route_and_is_named() -> None:
    decision = decide(Broken("a", None), Rule("b", answer(ALLOW)))

    assert decision.verdict == "deny"
    assert decision.reasons[0].policy == "a"
    assert "test.note" in decision.reasons[0].text
    assert "secret" not in decision.reasons[0].text


def test_an_inspector_that_fails_denies() -> None:
    policies = PolicySet((Rule("a", None, inspectors=(Failing(),)),))
    inspection = policies.inspectors.inspect(Note(text="secret"))

    assert inspection.failed == "ValueError"
    decision = policies.evaluator(Note, READER).judge(sent(Note(), inspection), SENDER)
    assert decision is not None
    assert decision.verdict == "deny"
    assert decision.reasons[0].code == "undecidable"


def test_text_that_cannot_be_encoded_denies_with_the_plain_fold() -> None:
    inspectors = Inspectors((Secrets(),))

    assert inspectors.inspect(Note(text="\ud800")).failed is not None


def test_a_pattern_that_does_not_compile_is_refused() -> None:
    class Bad(Secrets):
        patterns = ("(?=look)",)

    with pytest.raises(PolicyError) as refused:
        PolicySet((Rule("a", None, inspectors=(Bad(),)),))

    assert refused.value.policy == "secrets"


# --- the policy set ---


def test_two_policies_of_one_name_are_refused() -> None:
    with pytest.raises(PolicyError) as refused:
        PolicySet((Rule("a", None), Rule("a", None)))

    assert refused.value.policy == "a"


def test_the_hash_changes_with_settings_names_order_and_environment() -> None:
    def sha(*rules: Rule, environment: str = "development") -> str:
        return PolicySet(rules, Environment(environment)).sha256

    base = sha(Rule("a", None, settings=Limit()), Rule("b", None))

    assert base == sha(Rule("a", None, settings=Limit(limit=1)), Rule("b", None))
    others = {
        sha(Rule("a", None, settings=Limit(limit=2)), Rule("b", None)),
        sha(Rule("b", None), Rule("a", None, settings=Limit())),
        sha(Rule("a", None, settings=Limit())),
        sha(Rule("a", None, settings=Limit()), Rule("c", None)),
        sha(Rule("a", None, settings=Limit()), Rule("b", None), environment="production"),
    }
    assert len(others) == 5
    assert base not in others


# --- inspecting ---


def test_findings_have_the_path_and_span_of_what_was_found() -> None:
    inspectors = Inspectors((Secrets(),))

    inspection = inspectors.inspect(Note(text="a SECRET b"))

    (finding,) = inspection.findings
    assert (finding.path, finding.start, finding.end, finding.maskable) == (("text",), 2, 8, True)
    assert inspection.label is RESTRICTED


def test_a_clean_text_asks_no_inspector() -> None:
    inspector = Secrets()

    inspection = Inspectors((inspector,)).inspect(Note())

    assert inspector.asked == []
    assert inspection.findings == ()
    assert inspection.label is Classification.PUBLIC


def test_what_only_the_joined_text_matches_is_no_finding() -> None:
    class Across(Secrets):
        patterns = (r"(?i)sec[\W_]*ret",)

    assert Inspectors((Across(),)).inspect(Note(text="sec", other="ret")).findings == ()


@pytest.mark.parametrize(
    ("payload", "size"),
    [(Note(text="abc", other=""), 4), (Note(text="é", other=""), 3), (Note(text="", other=""), 1)],
)
def test_size_counts_strings_in_utf_8(payload: Note, size: int) -> None:
    assert Inspectors(()).inspect(payload).size_bytes == size


def test_findings_of_an_immutable_part_are_kept_with_it() -> None:
    inspector = Secrets()
    inspectors = Inspectors((inspector,))
    table = Table(rows=(Row(text="plain"), Row(text="my secret")))

    first = inspectors.inspect(Carrier(title="one", table=table))
    asked = len(inspector.asked)
    second = inspectors.inspect(Carrier(title="two", table=table))

    assert asked == 2  # the plain one has no hit of its own; the other is looked into again once it is masked
    assert len(inspector.asked) == asked
    assert first.findings == second.findings
    assert [finding.path for finding in first.findings] == [("table", "rows", 1, "text")]
    assert first.size_bytes == second.size_bytes


def test_findings_kept_with_a_part_belong_to_one_set_of_inspectors() -> None:
    table = Table(rows=(Row(text="my secret"),))
    blind = Inspectors(())
    seeing = Inspectors((Secrets(),))

    assert blind.inspect(Carrier(title="x", table=table)).findings == ()
    assert len(seeing.inspect(Carrier(title="x", table=table)).findings) == 1
    assert blind.inspect(Carrier(title="x", table=table)).findings == ()


def test_a_payload_beside_its_kept_part_is_still_looked_at() -> None:
    inspectors = Inspectors((Secrets(),))
    table = Table(rows=(Row(text="secret"),))
    inspectors.inspect(Carrier(title="x", table=table))

    found = inspectors.inspect(Carrier(title="a secret", table=table)).findings

    assert {finding.path for finding in found} == {("title",), ("table", "rows", 0, "text")}


def test_bytes_are_inspected_and_never_masked() -> None:
    inspectors = Inspectors((Secrets(),))

    (finding,) = inspectors.inspect(Odd(raw=b"\xff secret")).findings

    assert (finding.path, finding.start, finding.maskable) == (("raw",), 2, False)
    message = sent(Odd(raw=b"\xff secret"), Inspection(9, (finding,), RESTRICTED))
    with pytest.raises(LookupError):
        mask(message, frozenset({("raw",)}))


def test_strings_in_a_set_are_inspected_and_never_masked() -> None:
    (finding,) = Inspectors((Secrets(),)).inspect(Odd(labels=frozenset({"secret"}))).findings

    assert not finding.maskable


def test_only_text_that_is_not_ascii_is_folded() -> None:
    inspector = Secrets()
    inspectors = Inspectors((inspector,))
    inspectors.inspect(Note(text="secret"))

    assert inspector.folded == []
    inspectors.inspect(Note(text="s\u0435cret"))
    assert inspector.folded == ["s\u0435cret\x1fother", "s\u0435cret"]
    assert inspector.asked[-1:] == ["s\u0435cret"]


def test_masking_replaces_what_was_found_by_the_last_word_of_its_kind() -> None:
    payload = Note(text="a secret b", other="secret")
    message = sent(payload, Inspectors((Secrets(),)).inspect(payload))

    masked = mask(message, frozenset({("text",)}))

    assert masked == Note(text="a [secret] b", other="secret")
    assert message.payload == payload
    assert mask(message, frozenset({("text",)})) is masked


def test_a_path_without_a_finding_is_masked_whole() -> None:
    assert mask(sent(Note()), frozenset({("other",)})) == Note(other="[masked]")
