"""Votes on what a running bus holds: what runs, what does not, and what the audit says of it."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.approvals.request import State, digest
from genie.contracts.agent import agent
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.message import Message, Payload, unvalidated
from genie.errors import InputError, RunStalled
from genie.policy.policy import ALLOW, Deny, Hold, PolicySet, Redact
from tests.genie.policies_for_tests import (
    CARDS,
    Answer,
    Question,
    Rule,
    answerer,
    assert_at_rest,
    running,
    turns,
    verdict_for,
)

TREASURY = frozenset({"treasury"})
ANN = Caller(user="ann")


class Kept:
    """An audit that keeps its records."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    def record(self, entry: Any) -> None:
        self.records.append(entry)

    def kinds(self) -> list[str]:
        return [one.kind for one in self.records if one.kind != "verdict"]


def asking(quorum: int = 1, *roles: str, recipient: str = "answerer", kind: type[Payload] = Question, **options):
    return PolicySet((verdict_for(recipient, kind, Hold("ask", approvers=frozenset(roles), quorum=quorum, **options)),))


async def held_run(runtime, text: str = "q", **fields):
    run = runtime.start(Question(text=text, **fields), Answer, caller=ANN)
    await turns()
    return run, runtime.approvals.holds()[-1].id


@pytest.mark.anyio
async def test_two_people_of_the_role_approve_and_it_runs() -> None:
    audit = Kept()
    async with running(answerer, policies=asking(2, "treasury"), audit=audit) as runtime:
        run, hold = await held_run(runtime)
        assert runtime.approvals.approve(hold, by="ben", roles=TREASURY, reason="fine").state is State.PENDING
        await turns()
        assert len(runtime.approvals.holds()) == 1
        assert runtime.approvals.requests()[0].lacking() == ("rule@1+44136fa3: 1 more of treasury",)
        assert runtime.approvals.approve(hold, by="carla", roles=TREASURY, reason="fine too").state is State.APPROVED
        assert (await run.result()).text == "q"
        await run.settled()
        assert_at_rest(runtime)
    assert audit.kinds() == ["held", "voted", "approved"]
    last = audit.records[-1]
    assert (last.by, last.reason, last.subject) == ("carla", "fine too", hold)
    assert [one["by"] for one in last.detail["votes"]] == ["ben", "carla"]
    assert last.detail["payload_sha256"] == last.detail["votes"][0]["payload_sha256"]
    assert "policy_set" in last.detail


@pytest.mark.anyio
async def test_one_no_denies_and_says_who() -> None:
    audit = Kept()
    async with running(answerer, policies=asking(2), audit=audit) as runtime:
        run, hold = await held_run(runtime)
        runtime.approvals.approve(hold, by="ben", reason="fine")
        assert runtime.approvals.deny(hold, by="carla", reason="too much").state is State.DENIED
        with pytest.raises(RunStalled, match=r"denied\(denied by carla: too much\)"):
            await run.result()
        with pytest.raises(InputError, match="is not waiting .any more.: denied"):
            runtime.approvals.approve(hold, by="dan", reason="but")
        assert_at_rest(runtime)
    assert audit.kinds() == ["held", "voted", "refused"]


@pytest.mark.anyio
async def test_what_does_not_count_changes_nothing_and_is_in_the_audit() -> None:
    audit = Kept()
    async with running(answerer, policies=asking(1, "treasury"), audit=audit) as runtime:
        _, hold = await held_run(runtime)
        with pytest.raises(InputError, match="senders cannot decide on their own messages"):
            runtime.approvals.approve(hold, by="ann", roles=TREASURY, reason="mine")
        with pytest.raises(InputError, match="none of the roles"):
            runtime.approvals.approve(hold, by="ben", roles={"sales"}, reason="fine")
        with pytest.raises(InputError, match="reason"):
            runtime.approvals.approve(hold, by="ben", roles=TREASURY, reason=" ")
        await turns()
        assert [one.state for one in runtime.approvals.requests()] == [State.PENDING]
        runtime.approvals.deny(hold, by="ben", roles=TREASURY, reason="no")
    tries = [one for one in audit.records if one.kind == "voted"]
    assert [(one.by, one.detail["counted"]) for one in tries] == [("ann", False), ("ben", False)]


@pytest.mark.anyio
async def test_expired_is_not_denied() -> None:
    audit = Kept()
    async with running(answerer, policies=asking(2, expires_s=50), audit=audit) as runtime:
        run, hold = await held_run(runtime)
        runtime.approvals.approve(hold, by="ben", reason="fine")
        await anyio.sleep(60)
        with pytest.raises(RunStalled, match=r"expired\(hold\)"):
            await run.result()
        assert run.messages().expired == 1
        assert run.messages().denied == 0
        with pytest.raises(InputError, match="expired"):
            runtime.approvals.approve(hold, by="carla", reason="fine")
    assert audit.kinds() == ["held", "voted", "expired", "voted"][: len(audit.kinds())]
    assert next(one for one in audit.records if one.kind == "expired").detail["state"] == "expired"


@pytest.mark.anyio
async def test_an_approval_of_a_run_that_was_cancelled_approves_nothing() -> None:
    """D32: the handle of an approval outlived its workflow and still approved."""
    handled: list[str] = []

    @agent("guarded")
    async def guarded(question: Question) -> Answer:
        handled.append(question.text)
        return Answer()

    audit = Kept()
    async with running(guarded, policies=asking(1, recipient="guarded"), audit=audit) as runtime:
        run, hold = await held_run(runtime)
        run.cancel()
        await run.settled()
        with pytest.raises(InputError, match="cancelled"):
            runtime.approvals.approve(hold, by="ben", reason="late")
        assert handled == []
    assert audit.kinds()[:2] == ["held", "withdrawn"]


@pytest.mark.anyio
async def test_two_runs_at_the_same_step_are_decided_one_by_one() -> None:
    """D32: approvals were kept by the step's name, so that two runs met in one."""
    async with running(answerer, policies=asking(1)) as runtime:
        first, hold = await held_run(runtime, "first")
        second, other = await held_run(runtime, "second")
        assert hold != other
        runtime.approvals.approve(other, by="ben", reason="fine")
        assert (await second.result()).text == "second"
        assert [one.id for one in runtime.approvals.requests()] == [hold]
        runtime.approvals.deny(hold, by="ben", reason="no")
        with pytest.raises(RunStalled):
            await first.result()


@pytest.mark.anyio
async def test_the_holds_let_go_nothing_that_is_not_approved_whoever_calls_it() -> None:
    for state in (State.PENDING, State.DENIED, State.EXPIRED, State.CANCELLED):
        async with running(answerer, policies=asking(1)) as runtime:
            run, hold = await held_run(runtime)
            held = runtime._life.parts.holds.pop(hold)
            assert held is not None
            held.request = held.request.ended(state)
            runtime._life.parts.holds.release(held)
            with pytest.raises(RunStalled, match=f"is {state}, not approved"):
                await run.result()
            assert_at_rest(runtime)


@pytest.mark.anyio
async def test_release_is_no_way_round_named_approvers_or_the_sender() -> None:
    async with running(answerer, policies=asking(1, "treasury")) as runtime:
        _, hold = await held_run(runtime)
        with pytest.raises(InputError, match="1 more of treasury; use approve"):
            runtime.approvals.release(hold)
    async with running(answerer, policies=asking(2)) as runtime:
        _, hold = await held_run(runtime)
        with pytest.raises(InputError, match="2 more; use approve"):
            runtime.approvals.release(hold)
    async with running(answerer, policies=asking(1)) as runtime:
        run, hold = await held_run(runtime)
        with pytest.raises(InputError, match="senders cannot decide on their own messages"):
            runtime.approvals.release(hold, by="ann")
        runtime.approvals.release(hold, by="ben")
        await run.result()


@pytest.mark.anyio
async def test_no_agent_gains_an_approval_by_the_name_it_sends_under() -> None:
    """D25: an agent sent as somebody else, with roles it did not have. Nobody votes under the sender's id."""
    async with running(answerer, policies=asking(1, recipient="caller:ann", kind=Answer)) as runtime:
        _, hold = await held_run(runtime)
        assert runtime.approvals.requests()[0].sender == "answerer"
        with pytest.raises(InputError, match="sent it"):
            runtime.approvals.approve(hold, by="answerer", reason="mine")


@pytest.mark.anyio
async def test_a_vote_for_what_was_seen_before_an_edit_is_void() -> None:
    async with running(answerer, policies=asking(2)) as runtime:
        run, hold = await held_run(runtime)
        seen = runtime.approvals.requests()[0].seal
        runtime.approvals.approve(hold, by="ben", reason="fine")
        runtime.approvals.approve(hold, by="carla", reason="less", edit=Question(text="less"))
        with pytest.raises(InputError, match="another payload"):
            runtime.approvals.approve(hold, by="dan", reason="fine", seal=seen)
        assert runtime.approvals.requests()[0].votes == ()  # carla has written it, so her voice counts for none of it
        runtime.approvals.approve(hold, by="ben", reason="fine with less")
        runtime.approvals.approve(hold, by="dan", reason="fine with less")
        assert (await run.result()).text == "less"


@pytest.mark.anyio
@pytest.mark.parametrize("what", ["delivery", "answer"])
async def test_an_edit_is_a_new_payload_under_its_own_hash(what: str) -> None:
    recipient, kind = ("answerer", Question) if what == "delivery" else ("caller:ann", Answer)
    audit = Kept()
    async with running(answerer, policies=asking(1, recipient=recipient, kind=kind), audit=audit) as runtime:
        run, hold = await held_run(runtime, "too much")
        before = runtime.approvals.requests()[0]
        after = runtime.approvals.approve(hold, by="ben", reason="less", edit=kind(text="less"))
        assert after.state is State.PENDING
        assert runtime.approvals.approve(hold, by="carla", reason="fine").state is State.APPROVED
        assert (after.edits[0].by, after.edits[0].before) == ("ben", before.payload_sha256)
        assert after.edits[0].after == after.payload_sha256 != before.payload_sha256
        assert after.message_id != before.message_id
        assert (await run.result()).text == "less"
        await run.settled()
        assert_at_rest(runtime)
    record = audit.records[-1]
    assert record.kind == "approved"
    assert record.detail["edits"][0]["before"] == before.payload_sha256
    assert "less" not in repr([one.detail.get("edits") for one in audit.records])


@pytest.mark.anyio
async def test_an_edit_is_validated_and_judged_by_every_policy() -> None:
    def choose(route):
        if route.recipient.id != "answerer":
            return None

        def judge(message: Message[Any], _sender: AgentCard):
            number = message.payload.number
            if number > 100:
                return Deny("limit", "above 100")
            return Hold("ask", quorum=2) if number > 10 else Hold("ask")

        return judge

    policies = PolicySet((Rule(choose), CARDS))
    async with running(answerer, policies=policies) as runtime:
        run, hold = await held_run(runtime, number=5)
        with pytest.raises(InputError, match="is denied: rule: limit; the original is still held"):
            runtime.approvals.approve(hold, by="ben", reason="more", edit=Question(number=101))
        with pytest.raises(InputError, match=r"is t\.answer, not t\.question"):
            runtime.approvals.approve(hold, by="ben", reason="other", edit=Answer())
        with pytest.raises(InputError, match=r"not a valid t\.question: number should be a whole number"):
            runtime.approvals.approve(
                hold, by="ben", reason="x", edit=unvalidated(Question, {"text": "t", "number": "no"})
            )
        with pytest.raises(InputError, match="cannot decide"):
            runtime.approvals.approve(hold, by="ann", reason="x", edit=Question(number=4))
        assert runtime.approvals.requests()[0].edits == ()
        raised = runtime.approvals.approve(hold, by="ben", reason="more", edit=Question(number=50))
        assert raised.state is State.PENDING  # what it says now needs two people
        assert raised.lacking() == ("rule@1+44136fa3: 2 more",)
        runtime.approvals.approve(hold, by="carla", reason="fine")
        runtime.approvals.approve(hold, by="dan", reason="fine")
        assert (await run.result()).number == 50


@pytest.mark.anyio
async def test_an_edit_that_needs_no_approval_any_more_needs_what_the_original_did_and_is_masked_as_ever() -> None:
    seen: list[str] = []

    @agent("guarded")
    async def guarded(question: Question) -> Answer:
        seen.append(question.text)
        return Answer()

    def choose(route):
        if route.recipient.id != "guarded":
            return None
        return lambda message, _sender: Hold("ask", quorum=3) if message.payload.number else ALLOW

    async with running(guarded, policies=PolicySet((Rule(choose), CARDS))) as runtime:
        run, hold = await held_run(runtime, number=5)
        edit = Question(text="4111111111111111", number=0)
        assert runtime.approvals.approve(hold, by="ben", reason="harmless", edit=edit).state is State.PENDING
        for by in ("carla", "dan"):
            assert runtime.approvals.approve(hold, by=by, reason="harmless").state is State.PENDING
        assert runtime.approvals.approve(hold, by="eve", reason="harmless").state is State.APPROVED
        await run.result()
        assert seen == ["[card]"]
        assert_at_rest(runtime)


@pytest.mark.anyio
async def test_what_was_approved_of_the_payload_before_an_edit_is_asked_again() -> None:
    def rule(name: str):
        return verdict_for("answerer", Question, Hold("ask"), name=name)

    async with running(answerer, policies=PolicySet((rule("one"),))) as runtime:
        run, hold = await held_run(runtime)
        runtime.operations.replace_policies(PolicySet((rule("one"), rule("two"))))
        runtime.approvals.approve(hold, by="ben", reason="fine")  # `one` is satisfied, `two` holds anew
        await turns()
        [again] = runtime.approvals.requests()
        assert [need.policy for need in again.needs] == ["two@1+44136fa3"]
        edited = runtime.approvals.approve(again.id, by="ben", reason="other", edit=Question(text="edited"))
        assert [need.policy for need in edited.needs] == ["one@1+44136fa3", "two@1+44136fa3"]
        runtime.approvals.approve(again.id, by="carla", reason="fine")
        assert (await run.result()).text == "edited"


@pytest.mark.anyio
async def test_votes_are_counted_against_what_the_policies_ask_for_now() -> None:
    """The same version may want more people since a reload; an approval for one does not do then."""
    async with running(answerer, policies=asking(1)) as runtime:
        run, hold = await held_run(runtime)
        runtime.operations.replace_policies(asking(2))
        assert runtime.approvals.approve(hold, by="ben", reason="fine").state is State.PENDING
        assert runtime.approvals.approve(hold, by="carla", reason="fine").state is State.APPROVED
        await run.result()


@pytest.mark.anyio
async def test_redactions_still_apply_after_an_approval() -> None:
    seen: list[str] = []

    @agent("guarded")
    async def guarded(question: Question) -> Answer:
        seen.append(question.text)
        return Answer()

    redact = verdict_for("guarded", Question, Redact(frozenset({("text",)})), name="redactor")
    async with running(guarded, policies=PolicySet((*asking(1, recipient="guarded").policies, redact))) as runtime:
        run, hold = await held_run(runtime, "secret")
        runtime.approvals.approve(hold, by="ben", reason="fine")
        await run.result()
        assert seen == ["[masked]"]


@pytest.mark.anyio
async def test_a_payload_of_any_size_of_number_is_held_and_none_that_cannot_be_sealed() -> None:
    """An integer that Python writes no decimals of, and a value whose text fails: the account stays right."""
    assert digest(Question(number=10**6_000)) != digest(Question(number=10**6_000 + 1))

    @agent("odd")
    async def odd(question: Question) -> Answer:
        return unvalidated(Answer, {"text": "x", "number": _Unprintable()})

    for recipient, kind in (("odd", Question), ("caller:ann", Answer)):
        async with running(odd, policies=asking(1, recipient=recipient, kind=kind)) as runtime:
            broken = unvalidated(Question, {"text": "x", "number": _Unprintable()})
            run = runtime.start(broken, Answer, caller=ANN)
            with pytest.raises(RunStalled, match="not match the declaration of its class"):
                await run.result()
            assert_at_rest(runtime)


class _Unprintable(int):
    def __le__(self, other: object) -> bool:
        raise ValueError("no")

    __ge__ = __le__


@pytest.mark.anyio
async def test_the_audit_of_an_approval_holds_no_payload_text() -> None:
    audit = Kept()
    async with running(answerer, policies=asking(2), audit=audit) as runtime:
        _, hold = await held_run(runtime, "text-of-the-payload")
        runtime.approvals.approve(hold, by="ben", reason="fine")
        runtime.approvals.approve(hold, by="carla", reason="other", edit=Question(text="text-of-the-edit"))
        runtime.approvals.deny(hold, by="dan", reason="no")
    assert audit.kinds() == ["held", "voted", "voted", "refused"]
    assert "text-of-the" not in repr(audit.records)


# --- what an approver sees ---


class Confidential(Payload, topic="ballot.confidential", classification="confidential"):
    text: str


@agent("clerk", clearance="restricted")
async def clerk(payload: Confidential) -> Answer:
    return Answer()


@pytest.mark.anyio
async def test_an_approver_sees_no_more_than_the_clearance_allows() -> None:
    """D24: what left for people was judged by nobody. An approver's view is masked like a delivery."""
    hold = verdict_for("clerk", Confidential, Hold("ask"))
    everyone = Rule(lambda route: lambda message, _sender: Hold("ask"), name="everyone")
    for policies in (PolicySet((hold, CARDS)), PolicySet((hold,)), PolicySet((everyone, CARDS))):
        async with running(clerk, policies=policies) as runtime:
            runtime.start(Confidential(text="card 4111111111111111"), Answer, caller=ANN)
            await turns()
            held = runtime.approvals.holds()[0]
            seen = runtime.approvals.view(held.id)
            assert seen.payload is not None
            if CARDS in policies.policies:
                assert seen.payload.text == "card [card]"
                assert seen.masked == frozenset({("text",)})
                assert runtime.approvals.view(held.id, Classification.RESTRICTED).payload == held.message.payload
            withheld = runtime.approvals.view(held.id, Classification.INTERNAL)
            assert withheld.payload is None
            assert "confidential" in (withheld.withheld or "")
            runtime.approvals.deny(held.id, by="ben", reason="done")


# --- the law ---


STEP = st.tuples(
    st.sampled_from(["approve", "deny", "edit", "stale", "wait"]),
    st.sampled_from(["ann", "ben", "carla", "dan"]),
    st.frozensets(st.sampled_from(["treasury", "risk"])),
)


@given(st.integers(1, 3), st.frozensets(st.sampled_from(["treasury", "risk"])), st.lists(STEP, max_size=8))
def test_nothing_runs_that_is_not_exactly_approved(quorum: int, roles: frozenset[str], steps) -> None:
    """Law: the handler has run exactly when the last state is approved, and then with what was approved."""

    async def story() -> None:
        handled: list[str] = []

        @agent("guarded")
        async def guarded(question: Question) -> Answer:
            handled.append(question.text)
            return Answer()

        async with running(guarded, policies=asking(quorum, *roles, recipient="guarded", expires_s=1e9)) as runtime:
            run = runtime.start(Question(text="0"), Answer, caller=ANN)
            await turns(20)
            [request] = runtime.approvals.requests()
            first, text = request.seal, "0"
            for number, (step, by, held) in enumerate(steps, 1):
                before = text
                try:
                    if step == "approve":
                        runtime.approvals.approve(request.id, by=by, roles=held, reason="r")
                    elif step == "deny":
                        runtime.approvals.deny(request.id, by=by, roles=held, reason="r")
                    elif step == "edit":
                        text = str(number)
                        runtime.approvals.approve(request.id, by=by, roles=held, reason="r", edit=Question(text=text))
                    elif step == "stale":
                        runtime.approvals.approve(request.id, by=by, roles=held, reason="r", seal=first)
                except InputError:
                    text = before
                await turns(20)
            ended = [one for one in runtime._life.parts.holds.ended if one.id == request.id]
            last = ended[-1] if ended else runtime.approvals.requests()[0]
            approvers = {vote.by for vote in last.votes if vote.approve}
            if last.state is State.APPROVED:
                assert handled == [text]
                assert len(approvers) >= quorum
                assert "ann" not in approvers
            else:
                assert handled == []
            run.cancel()
            await run.settled()

    anyio.run(story)
