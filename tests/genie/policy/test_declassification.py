"""Where a label may fall: only as far as the card says and every policy with a say permits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.agent import agent
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.message import Payload, topic_of
from genie.errors import RunStalled
from genie.policies.clearance import Clearance
from genie.policies.declassification import Declassification, DeclassificationSettings
from genie.policy.declassification import Downgrade, labels_sent
from genie.policy.policy import Environment, PolicySet
from tests.genie.policies_for_tests import Answer, Question, Rule, running

if TYPE_CHECKING:
    from genie.contracts.ports.audit import AuditRecord

PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = Classification
LEVELS = st.sampled_from(Classification)


class Open(Payload, topic="fall.open", classification="public"):
    pass


class Inner(Payload, topic="fall.inner", classification="confidential"):
    pass


class Secret(Payload, topic="fall.secret", classification="restricted"):
    pass


class Says(Rule):
    def __init__(self, says: Any) -> None:
        super().__init__(lambda _route: None)
        self._says = says

    def permits(self, downgrade: Downgrade) -> bool:
        answer: bool = self._says(downgrade)
        return answer


def card(**declassifies: Classification) -> AgentCard:
    kinds = {"open": Open, "inner": Inner}
    return AgentCard(id="summing", declassifies={kinds[name]: level for name, level in declassifies.items()})


def sent(policies: tuple[Any, ...], agent_card: AgentCard, kind: type[Payload] = Open) -> tuple[Classification, ...]:
    return labels_sent(policies, agent_card, kind, Environment())


# --- the law ---


@given(LEVELS, st.sets(st.tuples(LEVELS, LEVELS)), st.sampled_from([Open, Inner]))
def test_a_label_falls_no_further_than_card_policies_and_class_say(lowest, permitted, kind) -> None:
    says = Says(lambda downgrade: (downgrade.read, downgrade.to) in permitted)
    levels = labels_sent((says,), AgentCard(id="a", declassifies={kind: lowest}), kind, Environment())

    own = topic_of(kind).classification
    for read, left in zip(Classification, levels, strict=True):
        assert left >= own
        if left < read:
            assert left >= lowest
            assert (read, left) in permitted
        elif read > own:
            assert not any((read, to) in permitted for to in Classification if max(own, lowest) <= to < read)


def test_without_a_policy_that_permits_no_label_falls() -> None:
    assert sent((), card(open=PUBLIC)) == tuple(Classification)
    assert sent((Clearance(),), card(open=PUBLIC)) == tuple(Classification)
    assert sent((Says(lambda _: True),), AgentCard(id="silent")) == tuple(Classification)


def test_every_policy_with_a_say_must_agree() -> None:
    yes, no = Says(lambda _: True), Says(lambda _: False)
    assert sent((yes,), card(open=PUBLIC)) == (PUBLIC,) * 4
    assert sent((yes, no), card(open=PUBLIC)) == tuple(Classification)


@pytest.mark.parametrize("says", [lambda _: 1 / 0, lambda _: "yes", lambda _: None])
def test_a_policy_that_raises_or_answers_no_boolean_does_not_permit(says) -> None:
    assert sent((Says(says),), card(open=PUBLIC)) == tuple(Classification)


# --- the policy ---


def policy(*permits: dict[str, Any], unlisted: str = "closed") -> Declassification:
    given_permits = [{"because": "totals name nobody", **permit} for permit in permits]
    return Declassification(DeclassificationSettings.model_validate({"permits": given_permits, "unlisted": unlisted}))


def test_a_permission_is_for_one_agent_one_topic_and_one_range() -> None:
    permit = {"agent": "summing", "topic": "fall.open", "from": "confidential", "to": "internal"}

    assert sent((policy(permit),), card(open=PUBLIC)) == (PUBLIC, INTERNAL, INTERNAL, RESTRICTED)
    assert sent((policy(permit | {"agent": "other"}),), card(open=PUBLIC)) == tuple(Classification)
    assert sent((policy(permit | {"topic": "fall.inner"}),), card(open=PUBLIC)) == tuple(Classification)
    assert sent((policy(permit | {"topic": "fall.*"}),), card(open=PUBLIC))[CONFIDENTIAL] is INTERNAL


def test_a_permission_may_hold_in_some_environments_only() -> None:
    permit = {"agent": "summing", "topic": "*", "from": "restricted", "to": "public", "environments": ["staging"]}
    of = policy(permit)

    assert labels_sent((of,), card(open=PUBLIC), Open, Environment("staging"))[RESTRICTED] is PUBLIC
    assert labels_sent((of,), card(open=PUBLIC), Open, Environment("production"))[RESTRICTED] is RESTRICTED


def test_falls_that_no_permission_names_may_be_left_to_the_card() -> None:
    permit = {"agent": "summing", "topic": "fall.open", "from": "confidential", "to": "internal"}
    assert sent((policy(unlisted="card"),), card(open=PUBLIC)) == (PUBLIC,) * 4
    # An agent and topic that are listed go by the list alone.
    assert sent((policy(permit, unlisted="card"),), card(open=PUBLIC))[RESTRICTED] is RESTRICTED


@pytest.mark.parametrize(
    ("permit", "why"),
    [
        ({"agent": "a", "topic": "*", "from": "internal", "to": "internal"}, "does not lower a label"),
        ({"agent": "a", "topic": "*", "from": "secret", "to": "internal"}, "not a classification"),
        ({"agent": "a", "topic": "Fall", "to": "internal"}, "valid topic"),
        ({"agent": "a", "topic": "*", "to": "internal", "because": "so"}, "at least 10"),
        ({"agent": "a", "topic": "*", "to": "internal", "environments": ["prod"]}, "staging"),
        ({"agent": "a", "topic": "*", "to": "internal", "form": "restricted"}, "Extra inputs"),
    ],
)
def test_a_permission_that_says_nothing_sensible_is_refused(permit, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        policy(permit)


# --- on the bus ---


class Acts:
    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    def record(self, entry: AuditRecord) -> None:
        self.records.append(entry)


@agent("vault", clearance="restricted")
async def vault(question: Question) -> Secret:
    return Secret()


@agent("summing", clearance="restricted", declassifies={Open: "public"})
async def summing(secret: Secret) -> Open:
    return Open()


ASKING = Caller(clearance=INTERNAL)


@pytest.mark.anyio
async def test_what_is_declassified_is_in_the_audit_with_both_labels_and_no_journal_is_needed() -> None:
    acts = Acts()
    permit = {"agent": "summing", "topic": "fall.open", "from": "restricted", "to": "internal"}
    async with running(vault, summing, policies=PolicySet((Clearance(), policy(permit))), audit=acts) as runtime:
        assert await runtime.ask(Question(), Open, caller=ASKING) == Open()
    [record] = [record for record in acts.records if record.kind == "declassified"]
    assert record.subject == "fall.open of summing"
    assert record.detail == {"from": "restricted", "to": "internal"}
    assert record.message_id is not None


@pytest.mark.anyio
async def test_without_permission_the_label_stays_and_clearance_denies_by_it() -> None:
    acts = Acts()
    async with running(vault, summing, policies=PolicySet((Clearance(), policy())), audit=acts) as runtime:
        with pytest.raises(RunStalled, match="fall.open is restricted"):
            await runtime.ask(Question(), Open, caller=ASKING)
    assert not [record for record in acts.records if record.kind == "declassified"]


@pytest.mark.anyio
async def test_a_new_policy_set_is_asked_anew() -> None:
    permit = {"agent": "summing", "topic": "*", "from": "restricted", "to": "public"}
    async with running(vault, summing, policies=PolicySet((Clearance(), policy(permit)))) as runtime:
        assert await runtime.ask(Question(), Open, caller=ASKING) == Open()
        runtime.operations.replace_policies(PolicySet((Clearance(), policy())))
        with pytest.raises(RunStalled):
            await runtime.ask(Question(), Open, caller=ASKING)


@pytest.mark.anyio
async def test_the_floor_that_the_edge_set_does_not_fall() -> None:
    @agent("flooring", clearance="restricted", publishes=(Question,))
    async def flooring(answer: Answer, context: Context) -> None:
        await context.publish(Question(), headers=context.headers.narrowed(classification=CONFIDENTIAL))

    permit = {"agent": "summing", "topic": "*", "from": "restricted", "to": "public"}
    async with running(vault, summing, flooring, policies=PolicySet((Clearance(), policy(permit)))) as runtime:
        with pytest.raises(RunStalled, match="fall.open is confidential"):
            await runtime.ask(Answer(), Open, caller=ASKING)
