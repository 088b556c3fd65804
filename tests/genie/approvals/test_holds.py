"""What waits for a person: parking, deciding, expiring, and what that does to runs and gathers."""

from __future__ import annotations

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.gather import Each, Gathered
from genie.contracts.limits import Retry, RunLimits
from genie.contracts.message import Payload
from genie.errors import InputError, RunCancelledError, RunExpiredError, RunHeld, RunStalled
from genie.policy.policy import ALLOW, Deny, Hold, PolicySet, Redact
from tests.genie.policies_for_tests import (
    CONSENT,
    Answer,
    Gate,
    Note,
    Opinion,
    Question,
    Rule,
    answerer,
    asking,
    assert_at_rest,
    denying,
    gated,
    holding,
    running,
    turns,
    verdict_for,
)

pytestmark = pytest.mark.anyio


async def test_a_held_delivery_is_released_and_handled() -> None:
    async with running(answerer, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Question(text="q"), Answer)
        await turns()
        [held] = runtime.approvals.holds()
        assert (held.recipient, held.reason) == ("answerer", "rule: ask a person")
        assert run.messages().in_flight == 1
        runtime.approvals.release(held.id)
        assert (await run.result()).text == "q"
        await run.settled()
        assert runtime.approvals.holds() == ()
        with pytest.raises(InputError, match="is not waiting"):
            runtime.approvals.release(held.id)
        with pytest.raises(InputError, match="is not waiting"):
            runtime.approvals.refuse(held.id)
        assert_at_rest(runtime)


async def test_a_delivery_that_is_released_to_a_paused_agent_is_denied_and_never_handled() -> None:
    handled: list[Question] = []

    @agent("clerk")
    async def clerk(question: Question) -> Answer:
        handled.append(question)
        return Answer()

    async with running(clerk, policies=holding("clerk", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()
        runtime.operations.pause("clerk")
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        with pytest.raises(RunStalled, match=r"clerk: denied\(paused"):
            await run.result()
        runtime.operations.resume("clerk")
        await turns()
        assert handled == []
        assert_at_rest(runtime)


async def test_a_held_delivery_is_refused_and_denied() -> None:
    async with running(answerer, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()
        runtime.approvals.refuse(runtime.approvals.holds()[0].id, reason="not today")
        with pytest.raises(RunStalled, match=r"answerer: denied\(not today\)"):
            await run.result()
        assert run.messages().denied == 1
        assert_at_rest(runtime)


@pytest.mark.parametrize("where", ["policy", "limits"])
async def test_a_hold_has_its_own_expiry(where: str) -> None:
    policies = holding("answerer", Question, 50 if where == "policy" else None)
    limits = RunLimits(hold_s=50 if where == "limits" else 5_000)
    async with running(answerer, policies=policies, limits=limits) as runtime:
        started = anyio.current_time()
        run = runtime.start(Question(), Answer)
        await run.settled()  # everything left waits for a person
        with pytest.raises(RunHeld):
            await run.result()
        await anyio.sleep(60)
        with pytest.raises(RunStalled, match=r"answerer: expired\(hold\)"):
            await run.result()
        assert run.messages().expired == 1
        assert anyio.current_time() == pytest.approx(started + 60)
        assert_at_rest(runtime)


async def test_a_held_answer_is_released_refused_or_expires() -> None:
    for decide, outcome in (("release", None), ("refuse", "denied"), ("wait", "expired")):
        async with running(answerer, policies=holding("caller:local", Answer, 50)) as runtime:
            run = runtime.start(Question(text="q"), Answer)
            with pytest.raises(RunHeld) as caught:
                await run.result()
            [held] = runtime.approvals.holds()
            assert caught.value.holds == (held.id,)
            if decide == "release":
                runtime.approvals.release(held.id)
                assert (await run.result()).text == "q"
            else:
                if decide == "refuse":
                    runtime.approvals.refuse(held.id)
                else:
                    await anyio.sleep(60)
                with pytest.raises(RunStalled, match=f"{outcome}"):
                    await run.result()
            await run.settled()
            assert run.messages().balanced
            assert run.messages().accepted == 2
            assert_at_rest(runtime)


async def test_ask_raises_run_held_and_the_run_stays_open() -> None:
    seen: list[Question] = []

    @agent("guarded")
    async def guarded(question: Question) -> Answer:
        seen.append(question)
        return Answer()

    async with running(guarded, policies=holding("guarded", Question)) as runtime:
        with pytest.raises(RunHeld) as caught:
            await runtime.ask(Question(), Answer)
        assert runtime.statistics().runs == 1
        runtime.approvals.release(caught.value.holds[0])
        await turns()
        assert len(seen) == 1
        assert_at_rest(runtime)


async def test_run_held_is_raised_only_once_nothing_else_is_left_in_flight() -> None:
    """In flight = held + handlers waiting for them."""
    gate, got = Gate(), []
    desk = asking(Question(), Each(Answer), into=got)
    async with running(gated(gate), answerer, desk, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Note(), Opinion)
        with anyio.move_on_after(1):
            await run.result()
            raise AssertionError("it has to wait while `slow` works")
        gate.open.set()
        with pytest.raises(RunHeld):
            await run.result()  # `desk` waits for what is held
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        await run.result()  # may be awaited again
        assert sorted(got[0][Each(Answer)]) == ["answerer", "slow"]
        await run.settled()
        assert_at_rest(runtime)


async def test_the_deadline_of_a_run_moves_by_the_time_held() -> None:
    """Held from 10 to 70 of a run of 100 seconds: it ends at 160, not at 100."""
    gate = Gate()

    @agent("later", publishes=(Question,))
    async def later(note: Note, context: Context) -> None:
        context.after(10, Question())

    async with running(later, gated(gate), policies=holding("slow", Question, 5_000)) as runtime:
        started = anyio.current_time()
        run = runtime.start(Note(), Answer, deadline_s=100)
        await anyio.sleep(70)
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        with pytest.raises(RunExpiredError):
            await run.result()
        assert anyio.current_time() == pytest.approx(started + 160)
        await run.settled()
        assert_at_rest(runtime)


async def test_a_run_does_not_expire_while_it_holds_something() -> None:
    async with running(answerer, policies=holding("answerer", Question, 5_000)) as runtime:
        run = runtime.start(Question(text="q"), Answer, deadline_s=100)
        await anyio.sleep(1_000)
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        assert (await run.result()).text == "q"


async def test_a_hold_inside_a_gather_with_within_s_is_a_missing_part_held_id() -> None:
    """`within_s` does not move: then the part is missing as `held(id)` and its answer after release is late."""
    got: list[Gathered] = []
    desk = asking(Question(), Each(Answer), into=got, within_s=5)
    gate = Gate()
    gate.open.set()
    async with running(answerer, gated(gate), desk, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Note(), Opinion)
        await anyio.sleep(10)
        [held] = runtime.approvals.holds()
        assert got[0].missing["answerer"].reason == f"held({held.id})"
        assert await run.result() == Opinion()
        runtime.approvals.release(held.id)
        await run.settled()
        assert run.messages().late == 1
        assert_at_rest(runtime)


async def test_a_hold_deeper_down_names_the_part_of_the_outer_gather_too() -> None:
    got: list[Gathered] = []

    @agent("middle", asks={Question: Answer})
    async def middle(opinion: Opinion, context: Context) -> Answer:
        return await context.ask(Question(), Answer)

    @agent("desk", asks={Opinion: Answer})
    async def desk(note: Note, context: Context) -> Answer:
        got.append(await context.gather(Opinion(), expect=Each(Answer), within_s=5))
        return Answer()

    async with running(answerer, middle, desk, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Note(), Answer)
        await anyio.sleep(10)
        [held] = runtime.approvals.holds()
        assert got[0].missing["middle"].reason == f"held({held.id})"
        runtime.approvals.refuse(held.id)
        await run.settled()
        assert_at_rest(runtime)


async def test_a_held_fallback_names_the_part_it_stands_in_for() -> None:
    got: list[Gathered] = []

    @agent("first", fallback="second")
    async def first(question: Question) -> Answer:
        raise ValueError

    @agent("second")
    async def second(question: Question) -> Answer:
        return Answer()

    desk = asking(Question(), Each(Answer), into=got, within_s=5)
    async with running(first, second, desk, policies=holding("second", Question)) as runtime:
        run = runtime.start(Note(), Opinion)
        await anyio.sleep(10)
        ids = {held.id for held in runtime.approvals.holds()}
        assert len(ids) == 1
        assert {f"held({held})" for held in ids} == {str(part) for part in got[0].missing.values()}
        assert set(got[0].missing) == {"first"}  # by the name of the part, not of the stand-by
        run.cancel()
        await run.settled()
        assert_at_rest(runtime)


async def test_what_was_released_and_is_slow_is_late_not_held() -> None:
    got: list[Gathered] = []
    gate = Gate()
    desk = asking(Question(), Answer, into=got, within_s=5)
    async with running(gated(gate), desk, policies=holding("slow", Question)) as runtime:
        run = runtime.start(Note(), Opinion)
        await turns()
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        await run.result()
        assert [part.reason for part in got[0].missing.values()] == ["late"]


async def test_an_approval_satisfies_the_hold_it_names_and_every_other_verdict_is_made_anew() -> None:
    seen: list[str] = []

    @agent("guarded")
    async def guarded(question: Question) -> Answer:
        seen.append(question.text)
        return Answer()

    hold = verdict_for("guarded", Question, Hold("ask"), name="holder")
    redact = verdict_for("guarded", Question, Redact(frozenset({("text",)})), name="redactor")
    deny = verdict_for("guarded", Question, Deny("no", "no"), name="denier")
    async with running(guarded, policies=PolicySet((hold, redact))) as runtime:
        run = runtime.start(Question(text="secret"), Answer)
        await turns()
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        await run.result()
        assert seen == ["[masked]"]  # redactions still apply
        run = runtime.start(Question(text="secret"), Answer)
        await turns()
        runtime.operations.replace_policies(PolicySet((hold, redact, deny)))
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        with pytest.raises(RunStalled, match="denier: no"):
            await run.result()


@pytest.mark.parametrize("what", ["delivery", "answer"])
async def test_only_a_new_version_of_that_policy_holds_anew(what: str) -> None:
    recipient, kind = ("answerer", Question) if what == "delivery" else ("caller:local", Answer)

    def rule(name: str, version: str):
        return verdict_for(recipient, kind, Hold("ask"), name=name, version=version)

    async with running(answerer, policies=PolicySet((rule("one", "1"),))) as runtime:
        run = runtime.start(Question(text="q"), Answer)
        await turns()
        runtime.operations.replace_policies(PolicySet((rule("one", "1"), rule("two", "1"))))
        runtime.approvals.release(runtime.approvals.holds()[0].id)  # `one` is approved, `two` holds anew
        await turns()
        [held] = runtime.approvals.holds()
        assert held.decision.holds == frozenset({"two@1+44136fa3"})
        runtime.approvals.release(held.id)  # and `one` does not ask again
        assert (await run.result()).text == "q"
        run = runtime.start(Question(text="q"), Answer)
        await turns()
        runtime.operations.replace_policies(PolicySet((rule("one", "2"),)))
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        await turns()
        [held] = runtime.approvals.holds()
        assert held.decision.holds == frozenset({"one@2+44136fa3"})
        runtime.approvals.release(held.id)
        await run.result()
        await run.settled()
        assert_at_rest(runtime)


async def test_a_held_delivery_gives_up_its_place() -> None:
    """Row `order`: what comes after it is handled meanwhile."""
    seen: list[int] = []

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note.number)

    def choose(route):
        if route.recipient.id != "reader":
            return None
        return lambda message, _sender: Hold("first") if message.payload.number == 0 else ALLOW

    async with running(reader, policies=PolicySet((Rule(choose),))) as runtime:
        for number in range(3):
            await runtime.publish(Note(number=number))
        await turns()
        assert seen == [1, 2]
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        await turns()
        assert seen == [1, 2, 0]
        assert_at_rest(runtime)


async def test_cancelling_a_run_ends_what_it_holds() -> None:
    async with running(answerer, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()
        run.cancel()
        with pytest.raises(RunCancelledError):
            await run.result()
        assert runtime.approvals.holds() == ()
        assert run.messages().cancelled == 1
        assert_at_rest(runtime)


# --- verdicts that age ---


async def test_verdicts_that_age_queued_mail_is_judged_again_after_a_reload() -> None:
    """Reload raises the epoch: a denial, a redaction and its end reach mail that is queued."""
    gate, seen = Gate(), []

    @agent("slow")
    async def slow(question: Question) -> Answer:
        if question.number == 0:
            await gate.wait()
        seen.append((question.number, question.text))
        return Answer()

    def choose(route):
        if route.recipient.id != "slow":
            return None
        verdicts = {1: Deny("no", "rule: no"), 2: Redact(frozenset({("text",)})), 3: Hold("ask")}
        return lambda message, _sender: verdicts.get(message.payload.number, ALLOW)

    async with running(slow) as runtime:
        runs = [runtime.start(Question(number=number, text="t"), Answer) for number in range(5)]
        await gate.reached.wait()
        epoch = runtime.statistics().epoch
        runtime.operations.replace_policies(PolicySet((Rule(choose),)))
        assert runtime.statistics().epoch == epoch + 1
        gate.open.set()
        with pytest.raises(RunStalled, match="rule: no"):
            await runs[1].result()
        await runs[4].result()
        assert seen == [(0, "t"), (2, "[masked]"), (4, "t")]
        assert [held.recipient for held in runtime.approvals.holds()] == ["slow"]
        runtime.approvals.refuse(runtime.approvals.holds()[0].id)
        await runtime.drain(10)
        assert_at_rest(runtime)


async def test_verdicts_that_age_redactions_are_recomputed_and_counted_once() -> None:
    gate, seen = Gate(), []

    @agent("slow")
    async def slow(note: Note) -> None:
        if note.number == 0:
            await gate.wait()
        seen.append(note.text)

    redact = PolicySet((verdict_for("slow", Note, Redact(frozenset({("text",)}))),))
    async with running(slow, policies=redact) as runtime:
        await runtime.publish(Note(number=0, text="a"))
        await gate.reached.wait()
        run = runtime.start(Note(number=1, text="b"), Answer)
        again = runtime.start(Note(number=2, text="c"), Answer)
        runtime.operations.replace_policies(
            PolicySet((verdict_for("slow", Note, Redact(frozenset({("text",)})), version="2"),))
        )
        gate.open.set()
        await run.settled()
        await again.settled()
        assert seen == ["[masked]"] * 3
        assert run.messages().redacted == 1
        assert runtime.statistics().agents["slow"].redacted == 3
        gate.open = anyio.Event()
        gate.reached = anyio.Event()
        await runtime.publish(Note(number=0, text="d"))
        await gate.reached.wait()
        run = runtime.start(Note(number=1, text="e"), Answer)
        runtime.operations.replace_policies(PolicySet())
        gate.open.set()
        await run.settled()
        assert seen[3:] == ["[masked]", "e"]  # the first was masked when it was taken out
        assert run.messages().redacted == 0


async def test_verdicts_that_age_a_retry_is_judged_again() -> None:
    seen: list[str] = []

    @agent("flaky", retry=Retry(attempts=3, first_s=10, longest_s=10))
    async def flaky(question: Question) -> Answer:
        seen.append(question.text)
        raise ValueError

    async with running(flaky) as runtime:
        run = runtime.start(Question(text="t"), Answer)
        await turns()
        runtime.operations.replace_policies(denying("flaky", Question))
        with pytest.raises(RunStalled, match="flaky: denied"):
            await run.result()
        assert seen == ["t"]
        assert_at_rest(runtime)


async def test_verdicts_that_age_revocation_reaches_queued_running_timed_and_held_mail() -> None:
    """`revoke(consent)`: headers lose it, in new messages and in those on their way."""
    gate, seen, headers = Gate(), [], []

    @agent("running", publishes=(Note,))
    async def runs(question: Question, context: Context) -> Note:
        context.after(100, Note(text="timed"))
        await gate.wait()
        headers.append(context.headers.consent)
        await context.publish(Note(text="published"))
        return Note(text="returned")

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note.text)

    caller = Caller(consent=frozenset({"share", "other"}))
    async with running(runs, reader, policies=PolicySet((CONSENT,))) as runtime:
        await runtime.publish(Note(text="before"), caller=caller)
        await turns()
        runtime.start(Question(), Answer, caller=caller)
        await gate.reached.wait()
        runtime.operations.pause("reader")
        runtime.operations.resume("reader")
        runtime.operations.revoke("share")
        gate.open.set()
        await anyio.sleep(200)
        assert seen == ["before"]
        assert headers == [frozenset({"other"})]
        assert runtime.statistics().agents["reader"].denied == 3
        await runtime.publish(Note(text="new"), caller=caller)
        await turns()
        assert seen == ["before"]
        assert_at_rest(runtime)


async def test_verdicts_that_age_revocation_reaches_queued_mail() -> None:
    gate, seen = Gate(), []

    @agent("reader")
    async def reader(note: Note) -> None:
        if note.number == 0:
            await gate.wait()
        seen.append(note.number)

    caller = Caller(consent=frozenset({"share"}))
    async with running(reader, policies=PolicySet((CONSENT,))) as runtime:
        for number in range(3):
            await runtime.publish(Note(number=number), caller=caller)
        await gate.reached.wait()
        runtime.operations.revoke("share")
        gate.open.set()
        await turns()
        assert seen == [0]
        assert runtime.statistics().agents["reader"].denied == 2
        assert_at_rest(runtime)


async def test_verdicts_that_age_revocation_reaches_held_answers() -> None:
    class Needs(Payload, topic="t.needs"):
        pass

    @agent("giver")
    async def giver(question: Question) -> Note:
        return Note(text="private")

    hold = verdict_for("caller:local", Note, Hold("ask"), name="holder")
    caller = Caller(consent=frozenset({"share"}))
    async with running(giver, policies=PolicySet((CONSENT, hold))) as runtime:
        run = runtime.start(Question(), Note, caller=caller)
        await turns()
        runtime.operations.revoke("share")
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        with pytest.raises(RunStalled, match="consent: consent"):
            await run.result()
        await run.settled()
        assert_at_rest(runtime)
