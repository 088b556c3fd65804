"""Cost of rules: a hundred of them on one delivery, loading them, and swapping them."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from benchmarks.figures import Figure, Limit, printed
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.message import Payload, Value, stamp
from genie.policy.policy import Environment, PipelineContext, PolicySet
from genie.rules.policy import Rules
from genie.rules.schema import RulesSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROUNDS, _EACH = 30, 2_000


class Amount(Value):
    minor: int
    currency: str


class Transfer(Payload, topic="bench.transfer"):
    amount: Decimal
    money: Amount
    country: str
    purpose: str
    note: str
    items: int
    score: float
    urgent: bool
    channel: str
    days: int


_PLAIN: dict[str, Any] = {
    "amount": Decimal("120.50"), "money": Amount(minor=12_050, currency="INR"), "country": "IN", "purpose": "rent",
    "note": "for the flat in the second street", "items": 3, "score": 0.2, "urgent": False, "channel": "app", "days": 2,
}  # fmt: skip


def _mixed(number: int) -> dict[str, Any]:
    """Return one of ten kinds of rule, each with its own bounds."""
    of_number: list[dict[str, Any]] = [
        {"payload.amount": {"gt": 50_000 + number}, "sender": {"not_in": ["treasury", f"desk{number}"]}},
        {"payload.country": {"in": [f"X{number}", f"Y{number}"]}},
        {"payload.money.minor": {"gte": 5_000_000 + number}, "payload.purpose": {"ne": "salary"}},
        {"payload.purpose": f"purpose{number}", "headers.tenant": "t1"},
        {"payload.note": {"contains": f"urgent{number}"}},
        {"payload.items": {"gt": 100 + number}, "payload.channel": {"in": ["api", "batch"]}},
        {"payload.score": {"gte": 0.9}, "headers.roles": {"not_in": [f"role{number}"]}},
        {"payload.urgent": True, "payload.amount": {"gt": 1_000 + number}},
        {"findings.pii": {"gt": number}, "payload.channel": f"channel{number}"},
        {"payload.days": {"gt": 30 + number}, "any_of": [{"label": {"gte": "restricted"}}, {"payload.urgent": True}]},
    ]
    return {"topic": "bench.*", **of_number[number % 10]}


def _same_field(number: int) -> dict[str, Any]:
    """Return a rule that is true of the payload and false of the sender: the worst order of looking."""
    return {"topic": "bench.*", "payload.amount": {"gt": number / 2}, "sender": {"in": [f"desk{number}"]}}


def _nested(number: int) -> dict[str, Any]:
    """Return a rule that no table helps with."""
    return {"topic": "bench.*", "any_of": [{"payload.items": {"gt": 50 + number}}, {"payload.score": {"gt": 0.9}}]}


def settings(when: Callable[[int], dict[str, Any]], count: int = 100) -> RulesSettings:
    """Return rules as a file would give them."""
    rules = [
        {"name": f"rule{number}", "when": when(number), "then": "deny", "because": "measured"}
        for number in range(count)
    ]
    return RulesSettings.model_validate_json(json.dumps({"rules": rules}), strict=True)


def _least(call: Callable[[], object], rounds: int, each: int) -> float:
    """Return the least microseconds of a call."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(each):
            call()
        best = min(best, (time.perf_counter() - began) / each)
    return best * 1e6


def _judging(when: Callable[[int], dict[str, Any]], rounds: int, each: int) -> float:
    policies = PolicySet((Rules(settings(when)),), Environment("production"))
    gate = policies.evaluator(Transfer, AgentCard(id="payer"))
    payload = Transfer(**_PLAIN)
    headers = Caller(user="ann", tenant="t1", roles=frozenset({"role6"})).headers()
    inspection = policies.inspectors.inspect(payload)
    message = stamp(1, payload, "clerk", None, None, 0, 0, headers, Classification.INTERNAL, inspection)
    sender = AgentCard(id="clerk")
    assert gate.judge(message, sender) is None
    return _least(lambda: gate.judge(message, sender), rounds, each)


def _loading() -> float:
    context = PipelineContext(
        (Transfer,), (AgentCard(id="payer", consumes=(Transfer,)),), inspectors=frozenset({"pii"})
    )
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        made = settings(_mixed)
        list(Rules.problems(made, context))
        PolicySet((Rules(made),)).evaluator(Transfer, AgentCard(id="payer"))
        best = min(best, time.perf_counter() - began)
    return best * 1e3


def figures(rounds: int = _ROUNDS, each: int = _EACH) -> Iterator[Figure]:
    """Yield a figure for each; the least of ``rounds``, each of ``each`` calls."""
    most = Limit(10)
    yield Figure("100 mixed rules, one delivery", _judging(_mixed, rounds, each), "us", limit=most)
    yield Figure("100 rules about senders, one delivery", _judging(_same_field, rounds, each), "us", limit=most)
    yield Figure("100 nested rules, one delivery", _judging(_nested, rounds, each), "us", limit=most)
    yield Figure("100 rules checked and compiled", _loading(), "ms", limit=Limit(100))


if __name__ == "__main__":
    printed(figures())
