"""Laws of rules: any text and any payload end in an answer or the loader's own error; speed changes no answer."""

from __future__ import annotations

import datetime
import enum
import json
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.config.loader import parse
from genie.config.plugins import Plugins
from genie.config.policies import PolicyFiles, PolicyReader
from genie.config.yaml import load_text
from genie.contracts.agent import agent
from genie.contracts.card import AgentCard, Risk
from genie.contracts.classification import Classification
from genie.contracts.headers import Headers
from genie.contracts.message import Finding, Inspection, Payload, Value, stamp, unvalidated
from genie.errors import ConfigError
from genie.policies.index import POLICIES
from genie.policy.policy import ALLOW, Environment, PipelineContext, PolicySet, Route
from genie.rules.ast import Roots, evaluate
from genie.rules.policy import Rules, condition_of
from genie.rules.schema import RulesSettings
from genie_finance.contracts.money import Money

SETTINGS = settings(max_examples=100, deadline=None)


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Line(Value):
    text: str
    amount: Money
    count: int | None = None


class Deal(Payload, topic="laws.deal"):
    amount: Money
    price: Decimal
    share: float
    count: int | None = None
    note: str = ""
    kind: Literal["buy", "sell"] = "buy"
    colour: Colour = Colour.RED
    urgent: bool = False
    day: datetime.date = datetime.date(2026, 1, 1)
    at: datetime.datetime | None = None
    wait: datetime.timedelta = datetime.timedelta(hours=1)
    lines: tuple[Line, ...] = ()
    tags: frozenset[str] = frozenset()
    line: Line | None = None


class Other(Payload, topic="laws.other"):
    note: str = ""


ENVIRONMENT = Environment("staging")
CARDS = (
    AgentCard(id="desk", consumes=(Deal,), capabilities=("trade",), risk=Risk.HIGH),
    AgentCard(id="clerk", consumes=(Deal, Other), clearance=Classification.RESTRICTED),
)
SCENE = PipelineContext((Deal, Other), CARDS, ENVIRONMENT, frozenset({"pii"}))

# --- what may be sent ---

words = st.sampled_from(["", "a", "rent", "rent for may", "IGNORE", "é", "x" * 50])
moneys = st.builds(
    lambda minor, code: Money(minor=minor, currency=code), st.integers(-5, 5), st.sampled_from(["INR", "EUR"])
)
counts = st.none() | st.integers(-3, 3)
lines = st.builds(Line, text=words, amount=moneys, count=counts)
numbers = st.sampled_from([-1.5, 0.0, 0.5, 2.0, float("inf"), float("nan")])
times = st.none() | st.sampled_from(
    [datetime.datetime.fromisoformat("2026-01-01T12:00:00"), datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)]
)
deals = st.builds(
    Deal, amount=moneys, price=st.sampled_from([Decimal(-1), Decimal("0.5"), Decimal(2)]), share=numbers,
    count=counts, note=words, kind=st.sampled_from(["buy", "sell"]), colour=st.sampled_from(Colour),
    urgent=st.booleans(), day=st.sampled_from([datetime.date(2025, 12, 31), datetime.date(2026, 1, 1)]), at=times,
    wait=st.sampled_from([datetime.timedelta(0), datetime.timedelta(hours=2)]),
    lines=st.lists(lines, max_size=3).map(tuple), tags=st.frozensets(words, max_size=2), line=st.none() | lines,
)  # fmt: skip
broken = st.builds(
    lambda deal, changes: unvalidated(Deal, {**deal.__dict__, **changes}), deals,
    st.dictionaries(
        st.sampled_from(list(Deal.model_fields)),
        st.sampled_from([None, 3, "text", (), (1,), Decimal("sNaN"), b"x", object(), True]), max_size=4,
    ),
)  # fmt: skip
hollow = st.just(unvalidated(Deal, {}))
headers = st.builds(
    Headers, tenant=st.sampled_from([None, "a", "b"]), user=st.sampled_from([None, "ann"]),
    roles=st.frozensets(st.sampled_from(["clerk", "chief"])), region=st.sampled_from([None, "in"]),
    classification=st.sampled_from(Classification),
)  # fmt: skip
findings = st.lists(
    st.sampled_from(["pii.card", "pii.email", "injection.override"]).map(
        lambda kind: Finding(kind, ("note",), 0, 1, Classification.RESTRICTED)
    ),
    max_size=3,
).map(tuple)
senders = st.sampled_from([*CARDS, AgentCard(id="caller:ann")])


@st.composite
def messages(draw: st.DrawFn, payloads: st.SearchStrategy[Payload] = deals | broken | hollow) -> Any:
    label, found = draw(st.sampled_from(Classification)), draw(findings)
    sender = draw(senders)
    inspection = Inspection(draw(st.integers(0, 9)), found)
    return stamp(1, draw(payloads), sender.id, None, None, 0, 0, draw(headers), label, inspection), sender


# --- what may be written ---

ORDER = ["eq", "ne", "gt", "gte", "lt", "lte"]


def _tests(operators: list[str], bounds: list[Any]) -> st.SearchStrategy[Any]:
    one = st.sampled_from(bounds)
    pairs = st.tuples(st.sampled_from(operators), one)
    pairs |= st.tuples(st.sampled_from(["in", "not_in"]), st.lists(one, min_size=1, max_size=3))
    pairs |= st.tuples(st.just("exists"), st.booleans())
    return one | st.lists(pairs, min_size=1, max_size=2).map(dict)


TEXTS = _tests(["eq", "ne", "contains", "starts_with", "ends_with", "matches"], ["a", "rent", "e", "n[a-t]"])
AMOUNTS = _tests(ORDER, ["0 INR", "0.02 INR", "0.02 EUR", "-0.01 INR"])
COUNTS = _tests(ORDER, [-1, 0, 0.5, 2])
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "topic": st.sampled_from(["laws.deal", "laws.*", "laws.other", {"ne": "laws.other"}, {"in": ["laws.d*"]}]),
    "environment": _tests(["eq", "ne"], ["staging", "production"]).filter(lambda one: "exists" not in one),
    "sender": st.sampled_from(["desk", "caller:*", {"not_in": ["clerk", "caller:*"]}, {"ne": "desk"}]),
    "sender.risk": _tests(["eq", "ne"], ["low", "high"]),
    "sender.capability": st.sampled_from(["trade", {"not_in": ["trade"]}, {"empty": True}]),
    "recipient": st.sampled_from(["desk", {"ne": "clerk"}]),
    "recipient.clearance": _tests(ORDER, ["internal", "restricted"]),
    "headers.tenant": TEXTS,
    "headers.roles": st.sampled_from(["chief", {"in": ["clerk"]}, {"not_in": ["clerk", "chief"]}, {"empty": False}]),
    "headers.classification": _tests(ORDER, ["internal", "confidential"]),
    "label": _tests(ORDER, ["internal", "confidential"]),
    "findings": COUNTS,
    "findings.pii": COUNTS,
    "payload.amount": AMOUNTS,
    "payload.amount.currency": TEXTS,
    "payload.price": COUNTS,
    "payload.share": COUNTS,
    "payload.count": COUNTS,
    "payload.note": TEXTS | st.sampled_from([{"empty": True}]),
    "payload.kind": _tests(["eq", "ne"], ["buy", "sell"]),
    "payload.colour": _tests(["eq", "ne"], ["red", "blue"]),
    "payload.urgent": st.booleans(),
    "payload.day": _tests(ORDER, ["2025-12-31", "2026-01-01"]),
    "payload.at": _tests(ORDER, ["2026-01-01T12:00:00", "2026-01-01T12:00:00+00:00"]),
    "payload.wait": _tests(ORDER, ["1h", "30m"]),
    "payload.tags": st.sampled_from(["a", {"in": ["a", "rent"]}, {"all": {"ne": "a"}}, {"any": {"matches": "r"}}]),
    "payload.line.count": COUNTS,
    "payload.line.amount": AMOUNTS,
    "payload.lines": st.sampled_from(["any", "all"]).flatmap(
        lambda word: st.fixed_dictionaries({}, optional={"text": TEXTS, "amount": AMOUNTS, "count": COUNTS})
        .filter(bool)
        .map(lambda part: {word: part})
    ),
}  # fmt: skip
leaf = st.sampled_from(list(LEAVES)).flatmap(lambda name: LEAVES[name].map(lambda test: {name: test}))


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.items()}


whens = st.recursive(
    st.lists(leaf, min_size=1, max_size=4).map(
        lambda parts: {key: value for part in parts for key, value in part.items()}
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any_of": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all_of": parts}),
        inner.map(lambda part: {"not": part}),
        st.tuples(leaf, inner).map(lambda pair: {**pair[0], "not": pair[1]}),
    ),
    max_leaves=6,
)


def _rules(conditions: list[Any], undecided: str = "apply") -> RulesSettings:
    rules = [
        {"name": f"r{place}", "when": when, "then": "deny", "because": "it says so", "undecided": undecided}
        for place, when in enumerate(conditions)
    ]
    return RulesSettings.model_validate_json(json.dumps({"rules": rules}), strict=True)


@pytest.mark.slow
@SETTINGS
@given(st.lists(whens, min_size=1, max_size=8), messages(), st.sampled_from(CARDS))
def test_compiled_rules_say_what_the_naive_reading_says(conditions: list[Any], sent: Any, recipient: AgentCard) -> None:
    message, sender = sent
    settings_of_rules = _rules(conditions)
    route = Route(Deal, recipient, ENVIRONMENT)
    judge = Rules(settings_of_rules).compile(route)
    expected = {
        rule.name
        for rule in settings_of_rules.rules
        if evaluate(condition_of(rule, Deal), Roots(route, sender, message)) is not False
    }
    for _ in range(2):  # what a judge remembers of a sender and of headers changes nothing
        said = ALLOW if judge is None else judge(message, sender)
        assert (
            {one.rule for one in said} == expected if type(said) is tuple else not expected
        )  # a verdict is a tuple as well


FIGURES = ["payload.count", "payload.share", "payload.amount", "payload.day", "label", "findings.pii"]
bounds_alone = st.sampled_from(FIGURES).flatmap(lambda name: LEAVES[name].map(lambda test: {name: test}))
few = st.lists(bounds_alone, min_size=1, max_size=2).map(_merged)
alternatives = st.lists(bounds_alone, min_size=2, max_size=3).map(lambda parts: {"any_of": parts})


@pytest.mark.slow
@SETTINGS
@given(st.lists(few | alternatives, min_size=3, max_size=10), messages(deals))
def test_tables_and_bisections_say_what_the_naive_reading_says(conditions: list[Any], sent: Any) -> None:
    test_compiled_rules_say_what_the_naive_reading_says.hypothesis.inner_test(conditions, sent, CARDS[0])


@pytest.mark.slow
@SETTINGS
@given(st.lists(whens, min_size=1, max_size=4), st.lists(messages(), min_size=2, max_size=4))
def test_a_judge_is_not_confused_by_other_messages_before(conditions: list[Any], sent: list[Any]) -> None:
    route = Route(Deal, CARDS[0], ENVIRONMENT)
    used = Rules(_rules(conditions)).compile(route)
    for message, sender in sent:
        fresh = Rules(_rules(conditions)).compile(route)
        assert (used is None) == (fresh is None)
        if used is not None and fresh is not None:
            assert used(message, sender) == fresh(message, sender)


@SETTINGS
@given(st.lists(whens, min_size=1, max_size=4), messages(), st.sampled_from(["deny", "apply", "skip"]))
def test_a_set_of_rules_never_raises_and_never_favours_what_is_undecided(
    conditions: list[Any], sent: Any, undecided: str
) -> None:
    message, sender = sent
    rules = _rules(conditions, undecided)
    decision = PolicySet((Rules(rules),), ENVIRONMENT).evaluator(Deal, CARDS[0]).judge(message, sender)
    found = [
        evaluate(condition_of(rule, Deal), Roots(Route(Deal, CARDS[0], ENVIRONMENT), sender, message))
        for rule in rules.rules
    ]
    objects = any(one is True or (one is None and undecided != "skip") for one in found)
    assert (decision is not None and decision.verdict == "deny") == objects
    assert decision is None or all(reason.code != "policy_error" for reason in decision.reasons)


# --- anything at all ---

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
keys = st.sampled_from(
    [*LEAVES, "any", "all", "eq", "gt", "in", "matches", "not", "any_of", "all_of", "payload."]
) | st.text(max_size=6)
junk = st.recursive(
    scalars | words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
)


@SETTINGS
@given(junk, junk)
def test_any_condition_is_read_or_refused(when: Any, then: Any) -> None:
    text = json.dumps({"rules": [{"name": "r", "when": when, "then": then, "because": "why"}]})
    try:
        found = RulesSettings.model_validate_json(text, strict=True)
    except ValidationError:
        found = _rules([when if isinstance(when, dict) and when else {"label": "internal"}])
    problems = list(Rules.problems(found, SCENE))
    assert all(isinstance(path, tuple) and text for path, text in problems)
    if not problems:
        Rules(found).compile(Route(Deal, CARDS[0], ENVIRONMENT))


@agent("desk")
async def desk(deal: Deal) -> Other:
    """Trade."""
    return Other()


PIPELINE = {
    "version": 1, "id": "laws", "agents": ["desk"], "input": "laws.deal", "output": "laws.other",
}  # fmt: skip


@SETTINGS
@given(st.text(max_size=200) | junk.map(json.dumps))
@example("rules:\n- {name: a, when: {payload.amount: {gt: 5}}, then: deny, because: x}")
@example("{version: 1, id: x, rules: [{name: a, when: {topic: laws.deal}, then: {redact: []}, because: x}]}")
def test_any_text_is_a_policy_file_or_refused_with_its_line(text: str) -> None:
    source = PolicyFiles(load_text("policies: []", name="p", environ={}), None, Plugins(policies=POLICIES), {}, SCENE)  # type: ignore[arg-type]  # no file is read
    reading = PolicyReader(source)
    try:
        document = load_text(text, name="file.yaml", environ={})
    except ConfigError:
        return
    reading.take_document((), document)
    assert reading.policies() is not None or all(line.startswith("file.yaml") for line in reading.lines())


@pytest.mark.parametrize("policies", ["5", "[5]", "nowhere.yaml", "[nowhere.yaml]", "[[]]", "{}", "[{a: {}, b: {}}]"])
def test_any_list_of_policies_is_refused_with_its_line(policies: str) -> None:
    text = json.dumps(PIPELINE)[:-1] + f', "policies": {policies}}}'
    with pytest.raises(ConfigError) as raised:
        parse(text, name="pipe.yaml", environ={}, plugins=Plugins(agents={"desk": desk}, policies=POLICIES))
    assert all(line.startswith(("pipe.yaml", "nowhere.yaml")) for line in raised.value.problems)
