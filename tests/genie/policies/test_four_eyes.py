"""Four eyes: which deliveries wait, for whom, and that nobody is both who sends and who approves."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from genie.contracts.agent import agent
from genie.contracts.card import AgentCard, Caller
from genie.contracts.headers import Headers
from genie.contracts.message import Payload
from genie.errors import InputError
from genie.policies.four_eyes import FourEyes, FourEyesRule, FourEyesSettings
from genie.policy.policy import Deny, Hold, PolicySet, Route
from genie.runtime.runtime import Runtime


class Order(Payload, topic="payments.order"):
    amount: int = 1


class Refund(Payload, topic="payments.refund"):
    amount: int = 1


class Paid(Payload, topic="payments.paid"):
    amount: int = 1


SENDER = AgentCard(id="desk")
BANK, PRINTER, CALLER = AgentCard(id="bank"), AgentCard(id="printer"), Caller(user="ann").card()


def policy(**topics: dict[str, object]) -> FourEyes:
    names = {name.replace("__", "."): rule for name, rule in topics.items()}
    return FourEyes(FourEyesSettings.model_validate({"topics": names}))


def verdict(of: FourEyes, envelope, payload: Payload, recipient: AgentCard, headers: Headers | None = None):
    judge = of.compile(Route(type(payload), recipient))
    return None if judge is None else judge(envelope(payload, headers=headers or Headers(user="ann")), SENDER)


def test_a_declared_topic_waits_for_other_people(envelope) -> None:
    rules = policy(payments__order={"approvers": ["treasury", "risk"], "quorum": 2, "expires_s": 60})
    held = verdict(rules, envelope, Order(), BANK)
    assert isinstance(held, Hold)
    assert (held.approvers, held.quorum, held.expires_s) == (frozenset({"treasury", "risk"}), 2, 60)
    assert held.reason == "payments.order needs 2 other people with the role risk or treasury"
    assert verdict(rules, envelope, Refund(), BANK) is None


def test_the_most_specific_rule_that_includes_the_recipient_counts(envelope) -> None:
    rules = FourEyes(
        FourEyesSettings(
            topics={
                "payments.*": FourEyesRule(quorum=3),
                "payments.order": FourEyesRule(recipients=("bank",), quorum=2),
                "payments.paid": FourEyesRule(recipients=("caller",)),
            }
        )
    )
    quorums = [
        getattr(verdict(rules, envelope, payload, card), "quorum", None)
        for payload, card in ((Order(), BANK), (Order(), PRINTER), (Refund(), BANK), (Paid(), CALLER), (Paid(), BANK))
    ]
    assert quorums == [2, 3, 3, 1, 3]  # a rule for one recipient leaves no hole for the others


def test_without_a_user_nobody_can_be_told_apart_so_it_is_denied(envelope) -> None:
    for headers in (Headers(), Headers(user="")):
        denied = verdict(policy(payments__order={}), envelope, Order(), BANK, headers)
        assert isinstance(denied, Deny)
        assert "needs a user" in denied.reason


@pytest.mark.parametrize(
    "topics",
    [
        {},
        {"payments.order": {"quorum": 0}},
        {"payments.order": {"aprovers": ["x"]}},
        {"payments.order": {"approvers": []}},
        {"payments.order": {"recipients": []}},
        {"payments.order": {"expires_s": 0}},
        {"Payments": {}},
    ],
)
def test_settings_that_would_ask_nobody_are_refused(topics: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FourEyesSettings.model_validate({"topics": topics})


@pytest.mark.anyio
async def test_who_sends_a_payment_does_not_approve_it() -> None:
    paid: list[int] = []

    @agent("bank")
    async def bank(order: Order) -> Paid:
        paid.append(order.amount)
        return Paid(amount=order.amount)

    rules = policy(payments__order={"approvers": ["treasury"]})
    async with Runtime([bank], policies=PolicySet((rules,))) as runtime:
        caller = Caller(user="ann", roles=frozenset({"treasury"}))
        run = runtime.start(Order(amount=7), Paid, caller=caller)
        await run.settled()
        [request] = runtime.approvals.requests()
        with pytest.raises(InputError, match="senders cannot decide on their own messages"):
            runtime.approvals.approve(request.id, by="ann", roles=caller.roles, reason="mine")
        assert paid == []
        runtime.approvals.approve(request.id, by="ben", roles={"treasury"}, reason="agreed")
        assert (await run.result()).amount == 7
        assert paid == [7]
