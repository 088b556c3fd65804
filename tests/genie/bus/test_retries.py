"""Who may run, and what follows a failure: retries, fallbacks, quarantine, dead letters."""

from __future__ import annotations

import itertools

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.limits import RestartBudget, Retry
from genie.errors import InputError, RunCancelledError, RunStalled, RuntimeDrainingError
from genie.policy.policy import Hold, PolicySet, Redact
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Question,
    answerer,
    assert_at_rest,
    denying,
    gated,
    holding,
    running,
    turns,
    verdict_for,
)

pytestmark = pytest.mark.anyio


@agent("breaker")
async def breaker(question: Question) -> Answer:
    raise ValueError


def standing_in(id: str, **options):
    @agent(id, **options)
    async def stand_in(question: Question) -> Answer:
        return Answer(text=id)

    return stand_in


def failing(id: str, **options):
    @agent(id, **options)
    async def fails(question: Question) -> Answer:
        raise ValueError

    return fails


# --- not admitted ---


@pytest.mark.parametrize("how", ["paused", "killed", "removed"])
async def test_not_admitted_denies_at_once_mail_already_queued_included(how: str) -> None:
    gate = Gate()
    async with running(gated(gate)) as runtime:
        first = runtime.start(Question(), Answer)
        await gate.reached.wait()
        queued = runtime.start(Question(), Answer)
        await turns()
        if how == "removed":
            await runtime.remove("slow")
        else:
            getattr(runtime.operations, {"paused": "pause", "killed": "kill"}[how])("slow")
        with pytest.raises(RunStalled, match=rf"slow: denied\({how}\)"):
            await queued.result()
        if how == "paused":  # what runs goes on
            gate.open.set()
            await first.result()
            with pytest.raises(RunStalled, match=r"slow: denied\(paused\)"):
                await runtime.ask(Question(), Answer)
            runtime.operations.resume("slow")
            assert (await runtime.ask(Question(), Answer)).text == "slow"
        else:
            with pytest.raises(RunStalled, match=rf"slow: cancelled\({how}\)"):
                await first.result()
            await turns()
            assert gate.cancelled == 1
        await runtime.drain(10)
        assert_at_rest(runtime)


@pytest.mark.parametrize("how", ["paused", "killed", "removed", "quarantined"])
async def test_not_admitted_its_fallback_takes_over_if_it_has_one(how: str) -> None:
    gate = Gate()

    @agent("first", fallback="second", restarts=RestartBudget(failures=1))
    async def first(question: Question) -> Answer:
        await gate.wait()
        raise ValueError

    # the fallback takes part of its own accord too, so the asker sends to the first alone
    async with running(first, standing_in("second")) as runtime:
        running_one = runtime.start(Question(), Answer, to="first")
        await gate.reached.wait()
        queued = [runtime.start(Question(), Answer, to="first") for _ in range(3)]
        await turns()
        match how:
            case "removed":
                await runtime.remove("first")
            case "quarantined":
                gate.open.set()
            case _:
                getattr(runtime.operations, {"paused": "pause", "killed": "kill"}[how])("first")
                gate.open.set()
        for run in queued:
            assert (await run.result()).text == "second"
        await running_one.settled()
        await runtime.drain(10)
        assert_at_rest(runtime)


async def test_not_admitted_a_retrying_delivery_of_a_paused_agent_is_denied_at_once() -> None:
    async with running(failing("flaky", retry=Retry(attempts=2, first_s=1_000, longest_s=1_000))) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()
        assert runtime.statistics().agents["flaky"].retrying == 1
        started = anyio.current_time()
        runtime.operations.pause("flaky")
        with pytest.raises(RunStalled, match=r"flaky: denied\(paused\)"):
            await run.result()
        assert anyio.current_time() == started
        assert_at_rest(runtime)


async def test_not_admitted_a_held_delivery_of_a_paused_agent_is_denied_on_release() -> None:
    async with running(answerer, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()
        runtime.operations.pause("answerer")
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        with pytest.raises(RunStalled, match=r"answerer: denied\(paused\)"):
            await run.result()
        assert_at_rest(runtime)


async def test_not_admitted_an_agent_out_of_restarts_is_quarantined() -> None:
    """`out of restarts`: more failures within the window than its budget."""
    fail = True

    @agent("fragile", restarts=RestartBudget(failures=2, within_s=60))
    async def fragile(question: Question) -> Answer:
        if fail:
            raise ValueError
        return Answer()

    async with running(fragile) as runtime:
        for _ in range(3):
            with pytest.raises(RunStalled, match="ValueError"):
                await runtime.ask(Question(), Answer)
            await turns()
        with pytest.raises(RunStalled, match=r"denied.*quarantined: more than 2 failures within 60 s"):
            await runtime.ask(Question(), Answer)
        assert "quarantined" in (runtime.statistics().agents["fragile"].suspended or "")
        fail = False
        runtime.operations.resume("fragile")
        assert await runtime.ask(Question(), Answer) == Answer()


async def test_not_admitted_failures_outside_the_window_do_not_count() -> None:
    async with running(failing("fragile", restarts=RestartBudget(failures=2, within_s=60))) as runtime:
        for _ in range(10):
            with pytest.raises(RunStalled, match="ValueError"):
                await runtime.ask(Question(), Answer)
            await anyio.sleep(31)


async def test_not_admitted_running_handlers_of_a_killed_agent_end_cancelled_killed() -> None:
    gate = Gate()
    async with running(gated(gate, retry=Retry(attempts=3), fallback="second"), standing_in("second")) as runtime:
        run = runtime.start(Question(), Answer, to="slow")
        await gate.reached.wait()
        runtime.operations.kill("slow")
        with pytest.raises(RunStalled, match=r"slow: cancelled\(killed\)"):
            await run.result()


async def test_kill_a_tenant_ends_its_runs_and_admits_no_more() -> None:
    gate = Gate()
    gates = gated(gate)
    async with running(gates) as runtime:
        mine = runtime.start(Question(), Answer, caller=Caller(tenant="mine"))
        other = runtime.start(Question(), Answer, caller=Caller(tenant="other"))
        await gate.reached.wait()
        runtime.operations.kill(tenant="mine")
        with pytest.raises(RunCancelledError, match="killed"):
            await mine.result()
        with pytest.raises(RunStalled, match="tenant 'mine' is killed"):
            await runtime.ask(Question(), Answer, caller=Caller(tenant="mine"))
        gate.open.set()
        assert (await other.result()).text == "slow"  # others feel nothing
        with pytest.raises(TypeError):
            runtime.operations.kill()
        await runtime.drain(10)
        assert_at_rest(runtime)


# --- failure: retry ---


async def test_failure_is_retried_with_backoff_and_jitter_up_to_the_attempts() -> None:
    times: list[float] = []

    @agent("flaky", retry=Retry(attempts=4, first_s=8, factor=2, longest_s=20))
    async def flaky(question: Question) -> Answer:
        times.append(anyio.current_time())
        raise ValueError

    async with running(flaky) as runtime:
        with pytest.raises(RunStalled, match=r"flaky: dead_lettered\(ValueError\)"):
            await runtime.ask(Question(), Answer)
        waits = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert len(times) == 4
        for wait, most in zip(waits, (8, 16, 20), strict=True):
            assert most / 2 <= wait <= most
        assert len(set(waits)) == 3
        statistics = runtime.statistics().agents["flaky"]
        assert (statistics.retried, statistics.failed, statistics.dead_lettered) == (3, 4, 1)
        assert_at_rest(runtime)


async def test_failure_attempts_is_one_unless_the_card_declares_retry() -> None:
    async with running(breaker) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["breaker"].failed == 1


async def test_failure_a_retry_runs_the_handler_from_the_start_and_its_outputs_are_new() -> None:
    seen: list[str] = []
    attempts = 0

    @agent("flaky", retry=Retry(attempts=2, first_s=1), publishes=(Note,))
    async def flaky(question: Question, context: Context) -> Answer:
        nonlocal attempts
        attempts += 1
        await context.publish(Note(text=f"attempt {attempts}"))
        if attempts == 1:
            raise ValueError
        return Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note.text)

    async with running(flaky, reader) as runtime:
        await runtime.ask(Question(), Answer)
        await runtime.drain(10)
        assert seen == ["attempt 1", "attempt 2"]


async def test_failure_a_broken_contract_is_not_retried() -> None:
    @agent("forger", retry=Retry(attempts=5, first_s=1))
    async def forger(question: Question, context: Context) -> Answer:
        await context.publish(Note())
        return Answer()

    async with running(forger) as runtime:
        with pytest.raises(RunStalled, match="may not publish"):
            await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["forger"].failed == 1


# --- failure: fallback ---


async def test_failure_the_first_delivery_ends_dead_lettered_fallback_and_the_fallbacks_is_a_new_one() -> None:
    async with running(failing("first", fallback="second"), standing_in("second")) as runtime:
        run = runtime.start(Question(), Answer, to="first")
        assert (await run.result()).text == "second"
        await run.settled()
        counts = run.messages()
        assert (counts.accepted, counts.dead_lettered, counts.handled) == (3, 1, 2)
        assert [letter.reason for letter in runtime.operations.dead_letters()] == ["fallback: ValueError"]
        assert_at_rest(runtime)


async def test_failure_a_fallback_is_judged_for_its_own_card() -> None:
    agents = (failing("first", fallback="second"), standing_in("second"))
    async with running(*agents, policies=denying("second", Question)) as runtime:
        run = runtime.start(Question(), Answer, to="first")
        with pytest.raises(RunStalled) as caught:
            await run.result()
        assert "second: denied(rule: not for you)" in str(caught.value)
        assert_at_rest(runtime)


async def test_failure_a_fallback_may_be_held() -> None:
    agents = (failing("first", fallback="second"), standing_in("second"))
    async with running(*agents, policies=holding("second", Question)) as runtime:
        run = runtime.start(Question(), Answer, to="first")
        await turns()
        [held] = runtime.approvals.holds()
        assert held.recipient == "second"
        runtime.approvals.release(held.id)
        assert (await run.result()).text == "second"
        await run.settled()
        assert_at_rest(runtime)


async def test_failure_fallback_chains_end_and_loops_of_them_too() -> None:
    agents = (failing("a", fallback="b"), failing("b", fallback="c"), failing("c", fallback="a"))
    async with running(*agents) as runtime:
        run = runtime.start(Question(), Answer, to="a")
        with pytest.raises(RunStalled):
            await run.result()
        counts = run.messages()
        assert counts.dead_lettered == 3
        assert counts.balanced
        assert [letter.agent for letter in runtime.operations.dead_letters()] in (["a", "b", "c"], ["c", "b", "a"])
        assert_at_rest(runtime)


async def test_failure_paused_fallback_chains_end_too() -> None:
    agents = (failing("a", fallback="b"), failing("b", fallback="a"))
    async with running(*agents) as runtime:
        runtime.operations.pause("a")
        runtime.operations.pause("b")
        with pytest.raises(RunStalled, match="denied"):
            await runtime.ask(Question(), Answer, to="a")
        assert_at_rest(runtime)


async def test_failure_a_fallback_that_is_not_there_is_no_rescue() -> None:
    async with running(failing("first", fallback="nobody")) as runtime:
        with pytest.raises(RunStalled, match=r"first: dead_lettered\(ValueError\)"):
            await runtime.ask(Question(), Answer)


async def test_failure_after_the_last_attempt_the_fallback_takes_over() -> None:
    first = failing("first", fallback="second", retry=Retry(attempts=3, first_s=1))
    async with running(first, standing_in("second")) as runtime:
        assert (await runtime.ask(Question(), Answer, to="first")).text == "second"
        assert runtime.statistics().agents["first"].retried == 2


async def test_failure_a_fallback_gets_the_original_not_the_copy_masked_for_another() -> None:
    seen: list[str] = []

    @agent("second")
    async def second(question: Question) -> Answer:
        seen.append(question.text)
        return Answer()

    policies = PolicySet((verdict_for("first", Question, Redact(frozenset({("text",)}))),))
    async with running(failing("first", fallback="second"), second, policies=policies) as runtime:
        await runtime.ask(Question(text="whole"), Answer, to="first")
        assert seen == ["whole"]


# --- dead letters ---


async def test_dead_letters_are_kept_with_their_reason_and_redrivable() -> None:
    fail = True
    seen: list[str] = []

    @agent("fragile")
    async def fragile(note: Note) -> None:
        if fail:
            raise ValueError
        seen.append(note.text)

    async with running(fragile) as runtime:
        await runtime.publish(Note(text="again"))
        await turns()
        [letter] = runtime.operations.dead_letters()
        assert (letter.agent, letter.topic, letter.reason) == ("fragile", "t.note", "ValueError")
        fail = False
        await runtime.redrive(letter.id)
        await turns()
        assert seen == ["again"]
        assert runtime.operations.dead_letters() == ()
        with pytest.raises(InputError, match="not kept"):
            await runtime.redrive(letter.id)
        await runtime.drain(1)
        assert_at_rest(runtime)


async def test_dead_letters_are_not_redriven_while_draining() -> None:
    @agent("fragile")
    async def fragile(note: Note) -> None:
        raise ValueError

    async with running(fragile) as runtime:
        await runtime.publish(Note())
        await turns()
        [letter] = runtime.operations.dead_letters()
        await runtime.drain(1)
        with pytest.raises(RuntimeDrainingError):
            await runtime.redrive(letter.id)
        assert runtime.operations.dead_letters() == (letter,)


async def test_a_redriven_letter_is_judged_like_any_message() -> None:
    @agent("fragile")
    async def fragile(note: Note) -> None:
        raise ValueError

    async with running(fragile) as runtime:
        await runtime.publish(Note())
        await turns()
        runtime.operations.replace_policies(PolicySet((verdict_for("fragile", Note, Hold("ask")),)))
        await runtime.redrive(runtime.operations.dead_letters()[0].id)
        assert len(runtime.approvals.holds()) == 1
        runtime.approvals.refuse(runtime.approvals.holds()[0].id)


# --- rates and budgets ---


async def test_budgets_agents_report_their_use_with_charge() -> None:
    """Row `rates and budgets`: what handlers report is kept per agent, and not touched by judging again."""

    @agent("costly")
    async def costly(question: Question, context: Context) -> Opinion:
        context.charge(cost=0.5, tokens=100)
        context.charge(tokens=1)
        for wrong in ({"cost": -1}, {"cost": float("nan")}, {"tokens": -1}, {"cost": float("inf")}):
            with pytest.raises(ValueError, match="finite"):
                context.charge(**wrong)
        return Opinion()

    async with running(costly) as runtime:
        await runtime.ask(Question(), Opinion)
        statistics = runtime.statistics().agents["costly"]
        assert (statistics.cost, statistics.tokens) == (0.5, 101)
