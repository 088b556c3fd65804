"""Kill switches, pauses and quarantines: what they stop, what lifts them, and when they end by themselves."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.limits import RestartBudget
from genie.errors import InputError, RunCancelledError, RunStalled, UnknownAgentError
from genie.operations.switches import Target
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Question,
    answerer,
    assert_at_rest,
    gated,
    holding,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


class Kept:
    """An audit that keeps its records."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    def record(self, entry: Any) -> None:
        self.records.append(entry)


async def test_killing_everything_cancels_what_runs_and_admits_nothing_until_revived() -> None:
    """D32 and the kill switch: queued, running, held and timed work of every tenant ends; nothing new is delivered."""
    gate, audit = Gate(), Kept()
    policies = holding("answerer", Question)
    async with running(gated(gate), answerer, policies=policies, audit=audit) as runtime:
        run = runtime.start(Question(), Answer, caller=Caller(tenant="acme"))
        await gate.reached.wait()
        [hold] = runtime.approvals.requests()
        runtime.operations.kill(everything=True, by="eve", reason="leak")
        with pytest.raises(RunCancelledError, match="killed"):
            await run.result()
        await run.settled()
        await turns()
        assert gate.cancelled == 1
        with pytest.raises(InputError, match="cancelled"):
            runtime.approvals.approve(hold.id, by="ben", reason="late")
        for caller in (Caller(), Caller(tenant="acme")):
            with pytest.raises(RunStalled, match="everything is killed"):
                await runtime.ask(Question(), Answer, caller=caller)
        runtime.operations.revive(everything=True, by="eve", reason="mended")
        gate.open.set()
        assert (await runtime.ask(Question(), Answer, to="slow")).text == "slow"
        assert_at_rest(runtime)
    told = [(one.kind, one.subject, one.by) for one in audit.records if one.kind in {"killed", "revived"}]
    assert told == [("killed", "everything", "eve"), ("revived", "everything", "eve")]


async def test_a_killed_tenant_is_revived_and_others_feel_nothing() -> None:
    async with running(answerer) as runtime:
        mine = Caller(tenant="mine")
        runtime.operations.kill(tenant="mine")
        with pytest.raises(RunStalled, match="tenant 'mine' is killed"):
            await runtime.ask(Question(), Answer, caller=mine)
        await runtime.ask(Question(), Answer, caller=Caller(tenant="other"))
        runtime.operations.kill(everything=True)
        runtime.operations.revive(tenant="mine")
        with pytest.raises(RunStalled, match="everything is killed"):
            await runtime.ask(Question(), Answer, caller=mine)
        runtime.operations.revive(everything=True)
        await runtime.ask(Question(), Answer, caller=mine)


async def test_a_kill_with_a_term_ends_by_itself_and_raises_the_epoch() -> None:
    audit = Kept()
    async with running(answerer, audit=audit) as runtime:
        for kill in ({"agent": "answerer"}, {"tenant": "t"}, {"everything": True}):
            runtime.operations.kill(**kill, for_s=7_200, by="eve", reason="cooling off")
            await anyio.sleep(7_100)
            with pytest.raises(RunStalled, match="killed"):
                await runtime.ask(Question(), Answer, caller=Caller(tenant="t"))
            epoch = runtime.statistics().epoch
            await anyio.sleep(200)
            assert runtime.statistics().epoch == epoch + 1
            await runtime.ask(Question(), Answer, caller=Caller(tenant="t"))
    lifted = [(one.by, one.reason) for one in audit.records if one.kind == "revived"]
    assert lifted == [("supervisor", "its term is over")] * 3


async def test_a_new_kill_replaces_the_term_of_the_one_before() -> None:
    async with running(answerer) as runtime:
        runtime.operations.kill("answerer", for_s=10)
        runtime.operations.kill("answerer")
        await anyio.sleep(100)
        assert runtime.statistics().agents["answerer"].suspended == "killed"
        runtime.operations.kill("answerer", for_s=10)
        runtime.operations.revive("answerer")
        runtime.operations.kill("answerer", for_s=1_000)
        await anyio.sleep(100)
        assert runtime.statistics().agents["answerer"].suspended == "killed"


async def test_a_pause_a_quarantine_and_a_kill_lie_over_each_other() -> None:
    @agent("fragile", restarts=RestartBudget(failures=1, within_s=60))
    async def fragile(note: Note) -> None:
        raise ValueError

    async with running(fragile) as runtime:

        def suspended() -> str | None:
            return runtime.statistics().agents["fragile"].suspended

        for _ in range(2):
            await runtime.publish(Note())
            await turns()
        assert (suspended() or "").startswith("quarantined: more than 1 failures")
        runtime.operations.pause("fragile", for_s=5)
        assert (suspended() or "").startswith("quarantined")
        runtime.operations.kill("fragile", for_s=20)
        assert suspended() == "killed"
        with pytest.raises(InputError, match="is killed; revive it"):
            runtime.operations.resume("fragile")
        await anyio.sleep(10)
        assert suspended() == "killed"
        await anyio.sleep(20)
        assert (suspended() or "").startswith("quarantined")  # a term that is over lifts nothing else
        runtime.operations.pause("fragile")
        runtime.operations.kill("fragile")
        runtime.operations.revive("fragile")
        assert suspended() == "paused"
        runtime.operations.resume("fragile")
        assert suspended() is None


async def test_a_killed_agent_that_is_removed_and_comes_again_stays_killed() -> None:
    async with running(answerer) as runtime:
        runtime.operations.kill("answerer")
        await runtime.remove("answerer")
        await runtime.add(answerer)
        with pytest.raises(RunStalled, match="killed"):
            await runtime.ask(Question(), Answer)


async def test_what_is_held_for_a_killed_agent_is_not_delivered_by_an_approval() -> None:
    async with running(answerer, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()
        runtime.operations.kill("answerer")
        runtime.approvals.approve(runtime.approvals.requests()[0].id, by="ben", reason="fine")
        with pytest.raises(RunStalled, match=r"denied\(killed\)"):
            await run.result()


async def test_what_makes_no_sense_is_refused() -> None:
    async with running(answerer) as runtime:
        for call in (runtime.operations.kill, runtime.operations.revive):
            with pytest.raises(TypeError):
                call()
            with pytest.raises(TypeError):
                call("answerer", everything=True)
            with pytest.raises(UnknownAgentError, match="did you mean 'answerer'"):
                call("answerr")
        for seconds in (-1, float("nan")):
            with pytest.raises(ValueError, match="for_s must be a number of seconds"):
                runtime.operations.kill("answerer", for_s=seconds)
        assert runtime.statistics().agents["answerer"].suspended is None


def test_a_target_is_named_as_people_say_it() -> None:
    targets = (Target("agent", "a"), Target("tenant", "t"), Target("all"))
    assert [str(one) for one in targets] == ["a", "tenant t", "everything"]
